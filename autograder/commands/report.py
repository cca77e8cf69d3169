"""`autograder report`: writes a finished folder anew; prints what came out, for `grade` as well. Trusted side."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.commands.progress import progress
from autograder.errors import UsageError
from autograder.feedback.forms import FORMS
from autograder.grading.execution import environment
from autograder.grading.results import hand_grading
from autograder.grading.results.entries import GradeEntry
from autograder.grading.results.hand_grading import ACCEPT, REVIEW
from autograder.grading.results.late_work import ALLOWANCES
from autograder.grading.results.manual_csv import NAME
from autograder.grading.results.output_folder import OutputFolder
from autograder.grading.results.pseudonyms import KEY
from autograder.publishing import ClassReport, publish, share_copy
from autograder.records import TIME_NOT_KNOWN, QuestionGrade
from autograder.wording import counted, listed, one_line, shortened

__all__ = ["run", "show"]

MAX_SHOWN = 60
MAX_NAMED = 8
MAX_REASON = 1_000
MARKS = {"needs_review": "[yellow]needs review[/]", "rejected": "[red]rejected[/]"}
STOPPED = "[yellow]run stopped[/]"
NOTICE = "[yellow]wrong notebook?[/]"


def run(
    out: Path, *, also: Sequence[str], console: Console, remove: Sequence[str] = (), copy: Path | None = None
) -> ClassReport:
    """Write a finished output folder anew, with what `manual.csv` says now. No submission runs.

    Args:
        out: The folder.
        also: Names of `FORMS` to write beside the pages.
        console: Where the progress is shown.
        remove: Students to take out of the folder.
        copy: Where a copy with pseudonyms goes.

    Raises:
        AutograderError: See the errors' own texts; nothing that was there is lost.
    """
    for name in also:
        if name not in FORMS:
            raise UsageError(f"--also knows {listed(list(FORMS))}, not {name!r}.")
    makers = {FORMS[name].suffix: FORMS[name].prepare() for name in also}
    with OutputFolder.reopen(out) as folder, progress(console, "Writing pages") as bar:
        for student in remove:
            folder.remove(student)
        made = publish(folder, makers, bar)
    if copy is not None:
        with OutputFolder.reopen(out) as folder, progress(console, "Writing the copy") as bar:
            share_copy(folder, copy, makers, bar)
    return replace(made, copied=copy)


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
    review = report.to_review
    others = [grade for grade in report.grades if grade.status == "graded" and (_stopped(grade) or grade.notice)]
    for grade in [*review[:MAX_SHOWN], *others[:MAX_SHOWN]]:
        mark = MARKS.get(grade.status, STOPPED if _stopped(grade) else NOTICE)
        reason = grade.message or grade.notice or grade.execution.message
        line = f"{mark} {escape(grade.student)}: {escape(one_line(reason, MAX_REASON))}"
        console.print(line, soft_wrap=True, highlight=False)
    if review:
        verb = "needs" if len(review) == 1 else "need"
        console.print(f"{len(review)} of {len(report.grades)} {verb} a look; see the top of the report.")
        path = report.out / NAME
        ways = {  # a case that waits for its points has a row of its own, and the submission none
            True: f"Where such a grade is right, write `{ACCEPT}` into its row {REVIEW} of {path}; else write points.",
            False: f"A case that waits has a row in {path}: write points, or `{ACCEPT}` for those that it proposes.",
        }
        for way in dict.fromkeys(bool(grade.review) for grade in review):
            console.print(ways[way], soft_wrap=True, markup=False, highlight=False)
    for line in _remarks(report):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _stopped(grade: GradeEntry) -> bool:
    """Whether the notebook was graded by what it had done when it ended early."""
    return grade.status == "graded" and grade.execution.status not in ("completed", "refused")


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


def _remarks(report: ClassReport) -> Iterator[str]:
    path = report.out / NAME
    if absent := [one_line(grade.student) for grade in report.grades if grade.absent]:
        yield f"{counted(len(absent), 'student')} handed in nothing: {shortened(absent, MAX_NAMED)}."
    if with_remarks := [one_line(grade.student) for grade in report.grades if grade.warnings]:
        who, what = shortened(with_remarks, MAX_NAMED), counted(len(with_remarks), "submission")
        yield f"Remarks on {what} ({who}): see the report."
    if report.assignment.late is not None:
        yield from _late_remarks(report)
    if line := environment.differences(grade.execution.environment for grade in report.grades):
        yield line
    if report.outdated:
        what = "1 grade was" if len(report.outdated) == 1 else f"{len(report.outdated)} grades were"
        yield f"{what} made with another version of the exercise ({shortened(report.outdated, MAX_NAMED)}), and kept."
    if report.unmade:
        yield f"Not made: {shortened(report.unmade, MAX_NAMED)}."
    if report.changed:
        what = f"{counted(len(report.changed), 'answer')} changed since graded by hand ({_names(report.changed)})"
        yield f"{what}; the points stay. Look at them, then clear their `note` in {path}."
    if report.restored:
        rows = "1 row was" if len(report.restored) == 1 else f"{len(report.restored)} rows were"
        yield f"{rows} gone from {path} ({_names(report.restored)}); back with the points of the last report."
    if (mode := stat.S_IMODE(report.out.stat().st_mode)) & 0o077:
        yield f"Others may open {report.out} (mode {mode:o}). It is personal data: `chmod 700 {report.out}` closes it."
    if report.unused:
        rows = "1 row belongs" if len(report.unused) == 1 else f"{len(report.unused)} rows belong"
        yield f"{rows} to nothing in this run ({_names(report.unused)}); kept in {path}."
    if report.waiting:
        what = "1 answer waits" if report.waiting == 1 else f"{report.waiting} answers wait"
        yield f"{what} for a person: fill in {path}, then run `autograder report {report.out}`."
    if report.copied is None:
        yield f"Report: {report.out / 'index.html'}"
    else:
        yield f"Report with names, to keep: {report.out / 'index.html'}. Who is who: {report.out / KEY}"
        yield "The copy has pseudonyms. Notebooks and comments in it may still hold names: look before you share it."
        yield f"Copy: {report.copied / 'index.html'}"


def _late_remarks(report: ClassReport) -> Iterator[str]:
    path = report.out / ALLOWANCES
    if late := [one_line(grade.student) for grade in report.grades if grade.late and grade.penalty]:
        taken = counted(sum(grade.penalty for grade in report.grades), "point")
        who = f"{counted(len(late), 'student')} handed in late ({shortened(late, MAX_NAMED)})"
        yield f"{who}: {taken} taken off in all."
    if unknown := [one_line(grade.student) for grade in report.grades if grade.late == TIME_NOT_KNOWN]:
        who = f"{counted(len(unknown), 'student')} ({shortened(unknown, MAX_NAMED)})"
        yield f"Not known when handed in, so nothing is taken off: {who}. Write times into {path}."
    if report.strangers:
        yield f"In {path}, but not in this class: {shortened(list(map(one_line, report.strangers)), MAX_NAMED)}."


def _names(entries: tuple[hand_grading.ManualRow, ...]) -> str:
    return shortened([one_line(f"{row.student} {row.case or row.question}", 80) for row in entries], MAX_NAMED)


def _score(question: QuestionGrade) -> str:
    waiting = [case.status == "manual" for case in question.cases]
    if waiting and all(waiting):
        return "…"
    return f"{question.score:g} + …" if any(waiting) else f"{question.score:g}"
