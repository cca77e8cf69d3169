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
from pathlib import Path
from typing import Any

from autograder.expect import Mismatch
from autograder.expect.case_runner import run, values_of
from autograder.expect.mismatch import Unusable, cannot_be_sent
from autograder.expect.test_files import LoadedCase
from autograder.language import N_
from autograder.language import gettext as _
from autograder.networks.network_view import EvaluationEnded
from autograder.records import Case, CaseStatus, Limits, Outcome
from autograder.sandbox.wire.deserialise import UNFILLED

__all__ = ["grade_case", "redact", "undecided"]

UNDECIDED_MESSAGE = N_(
    "Just below what is demanded, so little that it may be chance: a person looks at it and decides."
)

ERROR_MESSAGE = N_(
    "This check ended in an error: a person looks at it. See whether the type and the shape of what "
    "you give are as the question asks."
)

CLAIMED_MESSAGE = N_(
    "This check rests on what your notebook says of a model or of another value, which the grader "
    "cannot compute itself: a person confirms the points."
)

BEYOND_BUDGET = 4
"""How many times a case's processor time this process may take for it, before the kernel ends the process."""

TOO_LARGE = N_(
    "This check was ended: the values that it needs do not fit into {limit:,} MiB of memory. A person looks at it."
)


def grade_case(
    loaded: LoadedCase,
    namespace: Mapping[str, Any],
    *,
    limits: Limits,
    missing: Callable[[str], str],
    cause: str = "",
) -> Outcome:
    """The outcome of one case.

    Args:
        loaded: The case with its function.
        namespace: The question's names; looking one up may raise `mismatch.Unusable` or `EvaluationEnded`.
        limits: Of the submission: processor time and memory for the case. What networks compute has limits of its own.
        missing: What to add for the student when a name is not there (`Code cell 3 raised NameError: …`), or empty.
        cause: What kept the answer from running to its end; the first that the student reads where the case fails. From
            before any hidden case, as a hidden case's message holds it, too.
    """
    case = loaded.case
    with _bounded(limits):
        try:
            values = values_of(case, namespace, missing)
        except Mismatch as unmet:
            if loaded.foreign and cannot_be_sent(unmet):
                return undecided(case, "error", str(unmet))
            explained = isinstance(unmet, Unusable) and not str(unmet).endswith(_(UNFILLED))
            return undecided(case, "fail", f"{cause}\n{unmet}" if cause and explained else str(unmet))
        except EvaluationEnded as ended:
            return undecided(case, "error", str(ended))
        except MemoryError:
            return undecided(case, "error", _(TOO_LARGE).format(limit=limits.case_memory_mb))
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
        return replace(outcome, diff=(), message=_(ERROR_MESSAGE))
    if outcome.status == "manual":
        public = _(UNDECIDED_MESSAGE) if outcome.proposed is None else _(CLAIMED_MESSAGE)
        return replace(outcome, message=public, detail=outcome.message, diff=())
    if outcome.detail:  # a value of a wrong kind, of which the message says no more
        return replace(outcome, diff=())
    public = loaded.failure_message or _("Not met: {title}").format(title=outcome.title)
    return replace(outcome, message=public, detail=outcome.message, diff=())


@contextmanager
def _bounded(limits: Limits) -> Iterator[None]:
    """Have the kernel end this process where a case does not come back, and refuse it memory where it takes too much.

    Python raises `MemoryError` then, which ends the case alone; without this a small value that a case makes large,
    such as a sparse matrix, would take all memory of the machine. The class goes on in any case.
    """
    seconds = math.ceil(time.process_time() + BEYOND_BUDGET * limits.case_seconds)
    taken = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    with _limited(resource.RLIMIT_CPU, seconds), _limited(resource.RLIMIT_DATA, taken + (limits.case_memory_mb << 20)):
        yield


@contextmanager
def _limited(kind: int, most: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


def undecided(case: Case, status: CaseStatus, message: str, detail: str = "") -> Outcome:
    """The outcome of a case whose function was not called; no points."""
    return Outcome(case.name, status, 0, case.points, case.hidden, case.title, message, detail)
