"""The output folder: results of a run, and reports that are replaced as a whole. Trusted side.

    OUT/grades.json             all grades; one line each, so that they can be read one at a time
    OUT/grades.csv              the same as a table
    OUT/index.html              the class
    OUT/feedback/<student>.html one page each; other forms of it beside it, where they were asked for
    OUT/manual.csv              what a person has to grade; theirs as much as ours, see `hand_grading`
    OUT/runs/                   what pages are made from: assignment.json, <student>.json.gz; what cases can be run on
                                again: <digest>.kept, and cases.json, which says which cases there were
    OUT/history/<time>/         grades.json as it was before a report that moved a grade
    OUT/.partial/               a run that is not finished: run.json, grades/<student>.json, runs/, kept/, feedback/
    OUT/.partial/report/        a finished folder that is being written anew: kept/, feedback/

A folder grows: whoever is in it stays until `remove` is called. `kept/` holds the grades of the finished report one by
one, `grades/` those that a run has made since. When all is staged, `finish.json` is written; from then on the new
report takes the old one's place, and whoever opens the folder next completes that, should it be interrupted.

Grades are personal data: the folders made here are open to their owner only (0700), and so are the files (0600).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from autograder.errors import AutograderError, UsageError
from autograder.files import write_whole
from autograder.grading.intake.roster import student_id
from autograder.grading.results.entries import GradeEntry, decoded, encoded, entry, read_run, run_file, write_run
from autograder.grading.results.grades_file import SCHEMA, grade_lines, load_grades, read_head
from autograder.records import Assignment, Execution, Grade, Outcome, from_json, to_json

__all__ = ["OutputFolder"]

_FOLDERS: Final = ("feedback", "runs", "history", ".partial")


@dataclass(frozen=True)
class _RunIdentity:
    """Which run a `.partial` folder belongs to; only the very same one goes on where it stopped."""

    schema: int
    assignment: str
    again: bool


@dataclass(frozen=True)
class _Finish:
    """What is to be done, beside moving what is staged, to put a report in its place: names of files to delete."""

    delete: tuple[str, ...]


class OutputFolder:
    """The results of a class in their folder: `start` it for a run, or `reopen` it when it is finished.

    Use it in a `with`. Left before `finish`, it keeps the report that it had; what a run did so far is there for the
    next one, and a reopened folder is as it was. `assignment`, `students`, `entries` and `run` only read: a page or an
    export needs no more.

    Attributes:
        out: The folder.
        assignment: The exercise as it is, or was, when the class is graded.
        bundle: Digest of its bundle.
    """

    assignment: Assignment
    bundle: str

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
        self._cases: dict[str, dict[str, str]] = {}
        self._lock = _locked(out)

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
    ) -> OutputFolder:
        """Open a folder for a run, and make it if need be.

        Args:
            out: The folder.
            assignment: The exercise.
            bundle: Digest of its bundle.
            environment: What else grades depend on here, as it is stored with each.
            again: Whether no grade of the finished report is good enough to be kept.
            cases: `question/case` → digest of what its outcome depends on beside the submission.

        Raises:
            UsageError: It is a file, holds something that is not ours, is damaged, or another run is writing there.
        """
        place = out.resolve()
        with _explained(out, "Choose another folder with -o."):
            _refuse_foreign(place, assignment.slug)
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not read_head(place):
                place.chmod(0o700)  # it was there, empty; what comes into it is personal
            folder = cls(place, place / ".partial")
            with contextlib.ExitStack() as on_error:
                on_error.push(folder)
                folder._complete()
                folder.assignment, folder.bundle = assignment, bundle
                folder._environment, folder._again = environment, again
                folder._cases = {**_cases_of(place), bundle: dict(cases)}
                run = _RunIdentity(SCHEMA, assignment.slug, again)
                if _interrupted(place) != run:
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
        for name in _FOLDERS:
            if (place / name).is_symlink():
                raise UsageError(f"{place / name} is a link, not a folder of its own. Put the folder itself there.")
        with _explained(out, "Make it writable, or copy it."):
            folder = cls(place, place / ".partial" / "report")
            with contextlib.ExitStack() as on_error:
                on_error.push(folder)
                folder._complete()
                head = read_head(place)
                folder.assignment, folder.bundle = _exercise(place, head["assignment"]), head.get("bundle", "")
                _check_cases(place)
                shutil.rmtree(folder._staged, ignore_errors=True)
                folder._make_stage()
                folder._stage_grades()
                folder._check_runs()
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

    @property
    def kept_bytes(self) -> int:
        """Size of what runs sent, and is kept."""
        return sum(path.stat().st_size for path in (self.out / "runs").glob("*.kept"))

    @property
    def cases(self) -> Mapping[str, str]:
        """`question/case` → digest of what its outcome depends on, as in `start`; empty where that is not known."""
        return _cases_of(self.out).get(self.bundle, {})

    def recording(self, stored: GradeEntry) -> bytes:
        """What a student's run sent, packed; empty where that is not kept, or damaged."""
        name = stored.execution.recording
        try:
            content = (self.out / "runs" / name).read_bytes() if name else b""
        except OSError:
            return b""
        return content if f"{hashlib.sha256(content).hexdigest()}.kept" == name else b""

    def kept_run(self, student: str, key: str) -> tuple[bytes, Execution, dict[tuple[str, str], Outcome]] | None:
        """What the report keeps of a student's run: what it sent, how it went, and outcomes that still stand.

        Args:
            student: Whose.
            key: Digest of what the run depends on; None is returned for another one's.
        """
        try:
            stored = decoded(self._kept_file(student).read_bytes())
            summary = stored.execution
            if not key or summary.key != key or not summary.recording or self._again:
                return None
            recording = self.recording(stored)
            if not recording:
                return None
            execution = read_run(self.out / "runs", stored)
        except (OSError, msgspec.MsgspecError, ValueError, UsageError):
            return None
        before, now = self._cases.get(stored.bundle, {}), self._cases[self.bundle]
        standing = {
            (question.name, outcome.name): outcome
            for question in stored.questions
            for outcome in question.cases
            for name in [f"{question.name}/{outcome.name}"]
            if not outcome.by_hand and name in now and before.get(name) == now[name]
        }
        return recording, execution, standing

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

    def before(self) -> Iterator[GradeEntry]:
        """The grades before the last report that moved one; nothing where none did.

        Raises:
            UsageError: They are damaged.
        """
        kept = sorted(path.parent for path in (self.out / "history").glob("*/grades.json"))
        yield from load_grades(kept[-1]) if kept else ()

    def finish(self, csv: Iterable[str], index: str, suffixes: Sequence[str], *, moved: bool = False) -> None:
        """Put the report in place of an earlier one: pages first, `grades.json` last.

        Args:
            csv: Text of `grades.csv`, in pieces, with its line ends.
            index: The class page.
            suffixes: Of all forms that feedback can have. What an earlier report had in a form that was not written
                this time goes, for it says what is no longer so.
            moved: Whether the grades before are to be kept in `history/`.

        Raises:
            AutograderError: It cannot be written. Nothing is lost; the same command goes on from here.
        """
        stored = (self._grade_file(student).read_bytes() for student in self.students)
        self._write("grades.csv", (text.encode("utf-8", "replace") for text in csv))
        self._write("index.html", [index.encode("utf-8", "replace")])
        self._write("grades.json", grade_lines(self.assignment.slug, self.bundle, stored))
        self._write("runs/assignment.json", [to_json(self.assignment)])
        self._stage_history(moved=moved)
        bundles, recordings = set(), set()
        for each in self.entries():
            bundles.add(each.bundle)
            recordings.add(each.execution.recording)
        cases = {bundle: names for bundle, names in self._cases.items() if names and bundle in bundles}
        if cases:
            self._write("runs/cases.json", [to_json(cases)])
        for run in (self._staged / "runs").glob("*.kept"):
            if run.name not in recordings:
                run.unlink()
        for run in (self._staged / "runs").glob("*.json.gz"):
            if run.name.removesuffix(".json.gz") not in self._made:  # of an interrupted run with other submissions
                run.unlink()
        gone = self._kept - set(self.students)
        pages = (f"feedback/{student}{suffix}" for student in self._kept | self._made for suffix in suffixes)
        delete = [f"runs/{student}.json.gz" for student in gone]
        delete += [name for name in pages if not (self._staged / name).exists()]
        there = (path.name for path in (self.out / "runs").glob("*.kept"))
        delete += [f"runs/{name}" for name in there if name not in recordings]
        self._write("finish.json", [to_json(_Finish(tuple(sorted(delete))))])
        try:
            self._complete()
        except OSError as error:
            raise AutograderError(f"{error.filename}: cannot be written: {error.strerror}. Run it again.") from error

    def _stage_history(self, *, moved: bool) -> None:
        """Stage the grades before, and earlier ones without who is removed."""
        slug = self.assignment.slug
        if moved:
            now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H-%M-%S.%fZ")
            stored = (encoded(each) for each in self.earlier() if each.student not in self._removed)
            self._write(f"history/{now}/grades.json", grade_lines(slug, read_head(self.out).get("bundle", ""), stored))
        for path in (self.out / "history").glob("*/grades.json") if self._removed else ():
            stored = (encoded(each) for each in load_grades(path.parent) if each.student not in self._removed)
            bundle = read_head(path.parent).get("bundle", "")
            self._write(f"history/{path.parent.name}/grades.json", grade_lines(slug, bundle, stored))

    def _complete(self) -> None:
        """Put the report in its place for which all is staged, by this run or by one that was interrupted there."""
        for staged in (self._partial, self._partial / "report"):
            plan = _plan(staged)
            if plan is None:
                continue
            for name in ("feedback", "runs"):
                (self.out / name).mkdir(mode=0o700, exist_ok=True)
                for path in sorted((staged / name).iterdir()):
                    path.replace(self.out / name / path.name)
            for path in sorted((staged / "history").glob("*/grades.json")):
                (self.out / "history" / path.parent.name).mkdir(mode=0o700, parents=True, exist_ok=True)
                path.replace(self.out / "history" / path.parent.name / path.name)
            for name in plan.delete:
                (self.out / name).unlink(missing_ok=True)
            for name in ("grades.csv", "index.html", "grades.json"):
                if (staged / name).exists():
                    (staged / name).replace(self.out / name)
            for name in ("run.json", "finish.json"):  # without the first, nothing in the folder is gone on with
                (staged / name).unlink(missing_ok=True)

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

    def _check_runs(self) -> None:
        for stored in self.entries():
            path = run_file(self.out / "runs", stored.student)
            if stored.execution.cells and not path.is_file():
                raise UsageError(f"{path} is not there. Run `autograder grade` again.")


