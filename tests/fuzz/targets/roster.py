"""`read_roster` and `match`: a class list, from any spreadsheet."""

from __future__ import annotations

import tempfile
from pathlib import Path

from autograder.errors import UsageError
from autograder.grading.intake.roster import match, read_roster
from autograder.grading.intake.student_ids import same_student, student_id
from tests.fuzz.targets import one_line_error

TOKENS = (
    *(b"student", b"email", b"username,name", b",", b";", b"\t", b"\n", b"\r", b"\r\n", b'"', b"sep=;\n", b"\0", b"@"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xe4", b"=1+1", b"\xe2\x80\xae", b"\xc2\xa0", b"CON", b"."),
)


def check(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(data)
        file.flush()
        try:
            roster = read_roster(Path(file.name))
        except UsageError as error:
            one_line_error(Exception(str(error).replace(file.name, "roster.csv")))
            return
    assert roster.students
    assert len(set(map(same_student, roster.students))) == len(roster.students)
    assert all(student == student_id(student) for student in roster.students)
    handed_in = [*roster.students[:3], *(mail.upper() for mail in roster.emails.values()), "nobody"]
    found = match(roster, handed_in)
    assert set(found.found) | set(found.unknown) == set(handed_in)
    assert set(found.found.values()) | set(found.missing) == set(roster.students)
    assert all(found.found[student] == student for student in roster.students[:3] if student in found.found)
