"""A table of contents with a hundred thousand names takes the grader's memory before a file is opened."""

import zipfile

STATUS = "rejected"


def upload(folder, name, blank):
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
        for number in range(60_000):
            archive.writestr(f"{'d/' * 60}{number}.txt", b"")
