"""Two entries of one name: the second, seen by one reader only, counts."""

import warnings


def entries(archive, name, blank):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(f"{name}.ipynb", blank)
        archive.writestr(f"{name}.ipynb", blank + b" ")
