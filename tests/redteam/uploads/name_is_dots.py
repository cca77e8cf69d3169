"""A notebook called `..ipynb`, `...ipynb` or ` .ipynb` has no student, and its page has no place."""

STATUS = None
MENTIONED = ("..ipynb", "...ipynb", ". .ipynb")


def upload(folder, name, blank):
    for file in ("..ipynb", "...ipynb", " .ipynb", ". .ipynb"):
        (folder / file).write_bytes(blank)
