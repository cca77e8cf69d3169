"""The output folder: grades and pages as they come, and a report that replaces an older one only when it is complete.

    OUT/grades.json             all grades; one line each, so that they can be read one at a time
    OUT/grades.csv              the same as a table
    OUT/index.html              the class
    OUT/feedback/<student>.html one page each
    OUT/manual.csv              what a person has to grade; theirs as much as ours, see `manual`
    OUT/runs/                   what `autograder report` makes pages from: assignment.json, <student>.json.gz
    OUT/.partial/               a run that is not finished: run.json, grades/<student>.json, feedback/, runs/

Grades are personal data: the folders made here are open to their owner only (0700), and so are the files (0600).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

from autograder import __version__
from autograder.errors import AutograderError, UsageError
from autograder.grading.intake.roster import student_id
from autograder.grading.results.entries import GradeEntry, decoded, encoded, entry, read_run, run_file, write, write_run
from autograder.records import Assignment, Execution, Grade, to_json

__all__ = ["SCHEMA", "Store", "assignment_of", "grade_lines", "load_grades", "locked"]

SCHEMA: Final = 1


@dataclass(frozen=True)
class _Run:
    """Which run a `.partial` folder belongs to; only the very same one goes on where it stopped."""

    schema: int
    assignment: str
    bundle: str
    version: str


class Store:
    """An output folder that one run writes.

    Use it in a `with`. Left before `finish`, the folder keeps what an earlier run had reported, and what this run did
    so far is there for the next one.
    """

    def __init__(self, out: Path, assignment: Assignment, bundle: str) -> None:
        """Open the folder and make it if need be.

        Args:
            out: The folder.
            assignment: The exercise.
            bundle: Digest of its bundle; results of another bundle are not gone on with.

        Raises:
            UsageError: It is a file, holds something that is not ours, or another run is writing there.
        """
        self.out = out.resolve()
        self.assignment = assignment
        self._partial = self.out / ".partial"
        self._grades = self._partial / "grades"
        self._pages = self._partial / "feedback"
        self._runs = self._partial / "runs"
        self._run = _Run(SCHEMA, assignment.slug, bundle, __version__)
        self._kept: set[str] = set()
        try:
            self._check()
            self.out.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = locked(self.out)
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error.strerror}. Choose another folder with -o.") from error
        try:
            self._claim()
        except OSError as error:
            os.close(self._lock)
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
                stored = decoded(file.read_bytes())
            except (msgspec.MsgspecError, ValueError):
                continue  # cut off by a power failure: graded again
            if stored.status != "rejected" and stored.student == file.stem:
                found[stored.student] = stored.digest
        return found

    def keep(self, student: str) -> None:
        """Take a student's result from the interrupted run; call it only for one that `resumable` names."""
        self._kept.add(student)

    def add(self, grade: Grade, execution: Execution, page: str) -> None:
        """Write one student's grade, run and feedback page.

        Raises:
            ValueError: The student's id was not made by intake, or was added already.
            AutograderError: It cannot be written.
        """
        student = grade.student
        if not student or student != student_id(student):
            raise ValueError(f"not a student id: {student!r}")
        if student in self._kept:
            raise ValueError(f"graded already: {student!r}")
        # The grade last: where there is a grade, there is all else.
        write_run(self._runs, student, execution)
        write(self._pages / f"{student}.html", [page.encode("utf-8", "replace")])
        write(self._grades / f"{student}.json", [encoded(entry(grade, execution))])
        self._kept.add(student)

    def entries(self) -> Iterator[GradeEntry]:
        """The grades of this run so far, sorted by student, one in memory at a time."""
        for student in sorted(self._kept):
            yield decoded((self._grades / f"{student}.json").read_bytes())

    @property
    def students(self) -> list[str]:
        """Who is in this run so far, sorted."""
        return sorted(self._kept)

    def run(self, stored: GradeEntry) -> Execution:
        """The run behind a grade of this run, with its cells.

        Raises:
            UsageError: It is damaged.
        """
        # An earlier run that died while it finished has moved it already.
        here = run_file(self._runs, stored.student).exists()
        return read_run(self._runs if here else self.out / "runs", stored)

    def revise(self, stored: GradeEntry, page: str) -> None:
        """Write a grade of this run and its page once more.

        Raises:
            AutograderError: It cannot be written.
        """
        write(self._pages / f"{stored.student}.html", [page.encode("utf-8", "replace")])
        write(self._grades / f"{stored.student}.json", [encoded(stored)])

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
        self._staged("grades.json", grade_lines(self.assignment.slug, self._stored()))
        try:
            write(self._runs / "assignment.json", [to_json(self.assignment)])
            earlier = self._earlier() - self._kept
            for folder, name in ((self._pages, "{}.html"), (self._runs, "{}.json.gz")):
                place = self.out / folder.name
                place.mkdir(mode=0o700, exist_ok=True)
                for student in sorted(self._kept):
                    file = folder / name.format(student)
                    if file.exists():  # else it is in its place: the run was interrupted right here
                        file.replace(place / file.name)
                for student in earlier:
                    (place / name.format(student)).unlink(missing_ok=True)
            (self._runs / "assignment.json").replace(self.out / "runs" / "assignment.json")
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
        for name in ("feedback", "runs", ".partial"):
            path = self.out / name
            if path.is_symlink() or (path.exists() and not path.is_dir()):
                raise UsageError(f"{path} is not a folder of its own. Choose another output folder with -o.")
        run = self._interrupted()
        written = [slug for slug in (assignment_of(self.out), run.assignment if run else None) if slug is not None]
        if not written and any(path.name not in (".partial", "lock") for path in self._everything()):
            raise UsageError(f"{self.out} is not empty and holds no grades. Choose another folder with -o.")
        for slug in written:
            if slug != self.assignment.slug:
                raise UsageError(f"{self.out} holds grades of {slug}. Choose another folder with -o.")

    def _everything(self) -> Iterator[Path]:
        yield from self.out.iterdir()
        if self._partial.is_dir():
            yield from self._partial.iterdir()

    def _claim(self) -> None:
        """Clear away an interrupted run that cannot be gone on with."""
        if self._interrupted() != self._run:
            for path in self._partial.iterdir():
                if path.name != "lock":
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            write(self._partial / "run.json", [to_json(self._run)])
        self._grades.mkdir(mode=0o700, exist_ok=True)
        self._pages.mkdir(mode=0o700, exist_ok=True)
        self._runs.mkdir(mode=0o700, exist_ok=True)

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
        write(self._partial / name, chunks, durable=True)

    def _stored(self) -> Iterator[bytes]:
        for student in self.students:
            yield (self._grades / f"{student}.json").read_bytes()


