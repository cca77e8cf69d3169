"""One submission → its grade: run in a sandbox, its values taken, the cases run on them. Trusted side.

It runs in a process of the pool, which reads the submission, owns its sandboxes and runs the cases. In that process
there is no student code, and no network is run: a sandbox of its own computes with those.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from autograder.errors import WireError
from autograder.expect.mismatch import Unusable
from autograder.grading.cases.bundle import Bundle, sha256_of
from autograder.grading.cases.case_grading import undecided
from autograder.grading.cases.namespace import Namespace, answer_positions, takes
from autograder.grading.cases.shown_values import shown_value
from autograder.grading.execution.case_runs import BROKEN, CaseRuns
from autograder.grading.execution.causes import ENDED, causes_of, doubtful, explained, without_ended
from autograder.grading.execution.environment import environment
from autograder.grading.execution.given_cells import GivenCells
from autograder.grading.execution.kept_runs import KeptRun
from autograder.grading.execution.reruns import run_notebook
from autograder.grading.intake import notebook_reader
from autograder.language import N_, pattern_of
from autograder.language import gettext as _
from autograder.networks.network_view import EvaluationEnded
from autograder.records import (
    PLACEHOLDER,
    CaseStatus,
    Cause,
    Cell,
    Execution,
    Grade,
    Outcome,
    Question,
    QuestionGrade,
    Submission,
    rounded,
)
from autograder.sandbox.host import bubblewrap
from autograder.sandbox.host.evaluation import Evaluation
from autograder.sandbox.host.preloading import sets_variables
from autograder.sandbox.host.recording import NotRecorded, RecordedSession, Recording
from autograder.sandbox.host.session import Session
from autograder.sandbox.wire.values import History
from autograder.wording import parted_at_error

__all__ = ["LOWERED", "GradedSubmission", "cells_as_run", "completed", "failed", "grade_one", "rejected"]

MAX_EPOCHS = 2_000
MIB = 1 << 20
MAX_KEPT_BYTES = 16 * MIB
"""Of one run, compressed; a larger one is not kept."""
LOWERED = N_("The grader was started with less than a notebook may use")
NOT_ANSWERED = N_("Not answered: there is nothing in its cell, or what it came with.")
_PLACEHOLDERS = re.compile(rf"{pattern_of(PLACEHOLDER)}|[_*]Type your answer here, replacing this text\.[_*]")


@dataclass(frozen=True)
class GradedSubmission:
    """A grade and the run behind it.

    Attributes:
        again: Whether the notebook was ended perhaps because of what else the machine did, so that it is to run alone.
        values: Question → name → what the notebook gave, in words for the author of the exercise; kept nowhere.
        remarks: What was odd about its answer cells, for the student; among the grade's warnings, too.
        shares: Whether it is another submission's run, with the same program.
        way: How the sandbox was opened in which its notebook ran, or `kept` where its cases ran on what was kept.
        recording: What the run sent, packed, so that its cases can run again; empty where that is not kept.
        key: Digest of what the run depended on; see `kept_runs.run_key`.
    """

    grade: Grade
    execution: Execution
    again: bool = False
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    shares: bool = False
    way: str = ""
    recording: bytes = b""
    key: str = ""


def grade_one(
    bundle: Bundle,
    submission: Submission,
    *,
    slot: int = 0,
    kept: KeptRun | None = None,
    keep: bool = False,
    alone: bool = False,
) -> GradedSubmission:
    """Run a submission in a sandbox and grade the values that it sends.

    Args:
        bundle: The exercise.
        submission: What was handed in; hostile.
        slot: Number of this process among those that grade at the same time.
        kept: A run of the same program, from which the cases get what they ask for, as long as it has all of that.
        keep: Whether to keep what the run sends.
        alone: Whether this process grades no other, so that nothing is imported for several.

    Raises:
        SandboxUnavailable: This machine cannot run a sandbox.
    """
    if submission.problem:
        return rejected(bundle, submission)
    if other := _other_exercise(bundle, submission):
        return _not_run(bundle, submission, other)
    if kept is not None and (again := _checked_again(bundle, submission, kept, slot)):
        return again
    questions = bundle.assignment.questions
    limits = bundle.assignment.limits
    modules = None if sets_variables(cell.source for cell in submission.cells) else bundle.imports
    files = _beside(bundle, submission)
    with ExitStack() as started:

        def run(cells: Sequence[Cell]) -> tuple[Session, Execution]:
            return started.enter_context(
                run_notebook(
                    limits,
                    cells,
                    takes(questions, cells),
                    slot=slot,
                    files=files,
                    modules=modules,
                    keeps=keep,
                    single=alone,
                )
            )

        session, execution = run(submission.cells)
        execution = explained(execution, questions, GivenCells(bundle.given), submission.left_out, files)
        began = time.monotonic()
        graded = _judged(
            bundle, submission, session, execution, lambda: run(without_ended(execution.cells)), slot=slot, began=began
        )
        sent = session.recording() if keep and graded.grade.status == "graded" and not graded.again else None
        packed = b"" if sent is None else sent.packed()
        kept_bytes = packed if len(packed) <= MAX_KEPT_BYTES else b""
        return replace(graded, recording=kept_bytes, way=session.way)


def _checked_again(bundle: Bundle, submission: Submission, kept: KeptRun, slot: int) -> GradedSubmission | None:
    """The grade from a run that is kept; None where that does not have all that the cases ask for."""
    try:
        recording = Recording.unpacked(kept.recording, 2 * int(bundle.assignment.limits.wire_mb * MIB))
        session = RecordedSession(recording, kept.execution.phases)
        execution = replace(kept.execution, cells=cells_as_run(submission, kept.execution))
        graded = _judged(bundle, submission, session, execution, _not_again, slot=slot, standing=kept.standing)
    except (NotRecorded, WireError):
        return None
    return replace(graded, recording=kept.recording, way="kept")


def _not_again() -> tuple[Session, Execution]:
    raise NotRecorded


def _judged(
    bundle: Bundle,
    submission: Submission,
    session: Session | RecordedSession,
    execution: Execution,
    start: Callable[[], tuple[Session, Execution]],
    *,
    slot: int,
    standing: Mapping[tuple[str, str], Outcome] = MappingProxyType({}),
    began: float | None = None,
) -> GradedSubmission:
    """Run the cases on what a run gave.

    Args:
        bundle: The exercise.
        submission: What was handed in.
        session: The run, or its recording.
        execution: How it went; its causes are explained.
        start: Runs the notebook once more, in a process of its own.
        slot: See `grade_one`.
        standing: Question and case → an outcome that need not be computed again.
        began: When the cases began, where their time counts.
    """
    limits = bundle.assignment.limits
    automatic = [question for question in bundle.assignment.questions if not question.manual]
    # All values before the first call of a hidden case, and all public cases: what the process knows of hidden
    # inputs from then on, it cannot tell the student.
    with Evaluation(limits, slot=slot) as evaluation:
        runs = CaseRuns(bundle, session, evaluation, execution, start)
        outcomes: dict[tuple[str, str], Outcome] = {}
        for hidden in (False, True):
            for question in automatic:
                for loaded in bundle.cases[question.name]:
                    if loaded.case.hidden == hidden:
                        known = standing.get((question.name, loaded.case.name))
                        outcomes[question.name, loaded.case.name] = known or runs.run(question, loaded)
            if not hidden and began is not None:
                execution = replace(execution, wall_seconds=execution.wall_seconds + time.monotonic() - began)
        session = runs.session
        if began is not None:
            session.phases["cases"] = time.monotonic() - began - session.phases.get("rebuild", 0.0)
        broken = session.broken
    remarks = [
        remark for question in automatic for remark in _remarks(question, runs.values[question.name], execution.cells)
    ]
    graded = {
        question.name: _automatic(
            question, runs.values[question.name], tuple(outcomes[question.name, case.name] for case in question.cases)
        )
        for question in automatic
    }
    execution = replace(execution, phases=session.phases, environment=environment(limits.threads))
    grade = completed(bundle, submission, execution, graded, remarks).grade
    reasons, again = _reasons(grade, execution)
    if lower := bubblewrap.lowered(limits) if _ended_or_raised(grade, execution) else "":
        reasons.append(_("{lowered} ({lower}): that may be why.").format(lowered=_(LOWERED), lower=lower))
    if runs.unrepeated:
        reasons.append(_("A check ended the notebook's process, and the notebook did not run to its end again."))
    if runs.unjustified and any(question.score < question.possible for question in graded.values()):
        reasons.append(_("A check's call of a function was ended although it had used little processor time."))
        again = True
    if broken:
        reasons = [execution.message or _(BROKEN)]
    if reasons:
        grade = replace(grade, status="needs_review", message=" ".join(reasons))
    values = {
        question.name: {name: shown_value(value) for name, value in runs.values[question.name].seen().items()}
        for question in automatic
    }
    again = execution.unjustified if broken else again
    return GradedSubmission(grade, execution, again=again, values=values, remarks=tuple(remarks))


def completed(
    bundle: Bundle,
    submission: Submission,
    execution: Execution,
    automatic: Mapping[str, QuestionGrade],
    remarks: Sequence[str],
) -> GradedSubmission:
    """The grade of a submission whose cases have run, before anything asks for a person to look at it.

    Args:
        bundle: The exercise.
        submission: What was handed in.
        execution: Its run.
        automatic: Question → what its cases gave, of those that no person grades.
        remarks: See `GradedSubmission`.
    """
    given = GivenCells(bundle.given)
    graded = tuple(
        _manual(question, execution.cells, given) if question.manual else automatic[question.name]
        for question in bundle.assignment.questions
    )
    grade = replace(
        _grade(bundle, submission, graded, (*submission.warnings, *remarks)),
        notice=_notice(graded, execution.cells),
        causes=causes_of(execution, graded, submission.left_out, _beside(bundle, submission)),
    )
    return GradedSubmission(grade, execution, remarks=tuple(remarks))


def _beside(bundle: Bundle, submission: Submission) -> dict[str, bytes]:
    """Path → content of what lies beside the notebook where it runs; the exercise's own files stay what they are."""
    return {file.name: file.content for file in submission.files if not file.left_out} | {**bundle.files}


