"""What a hidden case sends to a student's function stays hidden, whatever the function does with it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from autograder.grading.cases.case_grading import ERROR_MESSAGE
from autograder.grading.execution.case_runs import ENDED
from tests import notebooks as nb
from tests.notebooks import code

SECRET = 48151623
"""Stands in the hidden rows; no notebook holds it."""

PICK_TESTS = '''
from otter.test_files import test_case

OK_FORMAT = False

name = "pick"
points = 4

@test_case(points=2, hidden=True, failure_message="Look at rows you have not seen.")
def test_hidden(pick, secret_rows):
    """`pick` on hidden rows."""
    got = pick(secret_rows)
    assert got == secret_rows.max(), f"expected {secret_rows.max()}, got {got}"

@test_case(points=1, hidden=False)
def test_public(pick):
    """`pick` on two rows."""
    import numpy as np

    got = pick(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert got == 4, f"expected 4, got {got}"

@test_case(points=1, hidden=True)
def test_hidden_again(pick, secret_rows):
    """`pick` once more."""
    raise ValueError(f"this case has a bug: {pick(secret_rows)} {secret_rows}")
'''

NUMBER_TESTS = '''
from otter.test_files import test_case

OK_FORMAT = False

name = "{0}"
points = 1

@test_case(points=1, hidden=False)
def test_{0}({0}):
    """`{0}` is 3."""
    assert {0} == 3, f"expected 3, got {{{0}}}"
'''

PICK = """
import time
seen = []
def pick(rows):
    if rows.max() > 4:
        {0}
    return rows.max() if not seen else int(seen[0])
"""
ANSWERS = {
    "honest": "pass",
    "raises": "raise ValueError(repr(rows.tolist()))",
    "keeps": "seen.append(rows.max())",
    "sets_a_later_value": "globals()['total'] = globals()['first'] = int(rows.max())",
    "takes_its_time": "time.sleep(1.5); seen.append(rows.max())",
    "ends": "import os; os._exit(0)",
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hidden")
    tests = {"first": NUMBER_TESTS.format("first"), "pick": PICK_TESTS, "total": NUMBER_TESTS.format("total")}
    bundle = nb.write_bundle(root / "bundle", tests, data={"secret_rows": np.array([[SECRET, 5.0], [6.0, 7.0]])})
    for student, what in ANSWERS.items():
        answer = code(PICK.format(what), "answer:pick")
        # `first` and `total` are gaps, so that they are looked for at the notebook's end.
        cells = [code("first = ...", "answer:first"), answer, code("total = ...", "answer:total")]
        nb.write_notebook(root / "class" / f"{student}.ipynb", *cells)
    run = nb.autograder("grade", bundle, root / "class", "-o", root / "out")
    assert run.returncode == 1, run.stderr  # a case with a bug of ours
    nb.autograder("report", root / "out", "--also", "markdown")
    return root / "out"


def test_nothing_of_a_hidden_call_is_on_a_students_page(out: Path) -> None:
    pages = sorted((out / "feedback").glob("*"))
    assert len(pages) == 2 * len(ANSWERS)
    for page in pages:
        assert str(SECRET) not in page.read_text(encoding="utf-8"), page.name
    assert str(SECRET) in (out / "grades.json").read_text(encoding="utf-8"), "the instructor reads what went wrong"


def test_only_fixed_texts_tell_of_a_hidden_case(out: Path) -> None:
    fixed = {
        "pick.hidden": {"", "Look at rows you have not seen."},
        "pick.hidden_again": {ERROR_MESSAGE, "Not met: `pick` once more."},
    }
    fixed["pick.hidden_again"].add(ENDED)
    for student, entry in nb.grades(out).items():
        cases = nb.cases_of(entry)
        for name, texts in fixed.items():
            assert cases[name]["message"] in texts, student


def test_public_cases_see_values_from_before(out: Path) -> None:
    """Also those of a function that no longer answers after the hidden case."""
    for student, entry in nb.grades(out).items():
        cases = nb.cases_of(entry)
        assert cases["pick.public"]["status"] == "pass", student
        assert "still `...`" in cases["total.total"]["message"]
        assert "still `...`" in cases["first.first"]["message"]


def test_the_time_that_a_student_reads_ends_before_a_hidden_case(out: Path) -> None:
    slow = nb.grades(out)["takes_its_time"]["execution"]
    assert slow["phases"]["cases"] >= 3, json.dumps(slow)
    assert slow["wall_seconds"] < slow["phases"]["start"] + slow["phases"]["cells"] + slow["phases"]["cases"] - 2
