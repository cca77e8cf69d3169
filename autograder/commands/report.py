"""`autograder report`, and how `autograder grade` ends: a person's points into grades, pages, a table. Trusted side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from autograder.errors import UsageError
from autograder.feedback import class_page, student_page, tables
from autograder.feedback.forms import FORMS, Maker
from autograder.grading.results import hand_grading
from autograder.grading.results.entries import GradeEntry
from autograder.grading.results.manual_csv import NAME, read_sheet, save_sheet
from autograder.grading.results.output_folder import OutputFolder
from autograder.records import Assignment, Execution, QuestionGrade
from autograder.wording import counted, listed, one_line, shortened

__all__ = ["ClassReport", "progress", "publish", "run", "show"]

MAX_SHOWN = 60
MAX_NAMED = 8
MAX_REASON = 1_000
MARKS = {"needs_review": "[yellow]needs review[/]", "rejected": "[red]rejected[/]"}
STOPPED = "[yellow]run stopped[/]"


@dataclass(frozen=True)
class ClassReport:
    """What a run left behind.

    Attributes:
        out: The output folder.
        grades: One a student, without texts that only pages need.
        waiting: Answers that a person still has to grade.
        changed: Answers that changed since a person graded them.
        unused: Filled rows of `manual.csv` that belong to nothing in this run.
        unmade: Forms of feedback, beside the pages, that could not be made, each with the reason.
    """

    assignment: Assignment
    out: Path
    grades: tuple[GradeEntry, ...]
    waiting: int
    changed: tuple[hand_grading.ManualRow, ...]
    unused: tuple[hand_grading.ManualRow, ...]
    unmade: tuple[str, ...]

    @property
    def needs_review(self) -> bool:
        """Whether a person has to look at something; answers that nobody has graded yet are none of these."""
        return bool(self.changed or self.unmade) or any(grade.status != "graded" for grade in self.grades)


def run(out: Path, *, also: Sequence[str], console: Console) -> ClassReport:
    """Write a finished output folder anew, with what `manual.csv` says now. No submission runs.

    Args:
        out: The folder.
        also: Names of `FORMS` to write beside the pages.
        console: Where the progress is shown.

    Raises:
        AutograderError: See the errors' own texts; nothing that was there is lost.
    """
    for name in also:
        if name not in FORMS:
            raise UsageError(f"--also knows {listed(list(FORMS))}, not {name!r}.")
    makers = {FORMS[name].suffix: FORMS[name].prepare() for name in also}
    with OutputFolder.reopen(out) as folder:
        return publish(folder, console, makers)


def publish(folder: OutputFolder, console: Console, makers: Mapping[str, Maker]) -> ClassReport:
    """Merge `manual.csv` into all grades of a folder and write its report.

    Args:
        folder: The grades.
        console: Where the progress is shown.
        makers: Suffix → what makes that form of a student's feedback, beside the page.

    Raises:
        AutograderError: `manual.csv` cannot be understood, or something cannot be read or written.
    """
    assignment = folder.assignment
    path = folder.out / NAME
    sheet = read_sheet(path, assignment)
    marks = hand_grading.Marks(assignment, sheet, folder.students)
    grades, unmade = [], []
    with progress(console, "Writing pages") as bar:
        for stored in bar.track(folder.entries(), total=len(folder.students)):
            execution = folder.run(stored)
            settled = marks.settle(stored)
            folder.revise(settled)  # without what is wrong with its page: the next report may be able to make that
            settled, page = _page(assignment, settled, execution)
            folder.write_feedback(settled.student, ".html", page.encode("utf-8", "replace"))
            for suffix, make in makers.items():
                try:
                    content = make(assignment, settled, execution, page)
                except Exception as error:  # noqa: BLE001 - what one student handed in must not cost the others theirs
                    unmade.append(f"{settled.student}{suffix} ({one_line(str(error))})")
                else:
                    folder.write_feedback(settled.student, suffix, content)
            grades.append(_light(settled))
    executions = {
        entry.student: Execution(entry.execution.status, entry.execution.message, (), entry.execution.wall_seconds)
        for entry in grades
    }
    entries = marks.entries()
    changed, unused = tuple(marks.changed), tuple(marks.unused)
    save_sheet(path, sheet, entries, tables.sheet_csv(hand_grading.cells(sheet, entries), sheet.delimiter))
    suffixes = [".html", *(form.suffix for form in FORMS.values())]
    folder.finish(tables.grades_csv(assignment, grades), class_page.render(assignment, grades, executions), suffixes)
    return ClassReport(assignment, folder.out, tuple(grades), marks.waiting, changed, unused, tuple(unmade))


def progress(console: Console, doing: str) -> Progress:
    """A bar that goes when all is done."""
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Where nobody watches, Rich would print an empty line, also before an error.
    return Progress(*columns, console=console, transient=True, disable=not console.is_interactive)


def _page(assignment: Assignment, settled: GradeEntry, execution: Execution) -> tuple[GradeEntry, str]:
    """A grade and its page; where that cannot be made, it is the grader's fault, and a person must look."""
    try:
        return settled, student_page.render(assignment, settled, execution)
    except Exception as error:  # noqa: BLE001 - a bug in the grader must not stop the class
        reason = f"The page could not be made: {type(error).__name__}: {one_line(str(error))}"
        failed = replace(settled, status="needs_review", message=reason)
        return failed, student_page.render(assignment, replace(failed, questions=()), None)


