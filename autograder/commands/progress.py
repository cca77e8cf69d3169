"""The progress of all commands: a bar, lines where nobody watches, or events for a program. Trusted side."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from autograder.grading.execution.submission_grading import GradedSubmission

__all__ = ["ClassProgress", "Emit", "events", "progress"]

STEPS = 20
"""Lines at the most, as a log needs no more of a large class; others come after `SILENT_SECONDS` without one."""
SILENT_SECONDS = 60.0

Emit = Callable[..., None]
"""Called with the name of an event, and what it is about."""


class _Lines(Progress):
    """What is done, as lines for a log: one for each step, or for each twentieth of many, and one every minute."""

    def __init__(self, console: Console, doing: str) -> None:
        super().__init__(console=console, disable=True)
        self._doing = doing
        self._printed = time.monotonic()
        self._ended = threading.Event()
        self._clock = threading.Thread(target=self._remind, daemon=True)

    def __enter__(self) -> _Lines:
        self._clock.start()
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._clock.join()
        super().__exit__(kind, error, trace)

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        self.update(task_id, advance=advance)

    def update(self, task_id: TaskID, **changes: Any) -> None:
        task = self._tasks[task_id]
        before = task.completed
        super().update(task_id, **changes)
        if task.total and STEPS * before // task.total < STEPS * task.completed // task.total:
            self._print(task)

    def _print(self, task: Task) -> None:
        self._printed = time.monotonic()
        line = ", ".join(filter(None, (f"{self._doing}: {task.completed:g} of {task.total:g}", _said(task))))
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _remind(self) -> None:
        while not self._ended.wait(max(0.0, self._printed + SILENT_SECONDS - time.monotonic())):
            if time.monotonic() - self._printed >= SILENT_SECONDS:
                for task in self.tasks:
                    self._print(task)


class _Said(ProgressColumn):
    """What a task says of itself."""

    def render(self, task: Task) -> Text:
        return Text(_said(task))


def _said(task: Task) -> str:
    state = task.fields.get("state")
    return state.text() if isinstance(state, ClassProgress) else ""


def progress(console: Console, doing: str) -> Progress:
    """A bar that goes when all is done; where the output is no terminal, lines that stay."""
    if not console.is_interactive:
        return _Lines(console, doing)
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), _Said(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def _time(seconds: float) -> str:
    """Such as `40 s`, `12 min` or `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def events(console: Console | None) -> Emit:
    """What prints events, one JSON object a line in ASCII; without a console nothing does."""

    def emit(event: str, **about: Any) -> None:
        if console is not None:
            console.out(json.dumps({"event": event, **about}), highlight=False)

    return emit


class ClassProgress:
    """How far the grading of a class is: how many run now, wait for a person, and how long the others will take."""

    def __init__(self, bar: Progress, total: int, waiting: int, emit: Emit) -> None:
        """Nothing is graded yet.

        Args:
            bar: Shows it.
            total: How many submissions there are.
            waiting: How many of them are to be graded.
            emit: Gets the events `begun` and `graded`.
        """
        self._bar, self._total, self._waiting, self._emit = bar, total, waiting, emit
        self._running: set[str] = set()
        self._done = self._to_review = 0
        self._began = time.monotonic()
        self._task = bar.add_task("", total=total, completed=total - waiting, state=self)

    def runs(self, student: str, begins: bool) -> None:
        """A submission begins to be graded, or is no longer: it is done, or waits to be graded once more."""
        if begins:
            self._running.add(student)
            self._emit("begun", student=student)
        else:
            self._running.discard(student)

    def graded(self, one: GradedSubmission) -> None:
        """A submission has its grade."""
        grade = one.grade
        self._done += 1
        self._to_review += grade.needs_look
        self._bar.update(self._task, advance=1)
        self._emit(
            "graded",
            student=grade.student,
            status=grade.status,
            score=grade.score,
            possible=grade.possible,
            seconds=round(one.execution.wall_seconds, 3),
            way="shared" if one.shares else one.way,
            done=self._total - self._waiting + self._done,
            total=self._total,
            to_review=self._to_review,
        )

    def text(self) -> str:
        """Such as `2 running, 1 to review, 4.5 a minute, about 3 min left`; the pace is that of all so far."""
        parts = [f"{len(self._running)} running"] if self._running else []
        if self._to_review:
            parts.append(f"{self._to_review} to review")
        left = self._waiting - self._done
        if self._done and left:
            each = (time.monotonic() - self._began) / self._done
            parts += [f"{60 / max(each, 1e-3):.3g} a minute", f"about {_time(left * each)} left"]
        return ", ".join(parts)
