"""Computes a network's outputs within bounds of memory and time. Both sides."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from autograder.expect.architectures import rows_of
from autograder.expect.mismatch import Mismatch

__all__ = ["outputs"]

Array = np.ndarray[Any, Any]

_MAX_BATCH = 512
_MAX_ELEMENTS = 1 << 25
"""Elements of a batch in all activations together, since eager execution may keep each of them: 128 MiB of float32."""

_MAX_SECONDS = 120.0
"""For all inputs; the course's slowest network needs five seconds."""


def outputs(model: Any, x: Any, *, name: str = "model") -> list[Array]:
    """The outputs of a network at inference.

    The model is called on batches; `predict` would trace a graph for each case, which costs more than it saves.

    Args:
        model: A Keras model with one input.
        x: Inputs `(n, ...)`.
        name: The model's name in the notebook.

    Returns:
        For each output of the model an array `(n, ...)`.

    Raises:
        Mismatch: The model's layers cannot be read, or it needs more than 120 s.
    """
    from keras import ops

    x = np.asarray(x)
    unknown = max(x.shape[1:], default=1)
    elements = sum(math.prod(size or unknown for size in row.output_shape or ()) for row in rows_of(model, name))
    batch = max(1, min(_MAX_BATCH, _MAX_ELEMENTS // max(elements, 1)))
    ends = time.monotonic() + _MAX_SECONDS
    parts: list[list[Array]] = []
    for begin in range(0, len(x), batch):
        if time.monotonic() > ends:
            raise Mismatch(
                f"`{name}` is too slow: after {_MAX_SECONDS:g} s it has seen {begin:,} of {len(x):,} inputs. Build a "
                "network of the exercise's size."
            )
        given = model(x[begin : begin + batch], training=False)
        parts.append([ops.convert_to_numpy(each) for each in (given if isinstance(given, (list, tuple)) else [given])])
    return [np.concatenate(each) for each in zip(*parts, strict=True)]
