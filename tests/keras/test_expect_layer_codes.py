"""`expect.code_layer`, `code_length` and `codes`, on small networks of the kind that the exercise has."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers as L

from autograder import expect
from autograder.expect import Mismatch

X = np.random.default_rng(1).random((30, 6, 6, 1)).astype("float32")
OTHER = np.random.default_rng(2).random((30, 6, 6, 1)).astype("float32")


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    net = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            L.Conv2D(2, 3, name="look"),
            L.ReLU(name="look_relu"),
            L.Flatten(name="row"),
            L.Dense(5, name="think"),
            L.Activation("relu", name="think_relu"),
            L.Dropout(0.5, name="forget"),
            L.Dense(3, name="decide"),
            L.Softmax(name="share"),
        ]
    )
    net.get_layer("think").bias.assign(np.full(5, 0.1))
    return net


def at(model, name, x=X):
    return keras.Model(model.inputs[0], model.get_layer(name).output).predict(x, verbose=0)


def mismatch_of(demand, *arguments, **keywords):
    with pytest.raises(Mismatch) as mismatch:
        demand(*arguments, **keywords)
    return mismatch.value


@pytest.mark.parametrize("value", ["think", "think_relu", "forget", 3, 4, -3])
def test_the_code_is_what_the_last_hidden_layer_gives(model, value):
    assert expect.code_layer(value, model).name in ("think", "think_relu", "forget")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("look", "gives 4 × 4 × 2 numbers that still lie side by side"),
        ("row", "`row`, a layer of the kind Flatten: it puts the numbers of the layer before it in a row"),
        ("decide", "is the decision itself, a number for each class"),
        ("share", "is the decision itself"),
        ("thinking", "no layer of `model` has that name"),
    ],
)
def test_another_layer_is_reported_without_the_right_one(model, value, text):
    message = str(mismatch_of(expect.code_layer, value, model))
    assert text in message
    if value != "thinking":
        assert "think" not in message


def test_an_earlier_vector_is_not_the_code():
    net = keras.Sequential([keras.Input((4,)), L.Dense(3, name="early"), L.Dense(2, name="late"), L.Dense(2)])
    assert "goes on working before it decides" in str(mismatch_of(expect.code_layer, "early", net))
    assert expect.code_layer("late", net).name == "late"


@pytest.mark.parametrize("net", [[L.Dense(2)], [L.Conv2D(2, 3), L.Flatten(), L.Dense(3)]])
def test_a_network_without_a_hidden_layer_has_no_code(net):
    built = keras.Sequential([keras.Input((6, 6, 1)), *net])
    for demand, value in ((expect.code_layer, 0), (expect.code_length, 5)):
        assert "no dense layer between" in str(mismatch_of(demand, value, built))


@pytest.mark.parametrize("value", [5, 5.0, np.int64(5)])
def test_the_length_of_the_code(model, value):
    assert expect.code_length(value, model) == 5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (32, "that is how many numbers `row` gives for an image, a layer of the kind Flatten"),
        (3, "that is how many numbers `decide` gives"),
        (165, "the number of parameters of `think`"),
        (7, "column Output Shape of `model.summary()`"),
        ("5", "quotation marks"),
        (None, "not defined"),
    ],
)
def test_another_length_is_reported_without_the_right_one(model, value, text):
    message = str(mismatch_of(expect.code_length, value, model))
    assert text in message
    assert " 5 " not in message


@pytest.mark.parametrize("taken", ["think", "think_relu", "forget"])
def test_codes_may_be_taken_before_or_behind_the_activation(model, taken):
    assert expect.codes(at(model, taken), model, X).shape == (30, 5)
    assert expect.codes(at(model, taken).tolist(), model, X).shape == (30, 5)
    assert expect.codes(at(model, taken).astype("float64") * (1 + 1e-5), model, X).shape == (30, 5)


def test_codes_of_an_earlier_layer_earn_a_half(model):
    mismatch = mismatch_of(expect.codes, at(model, "row"), model, X)
    assert mismatch.credit == 0.5
    assert "`row` gives, which is not the layer of the code" in str(mismatch)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda m: at(m, "think_relu").T, "a column for each input. Give a row for each, `codes.T`"),
        (lambda m: at(m, "share"), "a number for each class. Stop at the code layer"),
        (lambda m: at(m, "think_relu", OTHER), "holds the codes of other digits"),
        (lambda m: at(m, "think_relu")[::-1], "the right rows in another order"),
        (lambda m: at(m, "think_relu")[:20], "the codes of 20 inputs, expected 30"),
        (lambda m: at(m, "row") + 1, "has shape (30, 32), expected a row for each of the 30 inputs"),
        (lambda m: at(m, "think_relu") + 0.1, "is not what `model` gives now, after its training"),
        (lambda m: at(m, "think_relu") * np.nan, "NaN or infinite"),
        (lambda m: at(m, "think_relu")[0, 0], "has shape ()"),
        (lambda m: [[1.0, 2.0], [3.0]], "should be an array of numbers, received list of length 2"),
        (lambda m: "codes", "received the text 'codes'"),
        (lambda m: None, "not defined"),
    ],
)
def test_wrong_codes_say_how_they_came_about(model, make, text):
    mismatch = mismatch_of(expect.codes, make(model), model, X, mistakes={"other digits": OTHER})
    assert text in str(mismatch)
    assert mismatch.credit == 0


def test_codes_of_an_untrained_network_are_refused(model):
    fresh = keras.models.clone_model(model)
    assert "the weights that it began with" in str(mismatch_of(expect.codes, at(fresh, "think"), fresh, X))
