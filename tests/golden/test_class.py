"""The sample class, graded by one command, says what `answers.py` expects of it.

By default the students who train little or nothing; `make test-all` grades the whole class as `make demo` does.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import notebooks as nb
from tests.golden import make
from tests.golden.cnn2_mnist.answers import STUDENTS

CLASS = Path(__file__).parent / "cnn2_mnist" / "class"
QUICK = {"blank", "never_trained", "flat_input", "typo"}


def test_committed_notebooks_follow_from_the_stub_and_the_answers() -> None:
    made = make.notebooks("cnn2_mnist")
    committed = {path.name: path.read_text(encoding="utf-8") for path in CLASS.glob("*.ipynb")}
    assert committed.keys() == made.keys()
    assert [name for name in made if made[name] != committed[name]] == [], "run `python -m tests.golden.make`"


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(sorted(QUICK), id="quick"),
        pytest.param(sorted(student.name for student in STUDENTS), id="whole", marks=pytest.mark.slow),
    ],
)
def graded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    root = tmp_path_factory.mktemp("class")
    (root / "in").mkdir()
    for name in request.param:
        shutil.copy(CLASS / f"{name}.ipynb", root / "in")
    run = nb.autograder(
        "grade", "cnn2_mnist", root / "in", "-o", root / "out", "--workers", 2, cwd=make.ROOT, timeout=1500
    )
    assert run.returncode == 0, run.stderr
    assert "Report: " in run.stdout
    return nb.grades(root / "out")


def test_everyone_gets_what_is_expected(graded: dict[str, dict[str, Any]]) -> None:
    wrong = []
    for student in STUDENTS:
        if student.name not in graded:
            continue
        entry, expected = graded[student.name], student.expected
        cases = {name: case for name, case in nb.cases_of(entry).items() if case["status"] != "manual"}
        if expected.score is not None and entry["score"] != expected.score:
            wrong.append((student.name, "score", entry["score"], expected.score))
        if expected.full != all(case["status"] == "pass" for case in cases.values()):
            wrong.append((student.name, "passes all", not expected.full, expected.full))
        for name, piece in expected.messages.items():
            case = cases[name]
            if case["status"] != "fail" or piece not in case["message"]:
                wrong.append((student.name, name, case["status"], case["message"][:300], piece))
        wrong += [(student.name, name, case) for name, case in cases.items() if case["status"] == "error"]
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)
