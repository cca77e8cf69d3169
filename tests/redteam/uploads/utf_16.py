"""A notebook in UTF-16 or UTF-32 looks empty to a reader of bytes."""


def upload(folder, name, blank):
    (folder / f"{name}.ipynb").write_text(blank.decode(), encoding="utf-16")
