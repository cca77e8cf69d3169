"""An exercise in German, from its master to the students' pages and their self-check."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests import notebooks as nb

MASTER = '''\
# %% [raw]
# # AUTOGRADER CONFIG
# title: Eine kleine Übung
# language: de
# points: 5
# install: ./keras_autograder-0.1.0-py3-none-any.whl
# limits: {cell_seconds: 2, wall_seconds: 60}

# %%
import numpy as np
numbers = np.arange(6.0).reshape(2, 3)

# %% [raw]
# # BEGIN QUESTION
# name: turned
# title: Transponieren

# %% [raw]
# # BEGIN SOLUTION

# %%
turned = numbers.T  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_transposed(turned):
    """`turned` ist transponiert."""
    from autograder import expect

    expect.array(turned, [[0, 3], [1, 4], [2, 5]], name="turned")

# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
""" # END TEST CONFIG
def test_sum(turned):
    """Die Summe stimmt."""
    assert abs(turned.sum() - 15) < 1e-6

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: why
# manual: true
# points: 1
# rubric: Ein Punkt.

# %% [markdown]
# ## Warum?

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# Darum.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
'''
ANSWERS = {
    "ada": "turned = numbers.T",
    "ben": "turned = numbers",
    "cem": "turned = nambers.T",
    "dua": "while True:\n    pass",
    "eva": "while True:\n    try:\n        while True:\n            pass\n    except KeyboardInterrupt:\n        pass",
    "fay": "import sys\nturned = sys",
}
ENGLISH = re.compile(r"\b(the|your|points?|expected|question|cells?|hidden|notebook's)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    (root / "reference" / "uebung").mkdir(parents=True)
    (root / "reference" / "uebung" / "master.py").write_text(MASTER, "utf-8")
    built = nb.autograder("build", "uebung", cwd=root)
    assert built.returncode == 0, built.stderr
    stub = json.loads((root / "assignments" / "uebung" / "uebung.ipynb").read_text("utf-8"))
    for student, answer in ANSWERS.items():
        cells = [{**cell} for cell in stub["cells"]]
        for cell in cells:
            if "answer:turned" in cell["metadata"].get("tags", []):
                cell["source"] = answer
        if student == "ada":
            cells[-1] = {**cells[-1], "source": "Weil es so ist."}
        nb.write_notebook(root / "class" / student / "uebung.ipynb", *cells)
    (root / "class" / "ada" / "notes.exe").write_bytes(b"MZ")
    nb.autograder("grade", root / "reference" / "uebung" / "bundle", root / "class", "-o", root / "out")
    return root


def case(root: Path, student: str, name: str) -> dict[str, Any]:
    return nb.cases_of(nb.grades(root / "out")[student])[f"turned.{name}"]


def test_messages_are_german_and_statuses_are_not(root: Path) -> None:
    assert [case(root, student, "transposed")["status"] for student in ANSWERS] == ["pass", *["fail"] * 5]
    assert case(root, "ben", "transposed")["message"] == (
        "`turned` hat die Form (2, 3) statt (3, 2): das Array ist transponiert, nehmen Sie `.T` davon."
    )
    assert case(root, "cem", "transposed")["message"] == (
        "`turned` ist nach dieser Aufgabe nicht definiert. "
        "Codezelle 3 bricht ab mit NameError: name 'nambers' is not defined"
    )
    assert case(root, "dua", "sum")["message"] == (
        "`turned` ist nach dieser Aufgabe nicht definiert. "
        "Codezelle 3 wurde angehalten: mehr als 2 s Prozessorzeit, das Limit für eine Zelle."
    )
    assert case(root, "eva", "sum")["message"] == (  # said by the thread that watches the sandbox
        "`turned` ist nach dieser Aufgabe nicht definiert. Codezelle 3 wurde angehalten: "
        "das Notebook hat mehr als 2 s Prozessorzeit verbraucht, das Limit für eine Zelle."
    )
    assert (
        case(root, "fay", "sum")["message"] == "`turned` ist ein Modul; geben Sie einen Wert an."
    )  # as its process says
    for student in ("dua", "eva"):
        causes = nb.grades(root / "out")[student]["causes"]
        assert [(each["kind"], each["cell"]) for each in causes] == [("time", 3)]
    assert (root / "out" / "grades.csv").read_text("utf-8").startswith('"student","submission","status"')


def test_the_page_is_german(root: Path) -> None:
    for student in ANSWERS:
        page = (root / "out" / "feedback" / f"{student}.html").read_text("utf-8")
        assert '<html lang="de">' in page
        text = re.sub(r"(?s)<style>.*?</style>|<section class=\"notebook\".*?</section>|<[^>]*>", " ", page)
        assert ENGLISH.findall(text) == []
        assert ("Dateien dieses Typs werden nicht neben ein Notebook gelegt" in text) == (student == "ada")
    assert '<html lang="en">' in (root / "out" / "index.html").read_text("utf-8")


def test_the_self_check_is_german(root: Path) -> None:
    stub = json.loads((root / "assignments" / "uebung" / "uebung.ipynb").read_text("utf-8"))
    selfcheck = next(source for cell in stub["cells"] if "Checks({" in (source := "".join(cell["source"])))
    assert selfcheck.startswith("# Die Selbstprüfung hinter `grader.check(…)`. Führen Sie diese Zelle zuerst aus")
    assert selfcheck.rstrip().endswith('language="de")  # fmt: skip')
    notebook: dict[str, Any] = {}
    exec(selfcheck, notebook)
    exec("import numpy as np; turned = np.ones((2, 3)); shown = grader.check('turned')", notebook)
    assert repr(notebook["shown"]) == (
        "turned: 0 von 1 Prüfungen bestanden\n"
        "  ✗ `turned` ist transponiert.\n"
        "      `turned` hat die Form (2, 3) statt (3, 2): "
        "prüfen Sie, entlang welcher Achse gerechnet wird."
    )
    exec("shown = grader.check('other')", notebook)
    assert "In diesem Notebook gibt es keine solche Aufgabe. Es gibt `turned`." in repr(notebook["shown"])
