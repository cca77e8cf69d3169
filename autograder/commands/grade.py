"""`autograder grade`: from a source of submissions to an output folder. Trusted side."""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from autograder.commands.intake import what_is_there
from autograder.commands.progress import ClassProgress, Emit, progress
from autograder.errors import UsageError
from autograder.grading.cases.bundle import find_bundle, load_bundle
from autograder.grading.cases.otter_bundle import is_otter_zip, write_bundle
from autograder.grading.execution.dask_cluster import connected
from autograder.grading.execution.environment import environment
from autograder.grading.execution.kept_runs import KeptRun, case_digests
from autograder.grading.execution.pool import Engine, fitting_workers, grade_class
from autograder.grading.execution.submission_grading import LOWERED, rejected
from autograder.grading.intake.download_people import Owner
from autograder.grading.intake.owners import count_notebooks
from autograder.grading.intake.roster import Roster, match, read_roster
from autograder.grading.intake.student_ids import distinct, same_student
from autograder.grading.intake.submissions import NOBODY, Item, survey
from autograder.grading.requirements import refuse_lacking
from autograder.grading.results.manual_csv import NAME, read_sheet
from autograder.grading.results.output_folder import OutputFolder
from autograder.language import gettext as _
from autograder.language import in_language
from autograder.publishing import ClassReport, publish
from autograder.records import NOT_LISTED, Limits, Submission
from autograder.sandbox.host.bubblewrap import lowered
from autograder.sandbox.host.gpu import GPU_VARIABLE, chosen_gpus
from autograder.sandbox.host.launch import check_sandbox
from autograder.sandbox.host.preloading import DESCRIBED, chosen_way
from autograder.wording import counted, listed, one_line, shortened

__all__ = ["opened", "run"]

MAX_NAMED = 8


@contextmanager
def opened(slug: str, console: Console) -> Iterator[str]:
    """The exercise to grade: `slug` itself, or for a zip of Otter's the folder of a bundle that is made of it.

    Args:
        slug: See `run`; or an autograder zip of Otter's.
        console: Where is said what of the zip is for a person, and what is left aside.

    Raises:
        UsageError: The zip cannot be read.
    """
    if not is_otter_zip(Path(slug)):
        yield slug
        return
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "bundle"
        found = write_bundle(Path(slug), made)
        for case in found.not_gradable:
            text = f"Not gradable here, so for a person: {case.case}, as {case.reason}."
            console.print(text, soft_wrap=True, markup=False, highlight=False)
        if found.left_aside:
            keys = listed(found.left_aside)
            console.print(f"Left aside of otter_config.json: {keys}.", soft_wrap=True, markup=False, highlight=False)
        yield str(made)


