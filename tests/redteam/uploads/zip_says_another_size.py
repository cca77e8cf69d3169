"""Sizes and offsets in a zip's table that are negative, beyond the end, or four gigabytes."""

import zipfile

STATUS = "rejected"


def upload(folder, name, blank):
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.ipynb", blank)
    data = bytearray(path.read_bytes())
    central = data.rindex(b"PK\x01\x02")
    data[central + 20 : central + 28] = b"\xfe\xff\xff\xff" * 2
    data[central + 42 : central + 46] = b"\xf0\xff\xff\xff"
    path.write_bytes(data)
