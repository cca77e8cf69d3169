"""Entries that are encrypted, damaged, or longer than they say, stop the class."""

import zipfile

STATUS = "rejected"


def upload(folder, name, blank):
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.ipynb", blank)
    data = bytearray(path.read_bytes())
    central = data.rindex(b"PK\x01\x02")
    data[central + 8] |= 1
    data[6] |= 1
    data[60:80] = b"\0" * 20
    path.write_bytes(data)
