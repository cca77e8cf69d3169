"""`notebook_reader.parse`: the bytes of a submitted notebook."""

from __future__ import annotations

from autograder.errors import IntakeError
from autograder.grading.intake import notebook_reader
from tests.fuzz.targets import one_line_error

TOKENS = (
    *(b'{"cells": [', b'"cell_type": "code"', b'"source": ["', b'"metadata": {"tags": ["answer:q"]}', b'"outputs": []'),
    *(b'"nbformat": 4', b'"nbformat": 3', b'"worksheets": [{"cells": [', b'"input": "', b'"heading"', b'"level": 99'),
    *(
        b"NaN",
        b"Infinity",
        b"\\ud800",
        b"\\u0000",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xe4",
        b"]}",
        b"[[[[",
        b"1e999",
        b"null",
    ),
    *(b"<<<<<<< a\n=======\n>>>>>>> b\n", b'"kernelspec": {"language": "R"}', b'"language_info": {"name": "python"}'),
)


def check(data: bytes) -> None:
    try:
        notebook = notebook_reader.parse(data)
    except IntakeError as error:
        one_line_error(error)
        return
    assert 0 < len(notebook.cells) <= notebook_reader.MAX_CELLS
    assert len(notebook.warnings) <= notebook_reader.MAX_WARNINGS + 2
    for warning in notebook.warnings:
        one_line_error(Exception(warning))
    for cell in notebook.cells:
        assert len(cell.source) <= notebook_reader.MAX_SOURCE + 10
        assert all(isinstance(tag, str) for tag in cell.tags)
        cell.source.encode()  # no lone surrogate
