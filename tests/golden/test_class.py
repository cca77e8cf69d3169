"""The sample class, graded by one command, says what `answers.py` expects of it.

By default the students who train little or nothing; `make test-all` grades the whole class as `make demo` does.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import notebooks as nb
from tests.golden import make

GOLDEN = Path(__file__).parent


@pytest.mark.parametrize("slug", make.SLUGS)
def test_committed_notebooks_follow_from_the_stub_and_the_answers(slug: str) -> None:
    made = make.notebooks(slug)
    committed = {path.name: path.read_text(encoding="utf-8") for path in (GOLDEN / slug / "class").glob("*.ipynb")}
    assert committed.keys() == made.keys()
    assert [name for name in made if made[name] != committed[name]] == [], "run `python -m tests.golden.make`"


@dataclass(frozen=True)
class Graded:
    slug: str
    entries: dict[str, dict[str, Any]]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((slug, whole), id=f"{slug}-{'whole' if whole else 'quick'}", marks=[pytest.mark.slow] * whole)
        for slug in make.SLUGS
        for whole in (False, True)
    ],
)
def graded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    slug, whole = request.param
    root = tmp_path_factory.mktemp("class")
    (root / "in").mkdir()
    for student in make.students(slug):
        if whole or student.name in make.quick(slug):
            shutil.copy(GOLDEN / slug / "class" / f"{student.name}.ipynb", root / "in")
    run = nb.autograder("grade", slug, root / "in", "-o", root / "out", "--workers", 2, cwd=make.ROOT, timeout=1500)
    assert run.returncode in (0, 1), run.stderr
    assert "Report: " in run.stdout
    return Graded(slug, nb.grades(root / "out"))


def test_everyone_gets_what_is_expected(graded: Graded) -> None:
    wrong = []
    for student in make.students(graded.slug):
        if student.name not in graded.entries:
            continue
        entry, expected = graded.entries[student.name], student.expected
        if entry["status"] != ("rejected" if expected.rejected else "graded"):
            wrong.append((student.name, "status", entry["status"]))
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
