"""Rebuilds a Keras model from a checked network. Trusted side: in the grader, and in a notebook's self-check.

Nothing is ever deserialised by Keras: no `from_config`, no registered name, no saved file.
"""

from __future__ import annotations

from typing import Any

from autograder.errors import WireError
from autograder.sandbox.wire.frames import one_line
from autograder.sandbox.wire.network import CheckedNetwork, Network, check

__all__ = ["rebuild_network"]


def rebuild_network(network: Network) -> Any:
    """The Keras model: Keras's own layers with the names, arguments and weights that were received. Not compiled.

    Raises:
        WireError: `check` or Keras refuses it.
    """
    checked = check(network)
    try:
        return _assemble(checked)
    except WireError:
        raise
    except Exception as error:  # Keras and TensorFlow may raise anything
        raise WireError(f"Keras cannot build it: {one_line(str(error))}") from error


def _assemble(network: CheckedNetwork) -> Any:
    import keras

    spec = network.spec
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
    if [tuple(tensor.shape[1:]) for tensor in tensors] != list(network.derived.shapes):
        raise WireError("Keras derives other shapes than the grader")
    for layer, source, arrays in zip(layers, spec.layers, network.weights, strict=True):
        source.config.load(layer, arrays)
        layer.trainable = source.trainable
    return model


def _one_or_all(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors
