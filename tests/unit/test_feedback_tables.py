from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from autograder.feedback.tables import grades_csv, sheet_csv
from autograder.records import Assignment, Grade, Question, QuestionGrade

ASSIGNMENT = Assignment("cnn2_mnist", "CNN", (Question("missing_layers", 4), Question("train", 6)))
PERSON = ["name", "id", "email", "raw_score", "penalty", "handed_in"]


def grade(**fields: Any) -> Grade:
    given: dict[str, Any] = {
        "student": "ada",
        "submission": "ada.ipynb",
        "digest": "",
        "status": "graded",
        "score": 7.5,
        "possible": 10,
        "questions": (QuestionGrade("train", 3.5, 6), QuestionGrade("missing_layers", 4, 4)),
    }
    return Grade(**{**given, **fields})


def rows(*grades: Grade) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(grades_csv(ASSIGNMENT, grades)), newline="")))


def test_header_and_rows() -> None:
    emmy = grade(student="emmy", status="rejected", score=0, questions=())
    fay = grade(student="fay", status="rejected", score=0, questions=(), submission="")
    ada = grade(pending=2, name="Ada O'L", id="17", email="ada@x")
    assert rows(ada, emmy, fay) == [
        ["student", "submission", "status", "score", "possible", "missing_layers", "train", "pending", *PERSON],
        ["ada", "ada.ipynb", "graded", "7.5", "10", "4", "3.5", "2", "Ada O'L", "17", "ada@x", "7.5", "0", ""],
        ["emmy", "ada.ipynb", "rejected", "0", "10", "", "", "0", "emmy", "", "", "0", "0", ""],
        ["fay", "", "absent", "0", "10", "", "", "0", "fay", "", "", "0", "0", ""],
    ]


def test_every_cell_is_quoted() -> None:
    header, line = grades_csv(ASSIGNMENT, [grade()])
    columns = ["student", "submission", "status", "score", "possible", "missing_layers", "train", "pending", *PERSON]
    assert header == ",".join(f'"{column}"' for column in columns) + "\r\n"
    assert line == '"ada","ada.ipynb","graded","7.5","10","4","3.5","0","ada","","","7.5","0",""\r\n'


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\n=x",
        " =1",
        "\ufeff=1",
        "＝1+1",
        '=HYPERLINK("x")',
        "\u00a0@x",
        "﹣1",
    ]
    + [f"{blank}=1" for blank in "\u1680\u2003\u200e\u2028\u202f\u205f\u2060\u3000\u3164\u2800\u0301\ue000\U000e0020"],
)
@pytest.mark.parametrize("field", ["student", "submission", "name", "id", "email"])
def test_no_text_begins_a_formula(text: str, field: str) -> None:
    cells = rows(grade(**{field: text}))[1]
    assert all(cell[0] not in "=+-@\t\r\n＝＋－＠" for cell in cells if cell)
    assert cells[rows()[0].index(field)].startswith("'")


def test_names_stay_whole() -> None:
    name = 'Ada "Countess", of\nLovelace; ünï'
    assert rows(grade(student=name))[1][0] == name
    assert rows(grade(student="a\x00\ud800\u202eb"))[1][0] == "a\ufffd\ufffd\ufffdb"


def test_a_negative_score_is_a_number() -> None:
    assert rows(grade(score=-1))[1][3] == "-1"


def test_a_sheet_opens_in_excel_and_holds_no_formula() -> None:
    first, second = sheet_csv([["student", "points"], ["=1+1", "0,5"]], ";")
    assert first == '\ufeff"student";"points"\r\n'
    assert second == '"\'=1+1";"0,5"\r\n'


def test_lines_come_as_the_grades_come() -> None:
    def endless() -> Any:
        yield grade()
        raise AssertionError("read ahead")

    lines = grades_csv(ASSIGNMENT, endless())
    assert next(lines)
    assert next(lines).startswith('"ada"')
