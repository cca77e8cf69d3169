"""Numbers, lists and nothing, where text and objects belong, raise in the grader."""

import json
import itertools

STATUS = ("graded", "rejected")


def upload(folder, name, blank):
    notebook = json.loads(blank)
    wrong = itertools.cycle([None, 1, [], {}, [[]], "x", True, [1, None], {"a": {"b": []}}])
    for cell in notebook["cells"]:
        for key in ("metadata", "id", "outputs", "execution_count", "attachments"):
            cell[key] = next(wrong)
    notebook["cells"] += [
        None,
        1,
        "x",
        [],
        {"cell_type": 5},
        {"source": {"a": 1}},
        {"cell_type": "code", "source": [1, []]},
    ]
    notebook["metadata"] = [[]]
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
