"""CSV as spreadsheets save it: commas, semicolons or tabs, any line ends, quotes, Excel's `sep=` line."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import UsageError

__all__ = ["Parsed", "parse"]


@dataclass(frozen=True)
class Parsed:
    """The rows that are not blank, each with the line of the file on which it begins."""

    delimiter: str
    rows: list[tuple[int, list[str]]]


def parse(text: str, path: Path) -> Parsed:
    """Rows of a CSV; the separator is the one that its first line has most of.

    Args:
        text: What the file holds, without a byte order mark.
        path: What to call it in messages.

    Raises:
        UsageError: It is no CSV: a quote that nothing closes, a cell of more than 128 kB.
    """
    lines = list(io.StringIO(text, newline=""))
    first = 0
    if lines and (separator := re.fullmatch(r"sep=(.)\s*", lines[0])):  # Excel's own line
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
        raise UsageError(f"{path}, line {begins}: not a CSV ({error}). Save it again as CSV.") from error
    return Parsed(delimiter, rows)
