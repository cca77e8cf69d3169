"""Lists the submissions in a notebook, folder or zip, and reads them one by one; input is hostile. Trusted side.

    flat            ada.ipynb                                                ada
    by student      ada/…/anything.ipynb (nbgrader: ada/cnn2_mnist/…)        ada
    Canvas          lovelaceada_LATE_1234_56789_cnn2.ipynb                   lovelaceada
    Moodle          Ada Lovelace_1234_assignsubmission_file_/cnn2.ipynb      Ada Lovelace
    zips            any of these in a zip; a student's notebook in a zip of its own

The name of a notebook says nothing about the exercise. Every student who handed in something is listed: what cannot be
graded becomes a submission with a `problem`, and the others are graded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

from autograder.errors import IntakeError, UsageError
from autograder.grading.intake import notebook_reader, sources
from autograder.grading.intake.roster import distinct, student_id
from autograder.grading.intake.sources import Content, Found
from autograder.records import Cell, Submission
from autograder.wording import shortened

__all__ = ["MOODLE", "HandedIn", "Item", "collect", "read_notebook", "survey"]

MAX_STUDENTS: Final = 10_000
MAX_TOTAL: Final = 3 * sources.MAX_FILE
"""Bytes of all notebooks of one student."""

CANVAS: Final = re.compile(r"(?P<who>[^_]+?)(?:_LATE)?_(?P<user>\d+)_(?P<file>\d+)_.+", re.DOTALL)
MOODLE: Final = re.compile(r"(?P<who>.+)_(?P<user>\d+)_assignsubmission_(?:file|onlinetext)(?:_.*)?", re.DOTALL)

# Files beside the notebooks of a flat folder that are the instructor's. Every other file counts as handed in: a
# superfluous report is noticed, a missing student is not.
OWN: Final = re.compile(
    r"(readme|licen[cs]e|makefile|requirements|roster|grades)\b.*"
    r"|.*\.(csv|tsv|xlsx?|ods|md|json|ya?ml|toml|cfg|ini|log|npz|npy|h5|hdf5|keras|tmp|bak|sh|bat|lock)",
    re.IGNORECASE | re.DOTALL,
)
OF_SYSTEMS: Final = frozenset({"timestamp.txt"})
"""Files that a system put beside a notebook (nbgrader)."""
MAX_NAMED: Final = 3
MAX_OTHERS: Final = 40
OTHER_FORMAT: Final = re.compile(
    r".*\.(pdf|docx?|odt|rtf|pages|html?|py|r|rmd|png|jpe?g|heic|7z|rar|tar|t?gz|bz2|xz)", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Item:
    """What one student handed in, listed but not read.

    Attributes:
        student: See `records.Submission`; unique in the source, also if case is ignored.
        filename: A path of what was handed in, shown until the notebook is read.
        files: The student's notebooks and zips.
        others: Names of other files that came with them, of which no more than some are kept.
    """

    student: str
    filename: str
    files: tuple[Found, ...] = ()
    others: tuple[str, ...] = ()

    def open(self) -> HandedIn:
        """Read the files; what is in them is not looked at."""
        contents: list[Content] = []
        count = total = 0
        for content in chain.from_iterable(map(sources.contents, self.files[: sources.MAX_NOTEBOOKS + 1])):
            count += 1
            total += len(content.data)
            if total <= MAX_TOTAL and count <= sources.MAX_NOTEBOOKS:
                contents.append(content)
        return HandedIn(self.student, self.filename, tuple(contents), self.others, count)

    def read(self, questions: Collection[str] = ()) -> Submission:
        """The notebook that counts; see `HandedIn.read`."""
        return self.open().read(questions)


@dataclass(frozen=True)
class HandedIn:
    """What one student handed in, read but not parsed; hostile. It names no path of this machine.

    Attributes:
        student: See `Item`.
        filename: Likewise.
        contents: The notebooks.
        others: Likewise.
        count: How many notebooks there are; beyond some, they are not read.
    """

    student: str
    filename: str
    contents: tuple[Content, ...] = ()
    others: tuple[str, ...] = ()
    count: int = 0

    def read(self, questions: Collection[str] = ()) -> Submission:
        """Read the notebook; whatever is wrong with it becomes the submission's `problem`.

        Of several notebooks the one with the most answer cells is taken, then the one with the fewest gaps left in
        them, then the newest, then the first by name.

        Args:
            questions: The exercise's questions; if given, only their answer cells count.
        """
        best: Submission | None = None
        best_rank: tuple[int, int, int, tuple[int, ...]] = (-1, 0, 0, ())
        others = dict.fromkeys(self.others)
        for content in self.contents:
            others |= dict.fromkeys(content.others)
            submission = _submission(self.student, content)
            tags = notebook_reader.answers(submission.cells)
            found = len(tags.intersection(questions) if questions else tags)
            rank = (0 if submission.problem else 1, found, _filled(submission.cells), content.modified)
            if rank > best_rank:
                best, best_rank = submission, rank
        if best is None:
            return Submission(self.student, self.filename, problem=self._nothing())
        if self.count > 1:
            note = f"{self.count} notebooks were handed in: `{best.filename}` counts, with {best_rank[1]} answer cells."
            if self.count > len(self.contents):
                note += " Some were not read."
            best = replace(best, warnings=(f"{note} Hand in one.", *best.warnings))
        if others and not best.problem:
            note = f"Left out, because only the notebook is graded: {_named(list(others))}."
            best = replace(best, warnings=(*best.warnings, note), beside=tuple(others)[:MAX_OTHERS])
        return best

    def _nothing(self) -> str:
        if not self.others:
            return "No notebook was found: the folder is empty. Hand in the .ipynb file."
        received = _named(self.others)
        return f"No notebook was found: expected an .ipynb file, received {received}. Hand in the notebook itself."


def collect(source: Path) -> list[Item]:
    """The students of a notebook, folder or zip, by id, without reading their notebooks.

    Raises:
        UsageError: The source does not exist, cannot be opened, or holds nothing that was handed in.
    """
    return survey(source)[0]


def survey(source: Path) -> tuple[list[Item], list[str]]:
    """The same, and the names of files that were taken for the instructor's own.

    Raises:
        UsageError: See `collect`.
    """
    own: list[str] = []
    resolved = source.resolve()
    if resolved.is_dir() or (resolved.is_file() and _is_zip(resolved)):
        found = _unwrapped(sources.listing(resolved), resolved.stem)
        items = _items(found)
        own = [file.short for file in found if _is_own(file)]
    elif resolved.is_file():
        items = _items([Found((resolved.name,), str(resolved))])
    else:
        what = "is neither a file nor a folder" if resolved.exists() else "does not exist"
        raise UsageError(f"{source} {what}: expected a notebook, a folder or a zip.")
    if not items:
        raise UsageError(
            f"{source} holds no notebook: expected .ipynb files, one for each student, or folders or zips."
        )
    if len(items) > MAX_STUDENTS:
        raise UsageError(f"{source} holds {len(items):,} submissions; at most {MAX_STUDENTS:,} are graded in one run.")
    return items, own


def read_notebook(path: Path, student: str | None = None) -> Submission:
    """One notebook file as a submission; whatever is wrong with it becomes its `problem`.

    Args:
        path: The file, whatever its name.
        student: Who handed it in; by default taken from the file's name.
    """
    (item,) = _items([Found((path.name,), str(path.resolve()))])
    return (item if student is None else replace(item, student=student_id(student))).read()


def _is_zip(path: Path) -> bool:
    if sources.is_zip(path.name):
        return True
    try:
        with path.open("rb") as raw:
            return raw.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error


def _items(found: list[Found]) -> list[Item]:
    """One item for each student. Files, folders and zips of one name are one student's."""
    canvas = _canvas_names(found)
    groups: dict[tuple[str, str], list[Found]] = {}
    for file in found:
        if _is_own(file):
            continue
        groups.setdefault(_who(_stem(file), canvas), []).append(file)
    students = distinct(list(groups))
    items = [_item(student, files) for student, files in zip(students, groups.values(), strict=True)]
    return sorted(items, key=lambda item: item.student)


