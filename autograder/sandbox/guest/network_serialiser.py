"""From a live Keras model to its wire form. Untrusted side.

So nothing that comes out of this is trusted: the grader checks it and rebuilds the model from it.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import msgspec
import numpy as np

from autograder.errors import Unsupported, WireError
from autograder.networks.catalogue import LAYERS
from autograder.networks.catalogue.base import TRAINING, Layer, defaults
from autograder.networks.graph import Call, Graph, UnreadableModel, read_graph
from autograder.networks.network_spec import MAX_LAYERS, LayerCall, NamedLayer, NetworkInput, NetworkSpec, is_chain
from autograder.sandbox.wire.arrays import Array, pack_array
from autograder.sandbox.wire.network import Network, check

__all__ = ["serialise_network"]


def serialise_network(model: Any) -> Network:
    """The wire form of a `keras.Sequential` or functional model.

    Raises:
        Unsupported: It cannot be rebuilt, or is too large; the text tells its author why, and what to do.
    """
    import keras

    graph = _graph(model)
    serialiser = _Serialiser()
    try:
        spec = serialiser.run(graph, _clean(model.name), sequential=isinstance(model, keras.Sequential))
        msgspec.convert(msgspec.to_builtins(spec), NetworkSpec)
        network = Network(spec, tuple(serialiser.weights))
        check(network)
    except msgspec.ValidationError as error:
        raise Unsupported(_reworded(error)) from None
    except WireError as error:
        raise Unsupported(str(error)) from None
    return network


def _graph(model: Any) -> Graph:
    """The graph behind a model whose class, and that of each model inside it, computes as Keras's own does."""
    import keras
    from keras.src.models.functional import Functional

    own = None
    try:
        graph = read_graph(model)
        # A class of its own that computes as its parent does (and, say, takes other arguments to fit) is as good.
        calls = (Functional.call, keras.Sequential.call)
        own = next((each for each in graph.models if type(each).call not in calls), None)
    except UnreadableModel as error:
        if error.waits and type(error.model).call is keras.Sequential.call:
            raise Unsupported("it has no shapes yet; start it with keras.Input(...), or train it first") from None
        own = error.model
    if own is not None:
        name = _clean(type(own).__name__)
        raise Unsupported(f"`{name}` is a model class of its own; use keras.Sequential or keras.Model(inputs, outputs)")
    return graph


class _Serialiser:
    """Collects one model's layers and their weights."""

    def __init__(self) -> None:
        self.weights: list[Array] = []
        self._layers: list[NamedLayer] = []
        self._places: dict[int, int] = {}
        self._names: set[str] = set()

    def run(self, graph: Graph, name: str, *, sequential: bool) -> NetworkSpec:
        inputs = tuple(map(self._input, graph.inputs))
        calls = tuple(LayerCall(self._place(call), call.inputs) for call in graph.calls)
        spec = NetworkSpec(name, sequential, inputs, tuple(self._layers), calls, graph.outputs)
        # A branch inside a nested model cannot be a layer of a Sequential.
        return spec if is_chain(spec) else msgspec.structs.replace(spec, sequential=False)

    def _input(self, tensor: Any) -> NetworkInput:
        shape = tensor.shape[1:]
        if None in shape:
            raise Unsupported(f"its input shape {shape} is not known in full; name every size in keras.Input(...)")
        if tensor.sparse or tensor.ragged:
            raise Unsupported("its input is sparse or ragged; use a dense one")
        return NetworkInput(self._unique(tensor._keras_history.operation.name), tuple(shape), tensor.dtype)

    def _place(self, call: Call) -> int:
        """Where the layer that is called stands in the list; it is put there if it is new."""
        import keras

        operation = call.operation
        is_layer = isinstance(operation, keras.layers.Layer)
        if is_layer:
            _refuse_call_arguments(call)
        if id(operation) not in self._places:
            if len(self._layers) == MAX_LAYERS:
                raise Unsupported(f"it has more than {MAX_LAYERS} layers")
            place = self._places[id(operation)] = len(self._layers)
            where = f"layer {place + 1} (`{_clean(operation.name)}`)"
            config = _config(operation, where) if is_layer else _function(call)
            if is_layer:
                self._add_weights(config.variables(operation), where)
            trainable = operation.trainable if is_layer else True
            self._layers.append(NamedLayer(self._unique(operation.name), config, trainable))
        return self._places[id(operation)]

    def _add_weights(self, variables: list[Any], where: str) -> None:
        for variable in variables:
            array = variable.numpy()
            if array.dtype != np.float32:
                raise Unsupported(f"{where} has weights of {array.dtype}; use float32")
            self.weights.append(pack_array(array))

    def _unique(self, name: str) -> str:
        """A clean name that no layer or input has yet; nested models may repeat names, one model may not."""
        base = candidate = _clean(name)
        count = 1
        while candidate in self._names:
            candidate = f"{base[:55]}_{count}"
            count += 1
        self._names.add(candidate)
        return candidate


