"""A folder that nobody may enter stops the class."""

STATUS = ("rejected", "graded")


def upload(folder, name, blank):
    (folder / name).mkdir()
    (folder / name / "a.ipynb").write_bytes(blank)
    (folder / name).chmod(0)
