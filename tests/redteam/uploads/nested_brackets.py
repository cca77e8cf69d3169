"""Source with ten thousand brackets or signs crashes Python's parser, in the grader's process."""

import json


def upload(folder, name, blank):
    notebook = json.loads(blank)
    for cell, source in zip(
        notebook["cells"][2:], ("(" * 10_000, "-" * 100_000 + "1", "f'{" * 5_000, "a." * 50_000 + "b"), strict=False
    ):
        if cell["cell_type"] == "code":
            cell["source"] = source
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
