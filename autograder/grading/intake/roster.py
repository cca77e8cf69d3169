"""The class list: a table of one's own, or as a system exports it; input is hostile. Trusted side."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from autograder.errors import UsageError
from autograder.grading.intake.csv_reader import parse, read_table
from autograder.grading.intake.download_people import Owner
from autograder.grading.intake.student_ids import distinct, same_student, student_id
from autograder.grading.intake.times import iso_time
from autograder.wording import one_line, shortened

__all__ = ["Match", "Roster", "match", "read_roster"]

MAX_ROSTER: Final = 10 * 2**20

# What the columns of class lists are called, in lower case, in the order in which they are taken: in one's own tables,
# in Moodle's worksheet and participants, Canvas' gradebook, the lists of Gradescope, GitHub Classroom and Google
# Classroom; in English, German, French, Spanish, Italian.
STUDENT: Final = ("student",)
NAME: Final = (
    *("full name", "name", "vollständiger name", "nom complet", "nombre completo", "nome completo", "student name"),
)
FIRST: Final = ("first name", "firstname", "given name", "vorname", "prénom", "nombre", "nome")
LAST: Final = (
    *("last name", "lastname", "surname", "family name", "nachname", "familienname", "nom", "nom de famille"),
    *("apellido", "apellidos", "apellido(s)", "cognome"),
)
IDS: Final = (
    *("id", "student_id", "student id", "sid", "id number", "idnumber", "sis user id", "matrikelnummer", "id-nummer"),
    *("numéro d'identification", "número de id", "codice identificativo", "identifier", "github_username", "username"),
    *("login", "sis login id", "login id", "anmeldename", "benutzername", "nom d'utilisateur", "nombre de usuario"),
)
EMAILS: Final = (
    *("email", "e-mail", "email address", "e-mail address", "mail", "e-mail-adresse", "adresse de courriel"),
    *("adresse e-mail", "dirección de correo", "correo electrónico", "indirizzo email"),
)
TIMES: Final = (
    *("last modified (submission)", "zuletzt geändert (abgabe)", "dernière modification (travail remis)"),
    *("última modificación (entrega)", "ultima modifica (consegna)", "submission_timestamp"),
)
CANVAS: Final = ("sis user id", "sis login id")
PARTICIPANT: Final = re.compile(r"[^\W\d_]{5,}\D*(\d+)")
"""How Moodle writes a student's number, in its language: `Participant 12`, `Teilnehmer/in12`."""
NOBODY: Final = re.compile(r"\s*(points possible|student, test|test student|manual posting)\s*", re.IGNORECASE)
"""Rows of Canvas' gradebook that are no student."""


@dataclass(frozen=True)
class Roster:
    """A class list: the students who should have handed in.

    Attributes:
        students: Their ids, in the file's order.
        emails: Student id → e-mail address, where the file has one.
        column: The column that names them.
        names: Student id → the name in its own spelling.
        marks: Student id → all numbers and logins of the row, in lower case.
        lines: Where each student's row begins in the file.
        system: The system whose own numbers the list has: `Moodle`, `Canvas`, or empty.
        times: Student id → when they handed in, where the file says it; see `records.Submission`.
        numbers: Student id → the number that downloads of `system` have.
    """

    students: tuple[str, ...]
    emails: Mapping[str, str]
    column: str
    names: Mapping[str, str]
    marks: Mapping[str, frozenset[str]]
    lines: tuple[int, ...] = ()
    system: str = ""
    times: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)

    def owner(self, student: str, given: Owner) -> Owner:
        """What is known of a student of the list, who handed in as `given`."""
        return Owner(self.names[student], given.id, given.email or self.emails.get(student, ""))

    def absent(self, student: str, system: str) -> Owner:
        """What is known of a student of the list who is in no download of a system."""
        return self.owner(student, Owner("", self.numbers.get(student, "") if system == self.system else ""))


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