def _item(student: str, found: list[Found]) -> Item:
    files = [file for file in found if not file.folder or file.problem]
    handed_in = [file for file in files if _may_be_read(file)]
    if not handed_in:
        # Any ending: a flat file may be a notebook with another ending, and a problem must be reported.
        handed_in = [
            file for file in files if file.problem or (_is_flat(file) and not OTHER_FORMAT.fullmatch(file.parts[0]))
        ]
    handed_in.sort(key=lambda file: file.modified, reverse=True)
    others = tuple(file.short for file in files if file not in handed_in and file.parts[-1] not in OF_SYSTEMS)
    return Item(student, (handed_in or files or found)[0].name, tuple(handed_in), others[:MAX_OTHERS])


def _named(names: Sequence[str]) -> str:
    return shortened([f"`{name}`" for name in names], MAX_NAMED)


def _unwrapped(found: list[Found], stem: str) -> list[Found]:
    """The files without a single top folder around the class, such as `submissions/` or one named like the zip."""
    class_files = [file for file in found if not _is_flat(file) or not (file.problem or OWN.fullmatch(file.parts[0]))]
    tops = {file.parts[0] for file in class_files}
    if len(tops) != 1 or any(_is_flat(file) for file in class_files):
        return found
    (top,) = tops
    inside = [file for file in class_files if len(file.parts) > 1]
    folders = {file.parts[1] for file in inside if file.folder or len(file.parts) > 2}
    readable = [replace(file, parts=file.parts[1:]) for file in inside if _may_be_read(file) and not file.folder]
    owners = {_stem(file) for file in readable}
    # One student's folder holds one notebook with its data, or one folder; a class holds more.
    a_class = len(owners) > 1 or (len(folders) > 1 and not any(_is_flat(file) for file in readable))
    if MOODLE.fullmatch(top) or not (top == stem or a_class):
        return found
    unreadable = [file for file in found if _is_flat(file) and file.problem]
    return [*unreadable, *(replace(file, parts=file.parts[1:]) for file in inside)]


