"""Lists the submissions in a notebook, folder or zip, and reads them one by one; input is hostile. Trusted side.

Whose a file is, says a row of `layouts.LAYOUTS`, a pattern of the user's, or else the file's own name:

    flat            ada.ipynb, ada (1).ipynb                                 ada
    by student      ada/…/anything.ipynb                                     ada
    by group        group A/ada.ipynb, group A/bob.ipynb                     ada, bob
    zips            any of these in a zip; a student's notebook in a zip of its own

The name of a notebook says nothing about the exercise. Every student who handed in something is listed: what cannot be
graded becomes a submission with a `problem`, and the others are graded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from autograder.errors import IntakeError, UsageError
from autograder.grading.intake import notebook_reader, sources
from autograder.grading.intake.companions import Companion, beside_notebook, companions
from autograder.grading.intake.download_people import Owner
from autograder.grading.intake.layouts import Owned, by_pattern, recognised
from autograder.grading.intake.plain_folders import is_flat, is_own, plain_owned, unwrapped
from autograder.grading.intake.sources import Content, Found, Order, may_be_read
from autograder.grading.intake.student_ids import distinct, student_id
from autograder.language import gettext as _
from autograder.records import Cell, Submission, SubmittedFile, to_json
from autograder.wording import shortened

__all__ = ["NOBODY", "HandedIn", "Item", "Survey", "collect", "read_notebook", "survey"]

MAX_STUDENTS: Final = 10_000
MAX_TOTAL: Final = 3 * sources.MAX_FILE
"""Bytes of all notebooks of one student."""

MAX_NAMED: Final = 3
OTHER_FORMAT: Final = re.compile(
    r".*\.(pdf|docx?|odt|rtf|pages|html?|py|r|rmd|png|jpe?g|heic|7z|rar|tar|t?gz|bz2|xz)", re.IGNORECASE | re.DOTALL
)

NOBODY: Final = Owner("")

_Rank = tuple[bool, bool, Order, int, int, tuple[int, ...]]


@dataclass(frozen=True)
class Item:
    """What one student handed in, listed but not read.

    Attributes:
        student: See `records.Submission`; unique in the source, also if case is ignored.
        owner: The name as it was given, and what else the download says.
        certain: Whether the download, or whoever called, says that all of it is one person's.
        filename: A path of what was handed in, shown until the notebook is read.
        files: The student's notebooks and zips.
        others: Other files that came with them.
    """

    student: str
    filename: str
    files: tuple[Found, ...] = ()
    others: tuple[Found, ...] = ()
    owner: Owner = NOBODY
    certain: bool = False

    def open(self) -> HandedIn:
        """Read the files; what is in them is not looked at."""
        contents: list[Content] = []
        count = total = 0
        for content in chain.from_iterable(map(sources.contents, self.files[: sources.MAX_NOTEBOOKS + 1])):
            count += 1
            total += len(content.data)
            if total <= MAX_TOTAL and count <= sources.MAX_NOTEBOOKS:
                contents.append(content)
        zips = [file for file in self.files if sources.is_zip(file.parts[-1])]
        beside = tuple(companions([*zips, *self.others]))
        return HandedIn(self.student, self.filename, tuple(contents), beside, count)

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
        others: Other files.
        count: How many notebooks there are; beyond some, they are not read.
    """

    student: str
    filename: str
    contents: tuple[Content, ...] = ()
    others: tuple[Companion, ...] = ()
    count: int = 0

    def read(self, questions: Collection[str] = ()) -> Submission:
        """Read the notebook; whatever is wrong with it becomes the submission's `problem`.

        Of several notebooks with answer cells that of the last attempt is taken, then the one with the most of these
        cells, then the one with the fewest gaps left in them, then the newest, then the first by name.

        Args:
            questions: The exercise's questions; if given, only their answer cells count.
        """
        best: tuple[Submission, Content] | None = None
        best_rank: _Rank = (False, False, (0, 0, 0), 0, 0, ())
        for content in self.contents:
            submission = replace(_submission(self.student, content), handed_in=content.handed_in)
            tags = notebook_reader.answers(submission.cells)
            found = len(tags.intersection(questions) if questions else tags)
            filled = _filled(submission.cells)
            rank = (not submission.problem, found > 0, content.order, found, filled, content.modified)
            if best is None or rank > best_rank:
                best, best_rank = (submission, content), rank
        if best is None:
            files = beside_notebook(self.others, min((each.parts[:-1] for each in self.others), key=len, default=()))
            nothing = Submission(self.student, self.filename, problem=self._nothing(files), files=files)
            return replace(nothing, digest=_digest(nothing.digest, files))
        chosen, content = best
        files = beside_notebook(self.others, content.folder)
        notes = (*self._passed_over(content, best_rank[3]), *chosen.warnings)
        return replace(chosen, warnings=notes, files=files, digest=_digest(chosen.digest, files))

    def attempts(self, notebook: str) -> int:
        """How often the student handed in: at what times, or under what numbers.

        Args:
            notebook: The name of the one that counts; those of another exercise are not counted with it.
        """
        best = next((content for content in self.contents if content.name == notebook), None)
        same = [each for each in self.contents if best is None or each.assignment == best.assignment]
        return len({each.order for each in same})

    def _passed_over(self, best: Content, answers: int) -> Iterator[str]:
        """What to say of the notebooks that do not count."""
        same = [content for content in self.contents if content.assignment == best.assignment]
        attempts = {content.order for content in same}
        last = [content for content in same if content.order == best.order]
        unread = _(" Some were not read.") if self.count > len(self.contents) else ""
        if len(attempts) > 1:
            said = _("{count} attempts were handed in: the last one that can be graded, `{name}` counts.{unread}")
            if best.order == max(attempts):
                said = _("{count} attempts were handed in: the last one, `{name}` counts.{unread}")
            yield said.format(count=len(attempts), name=best.name, unread=unread)
        if len(last) > 1 or (unread and len(attempts) == 1):
            count = len(last) if len(attempts) > 1 or len(same) < len(self.contents) else self.count
            said = _(
                "{count} notebooks were handed in: `{name}` counts, with {answers} answer cells.{unread} Hand in one."
            )
            if len(attempts) > 1:
                said = _(
                    "{count} notebooks were in it: `{name}` counts, with {answers} answer cells.{unread} Hand in one."
                )
            yield said.format(count=count, name=best.name, answers=answers, unread=unread)

    def _nothing(self, files: Sequence[SubmittedFile]) -> str:
        if not files:
            return _("No notebook was found: the folder is empty. Hand in the .ipynb file.")
        received = shortened([f"`{file.name}`" for file in files], MAX_NAMED)
        return _(
            "No notebook was found: expected an .ipynb file, received {received}. Hand in the notebook itself."
        ).format(received=received)


