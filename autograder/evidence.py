"""What the outcome of a case rests on, recorded while the case runs. Both sides.

Whatever a case touches is recorded by the object that it touches, never declared by the case's author.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from autograder.language import gettext as _
from autograder.records import Evidence

__all__ = ["Rested", "rest_on", "rest_on_member", "rest_on_stand_in", "rest_on_structure", "resting"]

_ORDER: tuple[Evidence, ...] = ("computed", "answered", "claimed")
_STRUCTURE = (
    *("layers", "summary", "count_params", "get_layer", "trainable_weights", "non_trainable_weights"),
    *("variables", "trainable_variables", "non_trainable_variables", "input_shape", "output_shape", "submodules"),
    *("modules", "named_modules", "children", "named_children", "parameters", "named_parameters"),
)
"""Attributes and methods in which libraries say how a model is made."""

_OF_MODELS = ("inputs", "outputs", "input", "output", "weights", "get_weights", "get_config", "rows")
"""The same, but of a model only: a student's own class may have such attributes for other things."""

_resting: ContextVar[Rested | None] = ContextVar("evidence", default=None)


@dataclass
class Rested:
    """What one case rested on so far.

    Attributes:
        evidence: See `records.Outcome`.
        models: Models that cannot be rebuilt, and whose own description the case used: name → what it is.
        stand_ins: What can pass a check by what it says of itself, in place of data or of a model: likewise.
    """

    evidence: Evidence = "computed"
    models: dict[str, str] = field(default_factory=dict)
    stand_ins: dict[str, str] = field(default_factory=dict)


@contextmanager
def resting() -> Iterator[Rested]:
    """Record what the block rests on."""
    rested = Rested()
    token = _resting.set(rested)
    try:
        yield rested
    finally:
        _resting.reset(token)


def rest_on(evidence: Evidence, *, model: str = "", reason: str = "") -> None:
    """Record, for the enclosing `resting`, that its outcome rests on something.

    Args:
        evidence: What.
        model: Name of the model whose own description was used; empty for what is no such claim.
        reason: What that model is, and why it cannot be rebuilt.
    """
    rested = _resting.get()
    if rested is None:
        return
    rested.evidence = max(rested.evidence, evidence, key=_ORDER.index)
    if model:
        rested.models[model] = reason


def rest_on_stand_in(name: str, reason: str) -> None:
    """Record that a value of this name is what `reason` says, in place of one that the grader could judge."""
    rested = _resting.get()
    if rested is not None:
        rest_on("claimed")
        rested.stand_ins[name] = reason


def rest_on_member(name: str, shown: str) -> None:
    """Record that the student's process was asked: for an attribute or method of an object, or a call of a function.

    Args:
        name: Of the attribute or method; empty for a function.
        shown: What it is called in messages: `Wrapper.layers`.
    """
    if not rest_on_structure(name, shown.partition(".")[0]):
        rest_on("answered")


def rest_on_structure(name: str, kind: str, *, of_model: bool = False) -> bool:
    """Record that an attribute of an object was read, if it says how a model is made; returns whether it does.

    Args:
        name: Of the attribute or method.
        kind: The object's class.
        of_model: Whether the object stands in place of a model.
    """
    if name not in _STRUCTURE and not (of_model and name in _OF_MODELS):
        return False
    rest_on("claimed", model=kind, reason=_("an object that is no Keras model"))
    return True
