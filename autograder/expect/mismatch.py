"""The exceptions that fail a case, and the first checks of every value. Both sides."""

from __future__ import annotations

import builtins
import re
import traceback
from functools import lru_cache
from typing import Any

from autograder.errors import Unsupported
from autograder.language import gettext as _
from autograder.networks.network_view import is_model
from autograder.object_view import ObjectView
from autograder.records import LayerDiff
from autograder.wording import parted_at_error

__all__ = ["Mismatch", "Undecided", "Unsized", "Unusable", "cannot_be_sent", "described"]
__all__ += ["original_error", "raised_there", "require_model", "require_value"]

MAX_SHOWN_CHARACTERS = 40


class Mismatch(AssertionError):
    """The student's fault: a value is not what a case expects; the message is for the student.

    Attributes:
        diff: The rows of the layer comparison; empty if no layers were compared.
        credit: Share of the case's points that it still earns, from 0 to 1.
        valueless: Whether the message gives away nothing of the expected value, nor of the student's: the student may
            read it of a hidden case, too.
    """

    def __init__(
        self, message: str, *, diff: tuple[LayerDiff, ...] = (), credit: float = 0.0, valueless: bool = False
    ) -> None:
        """`credit` is limited to 0 … 1."""
        super().__init__(message)
        self.diff = diff
        self.valueless = valueless
        self.credit = min(1.0, max(0.0, credit))


class Undecided(Mismatch):
    """A figure is so little below the required one that it may be chance: a person decides."""


class Unsized(Mismatch, TypeError):
    """What a student's object has as `__len__` raised; `list(…)` then takes the items without their number."""


class Unusable(Mismatch):
    """A value cannot be serialised or rebuilt; the text says why."""


def cannot_be_sent(unmet: Mismatch) -> bool:
    """Whether a value is none to be judged because it cannot be sent, and not because it is still the gap `...`."""
    return isinstance(unmet.__cause__, Unsupported) and "`...`" not in str(unmet)


def raised_there(message: str) -> Mismatch:
    """The exception for one that a student's function raised: if that was one of Python's own, it is of its class, too.

    So a case that was written to run in the notebook catches it.

    Args:
        message: For the student: "`f(…)` raised ValueError: …".
    """
    name, *_rest = re.split(r"\W", parted_at_error(message)[1], maxsplit=1)
    return _raised_class(name)(message)


@lru_cache(maxsize=100)
def _raised_class(name: str) -> type[Mismatch]:
    error = getattr(builtins, name, None)
    if not isinstance(error, type) or not issubclass(error, Exception) or issubclass(Mismatch, error):
        return Mismatch
    try:
        made: type[Mismatch] = type(name, (Mismatch, error), {"__str__": BaseException.__str__})
        made("")
    except TypeError:  # one that takes more than a message
        return Mismatch
    return made


def original_error(error: BaseException) -> str:
    """What Python says of an exception at the end of a traceback; of a student's function's what it said there."""
    raised = parted_at_error(str(error))[1] if isinstance(error, Mismatch) else ""
    return f"{raised}\n" if raised else "".join(traceback.format_exception_only(error))


def require_value(value: Any, name: str) -> None:
    """Require that a value was assigned at all.

    Raises:
        Mismatch: It is `None`, or still the gap `...`.
    """
    if value is None:
        raise Mismatch(
            _("`{name}` is not defined, or is None. Run the cell that assigns it, and see what it assigns.").format(
                name=name
            )
        )
    if value is Ellipsis:
        raise Mismatch(_("`{name}` is still the gap `...`. Replace it by your answer.").format(name=name))


def require_model(value: Any, name: str) -> Any:
    """The value, if it is a Keras model, or in the grader the view of one.

    Raises:
        Mismatch: It is not a Keras model.
    """
    require_value(value, name)
    if is_model(value):
        return value
    step = _("Assign the network itself to it.")
    if type(value).__name__ == "History":  # Keras's own, or the deserialised one
        step = _("`fit` returns the history; the model is what you call `fit` on.")
    raise Mismatch(
        _("`{name}` should be a Keras model, received {value}. {step}").format(
            name=name, value=described(value), step=step
        )
    )


def described(value: Any) -> str:
    """A short description of any value, bounded in length: its type, and its shape, length or value."""
    if isinstance(value, type):
        return _("the class {kind}").format(kind=value.__name__[:MAX_SHOWN_CHARACTERS])
    if isinstance(value, ObjectView):  # of which nothing is asked for this
        return _cut(type(value).__name__)
    if callable(value) and isinstance(getattr(value, "__name__", None), str):
        return _("the function {kind}").format(kind=value.__name__[:MAX_SHOWN_CHARACTERS])
    if type(value) is int and value.bit_length() > 128:
        return _("an integer of {bit_length:,} bits").format(
            bit_length=value.bit_length()
        )  # Python refuses to print the longest
    if type(value) in (bool, int, float):
        return _cut(str(value))
    if type(value) is str:
        return _("the text {cut!r}").format(cut=_cut(value))
    if type(value) in (list, tuple, dict, set):
        return _("{kind} of length {count}").format(kind=type(value).__name__, count=len(value))
    shape = getattr(value, "shape", None)
    kind = type(value).__name__[:MAX_SHOWN_CHARACTERS]
    return (
        _("{kind} of shape {cut}").format(kind=kind, cut=_cut(str(tuple(shape))))
        if isinstance(shape, tuple) and shape
        else kind
    )


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}…"