def run(
    slug: str,
    source: Path,
    *,
    out: Path | None,
    students: str,
    roster: Path | None,
    workers: int | None,
    executor: str,
    gpus: str | None,
    again: bool,
    share: bool,
    shard: str | None,
    keep: str,
    remove: Sequence[str],
    console: Console,
    emit: Emit,
) -> ClassReport:
    """Grade all submissions, and add them to the output folder.

    Args:
        slug: The exercise, or the path of its bundle.
        source: What was handed in.
        out: The output folder.
        students: What names the student; see `submissions.survey`.
        roster: The class list.
        workers: Submissions at one time; by default as many as the machine has cores and memory for.
        executor: Where the workers run: `local`, or the address of a Dask scheduler.
        gpus: Numbers of the GPUs that notebooks may use, one each: `0,1`.
        again: Whether unchanged submissions are graded, too.
        share: Whether submissions whose program is the same share one run of it.
        shard: `i/n`, to grade the i-th of n parts of the class.
        keep: `all` that runs send, so that changed cases can run on it, or `none`.
        remove: Students to take out of the folder.
        console: Where the progress is shown.
        emit: Gets the event `class` before the first submission, and those of `ClassProgress`.

    Raises:
        AutograderError: See the errors' own texts; nothing that was there is lost.
    """
    if keep not in ("all", "none"):
        raise UsageError(f"--keep {keep}: give `all` or `none`.")
    part, parts = (1, 1) if shard is None else _part(shard)
    bundle = load_bundle(find_bundle(slug, Path.cwd()))
    assignment = bundle.assignment
    refuse_lacking(assignment.slug, assignment.requires)
    out = out or Path(f"{assignment.slug}-grades")
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"{out} lies in {source}, where its pages would be taken for submissions. Choose another -o.")
    items, own, system = survey(source, students)
    on_list = read_roster(roster) if roster is not None else None
    items, absent, unlisted = _on_roster(on_list, items, system)
    items, absent = items[part - 1 :: parts], absent if part == 1 else ()
    notebooks = count_notebooks(items, assignment.slug, on_list.students if on_list else ())
    questions = [question.name for question in assignment.questions]
    read_sheet(out / NAME, assignment)  # before anything takes time: it is read again when everything is graded
    cases = case_digests(bundle) if keep == "all" else {}
    with (
        _engine(executor, workers, gpus, assignment.limits) as engine,
        OutputFolder.start(
            out,
            assignment,
            bundle.digest,
            environment(assignment.limits.threads),
            again=again,
            cases=cases,
            part="" if shard is None else f"{part}/{parts}",
        ) as folder,
    ):
        _say_what_is_there(console, what_is_there(system, notebooks, len(items)), own)
        if unlisted:
            names = shortened(sorted(unlisted), MAX_NAMED)
            console.print(f"Not on the class list: {len(unlisted)} ({names}).", soft_wrap=True, markup=False)
        if lower := lowered(assignment.limits):
            console.print(f"{LOWERED} ({lower}). What fails asks for review.", soft_wrap=True, markup=False)
        before = {
            entry.student: (Owner(entry.shown_name, entry.id, entry.email), entry.digest, entry.handed_in)
            for entry in folder.entries()
        }
        items = _as_known(folder, items)
        for student in remove:
            if any(item.student == student for item in items):
                raise UsageError(
                    f"{student} is to be removed, and is in {source}. Take the submission out of it first."
                )
            folder.remove(student)
        standing = {item.student: time for item in items if (time := _stands(folder, item, questions)) is not None}
        waiting = [item for item in items if item.student not in standing]
        _say_who_is_new(console, folder, items, waiting)
        emit("class", assignment=assignment.slug, submissions=len(items), waiting=len(waiting), workers=engine.workers)
        with progress(console, "Grading") as bar:
            shown = ClassProgress(bar, len(items), len(waiting), emit)
            counts: Counter[str] = Counter()
            for graded in grade_class(
                bundle.path,
                waiting,
                engine=engine,
                share=share,
                keep=keep == "all",
                kept=_kept_runs(folder),
                watch=shown.runs,
            ):
                folder.add(graded.grade, graded.execution, key=graded.key, recording=graded.recording)
                counts["shared" if graded.shares else graded.way] += 1
                shown.graded(graded)
        _say_what_ran(console, counts)
        if keep == "none":
            _forget_runs(folder)
        graded_before = set(map(same_student, folder.students))
        for student in absent:
            if same_student(student) not in graded_before:
                with in_language(bundle.assignment.language):
                    nothing = rejected(bundle, Submission(student, "", problem=_("Nothing was handed in.")))
                folder.add(nothing.grade, nothing.execution)
        owners = {item.student: item.owner for item in items}
        if on_list is not None:
            owners |= {student: on_list.absent(student, system) for student in absent}
        listed_times = on_list.times if on_list is not None else {}
        for entry in folder.entries():  # a grade that is kept may have been made with another class list
            if (owner := owners.get(entry.student)) is not None:
                others = tuple(warning for warning in entry.warnings if warning != NOT_LISTED)
                known, digest, time = before.get(entry.student, (NOBODY, "", ""))
                name = (known.name if on_list is None else "") or owner.name
                revised = replace(
                    entry,
                    warnings=(*others, NOT_LISTED) if entry.student in unlisted else others,
                    name="" if name == entry.student else name,
                    id=owner.id or entry.id or known.id,
                    email=owner.email or entry.email or known.email,
                    handed_in=standing.get(entry.student, entry.handed_in)
                    or listed_times.get(entry.student)
                    or entry.handed_in
                    or (time if digest == entry.digest else ""),
                )
                if revised != entry:
                    folder.revise(revised)
        with progress(console, "Writing pages") as bar:
            report = publish(folder, {}, bar)
        if folder.store.size_bytes:
            size = f"{folder.store.size_bytes / 2**20:.1f} MiB"
            if folder.store.dropped:
                size += f", without the {counted(folder.store.dropped, 'largest run')}: all would be too much"
            console.print(f"Kept in {out / 'runs'} for checking again: {size}.", soft_wrap=True, highlight=False)
        return report


@contextmanager
def _engine(executor: str, workers: int | None, gpus: str | None, limits: Limits) -> Iterator[Engine]:
    """What grades: processes of this machine, or a cluster that has shown that it can.

    Raises:
        SandboxUnavailable: This machine cannot grade.
        UsageError: The environment names a way of opening sandboxes that is none, or options do not fit together; see
            `chosen_gpus` and `connected`, too.
    """
    chosen_way()
    most = None if gpus is None else len(chosen_gpus(gpus))
    if most and executor != "local":
        raise UsageError(f"--gpus is of this machine. Set {GPU_VARIABLE} where each Dask worker is started.")
    if most and workers and workers > most:
        raise UsageError(f"--workers {workers}: each needs a GPU of its own, and --gpus names {most}.")
    if executor == "local":
        check_sandbox()
        fitting = fitting_workers(limits)
        if gpus is not None:
            os.environ[GPU_VARIABLE] = gpus
        try:
            yield Engine(workers or min(fitting, most or fitting))
        finally:
            if gpus is not None:
                del os.environ[GPU_VARIABLE]
    else:
        with connected(executor) as cluster:
            yield cluster._replace(workers=workers or cluster.workers)