def _reasons(grade: Grade, execution: Execution) -> tuple[list[str], bool]:
    """Why a person has to look at a grade, and whether another run, alone, may make that unnecessary."""
    reasons = []
    again = execution.unjustified and execution.status == "crashed"  # killed: even if that cost nothing, it is no grade
    if any(outcome.status == "error" for question in grade.questions for outcome in question.cases):
        reasons.append(_("A check ended before it could judge: see its question."))
    for cause in grade.causes:
        if doubtful(cause, execution, grade.questions) and _lost_points(cause, grade, execution.cells):
            reasons.append(cause.message)
            again = again or cause.kind in ENDED
    return reasons, again


def _ended_or_raised(grade: Grade, execution: Execution) -> bool:
    """Whether points were lost where something ended or raised, as it may where a process gets less than it needs."""
    automatic = [question for question in grade.questions if not question.manual]
    failed = [case for question in automatic for case in question.cases if case.status in ("fail", "error")]
    called = any(parted_at_error(case.detail or case.message)[1] for case in failed)
    return bool(failed) and (called or execution.status != "completed" or any(cell.error for cell in execution.cells))


def _lost_points(cause: Cause, grade: Grade, cells: Sequence[Cell]) -> bool:
    """Whether a question that is answered in a cell or below it did not get all its points."""
    code = [at for at, cell in enumerate(cells) if cell.kind == "code"]
    since = code[cause.cell - 1] if cause.cell else 0
    return any(
        question.score < question.possible
        and not question.manual
        and max(answer_positions(question.name, cells), default=len(cells)) >= since
        for question in grade.questions
    )


