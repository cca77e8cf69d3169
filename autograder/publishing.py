"""From the grades in an output folder to its report: a person's points, pages, tables. Trusted side."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from rich.progress import Progress

from autograder.class_analysis.failures import without_same_rows
from autograder.class_analysis.similarity import (
    AlikeSubmissions,
    LinePair,
    SubmissionIndex,
    own_cells,
    side_by_side,
)
from autograder.errors import UsageError
from autograder.feedback import class_page, pages, student_page, tables
from autograder.feedback.forms import FORMS, Maker
from autograder.grading.results import hand_grading
from autograder.grading.results.entries import GradeEntry, encoded
from autograder.grading.results.late_work import LateWork
from autograder.grading.results.manual_csv import NAME, read_sheet, save_sheet
from autograder.grading.results.moves import described_move, moves
from autograder.grading.results.output_folder import OutputFolder
from autograder.grading.results.pseudonyms import anonymous, pseudonyms
from autograder.grading.results.run_store import grades_before
from autograder.language import in_language
from autograder.records import Assignment, Execution, Grade, Move, Outcome
from autograder.wording import one_line

__all__ = ["ClassReport", "publish", "share_copy"]

MAX_MOVES = 40
"""Of those whose grade moved, how many the terminal names; the class page names all."""


@dataclass(frozen=True)
class ClassReport:
    """What a run left behind.

    Attributes:
        out: The output folder.
        grades: One a student, without texts that only pages need.
        waiting: Answers that a person still has to grade.
        changed: Answers that changed since a person graded them.
        unused: Filled rows of `manual.csv` that belong to nothing in this run.
        unmade: Pages and other forms of feedback that could not be made, each with the reason.
        restored: Rows that were gone from `manual.csv`, and are back with the points that they had.
        outdated: Who was graded with another version of the exercise than the last run's.
        moved: Who had another grade in the report before this one.
        copied: The copy with pseudonyms, if one was made.
        strangers: Students of `late.csv` of whom there is no grade.
    """

    assignment: Assignment
    out: Path
    grades: tuple[GradeEntry, ...]
    waiting: int
    changed: tuple[hand_grading.ManualRow, ...]
    unused: tuple[hand_grading.ManualRow, ...]
    unmade: tuple[str, ...]
    restored: tuple[hand_grading.ManualRow, ...]
    outdated: tuple[str, ...]
    moved: tuple[Move, ...] = ()
    copied: Path | None = None
    strangers: tuple[str, ...] = ()

    @property
    def needs_review(self) -> bool:
        """Whether a person has to look at something: what `to_review` has, answers that changed, pages not made."""
        return bool(self.to_review or self.changed or self.unmade)

    @property
    def to_review(self) -> tuple[GradeEntry, ...]:
        """Submissions that need review or were rejected."""
        return tuple(grade for grade in self.grades if grade.needs_look)


def publish(folder: OutputFolder, makers: Mapping[str, Maker], bar: Progress) -> ClassReport:
    """Merge `manual.csv` into all grades of a folder and write its report.

    Args:
        folder: The grades.
        makers: Suffix → what makes that form of a student's feedback, beside the page.
        bar: Shows the progress.

    Raises:
        AutograderError: `manual.csv` cannot be understood, or something cannot be read or written.
    """
    assignment = folder.assignment
    path = folder.out / NAME
    sheet = read_sheet(path, assignment)
    whole, restored = hand_grading.completed(sheet, folder.earlier())
    marks, late = hand_grading.Marks(assignment, whole, folder.students), LateWork(assignment, folder.out)
    grades, unmade, index = _pages(folder, lambda entry: late.settle(marks.settle(entry)), makers, bar)
    entries = marks.entries()
    changed, unused = tuple(marks.changed), tuple(marks.unused)
    save_sheet(path, sheet, entries, tables.sheet_csv(hand_grading.cells(sheet, entries), sheet.delimiter))
    moved = tuple(moves(folder.earlier(), grades))
    for move in moved[:MAX_MOVES]:  # before anything is replaced
        bar.console.print(described_move(move), soft_wrap=True, markup=False, highlight=False)
    if len(moved) > MAX_MOVES:
        bar.console.print(f"… and {len(moved) - MAX_MOVES} more whose grade moved.", markup=False, highlight=False)
    _finish(folder, grades, index, sheet=NAME, changed=len(changed), moved=moved)
    return ClassReport(
        assignment,
        folder.out,
        tuple(grades),
        marks.waiting,
        changed,
        unused,
        tuple(unmade),
        restored,
        tuple(entry.student for entry in grades if entry.submission and entry.bundle != folder.bundle),
        moved,
        strangers=tuple(late.strangers(grades)),
    )


def share_copy(folder: OutputFolder, copy: Path, makers: Mapping[str, Maker], bar: Progress) -> None:
    """Write a copy of a finished folder with pseudonyms, and without ids, digests and file names.

    Args:
        folder: The grades; the key of the pseudonyms is kept there.
        copy: A folder that is not there yet, or empty.
        makers: See `publish`.
        bar: Shows the progress.

    Raises:
        UsageError: There is something in the folder for the copy.
        AutograderError: Something cannot be read or written.
    """
    if copy.exists() and (not copy.is_dir() or any(copy.iterdir())):
        raise UsageError(f"{copy} is not empty: a copy without names goes into a folder of its own. Choose another -o.")
    names = pseudonyms(folder.out, folder.students)
    with OutputFolder.start(copy, replace(folder.assignment, data={}), "", {}) as target:
        for stored in folder.entries():
            target.add(*anonymous(stored, folder.run(stored), names))
        grades, _, index = _pages(target, lambda entry: entry, makers, bar)
        _finish(target, grades, index)


def _pages(
    folder: OutputFolder, settle: Callable[[GradeEntry], GradeEntry], makers: Mapping[str, Maker], bar: Progress
) -> tuple[list[GradeEntry], list[str], SubmissionIndex]:
    """Make the pages that changed; returns the grades without details, what could not be made, and what is compared."""
    assignment = folder.assignment
    grades, unmade, index = [], [], SubmissionIndex(assignment.stub)
    details = _Details()
    for stored in bar.track(folder.entries(), total=len(folder.students)):
        execution = folder.run(stored)
        settled = settle(stored)
        if settled != stored:
            folder.revise(settled)
        grades.append(details.left_out(settled))
        index.add(settled, execution.cells)
        made_of = _made_of(assignment, settled, execution)
        if not makers and folder.pages.stands(settled.student, made_of):
            continue
        page, reason = _page(assignment, settled, execution)
        content = page.encode("utf-8", "replace")
        if reason:
            unmade.append(f"{settled.student}.html ({reason})")
        else:
            folder.pages.add(settled.student, made_of, content)
        folder.write_feedback(settled.student, ".html", content)
        for suffix, make in makers.items():
            try:
                with in_language(assignment.language):
                    form = make(assignment, settled, execution, page)
            except Exception as error:  # noqa: BLE001 - what one student handed in must not cost the others theirs
                unmade.append(f"{settled.student}{suffix} ({one_line(str(error))})")
            else:
                folder.write_feedback(settled.student, suffix, form)
    return grades, unmade, index


def _made_of(assignment: Assignment, settled: GradeEntry, execution: Execution) -> str:
    """A digest of all that a student's page is made of; see `student_page.render`."""
    grade = [getattr(settled, each.name) for each in fields(Grade)]
    ran = [execution.status, execution.message, execution.wall_seconds, execution.cells, execution.files]
    return hashlib.sha256(
        encoded([pages.rendering_digest(), assignment.title, assignment.language, grade, ran])
    ).hexdigest()


