"""The output folder: results of a run, and reports that are replaced as a whole. Trusted side.

    OUT/grades.json             all grades; one line each, so that they can be read one at a time
    OUT/grades.csv              the same as a table
    OUT/index.html              the class
    OUT/feedback/<student>.html one page each; other forms of it beside it, where they were asked for
    OUT/manual.csv              what a person has to grade; theirs as much as ours, see `hand_grading`
    OUT/runs/                   what pages are made from: assignment.json, <student>.json.gz; see also `page_digests`
                                and `run_store`
    OUT/history/                see `run_store`
    OUT/.partial/               a run that is not finished: run.json, grades/<student>.json, runs/, kept/, feedback/
    OUT/.partial/report/        a finished folder that is being written anew: kept/, feedback/

A folder grows: whoever is in it stays until `remove` is called. `kept/` holds the grades of the finished report one by
one, `grades/` those that a run has made since. When all is staged, `finish.json` is written; from then on the new
report takes the old one's place, and whoever opens the folder next completes that, should it be interrupted.

Grades are personal data: the folders made here are open to their owner only (0700), and so are the files (0600).
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import msgspec

from autograder.errors import AutograderError, UsageError
from autograder.files import write_whole
from autograder.grading.intake.student_ids import student_id
from autograder.grading.results.entries import GradeEntry, decoded, encoded, entry, read_run, write_run
from autograder.grading.results.grades_file import SCHEMA, grade_lines, load_grades, read_head
from autograder.grading.results.page_digests import PageDigests
from autograder.grading.results.run_store import RunStore, exercise_of, history_files
from autograder.grading.results.staged_report import (
    FOLDERS,
    Finish,
    RunIdentity,
    explained_errors,
    interrupted,
    locked,
    put_in_place,
    refuse_foreign,
)
from autograder.records import Assignment, Execution, Grade, Outcome, to_json

__all__ = ["OutputFolder"]


class OutputFolder:
    """The results of a class in their folder: `start` it for a run, or `reopen` it when it is finished.

    Use it in a `with`. Left before `finish`, it keeps the report that it had; what a run did so far is there for the
    next one, and a reopened folder is as it was. `assignment`, `students`, `entries` and `run` only read: a page or an
    export needs no more.

    Attributes:
        out: The folder.
        assignment: The exercise as it is, or was, when the class is graded.
        bundle: Digest of its bundle.
        parts: Which parts of the class were graded, such as `2/4`; empty for all of it.
        store: What the finished report keeps of runs.
        pages: Of what its pages were made.
    """

    assignment: Assignment
    bundle: str
    parts: Sequence[str]
    store: RunStore
    pages: PageDigests

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
        self._environment: Mapping[str, str] = {}
        self._again = False
        self._kept: set[str] = set()
        self._made: set[str] = set()
        self._removed: set[str] = set()
        self._lock = locked(out)

    @classmethod
    def start(
        cls,
        out: Path,
        assignment: Assignment,
        bundle: str,
        environment: Mapping[str, str],
        *,
        again: bool = False,
        cases: Mapping[str, str] = MappingProxyType({}),
        part: str = "",
    ) -> OutputFolder:
        """Open a folder for a run, and make it if need be.

        Args:
            out: The folder.
            assignment: The exercise.
            bundle: Digest of its bundle.
            environment: What else grades depend on here, as it is stored with each.
            again: Whether no grade of the finished report is good enough to be kept.
            cases: `question/case` → digest of what its outcome depends on beside the submission.
            part: Which part of the class is graded; empty for all of it.

        Raises:
            UsageError: It is a file, holds something that is not ours, is damaged, or another run is writing there.
        """
        place = out.resolve()
        with explained_errors(out, "Choose another folder with -o."):
            refuse_foreign(place, assignment.slug)
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            head = read_head(place)
            if not head:
                place.chmod(0o700)  # it was there, empty; what comes into it is personal
            folder = cls(place, place / ".partial")
            with contextlib.ExitStack() as on_error:
                on_error.push(folder)
                put_in_place(place)
                folder.assignment, folder.bundle = assignment, bundle
                whole = not part or (head and not head.get("parts"))
                folder.parts = [] if whole else sorted({*head.get("parts", ()), part})
                folder._environment, folder._again = environment, again
                folder.store, folder.pages = RunStore(place, bundle, cases), PageDigests(place)
                run = RunIdentity(SCHEMA, assignment.slug, again)
                if interrupted(place) != run:
                    folder._clear()
                folder._make_stage()
                if (place / "grades.json").exists():
                    folder._stage_grades()
                write_whole(folder._partial / "run.json", [to_json(run)], durable=True)
                on_error.pop_all()
        return folder

    @classmethod
    def reopen(cls, out: Path) -> OutputFolder:
        """Open a finished folder, to read it or to write its report anew without running anything.

        Raises:
            UsageError: It holds no finished run of ours, is damaged, or another run is writing there.
        """
        place = out.resolve()
        if not read_head(place):
            raise UsageError(f"{out} holds no grades: expected the output folder of `autograder grade`.")
        for name in FOLDERS:
            if (place / name).is_symlink():
                raise UsageError(f"{place / name} is a link, not a folder of its own. Put the folder itself there.")
        with explained_errors(out, "Make it writable, or copy it."):
            folder = cls(place, place / ".partial" / "report")
            with contextlib.ExitStack() as on_error:
                on_error.push(folder)
                put_in_place(place)
                head = read_head(place)
                folder.assignment, folder.bundle = exercise_of(place, head["assignment"]), head.get("bundle", "")
                folder.parts = head.get("parts", [])
                folder.store, folder.pages = RunStore(place, folder.bundle), PageDigests(place)
                shutil.rmtree(folder._staged, ignore_errors=True)
                folder._make_stage()
                folder._stage_grades()
                folder.store.check(folder.entries())
                on_error.pop_all()
        return folder

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(self, *_: object) -> None:
        for folder in (self._staged, self._partial):
            # Else a run waits there to be gone on with, or a report to be put in its place.
            if not any((folder / name).exists() for name in ("run.json", "finish.json", "report/finish.json")):
                shutil.rmtree(folder, ignore_errors=True)
        os.close(self._lock)

    @property
    def students(self) -> list[str]:
        """Who is in the results so far, sorted."""
        return sorted((self._kept - self._removed) | self._made)

    def entries(self) -> Iterator[GradeEntry]:
        """The grades so far, sorted by student, one in memory at a time."""
        for student in self.students:
            yield decoded(self._grade_file(student).read_bytes())

    def earlier(self) -> Iterator[GradeEntry]:
        """The grades of the report that was there when the folder was opened."""
        for student in sorted(self._kept):
            yield decoded((self._staged / "kept" / f"{student}.json").read_bytes())

    def run(self, stored: GradeEntry) -> Execution:
        """The run behind a grade, with its cells.

        Raises:
            UsageError: It is damaged.
        """
        made = stored.student in self._made
        return read_run(self._staged / "runs" if made else self.out / "runs", stored)

    def knows(self, student: str) -> bool:
        """Whether there is any grade of a student, in the report or from an interrupted run."""
        return student in self._kept or self._made_file(student).exists()

    def keeps(self, student: str, digest: str) -> bool:
        """Whether a submission need not be graded, since a grade of the same one is there; then that one counts.

        It must have been made with this bundle and in this environment, and be complete. Of the report it must need no
        review; what an interrupted run made is as good as what this one would make.
        """
        for file, runs in ((self._made_file(student), self._staged), (self._kept_file(student), self.out)):
            made = runs is self._staged
            try:
                stored = decoded(file.read_bytes())
                good = stored.status == "graded" or (made and stored.status == "needs_review")
                same = (stored.student, stored.digest, stored.bundle) == (student, digest, self.bundle)
                if good and same and (not stored.execution.cells or stored.execution.environment == self._environment):
                    read_run(runs / "runs", stored)
                    if made:
                        self._made.add(student)
                    return made or not self._again
            except (OSError, msgspec.MsgspecError, ValueError, UsageError):
                continue  # not there, or cut off by a power failure: graded again
        return False

    def kept_run(self, student: str, key: str) -> tuple[bytes, Execution, dict[tuple[str, str], Outcome]] | None:
        """What the report keeps of a student's run, where that is good enough; see `RunStore.kept_run`."""
        try:
            stored = decoded(self._kept_file(student).read_bytes())
            return None if self._again else self.store.kept_run(stored, key)
        except (OSError, msgspec.MsgspecError, ValueError, UsageError):
            return None

    def add(self, grade: Grade, execution: Execution, *, key: str = "", recording: bytes = b"") -> None:
        """Write one student's grade and run, in place of what the report has of that student.

        Args:
            grade: The grade.
            execution: The run.
            key: Digest of what the run depended on.
            recording: What it sent, packed; empty for nothing that is to be kept.

        Raises:
            ValueError: The student's id was not made by intake, or was added already.
            AutograderError: It cannot be written.
        """
        student = grade.student
        if not student or student != student_id(student):
            raise ValueError(f"not a student id: {student!r}")
        if student in self._made:
            raise ValueError(f"graded already: {student!r}")
        # The grade last: where there is a grade, there is all else.
        write_run(self._staged / "runs", student, execution)
        stored = entry(grade, execution, self.bundle, key, recording)
        if recording:
            write_whole(self._staged / "runs" / stored.execution.recording, [recording])
        write_whole(self._made_file(student), [encoded(stored)])
        self._made.add(student)

    def remove(self, student: str) -> None:
        """Take a student's grade, page and run away, when the report is finished.

        Raises:
            UsageError: There is no such student.
        """
        if student not in self._kept:
            raise UsageError(f"{self.out} holds no grade of {student!r}: nobody was removed. Give the id of its table.")
        self._removed.add(student)

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

    def finish(self, csv: Iterable[str], index: str, suffixes: Sequence[str], *, moved: bool = False) -> None:
        """Put the report in place of an earlier one: pages first, `grades.json` last.

        Args:
            csv: Text of `grades.csv`, in pieces, with its line ends.
            index: The class page.
            suffixes: Of all forms that feedback can have. What an earlier report had in a form that was not written
                this time goes, for it says what is no longer so, but for pages that stand.
            moved: Whether the grades before are to be kept in `history/`.

        Raises:
            AutograderError: It cannot be written. Nothing is lost; the same command goes on from here.
        """
        stored = (self._grade_file(student).read_bytes() for student in self.students)
        self._write("grades.csv", (text.encode("utf-8", "replace") for text in csv))
        self._write("index.html", [index.encode("utf-8", "replace")])
        self._write("grades.json", grade_lines(self.assignment.slug, self.bundle, stored, self.parts))
        self._write("runs/assignment.json", [to_json(self.assignment)])
        for name, lines in history_files(self.out, self.assignment.slug, self.earlier(), self._removed, moved=moved):
            self._write(name, lines)
        bundles, recordings = set(), set()
        for each in self.entries():
            bundles.add(each.bundle)
            recordings.add(each.execution.recording)
        recordings -= self.store.beyond_bound(self._staged / "runs", recordings)
        if known := self.pages.file(self.students):
            self._write("runs/pages.json", [known])
        if cases := self.store.cases_file(bundles):
            self._write("runs/cases.json", [cases])
        for run in (self._staged / "runs").glob("*.kept"):
            if run.name not in recordings:
                run.unlink()
        for run in (self._staged / "runs").glob("*.json.gz"):
            if run.name.removesuffix(".json.gz") not in self._made:  # of an interrupted run with other submissions
                run.unlink()
        gone = self._kept - set(self.students)
        forms = {f"feedback/{student}{suffix}" for student in self._kept | self._made for suffix in suffixes}
        forms -= {f"feedback/{student}.html" for student in self.pages.standing - gone}
        delete = [f"runs/{student}.json.gz" for student in gone]
        delete += [name for name in forms if not (self._staged / name).exists()]
        there = (path.name for path in (self.out / "runs").glob("*.kept"))
        delete += [f"runs/{name}" for name in there if name not in recordings]
        self._write("finish.json", [to_json(Finish(tuple(sorted(delete))))])
        try:
            put_in_place(self.out)
        except OSError as error:
            raise AutograderError(f"{error.filename}: cannot be written: {error.strerror}. Run it again.") from error

    def _write(self, name: str, chunks: Iterable[bytes]) -> None:
        (self._staged / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._staged / name, chunks, durable=True)

    def _made_file(self, student: str) -> Path:
        return self._staged / "grades" / f"{student}.json"

    def _kept_file(self, student: str) -> Path:
        return self._staged / "kept" / f"{student}.json"

    def _grade_file(self, student: str) -> Path:
        return self._made_file(student) if student in self._made else self._kept_file(student)

    def _clear(self) -> None:
        """Clear away an interrupted run that cannot be gone on with."""
        for path in self._partial.iterdir():
            if path.name != "lock":
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def _make_stage(self) -> None:
        for name in ("kept", "feedback", "history"):  # pages are made when all is known
            shutil.rmtree(self._staged / name, ignore_errors=True)
        for name in ("grades", "kept", "runs", "feedback"):
            (self._staged / name).mkdir(mode=0o700, parents=True, exist_ok=True)

    def _stage_grades(self) -> None:
        """Stage the grades of the finished report one by one; each name is checked, for it becomes a path."""
        names: list[str] = []
        for stored in load_grades(self.out):
            student = stored.student
            if not student or student != student_id(student):
                raise UsageError(f"{self.out / 'grades.json'} was changed: {student!r} is no student of a report.")
            write_whole(self._kept_file(student), [encoded(stored)])
            names.append(student)
        self._kept = set(names)
        if names != sorted(self._kept):
            raise UsageError(f"{self.out / 'grades.json'} was changed: its students are not sorted, or one is twice.")
