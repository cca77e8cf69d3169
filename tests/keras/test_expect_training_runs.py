"""What a student says of the own runs: figures, a decision, a record, a second network."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers as L

from autograder import expect
from autograder.expect import Mismatch

RUNS = {"the last epoch": 0.9412, "now": 0.95}


@pytest.mark.parametrize("value", [0.9412, 0.94, 0.9362, 0.9462, 0.95, np.float32(0.9412), np.array(0.945)])
def test_a_figure_to_two_decimals_passes(value):
    assert expect.claim(value, RUNS, name="accuracy") == pytest.approx(float(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.936, "`accuracy` is 0.936, which is not the last epoch, not even to two decimals"),
        (0.9551, "do not type the number, let the notebook work it out"),
        (0.7, "`accuracy` is 0.7, which is that of the first epoch. Give the last epoch."),
        (70.3, "looks like a percentage. Give a fraction such as 0.703"),
        (-0.1, "from 0 to 1"),
        (float("nan"), "finite"),
        ("0.94", "quotation marks"),
        (True, "not a comparison"),
        (None, "not defined"),
        ([0.94], "`accuracy[0]`"),
    ],
)
def test_a_figure_from_elsewhere_is_reported_without_the_right_one(value, expected):
    with pytest.raises(Mismatch) as raised:
        expect.claim(value, RUNS, mistakes={"that of the first epoch": 0.7}, name="accuracy")
    assert expected in str(raised.value)
    assert "0.9412" not in str(raised.value)


def test_what_agrees_is_no_mistake():
    assert expect.claim(0.94, RUNS, mistakes={"the other": 0.94}, name="accuracy") == 0.94


@pytest.mark.parametrize("value", [True, np.True_, np.array(True)])
@pytest.mark.parametrize("expected", [True, None])
def test_the_right_decision_passes(value, expected):
    assert expect.truth(value, expected, name="overfits") is True


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (False, "`overfits` is False, expected True. For a reason."),
        (np.False_, "`overfits` is False"),
        ("True", "received the text 'True'. Leave out the quotation marks."),
        ("yes", "received the text 'yes'. Give one of the two, or a comparison."),
        (1, "should be True or False, received 1. Give one of the two"),
        (np.array([True]), "should be True or False"),
        (None, "not defined"),
        (..., "still the gap"),
    ],
)
def test_another_decision_or_none_is_reported(value, expected):
    with pytest.raises(Mismatch) as raised:
        expect.truth(value, True, why="For a reason.", name="overfits")
    assert expected in str(raised.value)


def network(*, units=4, bias=True, norm=False):
    stack = [L.BatchNormalization()] if norm else []
    return keras.Sequential(
        [keras.Input((3,)), L.Dense(units, activation="relu", use_bias=bias), *stack, L.Dense(3, use_bias=bias)]
    )


@pytest.fixture(scope="module")
def fitted():
    keras.utils.set_random_seed(1)
    x = np.eye(3, dtype="float32")[[0, 1, 2, 0] * 10]
    t = np.eye(3, dtype="float32")[[0, 1, 2, 1] * 10]
    model = network()
    model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    history = model.fit(x, t, epochs=2, validation_data=(x, t), verbose=0)
    return model, history, x, t


def test_the_record_of_the_training_passes(fitted):
    model, history, x, t = fitted
    curves = expect.record(history, model, x, t, epochs=2)
    assert curves["val_accuracy"] == history.history["val_accuracy"]
    assert expect.record(history.history, model, x, t.argmax(axis=1)) == curves


def test_the_record_of_another_training_does_not(fitted):
    model, history, x, t = fitted
    last = history.history["val_accuracy"][-1]
    made_up = {"accuracy": [0.5, 0.9], "val_accuracy": [last, last + 0.011]}
    with pytest.raises(Mismatch, match=r"`h` ends with a validation accuracy of .* but `fc` now has"):
        expect.record(made_up, model, x, t, name="h", model_name="fc")
    made_up["val_accuracy"][-1] = last + 0.009
    expect.record(made_up, model, x, t)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"accuracy": [0.5]}, "no 'val_accuracy'"),
        ({"accuracy": [0.5], "val_accuracy": [0.5]}, "at least 2"),
        (None, "`history` is not defined"),
    ],
)
def test_a_record_that_lacks_something_is_reported(fitted, given, expected):
    model, _, x, t = fitted
    with pytest.raises(Mismatch) as raised:
        expect.record(given, model, x, t, epochs=2)
    assert expected in str(raised.value)


def test_a_network_that_was_fitted_is_trained(fitted):
    expect.trained(fitted[0])


@pytest.mark.parametrize("norm", [False, True])
def test_a_network_as_it_was_built_is_not(norm):
    with pytest.raises(Mismatch, match="`cnn1_raw` still has the weights that it began with"):
        expect.trained(network(norm=norm), name="cnn1_raw")


def test_one_bias_that_moved_is_enough():
    model = network()
    model.layers[-1].bias.assign([0, 0, 1e-6])
    expect.trained(model)


def test_weights_that_are_not_numbers_any_more_were_trained():
    model = network()
    model.layers[0].bias.assign([np.nan] * 4)
    expect.trained(model)


def test_without_biases_nobody_can_tell():
    expect.trained(network(bias=False))


def test_two_networks_of_the_same_layers_are_twins():
    one = network()
    two = keras.Sequential([keras.Input((3,)), L.Dense(4, name="other"), L.ReLU(), L.Dense(3)])
    expect.twin(one, two)


@pytest.mark.parametrize("other", ["itself", "copy"])
def test_a_network_is_not_its_own_twin(other):
    model = network()
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    with pytest.raises(Mismatch, match="`raw` and `cnn1` are one and the same network"):
        expect.twin(copy if other == "copy" else model, model, name="raw", other_name="cnn1")


def test_weights_that_are_not_numbers_are_the_same_weights():
    model = network()
    model.layers[0].bias.assign([np.nan] * 4)
    with pytest.raises(Mismatch, match="one and the same"):
        expect.twin(model, model)


def test_other_layers_are_reported_with_an_aligned_table():
    with pytest.raises(Mismatch) as raised:
        expect.twin(network(units=5), network(), name="raw", other_name="cnn1")
    assert "`raw` layer 1: expected Dense 4" in str(raised.value)
    assert raised.value.diff[0].kind == "different"


@pytest.mark.parametrize("pair", [(None, 1), (1, None)])
def test_both_must_be_networks(pair):
    model = network()
    given = [model if each else None for each in pair]
    with pytest.raises(Mismatch, match="is not defined"):
        expect.twin(*given)
