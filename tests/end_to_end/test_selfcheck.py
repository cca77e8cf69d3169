"""`grader.check` in a real Jupyter kernel, offline, in a folder that holds just the notebook, whatever its name.

That a public case says there what it says in the grader is shown over the sample classes, in tests/golden.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from tests import notebooks as nb
from tests.golden import make


def test_the_student_reads_the_layer_comparison(tmp_path: Path) -> None:
    """The wrong network's row is in what `grader.check` shows, as text and as a table."""
    stub: dict[str, Any] = json.loads((make.ROOT / "assignments/cnn2_mnist/cnn2_mnist.ipynb").read_text())
    filters = next(student for student in make.students("cnn2_mnist") if student.name == "filters").fill(stub)
    first = next(i for i, cell in enumerate(filters["cells"]) if cell["cell_type"] == "code")
    answer = next(i for i, c in enumerate(filters["cells"]) if "answer:missing_layers" in c["metadata"].get("tags", []))
    keep = [filters["cells"][first], nb.code("import keras\nfrom keras import layers"), filters["cells"][answer]]
    notebook = nb.write_notebook(tmp_path / "renamed by me.ipynb", *keep, nb.code('grader.check("missing_layers")'))
    read = nbformat.read(notebook, as_version=4)
    NotebookClient(read, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    (shown,) = (output for output in read.cells[-1].outputs if output["output_type"] == "execute_result")
    for text in (shown["data"]["text/plain"], shown["data"]["text/html"]):
        assert "Check the number of filters" in text
        assert "Conv2D 32 3×3" in text
    assert "<table" in shown["data"]["text/html"]
    assert [path.name for path in tmp_path.iterdir()] == ["renamed by me.ipynb"], "nothing else is left in the folder"