class Survey(NamedTuple):
    """What is in a source.

    Attributes:
        items: One for each student.
        own: Names of files that were taken for the instructor's own, or the system's.
        system: The system that the download is from; empty where nothing says that.
    """

    items: list[Item]
    own: list[str]
    system: str = ""


def collect(source: Path) -> list[Item]:
    """The students of a notebook, folder or zip, by id, without reading their notebooks.

    Raises:
        UsageError: The source does not exist, cannot be opened, or holds nothing that was handed in.
    """
    return survey(source).items


def survey(source: Path, students: str = "") -> Survey:
    """The same, and what else is to say.

    Args:
        source: The notebook, folder or zip.
        students: How to find out whose a notebook is: `folder`, `file`, or a pattern; see `layouts.by_pattern`.

    Raises:
        UsageError: See `collect`; also where `students` fits none of the notebooks.
    """
    system, own = "", []
    resolved = source.resolve()
    if resolved.is_dir() or (resolved.is_file() and _is_zip(resolved)):
        found = sources.listing(resolved)
        known = None if students else recognised(found)
        if known is not None:
            system, owned, rest = known.system, known.owned, known.others
            own = [file.short for file in rest if not file.folder and not may_be_read(file)]
            owned = [*owned, *plain_owned([file for file in rest if may_be_read(file)])]
        elif students in ("", "folder", "file"):
            found = unwrapped(found, resolved.stem)
            own = [file.short for file in found if is_own(file)]
            owned = plain_owned([file for file in found if not is_own(file)], students)
        else:
            owned = by_pattern(found, students)
        items = _items(owned, certain=bool(students))
    elif resolved.is_file():
        items = _items(plain_owned([Found((resolved.name,), str(resolved))]))
    else:
        what = "is neither a file nor a folder" if resolved.exists() else "does not exist"
        raise UsageError(f"{source} {what}: expected a notebook, a folder or a zip.")
    if not items:
        raise UsageError(
            f"{source} holds no notebook: expected .ipynb files, one for each student, or folders or zips."
        )
    if len(items) > MAX_STUDENTS:
        raise UsageError(f"{source} holds {len(items):,} submissions; at most {MAX_STUDENTS:,} are graded in one run.")
    return Survey(items, own, system)


