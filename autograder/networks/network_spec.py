"""A Keras network as data: a graph of catalogued layers, without its weights. Both sides.

    tensors   0 … are the network's inputs; every call adds the next numbers, one for each output
    calls     apply a layer to tensors of smaller numbers, so the graph cannot have a cycle
    layers    may be called more than once; then they share their weights

A model inside a model is written layer by layer, in its place; each of these layers says in which model it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from autograder.errors import WireError
from autograder.networks.catalogue import LayerConfig
from autograder.networks.catalogue.operations import Real

__all__ = [
    "MAX_LAYERS",
    "MAX_NESTED",
    "Constant",
    "Dots",
    "LayerCall",
    "NamedLayer",
    "NetworkInput",
    "NetworkSpec",
    "Slice",
    "StoredArray",
    "check_graph",
    "is_chain",
]

MAX_LAYERS = 2_000
"""DenseNet121 has 429, and EfficientNetB7 has 816."""
MAX_NESTED = 16
"""Models inside each other."""

# TensorFlow's own rule for names, without its slash: Keras refuses that one in layers.
Name = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9.][A-Za-z0-9_.\-]{0,59}\Z")]
Size = Annotated[int, msgspec.Meta(ge=1, le=1 << 24)]
Number = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Index = Annotated[int, msgspec.Meta(ge=-(1 << 31), le=1 << 31)] | None


class NetworkInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An input of the network; `shape` without the batch, and with None for a size that is not fixed."""

    KERAS_NAME: ClassVar[str] = "InputLayer"
    name: Name
    shape: Annotated[tuple[Size | None, ...], msgspec.Meta(max_length=6)]
    dtype: Literal["float32", "float64", "uint8", "int32", "int64", "bool", "string"]


class NamedLayer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A layer of Keras's own, with its name and arguments.

    Attributes:
        within: Names of the models inside the network in which it is called first, from the outermost.
        inner: The layers that it holds, in the order of `Layer.INNER`.
        network: The model that it holds in place of a layer.
    """

    name: Name
    config: LayerConfig
    trainable: bool
    within: Annotated[tuple[Name, ...], msgspec.Meta(max_length=MAX_NESTED)] = ()
    inner: Annotated[tuple[NamedLayer, ...], msgspec.Meta(max_length=32)] = ()
    network: NetworkSpec | None = None


class Constant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A number that an operation gets, such as the 2 of `x * 2`."""

    value: Real


class Slice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The `1:-1` of `x[:, 1:-1]`."""

    start: Index
    stop: Index
    step: Index


class Dots(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The `...` of `x[..., 0]`."""


class StoredArray(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """An array that an operation gets: the next one of those that come with the weights."""


Leaf = Number | bool | None | Constant | Slice | Dots | StoredArray
Leaves = Annotated[tuple[Leaf, ...], msgspec.Meta(max_length=64)]
Argument = Leaf | Annotated[tuple[Leaf | Leaves, ...], msgspec.Meta(max_length=64)]
"""What a layer is called with: a bare number is that of a tensor."""

Structure = Number | Annotated[
    tuple[Number | Annotated[tuple[Number, ...], msgspec.Meta(max_length=64)] | dict[Name, Number], ...],
    msgspec.Meta(max_length=64),
] | Annotated[
    dict[Name, Number | Annotated[tuple[Number, ...], msgspec.Meta(max_length=64)] | dict[Name, Number]],
    msgspec.Meta(max_length=64),
]  # fmt: skip
"""How inputs or outputs are nested, by their places in the flat list."""


class LayerCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A layer, by its place in `NetworkSpec.layers`, applied to tensors.

    Attributes:
        inputs: Its positional arguments.
        keywords: The others, but for `training`.
        outputs: How many tensors it gives.
    """

    layer: Number
    inputs: Annotated[tuple[Argument, ...], msgspec.Meta(max_length=16)]
    keywords: Annotated[dict[Name, Argument], msgspec.Meta(max_length=8)] = {}
    outputs: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1

    def leaves(self) -> Iterator[Any]:
        """What its arguments hold, one by one."""
        waiting = [*reversed((*self.inputs, *self.keywords.values()))]
        while waiting:
            each = waiting.pop()
            if isinstance(each, tuple):
                waiting += reversed(each)
            else:
                yield each


class NetworkSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The graph.

    Attributes:
        sequential: Whether it is to be a `keras.Sequential` again, whose `layers` do not count the input.
        outputs: The tensors that the network returns.
        input_structure: How inputs are nested; None for one alone, or a list of several.
        output_structure: How outputs are, likewise.
    """

    name: Name
    sequential: bool
    inputs: Annotated[tuple[NetworkInput, ...], msgspec.Meta(min_length=1, max_length=64)]
    layers: Annotated[tuple[NamedLayer, ...], msgspec.Meta(min_length=1, max_length=MAX_LAYERS)]
    calls: Annotated[tuple[LayerCall, ...], msgspec.Meta(min_length=1, max_length=MAX_LAYERS)]
    outputs: Annotated[tuple[Number, ...], msgspec.Meta(min_length=1, max_length=64)]
    input_structure: Structure | None = None
    output_structure: Structure | None = None


def check_graph(spec: NetworkSpec) -> None:
    """Insist that a decoded graph refers only to what is there. Keras is not needed.

    Raises:
        WireError: It is no graph of a network.
    """
    names = [*(entry.name for entry in spec.inputs), *(layer.name for layer in spec.layers)]
    if len(set(names)) != len(names):
        raise WireError("two layers have the same name")
    if spec.sequential and not is_chain(spec):
        raise WireError("a Sequential model whose layers are not one chain")
    tensors = len(spec.inputs)
    for number, call in enumerate(spec.calls, start=1):
        used = [each for each in call.leaves() if type(each) is int]
        if call.layer >= len(spec.layers) or max(used, default=0) >= tensors:
            raise WireError(f"call {number} refers to a layer or a tensor that is not there yet")
        tensors += call.outputs
    if max(spec.outputs) >= tensors:
        raise WireError("an output is a tensor that is not there")
    _require_use(spec)
    for layer in spec.layers:
        if layer.network is not None:
            check_graph(layer.network)


def _require_use(spec: NetworkSpec) -> None:
    """Require that each layer has a part in an output: Keras leaves out the others, and the weights would not fit.

    Raises:
        WireError: One has none.
    """
    needed, layers = set(spec.outputs), set()
    first = len(spec.inputs) + sum(call.outputs for call in spec.calls)
    for call in reversed(spec.calls):
        first -= call.outputs
        if not needed.isdisjoint(range(first, first + call.outputs)):
            needed.update(each for each in call.leaves() if type(each) is int)
            layers.add(call.layer)
    for number, layer in enumerate(spec.layers):
        if number not in layers:
            raise WireError(f"no output depends on layer {number + 1} (`{layer.name}`)")


def is_chain(spec: NetworkSpec) -> bool:
    """Whether every layer is called once, on what the layer before it gave."""
    chain = tuple(LayerCall(number, (number,)) for number in range(len(spec.layers)))
    return len(spec.inputs) == 1 and spec.calls == chain and spec.outputs == (len(chain),)
