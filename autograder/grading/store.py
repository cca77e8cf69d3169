"""The output folder: grades and pages as they come, and a report that replaces an older one only when it is complete.

    OUT/grades.json             all grades; one line each, so that they can be read one at a time
    OUT/grades.csv              the same as a table
    OUT/index.html              the class
    OUT/feedback/<student>.html one page each
    OUT/.partial/               a run that is not finished: run.json, grades/<student>.json, feedback/<student>.html

Grades are personal data: the folders made here are open to their owner only (0700), and so are the files (0600).
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import msgspec

from autograder import __version__
from autograder.errors import AutograderError, UsageError
from autograder.grading.roster import student_id
from autograder.records import Execution, ExecutionStatus, Grade, to_json

__all__ = ["ExecutionSummary", "GradeEntry", "Store", "entry", "load_grades"]

SCHEMA: Final = 1


@dataclass(frozen=True)
class ExecutionSummary:
    """What `grades.json` keeps of a run.

    Attributes:
        cells: Number of code cells.
        phases: Where the time went, in seconds.
    """

    status: ExecutionStatus = "refused"
    wall_seconds: float = 0.0
    cells: int = 0
    message: str = ""
    phases: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class GradeEntry(Grade):
    """A grade as it is stored: with what is kept of the run behind it."""

    execution: ExecutionSummary = field(default_factory=ExecutionSummary)


@dataclass(frozen=True)
class _Run:
    """Which run a `.partial` folder belongs to; only the very same one goes on where it stopped."""

    schema: int
    assignment: str
    bundle: str
    version: str


def entry(grade: Grade, execution: Execution) -> GradeEntry:
    """A grade and the run behind it as they are stored."""
    summary = ExecutionSummary(
        execution.status,
        round(execution.wall_seconds, 2),
        sum(cell.kind == "code" for cell in execution.cells),
        execution.message,
        {phase: round(seconds, 3) for phase, seconds in execution.phases.items()},
    )
    return GradeEntry(**{each.name: getattr(grade, each.name) for each in fields(Grade)}, execution=summary)


class Store:
    """An output folder that one run writes.

    Use it in a `with`. Left before `finish`, the folder keeps what an earlier run had reported, and what this run did
    so far is there for the next one.
    """

    def __init__(self, out: Path, assignment: str, bundle: str) -> None:
        """Open the folder and make it if need be.

        Args:
            out: The folder.
            assignment: Slug of the exercise.
            bundle: Digest of its bundle; results of another bundle are not gone on with.

        Raises:
            UsageError: It is a file, holds something that is not ours, or another run is writing there.
        """
        self.out = out.resolve()
        self.assignment = assignment
        self._partial = self.out / ".partial"
        self._grades = self._partial / "grades"
        self._pages = self._partial / "feedback"
        self._run = _Run(SCHEMA, assignment, bundle, __version__)
        self._kept: set[str] = set()
        try:
            self._check()
            self.out.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._partial.mkdir(mode=0o700, exist_ok=True)
            self._lock = os.open(self._partial / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error.strerror}. Choose another folder with -o.") from error
        try:
            self._claim()
        except OSError as error:
            os.close(self._lock)
            if isinstance(error, BlockingIOError):
                raise UsageError(f"{out} is being written by another run. Wait for it, or choose another -o.") from None
            raise UsageError(f"{out} cannot be written: {error.strerror}. Choose another folder with -o.") from error

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._lock)

    def resumable(self) -> dict[str, str]:
        """Student → digest of the submissions that an interrupted run of the same exercise has graded already."""
        found = {}
        for file in self._grades.glob("*.json"):
            try:
                stored = _decoded(file.read_bytes())
            except (msgspec.MsgspecError, ValueError):
                continue  # cut off by a power failure: graded again
            if stored.status != "rejected" and stored.student == file.stem:
                found[stored.student] = stored.digest
        return found

    def keep(self, student: str) -> None:
        """Take a student's result from the interrupted run; call it only for one that `resumable` names."""
        self._kept.add(student)

    def add(self, grade: Grade, execution: Execution, page: str) -> None:
        """Write one student's grade and feedback page.

        Raises:
            ValueError: The student's id was not made by intake, or was added already.
            AutograderError: It cannot be written.
        """
        student = grade.student
        if not student or student != student_id(student):
            raise ValueError(f"not a student id: {student!r}")
        if student in self._kept:
            raise ValueError(f"graded already: {student!r}")
        # The page first: where there is a grade, there is a page.
        _write(self._pages / f"{student}.html", [page.encode("utf-8", "replace")])
        _write(self._grades / f"{student}.json", [_encoded(entry(grade, execution))])
        self._kept.add(student)

    def entries(self) -> Iterator[GradeEntry]:
        """The grades of this run so far, sorted by student, one in memory at a time."""
        for student in sorted(self._kept):
            yield _decoded((self._grades / f"{student}.json").read_bytes())

    def finish(self, csv: Iterable[str], index: str) -> None:
        """Put the report in place of an earlier one: pages first, `grades.json` last.

        Args:
            csv: Text of `grades.csv`, in pieces, with its line ends.
            index: The class page.

        Raises:
            AutograderError: It cannot be written. Nothing is lost; the same run goes on from here.
        """
        self._staged("grades.csv", (text.encode("utf-8", "replace") for text in csv))
        self._staged("index.html", [index.encode("utf-8", "replace")])
        self._staged("grades.json", self._lines())
        try:
            feedback = self.out / "feedback"
            feedback.mkdir(mode=0o700, exist_ok=True)
            for student in sorted(self._kept):
                page = self._pages / f"{student}.html"
                if page.exists():  # else it is in its place: the run was interrupted right here
                    page.replace(feedback / page.name)
            for student in self._earlier() - self._kept:
                (feedback / f"{student}.html").unlink(missing_ok=True)
            for name in ("grades.csv", "index.html", "grades.json"):
                (self._partial / name).replace(self.out / name)
            shutil.rmtree(self._partial)
        except OSError as error:
            raise AutograderError(f"{error.filename}: cannot be written: {error.strerror}. Run it again.") from error

    def _check(self) -> None:
        """Refuse a folder in which something could be lost."""
        if not self.out.exists():
            return
        if not self.out.is_dir():
            raise UsageError(f"{self.out} is a file: expected a folder. Choose another with -o.")
        for name in ("feedback", ".partial"):
            path = self.out / name
            if path.is_symlink() or (path.exists() and not path.is_dir()):
                raise UsageError(f"{path} is not a folder of its own. Choose another output folder with -o.")
        run = self._interrupted()
        written = [slug for slug in (_assignment_of(self.out), run.assignment if run else None) if slug is not None]
        if not written and any(path.name not in (".partial", "lock") for path in self._everything()):
            raise UsageError(f"{self.out} is not empty and holds no grades. Choose another folder with -o.")
        for slug in written:
            if slug != self.assignment:
                raise UsageError(f"{self.out} holds grades of {slug}. Choose another folder with -o.")

    def _everything(self) -> Iterator[Path]:
        yield from self.out.iterdir()
        if self._partial.is_dir():
            yield from self._partial.iterdir()

    def _claim(self) -> None:
        """Lock the folder, and clear away an interrupted run that cannot be gone on with."""
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if self._interrupted() != self._run:
            for path in self._partial.iterdir():
                if path.name != "lock":
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            _write(self._partial / "run.json", [to_json(self._run)])
        self._grades.mkdir(mode=0o700, exist_ok=True)
        self._pages.mkdir(mode=0o700, exist_ok=True)

    def _interrupted(self) -> _Run | None:
        try:
            return msgspec.json.decode((self._partial / "run.json").read_bytes(), type=_Run)
        except (OSError, msgspec.MsgspecError, ValueError):
            return None

    def _earlier(self) -> set[str]:
        """The students of the report that is there; each name is checked, for it becomes a file to delete."""
        try:
            return {known.student for known in load_grades(self.out) if known.student == student_id(known.student)}
        except UsageError:
            return set()

    def _staged(self, name: str, chunks: Iterable[bytes]) -> None:
        _write(self._partial / name, chunks, durable=True)

    def _lines(self) -> Iterator[bytes]:
        yield b'{"schema": %d, "assignment": %s, "grades": [' % (SCHEMA, json.dumps(self.assignment).encode())
        separator = b"\n"
        for student in sorted(self._kept):
            yield separator + (self._grades / f"{student}.json").read_bytes()
            separator = b",\n"
        yield b"\n]}\n"


