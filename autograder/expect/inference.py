"""Computes a network's outputs within bounds of memory. Both sides."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.expect.architectures import rows_of
from autograder.expect.mismatch import Mismatch
from autograder.networks.network_view import NetworkView, leaves

__all__ = ["outputs"]

Array = np.ndarray[Any, Any]

_MAX_BATCH = 512
_MAX_ELEMENTS = 1 << 25
"""Elements of a batch in all activations together, since eager execution may keep each of them: 128 MiB of float32."""


def outputs(model: Any, x: Any, layers: Sequence[Any] = (), *, name: str = "model") -> list[Array]:
    """The outputs of a network at inference.

    The model is called on batches; `predict` would trace a graph for each case, which costs more than it saves.

    Args:
        model: A Keras model with one input, or the view of one.
        x: Inputs `(n, ...)`.
        layers: Layers of it whose outputs are wanted in place of its own.
        name: The model's name in the notebook.

    Returns:
        For each output of the model or of these layers an array `(n, ...)`.

    Raises:
        Mismatch: The model's layers cannot be read, or the layers are another network's.
        EvaluationEnded: In the grader, the case has no processor time left, or the computation went wrong.
    """
    x = np.asarray(x)
    unknown = max(x.shape[1:], default=1)
    elements = sum(math.prod(size or unknown for size in row.output_shape or ()) for row in rows_of(model, name))
    batch = max(1, min(_MAX_BATCH, _MAX_ELEMENTS // max(elements, 1)))
    compute = _computing(model, layers)
    parts = [compute(x[begin : begin + batch]) for begin in range(0, len(x), batch)]
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def _computing(model: Any, layers: Sequence[Any]) -> Callable[[Array], list[Array]]:
    """What computes the outputs for one batch."""
    if isinstance(model, NetworkView):
        names = [layer.name for layer in layers]
        return lambda x: leaves(model.compute(x, names))
    from keras import Model, ops, tree

    try:
        part = Model(model.inputs[0], [layer.output for layer in layers]) if layers else model
    except ValueError as error:
        raise Mismatch(
            "The network's layers belong to another network, so their outputs cannot be computed."
        ) from error
    return lambda x: [ops.convert_to_numpy(each) for each in tree.flatten(part(x, training=False))]