def rejected(bundle: Bundle, submission: Submission) -> GradedSubmission:
    """The grade of what is no notebook: every case skipped, and the reason."""
    graded = _grade(bundle, submission, _skipped(bundle, submission.problem), submission.warnings)
    return GradedSubmission(
        replace(graded, status="rejected", message=submission.problem),
        Execution("refused", submission.problem),
    )


def _not_run(bundle: Bundle, submission: Submission, notice: str) -> GradedSubmission:
    """The grade of another exercise's notebook: nothing of it is run, and a person decides what becomes of it."""
    graded = _grade(bundle, submission, _skipped(bundle, _("Not run: this is another exercise.")), submission.warnings)
    return GradedSubmission(
        replace(graded, status="needs_review", message=notice, notice=notice), Execution("refused", notice)
    )


def failed(bundle: Bundle, submission: Submission, reason: str) -> GradedSubmission:
    """The grade of a submission on which the grader itself failed; a person must look at it."""
    graded = _grade(bundle, submission, _skipped(bundle, _("The grader failed."), "error"), submission.warnings)
    return GradedSubmission(replace(graded, status="needs_review", message=reason), Execution("crashed", reason))


def _grade(
    bundle: Bundle, submission: Submission, questions: tuple[QuestionGrade, ...], warnings: tuple[str, ...]
) -> Grade:
    return Grade(
        student=submission.student,
        submission=submission.filename,
        digest=submission.digest,
        status="graded",
        score=rounded(sum(question.score for question in questions)),
        possible=bundle.assignment.possible,
        questions=questions,
        pending=rounded(
            sum(case.possible for question in questions for case in question.cases if case.status == "manual")
        ),
        warnings=warnings,
        handed_in=submission.handed_in,
    )


def _remarks(question: Question, namespace: Namespace, cells: Sequence[Cell]) -> Iterator[str]:
    """What was odd about a question's answer cells, for the student."""
    positions = answer_positions(question.name, cells)
    if not positions:
        yield _("{question}: its answer cell is gone or lost its tag; values from the notebook's end count.").format(
            question=question.name
        )
    elif len(positions) > question.answer_cells:
        yield _("{question}: {count} answer cells; the values after the last of them count.").format(
            question=question.name, count=len(positions)
        )
    elif namespace.late:
        names = ", ".join(f"`{name}`" for name in namespace.late)
        yield _("{question}: {names} came after the answer cell; values from the notebook's end count.").format(
            question=question.name, names=names
        )


