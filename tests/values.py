"""Serialise a value, deserialise it, and compare."""

from __future__ import annotations

import numpy as np

from autograder.sandbox.guest.value_serialiser import serialise
from autograder.sandbox.wire import values
from autograder.sandbox.wire.deserialise import deserialise
from autograder.sandbox.wire.frames import decode, encode


def there_and_back(value: object, resolve=None) -> object:
    return deserialise(decode(encode(serialise(value, [])), values.Value), resolve)


def same(left: object, right: object) -> bool:
    """Equal in type, value and structure; nan equals nan."""
    if type(left) is not type(right):
        return False
    if isinstance(left, np.ndarray | np.generic):
        return (left.dtype, left.shape) == (right.dtype, right.shape) and left.tobytes() == right.tobytes()
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return same(list(left), list(right)) and same(list(left.values()), list(right.values()))
    return left == right or (left != left and right != right)
