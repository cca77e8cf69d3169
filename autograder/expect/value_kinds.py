"""What kind of thing a value is: an array of which shape, a tuple of how many, a function. Both sides."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from autograder.expect.remote_network import RemoteNetwork
from autograder.language import N_
from autograder.language import gettext as _
from autograder.networks.canonical import layer_rows
from autograder.networks.network_view import NetworkView, fits, is_model, leaves
from autograder.object_view import HeldView, ObjectView

__all__ = [
    "ValueKind",
    "accepts_inputs",
    "are_other_data",
    "as_array",
    "is_empty_for",
    "kind_of",
    "stand_in",
    "within_numpy",
    "wrong_kind",
]

MAX_PARTS = 20
"""Of a container whose parts are looked at."""

MAX_DEPTH = 3
MAX_CONTAINERS = 16
"""Of containers in each other in which a student's objects are looked for; no more are sent."""

_SEQUENCES: dict[Any, str] = {list: "list", tuple: "tuple", dict: "dict", set: "set", frozenset: "set"}
_DATA = {"array", "number", "boolean", "text", "DataFrame", "Series", *_SEQUENCES.values()}
_ALIKE = ({"list", "tuple"}, {"number", "boolean"})
"""Kinds of data that most checks take for each other."""

_ALONE = {"None": N_("nothing (None)"), "...": N_("the gap `...`"), "text": N_("text")}
_COUNTED = {"list": N_("a list"), "tuple": N_("a tuple"), "dict": N_("a dict"), "set": N_("a set")}
_NAMED = {
    "number": N_("a number"),
    "boolean": N_("a boolean"),
    "function": N_("a function"),
    "history": N_("a training history"),
    "DataFrame": N_("a DataFrame"),
    "Series": N_("a Series"),
}
_CLASSES = {"f": N_("floats"), "i": N_("integers"), "u": N_("integers"), "b": N_("booleans"), "U": N_("texts")}
_CLASSES["c"] = N_("complex numbers")


_ASKED = {"array": N_("shape and dtype"), "dict": N_("keys and values"), "model": N_("layers")}


class ValueKind(msgspec.Struct, frozen=True, omit_defaults=True):
    """What may be said of a value without giving it away.

    Attributes:
        kind: `array`, `number`, `boolean`, `text`, `list`, `tuple`, `dict`, `set`, `function`, `model`, `history`,
            `None`, `...`, or the name of another class.
        shape: Of an array or a frame; the length of a container.
        dtype: Letter of an array's dtype, as in `numpy.dtype.kind`.
        parts: Of a container, the kinds of its first items; of a network, of its inputs and then its outputs.
        digest: Of what must not be read from it: the keys of a dict, the kinds of a network's layers.
        other_class: Of a model that is none of Keras, its class: one such model is as good as another.
    """

    kind: str
    shape: tuple[int | None, ...] = ()
    dtype: str = ""
    parts: tuple[ValueKind, ...] = ()
    digest: str = ""
    other_class: str = ""

    def __str__(self) -> str:
        """As in `an array (4, 3) of floats`."""
        shape = f" {tuple(self.shape)}" if self.kind not in _SEQUENCES.values() and self.shape else ""
        if self.kind == "array":
            if self.dtype not in _CLASSES:
                return _("an array{shape}").format(shape=shape)
            return _("an array{shape} of {items}").format(shape=shape, items=_(_CLASSES[self.dtype]))
        if self.other_class:
            return _("a model of the class {other_class}").format(other_class=self.other_class)
        if self.kind == "model":
            return _("a Keras model") + "".join(f", {part.shape}" for part in self.parts)
        if self.kind in _ALONE:
            return _(_ALONE[self.kind])
        if self.kind in _COUNTED:
            counted = _(_COUNTED[self.kind])
            return _("{container} of {count}").format(container=counted, count=self.shape[0]) if self.shape else counted
        if self.kind in _NAMED:
            return f"{_(_NAMED[self.kind])}{shape}"
        if self.kind[0] in "aeiouAEIOU":
            return _("an {kind}{shape}").format(kind=self.kind, shape=shape)
        return _("a {kind}{shape}").format(kind=self.kind, shape=shape)


