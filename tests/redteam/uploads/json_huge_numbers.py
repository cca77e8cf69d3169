"""Integers of a million digits take minutes to convert."""

STATUS = ("graded", "rejected")


def upload(folder, name, blank):
    digits = b"9" * 1_000_000
    (folder / f"{name}.ipynb").write_bytes(b'{"nbformat_minor": ' + digits + b', "x": 1e' + digits + b", " + blank[1:])
