"""Canvas: its gradebook, filled, and the zip of feedback for "Upload Submissions". Trusted side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from autograder.errors import UsageError
from autograder.exports.exported import Exported, FinishedReport
from autograder.exports.filled_table import Template, above, fill, read_template
from autograder.grading.intake.layouts import recognised_folder
from autograder.grading.results.entries import GradeEntry
from autograder.records import Assignment
from autograder.wording import listed, one_line

__all__ = ["to_canvas"]

TITLE: Final = re.compile(r"(?P<title>.+) \((?P<number>\d+)\)\s*")
MAXIMUM: Final = re.compile(r"\s*points possible\s*", re.IGNORECASE)


def to_canvas(report: FinishedReport) -> Exported:
    """The gradebook with the scores, and the zip of feedback.

    Args:
        report: With the gradebook, as it was exported; the exercise's column is the one with its title or slug, or the
            only one of an assignment.

    Raises:
        UsageError: The gradebook cannot be used.
    """
    table = read_template(report, "Canvas' gradebook")
    column = _column(table, report.assignment)
    maximum = next((row for row in table.rows.values() if row and MAXIMUM.fullmatch(row[0])), None)
    most = _float(maximum[column]) if maximum is not None and len(maximum) > column else None

    def refused(grade: GradeEntry, row: Sequence[str]) -> str:
        if len(row) > column and row[column].strip().upper() == "EX":
            return "excused in Canvas"
        return above(grade, most, "Canvas'")

    def name(grade: GradeEntry, row: Sequence[str]) -> str:
        upload = recognised_folder("Canvas", grade.submission)
        return f"{PurePosixPath(upload).stem}.html" if upload else ""

    return fill(
        report,
        table,
        column,
        numbers=[at for at, header in enumerate(table.header) if TITLE.fullmatch(header)],
        refused=refused,
        name=name,
        unnamed="the notebook does not come from Canvas' download",
    )


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
