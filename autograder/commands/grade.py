"""`autograder grade`: from a source of submissions to an output folder, and a table on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from autograder.errors import UsageError
from autograder.feedback import class_page, student_page, tables
from autograder.grading.bundle import find_bundle, load_bundle
from autograder.grading.classroom import UNREAD, grade_class
from autograder.grading.intake import Item, collect
from autograder.grading.pipeline import rejected
from autograder.grading.roster import Roster, match, read_roster
from autograder.grading.store import GradeEntry, Store
from autograder.records import Assignment, Execution, Grade, Submission
from autograder.sandbox.launch import check_wall

__all__ = ["Report", "run", "show"]

MAX_SHOWN = 60
MARKS = {"needs_review": "[yellow]needs review[/]", "rejected": "[red]rejected[/]"}


@dataclass(frozen=True)
class Report:
    """What a run left behind.

    Attributes:
        grades: One a student, without texts that only pages need.
        index: The class page.
    """

    assignment: Assignment
    grades: tuple[Grade, ...]
    index: Path

    @property
    def needs_review(self) -> bool:
        """Whether a person has to look at something."""
        return any(grade.status != "graded" for grade in self.grades)


def run(
    slug: str,
    source: Path,
    *,
    out: Path | None,
    roster: Path | None,
    workers: int,
    executor: str,
    here: Path,
    console: Console,
) -> Report:
    """Grade all submissions and write the output folder.

    Raises:
        AutograderError: See the errors' own texts; nothing that was there is lost.
    """
    if executor != "local":
        raise UsageError(f"executor {executor!r} is not there in this version; leave --executor out.")
    bundle = load_bundle(find_bundle(slug, here))
    assignment = bundle.assignment
    out = out or Path(f"{assignment.slug}-grades")
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"{out} lies in {source}, where its pages would be taken for submissions. Choose another -o.")
    items = collect(source)
    listed = read_roster(roster) if roster is not None else None
    items, absent, strangers = _on_roster(listed, items)
    questions = [question.name for question in assignment.questions]
    check_wall()
    with Store(out, assignment.slug, bundle.digest) as store:
        waiting = _not_done(store, items, questions)
        with _progress(console) as progress:
            task = progress.add_task("", total=len(items), completed=len(items) - len(waiting))
            for finished in grade_class(bundle.path, waiting, workers=workers, render=student_page.render):
                grade = finished.grade
                if grade.student in strangers:
                    grade = replace(grade, warnings=(*grade.warnings, "You are not on the class list."))
                store.add(grade, finished.execution, finished.page)
                progress.update(task, advance=1)
        for student in absent:
            nothing = rejected(bundle, Submission(student, "", UNREAD, problem="Nothing was handed in."))
            page = student_page.render(assignment, nothing.grade, nothing.execution)
            store.add(nothing.grade, nothing.execution, page)
        grades = [_light(entry) for entry in store.entries()]
        executions = {entry.student: Execution(entry.execution.status, entry.execution.message) for entry in grades}
        store.finish(tables.grades_csv(assignment, grades), class_page.render(assignment, grades, executions))
        return Report(assignment, tuple(grades), store.out / "index.html")


def _on_roster(roster: Roster | None, items: Iterable[Item]) -> tuple[list[Item], tuple[str, ...], frozenset[str]]:
    """The submissions under the roster's names; who handed in nothing; who is not on the roster."""
    listed = list(items)
    if roster is None:
        return listed, (), frozenset()
    found = match(roster, [item.student for item in listed])
    named = [replace(item, student=found.found.get(item.student, item.student)) for item in listed]
    return named, found.missing, frozenset(found.unknown)


def _not_done(store: Store, items: Iterable[Item], questions: list[str]) -> list[Item]:
    """What an interrupted run has not graded yet."""
    done = store.resumable()
    waiting = []
    for item in items:
        if item.student in done and done[item.student] == item.read(questions).digest:
            store.keep(item.student)
        else:
            waiting.append(item)
    return waiting


def _light(entry: GradeEntry) -> GradeEntry:
    """An entry without what only its own page shows, so that a large class stays small in memory."""
    questions = tuple(
        replace(
            question,
            answer="",
            history={},
            cases=tuple(replace(case, diff=()) for case in question.cases),
        )
        for question in entry.questions
    )
    return replace(entry, questions=questions)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("Grading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console, transient=True
    )


def show(report: Report, console: Console) -> None:
    """Print a table of the class and where its report is."""
    table = Table(title=escape(f"{report.assignment.title} ({report.assignment.slug})"))
    table.add_column("student", no_wrap=True)
    for question in report.assignment.questions:
        table.add_column(escape(question.name), justify="right", overflow="fold")
    table.add_column("score", justify="right", no_wrap=True)
    for grade in report.grades[:MAX_SHOWN]:
        table.add_row(escape(grade.student), *_scores(report.assignment, grade), _total(grade))
    console.print(table)
    if len(report.grades) > MAX_SHOWN:
        console.print(f"… and {len(report.grades) - MAX_SHOWN} more.")
    review = [grade for grade in report.grades if grade.status != "graded"]
    for grade in review[:MAX_SHOWN]:
        mark = MARKS[grade.status]
        console.print(f"{mark} {escape(grade.student)}: {_shown(grade.message)}", soft_wrap=True, highlight=False)
    if review:
        console.print(f"{len(review)} of {len(report.grades)} need a look; they come first in the report.")
    console.print(f"Report: {report.index}", soft_wrap=True, markup=False, highlight=False)


def _scores(assignment: Assignment, grade: Grade) -> Iterator[str]:
    graded = {question.name: question for question in grade.questions}
    for question in assignment.questions:
        found = graded.get(question.name)
        yield "by hand" if question.manual else f"{found.score:g}" if found else "–"


def _total(grade: Grade) -> str:
    return f"{grade.score:g} / {grade.possible:g}"


def _shown(text: str) -> str:
    """Text that may quote a student's, for a terminal: no control characters, no markup."""
    return escape("".join(character if character.isprintable() else "�" for character in text))
