"""The progress of all commands: a bar, or lines where nobody watches. Trusted side."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

__all__ = ["progress"]

STEPS = 20
"""Lines at the most, as a log needs no more of a large class."""


class _Lines(Progress):
    """What is done, as lines for a log: one for each step, or for each twentieth of many."""

    def __init__(self, console: Console, doing: str) -> None:
        super().__init__(console=console, disable=True)
        self._doing = doing

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        self.update(task_id, advance=advance)

    def update(self, task_id: TaskID, **changes: Any) -> None:
        task = self._tasks[task_id]
        before = task.completed
        super().update(task_id, **changes)
        if task.total and STEPS * before // task.total < STEPS * task.completed // task.total:
            self.console.print(f"{self._doing}: {task.completed:g} of {task.total:g}", highlight=False, markup=False)


def progress(console: Console, doing: str) -> Progress:
    """A bar that goes when all is done; where the output is no terminal, lines that stay."""
    if not console.is_interactive:
        return _Lines(console, doing)
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)
