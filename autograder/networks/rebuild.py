"""Assembles a Keras model from a network as data and its weights. Both sides.

Nothing is ever deserialised by Keras: no `from_config`, no registered name, no saved file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.networks.network_spec import Derivation, NetworkSpec

__all__ = ["assemble"]


def assemble(spec: NetworkSpec, derived: Derivation, weights: Sequence[Sequence[np.ndarray[Any, Any]]]) -> Any:
    """The Keras model: Keras's own layers with the names, arguments and weights that are given. Not compiled.

    Args:
        spec: The graph.
        derived: What follows from the graph.
        weights: For each layer, arrays of the shapes that `derived` says.

    Raises:
        Exception: Any, where Keras refuses what the sender gave, or derives other shapes.
    """
    import keras

    inputs = [keras.Input(entry.shape, dtype=entry.dtype, name=entry.name) for entry in spec.inputs]
    layers = [layer.config.build(layer.name) for layer in spec.layers]
    if spec.sequential:
        model = keras.Sequential([inputs[0], *layers], name=spec.name)
        tensors = [*inputs, *(layer.output for layer in layers)]
    else:
        tensors = list(inputs)
        for call in spec.calls:
            given = [tensors[number] for number in call.inputs]
            as_list = spec.layers[call.layer].config.TAKES_LIST
            tensors.append(layers[call.layer](given if as_list else given[0]))
        outputs = [tensors[number] for number in spec.outputs]
        model = keras.Model(_one_or_all(inputs), _one_or_all(outputs), name=spec.name)
    if [tuple(tensor.shape[1:]) for tensor in tensors] != list(derived.shapes):
        raise ValueError("its shapes are not those that the grader derives")
    for layer, source, arrays in zip(layers, spec.layers, weights, strict=True):
        source.config.load(layer, arrays)
        layer.trainable = source.trainable
    return model


def _one_or_all(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors
