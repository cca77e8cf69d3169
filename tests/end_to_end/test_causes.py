"""What costs points although no answer is wrong: named once, with its cell, to student and instructor."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.records import Limits
from tests import notebooks as nb
from tests.notebooks import RIGHT_LABELS, RIGHT_NUMBER, code, markdown

NUMPY = code("import numpy as np")
NUMBER = code(RIGHT_NUMBER, "answer:number")
LABELS = code(RIGHT_LABELS, "answer:labels")
MISSING = "nopackage_of_this_name"

PICK_TESTS = '''
from otter.test_files import test_case

OK_FORMAT = False

name = "pick"
points = 2

@test_case(points=1, hidden=False)
def test_public(pick):
    """`pick` takes the first."""
    assert pick([1, 2]) == 1

@test_case(points=1, hidden=True)
def test_hidden(pick):
    """`pick` takes the first of others."""
    assert pick([5, 6, 7]) == 5
'''

# student → (cells, status, score, pieces that the page says first)
CLASS: dict[str, tuple[list[dict[str, Any]], str, float, list[str]]] = {
    "import-cell": (
        [code(f"import {MISSING}.sub\nimport numpy as np"), NUMBER, LABELS],
        "needs_review",
        4,
        [f"Code cell 1 raised ModuleNotFoundError: No module named '{MISSING}'", f"It uses {MISSING}, which is not"],
    ),
    "import-in-an-answer": (
        [NUMPY, NUMBER, code(f"from {MISSING} import x\n{RIGHT_LABELS}", "answer:labels")],
        "needs_review",
        4,
        [f"Code cell 3 raised ModuleNotFoundError: No module named '{MISSING}'"],
    ),
    "import-without-harm": (
        [NUMPY, code("pick = min", "answer:pick"), NUMBER, LABELS, code(f"import {MISSING}")],
        "graded",
        12,
        [f"It uses {MISSING}, which is not installed where it was graded"],
    ),
    "import-of-what-is-there": (
        [NUMPY, code("from numpy.nowhere import x", "answer:number"), LABELS],
        "graded",
        6,
        ["Code cell 2 raised ModuleNotFoundError: No module named 'numpy.nowhere'"],
    ),
    "optional-package": (
        [NUMPY, code(f"raise ImportError('This needs it. Run `pip install {MISSING}`.')", "answer:number"), LABELS],
        "needs_review",
        6,
        [f"It uses {MISSING}, which is not installed"],
    ),
    "file": (
        [NUMPY, code(f"open('data.csv'); {RIGHT_NUMBER}", "answer:number"), LABELS],
        "needs_review",
        6,
        ["It reads data.csv, which was not there where it was graded."],
    ),
    "network": (
        [NUMPY, code(f"import urllib.request as u; u.urlopen('http://a.b'); {RIGHT_NUMBER}", "answer:number"), LABELS],
        "needs_review",
        6,
        ["Code cell 2 raised URLError", "nothing of the network can be reached where it was graded"],
    ),
    "import-in-a-hidden-call": (
        [NUMPY, NUMBER, code(f"def to_labels(rows):\n    import {MISSING}", "answer:labels")],
        "needs_review",
        4,
        [],
    ),
    "typo": (
        [NUMPY, code(f"rsult = 1\n{RIGHT_NUMBER} + result", "answer:number"), code("answer + 1"), LABELS],
        "graded",
        6,
        [
            "Code cell 2 raised NameError: name 'result' is not defined",
            "Code cell 3 needs answer, which code cell 2 did not",
        ],
    ),
    "two-cases-of-one-cell": (
        [NUMPY, code("step = nothing"), code("pick = step", "answer:pick"), NUMBER, LABELS],
        "graded",
        10,
        ["Code cell 2 raised NameError: name 'nothing' is not defined", "1 cell below failed only because of this"],
    ),
    "import-cell-raised": (
        [code("import nmpy_is_no_module as nmpy, numpy as np"), NUMBER, code("to_labels = np.argmax", "answer:labels")],
        "needs_review",
        4,
        ["Code cell 1 raised ModuleNotFoundError", "Code cell 3 needs np, which code cell 1 did not define"],
    ),
    "text": (
        [NUMPY, markdown("# Mine"), markdown(RIGHT_NUMBER, "answer:number"), LABELS],
        "graded",
        6,
        ["Text cell 2: It is no code cell, so it was not run. In Jupyter, click it, press Esc, then Y"],
    ),
    "crash": (
        [NUMPY, code("print('so far')\nimport os; os._exit(3)", "answer:number"), LABELS],
        "graded",
        6,
        ["It was run again without code cell 2", "Code cell 2 was stopped: Python ended in it."],
    ),
    "memory": (
        [NUMPY, code("hog = [bytearray(10_000_000) for _ in range(100)]", "answer:number"), LABELS],
        "graded",
        6,
        ["It was run again without code cell 2", "Code cell 2 was stopped: the memory limit was reached in it."],
    ),
    "crash-in-a-given-cell": (
        [NUMPY, code("two = 2\nimport os; os._exit(3)"), code(f"{RIGHT_NUMBER} + two - 2", "answer:number"), LABELS],
        "needs_review",
        6,
        ["Code cell 2 was stopped: Python ended in it.", "Code cell 3 needs two, which code cell 2 did not define"],
    ),
    "three-crashes": (
        [code("import os; os._exit(3)")] * 3 + [NUMPY, NUMBER, LABELS],
        "needs_review",
        0,
        ["It was run again without code cell 1 and code cell 2", "That run did not get to its end either."],
    ),
    "call-that-ends-python": (
        [NUMPY, code("def pick(row):\n    import os; os._exit(3)", "answer:pick"), NUMBER, LABELS],
        "graded",
        10,
        [],
    ),
    "call-that-sleeps": (
        [NUMPY, code("import time\ndef pick(row):\n    time.sleep(99)", "answer:pick"), NUMBER, LABELS],
        "needs_review",
        10,
        [],
    ),
    "time": (
        [NUMPY, code("while True:\n    pass", "answer:number"), LABELS],
        "graded",
        6,
        ["Code cell 2 was stopped: more than 4 s of processor time, the limit for one cell."],
    ),
    "another-exercise": (
        [NUMPY, code("history = 1", "answer:train")],
        "needs_review",
        0,
        ["Is this the right file? This looks like the notebook of another exercise: it answers train, and none"],
    ),
    "as-it-came": (nb.answers(), "graded", 0, ["Nothing is filled in: all answers are as the notebook came."]),
}


@dataclass
class Graded:
    out: Path
    entries: dict[str, dict[str, Any]]
    stdout: str
    status: int

    def page(self, student: str) -> str:
        return text((self.out / "feedback" / f"{student}.html").read_text(encoding="utf-8"))


def text(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]*>", "", page[page.index("<body") :]).split()))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    root = tmp_path_factory.mktemp("causes")
    tests = {"pick": PICK_TESTS, "number": nb.NUMBER_TESTS, "labels": nb.LABELS_TESTS}
    limits = Limits(wall_seconds=60, cell_seconds=4, memory_mb=700, call_seconds=1)
    data = {"probabilities": np.random.default_rng(20).random((50, 7))}
    bundle = nb.write_bundle(root / "small", tests, limits=limits, data=data)
    for student, (cells, *_) in CLASS.items():
        nb.write_notebook(root / "class" / f"{student}.ipynb", *cells)
    run = nb.autograder("grade", bundle, root / "class", "-o", root / "out")
    assert (root / "out" / "grades.json").exists(), run.stderr
    return Graded(root / "out", nb.grades(root / "out"), run.stdout, run.returncode)


@pytest.mark.parametrize("student", CLASS)
def test_the_page_names_the_cause_and_its_cell_first(graded: Graded, student: str) -> None:
    _, status, score, pieces = CLASS[student]
    entry, page = graded.entries[student], graded.page(student)
    assert (entry["status"], entry["score"]) == (status, score), entry
    first = page.partition("Good to know first")[2].partition("Questions")[0]
    for piece in pieces:
        assert first.count(piece) == 1, first


def test_a_missing_name_is_put_down_to_the_cell_that_was_to_define_it(graded: Graded) -> None:
    said = nb.cases_of(graded.entries["typo"])["number.value"]["message"]
    assert said.startswith("`answer` is not defined after this question. Code cell 2 raised NameError: name 'result'")
    said = nb.cases_of(graded.entries["import-cell-raised"])["labels.argmax"]["message"]
    assert "Code cell 3 needs `np`: Code cell 1 raised ModuleNotFoundError" in said
    said = nb.cases_of(graded.entries["text"])["number.value"]["message"]
    assert "Text cell 2: It is no code cell" in said
    assert "1 more case not passed for the same reason" in graded.page("two-cases-of-one-cell")


def test_a_module_that_a_hidden_case_showed_is_named_to_the_instructor_only(graded: Graded) -> None:
    assert f"uses {MISSING}" not in graded.page("import-in-a-hidden-call")
    message = graded.entries["import-in-a-hidden-call"]["message"]
    assert message.startswith("`to_labels` raised ModuleNotFoundError") and MISSING in message
    assert "your" not in message.lower(), "the instructor reads it"


def test_the_class_page_counts_who_met_a_cause(graded: Graded) -> None:
    page = text((graded.out / "index.html").read_text(encoding="utf-8"))
    assert f"{MISSING} is not installed here: 5 students (import-cell, import-in-a-hidden-call, " in page
    assert "data.csv is not there: 1 student (file)" in page
    assert "A cell ran out of memory: 1 student (memory)" in page
    assert "A cell ended Python: 3 students (crash, crash-in-a-given-cell, three-crashes)" in page


def test_the_terminal_names_notebooks_that_answer_nothing(graded: Graded) -> None:
    assert "needs review another-exercise: This looks like the notebook of another exercise" in graded.stdout
    assert "wrong notebook? as-it-came: Nothing is filled in" in graded.stdout
    assert graded.status == 1


def test_a_call_that_ends_the_process_costs_its_own_question_only(graded: Graded) -> None:
    cases = nb.cases_of(graded.entries["call-that-ends-python"])
    assert cases["pick.public"]["message"] == "`pick` ended the process instead of returning"
    assert cases["pick.hidden"]["message"].startswith("Not run: in a check before this one, your function ended")
    assert cases["labels.argmax"]["status"] == "pass"
    assert "although it had used little processor time" in graded.entries["call-that-sleeps"]["message"]


def test_a_cell_that_ended_the_run_keeps_what_it_showed(graded: Graded) -> None:
    assert "so far" in graded.page("crash")
    assert graded.entries["crash"]["execution"]["status"] == "crashed"
    assert graded.entries["memory"]["execution"]["status"] == "out_of_memory"
