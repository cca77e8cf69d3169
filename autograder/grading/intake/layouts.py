"""How learning management systems name what students hand in: one table; every name is hostile. Trusted side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from autograder.errors import UsageError
from autograder.grading.intake import sources
from autograder.grading.intake.download_people import Details, Owner, details_of, time_in
from autograder.grading.intake.sources import Found
from autograder.grading.intake.times import iso_time
from autograder.wording import one_line

__all__ = [
    "LAYOUTS",
    "Layout",
    "Owned",
    "Recognised",
    "by_pattern",
    "copy_number",
    "recognised",
    "recognised_folder",
    "without_copy_marks",
]


@dataclass(frozen=True)
class Layout:
    """One way in which a system names files.

    Attributes:
        system: Its name.
        pattern: Of a file's path in the download, without leading folders; a folder's path ends with `/`. Named parts:
            `name` (or `last` and `first`) and `id` say whose it is; `time` or `attempt` order the attempts of one
            student; `assignment` is the exercise's name, `file` the name that the student gave the file.
        origin: Where the layout is from, for the docs; `untested` where nobody has seen it work.
        details: The file of the download that says who is who, by `id`; without it, the download is another system's.
        unique: A part that no two files share. Where it is given, the pattern alone shows nothing: most notebooks must
            follow it, and most students have one; another notebook may have come by mail.
        skipped: Whether such files were not handed in.
        stamps: Pattern of the files that hold the time of an upload, which the system wrote.
    """

    system: str
    pattern: str
    origin: str
    details: str = ""
    unique: str = ""
    skipped: bool = False
    stamps: str = ""


_MOODLE = r"(?P<name>[^/]+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)"
LAYOUTS: Final = (
    Layout("Moodle", _MOODLE + r"_?/.*", "Moodle's source, mod/assign"),
    Layout("Moodle", _MOODLE + r"_(?P<file>[^/]+)", "Moodle's source, mod/assign: without folders"),
    Layout(
        "Gradescope",
        r"submission_(?P<id>\d+)/.*",
        "third-party readers of its export",
        details=r"submission_metadata\.yml",
    ),
    Layout(
        "Blackboard",
        r"(?P<assignment>[^/]+?)_(?P<id>[^_/]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})_(?P<file>[^/]+)",
        "samples made by its rules",
        details=r"[^/]+_attempt_\d{4}(?:-\d\d){5}\.txt",
    ),
    Layout(
        "ILIAS",
        r"(?P<last>[^/]+)_(?P<first>[^_/]+)_(?P<id>[^_/]+)_\d+/(?P<time>\d{14})_(?P<file>[^/]+)",
        "samples made by its rules",
    ),
    Layout(
        "Brightspace",
        r"(?P<id>\d+)-\d+ - (?P<name>[^/]+?) - (?P<time>[A-Z][a-z]{2} \d{1,2}, \d{4} \d{3,4} [AP]M)/.*",
        "samples made by its rules",
    ),
    Layout(
        "OpenOlat",
        r"(?P<last>[^_/]+)_(?P<first>[^_/]+)_(?P<id>[^_/]+)/\d_submissions?/.*",
        "untested",
    ),
    Layout(
        "Teams", r"Submitted files/(?P<name>[^/]+)/(?P<assignment>[^/]+)/(?:Version (?P<attempt>\d+)/)?.*", "untested"
    ),
    Layout("Teams", r"Working files/.*", "untested", skipped=True),
    Layout(
        "GitHub Classroom",
        r"(?P<assignment>[^/]+)-submissions/(?P=assignment)-(?P<id>[^/]+)/.*",
        "samples made by its rules",
    ),
    Layout(
        "nbgrader",
        r"submitted/(?P<id>[^/]+)/(?P<assignment>[^/]+)/.*",
        "nbgrader's documentation",
        stamps=r"submitted/[^/]+/[^/]+/timestamp\.txt",
    ),
    Layout(
        "Canvas",
        r"(?P<name>[^_/]+?)(?:_LATE)?_(?P<id>\d+)_(?P<attempt>\d+)_(?P<file>[^/]+)(?:/.*)?",
        "Canvas' source, lib/content_zipper.rb",
        unique="attempt",
    ),
    Layout("Google Classroom", r"(?P<name>[^/]+?) - (?P<assignment>[^/]+)\.ipynb", "untested", unique="name"),
)

MOST_FOLLOW: Final = 2 / 3
"""Of the notebooks, where a pattern could be met by chance."""
_MOST: Final = 1_000
"""Characters of a path that a system makes; in a longer one, patterns could search for long."""
_ABOVE: Final = r"(?P<above>(?:.*?/)??)"
"""Leading folders, as few as can be: what a student named must not be taken for another one's folder."""
_COPIES: Final = re.compile(
    r"^(?:copy of|kopie von|copie de|copia de)\s+|(?:\s*\((?P<number>\d{1,3})\)|\s+-\s+(?:copy|kopie)|-copy\d*)$",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"(?:\((\d{1,3})\)|-copy(\d{1,3}))$", re.IGNORECASE)


