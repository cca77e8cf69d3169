"""Halves of characters pass through JSON and break whoever writes them."""

import json


def upload(folder, name, blank):
    notebook = json.loads(blank)
    for cell in notebook["cells"]:
        cell["source"] += "\n# \ud800 \udfff"
        cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), "\udc80"]
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
