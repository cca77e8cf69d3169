"""`read_sheet`: `manual.csv` as it comes back from any spreadsheet, and as it is then written."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

from autograder.errors import UsageError
from autograder.feedback import tables
from autograder.grading.results import hand_grading
from autograder.grading.results.manual_csv import read_sheet
from autograder.records import Assignment, Case, Question
from tests.fuzz.targets import one_line_error

TOKENS = (
    *(
        b"student,question,case,possible,points,comment",
        b"answer,rubric,note,answer_digest",
        b"ada,why,",
        b"ada,q,c,2,",
    ),
    *(b",", b";", b"\t", b"\n", b"\r\n", b'"', b"sep=;\n", b"1,5", b"1.5", b"'=1", b"\xe3\x80\x80=1", b"-1", b"1e9"),
    *(b"\xef\xbb\xbf", b"\xe4", b"answer changed since it was graded", b"; ", b"\xe2\x80\x8b", b"nan", b"NaN", b"+1"),
)
ASSIGNMENT = Assignment(
    "small", "Small", (Question("why", 2, manual=True), Question("q", 2, cases=(Case("c", "C", 2),)))
)


def check(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "manual.csv")
        path.write_bytes(data)
        try:
            sheet = read_sheet(path, ASSIGNMENT)
        except UsageError as error:
            one_line_error(Exception(str(error).replace(folder, "")))
            return
        for row in sheet.entries:
            assert row.points is None or 0 <= row.points < math.inf, row
        written = _written(sheet)
        path.write_text(written, encoding="utf-8", errors="replace", newline="")
        again = read_sheet(path, ASSIGNMENT)
    assert [row.points for row in again.entries] == [row.points for row in sheet.entries]
    assert _written(again) == written


def _written(sheet: hand_grading.Sheet) -> str:
    return "".join(tables.sheet_csv(hand_grading.cells(sheet, sheet.entries), sheet.delimiter))
