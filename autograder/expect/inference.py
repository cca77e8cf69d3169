"""Computes a network's outputs within bounds of memory. Both sides."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.expect.architectures import rows_of
from autograder.expect.mismatch import Mismatch
from autograder.expect.remote_network import RemoteNetwork
from autograder.language import gettext as _
from autograder.language import ngettext
from autograder.networks.network_view import NetworkView, leaves, mapped

__all__ = ["outputs", "predictions"]

Array = np.ndarray[Any, Any]

_MAX_BATCH = 512
_MAX_ELEMENTS = 1 << 25
"""Elements of a batch in all activations together, since eager execution may keep each of them: 128 MiB of float32."""


def outputs(model: Any, x: Any, layers: Sequence[Any] = (), *, name: str = "model") -> list[Array]:
    """The outputs of a network at inference.

    The model is called on batches; `predict` would trace a graph for each case, which costs more than it saves.

    Args:
        model: A Keras model, or the view of one.
        x: Inputs `(n, ...)`, nested as the model takes them.
        layers: Layers of it whose outputs are wanted in place of its own.
        name: The model's name in the notebook.

    Returns:
        For each output of the model or of these layers an array `(n, ...)`.

    Raises:
        Mismatch: The model's layers cannot be read, or the layers are another network's. A model that cannot be
            rebuilt raised, gave no arrays of numbers, or was asked for layers.
        EvaluationEnded: In the grader, the case has no processor time left, or the computation went wrong.
    """
    return leaves(_nested_outputs(model, x, layers, name))


def predictions(model: Any, x: Any, output: str | int | None = None, *, name: str = "model") -> Array:
    """One output of a network at inference; see `outputs`.

    Args:
        model: A Keras model, or the view of one.
        x: Inputs `(n, ...)`, nested as the model takes them.
        output: Which one, by its position, its key or its layer's name; None for the only one.
        name: The model's name in the notebook.

    Raises:
        Mismatch: There is no such output.
    """
    nested = _nested_outputs(model, x, (), name)
    arrays: list[Array] = leaves(nested)
    if output is None:
        if len(arrays) != 1:
            raise Mismatch(
                _("`{name}` has {count} outputs, expected one. Build it with one.").format(name=name, count=len(arrays))
            )
        return arrays[0]
    if isinstance(nested, dict) and output in nested:
        return nested[output]  # type: ignore[no-any-return]
    at = output if isinstance(output, int) else _position(model, output)
    if at is None or not -len(arrays) <= at < len(arrays):
        keys = f": {', '.join(map(repr, nested))}" if isinstance(nested, dict) else ""
        raise Mismatch(
            _("`{name}` has no output {output!r}, it has {counted}{keys}. Add it.").format(
                name=name,
                output=output,
                counted=ngettext("{number} output", "{number} outputs", len(arrays)).format(number=len(arrays)),
                keys=keys,
            )
        )
    return arrays[at]


def _position(model: Any, layer: str) -> int | None:
    """Which of a model's outputs is that of the layer with this name."""
    tensors = {each.name: getattr(each.output, "name", None) for each in model.layers}
    names = [each.name for each in model.outputs]
    return names.index(tensors[layer]) if tensors.get(layer) in names else None


def _nested_outputs(model: Any, x: Any, layers: Sequence[Any], name: str) -> Any:
    if isinstance(model, RemoteNetwork) and not layers:
        return model.predict(x)
    inputs = mapped(np.asarray, x)
    arrays: list[Array] = leaves(inputs)
    unknown = max((size for each in arrays for size in each.shape[1:]), default=1)
    elements = sum(math.prod(size or unknown for size in row.output_shape or ()) for row in rows_of(model, name))
    batch = max(1, min(_MAX_BATCH, _MAX_ELEMENTS // max(elements, 1)))
    compute = _computing(model, layers)
    begins = range(0, len(arrays[0]), batch)
    parts = [compute(mapped(lambda each, at=at: each[at : at + batch], inputs)) for at in begins]
    return mapped(lambda *each: np.concatenate(each), *parts)


def _computing(model: Any, layers: Sequence[Any]) -> Callable[[Any], Any]:
    """What computes the outputs for one batch."""
    if isinstance(model, NetworkView):
        names = [layer.name for layer in layers]
        return lambda x: model.compute(x, names)
    from keras import Model, ops, tree

    try:
        part = Model(model.inputs[0], [layer.output for layer in layers]) if layers else model
    except ValueError as error:
        raise Mismatch(
            _("The network's layers belong to another network, so their outputs cannot be computed.")
        ) from error
    return lambda x: tree.map_structure(ops.convert_to_numpy, part(x, training=False))