def _light(entry: GradeEntry) -> GradeEntry:
    """An entry without what only its own page shows, so that a large class stays small in memory."""
    questions = tuple(
        replace(question, answer="", histories={}, cases=tuple(replace(case, diff=()) for case in question.cases))
        for question in entry.questions
    )
    return replace(entry, questions=questions)


def show(report: ClassReport, console: Console) -> None:
    """Print a table of the class, what a person has to do, and where the report is."""
    names = [question.name for question in report.assignment.questions]
    table, legend = _table(report, names), ""
    widest = console.measure(table, options=console.options.update(max_width=1_000)).maximum
    if widest > console.width:  # numbers are read where words would be cut to pieces
        table = _table(report, [str(number) for number in range(1, len(names) + 1)])
        legend = ", ".join(f"{number} {name}" for number, name in enumerate(names, start=1))
    console.print(table)
    if legend:
        console.print(legend, markup=False, highlight=False)
    if len(report.grades) > MAX_SHOWN:
        console.print(f"… and {len(report.grades) - MAX_SHOWN} more.")
    review = [grade for grade in report.grades if grade.status != "graded" or _stopped(grade)]
    remarks = [grade.student for grade in report.grades if grade.warnings]
    for grade in review[:MAX_SHOWN]:
        mark, reason = MARKS.get(grade.status, STOPPED), grade.message or grade.execution.message
        line = f"{mark} {escape(grade.student)}: {escape(one_line(reason, MAX_REASON))}"
        console.print(line, soft_wrap=True, highlight=False)
    if review:
        verb = "needs" if len(review) == 1 else "need"
        console.print(f"{len(review)} of {len(report.grades)} {verb} a look; see the top of the report.")
    if remarks:
        who = shortened([one_line(student) for student in remarks], MAX_NAMED)
        what = f"Remarks on {counted(len(remarks), 'submission')} ({who}): see the report."
        console.print(what, soft_wrap=True, markup=False, highlight=False)
    if report.unmade:
        what = f"Not made: {shortened(report.unmade, MAX_NAMED)}. Their pages are there."
        console.print(what, soft_wrap=True, markup=False, highlight=False)
    for line in _by_hand(report):
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    console.print(f"Report: {report.out / 'index.html'}", soft_wrap=True, markup=False, highlight=False)


def _stopped(grade: GradeEntry) -> bool:
    """Whether the notebook was graded by what it had done when it ended early."""
    return grade.status == "graded" and grade.execution.status != "completed"


def _table(report: ClassReport, headers: Sequence[str]) -> Table:
    """The class, a row each, with these words above the questions."""
    table = Table(title=escape(f"{report.assignment.title} ({report.assignment.slug})"))
    table.add_column("student", no_wrap=True)
    for header in headers:
        table.add_column(escape(header), justify="right", overflow="fold")
    table.add_column("score", justify="right", no_wrap=True)
    for grade in report.grades[:MAX_SHOWN]:
        scores = {question.name: _score(question) for question in grade.questions}
        shown = (scores.get(question.name, "–") for question in report.assignment.questions)
        table.add_row(escape(grade.student), *shown, f"{grade.score:g} / {grade.possible:g}")
    return table


def _by_hand(report: ClassReport) -> Iterator[str]:
    path = report.out / NAME
    if report.changed:
        what = counted(len(report.changed), "answer")
        yield (
            f"{what} changed since graded by hand ({_names(report.changed)}); the points stay. "
            f"Look at them, then clear their `note` in {path}."
        )
    if report.unused:
        rows = "1 row belongs" if len(report.unused) == 1 else f"{len(report.unused)} rows belong"
        yield f"{rows} to nothing in this run ({_names(report.unused)}); kept in {path}."
    if report.waiting:
        verb = "waits" if report.waiting == 1 else "wait"
        yield (
            f"{counted(report.waiting, 'answer')} {verb} for a person: "
            f"fill in {path}, then run `autograder report {report.out}`."
        )


def _names(entries: tuple[hand_grading.ManualRow, ...]) -> str:
    return shortened([one_line(f"{row.student} {row.case or row.question}", 80) for row in entries], MAX_NAMED)


def _score(question: QuestionGrade) -> str:
    waiting = [case.status == "manual" for case in question.cases]
    if waiting and all(waiting):
        return "…"
    return f"{question.score:g} + …" if any(waiting) else f"{question.score:g}"