def _finish(
    folder: OutputFolder,
    grades: Sequence[GradeEntry],
    index: SubmissionIndex,
    *,
    sheet: str = "",
    changed: int = 0,
    moved: Sequence[Move] = (),
) -> None:
    executions = {
        entry.student: Execution(entry.execution.status, entry.execution.message, (), entry.execution.wall_seconds)
        for entry in grades
    }
    suffixes = [".html", *(form.suffix for form in FORMS.values())]
    shown = moved or tuple(moves(grades_before(folder.out), grades))  # those of the last report that moved a grade
    alike = _alike(folder, grades, index)
    page = class_page.render(
        folder.assignment, grades, executions, sheet=sheet, changed=changed, moved=shown, alike=alike
    )
    folder.finish(tables.grades_csv(folder.assignment, grades), page, suffixes, moved=bool(moved))


def _alike(
    folder: OutputFolder, grades: Sequence[GradeEntry], index: SubmissionIndex
) -> list[tuple[AlikeSubmissions, list[LinePair]]]:
    """Submissions that are alike, with the texts of two of each; only these are read once more."""
    entries = {entry.student: entry for entry in grades}
    made = []
    for found in index.alike():
        one, other = (
            own_cells(folder.run(entries[student]).cells, folder.assignment.stub) for student in found.students[:2]
        )
        made.append((found, list(side_by_side(one, other))))
    return made


def _page(assignment: Assignment, settled: GradeEntry, execution: Execution) -> tuple[str, str]:
    """A grade's page; where it cannot be made, one that says that a person looks at it, and the reason."""
    with in_language(assignment.language):
        try:
            return student_page.render(assignment, settled, execution), ""
        except Exception as error:  # noqa: BLE001 - a bug in the grader must not stop the class
            failed = replace(settled, status="needs_review", questions=())
            return student_page.render(assignment, failed, None), f"{type(error).__name__}: {one_line(str(error))}"


class _Details:
    """Leaves out of entries what only their own pages show, so that a large class stays small in memory."""

    def __init__(self) -> None:
        self._outcomes: dict[Outcome, Outcome] = {}
        self._environments: list[dict[str, str]] = []

    def left_out(self, entry: GradeEntry) -> GradeEntry:
        """An entry without details; what is the same in another one, both share."""
        questions = tuple(
            replace(
                question,
                answer="",
                histories={},
                weights={},
                cases=tuple(self._one(without_same_rows(case)) for case in question.cases),
            )
            for question in entry.questions
        )
        environment = entry.execution.environment
        if environment not in self._environments:
            self._environments.append(environment)
        same = self._environments[self._environments.index(environment)]
        return replace(entry, questions=questions, execution=replace(entry.execution, phases={}, environment=same))

    def _one(self, outcome: Outcome) -> Outcome:
        return self._outcomes.setdefault(outcome, outcome)
