"""When something was handed in, as systems say it, and what the exercise's rule takes off."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from autograder.authoring.master import read_master
from autograder.errors import BuildError, UsageError
from autograder.grading.intake.roster import read_roster
from autograder.grading.intake.submissions import collect
from autograder.grading.intake.times import iso_time
from autograder.grading.results.late_work import ALLOWANCES, LateWork
from autograder.records import TIME_NOT_KNOWN, Assignment, Grade, LateRule, Question, QuestionGrade
from tests.masters import WHOLE, write_repository

RULE = LateRule(datetime(2026, 10, 24, 23, 59), "Europe/Berlin", percent=10)
NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": "1", "metadata": {}}], "nbformat": 4, "metadata": {}})


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("20261105151000", "2026-11-05T15:10:00"),
        ("2026-11-05-15-10-00", "2026-11-05T15:10:00"),
        ("2026-11-05 23:59", "2026-11-05T23:59:00"),
        ("2026-11-05 15:10:00.000000000 Z", "2026-11-05T15:10:00+00:00"),
        ("2026-11-05 15:10:00.5 America/Chicago", "2026-11-05T15:10:00-06:00"),
        ("2026-11-05T15:10:00+0530", "2026-11-05T15:10:00+05:30"),
        ("Nov 5, 2026 0310 PM", "2026-11-05T15:10:00"),
        ("Nov 5, 2026 1200 AM", "2026-11-05T00:00:00"),
        ("Thursday, 5 November 2026, 3:10 PM", "2026-11-05T15:10:00"),
        ("Thursday, November 5, 2026, 3:10 PM", "2026-11-05T15:10:00"),
        ("Donnerstag, 5. März 2026, 15:10", "2026-03-05T15:10:00"),
        ("dimanche 5 juillet 2026, 15:10", "2026-07-05T15:10:00"),
        ("jueves, 5 de noviembre de 2026, 15:10", "2026-11-05T15:10:00"),
        ("giovedì, 5 giugno 2026, 15:10", "2026-06-05T15:10:00"),
        ("-", ""),
        ("2026-13-05 23:59", ""),
        ("5 Foo 2026, 15:10", ""),
        ("2026-11-05 15:10:00 ../../etc/passwd", ""),
        ("2026-11-05 15:10:00 +99:00", ""),
        ("\0" * 10_000, ""),
    ],
)
def test_times_of_systems(text: str, time: str) -> None:
    assert iso_time(text) == time


def handed_in(folder: Path, files: dict[str, str]) -> dict[str, str]:
    for name, text in files.items():
        path = folder / "class" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {item.student: item.read().handed_in for item in collect(folder / "class")}


def test_the_time_is_that_of_the_attempt_that_counts(tmp_path: Path) -> None:
    files = {
        "Lovelace_Ada_ada_1/20261101120000_x.ipynb": NOTEBOOK,
        "Lovelace_Ada_ada_1/20261105120000_x.ipynb": "broken",
        "Hopper_Grace_grace_2/20261102120000_x.ipynb": NOTEBOOK,
    }
    assert handed_in(tmp_path, files) == {"Ada Lovelace": "2026-11-01T12:00:00", "Grace Hopper": "2026-11-02T12:00:00"}


def test_gradescope_says_it_in_its_list(tmp_path: Path) -> None:
    person = "submission_{0}:\n  :submitters:\n  - :name: {1}\n    :sid: {0}\n  :created_at: {2}\n"
    meta = person.format(7, "Ada", "2026-11-01 12:00:00.5 Z") + person.format(8, "Bo", "[1]")
    files = {"e/submission_metadata.yml": meta, "e/submission_7/a.ipynb": NOTEBOOK, "e/submission_8/a.ipynb": NOTEBOOK}
    assert handed_in(tmp_path, files) == {"Ada": "2026-11-01T12:00:00+00:00", "Bo": ""}


def test_a_file_of_a_student_is_not_taken_for_nbgraders_time(tmp_path: Path) -> None:
    files = {
        "submitted/ada/ex/a.ipynb": NOTEBOOK,
        "submitted/ada/ex/timestamp.txt": "2026-11-05 12:00:00.0 UTC",
        "submitted/ada/ex/submitted/x/y/timestamp.txt": "2026-01-01 12:00:00.0 UTC",
        "submitted/ada/ex/z/timestamp.txt": "2026-01-01 12:00:00.0 UTC",
        "submitted/bo/ex/a.ipynb": NOTEBOOK,
    }
    assert handed_in(tmp_path, files) == {"ada": "2026-11-05T12:00:00+00:00", "bo": ""}


def test_a_class_list_may_say_it(tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_text(
        "Identifier,Full name,Grade,Last modified (submission)\n"
        'Participant 1,Ada,,"Thursday, 5 November 2026, 3:10 PM"\nParticipant 2,Bo,,-\n'
    )
    assert read_roster(tmp_path / "sheet.csv").times == {"Ada": "2026-11-05T15:10:00"}


def grade(time: str, score: float = 7, **known: str) -> Grade:
    return Grade("ada", "a.ipynb", "", "graded", score, 10, (QuestionGrade("q", score, 10),), handed_in=time, **known)


def settled(folder: Path, given: Grade, rule: LateRule | None = RULE) -> Grade:
    exercise = Assignment("x", "X", (Question("q", 10),), late=rule)
    late = LateWork(exercise, folder)
    done = late.settle(given)
    assert late.settle(done) == done
    assert LateWork(replace(exercise, late=None), folder).settle(done) == given
    return done


@pytest.mark.parametrize(
    ("time", "rule", "penalty"),
    [
        ("2026-10-24T23:59:00", RULE, 0),
        ("2026-10-24T23:59:01", RULE, 1),
        ("2026-10-24T21:59:00+00:00", RULE, 0),  # the same moment
        ("2026-10-25T22:59:00", RULE, 1),  # 24 hours later: clocks went back in between
        ("2026-10-25T22:59:01", RULE, 2),
        ("2027-10-25T22:59:00", RULE, 7),  # never more than there is
        ("2026-10-25T01:30:00", replace(RULE, every="hour"), 2),
        ("2026-10-25T00:15:00", replace(RULE, grace=16), 0),
        ("2026-10-25T00:16:00", replace(RULE, grace=16), 1),
        ("2026-10-25T00:16:00", replace(RULE, percent=0, points=0.333), 0.33),
        ("2026-10-25T00:16:00", None, 0),
    ],
)
def test_what_the_rule_takes_off(tmp_path: Path, time: str, rule: LateRule | None, penalty: float) -> None:
    done = settled(tmp_path, grade(time), rule)
    assert (done.penalty, done.score, done.raw_score) == (penalty, round(7 - penalty, 2), 7)
    assert bool(done.late) == bool(penalty)


def test_what_is_said(tmp_path: Path) -> None:
    (tmp_path / ALLOWANCES).write_text("student;until;handed_in\nADA@x;2026-10-30 12:00;2026-10-31T12:01\n")
    assert settled(tmp_path, grade("")).late == TIME_NOT_KNOWN
    assert settled(tmp_path, grade("2026-10-24T23:59:01"), replace(RULE, grace=0.01)).late == (
        "Handed in late: due 2026-10-24 23:59 (Europe/Berlin), with 0.01 minutes of grace. 1 day has begun since, and "
        "each costs 10 % of 10 points; a score is never less than 0."
    )
    assert settled(tmp_path, grade("", email="ada@x")).late == (
        "Handed in late: extended for you to 2026-10-30 12:00 (Europe/Berlin). It counts as handed in "
        "2026-10-31 12:01. 2 days have begun since, and each costs 10 % of 10 points; a score is never less than 0."
    )
    late = LateWork(Assignment("x", "X", (), late=RULE), tmp_path)
    assert (late.strangers([grade("")]), late.strangers([grade("", email="ada@x")])) == (["ADA@x"], [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("student,until\nada,5.11.2026\n", "line 2: `until` must be like 2026-11-05 23:59 (got `5.11.2026`)"),
        ("student,until\n,2026-11-05 23:59\n", "line 2: no `student`"),
        ("student,until\nada,\nAda,\n", "line 3: Ada is there already"),
        ("name,until\nada,\n", "line 1: expected the columns student, until, handed_in"),
        ("", "line 1: expected"),
    ],
)
def test_a_row_that_cannot_be_understood_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / ALLOWANCES).write_text(text)
    with pytest.raises(UsageError) as refused:
        settled(tmp_path, grade(""))
    assert said in str(refused.value)


def master(folder: Path, late: str) -> LateRule | None:
    text = WHOLE.replace("# title: A small exercise", f"# title: A small exercise\n# late: {late}")
    return read_master(write_repository(folder, text), folder).config.late


@pytest.mark.parametrize("due", ["2026-10-24 23:59", "2026-10-24 23:59:00", "'2026-10-24T23:59'"])
def test_the_master_says_the_rule(tmp_path: Path, due: str) -> None:
    assert master(tmp_path, f"{{due: {due}, zone: Europe/Berlin, percent: 10}}") == RULE


@pytest.mark.parametrize(
    ("late", "said"),
    [
        ("{due: soon, zone: UTC, percent: 1}", "`late.due` cannot be read"),
        ("{due: 2026-10-24, zone: UTC, percent: 1}", "`late.due` cannot be read"),
        ("{due: 2026-10-24 23:59, percent: 1}", "`late` cannot be read"),
        ("{due: 2026-10-24T23:59:00Z, zone: UTC, percent: 1}", "`late` has `due` with an offset"),
        ("{due: 2026-10-24 23:59, zone: Mars/Base, percent: 1}", "has the zone `Mars/Base`, which is not known"),
        ("{due: 2026-10-24 23:59, zone: ../UTC, percent: 1}", "has the zone `../UTC`, which is not known"),
        ("{due: 2026-10-24 23:59, zone: UTC}", "does not say what being late costs"),
        ("{due: 2026-10-24 23:59, zone: UTC, percent: 1, points: 1}", "has `percent` and `points`"),
        ("{due: 2026-10-24 23:59, zone: UTC, percent: 1, grace: -5}", "has `grace` below 0"),
        ("{due: 2026-03-29 02:30, zone: Europe/Berlin, percent: 1}", "a `due` that no clock shows"),
        ("{due: 2026-11-31 23:59, zone: UTC, percent: 1}", "Write a day and a time that there are"),
        ("{due: 2026-11-05, zone: UTC, percent: 1}", "Write a day and a time that there are"),
        ("{due: 2026-10-24 23:59, zone: UTC, percent: 1, every: week}", "`late.every` cannot be read"),
        ("{due: 2026-10-24 23:59, zone: UTC, percent: 1, each: day}", "no key `late.each`"),
        ("10", "`late` cannot be read"),
    ],
)
def test_a_rule_with_a_fault_is_refused(tmp_path: Path, late: str, said: str) -> None:
    with pytest.raises(BuildError) as refused:
        master(tmp_path, late)
    assert said in str(refused.value)
    assert "master.py:" in str(refused.value)
