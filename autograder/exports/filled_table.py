"""Fills a column of a table that an LMS exported, in place; all else stays as it is, to the byte. Trusted side."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from autograder.errors import UsageError
from autograder.exports.exported import Exported, FinishedReport, zip_bytes
from autograder.feedback.safe_text import points
from autograder.grading.intake.csv_reader import parse, read_table
from autograder.grading.intake.download_people import Owner
from autograder.grading.intake.layouts import recognised_folder
from autograder.grading.intake.roster import match, read_roster
from autograder.grading.results.entries import GradeEntry
from autograder.wording import one_line

__all__ = ["Template", "above", "fill", "read_template"]

MOST_BYTES: Final = 10 << 20
_AS_IT_IS: Final = "surrogateescape"
"""Of a byte that an encoding does not have: it is written as it was read."""
ENCODINGS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Template:
    """A table that an LMS exported.

    Attributes:
        path: Where it is.
        header: Its first row that is not blank.
        rows: Line → the cells of the row that begins there.
        whose: Student of the report → the line of the row.
        strangers: Students of the report who are in no row.
    """

    path: Path
    header: Sequence[str]
    rows: Mapping[int, Sequence[str]]
    whose: Mapping[str, int]
    strangers: Sequence[str]
    _text: str
    _delimiter: str
    _mark: bytes
    _encoding: str

    def column(self, names: Sequence[str]) -> int | None:
        """Where the first of some columns is, whatever the case of its name."""
        header = [name.strip().casefold() for name in self.header]
        return next((header.index(name) for name in names if name in header), None)

    def number(self, score: float, columns: Collection[int]) -> str:
        """A score as the table's own numbers are written: with a comma where those have one.

        Args:
            score: It.
            columns: Those with such numbers; elsewhere, a student's answer may look like one.
        """
        cells = (row[at] for row in self.rows.values() for at in columns if at < len(row))
        decimal_comma = any(re.fullmatch(r"-?\d+,\d+", cell.strip()) for cell in cells)
        return points(score).replace(".", ",") if decimal_comma else points(score)

    def filled(self, cells: Mapping[int, Mapping[int, str]]) -> bytes:
        """The table with other cells.

        Args:
            cells: Line of a row → position in it → the new cell.
        """
        lines = list(io.StringIO(self._text, newline=""))
        starts = sorted(self.rows)
        for start, changed in cells.items():
            after = next((line for line in starts if line > start), len(lines) + 1)
            while after > start + 1 and not lines[after - 2].strip():  # blank lines between rows
                after -= 1
            old = "".join(lines[start - 1 : after - 1])
            end = next((end for end in ("\r\n", "\n", "\r") if old.endswith(end)), "")
            row = list(self.rows[start])
            row += [""] * (max(changed) + 1 - len(row))
            for at, cell in changed.items():
                row[at] = cell
            made = io.StringIO()
            quoted: Literal[0, 1] = 1 if old.startswith('"') and old.rstrip().endswith('"') else 0  # all, or what must
            csv.writer(made, delimiter=self._delimiter, quoting=quoted, lineterminator=end).writerow(row)
            lines[start - 1 : after - 1] = [made.getvalue(), *([""] * (after - start - 1))]
        return self._mark + "".join(lines).encode(self._encoding, _AS_IT_IS)


def fill(
    report: FinishedReport,
    table: Template,
    column: int,
    *,
    numbers: Collection[int],
    refused: Callable[[GradeEntry, Sequence[str]], str],
    name: Callable[[GradeEntry, Sequence[str]], str],
    unnamed: str,
) -> Exported:
    """The table with the scores, and the zip of feedback pages.

    Args:
        report: Whose scores.
        table: The table.
        column: Where they go.
        numbers: Columns with numbers; see `Template.number`.
        refused: Why the system would not take a score into a row; empty where it would.
        name: What a page is called in the zip; empty where that is not known.
        unnamed: Why it is not.
    """
    skipped = [f"{student}: not in {table.path.name}" for student in table.strangers]
    cells: dict[int, Mapping[int, str]] = {}
    names: dict[str, str] = {}
    for grade in report.grades:
        if (line := table.whose.get(grade.student)) is None:
            continue
        if grade.absent:
            skipped.append(f"{grade.student}: handed in nothing, so the cell stays as it is")
            continue
        row = table.rows[line]
        if reason := refused(grade, row):
            skipped.append(f"{grade.student}: {reason}")
        else:
            cells[line] = {column: table.number(grade.score, numbers)}
        if named := name(grade, row):
            names[named] = grade.student
        else:
            skipped.append(f"{grade.student}: no feedback file, as {unnamed}")

    def pages() -> Iterator[tuple[str, bytes]]:
        for named, student in names.items():
            if (page := report.page(student)) is not None:
                yield named, page

    return Exported(table.filled(cells), ".csv", zip_bytes(pages()) if names else b"", skipped)


def above(grade: GradeEntry, most: float | None, whose: str) -> str:
    """Why a system would not take a score: it is above the maximum there; empty where it is not."""
    return f"{grade.score:g} is above {whose} maximum of {most:g}" if most is not None and grade.score > most else ""


def read_template(report: FinishedReport, what: str) -> Template:
    """The table that the instructor exported, and who of the report is where in it.

    Args:
        report: Has its path.
        what: What it is, for messages.

    Raises:
        UsageError: It is not given, cannot be read, or has nobody of the report.
    """
    path, grades = report.template, report.grades
    if path is None:
        raise UsageError(f"--to needs {what}: download it, and give it as --template FILE.")
    data = read_table(path, MOST_BYTES, f"{what}.")
    if data is None:
        raise UsageError(f"{path} does not exist: expected {what}.")
    mark, encoding = next(((mark, name) for mark, name in ENCODINGS if data.startswith(mark)), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        encoding = "windows-1252"
        text = data.decode(encoding, _AS_IT_IS)
    parsed = parse(text, path)
    roster = read_roster(path)
    owners = {grade.student: Owner(grade.shown_name, grade.id, grade.email) for grade in grades}
    numbered = [grade.student for grade in grades if grade.id and recognised_folder(roster.system, grade.submission)]
    found = match(roster, owners, owners, numbered)
    if not found.found and grades:
        raise UsageError(
            f"{path} has nobody of this report: it has `{one_line(roster.students[0], 60)}`, the report "
            f"`{grades[0].student}`. Is it {what} of this course?"
        )
    lines = dict(zip(roster.students, roster.lines, strict=True))
    whose = {student: lines[listed] for student, listed in found.found.items()}
    rows = dict(parsed.rows)
    return Template(path, parsed.rows[0][1], rows, whose, found.unknown, text, parsed.delimiter, mark, encoding)
