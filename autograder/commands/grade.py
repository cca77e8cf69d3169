"""`autograder grade`: from a source of submissions to an output folder. Trusted side."""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
from autograder.grading.intake.owners import count_notebooks
from autograder.grading.intake.roster import read_roster
from autograder.grading.intake.student_ids import same_student
from autograder.grading.intake.submissions import Item, survey
from autograder.grading.requirements import refuse_lacking
from autograder.grading.results.class_members import ClassMembers
from autograder.grading.results.manual_csv import NAME, read_sheet
from autograder.grading.results.output_folder import OutputFolder
from autograder.language import gettext as _
from autograder.language import in_language
from autograder.publishing import ClassReport, publish
from autograder.records import Limits, Submission
from autograder.sandbox.host.bubblewrap import lowered
from autograder.sandbox.host.gpu import GPU_VARIABLE, chosen_gpus
from autograder.sandbox.host.launch import check_sandbox
from autograder.sandbox.host.preloading import DESCRIBED, chosen_way
from autograder.wording import counted, listed, one_line, shortened

__all__ = ["GradeOptions", "opened", "run"]

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


@dataclass(frozen=True)
class GradeOptions:
    """How a class is graded.

    Attributes:
        out: The output folder; by default the exercise's name with `-grades`.
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
    """

    out: Path | None = None
    students: str = ""
    roster: Path | None = None
    workers: int | None = None
    executor: str = "local"
    gpus: str | None = None
    again: bool = False
    share: bool = True
    shard: str | None = None
    keep: str = "all"
    remove: Sequence[str] = ()


def run(slug: str, source: Path, options: GradeOptions, *, console: Console, emit: Emit) -> ClassReport:
    """Grade all submissions, and add them to the output folder.

    Args:
        slug: The exercise, or the path of its bundle.
        source: What was handed in.
        options: How.
        console: Where the progress is shown.
        emit: Gets the event `class` before the first submission, and those of `ClassProgress`.

    Raises:
        AutograderError: See the errors' own texts; nothing that was there is lost.
    """
    if options.keep not in ("all", "none"):
        raise UsageError(f"--keep {options.keep}: give `all` or `none`.")
    keeps = options.keep == "all"
    part, parts = (1, 1) if options.shard is None else _part(options.shard)
    bundle = load_bundle(find_bundle(slug, Path.cwd()))
    assignment = bundle.assignment
    refuse_lacking(assignment.slug, assignment.requires)
    out = options.out or Path(f"{assignment.slug}-grades")
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"{out} lies in {source}, where its pages would be taken for submissions. Choose another -o.")
    found = survey(source, options.students)
    roster = read_roster(options.roster) if options.roster is not None else None
    members = ClassMembers(found.items, roster, found.system)
    members.keep_part(part, parts)
    notebooks = count_notebooks(members.items, assignment.slug, roster.students if roster else ())
    questions = [question.name for question in assignment.questions]
    read_sheet(out / NAME, assignment)  # before anything takes time: it is read again when everything is graded
    cases = case_digests(bundle) if keeps else {}
    with (
        _engine(options, assignment.limits) as engine,
        OutputFolder.start(
            out,
            assignment,
            bundle.digest,
            environment(assignment.limits.threads),
            again=options.again,
            cases=cases,
            part="" if options.shard is None else f"{part}/{parts}",
        ) as folder,
    ):
        _say_what_is_there(console, what_is_there(found.system, notebooks, len(members.items)), found.own)
        if members.unlisted:
            names = shortened(sorted(members.unlisted), MAX_NAMED)
            console.print(f"Not on the class list: {len(members.unlisted)} ({names}).", soft_wrap=True, markup=False)
        if lower := lowered(assignment.limits):
            console.print(f"{LOWERED} ({lower}). What fails asks for review.", soft_wrap=True, markup=False)
        members.recognise(folder)
        items = members.items
        for student in options.remove:
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
                share=options.share,
                keep=keeps,
                kept=_kept_runs(folder),
                watch=shown.runs,
            ):
                folder.add(graded.grade, graded.execution, key=graded.key, recording=graded.recording)
                counts["shared" if graded.shares else graded.way] += 1
                shown.graded(graded)
        _say_what_ran(console, counts)
        if not keeps:
            _forget_runs(folder)
        graded_before = set(map(same_student, folder.students))
        for student in members.absent:
            if same_student(student) not in graded_before:
                with in_language(bundle.assignment.language):
                    nothing = rejected(bundle, Submission(student, "", problem=_("Nothing was handed in.")))
                folder.add(nothing.grade, nothing.execution)
        members.revise(folder, standing)
        with progress(console, "Writing pages") as bar:
            report = publish(folder, {}, bar)
        if folder.store.size_bytes:
            size = f"{folder.store.size_bytes / 2**20:.1f} MiB"
            if folder.store.dropped:
                size += f", without the {counted(folder.store.dropped, 'largest run')}: all would be too much"
            console.print(f"Kept in {out / 'runs'} for checking again: {size}.", soft_wrap=True, highlight=False)
        return report


@contextmanager
def _engine(options: GradeOptions, limits: Limits) -> Iterator[Engine]:
    """What grades: processes of this machine, or a cluster that has shown that it can.

    Raises:
        SandboxUnavailable: This machine cannot grade.
        UsageError: The environment names a way of opening sandboxes that is none, or options do not fit together; see
            `chosen_gpus` and `connected`, too.
    """
    executor, workers, gpus = options.executor, options.workers, options.gpus
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


def _stands(folder: OutputFolder, item: Item, questions: list[str]) -> str | None:
    """When a submission was handed in of which a grade is there already; None where it is to be graded."""
    if not folder.knows(item.student):
        return None
    read = item.read(questions)
    return read.handed_in if folder.keeps(item.student, read.digest) else None
