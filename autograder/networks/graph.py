"""The one reader of the graph that Keras keeps behind a model. Beside student code, in the grader and in the notebook.

It follows Keras's private links (`_keras_history`, `_inbound_nodes`) from the outputs back, so that the order of what
comes out follows from the graph alone, not from the order in which the layers were made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Call", "Graph", "UnreadableModel", "read_graph"]

Shape = tuple[int | None, ...]


class UnreadableModel(Exception):
    """A model without a graph: it has no input shape yet, or is a class of its own.

    Attributes:
        model: This model, or one inside it.
        waits: Whether it is a Sequential that only lacks its input shape.
    """

    def __init__(self, model: Any) -> None:
        import keras

        super().__init__(model)
        self.model = model
        self.waits = isinstance(model, keras.Sequential)


@dataclass(frozen=True)
class Call:
    """A layer, or a function of Keras, applied to tensors.

    Attributes:
        operation: The Keras layer, or the operation behind a function such as `keras.ops.relu(x)`.
        inputs: Numbers of the tensors that it gets.
        outputs: Numbers of the tensors that it gives.
        input_shapes: Their shapes, without the batch.
        output_shapes: Likewise.
        arguments: What it was called with by name.
        positional: What it was called with by position.
        shared: Whether it was called before in this graph.
    """

    operation: Any
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    output_shapes: tuple[Shape, ...]
    arguments: Mapping[str, Any]
    positional: tuple[Any, ...]
    shared: bool


@dataclass(frozen=True)
class Graph:
    """A Sequential or functional model with all models inside it written out in their place.

    Attributes:
        inputs: The Keras tensors that it takes; their numbers are 0, 1, …
        calls: Each on tensors of smaller numbers than those that it gives.
        outputs: Numbers of the tensors that it returns.
        models: The model, and those inside it.
    """

    inputs: tuple[Any, ...]
    calls: tuple[Call, ...]
    outputs: tuple[int, ...]
    models: tuple[Any, ...]


def read_graph(model: Any) -> Graph:
    """The graph behind a live Keras model.

    Raises:
        UnreadableModel: It has none.
    """
    _require_graph(model)
    reader = _Reader(len(model.inputs))
    outputs = reader.walk(model, range(len(model.inputs)))
    return Graph(tuple(model.inputs), tuple(reader.calls), tuple(outputs), tuple(reader.models))


def _require_graph(model: Any) -> None:
    if getattr(model, "outputs", None) is None:
        raise UnreadableModel(model)


class _Reader:
    def __init__(self, tensors: int) -> None:
        self.calls: list[Call] = []
        self.models: list[Any] = []
        self._tensors = tensors
        self._seen: set[int] = set()

    def walk(self, model: Any, numbers: Sequence[int]) -> list[int]:
        """Read a model that gets the tensors `numbers`; returns the numbers of what it gives."""
        _require_graph(model)
        self.models.append(model)
        known = {id(tensor): number for tensor, number in zip(model.inputs, numbers, strict=True)}
        waiting = [(tensor, False) for tensor in reversed(model.outputs)]
        while waiting:
            tensor, ready = waiting.pop()
            if id(tensor) in known:
                continue
            operation, index, _ = tensor._keras_history
            node = operation._inbound_nodes[index]
            if ready:
                given = self._call(operation, node, [known[id(each)] for each in node.input_tensors])
                known.update((id(each), number) for each, number in zip(node.output_tensors, given, strict=True))
            else:
                waiting.append((tensor, True))
                waiting += [(each, False) for each in reversed(node.input_tensors)]
        return [known[id(tensor)] for tensor in model.outputs]

    def _call(self, operation: Any, node: Any, inputs: list[int]) -> list[int]:
        import keras

        if isinstance(operation, keras.Model):
            return self.walk(operation, inputs)
        outputs = range(self._tensors, self._tensors + len(node.output_tensors))
        self._tensors += len(outputs)
        self.calls.append(
            Call(
                operation,
                tuple(inputs),
                tuple(outputs),
                tuple(tuple(tensor.shape[1:]) for tensor in node.input_tensors),
                tuple(tuple(tensor.shape[1:]) for tensor in node.output_tensors),
                node.arguments.kwargs,
                node.arguments.args,
                id(operation) in self._seen,
            )
        )
        self._seen.add(id(operation))
        return list(outputs)
