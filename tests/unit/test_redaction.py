"""What a student may read of a hidden case's outcome."""

from __future__ import annotations

import pytest

from autograder.expect.test_files import LoadedCase
from autograder.grading.cases.case_grading import ERROR_MESSAGE, UNDECIDED_MESSAGE, redact
from autograder.records import Case, Outcome

LOADED = LoadedCase(Case("c", "C", 2, hidden=True), lambda: None, "tests/c.py", "Right", "Look at the shape.")
SECRET = "expected 4711"


@pytest.mark.parametrize(
    ("outcome", "message", "detail"),
    [
        (Outcome("c", "pass", 2, 2, True, "C", "Right"), "Right", ""),
        (Outcome("c", "fail", 0, 2, True, "C", SECRET), "Look at the shape.", SECRET),
        (Outcome("c", "manual", 0, 2, True, "C", SECRET), UNDECIDED_MESSAGE, SECRET),
        (Outcome("c", "error", 0, 2, True, "C", SECRET, "traceback"), ERROR_MESSAGE, "traceback"),
        (Outcome("c", "error", 0, 2, True, "C", "This check was ended"), "This check was ended", ""),
    ],
)
def test_the_public_text_and_what_the_instructor_reads(outcome: Outcome, message: str, detail: str) -> None:
    seen = redact(outcome, LOADED)
    assert (seen.status, seen.message, seen.detail, seen.diff) == (outcome.status, message, detail, ())
