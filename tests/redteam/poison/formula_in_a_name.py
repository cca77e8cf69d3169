"""A file's name, which becomes the student's in the table, is a formula after a wide space."""

STATUS = None


def upload(folder, name, blank):
    for begin in ("=", "+", "-", "@", "\u3000=", "\t=", "\uff1d", "\ufeff=", "\u200b=", "'="):
        (folder / f"{begin}HYPERLINK(1) {name}.ipynb").write_bytes(blank)
