"""What the documentation shows of a self-check is what a self-check says."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path

from autograder.authoring.stub import embedded_tests
from autograder.notebook.selfcheck import Checks

ROOT = Path(__file__).parents[2]


def test_sessions() -> None:
    page = ROOT / "docs" / "authors" / "expect.md"
    blocks = re.findall(r"^```pycon\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    session = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page.name, str(page), 0)
    result = doctest.DocTestRunner().run(session)
    assert result.attempted > 2
    assert result.failed == 0


def test_the_self_check_that_students_are_shown() -> None:
    """The stub's answer cell with 32 filters in place of 64, checked by the stub's own cases."""
    import keras
    from keras import layers

    stub = json.loads((ROOT / "assignments" / "cnn2_mnist" / "cnn2_mnist.ipynb").read_text(encoding="utf-8"))
    tagged = (cell for cell in stub["cells"] if "answer:missing_layers" in cell["metadata"].get("tags", []))
    source = "".join(next(tagged)["source"])
    gap = '    layers.Conv2D(32, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(), layers.MaxPool2D(),\n'
    notebook = {"keras": keras, "layers": layers, "grader": Checks(embedded_tests(stub["cells"]))}
    exec(source.replace("    ...\n", gap), notebook)
    exec('said = grader.check("missing_layers")', notebook)
    said = repr(notebook["said"]).splitlines()
    for page in ("README.md", "docs/students.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        (shown,) = re.findall(r"^missing_layers: 0 of 2.*?(?=^```$)", text, re.DOTALL | re.MULTILINE)
        assert [line for line in shown.splitlines() if line.strip() not in ("", "…") and line not in said] == []