@dataclass(frozen=True)
class Owned:
    """A file and whose it is."""

    file: Found
    owner: Owner


@dataclass(frozen=True)
class Recognised:
    """A download of a known system.

    Attributes:
        owned: Files of students.
        others: Files that follow none of the system's patterns.
    """

    system: str
    owned: list[Owned] = field(default_factory=list)
    others: list[Found] = field(default_factory=list)


def recognised(found: Sequence[Found]) -> Recognised | None:
    """The download of the first system in the table whose names these are; None where they are nobody's."""
    for system in dict.fromkeys(layout.system for layout in LAYOUTS):
        rows = [layout for layout in LAYOUTS if layout.system == system]
        matches = [(file, *_first_match(file, rows)) for file in found]
        matched = [(file, match, row) for file, match, row in matches if match is not None and row is not None]
        # A student's folder may hold folders that are named as another student's; all of the system's are on one level.
        level = min((match["above"].count("/") for _, match, _ in matched), default=0)
        matched = [each for each in matched if each[1]["above"].count("/") == level]
        inside = {id(file) for file, match, _ in matches if match is not None}
        details = [
            file for file in found if rows[0].details and id(file) not in inside and _matches(file, rows[0].details)
        ]
        if not any(sources.may_be_read(file) and not row.skipped for file, _, row in matched):
            continue
        if rows[0].details and not details:
            continue
        if rows[0].unique and not _shown_by_most(found, matched, rows[0].unique):
            continue
        known = details_of(system, details)
        for file, match, row in matched:
            stamp = _matches(file, row.stamps) if row.stamps and not file.folder else None
            if stamp is not None and stamp["above"] == match["above"]:  # else it is in a folder that a student named
                known[f"{match['id']}/{match['assignment']}"] = Details(handed_in=time_in(file))
        owned = [each for file, match, row in matched if not row.skipped for each in _owned(file, match, known)]
        taken = {id(file) for file, _, _ in matched} | {id(file) for file in details}
        return Recognised(system, owned, [file for file in found if id(file) not in taken])
    return None


def by_pattern(found: Iterable[Found], pattern: str) -> list[Owned]:
    """The files of students by a pattern of the user's own, with the parts of `Layout.pattern`.

    Raises:
        UsageError: It is no pattern, names neither `name` nor `id`, or a notebook does not follow it.
    """
    try:
        row = Layout("yours", pattern, "")
        parts = re.compile(_ABOVE + pattern).groupindex
    except re.error as error:
        raise UsageError(f"--students {one_line(pattern, 80)}: this is no regular expression ({error}).") from error
    if not parts.keys() & {"name", "id", "last"}:
        raise UsageError(
            f"--students {one_line(pattern, 80)}: give `folder`, `file`, or a pattern with (?P<name>…) or (?P<id>…)."
        )
    owned: list[Owned] = []
    for file in found:
        match, _ = _first_match(file, [row])
        if match is not None:
            owned += _owned(file, match, {})
        elif sources.may_be_read(file):
            raise UsageError(
                f"--students: `{file.name}` does not follow the pattern. Change it, or move the file away."
            )
    return owned


