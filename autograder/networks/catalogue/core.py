"""Dense layers and activations, as layers and as what other layers end with. Both sides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import prod
from typing import Annotated, Any, ClassVar, Literal, get_args

import msgspec

from autograder.errors import Unsupported, WireError
from autograder.networks.catalogue.base import (
    Axes,
    Axis,
    Derived,
    Layer,
    Names,
    Number,
    Operation,
    Positive,
    Weights,
    nanoseconds,
)
from autograder.networks.catalogue.receptive_fields import ALL, UNIT, ReceptiveField, along
from autograder.networks.catalogue.shapes import Shape, axis_position

# fmt: off
ActivationName = Literal[
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid", "hard_sigmoid",
    "hard_silu", "log_sigmoid", "tanh", "hard_tanh", "softplus", "softsign", "softmax", "log_softmax", "exponential",
]

PAGE_ACTIVATIONS = {*get_args(ActivationName)} - {
    "celu", "hard_silu", "hard_tanh", "log_sigmoid", "log_softmax", "mish",
}
"""Those that the live page computes, see `frontend/src/operations.js`."""
# fmt: on

FUNCTIONS = ("relu", "relu6", "sigmoid", "softmax", "softplus", "softsign", "tanh")
"""Activations that `keras.ops` has under the same name and with the same defaults."""

SETTINGS = {"negative_slope": 0, "max_value": None, "threshold": 0, "axis": -1}
"""Of these functions, and their defaults."""

SLOPES = {"leaky_relu": 0.2, "elu": 1.0}
"""Of the activations that have one, where an activation is given by its name."""


def activation_name(activation: Any) -> str:
    """Keras's name of an activation, found by identity: a student's own `def relu` is not Keras's.

    Raises:
        Unsupported: It is none of Keras's; the text goes on after the layer's name.
    """
    import keras
    import tensorflow as tf

    for name in get_args(ActivationName):
        twins = [getattr(keras.activations, name), getattr(tf.nn, name, None)]
        if name in FUNCTIONS:
            twins.append(getattr(keras.ops, name))
        if any(activation is twin for twin in twins):
            return str(name)
    if isinstance(activation, keras.layers.Layer):
        raise Unsupported("has a layer as its activation; put that layer behind it")
    raise Unsupported("has an activation of its own; name one of Keras's, such as activation='relu'")


def activation_work(activation: str, elements: int) -> int:
    """Processor time at most, in nanoseconds: a softmax over few numbers costs much for each of them."""
    return nanoseconds(elements=(4 if "softmax" in activation else 1) * elements)


class Activated(Layer, frozen=True):
    """Base of what ends with an activation."""

    activation: ActivationName

    @classmethod
    def arguments(cls, layer: Any) -> dict[str, Any]:
        return {**super().arguments(layer), "activation": activation_name(layer.activation)}

    def operation(self, x: Shape, weights: Weights) -> Operation:
        activation, known = self.activation, ", ".join(sorted(PAGE_ACTIVATIONS))
        if activation not in PAGE_ACTIVATIONS:
            raise Unsupported(f"has the activation {activation!r}; the page knows {known}")
        name, given, named = super().operation(x, weights)
        slope = {"slope": SLOPES[activation]} if activation in SLOPES else {}
        return Operation(name, {**given, "activation": activation, **slope}, named)


class Learned(Activated, frozen=True):
    """Base of what has a kernel, perhaps a bias, and an activation."""

    OPERATION_WEIGHTS: ClassVar[tuple[str, ...]] = ("kernel", "bias")
    use_bias: bool

    def _derived(self, output: Shape, *kernels: Shape, work: int) -> Derived:
        work += activation_work(self.activation, prod(output)) + nanoseconds(elements=prod(output))
        return Derived(output, (*kernels, (output[-1],)) if self.use_bias else kernels, work)


class Dense(Learned, frozen=True):
    """`(..., features)` → `(..., units)`."""

    OPERATION: ClassVar[str] = "dense"
    units: Annotated[int, msgspec.Meta(ge=1, le=1 << 16)]

    def _derive(self, x: Shape) -> Derived:
        work = nanoseconds(elements=prod(x), multiplications=prod(x) * self.units)
        return self._derived((*x[:-1], self.units), (x[-1], self.units), work=work)

    @classmethod
    def receptive_field(cls, layer: Any, x: Shape, y: Shape) -> ReceptiveField:
        return UNIT if len(x) == 3 else ALL


class Activation(Activated, frozen=True):
    """Any of Keras's activations by its name."""

    OPERATION: ClassVar[str] = "activate"
    FAMILY: ClassVar[str] = "Activation"

    def _derive(self, x: Shape) -> Derived:
        return Derived(x, (), activation_work(self.activation, prod(x)))

    @classmethod
    def from_function(cls, operation: Any) -> Layer | None:
        name = type(operation).__name__.lower()
        usual = all(getattr(operation, key, value) == value for key, value in SETTINGS.items())
        return cls(activation=name) if name in FUNCTIONS and usual else None  # type: ignore[arg-type]

    @classmethod
    def receptive_field(cls, layer: Any, x: Shape, y: Shape) -> ReceptiveField:
        name = getattr(layer.activation, "__name__", layer.activation)
        return along(-1, y) if name == "softmax" else UNIT


