"""Deserialises values to plain data and Keras models. Both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograder.errors import Unsupported, WireError
from autograder.sandbox.wire.arrays import unpack_array
from autograder.sandbox.wire.network import rebuild_network
from autograder.sandbox.wire.values import MAX_DEPTH, Array, Dict, Function, List, Network, Refused, Tuple, Value

__all__ = ["arguments", "deserialise", "keras_model", "plain_data", "refusal"]


def deserialise(value: Value, resolve: Callable[[Function | Network | Refused], Any] | None = None) -> Any:
    """The plain data: None, numbers, text, lists, tuples, dicts, arrays, NumPy scalars, and `History` as it is.

    Arrays are read-only views of the bytes received: one case cannot change what the next one sees.

    Args:
        value: A decoded value.
        resolve: Called for each function, network and refused value, at any depth; what it returns replaces the value.
            By default they stay what they are.

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

    def refuse(special: Function | Network | Refused) -> Any:
        if isinstance(special, Refused):
            raise Unsupported(f"it is {special.reason}")
        raise WireError(f"a {type(special).__name__.lower()} in place of plain data")

    return deserialise(value, refuse)


def keras_model(special: Network | Refused) -> Any:
    """The live Keras model that stands behind what `deserialise` leaves to `resolve`, functions apart.

    Only for networks that are trusted as far as this process is: a notebook's own, in that notebook.

    Raises:
        Unsupported: The value was refused, or cannot be rebuilt; the text goes on after the value's name.
    """
    if isinstance(special, Refused):
        raise Unsupported(refusal(special))
    try:
        return rebuild_network(special)
    except WireError as error:
        raise Unsupported(f"cannot be graded: {error}") from error


def refusal(special: Refused) -> str:
    """Why a value cannot be graded; the text goes on after its name."""
    return "is still `...`: the gap is not filled." if special.type_name == "ellipsis" else f"is {special.reason}."


def arguments(values: Iterable[Value]) -> list[Any]:
    """Plain data for a call of a student's function, which may change its arrays: they are copies."""
    unpacked = map(deserialise, values)
    return [each.copy() if isinstance(each, np.ndarray) else each for each in unpacked]


def _part(value: Value, resolve: Callable[[Function | Network | Refused], Any] | None, depth: int) -> Any:
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
    if isinstance(value, (Function, Network, Refused)):
        return value if resolve is None else resolve(value)
    return value
