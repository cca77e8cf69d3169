"""`autograder intake`: who is in a download, and which notebook of each counts; nothing is graded. Trusted side."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.feedback.safe_text import scrub
from autograder.grading.intake.owners import count_notebooks
from autograder.grading.intake.submissions import survey
from autograder.wording import counted, one_line

__all__ = ["Handed", "run", "what_is_there"]


class Handed(NamedTuple):
    """A row of the table.

    Attributes:
        student: The name as the download has it.
        id: The student's number or login there; empty where it has none.
        email: Likewise.
        attempts: How often the student handed in.
        handed_in: When, in ISO 8601, for the one that counts; empty where the download does not say it.
        notebook: The path of the one that counts, in SOURCE or its zip; empty where none can be read.
        problem: Why it cannot be graded; empty where it can.
    """

    student: str
    id: str
    email: str
    attempts: int
    handed_in: str
    notebook: str
    problem: str


def run(source: Path, *, students: str, as_json: bool, screen: Console) -> None:
    """Show who handed in what.

    Args:
        source: A notebook, folder or zip.
        students: See `submissions.survey`.
        as_json: Whether to print a list of objects in place of a table.
        screen: Where it is shown.

    Raises:
        UsageError: It holds nothing that was handed in, or nobody can say whose it is.
    """
    found = survey(source, students)
    notebooks = count_notebooks(found.items, "", ())
    rows = []
    for item in found.items:
        handed_in = item.open()
        read = handed_in.read()
        notebook = "" if read.problem else read.filename
        attempts = handed_in.attempts(notebook)
        rows.append(Handed(*item.owner, attempts, read.handed_in, notebook, read.problem))
    if as_json:
        objects = [
            {name: scrub(value) if isinstance(value, str) else value for name, value in row._asdict().items()}
            for row in rows
        ]
        screen.out(msgspec.json.format(msgspec.json.encode(objects), indent=2).decode(), highlight=False)
        return
    table = Table("student", "id", "email", "attempts", "handed in", "notebook")
    for row in rows:
        last = escape(row.notebook) if row.notebook else f"[red]{escape(one_line(row.problem, 120))}[/]"
        names = (escape(one_line(text, 60)) for text in (row.student, row.id, row.email))
        table.add_row(*names, str(row.attempts), row.handed_in.replace("T", " ")[:16], last)
    screen.print(table)
    screen.print(what_is_there(found.system, notebooks, len(rows)), highlight=False)


def what_is_there(system: str, notebooks: int, students: int) -> str:
    """One line on a source: its system, if that is known, and how many are in it."""
    if system:
        return f"{system} download: {counted(students, 'student')}, {counted(notebooks, 'notebook')}."
    return f"{counted(notebooks, 'notebook')}, {counted(students, 'student')}."
