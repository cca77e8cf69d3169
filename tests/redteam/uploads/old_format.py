"""A notebook of format 2, 3 or 99 goes past what looks at cells."""

import json


def upload(folder, name, blank):
    cells = json.loads(blank)["cells"]
    for cell in cells:
        cell["input"] = cell.pop("source")
        cell["prompt_number"] = "<script>"
        cell["collapsed"] = {"a": []}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "<script>"}, "worksheets": [{"cells": cells}] * 3}
    (folder / f"{name}.ipynb").write_text(json.dumps(old))
