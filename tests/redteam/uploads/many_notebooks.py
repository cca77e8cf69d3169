"""A thousand notebooks of one student are all run."""

STATUS = ("graded", "needs_review")


def upload(folder, name, blank):
    (folder / name).mkdir()
    for number in range(1000):
        (folder / name / f"{number}.ipynb").write_bytes(blank)
