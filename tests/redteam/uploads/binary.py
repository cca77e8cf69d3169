"""A program, a picture or an archive with a notebook's ending is run or shown."""

STATUS = "rejected"


def upload(folder, name, blank):
    (folder / f"{name}.ipynb").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 1000)