class _Columns:
    """Where a table has what."""

    def __init__(self, header: Sequence[str]) -> None:
        self._header = [name.strip().casefold() for name in header]
        name = self._first(NAME)
        first, last = self._first(FIRST), self._first(LAST)
        self.student = self._first(STUDENT)
        self.names = [at for at in ([first, last] if None not in (first, last) else [name]) if at is not None]
        self.ids = [self._header.index(known) for known in IDS if known in self._header]
        self.email = self._first(EMAILS)
        self.time = self._first(TIMES)
        self.logins = [self.student] if self.student is not None and self.names else []
        self.of_canvas = {"id", "section"} <= {*self._header} and bool({*CANVAS} & {*self._header})

    def _first(self, known: Iterable[str]) -> int | None:
        return next((self._header.index(name) for name in known if name in self._header), None)

    def naming(self) -> list[list[int]]:
        """Groups of columns of which the first that is filled names the student."""
        if self.student is not None:
            return [[self.student]]
        groups = [self.names, *([at] for at in self.ids), [] if self.email is None else [self.email]]
        return [group for group in groups if group]


def read_roster(path: Path) -> Roster:
    """Read a class list: CSV with a header, separated by commas, semicolons or tabs.

    The student is named by the column `student`, else by the name, else by the first number or login, else by the
    e-mail address; see the tables of this module for what these are called.

    Raises:
        UsageError: It cannot be read as a class list, has no student, or has one twice.
    """
    rows = _rows(path)
    if not rows:
        raise UsageError(f"{path} is empty: expected a CSV with a column `student` and one row for each student.")
    header = rows[0][1]
    columns = _Columns(header)
    naming = columns.naming()
    if not naming:
        received = shortened([f"`{one_line(name, 30)}`" for name in header], 8)
        raise UsageError(f"{path} has no column `student`: its header is {received}. Rename the column with the ids.")
    found: list[tuple[str, str, frozenset[str], str]] = []
    lines: list[int] = []
    times: list[str] = []
    numbers: list[str] = []
    system = "Canvas" if columns.of_canvas else ""
    seen: dict[tuple[str, frozenset[str]], int] = {}
    for number, row in rows[1:]:
        cells = [cell.strip() for cell in row] + [""] * len(header)
        name = next((text for group in naming if (text := _joined(cells, group))), "")
        if NOBODY.fullmatch(name) or (not name and any(map(NOBODY.fullmatch, cells))):
            continue
        if not name:
            shown = header[naming[0][0]].strip()
            raise UsageError(f"{path}, line {number}: no student in column `{shown}`. Fill it or delete it.")
        texts = {cells[at].casefold() for at in (*columns.ids, *columns.logins) if cells[at]}
        participants = {match[1] for text in texts if (match := PARTICIPANT.fullmatch(text))}
        system = "Moodle" if participants else system
        marks = frozenset(texts | participants)
        key = same_student(student_id(name)), marks
        if key in seen:
            raise UsageError(
                f"{path}, line {number}: {student_id(name)} is there already, in line {seen[key]}. Delete one of them; "
                "if they are two people, give a list with a column `id` of their numbers."
            )
        seen[key] = number
        lines.append(number)
        numbers.append(next(iter(participants), cells[columns.ids[0]] if columns.of_canvas else ""))
        times.append("" if columns.time is None else iso_time(cells[columns.time]))
        email = cells[columns.email] if columns.email is not None and "@" in cells[columns.email] else ""
        found.append((name, _joined(cells, columns.names) or name, marks, email))
    if not found:
        raise UsageError(f"{path} has a header but no student. Add one row for each student.")
    having = Counter(mark for _, _, marks, _ in found for mark in marks)
    own = [
        min((mark for mark in marks if having[mark] == 1), default=" ".join(sorted(marks))) for *_, marks, _ in found
    ]
    students = distinct([(name, mark) for (name, *_), mark in zip(found, own, strict=True)])
    return Roster(
        tuple(students),
        {student: email for student, (*_, email) in zip(students, found, strict=True) if email},
        header[naming[0][0]].strip()[:30],
        {student: shown for student, (_, shown, _, _) in zip(students, found, strict=True)},
        {student: marks for student, (_, _, marks, _) in zip(students, found, strict=True)},
        tuple(lines),
        system,
        {student: time for student, time in zip(students, times, strict=True) if time},
        {student: number for student, number in zip(students, numbers, strict=True) if number},
    )


