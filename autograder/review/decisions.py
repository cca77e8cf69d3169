"""What a person has to decide in an output folder: rows of `manual.csv`, grouped by equal answers. Trusted side.

The file is the truth: it is read before each page and each change, as `autograder report` would read it. A change names
what it was made for, and is refused where that is no longer so.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from autograder.errors import UsageError
from autograder.feedback.tables import sheet_csv
from autograder.grading.intake.csv_reader import read_table
from autograder.grading.results import grades_file, hand_grading, manual_csv
from autograder.grading.results.entries import GradeEntry, read_run
from autograder.grading.results.hand_grading import CHANGED, REVIEW, ManualRow, Marks
from autograder.grading.results.output_folder import OutputFolder
from autograder.grading.results.pseudonyms import anonymous, pseudonyms
from autograder.grading.results.staged_report import locked
from autograder.records import Assignment, Case, Execution, Question

__all__ = ["AnswerGroup", "Decision", "DecisionConflict", "Decisions", "ReviewPart"]

PATIENCE: Final = 2.0
"""Seconds that a change waits for another process that writes the folder."""


class DecisionConflict(Exception):
    """What a change was made for has changed meanwhile: in another window, in the file, or by a later submission."""


@dataclass(frozen=True)
class Decision:
    """Rows about equal answers, in all of which the same is written so far: one press changes them all.

    Attributes:
        part: What they are about; None for whole submissions.
        waits: Whether a person has to look at them.
    """

    rows: tuple[ManualRow, ...]
    part: Question | Case | None
    waits: bool

    @property
    def row(self) -> ManualRow:
        """Any of them: what is written is the same in all."""
        return self.rows[0]

    @property
    def optional(self) -> bool:
        """Whether nothing was decided, and nothing has to be."""
        return not self.waits and self.row.points is None and not self.row.accept

    @property
    def names(self) -> tuple[str, ...]:
        """One for each row, by which a page finds it again whatever is written in it."""
        return tuple(_digest(row.key) for row in self.rows)

    @cached_property
    def stamp(self) -> str:
        """A digest of which answers they are about, and of what is written."""
        return _digest([(row.key, row.digest, *_written(row)) for row in self.rows])


@dataclass(frozen=True)
class AnswerGroup:
    """Students whose answers to one question are equal.

    Attributes:
        name: Of the group, in addresses.
        decisions: One where the same is written for all of them. For whole submissions, those about their cases follow.
    """

    name: str
    students: tuple[str, ...]
    decisions: tuple[Decision, ...]

    @property
    def waiting(self) -> Decision:
        """The decision that a person has to make; where none is, the first one."""
        return next((decision for decision in self.decisions if decision.waits), self.decisions[0])

    @property
    def waits(self) -> bool:
        """Whether a person has to look at it."""
        return self.waiting.waits


@dataclass(frozen=True)
class ReviewPart:
    """A question or case over all students; or the submissions that need review, with `part` None."""

    number: int
    part: Question | Case | None
    question: str
    case: str
    groups: tuple[AnswerGroup, ...]

    @property
    def waiting(self) -> int:
        """How many groups a person has to look at."""
        return sum(group.waits for group in self.groups)


class Decisions:
    """The decisions in an output folder: read with `parts`, changed with `decide`, from any thread.

    Attributes:
        assignment: The exercise.
        names: Student → what pages call that student.
    """

    assignment: Assignment
    names: Mapping[str, str]

    def __init__(self, out: Path, *, named: bool = False) -> None:
        """Read a finished folder.

        Args:
            out: The folder.
            named: Whether pages show names, in place of pseudonyms.

        Raises:
            UsageError: It holds no finished run, `manual.csv` cannot be understood, or another run is writing there.
        """
        self.out = out
        self.named = named
        self._path = out / manual_csv.NAME
        self._mutex = threading.Lock()
        self._read_from: object = None
        self._stale = True  # whether there are grades that have not met the file yet
        self._saved: bytes | None = b""  # the file as `decide` left it
        self.parts()

    def parts(self) -> tuple[ReviewPart, ...]:
        """What there is to decide now, in the exercise's order; submissions that need review come first.

        Raises:
            UsageError: As for the class; what somebody wrote into `manual.csv` may be the reason.
        """
        with self._mutex:
            self._refresh()
            return self._parts

    @property
    def blocked(self) -> str:
        """Why nothing can be saved at present, and what to do; empty where nothing is known to prevent it."""
        return manual_csv.open_elsewhere(self._path)

    def shown_grade(self, student: str) -> GradeEntry:
        """A student's grade, without the name where pages show pseudonyms."""
        if student not in self._shown:
            grade = self._grades[student]
            self._shown[student] = grade if self.named else anonymous(grade, Execution("completed"), self.names)[0]
        return self._shown[student]

    def shown_run(self, student: str) -> Execution:
        """The run behind a student's grade, likewise.

        Raises:
            UsageError: It is damaged.
        """
        grade = self._grades[student]
        run = read_run(self.out / "runs", grade)
        return run if self.named else anonymous(grade, run, self.names)[1]

    def decide(self, stamp: str, change: Callable[[Decision, ManualRow], ManualRow]) -> None:
        """Change the rows of a decision and save `manual.csv`, whole and at once.

        Args:
            stamp: Of the decision.
            change: Gives the new row for a row of it.

        Raises:
            DecisionConflict: There is no such decision any more; nothing was written.
            UsageError: The file cannot be understood, is open elsewhere or was saved just now, or another run is
                writing in the folder. Nothing was written.
            AutograderError: It cannot be written.
        """
        with self._mutex:
            self._refresh()
            with self._locked():
                if self._read_from != self._signature():
                    raise DecisionConflict
                self._refresh()
                decision = self._stamps.get(stamp)
                if decision is None:
                    raise DecisionConflict
                changed = {row.key: change(decision, row) for row in decision.rows}
                entries = [changed.get(row.key, row) for row in self._entries]
                lines = sheet_csv(hand_grading.cells(self._sheet, entries), self._sheet.delimiter)
                ours = self._sheet.data == self._saved
                manual_csv.save_sheet(self._path, self._sheet, entries, lines, ours=ours)
                self._refresh()
                self._saved = self._sheet.data

    def _signature(self) -> object:
        """What changes when the grades are written anew; None where they are gone."""
        try:
            found = (self.out / grades_file.NAME).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                lock = locked(self.out)
                break
            except UsageError:
                if time.monotonic() > until:
                    raise UsageError(
                        f"Another command is writing in {self.out}. Nothing was saved: do it again when that is done."
                    ) from None
                time.sleep(0.05)
        try:
            yield
        finally:
            os.close(lock)

    def _refresh(self) -> None:
        """Read what changed since: the grades, or only the file."""
        if self._read_from is None or self._read_from != self._signature():
            self._stale = True
            self._read_grades()
        if self._stale or read_table(self._path, manual_csv.MAX_FILE, manual_csv.EXPECTED) != self._sheet.data:
            self._read_sheet()
            self._stale = False

    def _read_grades(self) -> None:
        with OutputFolder.reopen(self.out) as folder:
            self._read_from = self._signature()
            self.assignment = folder.assignment
            self._grades = {stored.student: stored for stored in folder.entries()}
            if self.named:
                self.names = {student: stored.shown_name for student, stored in self._grades.items()}
            else:
                self.names = pseudonyms(folder.out, folder.students)
        self._sources: dict[str, Mapping[str, str]] = {}
        self._shown: dict[str, GradeEntry] = {}

    def _read_sheet(self) -> None:
        sheet = manual_csv.read_sheet(self._path, self.assignment)
        whole, _ = hand_grading.completed(sheet, self._grades.values())
        marks = Marks(self.assignment, whole, self._grades)
        self._settled = {student: marks.settle(grade) for student, grade in self._grades.items()}
        self._sheet, self._entries, asked = sheet, marks.entries(), marks.asked
        parts: dict[tuple[str, str], list[ManualRow]] = {}
        by_student: dict[str, list[ManualRow]] = {}
        known = hand_grading.parts(self.assignment)
        self._known, self._optional = known, marks.optional
        for row in asked:
            by_student.setdefault(row.student, []).append(row)
            if row.question == REVIEW or not row.case or row.key not in marks.optional:
                parts.setdefault((row.question, row.case), []).append(row)
        numbers = {key: number for number, key in enumerate([(REVIEW, ""), *known])}
        self._parts = tuple(
            ReviewPart(numbers.get(key, len(numbers)), known.get(key), *key, self._groups(rows, by_student))
            for key, rows in parts.items()
        )
        groups = (group for part in self._parts for group in part.groups)
        self._stamps = {decision.stamp: decision for group in groups for decision in group.decisions}

    def _groups(self, rows: Iterable[ManualRow], by_student: Mapping[str, list[ManualRow]]) -> tuple[AnswerGroup, ...]:
        """Rows about one question or case, those about equal answers together, the largest group first."""
        found: dict[str, list[ManualRow]] = {}
        for row in sorted(rows, key=lambda row: self.names[row.student]):
            found.setdefault(_digest(self._equal_in(row)), []).append(row)
        groups = []
        for name, equal in found.items():
            students = tuple(row.student for row in equal)
            others: list[ManualRow] = []
            if equal[0].question == REVIEW:
                others = [row for student in students for row in by_student[student] if row.question != REVIEW]
            groups.append(AnswerGroup(name, students, tuple(self._decisions([*equal, *others]))))
        return tuple(sorted(groups, key=lambda group: (-len(group.students), group.name)))

    def _decisions(self, rows: Iterable[ManualRow]) -> Iterator[Decision]:
        same: dict[Hashable, list[ManualRow]] = {}
        for row in rows:
            same.setdefault((row.question, row.case, _written(row)), []).append(row)
        for each in same.values():
            part = self._known.get((each[0].question, each[0].case))
            yield Decision(tuple(each), part, any(map(self._waits, each)))

    def _waits(self, row: ManualRow) -> bool:
        if row.question == REVIEW:
            return self._settled[row.student].needs_look
        return CHANGED in row.note or (row.points is None and row.key not in self._optional)

    def _equal_in(self, row: ManualRow) -> Hashable:
        """What two rows about the same question or case must share to be decided together."""
        grade = self._grades[row.student]
        question = next((each for each in grade.questions if each.name == row.question), None)
        if question is None:
            return row.digest, grade.review
        if question.manual:
            return row.possible, " ".join(question.answer.split()) or row.digest, question.pictures
        outcome = next(each for each in question.cases if each.name == row.case)
        said = outcome.message, outcome.detail, outcome.proposed
        return row.possible, said, self._answer_sources(grade).get(question.name, row.digest)

    def _answer_sources(self, grade: GradeEntry) -> Mapping[str, str]:
        """Question → the code and text of its answer's cells."""
        if grade.student not in self._sources:
            found: dict[str, str] = {}
            for cell in read_run(self.out / "runs", grade).cells:
                for question in cell.answers:
                    found[question] = f"{found.get(question, '')}\n{cell.source}"
            self._sources[grade.student] = found
        return self._sources[grade.student]


def _written(row: ManualRow) -> tuple[object, ...]:
    return row.points, row.accept, row.comment, row.items, CHANGED in row.note


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "replace")).hexdigest()[:16]
