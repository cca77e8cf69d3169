"""Deserialises values to plain data and views of objects. Both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import numpy as np

from autograder.errors import Unsupported, WireError
from autograder.language import N_
from autograder.language import gettext as _
from autograder.object_view import Asked, FunctionView, is_table, object_view
from autograder.sandbox.wire.arrays import unpack_array
from autograder.sandbox.wire.made_values import made_from
from autograder.sandbox.wire.values import (
    MAX_DEPTH,
    Array,
    Callback,
    Dict,
    Function,
    List,
    Made,
    Object,
    Reference,
    Refused,
    Tuple,
    Value,
)
from autograder.wording import one_line

__all__ = ["UNFILLED", "Special", "arguments", "deserialise", "plain_data", "refusal", "view_of"]

MAX_REASON = 1_000
UNFILLED = N_("is still `...`: the gap is not filled.")

Special = Function | Object | Refused | Reference | Callback
"""Values that are no plain data."""


def deserialise(value: Value, resolve: Callable[[Any], Any] | None = None) -> Any:
    """The plain data: None, numbers, text, lists, tuples, dicts, arrays, NumPy scalars, and `History` as it is.

    So are sets, dates, frames and the like; see `wire.made_values`. Arrays are read-only views of the bytes received:
    one case cannot change what the next one sees. An object of which nothing can be asked becomes its view.

    Args:
        value: A decoded value.
        resolve: Called for each other `Special`, at any depth, an object with its fields deserialised; what it returns
            replaces the value. By default they stay what they are.

    Raises:
        WireError: The sender's fault: a rule that types cannot express is broken (an array's length, a duplicate key).
    """
    return _part(value, resolve, 0)


def plain_data(value: Value) -> Any:
    """What `deserialise` gives, and nothing but plain data.

    Raises:
        Unsupported: A part of it was refused.
        WireError: The sender's fault, as it is where a part is no plain data.
    """

    def refuse(special: Special) -> Any:
        if isinstance(special, Refused):
            raise Unsupported(f"it is {one_line(special.reason, MAX_REASON)}")
        raise WireError(f"a {type(special).__name__.lower()} in place of plain data")

    return deserialise(value, refuse)


def view_of(special: Special, asked: Asked) -> Any:
    """The view of a function or an object that `deserialise` leaves to `resolve`.

    Args:
        special: The value.
        asked: The process that keeps it.

    Raises:
        Unsupported: The value was refused; the text goes on after the value's name.
        WireError: The sender's fault: only the grader sends such a value.
    """
    if isinstance(special, Refused):
        raise Unsupported(refusal(special))
    if isinstance(special, Function):
        return FunctionView(one_line(special.name), special.id, asked)
    if isinstance(special, Object):
        return object_view(special.kind, special.fields, special.names, special.methods, special.id, asked)
    raise WireError(f"a {type(special).__name__.lower()} that only the grader may send")


def refusal(special: Refused) -> str:
    """Why a value cannot be graded; the text goes on after its name."""
    return (
        _(UNFILLED)
        if special.type_name == "ellipsis"
        else _("is {reason}.").format(reason=one_line(special.reason, MAX_REASON))
    )


def arguments(values: Iterable[Value], resolve: Callable[[Any], Any] | None = None) -> list[Any]:
    """What a call of a student's function gets, which may change its arrays and tables: they are copies."""
    unpacked = (deserialise(value, resolve) for value in values)
    return [each.copy() if isinstance(each, np.ndarray) or is_table(each) else each for each in unpacked]


def _part(value: Value, resolve: Callable[[Any], Any] | None, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise WireError(f"a value is nested more than {MAX_DEPTH} deep")
    if isinstance(value, Array):
        array = unpack_array(value)
        return array if array.shape else array[()]
    if isinstance(value, List):
        return [_part(item, resolve, depth + 1) for item in value.items]
    if isinstance(value, Tuple):
        return tuple(_part(item, resolve, depth + 1) for item in value.items)
    if isinstance(value, Dict):
        unpacked = {key: _part(item, resolve, depth + 1) for key, item in value.items}
        if len(unpacked) != len(value.items):
            raise WireError("a dict has a key twice")
        return unpacked
    if isinstance(value, Made):
        return made_from(value.kind, _part(value.parts, resolve, depth + 1))
    if isinstance(value, Object):
        fields = {name: _part(item, resolve, depth + 1) for name, item in value.fields.items()}
        if value.id is None and value.network is None and value.remote is None:
            return object_view(value.kind, fields)
        value = msgspec.structs.replace(value, fields=fields)
    if isinstance(value, Special) and resolve is not None:
        return resolve(value)
    return value
