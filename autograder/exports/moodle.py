"""Moodle: its offline grading worksheet, filled, and the zip of feedback files. Trusted side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from autograder.errors import UsageError
from autograder.exports.exported import Exported, FinishedReport
from autograder.exports.filled_table import above, fill, read_template
from autograder.grading.intake.layouts import recognised_folder
from autograder.grading.results.entries import GradeEntry
from autograder.wording import one_line

__all__ = ["to_moodle"]

# Moodle's headers are in the language of whoever exports: English, German, French, Spanish, Italian.
GRADE: Final = ("grade", "bewertung", "note", "calificación", "valutazione")
MAXIMUM: Final = (
    *("maximum grade", "bestwertung", "note maximale", "calificación máxima", "calificación más alta"),
    *("valutazione massima",),
)


def to_moodle(report: FinishedReport) -> Exported:
    """The worksheet with the scores, and the zip for "Upload multiple feedback files in a zip".

    Args:
        report: With the worksheet, as it was downloaded.

    Raises:
        UsageError: The worksheet cannot be used.
    """
    table = read_template(report, "Moodle's grading worksheet")
    column = table.column(GRADE)
    if column is None:
        header = ", ".join(f"`{one_line(name, 30)}`" for name in table.header)
        raise UsageError(f"{table.path} has no column `Grade`: its header is {header}.")
    maximum = table.column(MAXIMUM)

    def refused(grade: GradeEntry, row: Sequence[str]) -> str:
        most = _number(row[maximum]) if maximum is not None and len(row) > maximum else None
        return above(grade, most, "Moodle's")

    def name(grade: GradeEntry, row: Sequence[str]) -> str:
        folder = _folder(grade, row[0])
        return f"{folder}/{report.assignment.slug}.html" if folder else ""

    return fill(
        report,
        table,
        column,
        numbers=[column, *([] if maximum is None else [maximum])],
        refused=refused,
        name=name,
        unnamed="Moodle's number of the student is not known",
    )


def _folder(grade: GradeEntry, identifier: str) -> str:
    """The student's folder in the zip, as it was downloaded; empty if not known.

    Moodle reads nothing but the number in it, so that of the worksheet decides: a student may have named the folder, or
    the report's number may be of another system.

    Args:
        grade: The student's.
        identifier: The first cell of the student's row: `Participant 12`, in any language.
    """
    folder = recognised_folder("Moodle", grade.submission)
    number = re.fullmatch(r"\D*(\d+)\s*", identifier)
    if number is not None and f"_{number[1]}_assignsubmission_" not in folder:
        name = " ".join(re.findall(r"[^\W_]+", grade.shown_name))
        return f"{name}_{number[1]}_assignsubmission_file_"
    return "" if folder.startswith((".", "~")) else folder


def _number(cell: str) -> float | None:
    found = re.fullmatch(r"\s*(\d+)(?:[.,](\d+))?\s*", cell)
    return float(f"{found[1]}.{found[2] or 0}") if found else None
