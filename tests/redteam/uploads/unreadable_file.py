"""A file that nobody may read stops the class."""

STATUS = ("rejected", "graded")  # root may read it, and then it is an ordinary notebook


def upload(folder, name, blank):
    (folder / f"{name}.ipynb").write_bytes(blank)
    (folder / f"{name}.ipynb").chmod(0)
