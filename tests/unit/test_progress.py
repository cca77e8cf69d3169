"""What a command says of its progress, on a terminal and in a log."""

from __future__ import annotations

import io
import json
import time

import pytest
from rich.console import Console

from autograder.commands import progress as module
from autograder.commands.progress import ClassProgress, events, progress
from autograder.grading.execution.submission_grading import GradedSubmission
from autograder.records import Execution, Grade


def shown(total: int, *, done: int = 0, terminal: bool = False) -> list[str]:
    """The lines that stay when all is done."""
    file = io.StringIO()
    with progress(Console(file=file, force_terminal=terminal, force_interactive=terminal), "Grading") as bar:
        task = bar.add_task("", total=total, completed=done)
        for _ in range(total - done):
            bar.update(task, advance=1)
    return [line for line in file.getvalue().splitlines() if line.startswith("Grading: ")]


@pytest.mark.parametrize(
    ("total", "done", "lines"),
    [
        (3, 0, ["Grading: 1 of 3", "Grading: 2 of 3", "Grading: 3 of 3"]),
        (3, 2, ["Grading: 3 of 3"]),
        (3, 3, []),
        (0, 0, []),
        (1000, 0, [f"Grading: {number} of 1000" for number in range(50, 1001, 50)]),
    ],
)
def test_a_log_has_a_line_for_each_step_or_for_each_twentieth_of_many(total: int, done: int, lines: list[str]) -> None:
    assert shown(total, done=done) == lines


def test_a_terminal_has_a_bar_instead() -> None:
    assert shown(3, terminal=True) == []


def graded(student: str, *, status: str = "graded") -> GradedSubmission:
    grade = Grade(student, f"{student}.ipynb", "sha256:1", status, 1, 2, ())  # type: ignore[arg-type]
    return GradedSubmission(grade, Execution("completed", "", wall_seconds=1.25), way="forked")


def test_a_class_says_how_many_run_wait_for_a_person_and_how_long_the_others_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    file, printed = io.StringIO(), io.StringIO()
    with progress(Console(file=file, width=200), "Grading") as bar:
        shown = ClassProgress(bar, 5, 4, events(Console(file=printed, width=20)))
        assert shown.text() == ""
        for student in ("ada", "bob\u202e"):
            shown.runs(student, True)
        assert shown.text() == "2 running"
        now[0] += 30
        shown.runs("ada", False)
        shown.graded(graded("ada", status="needs_review"))
        assert shown.text() == "1 running, 1 to review, 2 a minute, about 2 min left"
        now[0] += 10
        shown.runs("bob\u202e", False)
        shown.graded(graded("bob\u202e"))
        assert shown.text() == "1 to review, 3 a minute, about 40 s left"
    assert file.getvalue().splitlines()[-1] == "Grading: 3 of 5, 1 to review, 3 a minute, about 40 s left"
    said = [json.loads(line) for line in printed.getvalue().splitlines()]
    assert said[:2] == [{"event": "begun", "student": "ada"}, {"event": "begun", "student": "bob\u202e"}]
    assert "\u202e" not in printed.getvalue()
    assert said[2] == {
        **{"event": "graded", "student": "ada", "status": "needs_review", "score": 1, "possible": 2},
        **{"seconds": 1.25, "way": "forked", "done": 2, "total": 5, "to_review": 1},
    }


def test_a_log_gets_a_line_now_and_then_where_nothing_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.05)
    file = io.StringIO()
    with progress(Console(file=file), "Grading") as bar:
        ClassProgress(bar, 2, 2, events(None)).runs("ada", True)
        while file.getvalue().count("Grading: 0 of 2, 1 running") < 2:
            time.sleep(0.01)
