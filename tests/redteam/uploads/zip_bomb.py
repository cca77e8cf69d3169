"""A zip of a few kilobytes unpacks to a gigabyte."""

import io
import zipfile

STATUS = "rejected"


def upload(folder, name, blank):
    with (
        zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.ipynb", "w", force_zip64=True) as file,
    ):
        for _ in range(1000):
            file.write(b" " * (1 << 20))
