"""Demands on what a student says of the own runs: figures that a run must confirm, and a yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.expect.mismatch import Mismatch, described, require_value
from autograder.expect.plain_values import number

__all__ = ["claim", "truth"]

ROUNDING = 0.005
"""Two decimals are enough for an accuracy."""

_ROUNDING_ERROR = 1e-6  # of float32


def claim(value: Any, runs: Mapping[str, float], *, mistakes: Mapping[str, float] | None = None, name: str) -> float:
    """Demand a fraction that one of the student's own runs confirms, to two decimals.

    The text of a failure does not say what the run gave.

    Args:
        value: What the student calls `name`.
        runs: Where the figure may come from, in words, and what it is there; the first is the one that was asked for.
        mistakes: What it is easily taken for, in words, and the figure.
        name: Its name in the notebook.

    Returns:
        The student's figure.

    Raises:
        Mismatch: It is no fraction, or none of the runs gave it.
    """
    given = number(value, between=(0, 1), name=name)
    if any(_agree(given, figure) for figure in runs.values()):
        return given
    asked = next(iter(runs))
    for what, figure in (mistakes or {}).items():
        if _agree(given, figure):
            raise Mismatch(f"`{name}` is {given:.4g}, which is {what}. Give {asked}.")
    raise Mismatch(
        f"`{name}` is {given:.4g}, which is not {asked}, not even to two decimals. Every run differs a little: let the "
        "notebook work the number out instead of typing it."
    )


def truth(value: Any, expected: bool | None = None, *, why: str = "", name: str) -> bool:
    """Demand True or False.

    Args:
        value: What the student calls `name`.
        expected: Which one; None if either will do.
        why: What speaks for the expected one; ends the text of a failure.
        name: Its name in the notebook.

    Raises:
        Mismatch: It is something else, or the other one.
    """
    require_value(value, name)
    given = value
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        given = value.item()
    if type(given) is not bool:
        spelled = isinstance(given, str) and given.strip().lower() in ("true", "false")
        step = "Leave out the quotation marks." if spelled else "Give one of the two, or a comparison."
        raise Mismatch(f"`{name}` should be True or False, received {described(given)}. {step}")
    if expected is not None and given is not expected:
        raise Mismatch(f"`{name}` is {given}, expected {expected}. {why}".rstrip())
    return given


def _agree(given: float, figure: float) -> bool:
    return abs(given - figure) <= ROUNDING + _ROUNDING_ERROR
