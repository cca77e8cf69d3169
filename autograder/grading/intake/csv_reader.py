"""Reads CSV files as spreadsheets save them: any separator, line end, quotes; input is hostile. Trusted side."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import UsageError
from autograder.wording import one_line

__all__ = ["Parsed", "parse", "read_table"]


@dataclass(frozen=True)
class Parsed:
    """The rows that are not blank, each with the line of the file on which it begins."""

    delimiter: str
    rows: list[tuple[int, list[str]]]


def read_table(path: Path, limit: int, expected: str) -> bytes | None:
    """The bytes of a CSV file; None where there is nothing.

    Args:
        path: The file.
        limit: How many bytes it may have.
        expected: What the file must be, as a message ends.

    Raises:
        UsageError: It is no file, too large, or cannot be read.
    """
    try:
        if not path.exists():
            return None
        if not path.is_file():
            raise UsageError(f"{path} is not a file: expected {expected}")
        if path.stat().st_size > limit:
            raise UsageError(f"{path} has more than {limit // 2**20} MB: expected {expected}")
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}. Close it elsewhere, then run it again.") from error
    if b"\0" in data and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UsageError(f"{path} is no text that can be read, or UTF-16 without its mark. Save it as `CSV UTF-8`.")
    return data


def parse(text: str, path: Path) -> Parsed:
    """Rows of a CSV file; the separator is the one that occurs most often in its first line.

    Args:
        text: The file's text, without a byte order mark.
        path: The file's name in messages.

    Raises:
        UsageError: It is not CSV: a quote is not closed, or a cell has more than 128 kB.
    """
    lines = list(io.StringIO(text, newline=""))
    first = 0
    if lines and (separator := re.fullmatch(r"sep=(.)\s*", lines[0])):  # a line that Excel writes
        delimiter, first = separator[1], 1
    else:
        head = next((line for line in lines if line.strip()), "")
        delimiter = max(",;\t", key=head.count)
    reader = csv.reader(lines[first:], delimiter=delimiter, strict=True)
    rows = []
    begins = first + 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((begins, row))
            begins = reader.line_num + first + 1
    except csv.Error as error:
        raise UsageError(f"{path}, line {begins}: not a CSV ({one_line(str(error))}). Save it again as CSV.") from error
    return Parsed(delimiter, rows)
