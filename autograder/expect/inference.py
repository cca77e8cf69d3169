"""Computes a network's outputs within bounds of memory and processor time. Both sides."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from autograder.expect.architectures import rows_of
from autograder.expect.budget import require_budget

__all__ = ["outputs"]

Array = np.ndarray[Any, Any]

_MAX_BATCH = 512
_MAX_ELEMENTS = 1 << 25
"""Elements of a batch in all activations together, since eager execution may keep each of them: 128 MiB of float32."""

_GROWTH = 8
_GROWS_BELOW = 1.0
"""Seconds of processor time: after a batch that took longer, the next one is as large, else up to 8 times as large.

The course's slowest network takes 0.1 s for 64 inputs. It is far below, because batches of another size give other last
digits, and how busy the machine is must not change a result.
"""


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
        Mismatch: The model's layers cannot be read.
        OverBudget: The case has no processor time left.
    """
    from keras import ops

    x = np.asarray(x)
    unknown = max(x.shape[1:], default=1)
    elements = sum(math.prod(size or unknown for size in row.output_shape or ()) for row in rows_of(model, name))
    most = max(1, min(_MAX_BATCH, _MAX_ELEMENTS // max(elements, 1)))
    parts: list[list[Array]] = []
    begin, batch, seconds = 0, 1, 0.0
    while begin < len(x):
        require_budget(f"`{name}` took {seconds:.2g} s for {begin:,} inputs.")
        started = time.process_time()
        given = model(x[begin : begin + batch], training=False)
        parts.append([ops.convert_to_numpy(each) for each in (given if isinstance(given, (list, tuple)) else [given])])
        taken = time.process_time() - started
        begin, seconds = begin + batch, seconds + taken
        if taken < _GROWS_BELOW:
            batch = min(most, _GROWTH * batch)
    return [np.concatenate(each) for each in zip(*parts, strict=True)]
