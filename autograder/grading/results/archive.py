"""A finished output folder, opened to be written anew from what it keeps, without running anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

import msgspec

from autograder.errors import AutograderError, UsageError
from autograder.grading.intake.roster import student_id
from autograder.grading.results.entries import GradeEntry, encoded, read_run, run_file, write
from autograder.grading.results.store import assignment_of, grade_lines, load_grades, locked
from autograder.records import Assignment, Execution, from_json

__all__ = ["Archive"]


class Archive:
    """The grades, runs and exercise of a finished run.

    Use it in a `with`. What `revise` writes takes its place in `finish`; left before that, the folder is as it was.

    Attributes:
        assignment: The exercise as it was when the class was graded.
        students: Who is in the report, sorted.
    """

    def __init__(self, out: Path) -> None:
        """Open the folder.

        Raises:
            UsageError: It holds no finished run of ours, is damaged, or another run is writing there.
        """
        self.out = out.resolve()
        self._partial = self.out / ".partial"
        self._staged = self._partial / "report"
        slug = assignment_of(self.out)
        if slug is None:
            raise UsageError(f"{out} holds no grades: expected the output folder of `autograder grade`.")
        for name in ("feedback", "runs", ".partial"):
            if (self.out / name).is_symlink():
                raise UsageError(f"{self.out / name} is a link, not a folder of its own. Put the folder itself there.")
        try:
            self._lock = locked(self.out)
            try:
                self.assignment = self._exercise(slug)
                self.students = self._names()
                shutil.rmtree(self._staged, ignore_errors=True)
                for folder in ("feedback", "grades"):
                    (self._staged / folder).mkdir(mode=0o700, parents=True)
            except BaseException:
                self._close()
                raise
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error.strerror}. Make it writable, or copy it.") from error

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        shutil.rmtree(self._staged, ignore_errors=True)
        if not (self._partial / "run.json").exists():  # else a run is waiting there to be gone on with
            shutil.rmtree(self._partial, ignore_errors=True)
        os.close(self._lock)

    def entries(self) -> Iterator[GradeEntry]:
        """The grades as the report has them, one in memory at a time."""
        return load_grades(self.out)

    def run(self, stored: GradeEntry) -> Execution:
        """The run behind a grade, with its cells.

        Raises:
            UsageError: It is damaged.
        """
        return read_run(self.out / "runs", stored)

    def revise(self, stored: GradeEntry, page: str) -> None:
        """Write a grade and its page; every student's, before `finish`.

        Raises:
            AutograderError: It cannot be written.
        """
        write(self._staged / "feedback" / f"{stored.student}.html", [page.encode("utf-8", "replace")])
        write(self._staged / "grades" / f"{stored.student}.json", [encoded(stored)])

    def finish(self, csv: Iterable[str], index: str) -> None:
        """Put everything in its place: pages first, `grades.json` last.

        Args:
            csv: Text of `grades.csv`, in pieces, with its line ends.
            index: The class page.

        Raises:
            AutograderError: It cannot be written. The same command does it again.
        """
        stored = ((self._staged / "grades" / f"{student}.json").read_bytes() for student in self.students)
        write(self._staged / "grades.csv", (text.encode("utf-8", "replace") for text in csv), durable=True)
        write(self._staged / "index.html", [index.encode("utf-8", "replace")], durable=True)
        write(self._staged / "grades.json", grade_lines(self.assignment.slug, stored), durable=True)
        try:
            (self.out / "feedback").mkdir(mode=0o700, exist_ok=True)
            for student in self.students:
                name = f"feedback/{student}.html"
                (self._staged / name).replace(self.out / name)
            for name in ("grades.csv", "index.html", "grades.json"):
                (self._staged / name).replace(self.out / name)
        except OSError as error:
            raise AutograderError(f"{error.filename}: cannot be written: {error.strerror}. Run it again.") from error

    def _exercise(self, slug: str) -> Assignment:
        path = self.out / "runs" / "assignment.json"
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

    def _names(self) -> list[str]:
        """The students, each name checked, for it becomes a path; and that every run is there."""
        names: list[str] = []
        for stored in load_grades(self.out):
            student = stored.student
            if not student or student != student_id(student):
                raise UsageError(f"{self.out / 'grades.json'} was changed: {student!r} is no student of a report.")
            if stored.execution.cells and not run_file(self.out / "runs", student).is_file():
                raise UsageError(f"{run_file(self.out / 'runs', student)} is not there. Run `autograder grade` again.")
            names.append(student)
        if names != sorted(set(names)):
            raise UsageError(f"{self.out / 'grades.json'} was changed: its students are not sorted, or one is twice.")
        return names
