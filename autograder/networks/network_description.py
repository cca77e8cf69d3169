"""What a Keras network is, as plain data: layers, weights without their values, shapes. Both sides.

A process that holds a network describes it to another one, which checks that and makes a `NetworkView` of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from autograder.errors import WireError
from autograder.networks.canonical import LayerRow, Plain, Settings, layer_rows
from autograder.networks.network_spec import MAX_LAYERS, MAX_NESTED, NetworkSpec

__all__ = [
    "LayerDescription",
    "NetworkDescription",
    "TensorView",
    "WeightDescription",
    "as_data",
    "describe",
    "description_of",
    "plain_config",
]

Name = Annotated[str, msgspec.Meta(max_length=200)]
Kind = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z_][A-Za-z0-9_]{0,59}\Z")]
Rows = Annotated[tuple[LayerRow, ...], msgspec.Meta(max_length=2 * MAX_LAYERS)]  # with an activation each

MAX_ITEMS = 1_000
"""Of a list among a layer's arguments; vocabularies are longer, and nobody asks for them."""
MAX_SUMMARY = 900_000
"""Characters, a little less than one text may have on the wire."""


@dataclass(frozen=True)
class TensorView:
    """A tensor of the network, such as a layer's output.

    Attributes:
        shape: With the batch axis, which is None.
    """

    name: Name
    shape: tuple[int | None, ...]
    dtype: Name


@dataclass(frozen=True)
class WeightDescription:
    """A variable, without its values."""

    name: Name
    shape: tuple[int, ...]
    trainable: bool


@dataclass(frozen=True)
class LayerDescription:
    """A layer of `model.layers`.

    Attributes:
        kind: Its class.
        parameters: `count_params()`.
        config: Those of its arguments that are plain data, and no long lists.
        outputs: Of its first call.
        weights: Their positions in the network's `weights`.
        inputs: Of its first call.
        within: Names of the models inside the network that it belongs to, from the outermost.
    """

    name: Name
    kind: Kind
    trainable: bool
    parameters: int
    config: dict[Name, Plain | Settings]
    outputs: tuple[TensorView, ...]
    weights: tuple[int, ...]
    inputs: tuple[TensorView, ...] = ()
    within: Annotated[tuple[Name, ...], msgspec.Meta(max_length=MAX_NESTED)] = ()


@dataclass(frozen=True)
class NetworkDescription:
    """All of a network but what it computes and its weights' values; attributes as of a Keras model.

    Attributes:
        kind: Its class, `Sequential` or `Functional`.
        rows: The layers as `canonical.layer_rows` gives them.
        summary: What `summary()` prints.
    """

    name: Name
    kind: Kind
    rows: Rows
    inputs: tuple[TensorView, ...]
    outputs: tuple[TensorView, ...]
    layers: tuple[LayerDescription, ...]
    weights: tuple[WeightDescription, ...]
    summary: Annotated[str, msgspec.Meta(max_length=MAX_SUMMARY)]


def describe(model: Any, spec: NetworkSpec | None = None) -> NetworkDescription:
    """The description of a live Keras model.

    Args:
        model: The model.
        spec: What it was assembled from, which says what models were inside it.

    Raises:
        ValueError: Its layers cannot be read.
    """
    within = {layer.name: layer.within for layer in spec.layers} if spec else {}
    weights = list(model.weights)
    positions = {id(weight): at for at, weight in enumerate(weights)}
    lines: list[str] = []
    model.summary(print_fn=lambda text, **_: lines.append(text))
    from keras import tree  # after what another library's model lacks: it takes seconds, and TensorFlow writes of it

    return NetworkDescription(
        name=model.name,
        kind=type(model).__name__,
        rows=tuple(layer_rows(model)),
        inputs=tuple(map(_tensor, model.inputs)),
        outputs=tuple(map(_tensor, model.outputs)),
        layers=tuple(
            LayerDescription(
                name=layer.name,
                kind=type(layer).__name__,
                trainable=layer.trainable,
                parameters=int(layer.count_params()),
                config=plain_config(layer),
                outputs=tuple(map(_tensor, tree.flatten(layer.output))),
                weights=tuple(positions[id(weight)] for weight in layer.weights),
                inputs=tuple(map(_tensor, layer._inbound_nodes[0].input_tensors)),
                within=within.get(layer.name, ()),
            )
            for layer in model.layers
        ),
        weights=tuple(WeightDescription(each.name, tuple(each.shape), each.trainable) for each in weights),
        summary="\n".join(lines)[:MAX_SUMMARY],
    )


def as_data(described: NetworkDescription) -> Any:
    """A description as plain data: dicts and lists."""
    return msgspec.to_builtins(described)


def description_of(data: Any) -> NetworkDescription:
    """The description that is plain data, checked: hostile weights may have written it.

    Raises:
        WireError: It is none.
    """
    try:
        described = msgspec.convert(data, NetworkDescription)
    except msgspec.ValidationError as error:
        raise WireError(str(error)) from None
    if any(not 0 <= at < len(described.weights) for layer in described.layers for at in layer.weights):
        raise WireError("a layer has weights that are not there")
    for position, row in enumerate(described.rows):
        if not row.sources or any(not -len(described.inputs) <= at < position for at in row.sources):
            raise WireError("a layer gets what no input or earlier layer gives")
    return described


def plain_config(layer: Any) -> dict[str, Any]:
    """Those of a live layer's arguments that are plain data."""
    return {key: value for key, value in layer.get_config().items() if _is_plain(value)}


def _tensor(tensor: Any) -> TensorView:
    return TensorView(tensor.name, tuple(tensor.shape), str(tensor.dtype))


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return len(value) <= MAX_ITEMS and all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))
