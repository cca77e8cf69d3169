"""Grading a class in processes: what fails is ours, is said to be ours, and takes nobody else's grade along."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from autograder.grading.execution.pool import grade_class
from autograder.grading.intake.submissions import Item, collect
from autograder.records import Limits, Submission
from tests import notebooks as nb


class BrokenItem(Item):
    """One on which the grader has a bug."""

    def read(self, questions: Collection[str] = ()) -> Submission:
        raise ZeroDivisionError("a bug of ours")


class DeadlyItem(Item):
    """One on which the grader's process dies."""

    def read(self, questions: Collection[str] = ()) -> Submission:
        os._exit(7)


@dataclass(frozen=True)
class LoggedItem(Item):
    """One that notes in a file when it is read."""

    log: Path = Path()

    def read(self, questions: Collection[str] = ()) -> Submission:
        with self.log.open("a") as log:
            log.write(f"{self.student}\n")
        return super().read(questions)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nb.small_bundle(tmp_path_factory.mktemp("bundle") / "small")


@pytest.fixture(scope="module")
def perfect(tmp_path_factory: pytest.TempPathFactory) -> Item:
    path = tmp_path_factory.mktemp("in") / "perfect.ipynb"
    (item,) = collect(nb.write_notebook(path, *nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS)))
    return item


def test_a_failure_of_ours_asks_for_review_and_the_others_are_graded(bundle: Path, perfect: Item) -> None:
    items = [BrokenItem("broken", "b.ipynb"), DeadlyItem("deadly", "d.ipynb")]
    items += [replace(perfect, student=f"perfect{number}") for number in range(3)]
    results = list(grade_class(bundle, items, workers=2))
    grades = {result.grade.student: result.grade for result in results}
    environments = {result.grade.student: result.execution.environment for result in results}
    assert environments["perfect0"]["cpu"]
    assert environments["perfect0"] == environments["perfect2"]
    assert {student: (grade.status, grade.score) for student, grade in grades.items()} == {
        "broken": ("needs_review", 0),
        "deadly": ("needs_review", 0),
        "perfect0": ("graded", 10),
        "perfect1": ("graded", 10),
        "perfect2": ("graded", 10),
    }
    assert grades["broken"].message == "The grader failed: ZeroDivisionError: a bug of ours"
    assert grades["deadly"].message.startswith("The grader's process died on this submission: by a crash, or")
    for student in ("broken", "deadly"):
        statuses = {case.status for question in grades[student].questions for case in question.cases}
        assert statuses == {"error"}


def test_a_process_that_is_killed_while_it_starts_loses_nothing(
    bundle: Path, perfect: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, killed = BaseProcess.start, []

    def start_and_kill(process: BaseProcess) -> None:
        start(process)
        if len(killed) < 2:
            killed.append(process)
            process.kill()

    monkeypatch.setattr(BaseProcess, "start", start_and_kill)
    items = [replace(perfect, student=f"perfect{number}") for number in range(5)]
    assert [result.grade.score for result in grade_class(bundle, items, workers=2)] == [10] * 5
    assert len(killed) == 2


def test_who_ran_out_of_time_in_a_given_cell_runs_once_more_after_all_others(tmp_path: Path) -> None:
    bundle = nb.small_bundle(tmp_path / "small", Limits(cell_seconds=1, memory_mb=700))
    late = [nb.code("while True: pass"), nb.code("1 / 0", "answer:number")]
    nb.write_notebook(tmp_path / "in" / "late.ipynb", *late)
    for number in range(3):
        nb.write_notebook(tmp_path / "in" / f"perfect{number}.ipynb", *nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS))
    items = [LoggedItem(**vars(item), log=tmp_path / "log") for item in collect(tmp_path / "in")]
    grades = {result.grade.student: result.grade for result in grade_class(bundle, items, workers=2)}
    read = (tmp_path / "log").read_text().split()
    assert (read.count("late"), read[-1], len(read), len(grades)) == (2, "late", 5, 4)
    assert grades["late"].status == "needs_review"
    assert "Code cell 1 was stopped: more than 1 s of processor time" in grades["late"].message
    assert grades["perfect0"].status == "graded"


def test_a_class_that_is_given_up_leaves_no_process(bundle: Path, perfect: Item) -> None:
    results = grade_class(bundle, [replace(perfect, student=f"perfect{number}") for number in range(4)], workers=2)
    next(results)
    assert multiprocessing.active_children()
    results.close()
    deadline = time.monotonic() + 10
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert multiprocessing.active_children() == []
