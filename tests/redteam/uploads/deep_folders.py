"""Folders, two hundred deep, reach the limit of a path's length."""

import os

STATUS = "rejected"


def upload(folder, name, blank):
    (folder / name).mkdir()
    here = os.open(folder / name, os.O_RDONLY)
    for _ in range(200):
        os.mkdir("d" * 60, dir_fd=here)
        below = os.open("d" * 60, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("a.ipynb", os.O_CREAT, dir_fd=here))
    os.close(here)