def _plan(staged: Path) -> _Finish | None:
    """What is left to do to put a staged report in its place; None where it is not complete, or there is none."""
    try:
        plan = msgspec.json.decode((staged / "finish.json").read_bytes(), type=_Finish)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, ValueError) as error:
        raise UsageError(f"{staged / 'finish.json'} is damaged ({error}). Delete it, then run it again.") from error
    places = [name.split("/") for name in plan.delete]
    if not all(len(parts) == 2 and parts[0] in ("feedback", "runs") and parts[1] not in ("", "..") for parts in places):
        raise UsageError(f"{staged / 'finish.json'} was changed: it names other files than a report's. Delete it.")
    return plan


def _cases_of(out: Path) -> dict[str, dict[str, str]]:
    """Bundle → `question/case` → digest, of the bundles that grades of a folder were made with."""
    try:
        return msgspec.json.decode((out / "runs" / "cases.json").read_bytes(), type=dict[str, dict[str, str]])
    except (OSError, msgspec.MsgspecError, ValueError):  # of an older version, or damaged: all cases run again
        return {}


def _check_cases(out: Path) -> None:
    path = out / "runs" / "cases.json"
    if path.exists() and not _cases_of(out):
        raise UsageError(f"{path} is damaged. Run `autograder grade` again into this folder, or delete the file.")


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
    written = [
        known for known in (read_head(out).get("assignment"), run.assignment if run else None) if known is not None
    ]
    partial = out / ".partial"
    ours = not partial.is_dir() or (partial / "lock").exists()  # the first thing that is made in it
    others = [*(path for path in out.iterdir() if path != partial), *(() if ours else partial.iterdir())]
    if not written and others:
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
