"""Canvas: its gradebook, filled, and the zip of feedback for "Upload Submissions". Trusted side."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from autograder.errors import UsageError
from autograder.exports.exported import Exported, zip_bytes
from autograder.exports.filled_table import Template, read_template
from autograder.grading.intake.layouts import recognised_folder
from autograder.grading.results.entries import GradeEntry
from autograder.records import Assignment
from autograder.wording import listed, one_line

__all__ = ["to_canvas"]

TITLE: Final = re.compile(r"(?P<title>.+) \((?P<number>\d+)\)\s*")
MAXIMUM: Final = re.compile(r"\s*points possible\s*", re.IGNORECASE)


def to_canvas(
    assignment: Assignment, grades: Sequence[GradeEntry], pages: Mapping[str, bytes], template: Path | None
) -> Exported:
    """The gradebook with the scores, and the zip of feedback.

    Args:
        assignment: The exercise; its column is the one with its title or slug, or the only one of an assignment.
        grades: Everybody's.
        pages: Student → the feedback page.
        template: The gradebook, as it was exported.

    Raises:
        UsageError: The gradebook cannot be used.
    """
    table = read_template(template, grades, "Canvas' gradebook")
    column = _column(table, assignment)
    maximum = next((row for row in table.rows.values() if row and MAXIMUM.fullmatch(row[0])), None)
    most = _float(maximum[column]) if maximum is not None and len(maximum) > column else None
    numeric = [at for at, name in enumerate(table.header) if TITLE.fullmatch(name)]
    skipped = [f"{student}: not in {table.path.name}" for student in table.strangers]
    cells, files = {}, {}
    for grade in grades:
        if (line := table.whose.get(grade.student)) is None:
            continue
        if grade.absent:
            skipped.append(f"{grade.student}: handed in nothing, so the cell stays as it is")
            continue
        row = table.rows[line]
        if len(row) > column and row[column].strip().upper() == "EX":
            skipped.append(f"{grade.student}: excused in Canvas")
        elif most is not None and grade.score > most:
            skipped.append(f"{grade.student}: {grade.score:g} is above Canvas' maximum of {most:g}")
        else:
            cells[line] = {column: table.number(grade.score, numeric)}
        if grade.student in pages and (name := recognised_folder("Canvas", grade.submission)):
            files[f"{PurePosixPath(name).stem}.html"] = pages[grade.student]
        elif grade.student in pages:
            skipped.append(f"{grade.student}: no feedback file, as the notebook does not come from Canvas' download")
    return Exported(table.filled(cells), ".csv", zip_bytes(files), skipped)


def _column(table: Template, assignment: Assignment) -> int:
    titles = {at: found["title"] for at, name in enumerate(table.header) if (found := TITLE.fullmatch(name))}
    wanted = {assignment.title.casefold(), assignment.slug.casefold()}
    named = [at for at, title in titles.items() if title.strip().casefold() in wanted]
    if len(named or titles) == 1:
        return next(iter(named or titles))
    shown = listed([f"`{one_line(title, 40)}`" for title in titles.values()]) or "no assignment"
    raise UsageError(
        f"{table.path}: none of its columns is clearly that of `{assignment.title}` (it has {shown}). Delete the "
        "columns of the other assignments; Canvas leaves alone what is not in the file."
    )


def _float(cell: str) -> float | None:
    try:
        return float(cell.strip().replace(",", "."))
    except ValueError:
        return None
