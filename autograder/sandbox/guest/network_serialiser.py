"""From a live Keras model to its wire form. Runs beside student code, in the student's process.

So nothing that comes out of this is trusted: the grader checks and rebuilds it with `models`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any, get_args

import msgspec
import numpy as np

from autograder.errors import Unsupported, WireError
from autograder.networks.catalogue.arguments import ActivationName
from autograder.networks.catalogue.layers import LayerConfig
from autograder.networks.network_spec import (
    MAX_LAYERS,
    LayerCall,
    NamedLayer,
    NetworkInput,
    NetworkSpec,
    is_chain,
    variables_of,
)
from autograder.sandbox.wire.arrays import Array, pack_array
from autograder.sandbox.wire.network import Network, check

__all__ = ["serialise_network"]

LAYERS: dict[str, Any] = {layer.__name__: layer for layer in get_args(LayerConfig)}

TRAINING_ONLY = (
    *("seed", "noise_shape", "momentum", "synchronized", "fill_mode", "fill_value", "interpolation"),
    *("renorm_momentum", "_initializer", "_regularizer", "_constraint"),
)
"""Endings of arguments that change nothing at inference, and so do not cross."""

FUNCTIONS = ("relu", "relu6", "sigmoid", "softmax", "softplus", "softsign", "tanh")
"""Activations that `keras.ops` has under the same name and with the same defaults."""

ONLY = {"data_format": "channels_last", "dilation_rate": (1, 1)}
"""Arguments that do not cross either, and the one value, besides None and False, for which that is no loss."""


def serialise_network(model: Any) -> Network:
    """The wire form of a `keras.Sequential` or functional model.

    Raises:
        Unsupported: It cannot be rebuilt, or is too large; the text tells its author why, and what to do.
    """
    graph = _Dump()
    spec, weights = graph.run(model)
    try:
        msgspec.convert(msgspec.to_builtins(spec), NetworkSpec)
        wire_model = Network(spec, tuple(weights))
        check(wire_model)
    except msgspec.ValidationError as error:
        raise Unsupported(_reworded(error)) from None
    except WireError as error:
        raise Unsupported(str(error)) from None
    return wire_model


class _Dump:
    """Collects one model, nested ones included."""

    def __init__(self) -> None:
        self._layers: list[NamedLayer] = []
        self._calls: list[LayerCall] = []
        self._weights: list[Array] = []
        self._places: dict[int, int] = {}
        self._names: set[str] = set()
        self._tensors = 0

    def run(self, model: Any) -> tuple[NetworkSpec, list[Array]]:
        graph = _functional(model)
        inputs = tuple(self._input(tensor) for tensor in graph.inputs)
        self._tensors = len(inputs)
        outputs = self._walk(graph, range(len(inputs)))
        spec = NetworkSpec(
            name=_clean(model.name),
            sequential=graph is not model,
            inputs=inputs,
            layers=tuple(self._layers),
            calls=tuple(self._calls),
            outputs=tuple(outputs),
        )
        # A branch inside a nested model cannot be a layer of a Sequential.
        return (spec if is_chain(spec) else msgspec.structs.replace(spec, sequential=False)), self._weights

    def _input(self, tensor: Any) -> NetworkInput:
        shape = tensor.shape[1:]
        if None in shape:
            raise Unsupported(f"its input shape {shape} is not known in full; name every size in keras.Input(...)")
        if tensor.sparse or tensor.ragged:
            raise Unsupported("its input is sparse or ragged; use a dense one")
        return NetworkInput(self._unique(tensor._keras_history.operation.name), tuple(shape), tensor.dtype)

    def _walk(self, graph: Any, numbers: Sequence[int]) -> list[int]:
        """Dump a graph whose inputs are the tensors `numbers`; returns its outputs' numbers."""
        known = {id(tensor): number for tensor, number in zip(graph.inputs, numbers, strict=True)}
        for _, nodes in sorted(graph._nodes_by_depth.items(), reverse=True):
            for node in nodes:
                if not node.is_input:
                    outputs = self._apply(node, [known[id(tensor)] for tensor in node.input_tensors])
                    known.update((id(tensor), number) for tensor, number in zip(node.outputs, outputs, strict=True))
        return [known[id(tensor)] for tensor in graph.outputs]

    def _apply(self, node: Any, inputs: list[int]) -> list[int]:
        import keras

        operation = node.operation
        if isinstance(operation, keras.layers.Layer):
            _refuse_call_arguments(node, operation.name)
        if isinstance(operation, keras.Model):
            return self._walk(_functional(operation), inputs)
        place = self._places.get(id(operation))
        if place is None:
            layer = operation if isinstance(operation, keras.layers.Layer) else _activation_layer(operation)
            place = self._places[id(operation)] = self._add(layer)
        self._calls.append(LayerCall(place, tuple(inputs)))
        self._tensors += 1
        return [self._tensors - 1]

    def _add(self, layer: Any) -> int:
        if len(self._layers) == MAX_LAYERS:
            raise Unsupported(f"it has more than {MAX_LAYERS} layers")
        where = f"layer {len(self._layers) + 1} (`{_clean(layer.name)}`)"
        config = _config(layer, where)
        for variable in variables_of(layer):
            array = variable.numpy()
            if array.dtype != np.float32:
                raise Unsupported(f"{where} has weights of {array.dtype}; use float32")
            self._weights.append(pack_array(array))
        self._layers.append(NamedLayer(self._unique(layer.name), config, layer.trainable))
        return len(self._layers) - 1

    def _unique(self, name: str) -> str:
        """A clean name that no layer or input has yet; nested models may repeat names, one model may not."""
        base = candidate = _clean(name)
        count = 1
        while candidate in self._names:
            candidate = f"{base[:55]}_{count}"
            count += 1
        self._names.add(candidate)
        return candidate


