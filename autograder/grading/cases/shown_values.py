"""What a notebook gave under a name, in a few words for an author. Trusted side."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

from autograder.expect.mismatch import Unusable
from autograder.expect.value_kinds import kind_of

__all__ = ["shown_value"]

MAX_ITEMS, MAX_CHARACTERS = 6, 60
_REPR = reprlib.Repr()
_REPR.maxlist = _REPR.maxtuple = _REPR.maxdict = _REPR.maxset = MAX_ITEMS
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = MAX_CHARACTERS


def shown_value(value: Any) -> str:
    """A number, text or small container as it is, and of anything else its kind: `an array (4, 3) of floats`."""
    if isinstance(value, Unusable):
        return f"unusable ({value})"
    if isinstance(value, (bool, int, float, str, list, tuple, dict, set, np.generic)):
        return f"`{_REPR.repr(value.item() if isinstance(value, np.generic) else value)}`"
    if isinstance(value, np.ndarray) and value.size <= MAX_ITEMS:
        return f"{kind_of(value)}, `{_REPR.repr(value.tolist())}`"
    return str(kind_of(value))
