"""Zips that Otter Assign made are graded as they are, and as `otter run` grades them; the rest is for a person."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests import notebooks as nb
from tests import otter_kinds
from tests.otter_agreement import STORED, compared
from tests.otter_masters import OtterMaster, assigned, otter_run

QUICK = (otter_kinds.OK, otter_kinds.EXCEPTION)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("otter")
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    found = {}
    for master in QUICK:
        made = assigned(master, root / master.slug)
        out = root / f"{master.slug}-out"
        found[master.slug] = (compared(master, made, stored[master.slug], out), out, made)
    return found


@pytest.mark.parametrize("master", QUICK, ids=lambda master: master.slug)
def test_outcomes_are_those_of_otter_run(graded: dict[str, Any], master: OtterMaster) -> None:
    found, *_ = graded[master.slug]
    assert found.differ == list(master.differs)
    assert found.scores == []
    assert found.same > 10


@pytest.mark.slow
@pytest.mark.parametrize("master", otter_kinds.MASTERS, ids=lambda master: master.slug)
def test_what_is_stored_of_otter_run_is_what_it_gives(master: OtterMaster, tmp_path: Path) -> None:
    made = assigned(master, tmp_path / "made")
    theirs = otter_run(made)
    assert theirs == json.loads(STORED.read_text(encoding="utf-8"))[master.slug]
    found = compared(master, made, theirs, tmp_path / "out")
    assert (found.differ, found.scores) == (list(master.differs), [])


def test_what_cannot_be_graded_is_said_and_waits_for_a_person(graded: dict[str, Any]) -> None:
    found, out, _ = graded["exception_format"]
    assert found.said == [
        "Not gradable here, so for a person: in_place - 1, as it looks at what a call changes, and gets a copy of that."
    ]
    entry = nb.grades(out)["solution"]
    waiting = next(each for each in entry["questions"] if each["name"] == "in_place_case1")
    assert waiting["manual"]
    assert entry["pending"] == waiting["possible"] > 0
    with (out / "manual.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["question"] == "in_place_case1"]
    assert len(rows) == 4
    assert "assert values == [1, 2]" in rows[0]["rubric"]


def test_points_add_up_to_what_the_zip_says(graded: dict[str, Any]) -> None:
    entries = nb.grades(graded["exception_format"][1])
    assert {entry["possible"] for entry in entries.values()} == {20}
    assert entries["solution"]["score"] + entries["solution"]["pending"] == 20
    parts = {each["name"]: each for each in entries["wrong"]["questions"]}
    assert [case["points"] for case in parts["nothing_or_all"]["cases"]] == [0, 0, 0]


def test_a_hidden_case_stays_hidden(graded: dict[str, Any]) -> None:
    out = graded["ok_format"][1]
    cases = nb.cases_of(nb.grades(out)["wrong"])
    assert (cases["value.1"]["hidden"], cases["value.2"]["hidden"]) == (False, True)
    assert "Expected:" in cases["value.1"]["message"]
    assert cases["value.2"]["message"] == "Not met: value - 2"
    assert "x + 1" in cases["value.2"]["detail"]
    assert "x + 1" not in (out / "feedback" / "wrong.html").read_text(encoding="utf-8")


def test_messages_of_the_author_are_shown(graded: dict[str, Any]) -> None:
    entries = nb.grades(graded["exception_format"][1])
    assert nb.cases_of(entries["solution"])["value.x"]["message"] == "Right."
    assert nb.cases_of(entries["wrong"])["value.x"]["message"] == "Count."


def test_a_check_does_nothing_where_a_notebook_is_graded(graded: dict[str, Any]) -> None:
    page = (graded["ok_format"][1] / "feedback" / "solution.html").read_text(encoding="utf-8")
    assert "value: checked by the grader." in page
    assert "ModuleNotFoundError" not in page


def test_an_edited_test_needs_no_run(graded: dict[str, Any], tmp_path: Path) -> None:
    _, out, made = graded["exception_format"]
    shutil.copytree(out, tmp_path / "out")
    edited = tmp_path / made.zip.name
    with zipfile.ZipFile(made.zip) as before, zipfile.ZipFile(edited, "w") as after:
        for name in before.namelist():
            text = before.read(name)
            if name == "tests/nothing_or_all.py":
                assert b"b == 2" in text
                text = text.replace(b"b == 2", b"b == 3")
            after.writestr(name, text)
    done = nb.autograder("grade", edited, made.handed_in, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "Checked again without running: 4 notebooks." in done.stderr
    before, after = nb.grades(out), nb.grades(tmp_path / "out")
    moved = {student for student in before if before[student]["score"] != after[student]["score"]}
    assert moved == {"solution", "cut", "wrong"}
    assert after["wrong"]["score"] > before["wrong"]["score"]