def locked(out: Path) -> int:
    """A descriptor that holds the lock of an output folder; close it to let go.

    Raises:
        UsageError: Somebody else has it.
        OSError: The folder cannot be written.
    """
    partial = out / ".partial"
    partial.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(partial / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if isinstance(error, BlockingIOError):
            raise UsageError(f"{out} is being written by another run. Wait for it, or choose another -o.") from None
        raise
    return lock


def grade_lines(assignment: str, stored: Iterable[bytes]) -> Iterator[bytes]:
    """`grades.json` in pieces, from the slug of its exercise and its grades as JSON."""
    yield b'{"schema": %d, "assignment": %s, "grades": [' % (SCHEMA, json.dumps(assignment).encode())
    separator = b"\n"
    for line in stored:
        yield separator + line
        separator = b",\n"
    yield b"\n]}\n"


def load_grades(out: Path) -> Iterator[GradeEntry]:
    """The grades of a finished run, one in memory at a time.

    Raises:
        UsageError: There are none, or the file does not have the shape it must have.
    """
    path = out / "grades.json"
    if assignment_of(out) is None:
        raise UsageError(f"{path} holds no grades. Run `autograder grade` first.")
    try:
        with path.open("rb") as lines:
            next(lines)
            for line in lines:
                if line != b"]}\n":
                    yield decoded(line.rstrip(b",\n"))
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise UsageError(f"{path} was changed or is damaged ({error}). Run `autograder grade` again.") from error


def assignment_of(out: Path) -> str | None:
    """The exercise of the finished report in a folder, if there is one of ours."""
    try:
        with (out / "grades.json").open("rb") as lines:
            head = json.loads(lines.readline(4096) + b"]}")
    except (OSError, ValueError):
        return None
    return head["assignment"] if isinstance(head, dict) and head.get("schema") == SCHEMA else None