def _function(call: Call) -> Layer:
    """The layer that does what a function between layers does, such as `keras.ops.relu(x)` or `x + y`."""
    import keras

    kind = type(call.operation)
    found = None
    only_tensors = len(keras.tree.flatten((call.node.arguments.args, call.node.arguments.kwargs))) == len(call.inputs)
    if kind.__module__.startswith("keras.src.") and only_tensors:
        found = next(filter(None, (each.from_function(call.operation) for each in LAYERS.values())), None)
    if found is None:
        raise Unsupported(
            f"it uses the operation `{_clean(kind.__name__)}` between its layers; use a layer, such as "
            "keras.layers.ReLU, Rescaling or Add"
        )
    return found


def _refuse_call_arguments(call: Call) -> None:
    """Refuse what a layer was called with besides tensors; but `training`, which `predict` sets whatever it was."""
    for key, value in call.node.arguments.kwargs.items():
        if key != "training" and isinstance(value, (int, float, str)) and value is not False:
            raise Unsupported(
                f"layer `{_clean(call.operation.name)}` is called with {key}={value!r:.20}; call it on its inputs alone"
            )


def _config(layer: Any, where: str) -> Layer:
    """A layer's arguments, as its class of the catalogue."""
    import keras

    name = type(layer).__name__
    if getattr(keras.layers, name, None) is not type(layer):
        raise Unsupported(
            f"{where} is of the class `{_clean(name)}`, which is not Keras's own; use one of Keras's layers"
        )
    kind = LAYERS.get(name)
    if kind is None:
        instead = "Rescaling, Reshape or Activation" if name == "Lambda" else "layers such as Dense, Conv2D or Dropout"
        raise Unsupported(f"{where} is a layer of the kind {name}, which the grader cannot rebuild; use {instead}")
    if layer.dtype_policy.name != "float32":
        raise Unsupported(f"{where} computes in {layer.dtype_policy.name}; use float32")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            arguments = kind.arguments(layer)
    except Unsupported as error:
        raise Unsupported(f"{where} {error}") from None
    fields, usual = kind.__struct_fields__, {**defaults(type(layer)), "data_format": "channels_last"}
    for key, value in arguments.items():
        # Without what is usual, or changes nothing at inference, the layer is the same.
        idle = key.endswith((*TRAINING, *kind.IGNORED)) or value in (None, usual.get(key)) or value is False
        if key not in (*fields, "name", "trainable", "dtype") and not idle:
            raise Unsupported(f"{where} has {key}={value!r:.40}, which the grader cannot rebuild; leave it out")
    try:
        return msgspec.convert({key: _plain(arguments[key]) for key in fields if key in arguments}, kind)
    except msgspec.ValidationError as error:
        raise Unsupported(f"{where} has an argument that the grader cannot rebuild: {_reworded(error)}") from None


def _plain(value: Any) -> Any:
    """An argument without NumPy types, and what Keras wrapped of them unwrapped."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict) and isinstance(value.get("config"), dict):
        return _plain(value["config"].get("value"))
    if isinstance(value, (list, tuple)):
        return tuple(_plain(item) for item in value)
    return value


def _reworded(error: msgspec.ValidationError) -> str:
    """`units: expected int <= 65536` for msgspec's "Expected `int` <= 65536 - at `$.units`"."""
    text, _, path = str(error).replace("`", "").partition(" - at $.")
    return f"{path}: {text[:1].lower()}{text[1:]}" if path else text


def _clean(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.\-]", "_", name).lstrip("_-")[:60] or "layer"
