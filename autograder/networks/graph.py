"""The one reader of the graph that Keras keeps behind a model. Both sides.

It follows Keras's private links (`_keras_history`, `_inbound_nodes`) from the outputs back, so that the order of what
comes out follows from the graph alone, not from the order in which the layers were made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Call", "Graph", "UnreadableModel", "read_graph", "tensors_in"]

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
        positional: What it is called with, tensors in their places.
        keywords: The same by name, without the masks that Keras hands on by itself.
        node: Keras's own record of the call.
        shared: Whether it was called before in this graph.
        within: Names of the models inside the model in which it is, from the outermost.
    """

    operation: Any
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    positional: tuple[Any, ...]
    keywords: dict[str, Any]
    node: Any
    shared: bool
    within: tuple[str, ...] = ()

    @property
    def input_tensors(self) -> list[Any]:
        """The Keras tensors that it gets."""
        return tensors_in((self.positional, self.keywords))

    @property
    def input_shapes(self) -> list[Shape]:
        """Shapes of the inputs, without the batch."""
        return [tuple(tensor.shape[1:]) for tensor in self.input_tensors]

    @property
    def output_shapes(self) -> list[Shape]:
        """Shapes of the outputs, without the batch."""
        return [tuple(tensor.shape[1:]) for tensor in self.node.output_tensors]


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
    from keras import Model

    calls: list[Call] = []
    models: list[Any] = []
    seen: set[int] = set()

    def read(model: Any, numbers: Sequence[int], free: int, within: tuple[str, ...]) -> tuple[list[int], int]:
        """Read a model that gets the tensors `numbers`: the numbers of what it gives, and the next free one."""
        if getattr(model, "outputs", None) is None:
            raise UnreadableModel(model)
        models.append(model)
        known = {id(tensor): number for tensor, number in zip(model.inputs, numbers, strict=True)}
        waiting = [(tensor, False) for tensor in reversed(model.outputs)]
        while waiting:
            tensor, ready = waiting.pop()
            if id(tensor) in known:
                continue
            operation, index, _ = tensor._keras_history
            node = operation._inbound_nodes[index]
            positional, keywords = node.arguments.args, _without_masks(node)
            tensors = tensors_in((positional, keywords))
            if not ready:
                waiting.append((tensor, True))
                waiting += [(each, False) for each in reversed(tensors)]
                continue
            inputs = [known[id(each)] for each in tensors]
            if isinstance(operation, Model):
                if isinstance(given := positional[0], dict) and not isinstance(operation.input, dict):
                    inputs = [known[id(given[each.name])] for each in operation.inputs]
                outputs, free = read(operation, inputs, free, (*within, operation.name))
            else:
                outputs, free = [*range(free, free + len(node.output_tensors))], free + len(node.output_tensors)
                shared = id(operation) in seen
                call = Call(operation, tuple(inputs), tuple(outputs), positional, keywords, node, shared, within)
                calls.append(call)
                seen.add(id(operation))
            known.update(zip(map(id, node.output_tensors), outputs, strict=True))
        return [known[id(tensor)] for tensor in model.outputs], free

    begin = range(len(getattr(model, "inputs", None) or ()))
    outputs, _ = read(model, begin, len(begin), ())
    return Graph(tuple(model.inputs), tuple(calls), tuple(outputs), tuple(models))


def tensors_in(arguments: Any) -> list[Any]:
    """The Keras tensors among nested arguments."""
    import keras

    return [each for each in keras.tree.flatten(arguments) if isinstance(each, keras.KerasTensor)]


def _without_masks(node: Any) -> dict[str, Any]:
    """Keyword arguments; Keras sometimes records masks that come with the tensors as if they had been given."""
    import keras

    masks = [getattr(each, "_keras_mask", None) for each in node.input_tensors]

    def given(value: Any) -> Any:
        return None if any(value is mask for mask in masks) else value

    keywords = {
        key: keras.tree.map_structure(given, value) if key.endswith("mask") else value
        for key, value in node.arguments.kwargs.items()
    }
    return {key: value for key, value in keywords.items() if {*map(id, keras.tree.flatten(value))} != {id(None)}}