def recognised_folder(system: str, path: str) -> str:
    """The student's folder or file in a path that follows a system's pattern; empty where it follows none."""
    parts = path.split("/") if len(path) <= _MOST else []
    patterns = [row.pattern for row in LAYOUTS if row.system == system]
    for at, part in enumerate(parts):  # the outermost is the system's: what is in a student's zip, the student named
        below = "/".join(parts[at:])
        if any(re.fullmatch(pattern, name, re.DOTALL) for pattern in patterns for name in (below, part)):
            return part
    return ""


def without_copy_marks(stem: str) -> str:
    """A file's name without what a browser, a file manager or a drive adds to that of a copy."""
    return (_COPIES.sub("", stem).strip() or stem) if len(stem) <= _MOST else stem


def copy_number(stem: str) -> int:
    """The number of a copy in a file's name: `x (2)` and `x-Copy2` are later than `x`."""
    found = _NUMBER.search(stem)
    return int(found[1] or found[2]) if found else 0


def _first_match(file: Found, rows: Iterable[Layout]) -> tuple[re.Match[str] | None, Layout | None]:
    for row in rows:
        if match := _matches(file, row.pattern):
            return match, row
    return None, None


def _matches(file: Found, pattern: str) -> re.Match[str] | None:
    path = "/".join(file.parts) + ("/" if file.folder else "")
    return re.fullmatch(_ABOVE + pattern, path, re.DOTALL) if len(path) <= _MOST else None


def _shown_by_most(found: Sequence[Found], matched: Sequence[tuple[Found, re.Match[str], Layout]], unique: str) -> bool:
    """Whether most notebooks follow a pattern, a part is another one in each, and most students have one."""
    readable = [match for file, match, _ in matched if sources.may_be_read(file)]
    if len(readable) < MOST_FOLLOW * sum(map(sources.may_be_read, found)):
        return False
    uploads = {match[0].removeprefix(match["above"]).partition("/")[0].partition(".")[0] for match in readable}
    values = {match[unique] for match in readable}
    students = {(match["name"], match.groupdict().get("id")) for match in readable}
    return len(values) == len(uploads) and 2 * len(students) >= len(readable)


def _owned(file: Found, match: re.Match[str], known: Mapping[str, Details]) -> Iterator[Owned]:
    """The file, for each of the people whose it is.

    Args:
        file: The file.
        match: Of its path.
        known: What files of the download say, by `id`, or by that and the assignment.
    """
    parts = {key: value or "" for key, value in match.groupdict().items()}
    name = parts.get("name") or " ".join(filter(None, (parts.get("first"), parts.get("last", "").replace("_", " "))))
    identifier = parts.get("id", "")
    attempt = parts.get("attempt", "")
    stem = re.sub(r"\.[^.]*$", "", file.parts[-1])
    time, assignment = parts.get("time", ""), parts.get("assignment", "")
    said = iso_time(time)
    order = (_number(said or time), int(attempt) if attempt.isdecimal() else 0, copy_number(stem))
    details = known.get(identifier) or known.get(f"{identifier}/{assignment}") or Details()
    original = parts.get("file", "") if file.parts[-1].endswith(parts.get("file", "")) else ""
    ordered = replace(file, order=order, assignment=assignment, handed_in=said or details.handed_in, original=original)
    for owner in details.owners or (Owner(name or identifier, identifier),):
        yield Owned(ordered, owner)


def _number(time: str) -> int:
    """A number that grows with a time."""
    return int(re.sub(r"\D", "", time)[:20] or 0)
