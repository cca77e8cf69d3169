"""What an LMS gets back: files that name nobody else, whatever students named, and tables as they were."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

from autograder.exports.canvas import to_canvas
from autograder.exports.exported import FinishedReport
from autograder.exports.moodle import to_moodle
from autograder.exports.nbgrader import to_nbgrader
from autograder.grading.results.entries import GradeEntry
from autograder.records import Assignment

EXERCISE = Assignment("cnn", "A network", ())
HEADER = "Identifier,Full name,Grade,Maximum grade,Online text\r\n"


def graded(student: str, submission: str, **known: str) -> GradeEntry:
    return GradeEntry(student, submission, "", "graded", 2.5, 10, **known)


def worksheet(folder: Path, *rows: str, header: str = HEADER) -> Path:
    (folder / "sheet.csv").write_bytes((header + "".join(f"{row}\r\n" for row in rows)).encode())
    return folder / "sheet.csv"


@pytest.mark.parametrize(
    "submission",
    [
        "Ada_12_assignsubmission_file_a.zip/Bob_99_assignsubmission_file_/x.ipynb",
        "Bob_99_assignsubmission_file_/x.ipynb",
        "submission_7/x.ipynb",
    ],
    ids=["in a zip of hers", "of another one", "of Gradescope's"],
)
def test_a_page_goes_to_the_participant_of_the_worksheet(tmp_path: Path, submission: str) -> None:
    sheet = worksheet(tmp_path, "Participant 12,Ada,,10,", "Participant 99,Bob,,10,")
    made = to_moodle(FinishedReport(EXERCISE, [graded("Ada", submission, email="a@x")], {"Ada": b"hers"}.get, sheet))
    with zipfile.ZipFile(io.BytesIO(made.feedback)) as archive:
        (name,) = archive.namelist()
    assert name.split("_")[1] == "12"


def test_a_number_of_another_system_is_not_taken_for_moodles(tmp_path: Path) -> None:
    sheet = worksheet(tmp_path, "Participant 12,Ada,,10,")
    made = to_moodle(
        FinishedReport(EXERCISE, [graded("Ada", "submission_7/x.ipynb", id="345")], {"Ada": b"hers"}.get, sheet)
    )
    with zipfile.ZipFile(io.BytesIO(made.feedback)) as archive:
        assert archive.namelist() == ["Ada_12_assignsubmission_file_/cnn.html"]


def test_a_short_row_is_filled(tmp_path: Path) -> None:
    made = to_moodle(
        FinishedReport(EXERCISE, [graded("Ada", "ada.ipynb")], {}.get, worksheet(tmp_path, "Participant 12,Ada"))
    )
    assert made.content.decode() == f"{HEADER}Participant 12,Ada,2.5\r\n"


def test_what_a_student_writes_does_not_change_how_numbers_are_written(tmp_path: Path) -> None:
    sheet = worksheet(tmp_path, 'Participant 12,Ada,,10.00,"3,14"')
    made = to_moodle(FinishedReport(EXERCISE, [graded("Ada", "ada.ipynb")], {}.get, sheet))
    assert made.content.decode() == f'{HEADER}Participant 12,Ada,2.5,10.00,"3,14"\r\n'
    gradebook = worksheet(tmp_path, 'Ada,12,"1,5",', header="Student,ID,Section,A network (7)\r\n")
    made = to_canvas(FinishedReport(EXERCISE, [graded("Ada", "ada.ipynb")], {}.get, gradebook))
    assert made.content.decode().endswith('Ada,12,"1,5",2.5\r\n')


def test_a_name_that_is_also_the_id_is_in_nbgraders_table() -> None:
    grades = [graded("Ada King Lovelace", "ada.ipynb"), graded("=a", "a.ipynb")]
    made = to_nbgrader(FinishedReport(EXERCISE, grades, {}.get))
    rows = list(csv.DictReader(io.StringIO(made.content.decode(), newline="")))
    assert [(row["first_name"], row["last_name"]) for row in rows] == [("Ada King", "Lovelace"), ("", "'=a")]


def test_a_byte_of_no_encoding_stays(tmp_path: Path) -> None:
    sheet = worksheet(tmp_path, "Participant 12,Ada,,10,", "Participant 13,B?b,,10,")
    sheet.write_bytes(before := sheet.read_bytes().replace(b"B?b", b"B\xc1\x81b"))
    made = to_moodle(FinishedReport(EXERCISE, [graded("Ada", "ada.ipynb")], {}.get, sheet))
    assert made.content == before.replace(b"Ada,,", b"Ada,2.5,")
