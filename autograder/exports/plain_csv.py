"""A table for any program: `grades.csv`. Trusted side."""

from __future__ import annotations

from autograder.exports.exported import Exported, FinishedReport
from autograder.feedback.tables import grades_csv

__all__ = ["to_plain_csv"]


def to_plain_csv(report: FinishedReport) -> Exported:
    """`grades.csv`."""
    return Exported("".join(grades_csv(report.assignment, report.grades)).encode(), ".csv")