def _is_own(file: Found) -> bool:
    return _is_flat(file) and bool(OWN.fullmatch(file.parts[0])) and not _may_be_read(file)


def _is_flat(file: Found) -> bool:
    return len(file.parts) == 1 and not file.folder


def _may_be_read(file: Found) -> bool:
    return sources.is_notebook(file.parts[-1]) or sources.is_zip(file.parts[-1])


def _stem(file: Found) -> str:
    """The part of a file's or top folder's name that names the student: without its ending."""
    name = file.parts[0]
    if not _is_flat(file):
        return name
    return re.sub(r"(\.ipynb(\.txt|\.json)?|\.tar\.\w{2,3}|\.\w{1,5})$", "", name, flags=re.IGNORECASE) or name


def _canvas_names(found: list[Found]) -> frozenset[str]:
    """The top-level names that follow Canvas's pattern.

    Other names contain numbers, too (`cnn2_2024_11_ada`). But Canvas never gives two files the same number, and most
    students hand in one notebook.
    """
    matches = {stem: match for file in found if (match := CANVAS.fullmatch(stem := _stem(file)))}
    notebooks_of = {stem: match.group("who", "user") for stem, match in matches.items()}
    readable = {_stem(file) for file in found if _may_be_read(file) and _stem(file) in matches}
    numbers = {match["file"] for match in matches.values()}
    students = {notebooks_of[stem] for stem in readable}
    return frozenset(matches if len(numbers) == len(matches) and 2 * len(students) >= len(readable) else ())


def _who(stem: str, canvas: frozenset[str]) -> tuple[str, str]:
    """A student's name, and what distinguishes the student from others of that name."""
    match = MOODLE.fullmatch(stem) or (CANVAS.fullmatch(stem) if stem in canvas else None)
    return (match["who"], match["user"]) if match else (stem, stem)


def _filled(cells: Iterable[Cell]) -> int:
    """How many answer cells have no gap left."""
    return sum(bool(cell.answers) and "..." not in cell.source for cell in cells)


def _submission(student: str, content: Content) -> Submission:
    """The submission in one file's bytes."""
    if content.problem:
        return Submission(student, content.name, problem=content.problem)
    digest = f"sha256:{hashlib.sha256(content.data).hexdigest()}"
    try:
        notebook = notebook_reader.parse(content.data)
    except IntakeError as error:
        return Submission(student, content.name, digest, problem=str(error))
    except Exception as error:  # noqa: BLE001 - a bug in the grader must not stop the class; the student reads of it
        reason = f"The grader failed to read this notebook ({type(error).__name__}). Show this to your instructor."
        return Submission(student, content.name, digest, problem=reason)
    return Submission(student, content.name, digest, notebook.cells, warnings=notebook.warnings)
