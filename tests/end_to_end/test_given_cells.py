"""Cells that came with the exercise: what fails in one that nobody changed is never put down to the student."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.records import Limits, Question
from tests import notebooks as nb
from tests.notebooks import RIGHT_NUMBER, code, markdown

IMPORTS = "import numpy as np\nimport math"
SPIN = "import time\nwhile time.process_time() < 600:\n    pass\n"
LABELS = "def to_labels(rows):\n    return np.argmax(rows, axis=1)"
OURS = "This cell is as it came with the exercise: that is no fault of the student's. Whoever set the exercise should"
SELF_CHECK = (
    "# The self-check behind `grader.check(…)`.\nfrom autograder.{}.selfcheck import Checks\ngrader = Checks({{}})"
)
OTTERS_PLACEHOLDER = "_Type your answer here, replacing this text._"
WITHOUT_END = "def to_labels(rows):\n    while True:\n        pass"

LABELS_TESTS = '''
from otter.test_files import test_case

OK_FORMAT = False

name = "labels"
points = 6

@test_case(points=2, hidden=False, failure_message="See which axis you take.")
def test_labels(to_labels):
    """`to_labels` gives the class of the largest probability."""
    from autograder import expect

    expect.labels(to_labels, name="to_labels")

@test_case(points=4, hidden=True, failure_message="See which axis you take.")
def test_hidden(to_labels, probabilities):
    """`to_labels` does so for others."""
    assert (to_labels(probabilities) == probabilities.argmax(axis=1)).all()
'''

# Cells that came with the exercise. Each student has the last one, and one of the others or none.
GIVEN = {
    "slow": SPIN + "scale = 1",
    "raises": "scale = np.no_such_function()",
    "package": "import nopackage_of_this_name\nscale = 1",
    "crash": "import os; os._exit(3)\nscale = 1",
    "hungry": "hog = [b'x' * 10_000_000 for _ in range(100)]\n" + SPIN + "scale = 1",
    "after": "print(answer.real + 1)",
}


def cells(
    number: str = RIGHT_NUMBER, labels: str = LABELS, *, imports: str = IMPORTS, tail: str = "", why: str = "Because."
) -> list[dict[str, Any]]:
    """A notebook of the exercise; `tail` is the name of a cell of `GIVEN` above the answers."""
    return [
        markdown("# Small"),
        code(SELF_CHECK.format("notebook")),
        code(imports),
        *([code(GIVEN[tail])] if tail else []),
        code(f"{number} + 0 * scale" if tail else number, "answer:number"),
        code(GIVEN["after"]),
        code(labels, "answer:labels"),
        markdown(why, "answer:why"),
    ]


def old() -> list[dict[str, Any]]:
    made = cells(labels="to_labels = 1")
    made[1] = code(SELF_CHECK.format("student"))
    return made


def other_exercise() -> list[dict[str, Any]]:
    return [code("open('/tmp/ran', 'w')\nimport time\ntime.sleep(10**6)", "answer:elsewhere")]


@dataclass(frozen=True)
class Expected:
    """What must come of a student's notebook, with pieces of its page and of the terminal's line."""

    cells: list[dict[str, Any]]
    status: str
    score: float
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


CLASS = {
    "right": Expected(cells(), "graded", 10),
    "slow": Expected(
        cells(tail="slow"),
        "needs_review",
        6,
        (f"more than 2 s of processor time, the limit for one cell. {OURS} raise `cell_seconds`.",),
    ),
    "raises": Expected(
        cells(tail="raises"),
        "needs_review",
        6,
        ("Code cell 3 raised AttributeError: ", f"{OURS} see that it runs where it is graded."),
    ),
    "package": Expected(
        cells(tail="package"), "needs_review", 6, (f"{OURS} install `nopackage_of_this_name` where it is graded.",)
    ),
    "crash": Expected(cells(tail="crash"), "needs_review", 6, ("Python ended in it. " + OURS,)),
    "hungry": Expected(
        cells(tail="hungry"), "needs_review", 6, (f"the memory limit was reached in it. {OURS} raise `memory_mb`.",)
    ),
    "wrong-type": Expected(cells(number="answer = 'seven'"), "graded", 6, (), (OURS,)),
    "misspelt": Expected(
        cells(imports=IMPORTS.replace("numpy", "nunpy")),
        "graded",
        4,
        (
            "This cell came with the exercise, and is different there: `import numpy as np`, and not `import nunpy",
            "Code cell 5 needs `np`: Code cell 2 raised ModuleNotFoundError: No module named 'nunpy'.",
        ),
        ("is not installed", "Let it work with what it is given", "See which axis"),
    ),
    "added-package": Expected(
        cells(imports="import nopackage_of_this_name\n" + IMPORTS),
        "needs_review",
        4,
        ("It uses `nopackage_of_this_name`, which is not installed where it was graded.",),
    ),
    "old": Expected(
        old(),
        "needs_review",
        4,
        (
            "raised ModuleNotFoundError: No module named 'autograder.student'. The notebook was handed out with",
            "Whoever set the exercise should build it again, and hand that out.",
        ),
    ),
    "sleeps": Expected(
        cells(number="import time\ntime.sleep(10**6)\nanswer = 7919"),
        "needs_review",
        6,
        ("the notebook slept for more than 2 s, the limit for one cell, and used ", "Take out what waits there"),
        ("You need not do anything",),
    ),
    "call-without-end": Expected(
        cells(labels=WITHOUT_END),
        "graded",
        4,
        ("`to_labels` used more than 1 s of processor time in one call.",),
        ("CellTimeout", "Let it work", "See which axis"),
    ),
    "module-beside": Expected(
        cells(labels="from helper import to_labels"),
        "needs_review",
        4,
        ("`code/helper.py` lies in another folder: import it from there.",),
    ),
    "blank": Expected(cells(why="\n  \n"), "graded", 10, ("Not answered: ",)),
    "placeholder": Expected(cells(why=OTTERS_PLACEHOLDER), "graded", 10, ("Not answered: ",)),
    "other-exercise": Expected(
        other_exercise(),
        "needs_review",
        0,
        ("it answers `elsewhere`, and none of the questions here. It was not run.", "hand in the right one"),
        ("slept for", "Something in the grading itself went wrong"),
    ),
}


@dataclass(frozen=True)
class Graded:
    out: Path
    entries: dict[str, dict[str, Any]]
    stdout: str


def plain(page: str) -> str:
    code_as_typed = re.sub(r"</?code>", "`", page[page.index("<body") :])
    return html.unescape(" ".join(re.sub(r"<[^>]*>", "", code_as_typed).split()))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    root = tmp_path_factory.mktemp("given")
    limits = Limits(wall_seconds=60, cell_seconds=2, memory_mb=700, call_seconds=1)
    bundle = nb.write_bundle(
        root / "small",
        {"number": nb.NUMBER_TESTS, "labels": LABELS_TESTS},
        limits=limits,
        data={"probabilities": np.random.default_rng(20).random((50, 7))},
        manual=[Question("why", 2, "Why?", manual=True)],
    )
    came = [code(IMPORTS), *map(code, GIVEN.values()), code("answer = 1", "answer:number")]
    nb.write_notebook(bundle / "reference.ipynb", *came)
    for student, expected in CLASS.items():
        nb.write_notebook(root / "class" / student / "small.ipynb", *expected.cells)
    (root / "class" / "module-beside" / "code").mkdir()
    (root / "class" / "module-beside" / "code" / "helper.py").write_text("def to_labels(rows): return rows.argmax(1)")
    run = nb.autograder("grade", bundle, root / "class", "-o", root / "out")
    assert run.returncode == 1, run.stderr
    return Graded(root / "out", nb.grades(root / "out"), run.stdout)


@pytest.mark.parametrize("student", CLASS)
def test_the_first_cause_and_whose_it_is(graded: Graded, student: str) -> None:
    expected, entry = CLASS[student], graded.entries[student]
    assert (entry["status"], entry["score"]) == (expected.status, expected.score), entry
    page = plain((graded.out / "feedback" / f"{student}.html").read_text(encoding="utf-8"))
    page = page.partition("Your notebook, as it ran")[0]
    for piece in expected.says:
        assert piece in page
    for piece in expected.never:
        assert piece not in page


@pytest.mark.parametrize("student", [name for name, expected in CLASS.items() if expected.status == "needs_review"])
def test_the_terminal_and_the_class_page_say_the_same(graded: Graded, student: str) -> None:
    said = graded.entries[student]["message"]
    assert f"needs review {student}: {said}" in graded.stdout
    assert said in plain((graded.out / "index.html").read_text(encoding="utf-8"))


def test_a_question_below_a_stopped_cell_names_that_cell(graded: Graded) -> None:
    said = nb.cases_of(graded.entries["slow"])["number.type"]["message"]
    assert "Code cell 4 needs `scale`: Code cell 3 was stopped: more than 2 s of processor time" in said
    page = plain((graded.out / "index.html").read_text(encoding="utf-8"))
    assert "A cell ran out of time, in a cell that came with the exercise: 1 student (slow)" in page


def test_what_is_not_answered_waits_for_nobody_and_can_still_be_given_points(graded: Graded) -> None:
    for student in ("blank", "placeholder"):
        assert graded.entries[student]["pending"] == 0
    assert graded.entries["right"]["pending"] == 2
    sheet = graded.out / "manual.csv"
    lines = sheet.read_text(encoding="utf-8-sig").splitlines()
    filled = [re.sub(r'^("blank","why","","2",)""', r'\1"1"', line) for line in lines]
    assert filled != lines
    sheet.write_text("\n".join(filled) + "\n", encoding="utf-8")
    assert nb.autograder("report", graded.out).returncode == 1
    entries = {entry["student"]: entry for entry in json.loads((graded.out / "grades.json").read_text())["grades"]}
    assert (entries["blank"]["score"], entries["placeholder"]["score"]) == (11, 10)