def _joined(cells: Sequence[str], columns: Iterable[int]) -> str:
    return " ".join(filter(None, (cells[at] for at in columns)))


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


def match(
    roster: Roster,
    students: Iterable[str],
    owners: Mapping[str, Owner] | None = None,
    numbered: Collection[str] = (),
) -> Match:
    """Find the students of submissions on a roster.

    By the number or login that a download has, by id, by id whatever its case, by e-mail address or the name in it, by
    the words of the name in any order, by its letters alone. A rule counts only where it is not ambiguous on either
    side; an ambiguous student stays `unknown`, and so does one whose number is that of a row and whose name is that of
    another one: the number may be of another system, and a name may be chosen.

    Args:
        roster: The class list.
        students: Those of the submissions.
        owners: Student → what the download says.
        numbered: Those whose number is of the system that made the list: they are found by that, or by e-mail address,
            and not by a name, which others may have.
    """
    known = owners or {}
    handed_in = [_of_owner(student, known.get(student)) for student in dict.fromkeys(students)]
    listed = [
        _Person(student, roster.marks.get(student, frozenset()), roster.emails.get(student, ""), roster.names[student])
        for student in roster.students
    ]
    names: dict[str, set[str]] = defaultdict(set)
    for row in listed:
        for key in row.names:
            names[key].add(row.student)

    def is_doubtful(person: _Person, row: _Person) -> bool:
        named = set().union(*(names[key] for key in person.names if key in names))
        return len(named) == 1 and row.student not in named and not {*_words(person.name)} & {*_words(row.name)}

    found: dict[str, str] = {}
    doubtful: set[str] = set()
    for rule in _RULES:
        by_number = rule in _RULES[:2]
        still_open = [
            person
            for person in handed_in
            if not {person.student} & {*found, *doubtful} and (by_number or person.student not in numbered)
        ]
        taken = set(found.values())
        by_key: dict[str, dict[str, _Person]] = defaultdict(dict)
        for row in listed:
            if row.student not in taken:
                for key in rule(row):
                    by_key[key][row.student] = row
        candidates = [
            (person, {student: row for key in rule(person) if key in by_key for student, row in by_key[key].items()})
            for person in still_open
        ]
        matches = Counter(student for _, rows in candidates for student in rows)
        for person, rows in candidates:
            if len(rows) == 1 and matches[only := next(iter(rows))] == 1:
                if rule is _RULES[0] and is_doubtful(person, rows[only]):
                    doubtful.add(person.student)
                else:
                    found[person.student] = only
    taken = set(found.values())
    return Match(
        found,
        tuple(student for student in roster.students if student not in taken),
        tuple(person.student for person in handed_in if person.student not in found),
    )


class _Person(NamedTuple):
    """Somebody who handed in, or is on a list."""

    student: str
    marks: frozenset[str]
    email: str
    name: str

    @property
    def names(self) -> set[str]:
        return {" ".join(_words(self.name)), *_letters(self.name)}


def _of_owner(student: str, owner: Owner | None) -> _Person:
    if owner is None:
        return _Person(student, frozenset(), "", student)
    marks = frozenset({owner.id.casefold()} if owner.id else ())
    return _Person(student, marks, owner.email, owner.name or student)


_RULES: Final[tuple[Callable[[_Person], Collection[str]], ...]] = (
    lambda person: person.marks,
    lambda person: [person.email.casefold()] if person.email else [],
    lambda person: [person.student],
    lambda person: [same_student(person.student)],
    lambda person: {same_student(text.partition("@")[0]) for text in (person.student, person.email or person.student)},
    lambda person: [" ".join(_words(person.name))],
    lambda person: _letters(person.name),
)
"""What two people have in common who are the same one; the first two are numbers and addresses."""


def _words(name: str) -> list[str]:
    return sorted(re.findall(r"\w+", unicodedata.normalize("NFC", name).casefold()))


def _letters(name: str) -> set[str]:
    """A name without what is between its words, as Canvas writes it: `lovelaceada`; in both orders."""
    first, _, last = unicodedata.normalize("NFC", name).casefold().partition("," if "," in name else " ")
    return {re.sub(r"[\W_]", "", text) for text in (first + last, last + first)}
