"""Modules beside the notebook replace NumPy, Python's own modules and the grader's."""

STATUS = ("graded", "needs_review")


def upload(folder, name, blank):
    (folder / name).mkdir()
    (folder / name / "a.ipynb").write_bytes(blank)
    for file in ("numpy.py", "autograder.py", "sitecustomize.py", "usercustomize.py", "json.py", "conftest.py", ".pth"):
        (folder / name / file).write_text("import os; os.system('touch /tmp/files-beside'); raise SystemExit(0)")
