"""`autograder try`: prints what solution, stub and a try earn, case by case. Trusted side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from autograder.authoring.build import find_root
from autograder.authoring.trying import Tried, try_exercise
from autograder.records import Grade, Outcome
from autograder.wording import listed, one_line, printable

__all__ = ["run"]

MARKS = {"pass": "✓", "fail": "✗", "error": "!", "manual": "?", "skipped": "–"}
MAX_MESSAGE = 300
MAX_LINES = 40


def run(slug: str, notebook: Path | None, *, screen: Console, errors: Console) -> None:
    """Try an exercise, and print a line for each case.

    Raises:
        AutograderError: As `authoring.trying.try_exercise`.
    """

    def say(stage: str) -> None:
        errors.print(stage, style="dim", highlight=False, markup=False, soft_wrap=True)

    tried = try_exercise(slug, find_root(Path.cwd()), notebook, say)
    for line in _lines(tried, str(notebook) if notebook else ""):
        screen.print(line, highlight=False, markup=False, soft_wrap=True)


def _lines(tried: Tried, notebook: str) -> Iterator[str]:
    yield tried.report.summary
    if tried.unchanged:
        yield f"Not run again, as nothing that it follows from has changed: {listed(list(tried.unchanged))}."
    shown = tried.grades[notebook or "reference"]
    yield f"{notebook or 'The solution'}: {shown.score:g} of {shown.possible - shown.pending:g} points"
    for name, outcome in _outcomes(shown):
        said = (outcome.detail or outcome.message) if outcome.status != "pass" else ""
        first, *rest = said.splitlines() or [""]
        text, points = one_line(first, MAX_MESSAGE), f"{outcome.points:g} of {outcome.possible:g}"
        yield f"  {MARKS[outcome.status]} {name}: {points}{f'. {text}' if text else ''}"
        for line in rest[:MAX_LINES]:  # such as the comparison of layers, whose columns are aligned
            yield f"      {printable(line[:MAX_MESSAGE])}".rstrip()
        if len(rest) > MAX_LINES:
            yield "      …"


def _outcomes(grade: Grade) -> Iterator[tuple[str, Outcome]]:
    for question in grade.questions:
        if not question.manual:
            for outcome in question.cases:
                yield f"{question.name}.{outcome.name}", outcome
