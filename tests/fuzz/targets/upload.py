"""`submissions.collect` and `Item.read`: a zip as it was downloaded."""

from __future__ import annotations

import tempfile
from pathlib import Path

from autograder.errors import UsageError
from autograder.grading.intake.student_ids import student_id
from autograder.grading.intake.submissions import collect
from tests.fuzz.targets import one_line_error

TOKENS = (
    *(b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08", b"\x00\x00\x08\x08"),
    *(b"ada.ipynb", b"../", b"/", b"\\", b"..ipynb", b"a.zip", b"_1_assignsubmission_file/", b"\xff\xff\xff\xff"),
    *(b"\x01\x00\x00\x00", b"\x00\x00\x00\x00", b"\x63\x00", b"\x08\x00", b"__MACOSX/", b'{"cells": []}'),
)


def check(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(data)
        file.flush()
        try:
            items = collect(Path(file.name))
        except UsageError as error:
            one_line_error(Exception(str(error).replace(file.name, "upload.zip")))
            return
        names = [item.student for item in items]
        assert len({name.casefold() for name in names}) == len(names), names
        for item in items:
            assert item.student == student_id(item.student), item.student
            submission = item.read(["q"])
            assert submission.student == item.student
            assert bool(submission.problem) != bool(submission.cells), submission
            for text in (*submission.warnings, submission.filename, submission.problem or "none"):
                one_line_error(Exception(text or "empty"))
