"""`grader.check` in a real Jupyter kernel, offline, in a folder that holds just the notebook, whatever its name.

And parity: what a public case says there, it says in the grader.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests import notebooks as nb
from tests.golden import make

VERDICTS = """
import json
for _question in {questions}:
    _checked = grader.check(_question)
    print("VERDICT", json.dumps([_question, [[each.name, each.status] for each in _checked.outcomes]]))
"""


def run_at_home(notebook: Path, questions: list[str]) -> dict[str, str]:
    """`question.case` → status, as the notebook says when a Jupyter kernel runs it in its own folder."""
    read = nbformat.read(notebook, as_version=4)
    read.cells.append(nbformat.v4.new_code_cell(VERDICTS.format(questions=questions)))
    client = NotebookClient(read, timeout=300, allow_errors=True, resources={"metadata": {"path": notebook.parent}})
    client.execute()
    text = "".join(output.get("text", "") for output in read.cells[-1].outputs)
    verdicts = [json.loads(line.split(" ", 1)[1]) for line in text.splitlines() if line.startswith("VERDICT ")]
    return {f"{question}.{name}": status for question, cases in verdicts for name, status in cases}


@pytest.mark.parametrize("student", ["blank", "flat_input"])
def test_parity(tmp_path: Path, student: str) -> None:
    """Both sides give each public case the same verdict."""
    slug = "cnn2_mnist"
    folder = tmp_path / "home"
    folder.mkdir()
    notebook = folder / f"{student} (1).ipynb"
    shutil.copy(make.GOLDEN / slug / "class" / f"{student}.ipynb", notebook)
    run = nb.autograder("grade", slug, notebook, "-o", tmp_path / "out", cwd=make.ROOT)
    assert run.returncode == 0, run.stderr
    (entry,) = nb.grades(tmp_path / "out").values()
    public = {name: case["status"] for name, case in nb.cases_of(entry).items() if not case["hidden"]}
    graded = {name: status for name, status in public.items() if status != "manual"}
    questions = list(dict.fromkeys(name.split(".")[0] for name in graded))
    assert run_at_home(notebook, questions) == graded
    assert len(graded) >= 5


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
