"""Half a notebook counts as one that the grader failed on."""

STATUS = "rejected"


def upload(folder, name, blank):
    (folder / f"{name}.ipynb").write_bytes(blank[: len(blank) // 2])
