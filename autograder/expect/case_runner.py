"""Runs cases: the same in the student's notebook and in the grader. Both sides."""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from autograder.evidence import rest_on, resting
from autograder.expect.measurements import recording
from autograder.expect.mismatch import Mismatch, Undecided, Unusable, cannot_be_sent, original_error
from autograder.expect.reference_record import CaseRun, running_case
from autograder.expect.test_files import LoadedCase
from autograder.language import N_
from autograder.language import gettext as _
from autograder.networks.network_view import EvaluationEnded
from autograder.object_view import VIEWED, HeldView
from autograder.records import Case, CaseStatus, Confusion, Measurement, Outcome, rounded

__all__ = ["run", "values_of"]

_MAX_TEXT = 8_000
_MAX_CONFUSIONS = 3  # of one case
_UNEXPECTED = N_("See whether the type and the shape of what you give are as the question asks.")
_CLAIMS = N_("So it cannot be rebuilt, and this check looked at what your notebook says of it")
_STANDS_IN = N_("What it answers is only what your notebook says (give the value itself)")
RUN_IT = N_("Run the cell that assigns it, and see whether it raises an error.")


def values_of(case: Case, namespace: Mapping[str, Any], missing: Callable[[str], str]) -> dict[str, Any]:
    """The values that a case asks for.

    Args:
        case: The case.
        namespace: Name → value. Looking one up may raise a `Mismatch`, for a value that is none to be judged.
        missing: What to add for the student when a name is not there (`Code cell 3 raised NameError: …`).

    Raises:
        Mismatch: One of them is not there, or cannot be judged.
    """
    values = {}
    for name in case.parameters:
        try:
            values[name] = namespace[name]
        except KeyError:
            raise Mismatch(
                _("`{name}` is not defined after this question. {missing}")
                .format(name=name, missing=missing(name))
                .rstrip()
            ) from None
    return values


def run(loaded: LoadedCase, namespace: Mapping[str, Any], missing: str = RUN_IT) -> Outcome:
    """What a case says about these values. Nothing of a hidden case is left out: the grader does that.

    Args:
        loaded: The case.
        namespace: Name → value, for all of the case's parameters that there are; see `values_of`.
        missing: What to add for the student when one is not there.
    """
    case = loaded.case
    with (
        recording() as measured,
        resting() as rested,
        running_case(loaded.path, case.name, loaded.record, hidden=case.hidden, foreign=loaded.foreign) as now,
    ):
        outcome = _run(loaded, namespace, missing, now)
    outcome = replace(
        outcome,
        measurements=tuple(each for each in measured if isinstance(each, Measurement)),
        confusions=()
        if case.hidden
        else tuple(each for each in measured if isinstance(each, Confusion))[:_MAX_CONFUSIONS],
        evidence=rested.evidence,
    )
    claims = [(rested.models if loaded.accept != "claimed" else {}, _CLAIMS), (rested.stand_ins, _STANDS_IN)]
    return _held_back(outcome, claims) if outcome.points else outcome


