"""Assembles a Keras model from a network as data and its weights. Both sides.

Nothing is ever deserialised from what was received: no `from_config`, no registered name, no saved file. No weight gets
memory before its shape has been compared with the array that came for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from autograder.errors import WireError
from autograder.networks.graph import read_graph
from autograder.networks.network_spec import (
    Constant,
    Dots,
    LayerCall,
    NamedLayer,
    NetworkSpec,
    Slice,
    StoredArray,
    check_graph,
)

__all__ = ["assemble", "variables_of"]

Arrays = Iterator[np.ndarray[Any, Any]]


def assemble(spec: NetworkSpec, weights: Sequence[np.ndarray[Any, Any]]) -> Any:
    """The Keras model: Keras's own layers with the names, arguments and weights that are given. Not compiled.

    Args:
        spec: The graph.
        weights: Layer by layer, in the order of `variables_of`, with the arrays that operations are called with.

    Raises:
        WireError: The graph refers to what is not there, or the weights are not those of its layers.
        Exception: Any, where Keras refuses what the sender gave.
    """
    import keras
    from keras.src.backend.common import global_state

    check_graph(spec)
    arrays = iter(weights)
    scope = keras.StatelessScope(initialize_variables=False)
    try:
        with scope:
            builder = _Builder(arrays)
            model = builder.model(spec)
            if next(arrays, None) is not None:
                raise WireError("more arrays came than its layers have weights")
            scope.initialize_variables = True
    finally:
        global_state.set_global_attribute("uninitialized_variables", [])  # those of a model that was refused
    for layer, source, own in builder.received:
        source.config.load(layer, own)
    for layer, source in reversed(builder.built):  # what a layer holds after it
        layer.trainable = source.trainable
    return model


def variables_of(layer: Any, source: NamedLayer) -> list[Any]:
    """The weights of a live Keras layer that are carried, in an order that follows from its arguments alone."""
    if source.network is None:
        return source.config.variables(layer)
    calls = [call for call in read_graph(layer.layer).calls if not call.shared]
    return [
        variable
        for call, inner in zip(calls, source.network.layers, strict=True)
        for variable in variables_of(call.operation, inner)
    ]


class _Builder:
    """Makes layers and calls them on symbolic tensors, which allocates nothing.

    Attributes:
        built: The layers with what they were made from, those that another one holds before it.
        received: Those that have weights, with the arrays.
    """

    def __init__(self, arrays: Arrays) -> None:
        self.built: list[tuple[Any, NamedLayer]] = []
        self.received: list[tuple[Any, NamedLayer, list[np.ndarray[Any, Any]]]] = []
        self._arrays = arrays

    def model(self, spec: NetworkSpec, *, inside: bool = False) -> Any:
        """The model of a graph, whose weights follow unless it is `inside` a layer that has them."""
        import keras

        inputs = [keras.Input(entry.shape, dtype=entry.dtype, name=entry.name) for entry in spec.inputs]
        layers = [self._layer(layer) for layer in spec.layers]
        if spec.sequential:
            model = keras.Sequential([inputs[0], *layers], name=spec.name)
            if not inside:
                for layer, source in zip(layers, spec.layers, strict=True):
                    self._receive(layer, source)
            return model
        tensors, seen = list(inputs), set()
        for call in spec.calls:
            layer, source = layers[call.layer], spec.layers[call.layer]
            given = keras.tree.flatten(layer(*self._given(call.inputs, tensors), **self._keywords(call, tensors)))
            if len(given) != call.outputs:
                raise WireError(f"layer `{source.name}` gives {len(given)} tensors, not {call.outputs}")
            tensors += given
            if not inside and call.layer not in seen:
                self._receive(layer, source)
            seen.add(call.layer)
        outputs = [tensors[number] for number in spec.outputs]
        return keras.Model(
            _nested(inputs, spec.input_structure), _nested(outputs, spec.output_structure), name=spec.name
        )

    def _layer(self, source: NamedLayer) -> Any:
        held = [self.model(source.network, inside=True)] if source.network else list(map(self._layer, source.inner))
        layer = source.config.build(source.name, held)
        self.built.append((layer, source))
        return layer

    def _receive(self, layer: Any, source: NamedLayer) -> None:
        """Take the weights of a layer that was called for the first time."""
        own = []
        for variable in variables_of(layer, source):
            array = next(self._arrays, None)
            wanted = f"layer `{source.name}` has weights of {variable.dtype} {tuple(variable.shape)}"
            if array is None:
                raise WireError(f"{wanted}, which did not come")
            if array.dtype != variable.dtype or array.shape != tuple(variable.shape):
                raise WireError(f"{wanted}, and {array.dtype} {array.shape} came")
            own.append(array)
        if own:
            self.received.append((layer, source, own))

    def _keywords(self, call: LayerCall, tensors: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(call.keywords, self._given(call.keywords.values(), tensors), strict=True))

    def _given(self, arguments: Iterable[Any], tensors: Sequence[Any]) -> list[Any]:
        """Arguments as Keras takes them."""
        return [self._one(each, tensors) for each in arguments]

    def _one(self, argument: Any, tensors: Sequence[Any]) -> Any:
        match argument:
            case tuple():
                return self._given(argument, tensors)
            case Constant():
                return argument.value
            case Slice():
                return slice(argument.start, argument.stop, argument.step)
            case Dots():
                return Ellipsis
            case StoredArray():
                array = next(self._arrays, None)
                if array is None:
                    raise WireError("an operation gets an array that did not come")
                return array
            case None | bool():
                return argument
        return tensors[argument]


def _nested(tensors: Sequence[Any], structure: Any) -> Any:
    """Tensors as they are nested; without a structure one alone, or a list."""
    match structure:
        case None:
            return tensors[0] if len(tensors) == 1 else list(tensors)
        case dict():
            return {key: _nested(tensors, each) for key, each in structure.items()}
        case tuple():
            return [_nested(tensors, each) for each in structure]
    return tensors[structure]
