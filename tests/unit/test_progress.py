"""What a command says of its progress, on a terminal and in a log."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from autograder.commands.progress import progress


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
