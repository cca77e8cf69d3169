"""A Keras network as data: a graph of catalogued layers, without its weights. Both sides.

    tensors   0 … are the network's inputs; every call adds the next number
    calls     apply a layer to tensors of smaller numbers, so the graph cannot have a cycle
    layers    may be called more than once; then they share their weights

A model inside a model is written layer by layer, in its place. `derive` walks the graph in plain Python, without Keras,
and computes every shape, the shapes of all weights and the processor time, before anything is allocated.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Annotated, ClassVar, Literal

import msgspec

from autograder.errors import WireError
from autograder.networks.catalogue import LayerConfig
from autograder.networks.catalogue.shapes import Shape

__all__ = ["MAX_LAYERS", "Derivation", "LayerCall", "NamedLayer", "NetworkInput", "NetworkSpec", "derive", "is_chain"]

MAX_LAYERS = 200
"""Networks of exercises have up to 25; MobileNetV2 has 154."""

MAX_ACTIVATIONS = 1 << 24
"""Elements of all tensors together, for one sample: 64 MiB, so a batch of 32 stays within 2 GiB whatever is kept."""

# TensorFlow's own rule for names, without its slash: Keras refuses that one in layers.
Name = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9.][A-Za-z0-9_.\-]{0,59}\Z")]
Size = Annotated[int, msgspec.Meta(ge=1, le=MAX_ACTIVATIONS)]
Number = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class NetworkInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An input of the network; `shape` without the batch."""

    KERAS_NAME: ClassVar[str] = "InputLayer"
    name: Name
    shape: Annotated[tuple[Size, ...], msgspec.Meta(min_length=1, max_length=4)]
    dtype: Literal["float32", "float64", "uint8", "int32", "int64"]


class NamedLayer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A layer of Keras's own, with its name and arguments."""

    name: Name
    config: LayerConfig
    trainable: bool


class LayerCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A layer, by its place in `NetworkSpec.layers`, applied to tensors."""

    layer: Number
    inputs: Annotated[tuple[Number, ...], msgspec.Meta(min_length=1, max_length=32)]


class NetworkSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The graph.

    Attributes:
        sequential: Whether it is to be a `keras.Sequential` again, whose `layers` do not count the input.
        outputs: The tensors that the network returns.
    """

    name: Name
    sequential: bool
    inputs: Annotated[tuple[NetworkInput, ...], msgspec.Meta(min_length=1, max_length=8)]
    layers: Annotated[tuple[NamedLayer, ...], msgspec.Meta(min_length=1, max_length=MAX_LAYERS)]
    calls: Annotated[tuple[LayerCall, ...], msgspec.Meta(min_length=1, max_length=MAX_LAYERS)]
    outputs: Annotated[tuple[Number, ...], msgspec.Meta(min_length=1, max_length=8)]


@dataclass(frozen=True)
class Derivation:
    """What a graph implies.

    Attributes:
        shapes: Shape of every tensor, without the batch.
        weights: For each layer, the shapes of its weights, in Keras's order.
        activations: Elements of all tensors, for one sample.
        work: Processor time for one sample at most, in nanoseconds.
    """

    shapes: tuple[Shape, ...]
    weights: tuple[tuple[Shape, ...], ...]
    activations: int
    work: int


def derive(spec: NetworkSpec) -> Derivation:
    """Shapes, weights and work of a decoded graph. Keras is not needed.

    Raises:
        WireError: It is no graph of a network, or is too large.
    """
    names = [*(entry.name for entry in spec.inputs), *(layer.name for layer in spec.layers)]
    if len(set(names)) != len(names):
        raise WireError("two layers have the same name")
    if spec.sequential and not is_chain(spec):
        raise WireError("a Sequential model whose layers are not one chain")
    shapes = [entry.shape for entry in spec.inputs]
    implied: list[tuple[Shape, ...] | None] = [None] * len(spec.layers)
    activations, work = sum(prod(shape) for shape in shapes), 0
    for number, call in enumerate(spec.calls):
        if call.layer >= len(spec.layers) or max(call.inputs) >= len(shapes):
            raise WireError(f"call {number + 1} refers to a layer or a tensor that is not there yet")
        where = f"layer {call.layer + 1} (`{spec.layers[call.layer].name}`)"
        try:
            derived = spec.layers[call.layer].config.derive(*(shapes[tensor] for tensor in call.inputs))
        except WireError as error:
            raise WireError(f"{where}: {error}") from None
        if implied[call.layer] not in (None, derived.weights):
            raise WireError(f"{where} is shared by inputs that need different weights")
        implied[call.layer] = derived.weights
        shapes.append(derived.output)
        activations += prod(derived.output)
        work += derived.work
        if activations > MAX_ACTIVATIONS:
            raise WireError(
                f"{where} makes its outputs too large: more than {MAX_ACTIVATIONS:,} numbers for one sample"
            )
    if max(spec.outputs) >= len(shapes):
        raise WireError("an output is a tensor that is not there")
    _require_use(spec)
    return Derivation(tuple(shapes), tuple(weights or () for weights in implied), activations, work)


def _require_use(spec: NetworkSpec) -> None:
    """Require that each layer has a part in an output: Keras leaves out the others, and the weights would not fit.

    Raises:
        WireError: One has none.
    """
    used, layers = set(spec.outputs), set()
    for number, call in reversed([*enumerate(spec.calls, start=len(spec.inputs))]):
        if number in used:
            used.update(call.inputs)
            layers.add(call.layer)
    for number, layer in enumerate(spec.layers):
        if number not in layers:
            raise WireError(f"no output depends on layer {number + 1} (`{layer.name}`)")


def is_chain(spec: NetworkSpec) -> bool:
    """Whether every layer is called once, on what the layer before it gave."""
    chain = tuple(LayerCall(number, (number,)) for number in range(len(spec.layers)))
    return len(spec.inputs) == 1 and spec.calls == chain and spec.outputs == (len(chain),)
