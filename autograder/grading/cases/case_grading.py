"""Runs a case on a submission's values, and says what the student may read of its outcome. Trusted side.

The runner itself is `autograder.expect.case_runner`, as in the student's notebook; this module explains a missing
value, and hides what a hidden case said.
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from autograder.expect import Mismatch
from autograder.expect.case_runner import run, values_of
from autograder.expect.test_files import LoadedCase
from autograder.networks.network_view import EvaluationEnded
from autograder.records import Case, CaseStatus, Outcome

__all__ = ["grade_case", "redact", "undecided"]

UNDECIDED_MESSAGE = "Just below what is demanded, so little that it may be chance: a person looks at it and decides."

ERROR_MESSAGE = (
    "This check ended in an error: a person looks at it. See whether the type and the shape of what you give are as "
    "the question asks."
)

CLAIMED_MESSAGE = (
    "This check looks at how your model is made, which the grader cannot rebuild: a person confirms the points."
)

BEYOND_BUDGET = 4
"""How many times a case's processor time this process may take for it, before the kernel ends the process."""


def grade_case(
    loaded: LoadedCase,
    namespace: Mapping[str, Any],
    *,
    seconds: float,
    missing: Callable[[str], str],
    cause: str = "",
) -> Outcome:
    """The outcome of one case.

    Args:
        loaded: The case with its function.
        namespace: The question's names; looking one up may raise `mismatch.Unusable` or `EvaluationEnded`.
        seconds: Processor time for it, `Limits.case_seconds`; what networks compute has a limit of its own.
        missing: What to add for the student when a name is not there (`Code cell 3 raised NameError: …`), or empty.
        cause: What kept the answer from running to its end; the first that the student reads where the case fails. From
            before any hidden case, as a hidden case's message holds it, too.
    """
    case = loaded.case
    with _ended_beyond(seconds):
        try:
            values = values_of(case, namespace, missing)
        except Mismatch as unmet:
            return undecided(case, "fail", str(unmet))
        except EvaluationEnded as ended:
            return undecided(case, "error", str(ended))
        outcome = run(replace(loaded, failure_message="") if cause else loaded, values)
    if case.hidden:
        outcome = redact(outcome, loaded)
    if outcome.status == "fail" and cause:
        # "Train it longer" would be untrue where `fit` raised.
        return replace(outcome, message=cause if case.hidden else f"{cause}\n{outcome.message}")
    return outcome


def redact(outcome: Outcome, loaded: LoadedCase) -> Outcome:
    """A hidden case's outcome as a student may see it; the rest moves to `detail`, for the instructor."""
    if outcome.status == "pass":
        return replace(outcome, diff=())
    if outcome.status == "error":
        if not outcome.detail:  # nothing that the case says, but what the runner says of the time it took
            return replace(outcome, diff=())
        return replace(outcome, diff=(), message=ERROR_MESSAGE)
    if outcome.status == "manual":
        public = UNDECIDED_MESSAGE if outcome.proposed is None else CLAIMED_MESSAGE
        return replace(outcome, message=public, detail=outcome.message, diff=())
    if outcome.detail:  # a value of a wrong kind, of which the message says no more
        return replace(outcome, diff=())
    public = loaded.failure_message or f"Not met: {outcome.title}"
    return replace(outcome, message=public, detail=outcome.message, diff=())


@contextmanager
def _ended_beyond(seconds: float) -> Iterator[None]:
    """Have the kernel end this process where a case does not come back; the class goes on without it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    limit = math.ceil(time.process_time() + BEYOND_BUDGET * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def undecided(case: Case, status: CaseStatus, message: str, detail: str = "") -> Outcome:
    """The outcome of a case whose function was not called; no points."""
    return Outcome(case.name, status, 0, case.points, case.hidden, case.title, message, detail)
