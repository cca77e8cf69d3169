"""Grading a class in processes: what fails is ours, is said to be ours, and takes nobody else's grade along."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from autograder.grading.cases.bundle import load_bundle, packed_bundle
from autograder.grading.execution import tasks
from autograder.grading.execution.environment import versions
from autograder.grading.execution.grader_processes import GraderProcess
from autograder.grading.execution.pool import Engine, grade_class
from autograder.grading.intake.submissions import HandedIn, Item, collect
from autograder.records import Limits
from tests import notebooks as nb


@dataclass(frozen=True)
class LoggedItem(Item):
    """One that notes when it is read."""

    log: list[str] = field(default_factory=list)

    def open(self) -> HandedIn:
        self.log.append(self.student)
        return super().open()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nb.small_bundle(tmp_path_factory.mktemp("bundle") / "small")


@pytest.fixture(scope="module")
def perfect(tmp_path_factory: pytest.TempPathFactory) -> Item:
    path = tmp_path_factory.mktemp("in") / "perfect.ipynb"
    (item,) = collect(nb.write_notebook(path, *nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS)))
    return item


DEADLY = """
from otter.test_files import test_case

OK_FORMAT = False
name = "number"
points = 4

@test_case(points=4, hidden=False)
def test_it(number):
    \"\"\"`number` is 42.\"\"\"
    import os
    if number == 7:
        os._exit(7)
    assert number == 42
"""


def test_a_submission_on_which_the_process_dies_asks_for_review_and_the_others_are_graded(tmp_path: Path) -> None:
    bundle = nb.write_bundle(tmp_path / "deadly", {"number": DEADLY})
    for name, number in {"deadly": 7, "perfect0": 42, "perfect1": 42, "wrong": 1}.items():
        nb.write_notebook(tmp_path / "in" / f"{name}.ipynb", nb.code(f"number = {number}", "answer:number"))
    results = list(grade_class(bundle, collect(tmp_path / "in"), engine=Engine(2)))
    grades = {result.grade.student: result.grade for result in results}
    assert {student: (grade.status, grade.score) for student, grade in grades.items()} == {
        "deadly": ("needs_review", 0),
        "perfect0": ("graded", 4),
        "perfect1": ("graded", 4),
        "wrong": ("graded", 0),
    }
    assert grades["deadly"].message.startswith("The grader's process died on this submission: by a crash, or")
    assert {case.status for question in grades["deadly"].questions for case in question.cases} == {"error"}
    environments = {result.grade.student: result.execution.environment for result in results}
    assert environments["perfect0"]["cpu"]
    assert environments["perfect0"] == environments["perfect1"]


def test_a_bug_of_ours_asks_for_review(bundle: Path, perfect: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **options: object) -> None:
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setattr(tasks, "grade_one", broken)
    task = msgspec.msgpack.encode(tasks.Task(perfect.open(), versions()))
    graded = msgspec.msgpack.decode(tasks.done(bundle, task, 0), type=tasks.Done).graded
    assert graded is not None
    assert (graded.grade.status, graded.grade.message) == (
        "needs_review",
        "The grader failed: ZeroDivisionError: a bug of ours",
    )
    assert {case.status for question in graded.grade.questions for case in question.cases} == {"error"}


def test_a_machine_with_other_versions_grades_nothing(bundle: Path, perfect: Item) -> None:
    task = msgspec.msgpack.encode(tasks.Task(perfect.open(), {**versions(), "keras": "2.4"}))
    answer = msgspec.msgpack.decode(tasks.done(bundle, task, 0), type=tasks.Done)
    assert answer.graded is None
    assert re.fullmatch(
        r"\S+ has keras 3\.\S+ in place of 2\.4\. Install the same versions there\.", answer.unavailable
    )


def test_a_process_that_is_killed_while_it_starts_loses_nothing(
    bundle: Path, perfect: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, killed = GraderProcess.__init__, []

    def start_and_kill(process: GraderProcess, *args: Any) -> None:
        start(process, *args)
        if len(killed) < 2:
            killed.append(process)
            process.process.kill()

    monkeypatch.setattr(GraderProcess, "__init__", start_and_kill)
    items = [replace(perfect, student=f"perfect{number}") for number in range(5)]
    assert [result.grade.score for result in grade_class(bundle, items, engine=Engine(2))] == [10] * 5
    assert len(killed) == 2


def test_a_machine_without_the_bundle_is_sent_it_once(bundle: Path, perfect: Item, tmp_path: Path) -> None:
    digest = load_bundle(bundle).digest
    task = msgspec.msgpack.encode(tasks.Task(perfect.open(), versions()))
    script = f"""
import sys
from pathlib import Path
from autograder.grading.execution.grader_processes import LACKING, graded_task
task, packed = Path("task").read_bytes(), Path("packed").read_bytes()
assert graded_task({digest!r}, task) == LACKING
Path("first").write_bytes(graded_task({digest!r}, task, packed))
Path("second").write_bytes(graded_task({digest!r}, task))
"""
    (tmp_path / "task").write_bytes(task)
    (tmp_path / "packed").write_bytes(packed_bundle(bundle))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True)
    for name in ("first", "second"):
        graded = msgspec.msgpack.decode((tmp_path / name).read_bytes(), type=tasks.Done).graded
        assert graded is not None and graded.grade.score == 10
    assert not list(tmp_path.glob("autograder-*")), "the bundle, with its hidden data, is removed"


def test_who_ran_out_of_time_in_a_given_cell_runs_once_more_after_all_others(tmp_path: Path) -> None:
    bundle = nb.small_bundle(tmp_path / "small", Limits(cell_seconds=1, memory_mb=700))
    late = [nb.code("while True: pass"), nb.code("1 / 0", "answer:number")]
    nb.write_notebook(tmp_path / "in" / "late.ipynb", *late)
    for number in range(3):
        nb.write_notebook(tmp_path / "in" / f"perfect{number}.ipynb", *nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS))
    log: list[str] = []
    items = [LoggedItem(**vars(item), log=log) for item in collect(tmp_path / "in")]
    grades = {result.grade.student: result.grade for result in grade_class(bundle, items, engine=Engine(2))}
    assert (log.count("late"), log[-1], len(log), len(grades)) == (2, "late", 5, 4)
    assert grades["late"].status == "needs_review"
    assert "Code cell 1 was stopped: more than 1 s of processor time" in grades["late"].message
    assert grades["perfect0"].status == "graded"


def test_a_class_that_is_given_up_leaves_no_process(bundle: Path, perfect: Item) -> None:
    before = {*psutil.Process().children(recursive=True)}
    items = [replace(perfect, student=f"perfect{number}") for number in range(4)]
    results = grade_class(bundle, items, engine=Engine(2))
    next(results)
    started = {*psutil.Process().children(recursive=True)} - before
    assert started
    results.close()
    assert psutil.wait_procs(started, timeout=10)[1] == []