def load_grades(out: Path) -> Iterator[GradeEntry]:
    """The grades of a finished run, one in memory at a time.

    Raises:
        UsageError: There are none, or the file does not have the shape it must have.
    """
    path = out / "grades.json"
    if _assignment_of(out) is None:
        raise UsageError(f"{path} holds no grades. Run `autograder grade` first.")
    try:
        with path.open("rb") as lines:
            next(lines)
            for line in lines:
                if line != b"]}\n":
                    yield _decoded(line.rstrip(b",\n"))
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise UsageError(f"{path} was changed or is damaged ({error}). Run `autograder grade` again.") from error


def _assignment_of(out: Path) -> str | None:
    """The exercise of the finished report in a folder, if there is one of ours."""
    try:
        with (out / "grades.json").open("rb") as lines:
            head = json.loads(lines.readline(4096) + b"]}")
    except (OSError, ValueError):
        return None
    return head["assignment"] if isinstance(head, dict) and head.get("schema") == SCHEMA else None


def _encoded(stored: GradeEntry) -> bytes:
    """One line of JSON, in UTF-8 and without NaN, whatever a student's process sent."""
    try:
        return to_json(stored)
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(stored), ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


def _decoded(line: bytes) -> GradeEntry:
    """The grade in a line. JSON has no NaN: what is null in a history was a number no more."""
    values: Any = msgspec.json.decode(line)
    try:
        for question in values["questions"]:
            curves = question["history"]
            for metric, curve in curves.items():
                curves[metric] = [math.nan if value is None else value for value in curve]
    except (AttributeError, LookupError, TypeError):
        raise ValueError("not a grade") from None
    return msgspec.convert(values, GradeEntry)


def _write(path: Path, chunks: Iterable[bytes], *, durable: bool = False) -> None:
    """Write a file whole or not at all, in place of what is there, be that a link."""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(chunks)
                if durable:
                    file.flush()
                    os.fsync(descriptor)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise AutograderError(f"{path} cannot be written: {error.strerror}. Run it again to go on.") from error