def _part(shard: str) -> tuple[int, int]:
    """Which of how many parts.

    Raises:
        UsageError: It is none.
    """
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", shard)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise UsageError(f"--shard {one_line(shard)}: give I/N, such as 1/4 for the first of four parts.")
    return int(found[1]), int(found[2])


def _kept_runs(folder: OutputFolder) -> Callable[[Item, str], KeptRun | None]:
    def kept(item: Item, key: str) -> KeptRun | None:
        found = folder.kept_run(item.student, key)
        return None if found is None else KeptRun(*found)

    return kept


def _forget_runs(folder: OutputFolder) -> None:
    """Keep nothing any more of what runs sent, earlier ones included."""
    for entry in folder.entries():
        if entry.execution.recording:
            folder.revise(replace(entry, execution=replace(entry.execution, key="", recording="")))


def _say_what_ran(console: Console, counts: Mapping[str, int]) -> None:
    ran = {way: counts[way] for way in DESCRIBED if counts[way]}
    if ran:
        ways = listed([f"{count} {DESCRIBED[way]}" for way, count in ran.items()])
        console.print(f"Sandboxes of notebooks: {ways}.", soft_wrap=True, highlight=False)
    if counts["shared"]:
        several = counted(counts["shared"], "notebook")
        console.print(f"Run once for several: {several} with the code of another.", highlight=False)
    if counts["kept"]:
        console.print(f"Checked again without running: {counted(counts['kept'], 'notebook')}.", highlight=False)
        if ran:
            what = counted(sum(ran.values()), "notebook")
            console.print(f"Run, because nothing of them is kept that answers: {what}.", highlight=False)


def _say_what_is_there(console: Console, counts: str, own: Sequence[str]) -> None:
    console.print(counts, highlight=False)
    if own:
        names = shortened([one_line(name) for name in own], MAX_NAMED)
        console.print(f"Taken for yours, and not graded: {names}.", soft_wrap=True, markup=False, highlight=False)


def _say_who_is_new(console: Console, folder: OutputFolder, items: Sequence[Item], waiting: Sequence[Item]) -> None:
    """What a later upload brings to a folder that has grades."""
    if not folder.students:
        return
    there = {item.student for item in items}
    groups = {
        "new": [item.student for item in waiting if not folder.knows(item.student)],
        "to be graded again": [item.student for item in waiting if folder.knows(item.student)],
        "not in this upload, and staying": [student for student in folder.students if student not in there],
    }
    said = [f"{len(who)} {what} ({shortened(who, MAX_NAMED)})" for what, who in groups.items() if who]
    same = len(items) - len(waiting)
    text = "; ".join([*said, *([f"{same} as before"] if same else [])])
    console.print(f"{text[:1].upper()}{text[1:]}.", soft_wrap=True, markup=False, highlight=False)


def _on_roster(
    roster: Roster | None, items: Iterable[Item], system: str
) -> tuple[list[Item], tuple[str, ...], frozenset[str]]:
    """The submissions under the roster's names; who handed in nothing; who is not on the roster."""
    listed = list(items)
    if roster is None:
        return listed, (), frozenset()
    owners = {item.student: item.owner for item in listed}
    numbered = [student for student, owner in owners.items() if owner.id and system and system == roster.system]
    found = match(roster, owners, owners, numbered)
    if not found.found and len(listed) > 1:  # a late student may well be the one who is not on it
        raise UsageError(
            f"nobody who handed in ({len(listed)} in all) is on the class list: it has students such as "
            f"`{roster.students[0]}`, from its column `{roster.column}`; a submission is `{listed[0].student}`. Give "
            "the list a column `student` with the names that the files have."
        )
    named = [
        replace(item, student=student, owner=roster.owner(student, item.owner))
        if (student := found.found.get(item.student)) is not None
        else item
        for item in listed
    ]
    return named, found.missing, frozenset(found.unknown)


def _as_known(folder: OutputFolder, items: Iterable[Item]) -> list[Item]:
    """The submissions under the ids that their students have in the folder already: by the system's, or by case.

    A namesake with another number gets an id of another student, so that no grade takes the place of somebody else's.
    """
    numbers = {entry.student: entry.id for entry in folder.entries()}
    numbered: dict[str, set[str]] = {}
    for student, number in numbers.items():
        if number:
            numbered.setdefault(number, set()).add(student)
    known = {same_student(student): student for student in folder.students}

    def there(item: Item) -> str:
        of_number = numbered.get(item.owner.id, set())
        if len(of_number) == 1:
            return next(iter(of_number))
        named = known.get(same_student(item.student), item.student)
        number = numbers.get(named, "")
        if number and item.owner.id and number != item.owner.id:
            return distinct([(named, number), (item.student, item.owner.id)])[1]
        return named

    named = [replace(item, student=there(item)) for item in items]
    return named if len({item.student for item in named}) == len(named) else list(items)


def _stands(folder: OutputFolder, item: Item, questions: list[str]) -> str | None:
    """When a submission was handed in of which a grade is there already; None where it is to be graded."""
    if not folder.knows(item.student):
        return None
    read = item.read(questions)
    return read.handed_in if folder.keeps(item.student, read.digest) else None