def kind_of(value: Any, depth: int = 0) -> ValueKind:
    """The kind of any value; numbers of NumPy and TensorFlow are numbers."""
    if value is None or value is Ellipsis:
        return ValueKind("None" if value is None else "...")
    if isinstance(value, (bool, np.bool_)):
        return ValueKind("boolean")
    if isinstance(value, (int, float, complex, np.number)):
        return ValueKind("number")
    if isinstance(value, str):
        return ValueKind("text")
    for sequence, name in _SEQUENCES.items():
        if type(value) is sequence:
            return _of_container(value, name, depth)
    if is_model(value):
        return _of_model(value)
    if isinstance(value, ObjectView):  # of which nothing is asked for this
        name = type(value).__name__[:40]
        return ValueKind(f"{name} object" if name in _DATA or name in ("None", "model", "function") else name)
    if isinstance(getattr(value, "history", None), Mapping):
        return ValueKind("history")
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(value, np.ndarray) or (shape is not None and dtype is not None and as_array(value) is not None):
        array = np.asarray(value)
        return ValueKind("array", array.shape, array.dtype.kind) if array.ndim else kind_of(array[()].item(), depth)
    if isinstance(shape, tuple) and hasattr(value, "iloc"):
        return ValueKind(type(value).__name__, shape, digest=_digest(getattr(value, "columns", ())))
    if callable(value) and not isinstance(value, type):
        return ValueKind("function")
    return ValueKind(type(value).__name__[:40])


def as_array(value: Any) -> np.ndarray[Any, Any] | None:
    """An array, number, list or tensor as an array; None where it is none, or one of objects."""
    if value is None or value is Ellipsis or isinstance(value, (str, bytes, dict, HeldView)) or hasattr(value, "iloc"):
        return None
    try:
        array = np.asarray(within_numpy(value))
    except Exception:  # noqa: BLE001 - rows of different lengths, symbolic tensors
        return None
    return None if array.dtype.kind == "O" else array


def within_numpy(value: Any) -> Any:
    """An integer beyond 64 bits as a float, as it is none of NumPy's numbers; any other value as it is."""
    if not isinstance(value, int) or -(1 << 63) <= value < 1 << 63:
        return value
    return float(value) if abs(value) <= sys.float_info.max else math.copysign(math.inf, value)


def _of_container(value: Any, name: str, depth: int) -> ValueKind:
    items = list(value.values()) if name == "dict" else list(value) if name != "set" else []
    parts = tuple(kind_of(item, depth + 1) for item in items[:MAX_PARTS]) if depth < MAX_DEPTH else ()
    return ValueKind(name, (len(value),), parts=parts, digest=_digest(value) if name == "dict" else "")


def _of_model(model: Any) -> ValueKind:
    """Equivalent networks are of the same kind."""
    if isinstance(model, RemoteNetwork) and model.other_class:
        return ValueKind("model", other_class=model.other_class)
    try:
        rows = list(model.rows) if isinstance(model, NetworkView) else layer_rows(model)
        ends = [*leaves(model.inputs), *leaves(model.outputs)]
        parts = tuple(ValueKind("array", tuple(each.shape)[1:], str(each.dtype)[0]) for each in ends)
    except (ValueError, AttributeError, AssertionError):  # not built, or in a process that does not say
        return ValueKind("model")
    return ValueKind("model", parts=parts, digest=_digest(row.kind for row in rows))


def _digest(names: Any) -> str:
    return hashlib.sha256(repr(list(map(str, names))).encode()).hexdigest()[:8]


def stand_in(value: Any, expected: ValueKind, depth: int = 0) -> str:
    """What a value is that can pass plain assertions in place of another one, by what it says; empty where it is none.

    Args:
        value: The student's.
        expected: The kind of the reference's.
        depth: Of the value in a container.
    """
    if isinstance(value, ObjectView):  # `x.mean()` and `x.shape` are then what the student's process answers
        return (
            _("an object in place of {valuekind}").format(valuekind=ValueKind(expected.kind))
            if expected.kind in _DATA
            else ""
        )
    if isinstance(value, (list, tuple, dict)) and depth < MAX_CONTAINERS:
        items = value.values() if isinstance(value, dict) else value
        pairs = zip(items, _kinds_of_items(value, expected), strict=False)
        return next(filter(None, (_stand_in_for_all(item, kinds, depth + 1) for item, kinds in pairs)), "")
    table = expected.kind == "model" and not isinstance(value, HeldView) and hasattr(value, "iloc")
    return _("a pandas table in place of a model") if table else ""  # a column `layers` reads as an attribute does


