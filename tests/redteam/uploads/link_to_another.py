"""A link in place of the notebook hands in the neighbour's, or a file of the machine."""

STATUS = "rejected"


def upload(folder, name, blank):
    (folder / f"{name}.ipynb").symlink_to(folder / "aa-honest.ipynb")