class _Applied(Layer, frozen=True):
    """An activation with arguments of its own."""

    OPERATION: ClassVar[str] = "activate"
    RECEPTIVE_FIELD: ClassVar[ReceptiveField] = UNIT

    def operation(self, x: Shape, weights: Weights) -> Operation:
        name, given, _ = super().operation(x, weights)
        return Operation(name, {"activation": self.APPLIES, **given})


class ReLU(_Applied, frozen=True):
    """Cut off below, perhaps above, with a slope below `threshold`."""

    APPLIES: ClassVar[str] = "relu"
    max_value: Positive | None
    negative_slope: Positive
    threshold: Positive

    @classmethod
    def applied(cls, given: Mapping[str, Any], usual: Collection[str]) -> dict[str, Any]:
        if given == {"max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0}:
            return {"activation": "relu6"}
        if {"max_value", "threshold"} <= {*usual} and given["negative_slope"]:
            return LeakyReLU.applied(given, usual)
        return super().applied(given, usual)

    def operation(self, x: Shape, weights: Weights) -> Operation:
        if self.threshold or (self.max_value is not None and self.negative_slope):
            raise Unsupported(
                "is a ReLU of another kind: the page knows ReLU without a threshold, with a largest value "
                "or a slope, not both"
            )
        if self.max_value is not None:
            return Operation("clip", {"low": 0.0, "high": self.max_value})
        return LeakyReLU(negative_slope=self.negative_slope).operation(x, weights)


class LeakyReLU(_Applied, frozen=True):
    """With a slope below zero."""

    APPLIES: ClassVar[str] = "leaky_relu"
    OPERATION_ARGUMENTS: ClassVar[Names] = {"slope": "negative_slope"}
    negative_slope: Positive

    @classmethod
    def applied(cls, given: Mapping[str, Any], usual: Collection[str]) -> dict[str, Any]:
        return {"activation": cls.APPLIES, "negative_slope": given["negative_slope"]}


class ELU(_Applied, frozen=True):
    """Exponential below zero."""

    APPLIES: ClassVar[str] = "elu"
    OPERATION_ARGUMENTS: ClassVar[Names] = {"slope": "alpha"}
    alpha: Number


class PReLU(Layer, frozen=True):
    """A learned slope for every element that no axis shares."""

    FAMILY: ClassVar[str] = "Activation"
    RECEPTIVE_FIELD: ClassVar[ReceptiveField] = UNIT
    shared_axes: Axes | None

    def _derive(self, x: Shape) -> Derived:
        if any(axis < 1 for axis in self.shared_axes or ()):
            raise WireError("shared_axes must be positive")  # Keras would share another axis than it says
        shared = {axis_position(axis, x) for axis in self.shared_axes or ()}
        alpha = tuple(1 if position in shared else size for position, size in enumerate(x))
        return Derived(x, (alpha,), nanoseconds(elements=prod(x)))


class Softmax(_Applied, frozen=True):
    """Sums to one along `axis`."""

    APPLIES: ClassVar[str] = "softmax"
    axis: Axis

    def _derive(self, x: Shape) -> Derived:
        axis_position(self.axis, x)
        return Derived(x, (), activation_work(self.APPLIES, prod(x)))

    def operation(self, x: Shape, weights: Weights) -> Operation:
        if self.axis not in (-1, len(x)):
            raise Unsupported(f"is a softmax along axis {self.axis}; the page knows softmax along the last axis")
        return super().operation(x, weights)

    @classmethod
    def receptive_field(cls, layer: Any, x: Shape, y: Shape) -> ReceptiveField:
        return along(layer.axis, y)
