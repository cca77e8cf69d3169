"""Keras models on the wire: a graph of allowed layers, and arrays.

`dump` runs beside student code and may say anything. On the trusted side `check` walks the graph in plain Python,
derives every shape, and compares the weights that came, before `rebuild` makes Keras's own layers. Nothing is ever
deserialised by Keras: no `from_config`, no registered name, no saved file.

    tensors   0 … are the model's inputs; every call adds the next number
    calls     apply a layer to tensors of smaller numbers, so the graph cannot have a cycle
    layers    may be called more than once; then they share their weights

A model inside a model is dumped layer by layer, in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from autograder.errors import WireError
from autograder.sandbox.arrays import Array, unpack_array
from autograder.sandbox.frames import one_line
from autograder.sandbox.layers import LayerConfig, Merge
from autograder.sandbox.shapes import Shape
from autograder.sandbox.weighted import Normalization

__all__ = ["Input", "Layer", "LayerCall", "Model", "ModelSpec", "Plan", "check", "rebuild"]

MAX_LAYERS = 200
"""The course's deepest network has 25; MobileNetV2 has 154."""

MAX_WEIGHT_BYTES = 256 << 20
"""The whole wire of a submission by default; the course's largest network has 7 MiB."""

MAX_ACTIVATIONS = 1 << 24
"""Elements of all tensors together, for one sample: 64 MiB, so a batch of 32 stays within 2 GiB whatever is kept."""

MAX_WORK = 500_000_000
"""Multiply-accumulates for one sample: 5,000 digits in about a minute on two cores. The course's largest needs 19 M."""

# TensorFlow's own rule for names, without its slash: Keras refuses that one in layers.
Name = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9.][A-Za-z0-9_.\-]{0,59}\Z")]
Size = Annotated[int, msgspec.Meta(ge=1, le=MAX_ACTIVATIONS)]
Number = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An input of the model; `shape` without the batch."""

    name: Name
    shape: Annotated[tuple[Size, ...], msgspec.Meta(min_length=1, max_length=4)]
    dtype: Literal["float32", "float64", "uint8", "int32", "int64"]


class Layer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A layer: Keras's own, with these arguments."""

    name: Name
    config: LayerConfig
    trainable: bool


class LayerCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A layer, by its place in `ModelSpec.layers`, applied to tensors."""

    layer: Number
    inputs: Annotated[tuple[Number, ...], msgspec.Meta(min_length=1, max_length=32)]


class ModelSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The graph.

    Attributes:
        sequential: Whether it is to be a `keras.Sequential` again, whose `layers` do not count the input.
        outputs: The tensors that the model returns.
    """

    name: Name
    sequential: bool
    inputs: Annotated[tuple[Input, ...], msgspec.Meta(min_length=1, max_length=8)]
    layers: Annotated[tuple[Layer, ...], msgspec.Meta(min_length=1, max_length=MAX_LAYERS)]
    calls: Annotated[tuple[LayerCall, ...], msgspec.Meta(min_length=1, max_length=MAX_LAYERS)]
    outputs: Annotated[tuple[Number, ...], msgspec.Meta(min_length=1, max_length=8)]


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A graph, and the weights of its layers: layer by layer, in Keras's order."""

    spec: ModelSpec
    weights: Annotated[tuple[Array, ...], msgspec.Meta(max_length=4 * MAX_LAYERS)]


@dataclass(frozen=True)
class Plan:
    """What a checked model implies.

    Attributes:
        shapes: Shape of every tensor, without the batch.
        weights: For each layer, its arrays (read-only, float32).
        activations: Elements of all tensors, for one sample.
        work: Multiply-accumulates, for one sample.
    """

    shapes: tuple[Shape, ...]
    weights: tuple[tuple[np.ndarray[Any, Any], ...], ...]
    activations: int
    work: int


def check(model: Model) -> Plan:
    """Derive what a decoded model implies, and compare its weights with that. Keras is not needed.

    Raises:
        WireError: The graph is none, is too large, or the weights are not its weights.
    """
    spec = model.spec
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
        if work > MAX_WORK:
            raise WireError(f"{where} makes it too slow: more than {MAX_WORK:,} multiplications for one sample")
    if max(spec.outputs) >= len(shapes):
        raise WireError("an output is a tensor that is not there")
    return Plan(tuple(shapes), _check_weights(model, implied), activations, work)