def _automatic(question: Question, namespace: Namespace, outcomes: tuple[Outcome, ...]) -> QuestionGrade:
    return QuestionGrade(
        name=question.name,
        title=question.title,
        score=rounded(sum(outcome.points for outcome in outcomes)),
        possible=question.points,
        cases=outcomes,
        histories=_histories(question, namespace),
        weights=namespace.weights(),
    )


def _histories(question: Question, namespace: Mapping[str, Any]) -> dict[str, dict[str, list[float]]]:
    """The training histories that a question asks for; only to be drawn, never to be graded."""
    found = {}
    for name in question.histories:
        try:
            history = namespace[name]
        except (KeyError, Unusable, EvaluationEnded):
            continue
        if isinstance(history, History):
            found[name] = {
                metric: [float(value) for value in values[:MAX_EPOCHS]]
                for metric, values in history.history.items()
                if all(isinstance(value, (int, float)) for value in values)
            }
    return found


def _other_exercise(bundle: Bundle, submission: Submission) -> str:
    """What to say of a notebook all of whose answers are to other questions; empty for one of this exercise."""
    names = {question.name for question in bundle.assignment.questions}
    answered = notebook_reader.answers(submission.cells)
    if not answered or not answered.isdisjoint(names):
        return ""
    listed = ", ".join(f"`{name[:40]}`" for name in sorted(answered)[:4])
    return _(
        "This looks like the notebook of another exercise: it answers {listed}, and none of the "
        "questions here. It was not run."
    ).format(listed=listed)


def _notice(questions: Sequence[QuestionGrade], cells: Sequence[Cell]) -> str:
    """What to say at once of a notebook in which no answer is given."""
    names = {question.name for question in questions}
    gaps = all("..." in cell.source for cell in cells if cell.kind == "code" and names.intersection(cell.answers))
    if gaps and not any(question.score or question.answer for question in questions):
        return _("Nothing is filled in: all answers are as the notebook came.")
    return ""


def _manual(question: Question, cells: Sequence[Cell], given: GivenCells) -> QuestionGrade:
    """A question that a person grades; one that is not answered gives no points, and waits for nobody."""
    positions = answer_positions(question.name, cells)
    own = [cells[at] for at in positions]
    answer = "\n\n".join(_PLACEHOLDERS.sub("", cell.source).strip() for cell in own).strip()
    pictures = tuple(sha256_of(picture.encode("utf-8", "replace")) for cell in own for picture in _pictures(cell))
    below = cells[positions[-1] + 1 :][:1] if positions else ()
    elsewhere = any(cell.kind != "code" and not cell.answers and not given.has(cell) for cell in below)
    if answer or pictures or elsewhere or not positions:
        return replace(_ungraded(question, "", "manual"), answer=answer, pictures=pictures)
    return _ungraded(question, _(NOT_ANSWERED), "fail")


def _pictures(cell: Cell) -> Iterator[str]:
    """What was pasted into a cell, and what it showed when it ran."""
    yield from cell.attachments.values()
    for output in cell.outputs:
        data = output.get("data")
        if isinstance(data, Mapping):
            yield from (str(content) for kind, content in data.items() if kind.startswith("image/"))


def _skipped(bundle: Bundle, reason: str, status: CaseStatus = "skipped") -> tuple[QuestionGrade, ...]:
    questions = bundle.assignment.questions
    return tuple(_ungraded(question, reason, "skipped" if question.manual else status) for question in questions)


def _ungraded(question: Question, reason: str, status: CaseStatus) -> QuestionGrade:
    """A question without points yet; a manual one has a single outcome, that of the person who grades it."""
    cases = tuple(undecided(case, status, reason) for case in question.cases)
    if question.manual:
        message = reason if status == "fail" else ""
        cases = (Outcome(question.name, status, 0, question.points, title=_("Graded by a person"), message=message),)
    return QuestionGrade(question.name, 0, question.points, cases, title=question.title, manual=question.manual)


def cells_as_run(submission: Submission, execution: Execution) -> tuple[Cell, ...]:
    """A submission's cells with what those of a run with the same program showed."""
    ran: Sequence[Cell] = [cell for cell in execution.cells if cell.kind == "code"]
    cells = iter(ran)
    return tuple(
        replace(next(cells), source=cell.source, attachments=cell.attachments) if cell.kind == "code" else cell
        for cell in submission.cells
    )
