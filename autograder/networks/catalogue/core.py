"""Dense layers and activations, as layers and as what other layers end with. Both sides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, get_args

from autograder.errors import Unsupported
from autograder.networks.catalogue.arguments import ActivationName, Axes, Axis, Filters, Number, Positive
from autograder.networks.catalogue.base import Layer, Names, Operation, Weights
from autograder.networks.catalogue.receptive_fields import ALL, UNIT, ReceptiveField, Shape, along

# fmt: off
PAGE_ACTIVATIONS = {*get_args(ActivationName)} - {
    "celu", "glu", "hard_shrink", "hard_silu", "hard_tanh", "log_sigmoid", "log_softmax", "mish", "soft_shrink",
    "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "tanh_shrink", "threshold",
}
"""Those that the live page computes, see `frontend/src/operations.js`."""
# fmt: on

SLOPES = {"leaky_relu": 0.2, "elu": 1.0}
"""Of the activations that have one, where an activation is given by its name."""


class Activated(Layer, frozen=True):
    """Base of what ends with an activation."""

    activation: ActivationName

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


class Dense(Learned, frozen=True):
    """`(..., features)` → `(..., units)`."""

    OPERATION: ClassVar[str] = "dense"
    units: Filters

    @classmethod
    def receptive_field(cls, layer: Any, x: Shape, y: Shape) -> ReceptiveField:
        return UNIT if len(x) == 3 else ALL


class Activation(Activated, frozen=True):
    """Any of Keras's activations by its name."""

    OPERATION: ClassVar[str] = "activate"
    FAMILY: ClassVar[str] = "Activation"

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


class Softmax(_Applied, frozen=True):
    """Sums to one along `axis`."""

    APPLIES: ClassVar[str] = "softmax"
    axis: Axis

    def operation(self, x: Shape, weights: Weights) -> Operation:
        if self.axis not in (-1, len(x)):
            raise Unsupported(f"is a softmax along axis {self.axis}; the page knows softmax along the last axis")
        return super().operation(x, weights)

    @classmethod
    def receptive_field(cls, layer: Any, x: Shape, y: Shape) -> ReceptiveField:
        return along(layer.axis, y)
