"""Submissions with the same code share one run: the same grades, and each its own page and written answers."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from autograder.records import Limits, Question
from tests import notebooks as nb

WHY = Question("why", 2, "Why?", manual=True)
RANDOM = "import os; print('drawn', os.urandom(8).hex())"


def handed_in(why: str, *, number: str = nb.RIGHT_NUMBER, first: str = RANDOM, last: str = "", note: str = "") -> Any:
    made = nb.notebook(
        nb.markdown(note or "# Exercise"),
        nb.code(first),
        *nb.answers(number, nb.RIGHT_LABELS),
        nb.markdown(why, "answer:why"),
        *([nb.code(last)] if last else []),
    )
    made["metadata"]["whose"] = why
    return made


CLASS = {
    "ada": handed_in("Since I am Ada."),
    "bob": handed_in("Since I am Bob.", note="# My own title", first=f"{RANDOM}  \n\n"),
    "cy": handed_in("Since I am Cy.", first=f"{RANDOM}\n# by Cy"),
    "di": handed_in("", number="answer = 3"),
    "ed": handed_in("Since I am Ed.", number="answer = 3"),
    "flo": handed_in("Since I am Flo.", last="1 / 0"),
    "gus": handed_in("Since I am Gus.", last="1 / 0"),
    "hal": copy.deepcopy(handed_in("Since I am Hal.")),
}
SHARING = [{"ada", "bob", "hal"}, {"di", "ed"}]
"""Where a cell raised, nothing is shared; a comment is code."""


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("class")
    limits = Limits(wall_seconds=120, cell_seconds=3, memory_mb=700, call_seconds=2)
    small = json.loads((nb.small_bundle(root / "made", limits) / "assignment.json").read_text())
    small["questions"].append({"name": "why", "points": 2, "title": "Why?", "manual": True})
    (root / "made" / "assignment.json").write_text(json.dumps(small))
    for student, made in CLASS.items():
        nb.write_notebook(root / "in" / f"{student}.ipynb", *made["cells"])
    folders = {}
    for option in ("--share", "--no-share"):
        folders[option] = root / option
        done = nb.autograder("grade", root / "made", root / "in", "-o", root / option, option, "--workers", 2)
        assert done.returncode == 0, done.stderr
        assert ("Run once for several: 3 notebooks with the code of another." in done.stderr) is (option == "--share")
    return folders


def drawn(folder: Path, student: str) -> str:
    page = (folder / "feedback" / f"{student}.html").read_text()
    return page.split("drawn ")[1][:16]


def test_what_is_run_once_is_shown_to_each(graded: dict[str, Path]) -> None:
    seen = {student: drawn(graded["--share"], student) for student in CLASS}
    for together in SHARING:
        assert len({seen[student] for student in together}) == 1
    assert len(set(seen.values())) == len(CLASS) - 3
    assert len({drawn(graded["--no-share"], student) for student in CLASS}) == len(CLASS)


def test_grades_are_the_same_either_way(graded: dict[str, Path]) -> None:
    assert nb.untimed(graded["--share"]) == nb.untimed(graded["--no-share"])
    tables = [(graded[option] / "grades.csv").read_bytes() for option in ("--share", "--no-share")]
    assert tables[0] == tables[1]


def test_each_has_a_page_and_written_answers_of_its_own(graded: dict[str, Path]) -> None:
    entries = nb.grades(graded["--share"])
    answers = {student: entry["questions"][-1]["answer"] for student, entry in entries.items()}
    assert answers["ada"] == "Since I am Ada."
    assert answers["bob"] == "Since I am Bob."
    assert answers["di"] == ""
    page = (graded["--share"] / "feedback" / "bob.html").read_text()
    assert "My own title" in page
    assert "I am Ada" not in page
    digests = {entry["digest"] for entry in entries.values()}
    assert len(digests) == len(CLASS)
    assert {entry["student"] for entry in entries.values() if entry["score"] == 10} == set(CLASS) - {"di", "ed"}
