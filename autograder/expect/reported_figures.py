"""Checks of figures and conclusions that a student reports of a training. Both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.expect.mismatch import Mismatch, described, require_value
from autograder.expect.plain_values import number
from autograder.language import gettext as _
from autograder.object_view import HeldView

__all__ = ["claim", "truth"]

HALF_A_PERCENT = 0.005
"""Largest difference of a figure that is given to two decimals."""

FLOAT32_ROUNDING_ERROR = 1e-6


def claim(value: Any, runs: Mapping[str, float], *, mistakes: Mapping[str, float] | None = None, name: str) -> float:
    """Require a fraction that agrees with one of the student's own runs, to two decimals.

    The message does not reveal the figures of the runs.

    Args:
        value: What the student calls `name`.
        runs: Description → figure of each run that is accepted; the first one is what the question asks for.
        mistakes: Description → figure that students confuse with it.
        name: The figure's name in the notebook.

    Returns:
        The student's figure.

    Raises:
        Mismatch: It is not a fraction, or not that of any run.
    """
    given = number(value, between=(0, 1), name=name)
    if any(_agree(given, figure) for figure in runs.values()):
        return given
    asked = next(iter(runs))
    for what, figure in (mistakes or {}).items():
        if _agree(given, figure):
            raise Mismatch(
                _("`{name}` is {given:.4g}, which is {what}. Give {asked}.").format(
                    name=name, given=given, what=what, asked=asked
                )
            )
    raise Mismatch(
        _(
            "`{name}` is {given:.4g}, which is not {asked}, not even to two decimals. Every run differs a "
            "little: do not type the number, let the notebook work it out."
        ).format(name=name, given=given, asked=asked)
    )


def truth(value: Any, expected: bool | None = None, *, why: str = "", name: str) -> bool:
    """Require True or False.

    Args:
        value: What the student calls `name`.
        expected: Which one; None if either is accepted.
        why: The reason for the expected one; the last sentence of the message.
        name: The value's name in the notebook.

    Raises:
        Mismatch: It is not a boolean, or not the expected one.
    """
    require_value(value, name)
    given = value
    if not isinstance(value, HeldView) and getattr(value, "shape", None) == () and hasattr(value, "item"):
        given = value.item()
    if type(given) is not bool:
        spelled = isinstance(given, str) and given.strip().lower() in ("true", "false")
        step = _("Leave out the quotation marks.") if spelled else _("Give one of the two, or a comparison.")
        raise Mismatch(
            _("`{name}` should be True or False, received {given}. {step}").format(
                name=name, given=described(given), step=step
            )
        )
    if expected is not None and given is not expected:
        raise Mismatch(
            _("`{name}` is {given}, expected {expected}. {why}")
            .format(name=name, given=given, expected=expected, why=why)
            .rstrip()
        )
    return given


def _agree(given: float, figure: float) -> bool:
    return abs(given - figure) <= HALF_A_PERCENT + FLOAT32_ROUNDING_ERROR
