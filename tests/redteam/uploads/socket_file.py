"""A socket with a notebook's name cannot be opened, and stops the class."""

import os
import stat

STATUS = "rejected"


def upload(folder, name, blank):
    os.mknod(folder / f"{name}.ipynb", stat.S_IFSOCK | 0o644)
