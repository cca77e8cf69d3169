"""A NUL in an entry's name hides the rest of it from one of two readers."""

import zipfile


def entries(archive, name, blank):
    for text in (
        f"{name}.ipynb\0.exe",
        f"{name}\0/../../x.ipynb",
        f"C:\\{name}.ipynb",
        f"\\\\host\\{name}.ipynb",
        f"{name}/\u202egpj.ipynb",
    ):
        info = zipfile.ZipInfo("x" * len(text))
        info.filename = text
        archive.writestr(info, blank)
