"""Students' ids: safe in tables, JSON and CSV and as file names; names are hostile. Trusted side."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final

__all__ = ["distinct", "same_student", "student_id"]

MAX_LENGTH: Final = 100
MAX_BYTES: Final = 200
"""Of the id in UTF-8: a file name may have 255, with `.html` and the suffix of a temporary file."""
RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin", "conout", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
)


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
