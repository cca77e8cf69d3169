"""Runs a case on a submission's values, and says what the student may read of its outcome. Trusted side.

The runner itself is `autograder.expect.case_runner`, as in the student's notebook; this module explains a missing
value, and hides what a hidden case said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from autograder.expect import Mismatch
from autograder.expect.case_runner import run, values_of
from autograder.expect.test_files import LoadedCase
from autograder.records import Case, CaseStatus, Outcome

__all__ = ["grade_case", "redact", "undecided"]

UNDECIDED_MESSAGE = "Just below what is demanded, so little that it may be chance: a person looks at it and decides."


def grade_case(
    loaded: LoadedCase, namespace: Mapping[str, Any], *, missing: Callable[[str], str], cause: str = ""
) -> Outcome:
    """The outcome of one case.

    Args:
        loaded: The case with its function.
        namespace: The question's names; looking one up may raise `mismatch.Unusable`.
        missing: What to add for the student when a name is not there (`Code cell 3 raised NameError: …`), or empty.
        cause: What kept the answer from running to its end; the first that the student reads where the case fails. From
            before any hidden case, as a hidden case's message holds it, too.
    """
    case = loaded.case
    try:
        values = values_of(case, namespace, missing)
    except Mismatch as unmet:
        return undecided(case, "fail", str(unmet))
    outcome = run(loaded, values)
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
        return replace(outcome, diff=(), message="This check could not be run; a person will look at it.")
    if outcome.status == "manual":
        return replace(outcome, message=UNDECIDED_MESSAGE, detail=outcome.message, diff=())
    public = loaded.failure_message or f"Not met: {outcome.title}"
    return replace(outcome, message=public, detail=outcome.message, diff=())


def undecided(case: Case, status: CaseStatus, message: str, detail: str = "") -> Outcome:
    """The outcome of a case whose function was not called; no points."""
    return Outcome(case.name, status, 0, case.points, case.hidden, case.title, message, detail)
