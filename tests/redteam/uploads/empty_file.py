"""An empty file, or one of zeros, is nobody's fault."""

STATUS = "rejected"


def upload(folder, name, blank):
    (folder / f"{name}.ipynb").write_bytes(b"\0" * 1000)
