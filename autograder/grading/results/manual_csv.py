"""`manual.csv` as it comes back from a spreadsheet, and how it is written. Trusted side."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from autograder.csv_formulas import begins_formula
from autograder.errors import UsageError
from autograder.files import write_whole
from autograder.grading.intake.csv_reader import parse, read_table
from autograder.grading.results.hand_grading import ACCEPT, COLUMNS, PROPOSED, REVIEW, Key, ManualRow, Sheet, parts
from autograder.records import Assignment, Case, rounded
from autograder.wording import one_line, shortened

__all__ = ["EXPECTED", "MAX_FILE", "NAME", "open_elsewhere", "read_sheet", "save_sheet"]

NAME: Final = "manual.csv"
MAX_FILE: Final = 64 * 2**20
MAX_QUOTED: Final = 40

_NEEDED = ("student", "question", "case", "points", "comment")
_NUMBER = re.compile(r"\+?([0-9]{1,9}([.,][0-9]{0,9})?|[.,][0-9]{1,9})")
_FIX = "Correct the file; nothing was written."
EXPECTED: Final = "the table that the grader made. Move it away."


def read_sheet(path: Path, assignment: Assignment) -> Sheet:
    """What a person filled in, whichever spreadsheet saved it.

    Rows and columns may come in any order, with columns that are not ours, with commas, semicolons or tabs, and with
    decimal points or commas.

    Args:
        path: The file; where there is none, nothing was filled in.
        assignment: Says how many points there are for what.

    Raises:
        UsageError: A row cannot be understood. The text names its line.
    """
    data = read_table(path, MAX_FILE, EXPECTED)
    if data is None:
        return Sheet()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}, line {line}: not UTF-8. Save it as `CSV UTF-8`; nothing was written.") from error
    parsed = parse(text, path)
    if not parsed.rows:
        raise UsageError(f"{path} is empty: expected a header with {', '.join(_NEEDED)}. Delete it to get a new one.")
    (_, header), *rows = parsed.rows
    names = _columns(path, header)
    extra = tuple(dict.fromkeys(name for name in names if name and name not in COLUMNS))
    # A question that cases grade has no points of its own to be given.
    possible = {key: part.points for key, part in parts(assignment).items() if isinstance(part, Case) or part.manual}
    if not text.endswith(("\n", "\r")) and len(rows) and len(rows[-1][1]) < len(header):
        raise UsageError(f"{path}, line {rows[-1][0]}: the file ends in the middle of a row. Put back a whole copy.")
    found: dict[Key, tuple[int, ManualRow]] = {}
    for line, row in rows:
        entry = _entry(f"{path}, line {line}", names, row, extra, possible)
        if entry.key in found:
            entry = _merged(path, line, entry, *found[entry.key])
        found[entry.key] = (line, entry)
    return Sheet(tuple(entry for _, entry in found.values()), extra, parsed.delimiter, data)


def open_elsewhere(path: Path) -> str:
    """What to say while LibreOffice has the file open; empty while it has not."""
    lock = path.with_name(f".~lock.{path.name}#")
    if not lock.exists():
        return ""
    return f"{path} is open in LibreOffice. Save and close it there (or delete {lock.name}), then try again."


def save_sheet(
    path: Path, sheet: Sheet, entries: Sequence[ManualRow], lines: Iterable[str], *, ours: bool = False
) -> None:
    """Write the rows, unless the file says all of it already; what a person wrote before stays as `manual.csv~`.

    Args:
        path: The file.
        sheet: What was read from it.
        entries: The rows that it shall hold.
        lines: The same as text, with line ends.
        ours: Whether the file is as this process wrote it; then `manual.csv~` stays.

    Raises:
        UsageError: Somebody has it open, changed it meanwhile, or it is a link or not to be written.
        AutograderError: It cannot be written.
    """
    if set(map(_essence, entries)) == set(map(_essence, sheet.entries)) and (sheet.data is not None or not entries):
        return
    if path.is_symlink():
        raise UsageError(f"{path} is a link and has to be updated. Put the file itself there, then try again.")
    if sheet.data is not None:
        if opened := open_elsewhere(path):
            raise UsageError(opened)
        if not os.access(path, os.W_OK):
            raise UsageError(f"{path} is read-only and has to be updated. Make it writable, then try again.")
        if not ours and any(entry.filled for entry in sheet.entries):
            write_whole(path.with_name(f"{path.name}~"), [sheet.data], durable=True)

    def unchanged() -> None:
        if read_table(path, MAX_FILE, EXPECTED) != sheet.data:
            raise UsageError(f"{path} was saved by somebody else just now. Nothing was written; try again.")

    write_whole(path, (line.encode("utf-8", "replace") for line in lines), durable=True, check=unchanged)


def _essence(entry: ManualRow) -> ManualRow:
    """What of a row is worth a new file: not the texts that only help to read it."""
    return replace(entry, answer="", rubric="")


def _columns(path: Path, header: Sequence[str]) -> list[str]:
    names = [_plain(name) for name in header]
    names = [name.casefold() if name.casefold() in COLUMNS else name for name in names]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        received = shortened([f"`{one_line(name, MAX_QUOTED)}`" for name in names], 12)
        raise UsageError(f"{path}, line 1: no column `{missing[0]}`: its header is {received}. {_FIX}")
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{path}, line 1: column `{one_line(twice, MAX_QUOTED)}` is there twice. {_FIX}")
    return names


def _entry(
    where: str, names: Sequence[str], row: Sequence[str], extra: Sequence[str], possible: dict[tuple[str, str], float]
) -> ManualRow:
    if any(cell.strip() for cell in row[len(names) :]):
        raise UsageError(f"{where}: {len(row)} cells, but the header has {len(names)}. Put quotes round the comment.")
    given = dict(zip(names, map(_plain, [*row, *[""] * len(names)]), strict=False))
    student, question, case = given["student"], given["question"], given["case"]
    if not student or not question:
        raise UsageError(f"{where}: no `{'question' if student else 'student'}`. Fill it in or delete the row.")
    where = f"{where} ({one_line(student, MAX_QUOTED)}, {one_line(question, MAX_QUOTED)})"
    accept = question == REVIEW and bool(given["points"])
    if accept and given["points"].casefold() != ACCEPT:
        raise UsageError(
            f"{where}: `points` must be `{ACCEPT}` or empty (got `{one_line(given['points'], MAX_QUOTED)}`). {_FIX}"
        )
    proposed = bool(case) and given.get("answer", "").startswith(PROPOSED)
    if proposed:
        accept = given["points"].casefold() == ACCEPT
    points = None if accept else _points(where, given["points"], possible.get((question, case)), proposed)
    texts = {name: given.get(name, "") for name in ("possible", "answer", "rubric", "note", "items")}
    if _NUMBER.fullmatch(texts["possible"]):
        texts["possible"] = str(rounded(_number(texts["possible"])))
    digest = given.get("answer_digest", "")
    others = tuple(given[name] for name in extra)
    return ManualRow(
        student, question, case, points, given["comment"], digest=digest, extra=others, accept=accept, **texts
    )


def _points(where: str, text: str, possible: float | None, proposed: bool) -> float | None:
    if not text:
        return None
    most = f" from 0 to {possible:g}" if possible is not None else ""
    points = _number(text) if _NUMBER.fullmatch(text) else math.inf
    if points == math.inf or (possible is not None and points > possible):
        most += f", or `{ACCEPT}` for the proposed points" if proposed else ""
        raise UsageError(f"{where}: `points` must be a number{most} (got `{one_line(text, MAX_QUOTED)}`). {_FIX}")
    return points


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _merged(path: Path, line: int, entry: ManualRow, earlier: int, other: ManualRow) -> ManualRow:
    """One of two rows for the same answer: the filled one, where they do not contradict each other."""
    if not entry.filled:
        return other
    if other.filled and _written(entry) != _written(other):
        what = ", ".join(one_line(part, MAX_QUOTED) for part in entry.key if part)
        raise UsageError(f"{path}, line {line}: {what} is there already, in line {earlier}, with other points. {_FIX}")
    return entry


def _written(entry: ManualRow) -> tuple[object, ...]:
    return entry.accept, entry.points, entry.comment, entry.extra


def _plain(cell: str) -> str:
    """A cell's text, without the apostrophe that keeps it from being a formula."""
    text = cell.strip()
    while text.startswith("'") and begins_formula(text[1:]):
        text = text[1:].strip()
    return text.replace("\r\n", "\n").replace("\r", "\n")