def _check_weights(
    model: Model, implied: Sequence[tuple[Shape, ...] | None]
) -> tuple[tuple[np.ndarray[Any, Any], ...], ...]:
    """Each layer's arrays, once they are known to have the shapes that its arguments imply."""
    if 4 * sum(prod(shape) for shapes in implied for shape in shapes or ()) > MAX_WEIGHT_BYTES:
        raise WireError(f"its weights are more than {MAX_WEIGHT_BYTES >> 20} MiB")
    if sum(len(shapes or ()) for shapes in implied) != len(model.weights):
        raise WireError(f"{len(model.weights)} arrays are not its weights")
    arrays = iter(model.weights)
    weights = []
    for number, (layer, shapes) in enumerate(zip(model.spec.layers, implied, strict=True)):
        where = f"layer {number + 1} (`{layer.name}`)"
        if shapes is None:
            raise WireError(f"{where} is never called")
        own = []
        for shape in shapes:
            array = next(arrays)
            if array.dtype != "float32" or array.shape != shape:
                raise WireError(f"{where}: weights of {array.dtype} {array.shape} where float32 {shape} belong")
            own.append(unpack_array(array))
        weights.append(tuple(own))
    return tuple(weights)


def rebuild(model: Model) -> Any:
    """The Keras model: Keras's own layers with the names, arguments and weights that came. Not compiled.

    Raises:
        WireError: `check` or Keras refuses it.
    """
    plan = check(model)
    try:
        return _assemble(model.spec, plan)
    except WireError:
        raise
    except Exception as error:  # Keras and TensorFlow raise what they like
        raise WireError(f"Keras cannot build it: {one_line(str(error))}") from error


def _assemble(spec: ModelSpec, plan: Plan) -> Any:
    import keras

    inputs = [keras.Input(entry.shape, dtype=entry.dtype, name=entry.name) for entry in spec.inputs]
    layers = [_keras_layer(layer) for layer in spec.layers]
    if spec.sequential:
        model = keras.Sequential([inputs[0], *layers], name=spec.name)
        tensors = [*inputs, *(layer.output for layer in layers)]
    else:
        tensors = list(inputs)
        for call in spec.calls:
            given = [tensors[number] for number in call.inputs]
            merges = isinstance(spec.layers[call.layer].config, Merge)
            tensors.append(layers[call.layer](given if merges else given[0]))
        outputs = [tensors[number] for number in spec.outputs]
        model = keras.Model(_one_or_all(inputs), _one_or_all(outputs), name=spec.name)
    if [tuple(tensor.shape[1:]) for tensor in tensors] != list(plan.shapes):
        raise WireError("Keras derives other shapes than the grader")
    for layer, source, arrays in zip(layers, spec.layers, plan.weights, strict=True):
        for variable, array in zip(variables_of(layer), arrays, strict=True):
            variable.assign(array)
        if isinstance(source.config, Normalization) and arrays:
            layer.finalize_state()
        layer.trainable = source.trainable
    return model


def _keras_layer(layer: Layer) -> Any:
    """A layer of Keras's own. The class is named by our own class of the same name, never by what came."""
    import keras

    arguments = msgspec.structs.asdict(layer.config)
    arguments.update((name, "zeros") for name in layer.config.INITIALISERS)
    return getattr(keras.layers, type(layer.config).__name__)(name=layer.name, dtype="float32", **arguments)


def variables_of(layer: Any) -> list[Any]:
    """A layer's weights; without Normalization's count of batches, an integer that nothing reads."""
    return list(layer.weights[:2] if type(layer).__name__ == Normalization.__name__ else layer.weights)


def is_chain(spec: ModelSpec) -> bool:
    """Whether every layer is called once, on what the layer before it gave."""
    chain = tuple(LayerCall(number, (number,)) for number in range(len(spec.layers)))
    return len(spec.inputs) == 1 and spec.calls == chain and spec.outputs == (len(chain),)


def _one_or_all(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors
