"""The output folder: results of a run, and reports that are replaced as a whole. Trusted side.

    OUT/grades.json             all grades; one line each, so that they can be read one at a time
    OUT/grades.csv              the same as a table
    OUT/index.html              the class
    OUT/feedback/<student>.html one page each; other forms of it beside it, where they were asked for
    OUT/manual.csv              what a person has to grade; theirs as much as ours, see `hand_grading`
    OUT/runs/                   what pages are made from: assignment.json, <student>.json.gz
    OUT/.partial/               a run that is not finished: run.json, grades/<student>.json, runs/, feedback/
    OUT/.partial/report/        a finished folder that is being written anew: grades/, feedback/

Grades are personal data: the folders made here are open to their owner only (0700), and so are the files (0600).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from autograder import __version__
from autograder.errors import AutograderError, UsageError
from autograder.files import write_whole
from autograder.grading.intake.roster import student_id
from autograder.grading.results.entries import GradeEntry, decoded, encoded, entry, read_run, run_file, write_run
from autograder.records import Assignment, Execution, Grade, from_json, to_json

__all__ = ["SCHEMA", "OutputFolder", "load_grades"]

SCHEMA: Final = 1
_FOLDERS: Final = ("feedback", "runs", ".partial")


@dataclass(frozen=True)
class _RunIdentity:
    """Which run a `.partial` folder belongs to; only the very same one goes on where it stopped."""

    schema: int
    assignment: str
    bundle: str
    version: str


class OutputFolder:
    """The results of a class in their folder: `start` it for a run, or `reopen` it when it is finished.

    Use it in a `with`. Left before `finish`, it keeps the report that it had; what a run did so far is there for the
    next one, and a reopened folder is as it was. `assignment`, `students`, `entries` and `run` only read: a page or an
    export needs no more.

    Attributes:
        out: The folder.
        assignment: The exercise as it is, or was, when the class is graded.
    """

    assignment: Assignment

    def __init__(self, out: Path, staged: Path) -> None:
        """Lock a folder; called by `start` and `reopen`.

        Args:
            out: The folder; it exists.
            staged: Where results wait for `finish`: `.partial` or a folder in it.

        Raises:
            UsageError: Another process writes there.
            OSError: The folder cannot be written.
        """
        self.out = out
        self._partial = out / ".partial"
        self._staged = staged
        self._students: set[str] = set()
        self._lock = _locked(out)

    @classmethod
    def start(cls, out: Path, assignment: Assignment, bundle: str) -> OutputFolder:
        """Open a folder for a run, and make it if need be.

        Args:
            out: The folder.
            assignment: The exercise.
            bundle: Digest of its bundle; results of another bundle are not gone on with.

        Raises:
            UsageError: It is a file, holds something that is not ours, or another run is writing there.
        """
        place = out.resolve()
        with _explained(out, "Choose another folder with -o."):
            _refuse_foreign(place, assignment.slug)
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = cls(place, place / ".partial")
            with contextlib.ExitStack() as on_error:
                on_error.push(folder)
                folder.assignment = assignment
                folder._claim(_RunIdentity(SCHEMA, assignment.slug, bundle, __version__))
                folder._make_stage()
                on_error.pop_all()
        return folder

    @classmethod
    def reopen(cls, out: Path) -> OutputFolder:
        """Open a finished folder, to read it or to write its report anew without running anything.

        Raises:
            UsageError: It holds no finished run of ours, is damaged, or another run is writing there.
        """
        place = out.resolve()
        slug = _slug(place)
        if slug is None:
            raise UsageError(f"{out} holds no grades: expected the output folder of `autograder grade`.")
        for name in _FOLDERS:
            if (place / name).is_symlink():
                raise UsageError(f"{place / name} is a link, not a folder of its own. Put the folder itself there.")
        with _explained(out, "Make it writable, or copy it."):
            folder = cls(place, place / ".partial" / "report")
            with contextlib.ExitStack() as on_error:
                on_error.push(folder)
                folder.assignment = _exercise(place, slug)
                shutil.rmtree(folder._staged, ignore_errors=True)
                folder._make_stage()
                folder._stage_grades()
                on_error.pop_all()
        return folder

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(self, *_: object) -> None:
        for folder in (self._staged, self._partial):
            if not (folder / "run.json").exists():  # else a run waits there to be gone on with
                shutil.rmtree(folder, ignore_errors=True)
        os.close(self._lock)

    @property
    def students(self) -> list[str]:
        """Who is in the results so far, sorted."""
        return sorted(self._students)

    def entries(self) -> Iterator[GradeEntry]:
        """The grades so far, sorted by student, one in memory at a time."""
        for student in self.students:
            yield decoded(self._grade_file(student).read_bytes())

    def run(self, stored: GradeEntry) -> Execution:
        """The run behind a grade, with its cells.

        Raises:
            UsageError: It is damaged.
        """
        # Those of a finished run are in their place, and so is one that an interrupted `finish` moved already.
        staged = self._staged / "runs"
        return read_run(staged if run_file(staged, stored.student).exists() else self.out / "runs", stored)

    def resumable(self) -> dict[str, str]:
        """Student → digest of the submissions that an interrupted run of the same exercise has graded already."""
        found = {}
        for file in (self._staged / "grades").glob("*.json"):
            try:
                stored = decoded(file.read_bytes())
            except (msgspec.MsgspecError, ValueError):
                continue  # cut off by a power failure: graded again
            if stored.status != "rejected" and stored.student == file.stem:
                found[stored.student] = stored.digest
        return found

    def resume(self, student: str) -> None:
        """Take a student's result from the interrupted run; call it only for one that `resumable` names."""
        self._students.add(student)

    def add(self, grade: Grade, execution: Execution) -> None:
        """Write one student's grade and run.

        Raises:
            ValueError: The student's id was not made by intake, or was added already.
            AutograderError: It cannot be written.
        """
        student = grade.student
        if not student or student != student_id(student):
            raise ValueError(f"not a student id: {student!r}")
        if student in self._students:
            raise ValueError(f"graded already: {student!r}")
        # The grade last: where there is a grade, there is all else.
        write_run(self._staged / "runs", student, execution)
        self.revise(entry(grade, execution))
        self._students.add(student)

    def revise(self, stored: GradeEntry) -> None:
        """Write a grade once more.

        Raises:
            AutograderError: It cannot be written.
        """
        write_whole(self._grade_file(stored.student), [encoded(stored)])

    def write_feedback(self, student: str, suffix: str, content: bytes) -> None:
        """Write one form of a student's feedback, such as the page (`.html`); it takes its place in `finish`.

        Raises:
            AutograderError: It cannot be written.
        """
        write_whole(self._staged / "feedback" / f"{student}{suffix}", [content])

    def finish(self, csv: Iterable[str], index: str, suffixes: Sequence[str]) -> None:
        """Put the report in place of an earlier one: pages first, `grades.json` last.

        Args:
            csv: Text of `grades.csv`, in pieces, with its line ends.
            index: The class page.
            suffixes: Of all forms that feedback can have. What an earlier report had in a form that was not written
                this time goes, for it says what is no longer so.

        Raises:
            AutograderError: It cannot be written. Nothing is lost; the same command goes on from here.
        """
        stored = (self._grade_file(student).read_bytes() for student in self.students)
        self._write("grades.csv", (text.encode("utf-8", "replace") for text in csv))
        self._write("index.html", [index.encode("utf-8", "replace")])
        self._write("grades.json", grade_lines(self.assignment.slug, stored))
        self._write("runs/assignment.json", [to_json(self.assignment)])
        try:
            for name in ("feedback", "runs"):
                (self.out / name).mkdir(mode=0o700, exist_ok=True)
            for student in sorted(self._reported() | self._students):
                for suffix in suffixes:
                    self._place(f"feedback/{student}{suffix}")
                self._place(f"runs/{student}.json.gz", keep=student in self._students)
            for name in ("runs/assignment.json", "grades.csv", "index.html", "grades.json"):
                self._place(name)
            (self._staged / "run.json").unlink(missing_ok=True)
        except OSError as error:
            raise AutograderError(f"{error.filename}: cannot be written: {error.strerror}. Run it again.") from error

    def _place(self, name: str, *, keep: bool = False) -> None:
        """Move a file into the report; without it, what an earlier report had under that name goes unless `keep`."""
        if (self._staged / name).exists():
            (self._staged / name).replace(self.out / name)
        elif not keep:
            (self.out / name).unlink(missing_ok=True)

    def _write(self, name: str, chunks: Iterable[bytes]) -> None:
        write_whole(self._staged / name, chunks, durable=True)

    def _grade_file(self, student: str) -> Path:
        return self._staged / "grades" / f"{student}.json"

    def _claim(self, run: _RunIdentity) -> None:
        """Clear away an interrupted run that cannot be gone on with."""
        if _interrupted(self.out) != run:
            for path in self._partial.iterdir():
                if path.name != "lock":
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            write_whole(self._partial / "run.json", [to_json(run)])

    def _make_stage(self) -> None:
        shutil.rmtree(self._staged / "feedback", ignore_errors=True)  # pages are made when all is known
        for name in ("grades", "runs", "feedback"):
            (self._staged / name).mkdir(mode=0o700, parents=True, exist_ok=True)

    def _stage_grades(self) -> None:
        """Stage the grades of the finished run: each name is checked, for it becomes a path, and each run is there."""
        names: list[str] = []
        for stored in load_grades(self.out):
            student = stored.student
            if not student or student != student_id(student):
                raise UsageError(f"{self.out / 'grades.json'} was changed: {student!r} is no student of a report.")
            if stored.execution.cells and not run_file(self.out / "runs", student).is_file():
                raise UsageError(f"{run_file(self.out / 'runs', student)} is not there. Run `autograder grade` again.")
            self.revise(stored)
            names.append(student)
        self._students = set(names)
        if names != self.students:
            raise UsageError(f"{self.out / 'grades.json'} was changed: its students are not sorted, or one is twice.")

    def _reported(self) -> set[str]:
        """The students of the report that is there; each name is checked, for it becomes a file to delete."""
        try:
            return {known.student for known in load_grades(self.out) if known.student == student_id(known.student)}
        except UsageError:
            return set()


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
    if _slug(out) is None:
        raise UsageError(f"{path} holds no grades. Run `autograder grade` first.")
    try:
        with path.open("rb") as lines:
            next(lines)
            for line in lines:
                if line != b"]}\n":
                    yield decoded(line.rstrip(b",\n"))
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise UsageError(f"{path} was changed or is damaged ({error}). Run `autograder grade` again.") from error


def _slug(out: Path) -> str | None:
    """The exercise of the finished report in a folder, if there is one of ours."""
    try:
        with (out / "grades.json").open("rb") as lines:
            head = json.loads(lines.readline(4096) + b"]}")
    except (OSError, ValueError):
        return None
    return head["assignment"] if isinstance(head, dict) and head.get("schema") == SCHEMA else None


def _exercise(out: Path, slug: str) -> Assignment:
    path = out / "runs" / "assignment.json"
    again = "Run `autograder grade` again into this folder; what was graded by hand stays."
    try:
        assignment = from_json(path.read_bytes(), Assignment)
    except FileNotFoundError:
        raise UsageError(f"{path} is not there: the folder is incomplete or of an older version. {again}") from None
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise UsageError(f"{path} cannot be read ({error}). {again}") from error
    if assignment.slug != slug:
        raise UsageError(f"{path} is of {assignment.slug}, and grades.json beside it of {slug}. {again}")
    return assignment


def _interrupted(out: Path) -> _RunIdentity | None:
    try:
        return msgspec.json.decode((out / ".partial" / "run.json").read_bytes(), type=_RunIdentity)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None


def _refuse_foreign(out: Path, slug: str) -> None:
    """Refuse a folder in which a run could destroy something."""
    if not out.exists():
        return
    if not out.is_dir():
        raise UsageError(f"{out} is a file: expected a folder. Choose another with -o.")
    for path in (out / name for name in _FOLDERS):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise UsageError(f"{path} is not a folder of its own. Choose another output folder with -o.")
    run = _interrupted(out)
    written = [known for known in (_slug(out), run.assignment if run else None) if known is not None]
    partial = out / ".partial"
    everything = [*out.iterdir(), *(partial.iterdir() if partial.is_dir() else ())]
    if not written and any(path.name not in (".partial", "lock") for path in everything):
        raise UsageError(f"{out} is not empty and holds no grades. Choose another folder with -o.")
    for known in written:
        if known != slug:
            raise UsageError(f"{out} holds grades of {known}. Choose another folder with -o.")


@contextlib.contextmanager
def _explained(out: Path, advice: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}. {advice}") from error


def _locked(out: Path) -> int:
    """A descriptor that holds the lock of an output folder; close it to let go.

    Raises:
        UsageError: Another process has it.
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
