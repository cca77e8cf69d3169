"""A name as long as the file system allows leaves no room for an ending."""

STATUS = None


def upload(folder, name, blank):
    (folder / f"{'n' * 249}.ipynb").write_bytes(blank)
    (folder / f"{'ü' * 124}.ipynb").write_bytes(blank)
