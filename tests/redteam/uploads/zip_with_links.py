"""A link in a zip, to a file of the machine, is followed when the notebook is read."""

import stat
import zipfile

STATUS = "rejected"


def upload(folder, name, blank):
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
        for target in ("/etc/passwd", "../aa-honest.ipynb"):
            info = zipfile.ZipInfo(f"{len(target)}.ipynb")
            info.create_system = 3
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
