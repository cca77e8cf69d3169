"""Students' ids, and the class list; input is hostile. Trusted side.

A student's id is used in tables, JSON and CSV and as the name of the feedback page, so it is made safe once, here, for
all of them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder.errors import UsageError
from autograder.grading.intake.csv_reader import parse, read_table
from autograder.wording import one_line

__all__ = ["Match", "Roster", "distinct", "match", "read_roster", "same_student", "student_id"]

MAX_LENGTH: Final = 100
MAX_BYTES: Final = 200
"""Of the id in UTF-8: a file name may have 255, with `.html` and the suffix of a temporary file."""
MAX_ROSTER: Final = 10 * 2**20

RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin", "conout", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
)
COLUMNS: Final = ("student", "student_id", "student id", "id", "username", "login", "email", "e-mail")
EMAILS: Final = ("email", "e-mail", "email address", "mail")


def student_id(name: str) -> str:
    """A name as a student id: readable, and safe as a file name on any system and as a spreadsheet cell.

    Letters and digits of any script stay, and so do ``._@-,`` and single spaces; everything else becomes ``-``. It
    never begins with a sign that starts a formula or hides a file, is never a device name of Windows, never empty, and
    at most 100 characters long. The same name always gives the same id.
    """
    text = "".join(_safe(character) for character in unicodedata.normalize("NFC", name[: 4 * MAX_LENGTH]))
    text = unicodedata.normalize("NFC", text)  # letters that a joiner separated
    text = re.sub(r"-{2,}", "-", re.sub(r" +", " ", text))
    text = _cut(_trimmed(text), MAX_LENGTH)
    if text.split(".")[0].strip().casefold() in RESERVED:
        text = _cut(f"student-{text}", MAX_LENGTH)
    return text or "student"


def _safe(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "L" or category in ("Nd", "Mn", "Mc") or character in "._@-,":
        return character
    if category in ("Cf", "Cs"):  # direction overrides, joiners, surrogates: invisible
        return ""
    return " " if character.isspace() else "-"


def _trimmed(text: str) -> str:
    """Without what must not begin an id (formulas, hidden files, stray accents) or end it (Windows drops dots)."""
    start = next((at for at, character in enumerate(text) if character.isalnum() or character == "_"), len(text))
    return text[start:].rstrip(" .,-")


def _cut(text: str, length: int) -> str:
    text = text[:length]
    while len(text.encode()) > MAX_BYTES:
        text = text[:-1]
    return text.rstrip(" .,-")


def same_student(student: str) -> str:
    """A key that is equal for two ids that a file system or a reader would not distinguish."""
    return unicodedata.normalize("NFC", student.casefold())


def distinct(names: Sequence[tuple[str, str]]) -> list[str]:
    """An id for each of several students, all different, also if case is ignored.

    Args:
        names: (name, mark): `mark` distinguishes students of one name (an LMS's number for the student, or the path);
            the pairs must differ.

    Returns:
        The ids, in order. Students who share an id get `-` and the mark's digits, or a digest of the mark where it is
        not a number; among them, a single name that needed no change keeps the id. So an id depends on other students
        only when names clash, and never on the order.
    """
    wanted = [student_id(name) for name, _ in names]
    clashes = Counter(same_student(student) for student in wanted)
    unchanged = Counter(
        same_student(student) for (name, _), student in zip(names, wanted, strict=True) if student == name
    )
    ids = [""] * len(names)
    taken: set[str] = set()
    later = []
    for at, ((name, mark), student) in enumerate(zip(names, wanted, strict=True)):
        key = same_student(student)
        if clashes[key] == 1 or (student == name and unchanged[key] == 1):
            ids[at] = student
            taken.add(key)
        else:
            later.append((mark, name, at))
    for mark, name, at in sorted(later):
        suffixes = [mark] if mark.isascii() and mark.isdigit() and len(mark) <= 20 else []
        digest = hashlib.sha256(f"{mark}\n{name}".encode("utf-8", "surrogatepass")).hexdigest()
        for suffix in [*suffixes, *(digest[:length] for length in (6, 12, 24))]:
            short = wanted[at]
            while len(f"{short}-{suffix}") > MAX_LENGTH or len(f"{short}-{suffix}".encode()) > MAX_BYTES:
                short = short[:-1]
            ids[at] = f"{short.rstrip(' .-')}-{suffix}"
            if same_student(ids[at]) not in taken:
                break
        taken.add(same_student(ids[at]))
    return ids


@dataclass(frozen=True)
class Roster:
    """A class list: the students who should have handed in.

    Attributes:
        students: Their ids, in the file's order.
        emails: Student id → e-mail address, where the file has one.
        column: The column with the ids.
    """

    students: tuple[str, ...]
    emails: dict[str, str]
    column: str = "student"


@dataclass(frozen=True)
class Match:
    """Which students of a class list handed in which submissions.

    Attributes:
        found: Student of a submission → student of the roster.
        missing: Students of the roster who handed in nothing, in its order.
        unknown: Students of submissions who are not on the roster, or match several of its rows.
    """

    found: dict[str, str]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def read_roster(path: Path) -> Roster:
    """Read a class list: CSV with a header, separated by commas, semicolons or tabs.

    The student is in the first of these columns that the header has: `student`, `student_id`, `id`, `username`,
    `login`, `email` (in any case). A column `email` beside it helps to match.

    Raises:
        UsageError: It cannot be read as a class list, has no student, or has one twice.
    """
    rows = _rows(path)
    if not rows:
        raise UsageError(f"{path} is empty: expected a CSV with a column `student` and one row for each student.")
    number, header = rows[0]
    names = [name.strip().casefold() for name in header]
    column = next((names.index(name) for name in COLUMNS if name in names), None)
    if column is None:
        received = ", ".join(f"`{one_line(name, 30)}`" for name in header[:8])
        raise UsageError(f"{path} has no column `student`: its header is {received}. Rename the column with the ids.")
    mail = next((names.index(name) for name in EMAILS if name in names), None)
    seen: dict[str, int] = {}
    students: list[str] = []
    emails: dict[str, str] = {}
    for number, row in rows[1:]:
        given = row[column].strip() if column < len(row) else ""
        if not given:
            raise UsageError(
                f"{path}, line {number}: no student in column `{header[column].strip()}`. Fill it or delete it."
            )
        student = student_id(given)
        key = same_student(student)
        if key in seen:
            raise UsageError(
                f"{path}, line {number}: {student} is there already, in line {seen[key]}. Delete one of them."
            )
        seen[key] = number
        students.append(student)
        if mail is not None and mail < len(row) and "@" in row[mail]:
            emails[student] = row[mail].strip()
    if not students:
        raise UsageError(f"{path} has a header but no student. Add one row for each student.")
    return Roster(tuple(students), emails, header[column].strip()[:30])


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """The rows that are not blank, with their line numbers."""
    expected = "a CSV with a column `student`."
    data = read_table(path, MAX_ROSTER, expected)
    if data is None:
        raise UsageError(f"{path} is not a file: expected {expected}")
    return parse(_decoded(data), path).rows


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # Excel's "Unicode text"
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("windows-1252", "replace")


def match(roster: Roster, students: Iterable[str]) -> Match:
    """Find the students of submissions on a roster: by id, then by id whatever its case, then by e-mail name.

    A rule counts only where it is not ambiguous on either side; an ambiguous student stays `unknown`.
    """

    def mail_names(student: str) -> set[str]:
        return {same_student(text.partition("@")[0]) for text in (student, roster.emails.get(student, student))}

    rules: tuple[Callable[[str], set[str]], ...] = (lambda name: {name}, lambda name: {same_student(name)}, mail_names)
    handed_in = list(dict.fromkeys(students))
    found: dict[str, str] = {}
    for rule in rules:
        open_students = [student for student in handed_in if student not in found]
        taken = set(found.values())
        by_key: dict[str, set[str]] = defaultdict(set)
        for listed in roster.students:
            if listed not in taken:
                for key in rule(listed):
                    by_key[key].add(listed)
        candidates = {
            student: set().union(*(by_key[key] for key in rule(student) if key in by_key)) for student in open_students
        }
        matches = Counter(listed for listeds in candidates.values() for listed in listeds)
        for student, listeds in candidates.items():
            if len(listeds) == 1 and matches[only := next(iter(listeds))] == 1:
                found[student] = only
    taken = set(found.values())
    return Match(
        found,
        tuple(listed for listed in roster.students if listed not in taken),
        tuple(student for student in handed_in if student not in found),
    )
