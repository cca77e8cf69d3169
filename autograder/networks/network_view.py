"""A Keras network that another process holds, used like the model itself. Both sides.

In the grader a student's network is assembled in a process of its own, which hostile weights may crash or take over. It
answers two questions: what the network is (a `NetworkDescription`), and what it computes (`NetworkView.compute`).
Checks and cases get a `NetworkView`, whose attributes are those of a Keras model as far as they are plain data. Its
class, and those of its layers, are named as Keras's are.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from autograder.evidence import rest_on
from autograder.language import gettext as _
from autograder.language import ngettext
from autograder.networks.catalogue.base import TRAINING
from autograder.networks.network_description import LayerDescription, NetworkDescription, TensorView
from autograder.object_view import HeldView

__all__ = [
    "ComputationError",
    "EvaluationEnded",
    "LayerView",
    "NetworkView",
    "UnfitInputs",
    "Weight",
    "fits",
    "in_order",
    "is_keras",
    "is_model",
    "leaves",
    "mapped",
    "view",
]

Array = np.ndarray[Any, Any]


class EvaluationEnded(Exception):
    """A case could not be judged, as computing with a network was ended. For the student, and holds no secret."""


class ComputationError(Exception):
    """A network could not compute with what a case gave it, as where a live one raises."""


class UnfitInputs(ComputationError):
    """The same, as what the case gave is not what the network says it takes.

    Attributes:
        given: What the case gave, with the batch axis.
    """

    def __init__(self, takes: Sequence[TensorView], given: Sequence[Array]) -> None:
        self.given = given
        text = _("text ")
        declared = ", ".join(f"{text * (each.dtype == 'string')}{each.shape}" for each in takes)
        shapes = ", ".join(f"{text * (each.dtype.kind == 'U')}{each.shape}" for each in given)
        declared, shapes = declared[:300], shapes[:300]
        if len(takes) != len(given):
            inputs = ngettext("{number} input", "{number} inputs", len(takes)).format(number=len(takes))
            declared, shapes = f"{inputs} {declared}", f"{len(given)}: {shapes}"
        super().__init__(
            _("Your network takes {declared}, and this check gives it {shapes}. Check its `keras.Input`.").format(
                declared=declared, shapes=shapes
            )
        )


class NetworkHolder(Protocol):
    """What a view asks; see `NetworkView.compute` for what it raises."""

    def outputs(self, layers: Sequence[str], inputs: Any) -> Any:
        """The outputs of these layers at inference, or the network's where there are none, for one batch."""

    def weights(self) -> list[Array]:
        """The values of all weights, in the order of `NetworkDescription.weights`."""


@dataclass(frozen=True, eq=False)
class Weight:
    """A variable; NumPy makes an array of it, which asks for the values."""

    name: str
    shape: tuple[int, ...]
    trainable: bool
    _values: Callable[[], Array] = field(repr=False)

    def numpy(self) -> Array:
        """Its values."""
        return self._values()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype)


class _Weighted:
    """What a network and a layer have in common."""

    name: str
    weights: list[Weight]

    @property
    def trainable_weights(self) -> list[Weight]:
        """Those that training changes."""
        return [each for each in self.weights if each.trainable]

    @property
    def non_trainable_weights(self) -> list[Weight]:
        """Those that it does not change."""
        return [each for each in self.weights if not each.trainable]

    def get_weights(self) -> list[Array]:
        """The values of all weights."""
        return [each.numpy() for each in self.weights]

    def count_params(self) -> int:
        """Number of weights, trainable or not."""
        return sum(math.prod(each.shape) for each in self.weights)


class _Layered(_Weighted):
    """What a network and a model inside it have in common."""

    layers: list[LayerView]
    _path: tuple[str, ...] = ()

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """A layer, or a model inside this one, by its name; or a layer by its index.

        What is in this model itself comes before what is in models inside it.

        Raises:
            ValueError: There is none, or several.
        """
        found: list[Any] = self.layers[index:][:1] if index is not None else self._named_layers(name)
        if len(found) != 1:
            which = "no layer" if not found else f"{len(found)} layers"
            raise ValueError(f"{which} {name if index is None else index!r} in {self.name}")
        return found[0]

    def _named_layers(self, name: str | None) -> list[Any]:
        """Layers and models of this name, of those that are the least deep inside."""
        paths = dict.fromkeys(each._within[:end] for each in self.layers for end in range(1, len(each._within) + 1))
        found: list[tuple[int, Any]] = [(len(each._within), each) for each in self.layers if each.name == name]
        for path in paths:
            if path[-1] == name and len(path) > len(self._path):
                inside = [each for each in self.layers if each._within[: len(path)] == path]
                found.append((len(path) - 1, _named("Functional", NestedView)(path, inside)))
        least = min((depth for depth, _ in found), default=0)
        return [each for depth, each in found if depth == least]


