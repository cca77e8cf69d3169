"""Names of devices, and of the grader's own files, break what is written beside them."""

STATUS = None


def upload(folder, name, blank):
    for file in ("CON", "NUL", "COM1", "index", "grades", "manual", "grades.json", "feedback", ".hidden", "con.html"):
        (folder / f"{file}.ipynb").write_bytes(blank)
