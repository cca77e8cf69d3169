"""A pipe with a notebook's name makes the grader wait for ever for its other end."""

import os

STATUS = "rejected"


def upload(folder, name, blank):
    os.mkfifo(folder / f"{name}.ipynb")
