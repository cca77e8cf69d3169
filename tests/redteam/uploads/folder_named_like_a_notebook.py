"""A folder with a notebook's name, and a notebook with a folder's, are taken for each other."""

STATUS = ("graded", "rejected")
STUDENT = "folder-named-like-a-notebook.ipynb"


def upload(folder, name, blank):
    (folder / name).mkdir()
    (folder / name / name).write_bytes(blank)
    (folder / name / "b.ipynb").mkdir()