def _kinds_of_items(value: Any, expected: ValueKind) -> Iterable[Sequence[ValueKind]]:
    """For each item of a container the kinds of which it may stand in place; none where that is not known."""
    if expected.kind == "dict" and isinstance(value, dict):  # whose order may be another one
        return repeat([*dict.fromkeys(expected.parts)])
    if expected.kind in ("list", "tuple"):
        return ([part] for part in expected.parts)
    return repeat([expected] if expected.kind in _DATA and expected.kind != "set" else [])


def _stand_in_for_all(value: Any, kinds: Sequence[ValueKind], depth: int) -> str:
    """What a value is in place of each of some kinds: of those that are containers as it is, or else of all."""
    like = [kind for kind in kinds if kind.kind == type(value).__name__] or kinds
    found = [stand_in(value, kind, depth) for kind in like]
    return found[0] if found and all(found) else ""


def accepts_inputs(kind: ValueKind, inputs: Sequence[np.ndarray[Any, Any]]) -> bool:
    """Whether a network of this kind, or one in a container of it, takes these inputs `(n, …)`.

    The kind does not say which of its parts are inputs: these are the first ones.
    """
    if kind.kind != "model":
        return any(accepts_inputs(part, inputs) for part in kind.parts)
    return len(kind.parts) > len(inputs) and all(
        fits(each, part.shape, part.dtype) for each, part in zip(inputs, kind.parts, strict=False)
    )


def is_empty_for(value: Any, expected: ValueKind) -> bool:
    """Whether a value has no items, and can be broadcast to what the reference's is like: then NumPy calls them close.

    Args:
        value: The student's.
        expected: The kind of the reference's.
    """
    shape = _empty_shape(value)
    if not shape or 0 in expected.shape:
        return False
    return expected.kind == "number" or (expected.kind == "array" and len(shape) != len(expected.shape))


def _empty_shape(value: Any, depth: int = 0) -> tuple[int, ...]:
    """The shape that NumPy gives what has no items; empty for all else."""
    if isinstance(value, (HeldView, str)) or depth > MAX_DEPTH:
        return ()
    if isinstance(value, np.ndarray) or hasattr(value, "iloc"):
        return tuple(value.shape) if 0 in value.shape else ()
    try:
        length = len(value)
    except Exception:  # noqa: BLE001 - numbers have none, and a live dataset may have one that it does not know
        return ()
    if not length:
        return (0,)
    inner = _empty_shape(value[0], depth + 1) if isinstance(value, (list, tuple)) else ()
    return (length, *inner) if inner else ()


def are_other_data(given: ValueKind, expected: ValueKind) -> bool:
    """Whether one is no such data as the other is: not the array that it should be, whatever is in it."""
    if expected.kind not in _DATA or given.kind not in {*_DATA, "None", "..."}:
        return False
    return given.kind != expected.kind and {given.kind, expected.kind} not in _ALIKE


def wrong_kind(given: ValueKind, expected: ValueKind, name: str, *, hidden: bool = False) -> str:
    """What to tell the student of a value of another kind than the reference's; empty where it is of the same.

    Args:
        given: The student's.
        expected: The reference's.
        name: What it is called.
        hidden: Whether nothing but the kind may be shown of the reference's.
    """
    if given == expected or (given.other_class and expected.other_class):
        return ""
    if given.other_class or expected.other_class:
        return _("`{name}` should be {replace}, got {replace2}.").format(
            name=name, replace=replace(expected, parts=()), replace2=replace(given, parts=())
        )
    alike = given.kind == expected.kind
    if alike and not hidden and str(given) == str(expected):
        for at, (one, other) in enumerate(zip(given.parts, expected.parts, strict=False)):
            if given.kind != "model" and one != other:
                return wrong_kind(one, other, f"{name}[{at}]")
    if alike and (hidden or str(given) == str(expected)):
        what = _(_ASKED[given.kind]) if given.kind in _ASKED else _("items")
        return _("`{name}` is {given}, and its {what} are not those that the question asks for.").format(
            name=name, given=given, what=what
        )
    return _("`{name}` should be {value}, got {given}.").format(
        name=name, value=ValueKind(expected.kind) if hidden else expected, given=given
    )
