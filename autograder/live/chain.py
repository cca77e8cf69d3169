"""A Keras model as a chain: one layer after the other, nested models inlined, with shapes. Student's side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, cast

from autograder.errors import UsageError
from autograder.networks.catalogue import layer_class
from autograder.networks.catalogue.base import Operation
from autograder.networks.catalogue.receptive_fields import ReceptiveField, Shape
from autograder.networks.graph import Call, UnreadableModel, read_graph

__all__ = ["PIXELS", "Step", "gives_probabilities", "input_shape", "require_digits", "steps"]

SIDE = 28
PIXELS = SIDE * SIDE
DIGITS = 10
DRAWINGS = ((SIDE, SIDE, 1), (SIDE, SIDE), (PIXELS,))

_NAME = re.compile(r"[A-Za-z0-9_.\\/>-]+")  # TensorFlow's own rule for a scope within another one


@dataclass(frozen=True)
class Step:
    """One layer of the chain.

    Attributes:
        name: As in the model; somebody else's text.
        kind: The Keras class.
        shape: Of the output, without the batch.
        parameters: Number of weights, trained or not; 0 for a layer that shares those of an earlier one.
        receptive_field: What one unit of the output sees of the input, see `catalogue.receptive_fields`.
        layer: The live Keras layer, or the operation behind a function such as `keras.ops.relu(x)`; or its arguments.
        operation: How the page computes it; without a name where the layer is only described.
    """

    name: str
    kind: str
    shape: Shape
    parameters: int
    receptive_field: ReceptiveField
    layer: Any
    operation: Operation = field(default_factory=Operation)

    @property
    def row(self) -> dict[str, Any]:
        """What the front end shows, for JSON."""
        shown = {name: getattr(self, name) for name in ("name", "kind", "shape", "parameters")}
        shown |= {"field": self.receptive_field, "operation": self.operation.name}
        return {**shown, "arguments": dict(self.operation.arguments)}


def input_shape(model: Any) -> Shape:
    """What the model takes: one drawing, as `(28, 28, 1)`, `(28, 28)` or `(784,)`.

    Raises:
        UsageError: It takes something else.
    """
    import keras

    if not isinstance(model, keras.Model):
        what = f"the class {model.__name__}" if isinstance(model, type) else type(model).__name__
        raise UsageError(f"expected a Keras model, received {what}. Give the network itself.")
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise _without_shape(model)
    if len(inputs) != 1 or len(model.outputs) != 1:
        raise UsageError(f"the model has {len(inputs)} inputs and {len(model.outputs)} outputs; expected one of each.")
    shape = tuple(inputs[0].shape[1:])
    if shape not in DRAWINGS:
        raise UsageError(f"the model takes {shape}; a drawing is (28, 28, 1), (28, 28) or (784,).")
    return shape


def require_digits(shape: Shape) -> None:
    """Refuse a network whose last output is no number for each digit.

    Raises:
        UsageError: It is not.
    """
    if prod(shape) != DIGITS:
        raise UsageError(f"the model gives {shape} for a drawing; expected {DIGITS} numbers, one for each digit.")


def gives_probabilities(rows: Sequence[Step]) -> bool:
    """Whether the chain ends with a softmax or with sigmoids; what any other gives are logits."""
    passing = ("identity", "reshape")  # of which the numbers are those of the layer before
    last = next((step for step in reversed(rows) if layer_class(step.kind).OPERATION not in passing), None)
    if last is None:
        return False
    function = getattr(last.layer, "activation", None)
    return str(getattr(function, "__name__", last.kind)).lower() in ("softmax", "sigmoid")


def steps(model: Any) -> tuple[Step, ...]:
    """The model's layers from its input to its output, without `InputLayer`.

    Raises:
        UsageError: The model branches, or takes no drawing.
    """
    input_shape(model)
    names: dict[str, int] = {}
    found = []
    for call in _calls(model):
        layer, (before,), (after,) = call.operation, call.input_shapes, call.output_shapes
        counts = 0 if call.shared or not hasattr(layer, "count_params") else int(layer.count_params())
        name = str(layer.name)
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"layer {name[:60]!r}: TensorFlow cannot run a layer of this name. Use letters, digits and `_`."
            )
        names[name] = names.get(name, 0) + 1
        if names[name] > 1:  # a layer that is used twice, or a namesake in a nested model
            name = f"{name} ({names[name]})"
        if len(after) > 3:
            raise UsageError(f"layer {name!r} gives {after}; the live page shows images and lists of numbers.")
        if None in before or None in after:
            raise UsageError(f"layer {name!r} has no fixed shape: {before} → {after}. Give the model an input shape.")
        kind, x, y = type(layer).__name__, cast(Shape, before), cast(Shape, after)
        found.append(Step(name, kind, y, counts, layer_class(kind).receptive_field(layer, x, y), layer))
    return tuple(found)


def _calls(model: Any) -> Sequence[Call]:
    """The calls of a model in which each gets what the one before it gave."""
    try:
        calls = read_graph(model).calls
    except UnreadableModel as error:
        raise _without_shape(error.model) from None
    for number, call in reversed([*enumerate(calls)]):
        if call.inputs != (number,) or call.outputs != (number + 1,):
            raise UsageError(
                f"the model branches at layer {call.operation.name!r} ({type(call.operation).__name__}); "
                "the live page shows networks whose layers follow one after the other."
            )
    return calls


def _without_shape(model: Any) -> UsageError:
    return UsageError(
        f"{type(model).__name__} has no input shape yet, so its layers cannot be read. "
        "Begin a Sequential with `keras.Input((28, 28, 1))`; build others with `keras.Model(inputs, outputs)`."
    )
