"""What a student says of a layer of the own network, and what is said to a student who is wrong."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers as L

from autograder import expect
from autograder.expect import Mismatch
from autograder.sandbox.guest import network_serialiser
from autograder.sandbox.wire.network import rebuild_network

KINDS = ["sequential", "functional", "nested", "rebuilt"]


def network(kind="sequential"):
    """Parameters to learn: 0, 45 ("wide one"), 10 of 20, 0, 24 ("out")."""
    stack = [
        L.Flatten(name="flat"),
        L.Dense(5, name="wide one"),
        L.BatchNormalization(name="norm"),
        L.ReLU(name="relu"),
        L.Dense(4, name="out"),
    ]
    if kind == "functional":
        x = begin = keras.Input((2, 4, 1))
        for layer in stack:
            x = layer(x)
        return keras.Model(begin, x)
    if kind == "nested":
        return keras.Sequential([keras.Input((2, 4, 1)), keras.Sequential(stack[:3]), *stack[3:]])
    model = keras.Sequential([keras.Input((2, 4, 1)), *stack])
    return rebuild_network(network_serialiser.serialise_network(model)) if kind == "rebuilt" else model


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", ["wide one", " wide one ", np.str_("wide one")])
def test_a_name_means_the_same_layer_on_both_sides(kind, value):
    assert expect.layer_reference(value, network(kind)).units == 5


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("sequential", 1),
        ("sequential", -4),
        ("sequential", np.int64(1)),
        ("rebuilt", np.array(1)),
        ("nested", 1),
        ("functional", 2),  # the input is a layer of a functional model
        ("functional", -4),
    ],
)
def test_an_index_is_that_of_the_own_network(kind, value):
    assert expect.layer_reference(value, network(kind)).units == 5


def test_equal_but_for_what_the_wire_changes_is_no_match_for_an_exact_name():
    model = keras.Sequential([keras.Input((2,)), L.Dense(1, name="a_b"), L.Dense(2, name="a b")])
    assert [expect.layer_reference(name, model).units for name in ("a_b", "a b")] == [1, 2]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "`layer` is not defined, or is None"),
        (..., "still the gap"),
        ("Dense", "'Dense', a kind of layer, expected the name of one. `model` has `flat`, `wide one`, `norm`"),
        ("wide two", "no layer of `model` has that name. It has `flat`"),
        ("flat_7", "Keras goes on counting when a cell runs again: restart the kernel"),
        ("", "no layer of `model` has that name"),
        ("_", "no layer of `model` has that name"),
        (5, "`layer` is 5, but `model` has 5 layers: their indices go from 0 to 4"),
        (-6, "their indices go from 0 to 4"),
        (10**400, "an integer of"),
        (True, "should be text or an integer, received True"),
        (1.0, "should be text or an integer, received 1.0"),
        ([1], "received list of length 1"),
        (np.array([1, 2]), "should be text or an integer"),
        (L.Dense(2), "is the layer itself. Give its name: `layer = layer.name`."),
    ],
)
def test_what_is_no_layer_is_described(value, expected):
    with pytest.raises(Mismatch) as raised:
        expect.layer_reference(value, network())
    assert expected in str(raised.value)


@pytest.mark.parametrize("value", [keras.Sequential(), 3, None])
def test_without_a_network_there_are_no_layers(value):
    for demand in (expect.layer_reference, expect.largest_layer, expect.largest_layer_parameters):
        with pytest.raises(Mismatch, match="`fc`"):
            demand(1, value, model_name="fc")


@pytest.mark.parametrize("kind", KINDS)
def test_the_largest_layer_passes(kind):
    assert expect.largest_layer("wide one", network(kind)).units == 5


def test_of_equal_layers_each_is_the_largest():
    model = keras.Sequential([keras.Input((3,)), L.Dense(3, name="one"), L.Dense(3, name="two")])
    assert expect.largest_layer(0, model).name == "one"
    assert expect.largest_layer(1, model).name == "two"


def test_what_is_not_learned_does_not_count():
    model = keras.Sequential([keras.Input((8,)), L.BatchNormalization(name="norm"), L.Dense(2, name="out")])
    assert (model.get_layer("norm").count_params(), model.get_layer("out").count_params()) == (32, 18)
    assert expect.largest_layer("out", model).name == "out"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("flat", "`largest_layer` is `flat`, a layer of the kind Flatten, which has no parameters to learn"),
        (
            "out",
            "with 24 learnable parameters, but another layer has more. Look at the column Param # of `fc.summary()`",
        ),
        (2, "`norm`, a layer of the kind BatchNormalization with 10 learnable"),
    ],
)
def test_the_right_layer_is_not_revealed(value, expected):
    with pytest.raises(Mismatch) as raised:
        expect.largest_layer(value, network(), model_name="fc")
    assert expected in str(raised.value)
    assert "wide" not in str(raised.value)
    assert "45" not in str(raised.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [45, 45.0, np.int64(45), np.array(45)])
def test_the_right_number_of_parameters_passes(kind, value):
    assert expect.largest_layer_parameters(value, network(kind)) == 45


@pytest.mark.parametrize(
    ("value", "expected", "credit"),
    [
        (40, "counts the connections", 0.5),
        (79, "that is the number of the whole of `fc`", 0),
        (89, "that is the number of the whole of `fc`", 0),
        (24, "that is the number of `out`, but another layer has more", 0),
        (0, "is 0, which is not the number", 0),
        (44, "Look at the column Param # of `fc.summary()`", 0),
        (-45, "Look at the column", 0),
        ("45", "quotation marks", 0),
        (None, "not defined", 0),
    ],
)
def test_a_wrong_number_is_reported_by_its_mistake(value, expected, credit):
    with pytest.raises(Mismatch) as raised:
        expect.largest_layer_parameters(value, network(), model_name="fc")
    assert expected in str(raised.value)
    assert "45" not in str(raised.value).replace(f"{value}", "")
    assert raised.value.credit == credit


def test_a_layer_without_biases_has_nothing_to_forget():
    model = keras.Sequential([keras.Input((3,)), L.Dense(2, use_bias=False)])
    assert expect.largest_layer_parameters(6, model) == 6
    with pytest.raises(Mismatch) as raised:
        expect.largest_layer_parameters(4, model)
    assert raised.value.credit == 0


def test_a_network_that_learns_nothing_has_no_largest_layer():
    model = keras.Sequential([keras.Input((3,)), L.Flatten()])
    for demand in (expect.largest_layer, expect.largest_layer_parameters):
        with pytest.raises(Mismatch):
            demand(0, model)
