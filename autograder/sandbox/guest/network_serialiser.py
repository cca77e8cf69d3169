"""From a live Keras model to its wire form. Untrusted side.

So nothing that comes out of this is trusted: the grader checks it and rebuilds the model from it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from autograder.errors import Unsupported, WireError
from autograder.language import gettext as _
from autograder.networks.catalogue import LAYERS
from autograder.networks.catalogue.base import TRAINING, Layer, defaults
from autograder.networks.catalogue.operations import OPERATIONS, TensorOperation, operation_class
from autograder.networks.catalogue.table import LEFT_OUT
from autograder.networks.graph import Call, Graph, UnreadableModel, read_graph
from autograder.networks.network_spec import (
    MAX_LAYERS,
    Constant,
    Dots,
    LayerCall,
    NamedLayer,
    NetworkInput,
    NetworkSpec,
    Slice,
    StoredArray,
    is_chain,
)
from autograder.networks.rebuild import variables_of
from autograder.sandbox.wire.arrays import Array, pack_array
from autograder.sandbox.wire.network import Network, check

__all__ = ["Unbuilt", "serialise_network"]


class Unbuilt(Unsupported):
    """The network has no values of its weights, such as where `fit` was to build it and raised: it computes nothing."""


def serialise_network(model: Any) -> Network:
    """The wire form of a `keras.Sequential` or functional model.

    Raises:
        Unbuilt: It has no values yet.
        Unsupported: It cannot be rebuilt, or is too large; the text tells its author why, and what to do.
    """
    serialiser = _Serialiser()
    try:
        spec = serialiser.network(model)
        msgspec.convert(msgspec.to_builtins(spec), NetworkSpec)
        network = Network(spec, tuple(serialiser.weights))
        check(network)
    except msgspec.ValidationError as error:
        raise Unsupported(_reworded(error)) from None
    except Unsupported:
        raise
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
            raise Unsupported(_("it has no shapes yet; start it with keras.Input(...), or train it first")) from None
        own = error.model
    if own is not None:
        name = _clean(type(own).__name__)
        raise Unsupported(
            _("`{name}` is a model class of its own; use keras.Sequential or keras.Model(inputs, outputs)").format(
                name=name
            )
        )
    return graph


class _Serialiser:
    """Collects one model's layers and their weights."""

    def __init__(self) -> None:
        self.weights: list[Array] = []
        self._layers: list[NamedLayer] = []
        self._places: dict[int, int] = {}
        self._names: set[str] = set()

    def network(self, model: Any) -> NetworkSpec:
        import keras

        graph = _graph(model)
        inputs = tuple(map(self._input, graph.inputs))
        calls = tuple(map(self._call, graph.calls))
        only_layers = all(isinstance(call.operation, keras.layers.Layer) for call in graph.calls)
        spec = NetworkSpec(
            _clean(model.name),
            isinstance(model, keras.Sequential) and only_layers,
            inputs,
            tuple(self._layers),
            calls,
            graph.outputs,
            None if isinstance(model, keras.Sequential) else _structure(model.input),
            None if isinstance(model, keras.Sequential) else _structure(model.output),
        )
        # A branch inside a nested model cannot be a layer of a Sequential.
        return spec if is_chain(spec) else msgspec.structs.replace(spec, sequential=False)

    def _input(self, tensor: Any) -> NetworkInput:
        if tensor.sparse or tensor.ragged:
            raise Unsupported(_("its input is sparse or ragged; use a dense one"))
        return NetworkInput(self._unique(tensor._keras_history.operation.name), tuple(tensor.shape[1:]), tensor.dtype)

    def _call(self, call: Call) -> LayerCall:
        import keras

        operation, first = call.operation, id(call.operation) not in self._places
        if first:
            if len(self._layers) == MAX_LAYERS:
                raise Unsupported(_("it has more than {max_layers:,} layers").format(max_layers=MAX_LAYERS))
            place = self._places[id(operation)] = len(self._layers)
            where = _("layer {number} (`{clean}`)").format(number=place + 1, clean=_clean(operation.name))
            if isinstance(operation, keras.layers.Layer):
                named = self._named(operation, where)
            else:
                named = NamedLayer(self._unique(operation.name), _operation(operation), True)
            self._layers.append(msgspec.structs.replace(named, within=tuple(map(_clean, call.within))))
        place = self._places[id(operation)]
        inputs, keywords = self._arguments(call)
        if first and isinstance(operation, keras.layers.Layer):
            for variable in variables_of(operation, self._layers[place]):
                array = variable.numpy()
                if array.shape != tuple(variable.shape):  # TensorFlow makes the values only after a first step
                    raise Unbuilt(
                        _(
                            "it is not built yet: {where} has no weights. Start it with keras.Input(...), "
                            "or see that its training runs"
                        ).format(where=where)
                    )
                if array.dtype != np.float32:
                    raise Unsupported(
                        _("{where} has weights of {dtype}; use float32").format(where=where, dtype=array.dtype)
                    )
                self.weights.append(pack_array(array))
        return LayerCall(place, inputs, keywords, len(call.outputs))

    def _named(self, layer: Any, where: str) -> NamedLayer:
        """A layer with those that it holds, or the model that it holds."""
        import keras

        config = _config(layer, where)
        held = [each for attribute in config.INNER.values() for each in _listed(getattr(layer, attribute))]
        named = NamedLayer(self._unique(layer.name), config, layer.trainable)
        if len(held) == 1 and isinstance(held[0], keras.Model):
            network = _Serialiser().network(held[0])
            if any(isinstance(leaf, StoredArray) for call in network.calls for leaf in call.leaves()):
                raise Unsupported(
                    _("{where} holds a network that computes with an array of its own; use a layer for it").format(
                        where=where
                    )
                )
            return msgspec.structs.replace(named, network=network)
        inner = tuple(
            _Serialiser()._named(each, _("{where} holds `{name}`, which").format(where=where, name=_clean(each.name)))
            for each in held
        )
        return msgspec.structs.replace(named, inner=inner)

    def _arguments(self, call: Call) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What a layer is called with; but `training`, which `predict` sets whatever it was."""
        import keras

        numbers = dict(zip(map(id, call.input_tensors), call.inputs, strict=True))
        is_layer = isinstance(call.operation, keras.layers.Layer)

        def plain(value: Any, key: str = "") -> Any:
            if id(value) in numbers:
                return numbers[id(value)]
            if value is None or isinstance(value, bool):
                return value
            if isinstance(value, (list, tuple)):
                return tuple(plain(each, key) for each in value)
            if not is_layer:
                return self._constant(value, call)
            what = f"{key}={value!r:.20}" if key else f"{value!r:.20}"
            raise Unsupported(
                _("layer `{clean}` is called with {what}; call it on its inputs alone").format(
                    clean=_clean(call.operation.name), what=what
                )
            )

        keywords = {key: plain(value, key) for key, value in call.keywords.items() if key != "training"}
        return tuple(map(plain, call.positional)), {key: each for key, each in keywords.items() if each is not None}

    def _constant(self, value: Any, call: Call) -> Any:
        """What an operation is called with besides tensors."""
        import keras

        if isinstance(value, (int, float)) and not isinstance(value, np.generic):
            return Constant(value)
        if isinstance(value, slice):
            return Slice(value.start, value.stop, value.step)
        if value is Ellipsis:
            return Dots()
        if isinstance(value, (np.ndarray, np.generic)) or keras.ops.is_tensor(value):
            self.weights.append(pack_array(np.asarray(value)))
            return StoredArray()
        name = _clean(type(call.operation).__name__)
        raise Unsupported(
            _("its operation `{name}` gets {kind} {value!r:.20}, which is no number").format(
                name=name, kind=type(value).__name__, value=value
            )
        )

    def _unique(self, name: str) -> str:
        """A clean name that no layer or input has yet; nested models may repeat names, one model may not."""
        base = candidate = _clean(name)
        count = 1
        while candidate in self._names:
            candidate = f"{base[:55]}_{count}"
            count += 1
        self._names.add(candidate)
        return candidate


def _operation(operation: Any) -> TensorOperation:
    """An operation between tensors, such as that of `x + y` or `keras.ops.mean(x, axis=1)`."""
    name = type(operation).__name__
    if name not in OPERATIONS or operation_class(name) is not type(operation):
        raise Unsupported(
            _("it uses the operation `{clean}` between its layers, which the grader does not know; use a layer").format(
                clean=_clean(name)
            )
        )
    try:
        given = operation.get_config()
    except NotImplementedError:
        raise Unsupported(
            _("its operation `{name}` has an argument that is no plain number or text").format(name=name)
        ) from None
    return TensorOperation(name, {key: _plain(value) for key, value in given.items() if key != "name"})  # type: ignore[arg-type]


def _structure(nested: Any) -> Any:
    """How tensors are nested, by their places in the flat list; None for one alone, or a list of several."""
    import keras

    flat = {id(tensor): place for place, tensor in enumerate(keras.tree.flatten(nested))}

    def places(nested: Any) -> Any:
        if isinstance(nested, Mapping):
            return {key: places(each) for key, each in nested.items()}
        if isinstance(nested, Sequence):
            return tuple(map(places, nested))
        return flat[id(nested)]

    found = places(nested)
    return None if found in (0, tuple(range(len(flat)))) else found


def _config(layer: Any, where: str) -> Layer:
    """A layer's arguments, as its class of the catalogue."""
    import keras

    name = next((name for name in (*LAYERS, *LEFT_OUT) if getattr(keras.layers, name, None) is type(layer)), None)
    if name is None:
        raise Unsupported(
            _("{where} is of the class `{clean}`, which is not Keras's own; use one of Keras's layers").format(
                where=where, clean=_clean(type(layer).__name__)
            )
        )
    if name in LEFT_OUT:
        instead = _("layers such as Dense, Conv2D or Dropout")
        if name == "Lambda":
            instead = _("Rescaling, Reshape or Activation")
        raise Unsupported(
            _("{where} is a layer of the kind {name}, which the grader cannot rebuild; use {instead}").format(
                where=where, name=name, instead=instead
            )
        )
    kind = LAYERS[name]
    if layer.dtype_policy.name not in kind.DTYPES:
        raise Unsupported(
            _("{where} computes in {dtype_policy}; use float32").format(
                where=where, dtype_policy=layer.dtype_policy.name
            )
        )
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
            raise Unsupported(
                _("{where} has {key}={value!r:.40}, which the grader cannot rebuild; leave it out").format(
                    where=where, key=key, value=value
                )
            )
    try:
        return msgspec.convert({key: _plain(arguments[key]) for key in fields if key in arguments}, kind)
    except msgspec.ValidationError as error:
        raise Unsupported(
            _("{where} has an argument that the grader cannot rebuild: {reworded}").format(
                where=where, reworded=_reworded(error)
            )
        ) from None


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
    text, _at, path = str(error).replace("`", "").partition(" - at $.")
    return f"{path}: {text[:1].lower()}{text[1:]}" if path else text


def _listed(held: Any) -> list[Any]:
    return list(held) if isinstance(held, (list, tuple)) else [held]


def _clean(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.\-]", "_", name).lstrip("_-")[:60] or "layer"
