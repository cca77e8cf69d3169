"""`autograder grade`: from a source of submissions to an output folder. Trusted side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from autograder.commands.progress import progress
from autograder.errors import UsageError
from autograder.grading.cases.bundle import find_bundle, load_bundle
from autograder.grading.execution.pool import grade_class
from autograder.grading.execution.submission_grading import rejected
from autograder.grading.intake.roster import Roster, match, read_roster
from autograder.grading.intake.submissions import Item, collect
from autograder.grading.results.manual_csv import NAME, read_sheet
from autograder.grading.results.output_folder import OutputFolder
from autograder.publishing import ClassReport, publish
from autograder.records import Submission
from autograder.sandbox.host.launch import check_sandbox

__all__ = ["run"]

NOT_LISTED = "You are not on the class list."


def run(
    slug: str, source: Path, *, out: Path | None, roster: Path | None, workers: int, executor: str, console: Console
) -> ClassReport:
    """Grade all submissions and write the output folder.

    Raises:
        AutograderError: See the errors' own texts; nothing that was there is lost.
    """
    if executor != "local":
        raise UsageError(f"executor {executor!r} is not there in this version; leave --executor out.")
    bundle = load_bundle(find_bundle(slug, Path.cwd()))
    assignment = bundle.assignment
    out = out or Path(f"{assignment.slug}-grades")
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"{out} lies in {source}, where its pages would be taken for submissions. Choose another -o.")
    items = collect(source)
    listed = read_roster(roster) if roster is not None else None
    items, absent, unlisted = _on_roster(listed, items)
    questions = [question.name for question in assignment.questions]
    read_sheet(out / NAME, assignment)  # before anything takes time: it is read again when everything is graded
    check_sandbox()
    with OutputFolder.start(out, assignment, bundle.digest) as folder:
        waiting = _not_done(folder, items, questions)
        with progress(console, "Grading") as bar:
            task = bar.add_task("", total=len(items), completed=len(items) - len(waiting))
            for graded in grade_class(bundle.path, waiting, workers=workers):
                folder.add(graded.grade, graded.execution)
                bar.update(task, advance=1)
        for student in absent:
            nothing = rejected(bundle, Submission(student, "", problem="Nothing was handed in."))
            folder.add(nothing.grade, nothing.execution)
        for entry in folder.entries():  # an interrupted run may have had another class list
            others = tuple(warning for warning in entry.warnings if warning != NOT_LISTED)
            warnings = (*others, NOT_LISTED) if entry.student in unlisted else others
            if warnings != entry.warnings:
                folder.revise(replace(entry, warnings=warnings))
        with progress(console, "Writing pages") as bar:
            return publish(folder, {}, bar)


def _on_roster(roster: Roster | None, items: Iterable[Item]) -> tuple[list[Item], tuple[str, ...], frozenset[str]]:
    """The submissions under the roster's names; who handed in nothing; who is not on the roster."""
    listed = list(items)
    if roster is None:
        return listed, (), frozenset()
    found = match(roster, [item.student for item in listed])
    if not found.found:
        raise UsageError(
            f"nobody who handed in ({len(listed)} in all) is on the class list: it has students such as "
            f"`{roster.students[0]}`, from its column `{roster.column}`; a submission is `{listed[0].student}`. Give "
            "the list a column `student` with the names that the files have."
        )
    named = [replace(item, student=found.found.get(item.student, item.student)) for item in listed]
    return named, found.missing, frozenset(found.unknown)


def _not_done(folder: OutputFolder, items: Iterable[Item], questions: list[str]) -> list[Item]:
    """What an interrupted run has not graded yet."""
    done = folder.resumable()
    waiting = []
    for item in items:
        if item.student in done and done[item.student] == item.read(questions).digest:
            folder.resume(item.student)
        else:
            waiting.append(item)
    return waiting
