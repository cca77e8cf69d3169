"""A notebook of another language or kernel runs a program of the student's choice on the machine."""

import json

STATUS = ("rejected", "graded")


def upload(folder, name, blank):
    notebook = json.loads(blank)
    notebook["metadata"]["kernelspec"] = {
        "name": "bash",
        "language": "bash",
        "display_name": "x",
        "argv": ["touch", "/tmp/x"],
    }
    notebook["metadata"]["language_info"] = {"name": "bash"}
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
