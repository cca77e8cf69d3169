"""What the package knows of a layer, and how: the base of the catalogue's classes. Both sides.

A class of the catalogue is named as the Keras layer is, and its fields are that layer's own arguments, typed and
bounded: decoding one checks it. Everything else that is known of a layer is an attribute or a method here, with a
default that fits most layers, and those that Keras has but the catalogue has not.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import msgspec
import numpy as np

from autograder.errors import Unsupported
from autograder.language import N_
from autograder.networks.catalogue.arguments import ACTIVATIONS, activation_name
from autograder.networks.catalogue.receptive_fields import ALL, UNIT, ReceptiveField, Shape

__all__ = ["IdentityAtInference", "Layer", "Operation"]

Names = Mapping[str, str]
Weights = Sequence[np.ndarray[Any, Any]]

# fmt: off
TRAINING = (
    "seed", "noise_shape", "momentum", "synchronized", "unit_forget_bias",
    "_initializer", "_regularizer", "_constraint",
)
# fmt: on
"""Endings of the arguments that, in any layer, change nothing at inference."""


def defaults(keras_layer: type) -> dict[str, Any]:
    """The arguments that a class of layers of Keras takes → their default values."""
    parameters = inspect.signature(keras_layer.__init__).parameters.values()  # type: ignore[misc]
    return {each.name: each.default for each in parameters if each.name not in {"self", "kwargs"}}


class Operation(NamedTuple):
    """How the live page computes a layer.

    Attributes:
        name: One of the operations of `frontend/src/operations.js`; empty for none.
        arguments: Of the operation, for JSON.
        weights: Its arrays by name.
    """

    name: str = ""
    arguments: Mapping[str, Any] = MappingProxyType({})
    weights: Mapping[str, np.ndarray[Any, Any]] = MappingProxyType({})


class Layer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Base of all, and itself the simplest: no arguments, and weights as Keras orders them."""

    # ------------------------------------------------------------ from Keras and to Keras

    IGNORED: ClassVar[tuple[str, ...]] = ()
    """Arguments that change nothing at inference, besides those of `TRAINING`."""

    DTYPES: ClassVar[tuple[str, ...]] = ("float32",)
    """In which the layer may compute; where there are several, Keras finds it from the arguments."""

    INNER: ClassVar[Names] = {}
    """Arguments that are layers themselves → the attributes of a live layer that hold them, one or a list."""

    @classmethod
    def arguments(cls, layer: Any) -> dict[str, Any]:
        """The arguments of a live Keras layer of this kind, by Keras's names, without layers in it.

        Raises:
            Unsupported: One of them cannot be rebuilt; the text goes on after the layer's name.
        """
        given = {"sparse": getattr(layer, "sparse", False), **layer.get_config()}  # which not every config has
        for key in ACTIVATIONS & {*cls.__struct_fields__}:
            given[key] = activation_name(getattr(layer if hasattr(layer, key) else layer.cell, key))
        return given

    def build(self, name: str, inner: Sequence[Any] = ()) -> Any:
        """A layer of Keras's own. The class's name comes from the catalogue, never from what was received.

        Args:
            name: What to call it.
            inner: The Keras layers that it holds, in the order of `INNER`.
        """
        import keras

        kind = getattr(keras.layers, type(self).__name__)
        given = {key: value for key, value in msgspec.structs.asdict(self).items() if value is not msgspec.UNSET}
        # Drawing initial values is wasted time when the real weights follow.
        given |= {each: "zeros" for each in defaults(kind) if each.endswith("_initializer")}
        if len(self.DTYPES) == 1:
            given["dtype"] = self.DTYPES[0]
        return kind(name=name, **given, **dict(zip(self.INNER, inner, strict=False)))

    def variables(self, layer: Any) -> list[Any]:
        """The weights of a live Keras layer of this kind that are carried, in Keras's order."""
        return list(layer.weights)

    def load(self, layer: Any, weights: Weights) -> None:
        """Give a live Keras layer of this kind its weights."""
        for variable, array in zip(self.variables(layer), weights, strict=True):
            variable.assign(array)

    # ------------------------------------------------------------ comparison and wording

    ORDERLESS: ClassVar[bool] = False
    """Whether a network is as good with the layer's inputs in another order."""

    KEY_IS_VALUE: ClassVar[bool] = False
    """Whether a third input that is the second one once more is no difference."""

    APPLIES: ClassVar[str] = ""
    """Keras's name of the activation that the layer is and nothing else, so that `Activation` can say the same."""

    IS_IDENTITY: ClassVar[bool] = False
    """Whether a network with the layer is the same as one without it."""

    ONLY_RESHAPES: ClassVar[bool] = False
    """Whether the layer gives the input's numbers another shape, in training, too."""

    NORMALISES_BATCHES: ClassVar[bool] = False
    """Whether it normalises with a batch's own statistics in training, and with their moving averages at inference."""

    FAMILY: ClassVar[str] = ""
    """Layers of one family are easily taken for each other. Its first word is in the names of those not catalogued."""

    LEADING: ClassVar[tuple[str, ...]] = ("filters", "units", "rate", "kernel_size", "pool_size", "padding")
    """Arguments that are shown first, without their names, and whether or not they are usual (but for a padding)."""

    # fmt: off
    WORDS: ClassVar[Mapping[str, str]] = {
        "activation": N_("the activation"), "filters": N_("the number of filters"),
        "kernel_size": N_("the kernel size"),
        "padding": N_("the padding"),
        "pool_size": N_("the pool size"), "rate": N_("the dropout rate"),
        "strides": N_("the strides"), "units": N_("the number of units"),
    }
    # fmt: on
    """What arguments are called in hints."""

    SHAPING: ClassVar[frozenset[str]] = frozenset({"dilation_rate", "padding", "strides"})
    """Arguments that change the output's shape, and that an exercise seldom names."""

    WEIGHING: ClassVar[frozenset[str]] = frozenset({"center", "depth_multiplier", "groups", "scale", "use_bias"})
    """Arguments that change the number of parameters, and that an exercise seldom names."""

    # fmt: off
    HIDDEN: ClassVar[tuple[str, ...]] = (
        "activation", "data_format", "dtype", "epsilon", "idf_weights", "name", "trainable", "vocabulary",
        "vocabulary_size",
    )
    # fmt: on
    """Arguments that a network's table does not show, besides those of `TRAINING`."""

    WINDOWS: ClassVar[tuple[str, ...]] = ("dilation_rate", "kernel_size", "pool_size", "size", "strides")
    """Arguments with one number for each spatial axis, where a single number stands for all."""

    LAST_AXIS: ClassVar[tuple[str, ...]] = ("filters", "units")
    """Arguments that are the size of the output's last axis."""

    RESIZING: ClassVar[tuple[tuple[str, ...], ...]] = (("padding", "strides", "kernel_size"), ("pool_size", "padding"))
    """What to check where only the output's shape is wrong: the first group of which the layer has all arguments."""

    @classmethod
    def fuses(cls, names: Collection[str]) -> bool:
        """Whether a layer with these arguments or attributes ends with its `activation`, as good as one after it."""
        biased = not {"use_bias", "bias_axes"}.isdisjoint(names)
        return biased and "activation" in names and "recurrent_dropout" not in names

    @classmethod
    def applied(cls, given: Mapping[str, Any], usual: Collection[str]) -> dict[str, Any]:
        """What a layer that is an activation applies, as the arguments of a row of `Activation`.

        Args:
            given: Its arguments.
            usual: Those that have Keras's default value.
        """
        # Another name, so that it is not taken for the plain one.
        odd = [f"{key}={value}" for key, value in given.items() if key not in usual]
        return {"activation": " ".join([cls.APPLIES, *odd])}

    # ------------------------------------------------------------ the live network

    OPERATION: ClassVar[str] = ""
    """The operation of the page, see `Operation`; empty for a layer that it cannot compute."""

    RECEPTIVE_FIELD: ClassVar[ReceptiveField] = ALL
    """See `receptive_fields`; of a layer that is not known, everything."""

    OPERATION_ARGUMENTS: ClassVar[Names] = {}
    """The operation's arguments → the layer's arguments that they are."""

    OPERATION_WEIGHTS: ClassVar[tuple[str, ...]] = ()
    """The operation's arrays, in Keras's order."""

    OPERATION_REQUIRES: ClassVar[Mapping[str, Any]] = {}
    """The layer's arguments that the operation has not → the one value that it computes."""

    def operation(self, x: Shape, weights: Weights) -> Operation:
        """How the page computes the layer.

        Args:
            x: Shape of its input.
            weights: In Keras's order.

        Raises:
            Unsupported: It cannot; the text goes on after the layer's name.
        """
        for key, value in self.OPERATION_REQUIRES.items():
            if getattr(self, key) != value:
                raise Unsupported(f"has {key}={getattr(self, key)}; the page shows {key}={value}")
        given = {theirs: getattr(self, own) for theirs, own in self.OPERATION_ARGUMENTS.items()}
        return Operation(self.OPERATION, given, dict(zip(self.OPERATION_WEIGHTS, weights, strict=False)))

    def folded(self, weights: Weights) -> tuple[Layer, list[np.ndarray[Any, Any]]]:
        """A layer that computes the same with the weights that its operation has, and these."""
        return self, list(weights)

    @classmethod
    def receptive_field(cls, layer: Any, x: Shape, y: Shape) -> ReceptiveField:
        """What one unit of the output sees of the input.

        Args:
            layer: A live Keras layer of this kind, or an object of the class: both have the arguments as attributes.
            x: Shape of the input.
            y: Shape of the output.
        """
        return cls.RECEPTIVE_FIELD


class IdentityAtInference(Layer, frozen=True):
    """At inference the output is the input."""

    OPERATION: ClassVar[str] = "identity"
    RECEPTIVE_FIELD: ClassVar[ReceptiveField] = UNIT


class Orderless(Layer, frozen=True):
    """Merges tensors in any order; what follows a concatenation learns its weights in whichever order that has."""

    FAMILY: ClassVar[str] = "Merging"
    ORDERLESS: ClassVar[bool] = True


class Recurrent(Layer, frozen=True):
    """Goes through a sequence with a state."""

    FAMILY: ClassVar[str] = "Recurrent"


class Attentive(Layer, frozen=True):
    """Gets a query, a value, and a key, by default the value."""

    FAMILY: ClassVar[str] = "Attention"
    KEY_IS_VALUE: ClassVar[bool] = True
