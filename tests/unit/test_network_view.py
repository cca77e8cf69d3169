"""The view of a network that another process holds, and what that process says of it; without Keras."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograder import expect
from autograder.errors import WireError
from autograder.evidence import resting
from autograder.networks.canonical import LayerRow
from autograder.networks.network_description import (
    LayerDescription,
    NetworkDescription,
    TensorView,
    WeightDescription,
    as_data,
    description_of,
)
from autograder.networks.network_view import view

OUTPUT = TensorView("y", (None, 28, 28, 8), "float32")
CONVOLUTION = LayerRow(
    "Conv2D", {"filters": 8, "kernel_size": (3, 3)}, (28, 28, 8), 80, frozenset({"strides"}), sources=(-1,)
)
HELD = LayerRow("TimeDistributed", {"layer": LayerRow("Dense", {"units": 2})}, (28, 28, 2), 18, sources=(1,))
RELU = LayerRow("Activation", {"activation": "relu"}, (28, 28, 8), 0, sources=(0,))
DESCRIBED = NetworkDescription(
    name="net",
    kind="Functional",
    rows=(CONVOLUTION, RELU, HELD),
    inputs=(TensorView("x", (None, 28, 28, 1), "float32"),),
    outputs=(OUTPUT,),
    layers=(LayerDescription("c", "Conv2D", True, 80, {"kernel_size": (3, 3)}, (OUTPUT,), (0,)),),
    weights=(WeightDescription("kernel", (3, 3, 1, 8), True),),
    summary="Conv2D",
)


class Doubling:
    """Gives twice its inputs, nested as they are, and counts."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def outputs(self, layers: Any, inputs: Any) -> Any:
        self.batches.append(len(inputs["a"]))
        return {"twice": [2 * inputs["a"], 2 * inputs["b"]]}

    def weights(self) -> list[Any]:
        return [np.zeros((3, 3, 1, 8))]


def test_a_description_comes_back_from_plain_data() -> None:
    assert description_of(as_data(DESCRIBED)) == DESCRIBED


def test_what_is_part_of_a_rebuilt_network_is_computed_and_how_it_was_compiled_is_a_claim() -> None:
    net = view(DESCRIBED, Doubling())
    with resting() as rested:
        assert (net.layers[0].trainable, net.layers[0].kernel_size) == (True, (3, 3))
        assert len(net.trainable_weights) == 1
    assert rested.evidence == "computed"
    with resting() as rested:
        assert net.optimizer is None
    assert (rested.evidence, rested.models) == ("claimed", {})


def test_layers_are_compared_without_keras() -> None:
    network = view(DESCRIBED, Doubling())
    held = expect.layer("TimeDistributed", layer=expect.layer("Dense", units=2))
    expect.layers(network, [expect.layer("Conv2D", filters=8, kernel_size=3, activation="relu"), held], name="net")
    with pytest.raises(expect.Mismatch, match="expected Conv2D 16 3×3, got Conv2D 8 3×3"):
        expect.layers(network, [expect.layer("Conv2D", filters=16, kernel_size=3), expect.layer("ReLU"), held])
    with pytest.raises(expect.Mismatch):
        expect.layers(
            network, [CONVOLUTION, RELU, expect.layer("TimeDistributed", layer=expect.layer("Dense", units=3))]
        )


def test_nested_inputs_go_in_batches() -> None:
    holder = Doubling()
    given = view(DESCRIBED, holder).predict({"a": np.arange(5), "b": np.arange(10).reshape(5, 2)}, batch_size=2)
    assert holder.batches == [2, 2, 1]
    assert [each.tolist() for each in given["twice"]] == [
        [0, 2, 4, 6, 8],
        [[0, 2], [4, 6], [8, 10], [12, 14], [16, 18]],
    ]


def test_a_name_that_several_have() -> None:
    """A student's process may name models and layers as it likes."""

    def layer(name: str, *within: str) -> LayerDescription:
        return LayerDescription(name, "Dense", True, 0, {}, (OUTPUT,), (), within=within)

    described = replace(DESCRIBED, layers=(layer("a", "b"), layer("b"), layer("c", "b"), layer("c", "d", "e")))
    network = view(description_of(as_data(described)), Doubling())
    with pytest.raises(ValueError, match="2 layers 'b' in net"):
        network.get_layer("b")
    assert network.get_layer("c") is network.layers[2]
    assert network.get_layer("d").get_layer("e").layers == network.layers[3:]
    assert network.get_layer("e").get_layer("c") is network.get_layer(index=-1)


@pytest.mark.parametrize(
    "described",
    [
        replace(DESCRIBED, rows=(CONVOLUTION, replace(RELU, sources=(1,)))),  # itself
        replace(DESCRIBED, rows=(replace(CONVOLUTION, sources=(1,)), RELU)),  # a loop
        replace(DESCRIBED, rows=(replace(CONVOLUTION, sources=(-2,)),)),  # a second input
        replace(DESCRIBED, rows=(replace(CONVOLUTION, sources=()),)),
        replace(DESCRIBED, rows=(replace(CONVOLUTION, sources=None),)),
        replace(DESCRIBED, rows=(CONVOLUTION,) + (RELU,) * 4_000),
        replace(DESCRIBED, rows=(replace(CONVOLUTION, config={"filters": {"deep": 1}}),)),
        replace(DESCRIBED, kind="</script>"),
        replace(DESCRIBED, layers=(replace(DESCRIBED.layers[0], within=("deep",) * 17),)),
        replace(DESCRIBED, weights=()),
    ],
)
def test_what_is_no_description_is_refused(described: NetworkDescription) -> None:
    with pytest.raises(WireError):
        description_of(as_data(described))
