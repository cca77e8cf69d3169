"""A byte order mark, twice, or UTF-16 makes the notebook unreadable, and so ungraded."""

STATUS = ("graded", "rejected")


def upload(folder, name, blank):
    (folder / f"{name}.ipynb").write_bytes(b"\xef\xbb\xbf\xef\xbb\xbf" + blank)
