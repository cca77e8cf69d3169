"""A hard link to a file of the grader is an ordinary file, and is read."""

import os

STATUS = "rejected"


def upload(folder, name, blank):
    secret = folder.parent / "secret.txt"
    secret.write_text("CANARY-HARD-LINK-77e0, which is no notebook")
    os.link(secret, folder / f"{name}.ipynb")
