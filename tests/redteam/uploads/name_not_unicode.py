"""Names whose bytes are no text in any encoding break whoever prints them."""

import os

STATUS = None


def upload(folder, name, blank):
    for raw in (b"\xff\xfe\x80.ipynb", b"new\nline.ipynb", b"tab\tbell\x07.ipynb", b"\xed\xa0\x80.ipynb"):
        with open(os.fsencode(folder) + b"/" + raw, "wb") as file:
            file.write(blank)