def _run(loaded: LoadedCase, namespace: Mapping[str, Any], missing: str, now: CaseRun) -> Outcome:
    try:
        values = values_of(loaded.case, namespace, lambda name: missing)
        now.note(values)
        if any(type(value).__name__ == "History" for value in values.values()):  # Keras's own, or the deserialised one
            rest_on("claimed")
        loaded.function(**(copy.deepcopy(values) if loaded.foreign else values))  # which may change what it gets
    except Undecided as near:
        return _outcome(loaded, "manual", str(near))
    except Unusable as nothing:
        if loaded.foreign and cannot_be_sent(nothing):
            return _outcome(loaded, "error", str(nothing))
        return _outcome(replace(loaded, failure_message=""), "fail", str(nothing))
    except Mismatch as mismatch:
        return replace(_failed(loaded, str(mismatch), now, mismatch), diff=mismatch.diff)
    except EvaluationEnded as ended:
        return _outcome(loaded, "error", str(ended))
    except AssertionError as error:
        return _failed(loaded, str(error).strip(), now)
    except Exception as error:  # noqa: BLE001 - anything else is a bug in the case, or the student gave what it cannot use
        what = f"{type(error).__name__}: {error}".strip(": ")
        detail = f"{what} ({_where(error, loaded)})"
        if wrong := now.wrong_inputs(error) or now.wrong_value():
            return _outcome(loaded, "fail", wrong, detail=detail)
        if wrong := now.wrong_answer():
            if loaded.case.hidden:  # the grader keeps all of it from the student, as of any other failure
                return _failed(loaded, f"{wrong} ({detail})", now)
            return _outcome(loaded, "fail", wrong, detail=detail)
        if loaded.foreign and not isinstance(error, MemoryError) and not (now.has_views and _may_be_of_view(error)):
            return _failed(loaded, _("This check ended in {strip}").format(strip=original_error(error).strip()), now)
        message = _("This check ended in {what}. {unexpected}").format(what=what, unexpected=_(_UNEXPECTED))
        return _outcome(loaded, "error", message, detail=detail)
    if now.empty:  # NumPy calls it close to anything
        return _outcome(loaded, "fail", now.empty)
    return _outcome(loaded, "pass", loaded.success_message, credit=1.0)


# ---------------------------------------------------------------- outcomes


def _held_back(outcome: Outcome, claims: Sequence[tuple[Mapping[str, str], str]]) -> Outcome:
    """An outcome whose points, if there are claims, a person confirms.

    Args:
        outcome: With its points.
        claims: Name → what it is, of values of which the case knows what the student's process says; what that means.
    """
    what = [
        _("`{name}` is {reason}. {means}").format(name=name, reason=reason, means=_(means))
        for values, means in claims
        for name, reason in values.items()
    ]
    if not what:
        return outcome
    waits = _("{names}; a person confirms the points.").format(names="; ".join(what))
    message = f"{waits}\n{outcome.message}".strip()
    return replace(outcome, status="manual", points=0, proposed=outcome.points, message=_cut(message))


def _outcome(loaded: LoadedCase, status: CaseStatus, message: str, *, credit: float = 0.0, detail: str = "") -> Outcome:
    case = loaded.case
    if status == "fail":
        message = _with_advice(message, loaded)
    points = rounded(case.points * credit)
    return Outcome(case.name, status, points, case.points, case.hidden, case.title, _cut(message), _cut(detail))


def _failed(loaded: LoadedCase, message: str, now: CaseRun, mismatch: Mismatch | None = None) -> Outcome:
    """A failure; of a hidden case the student reads the kind of what is of another one, and not the message."""
    credit = mismatch.credit if mismatch else 0.0
    shown = now.hidden_kind() or (message if mismatch and mismatch.valueless else "")
    if loaded.case.hidden and shown:
        return _outcome(loaded, "fail", shown, credit=credit, detail=message)
    return _outcome(loaded, "fail", message, credit=credit)


def _may_be_of_view(error: Exception) -> bool:
    """Whether an exception may come from what a view lacks, and the object itself has."""
    return not isinstance(error, AttributeError) or isinstance(error.obj, HeldView) or VIEWED in str(error)


def _with_advice(message: str, loaded: LoadedCase) -> str:
    """The author's advice behind the message's first line, which is all that some pages show."""
    first, break_, rest = message.partition("\n")
    if not first:
        return loaded.failure_message or _("Not met: {title}").format(title=loaded.case.title)
    return f"{first} {loaded.failure_message}".rstrip() + break_ + rest


def _where(error: BaseException, loaded: LoadedCase) -> str:
    """The case's own line that raised, as `file:line`."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == loaded.path]
    return f"{loaded.path}:{lines[-1] if lines else loaded.function.__code__.co_firstlineno}"


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}\n…"
