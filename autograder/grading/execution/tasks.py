"""What a grader process is asked, and what it answers, as bytes: one submission, its grade and its run. Trusted side.

No path is in it: a task can be done on another machine.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import msgspec

from autograder import keras_runtime
from autograder.errors import AutograderError, SandboxUnavailable
from autograder.grading.cases.bundle import Bundle, load_bundle
from autograder.grading.execution.drawn_pictures import with_pictures
from autograder.grading.execution.environment import unfit
from autograder.grading.execution.kept_runs import KeptRun, run_key
from autograder.grading.execution.sharing import shared
from autograder.grading.execution.submission_grading import GradedSubmission, failed, grade_one
from autograder.grading.intake.companions import fitted
from autograder.grading.intake.submissions import HandedIn
from autograder.language import in_language
from autograder.records import Submission
from autograder.sandbox.host.evaluation import prepare

__all__ = ["Done", "Task", "done"]


class Task(msgspec.Struct, frozen=True):
    """What is to be done with a submission.

    Attributes:
        handed_in: What was handed in; hostile.
        versions: What the first machine has; see `environment.versions`.
        wanted: `grade`, or `key` for the digest of what its run depends on.
        twin: The grade of a submission with the same program, whose run it shares.
        key: That digest, where it is known.
        kept: A run that need not be made again.
        keep: Whether to keep what the run sends.
        alone: Whether each process has one submission at most.
    """

    handed_in: HandedIn
    versions: Mapping[str, str]
    wanted: Literal["grade", "key"] = "grade"
    twin: GradedSubmission | None = None
    key: str = ""
    kept: KeptRun | None = None
    keep: bool = False
    alone: bool = False


class Done(msgspec.Struct, frozen=True):
    """What came of a task.

    Attributes:
        graded: The grade and its run, where those were wanted.
        key: The digest, where that was.
        unavailable: Why this machine cannot grade, for whoever runs it; then nothing else is there.
    """

    graded: GradedSubmission | None = None
    key: str = ""
    unavailable: str = ""


def done(bundle: Path, task: bytes, slot: int) -> bytes:
    """Do a task; a `Done`, encoded.

    Args:
        bundle: The bundle's folder; it is loaded once.
        task: A `Task`, encoded.
        slot: Number of this process among those that grade at the same time.
    """
    loaded = load_bundle(bundle)
    with in_language(loaded.assignment.language):
        return _encoded(_done(loaded, msgspec.msgpack.decode(task, type=Task), slot))


def _done(loaded: Bundle, wanted: Task, slot: int) -> Done:
    submission = Submission(wanted.handed_in.student, wanted.handed_in.filename)
    try:
        if reason := unfit(wanted.versions):
            raise SandboxUnavailable(reason)
        submission = wanted.handed_in.read([question.name for question in loaded.assignment.questions])
        submission = fitted(submission, loaded.files)
        if wanted.wanted == "key":
            return Done(key=run_key(loaded, submission))
        graded = _graded(loaded, submission, wanted, slot)
        modules = None if wanted.alone else loaded.imports
        limits = loaded.assignment.limits
        shown = with_pictures(graded.execution, submission.files, limits, slot=slot, modules=modules)
        return Done(replace(graded, execution=shown))
    except SandboxUnavailable as error:
        return Done(unavailable=str(error))
    except Exception as error:  # noqa: BLE001 - a bug in the grader must not stop the class; it is reported as one
        if wanted.wanted == "key":
            return Done()
        reason = str(error) if isinstance(error, AutograderError) else f"{type(error).__name__}: {error}"
        return Done(failed(loaded, submission, f"The grader failed: {reason[:300]}"))


def _graded(bundle: Bundle, submission: Submission, task: Task, slot: int) -> GradedSubmission:
    if task.twin is not None:
        return shared(bundle, submission, task.twin)
    if task.kept is None and any("keras" in cell.source or "tensorflow" in cell.source for cell in submission.cells):
        prepare(bundle.assignment.limits, slot=slot)  # while the notebook runs
    if _imports_keras(bundle):
        threading.Thread(target=keras_runtime.load, daemon=True).start()
    graded = grade_one(bundle, submission, slot=slot, kept=task.kept, keep=task.keep, alone=task.alone)
    return replace(graded, key=task.key or run_key(bundle, submission)) if graded.recording else graded


def _imports_keras(bundle: Bundle) -> bool:
    """Whether a case imports Keras, which takes long, and writes to the terminal unless `keras_runtime` does it."""
    functions = [case.function for cases in bundle.cases.values() for case in cases]
    return any({"keras", "tensorflow"} & {*function.__code__.co_names} for function in functions)


def _encoded(answer: Done) -> bytes:
    return msgspec.msgpack.encode(answer)