class NestedView(_Layered):
    """A model inside a network: its layers are among those of the network."""

    def __init__(self, path: tuple[str, ...], layers: list[LayerView]) -> None:
        """`path` has the names of the models that it is in, and its own."""
        self.name, self.layers, self._path = path[-1], layers, path
        self.weights = list({id(weight): weight for layer in layers for weight in layer.weights}.values())

    @property
    def trainable(self) -> bool:
        """Whether training changes any of it, however that was said."""
        return bool(self.trainable_weights) or not self.weights


class LayerView(_Weighted):
    """A layer: weights and arguments are attributes, as in Keras."""

    def __init__(self, described: LayerDescription, weights: Sequence[Weight]) -> None:
        """`weights` are the network's."""
        self.name, self.trainable = described.name, described.trainable
        self.weights = [weights[at] for at in described.weights]
        self.input, self.output = _one_or_several(described.inputs), _one_or_several(described.outputs)
        self._within = described.within
        self._config, self._parameters = dict(described.config), described.parameters
        self._claimed: set[str] = set()

    def count_params(self) -> int:
        """Number of weights, as Keras counts them."""
        return self._parameters

    def get_config(self) -> dict[str, Any]:
        """Its arguments, as far as they are plain data."""
        if self._claimed:
            rest_on("claimed")
        return dict(self._config)

    def claim(self, settings: Mapping[str, Any]) -> None:
        """Add arguments that do not show in what it computes, such as `kernel_regularizer`."""
        claimed = {name: value for name, value in settings.items() if name.endswith(TRAINING)}
        self._config |= claimed
        self._claimed |= claimed.keys()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # NumPy and others would take it for more than an argument
            raise AttributeError(name)
        for weight in self.__dict__.get("weights", ()):
            if weight.name == name:
                return weight
        if name in self.__dict__.get("_claimed", ()):
            rest_on("claimed")
        try:
            return self.__dict__["_config"][name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no {name!r} that the grader can see") from None


class NetworkView(_Layered, HeldView):
    """A network: use it as the Keras model, as far as plain data goes.

    How it was compiled and what its layers are initialised and regularised with, the student's process says: nothing
    that the network computes shows it.

    Attributes:
        rows: Its layers in canonical form.
    """

    def __init__(self, described: NetworkDescription, holder: NetworkHolder) -> None:
        """`holder` asks the process that holds it."""
        self.name, self.rows = described.name, described.rows
        self.inputs, self.outputs = list(described.inputs), list(described.outputs)
        self._summary, self._holder = described.summary, holder
        self._arrays: list[Array] | None = None
        self._compilation: Mapping[str, Any] = {}
        self.weights = [
            Weight(each.name, each.shape, each.trainable, lambda at=at: self._all_weights()[at])  # type: ignore[misc]
            for at, each in enumerate(described.weights)
        ]
        self.layers = [_named(each.kind, LayerView)(each, self.weights) for each in described.layers]

    @property
    def compiled(self) -> bool:
        """Whether it was compiled."""
        return self.optimizer is not None

    @property
    def optimizer(self) -> Any:
        """An `ObjectView`; None where it was not compiled, as `loss` and `metrics`."""
        return self._compiled_with("optimizer")

    @property
    def loss(self) -> Any:
        """As `compile` got it: text, an `ObjectView`, a function, or a list or dict of them."""
        return self._compiled_with("loss")

    @property
    def loss_weights(self) -> Any:
        """As `compile` got them, a list or dict of numbers; None where it got none."""
        return self._compiled_with("loss_weights")

    @property
    def metrics(self) -> Any:
        """As `compile` got them, which is not what Keras's attribute of that name gives."""
        return self._compiled_with("metrics")

    def _compiled_with(self, name: str) -> Any:
        rest_on("claimed")
        return self._compilation.get(name)

    def claim(self, fields: Mapping[str, Any], reference: int | None) -> None:
        """Add what only the student's process knows.

        Args:
            fields: What it says: `optimizer`, `loss`, `loss_weights`, `metrics`, and as `settings` layer → argument →
                `ObjectView`, where `a/b` is the layer `b` of the model `a` inside it.
            reference: Its number among what that process keeps.
        """
        self._reference, self._compilation = reference, fields
        settings = fields.get("settings")
        of_layers = settings if isinstance(settings, dict) else {}
        for layer in self.layers:
            if isinstance(found := of_layers.get("/".join((*layer._within, layer.name))), dict):
                layer.claim(found)

    @property
    def input(self) -> Any:
        """What it takes: a `TensorView`, or a list of several."""
        return _one_or_several(self.inputs)

    @property
    def output(self) -> Any:
        """What it gives: a `TensorView`, or a list of several."""
        return _one_or_several(self.outputs)

    @property
    def input_shape(self) -> Any:
        """The shape of its input with the batch axis, which is None; a list for several."""
        return _one_or_several([each.shape for each in self.inputs])

    @property
    def output_shape(self) -> Any:
        """The shape of its output with the batch axis, which is None; a list for several."""
        return _one_or_several([each.shape for each in self.outputs])

    def summary(self, print_fn: Callable[[str], Any] = print, **further: Any) -> None:
        """Print the table of layers."""
        print_fn(self._summary)

    def compute(self, inputs: Any, layers: Sequence[str] = ()) -> Any:
        """Outputs for one batch, at inference: a list of those of the layers with these names, or the network's.

        Args:
            inputs: Arrays, nested as the Keras model takes them; so are the outputs as it gives them.
            layers: Names of layers.

        Raises:
            ComputationError: It does not take such inputs; `UnfitInputs`, if it says so itself.
            EvaluationEnded: The process that computes them was ended.
        """
        try:
            return self._holder.outputs(layers, inputs)
        except ComputationError as error:
            given = in_order(inputs, [each.name for each in self.inputs])
            if len(given) == len(self.inputs) and all(
                map(fits, given, (each.shape[1:] for each in self.inputs), (each.dtype for each in self.inputs))
            ):
                raise
            raise UnfitInputs(self.inputs, given) from error

    def __call__(self, x: Any, training: bool = False) -> Any:
        """The outputs for one batch, at inference."""
        if training:
            raise ValueError("in the grader a network computes at inference only")
        return self.compute(mapped(np.asarray, x))

    def predict(self, x: Any, batch_size: int | None = None, **further: Any) -> Any:
        """The outputs for any number of inputs, in batches."""
        arrays, size = mapped(np.asarray, x), batch_size or 32
        begins = range(0, max(1, len(leaves(arrays)[0])), size)
        parts = [self.compute(mapped(lambda each, at=at: each[at : at + size], arrays)) for at in begins]
        return mapped(lambda *each: np.concatenate(each), *parts)

    def _all_weights(self) -> list[Array]:
        if self._arrays is None:
            self._arrays = self._holder.weights()
        return self._arrays


def _one_or_several(items: Sequence[Any]) -> Any:
    return items[0] if len(items) == 1 else list(items)


def view(described: NetworkDescription, holder: NetworkHolder) -> NetworkView:
    """The view of a network."""
    network: NetworkView = _named(described.kind, NetworkView)(described, holder)
    return network


@lru_cache(maxsize=1_000)
def _named(kind: str, base: type) -> Any:
    """A class of this name: messages and cases say `type(layer).__name__` of live layers, too."""
    return type(kind, (base,), {})


# ---------------------------------------------------------------- nested arrays


def leaves(nested: Any) -> list[Any]:
    """What lists, tuples and dicts hold, in the order of `keras.tree.flatten`, which sorts keys."""
    found: list[Any] = []
    mapped(found.append, nested)
    return found


def in_order(nested: Any, names: Sequence[str]) -> list[Any]:
    """What data hold, in the order of a network's inputs, which Keras finds by their names in a dict."""
    return [nested[name] for name in names] if isinstance(nested, dict) and {*names} == {*nested} else leaves(nested)


def mapped(function: Callable[..., Any], *nested: Any) -> Any:
    """What a function makes of the leaves in the same places, nested as they are."""
    first = nested[0]
    if isinstance(first, dict):
        items = {key: mapped(function, *(each[key] for each in nested)) for key in sorted(first)}
        return {key: items[key] for key in first}
    if isinstance(first, (list, tuple)):
        listed = [mapped(function, *each) for each in zip(*nested, strict=True)]
        return tuple(listed) if isinstance(first, tuple) else listed
    return function(*nested)


def fits(array: Array, shape: Sequence[int | None], dtype: str) -> bool:
    """Whether an array `(n, …)` is what an input takes, by its shape without the batch and its dtype, of Keras."""
    alike = len(shape) == array.ndim - 1 and all(
        size in (None, given) for size, given in zip(shape, array.shape[1:], strict=True)
    )
    return alike and dtype.startswith("s") == (array.dtype.kind == "U")


# ---------------------------------------------------------------- live or not


def is_keras(value: Any, name: str) -> bool:
    """Whether a value is of a class of Keras (`Model`, `Layer`), which is not imported for it."""
    kind = getattr(sys.modules.get("keras"), name, None)
    return kind is not None and isinstance(value, kind)


def is_model(value: Any) -> bool:
    """Whether a value is a network: a live Keras model, or the view of one."""
    return isinstance(value, NetworkView) or is_keras(value, "Model")