def read_notebook(path: Path, student: str | None = None) -> Submission:
    """One notebook file as a submission; whatever is wrong with it becomes its `problem`.

    Args:
        path: The file, whatever its name.
        student: Who handed it in; by default taken from the file's name.
    """
    (item,) = _items(plain_owned([Found((path.name,), str(path.resolve()))]))
    return (item if student is None else replace(item, student=student_id(student))).read()


def _is_zip(path: Path) -> bool:
    if sources.is_zip(path.name):
        return True
    try:
        with path.open("rb") as raw:
            return raw.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error


def _items(owned: Iterable[Owned], *, certain: bool = False) -> list[Item]:
    """One item for each student."""
    groups: dict[str, list[Owned]] = {}
    for each in owned:
        groups.setdefault(each.owner.id or each.owner.name, []).append(each)
    names = [(_best_name(key, group), key) for key, group in groups.items()]
    items = [
        _item(student, group, certain=certain or bool(group[0].owner.id))
        for student, group in zip(distinct(names), groups.values(), strict=True)
    ]
    return sorted(items, key=lambda item: item.student)


def _best_name(key: str, group: Sequence[Owned]) -> str:
    """A student's name: not every file of a download says it."""
    return next((each.owner.name for each in group if each.owner.name != key), key)


def _item(student: str, owned: Sequence[Owned], *, certain: bool) -> Item:
    found = [each.file for each in owned]
    files = [file for file in found if not file.folder or file.problem]
    handed_in = [file for file in files if may_be_read(file)]
    if not handed_in:
        # Any ending: a flat file may be a notebook with another ending, and a problem must be reported.
        handed_in = [
            file for file in files if file.problem or (is_flat(file) and not OTHER_FORMAT.fullmatch(file.parts[0]))
        ]
    handed_in.sort(key=lambda file: (file.order, file.modified), reverse=True)
    others = tuple(file for file in files if file not in handed_in)
    owner = next((each.owner for each in owned if each.owner.name != each.owner.id), owned[0].owner)
    first = (handed_in or files or found)[0].name
    return Item(student, first, tuple(handed_in), others, owner, certain)


def _digest(notebook: str, files: Sequence[SubmittedFile]) -> str:
    """The digest of all that was handed in; with a notebook alone, the notebook's own."""
    if not files:
        return notebook
    parts = [[file.name, file.left_out, hashlib.sha256(file.content).hexdigest()] for file in files]
    return f"sha256:{hashlib.sha256(to_json([notebook, parts])).hexdigest()}"


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
        reason = _("The grader failed to read this notebook ({kind}). Show this to your instructor.").format(
            kind=type(error).__name__
        )
        return Submission(student, content.name, digest, problem=reason)
    return Submission(student, content.name, digest, notebook.cells, warnings=notebook.warnings)
