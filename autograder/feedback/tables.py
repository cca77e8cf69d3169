"""Tables for spreadsheets: the class's scores, and what a person has to grade. Trusted side."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from autograder.csv_formulas import begins_formula
from autograder.feedback.safe_text import points, scrub
from autograder.records import Assignment, Grade, QuestionGrade

__all__ = ["grades_csv", "harmless", "sheet_csv", "still_waits"]


def grades_csv(assignment: Assignment, grades: Iterable[Grade]) -> Iterator[str]:
    """Lines of `grades.csv`, header first, each with its line end; one line a grade, made as the grades come.

    Columns: `student,submission,status,score,possible`, the score of each question, empty where a person still has to
    give it, then `pending` (the points of these), `name,id,email` as the download or the class list has them, and
    `raw_score,penalty,handed_in`: the score is what remains of the first without the second, for being late. The status
    of who handed in nothing is `absent`. All cells are quoted; a text that a spreadsheet would take for a formula
    begins with an apostrophe.
    """
    names = [question.name for question in assignment.questions]
    further = ("name", "id", "email", "raw_score", "penalty", "handed_in")
    yield _line(["student", "submission", "status", "score", "possible", *names, "pending", *further])
    for grade in grades:
        scores = {question.name: question.score for question in grade.questions if not still_waits(question)}
        earned = [points(scores[name]) if name in scores else "" for name in names]
        status = "absent" if grade.absent else grade.status
        numbers = [points(grade.score), points(grade.possible), *earned, points(grade.pending)]
        known = [grade.shown_name, grade.id, grade.email]
        late = [points(grade.raw_score), points(grade.penalty), grade.handed_in]
        yield _line([grade.student, grade.submission, status], numbers, [*known, *late])


def still_waits(question: QuestionGrade) -> bool:
    """Whether a person has to give all points of a question, and gave none yet."""
    return bool(question.cases) and all(case.status == "manual" for case in question.cases)


def sheet_csv(rows: Iterable[Sequence[str]], delimiter: str = ",") -> Iterator[str]:
    """Lines of a table that a person edits, each with its line end.

    It begins with a byte order mark, without which Excel takes UTF-8 for the encoding of the country it is in. All
    cells are quoted, and none of them begins a formula.
    """
    mark = "\ufeff"
    for row in rows:
        yield mark + _line(row, delimiter=delimiter)
        mark = ""


def _line(
    texts: Iterable[str], numbers: Iterable[str] = (), further: Iterable[str] = (), *, delimiter: str = ","
) -> str:
    line = io.StringIO()
    cells = [*map(harmless, texts), *numbers, *map(harmless, further)]
    csv.writer(line, quoting=csv.QUOTE_ALL, delimiter=delimiter).writerow(cells)
    return line.getvalue()


def harmless(text: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula."""
    text = scrub(text)
    return f"'{text}" if begins_formula(text) else text
