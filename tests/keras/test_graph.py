"""The graph that Keras keeps behind a model, read once for all."""

from __future__ import annotations

import keras
import pytest
from keras import layers as L

from autograder.networks.graph import UnreadableModel, read_graph


def calls(model):
    """Each call as text: the layer, the tensors that it gets, those that it gives."""
    return [f"{call.operation.name} {call.inputs} {call.outputs}" for call in read_graph(model).calls]


def test_models_inside_are_written_out_and_shared_layers_are_named_as_such():
    x = keras.Input((4,))
    inner = keras.Model(x, L.Dense(4, name="b")(L.Dense(4, name="a")(x)), name="inner")
    x = keras.Input((4,))
    model = keras.Model(x, L.Add(name="sum")([inner(inner(x)), x]))
    assert calls(model) == ["a (0,) (1,)", "b (1,) (2,)", "a (2,) (3,)", "b (3,) (4,)", "sum (4, 0) (5,)"]
    graph = read_graph(model)
    assert [call.shared for call in graph.calls] == [False, False, True, True, False]
    assert graph.models == (model, inner, inner)
    assert graph.outputs == (5,)


def test_the_order_follows_from_the_graph_and_not_from_the_order_of_making():
    x = keras.Input((4,))
    late, early = L.Dense(4, name="late"), L.Dense(4, name="early")
    second = late(x)
    first = early(x)
    assert calls(keras.Model(x, L.Add(name="sum")([first, second])))[0] == "early (0,) (1,)"


def test_what_leads_to_no_output_is_left_out():
    x = keras.Input((4,))
    inner = keras.Model(x, [L.Dense(2, name="used")(x), L.Dense(3, name="unused")(x)])
    x = keras.Input((4,))
    L.Dense(5, name="aside")(x)
    model = keras.Model(x, inner(x)[0])
    assert calls(model) == ["used (0,) (1,)", "unused (0,) (2,)"]
    assert read_graph(model).outputs == (1,)


def test_several_inputs_and_outputs_are_numbered_and_have_shapes():
    x, y = keras.Input((4, 6)), keras.Input((6,))
    parts = keras.ops.split(x, 2, axis=2)
    graph = read_graph(keras.Model([x, y], [parts[1], parts[0], y]))
    (call,) = graph.calls
    assert (call.inputs, call.outputs, graph.outputs) == ((0,), (2, 3), (3, 2, 1))
    assert (call.input_shapes, call.output_shapes) == ([(4, 6)], [(4, 3), (4, 3)])


class Net(keras.Model):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("make", "kind", "waits"),
    [
        (lambda: keras.Sequential([L.Dense(2)]), "Sequential", True),
        (Net, "Net", False),
        (lambda: keras.Sequential([keras.Input((4,)), Net()]), "Net", False),
        (lambda: "model", "str", False),
    ],
)
def test_a_model_without_a_graph_is_named(make, kind, waits):
    with pytest.raises(UnreadableModel) as caught:
        read_graph(make())
    assert (type(caught.value.model).__name__, caught.value.waits) == (kind, waits)