def _functional(model: Any) -> Any:
    """The graph behind a model."""
    import keras
    from keras.src.models.functional import Functional

    # A class of its own that computes as its parent does (and, say, takes other arguments to fit) is as good.
    if isinstance(model, Functional) and type(model).call is Functional.call:
        return model
    if not isinstance(model, keras.Sequential) or type(model).call is not keras.Sequential.call:
        name = _clean(type(model).__name__)
        raise Unsupported(f"`{name}` is a model class of its own; use keras.Sequential or keras.Model(inputs, outputs)")
    if model._functional is None:
        raise Unsupported("it has no shapes yet; start it with keras.Input(...), or train it first")
    return model._functional


def _activation_layer(operation: Any) -> Any:
    """The layer that does what a function between layers does: `keras.ops.relu(x)`, `keras.activations.softmax(x)`."""
    import keras

    name = type(operation).__name__
    own = type(operation).__module__.startswith("keras.src.")
    settings = {"negative_slope": 0, "max_value": None, "threshold": 0, "axis": -1}
    usual = all(getattr(operation, key, value) == value for key, value in settings.items())
    if not (own and usual and name.lower() in FUNCTIONS):
        raise Unsupported(
            f"it uses the operation `{_clean(name)}` between its layers; use a layer, such as keras.layers.ReLU, "
            "Rescaling or Add"
        )
    return keras.layers.Activation(name.lower(), name=_clean(operation.name))


def _refuse_call_arguments(node: Any, name: str) -> None:
    """Refuse what a layer was called with besides tensors; but `training`, which `predict` sets whatever it was."""
    for key, value in node.arguments.kwargs.items():
        if key != "training" and isinstance(value, (int, float, str)) and value is not False:
            raise Unsupported(f"layer `{_clean(name)}` is called with {key}={value!r:.20}; call it on its inputs alone")


def _config(layer: Any, where: str) -> Any:
    """A layer's arguments, as the class of the same name in `layers`."""
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
    fields: dict[str, Any] = {}
    if "activation" in kind.__struct_fields__:
        fields["activation"] = _activation_name(layer.activation, where)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # What Keras forgets to tell, up to 3.12, comes first.
        arguments = {"output_padding": getattr(layer, "output_padding", None), **layer.get_config()}
    for key, value in arguments.items():
        if key in kind.__struct_fields__:
            fields.setdefault(key, _plain(value))
        elif key not in ("name", "trainable", "dtype") and not _negligible(key, value):
            raise Unsupported(f"{where} has {key}={value!r:.40}, which the grader cannot rebuild; leave it out")
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise Unsupported(f"{where} has an argument that the grader cannot rebuild: {_reworded(error)}") from None


def _negligible(key: str, value: Any) -> bool:
    """Whether an argument that does not cross changes nothing at inference."""
    return value is None or value is False or key.endswith(TRAINING_ONLY) or (key in ONLY and value == ONLY[key])


def _activation_name(activation: Any, where: str) -> str:
    """Keras's name of an activation, told by identity: a student's own `def relu` is not Keras's."""
    import keras
    import tensorflow as tf

    for name in get_args(ActivationName):
        twins = [getattr(keras.activations, name), getattr(tf.nn, name, None)]
        if name in FUNCTIONS:
            twins.append(getattr(keras.ops, name))
        if any(activation is twin for twin in twins):
            return str(name)
    if isinstance(activation, keras.layers.Layer):
        raise Unsupported(f"{where} has a layer as its activation; put that layer behind it")
    raise Unsupported(f"{where} has an activation of its own; name one of Keras's, such as activation='relu'")


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
