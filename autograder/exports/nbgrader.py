"""nbgrader: the table that `nbgrader export` writes. Trusted side."""

from __future__ import annotations

import csv
import io
from typing import Final

from autograder.exports.exported import Exported, FinishedReport
from autograder.feedback.safe_text import points
from autograder.feedback.tables import harmless

__all__ = ["to_nbgrader"]

NBGRADER: Final = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score"),
    *("late_submission_penalty", "score", "max_score"),
)


def to_nbgrader(report: FinishedReport) -> Exported:
    """The table that `nbgrader export` writes."""
    made = io.StringIO()
    writer = csv.writer(made, quoting=csv.QUOTE_ALL)
    writer.writerow(NBGRADER)
    for grade in report.grades:
        last, comma, first = grade.shown_name.partition(",")
        if not comma:
            first, _, last = grade.shown_name.rpartition(" ")
        due = report.assignment.late.due.isoformat(" ") if report.assignment.late else ""
        texts = [
            report.assignment.slug,
            due,
            grade.handed_in,
            grade.id or grade.student,
            last,
            first.strip(),
            grade.email,
        ]
        numbers = map(points, (grade.raw_score, grade.penalty, grade.score, grade.possible))
        writer.writerow([*map(harmless, texts), *numbers])
    return Exported(made.getvalue().encode(), ".csv")
