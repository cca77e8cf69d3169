"""A model that a student's process holds: what it gives is checked as hostile, what it says is recorded; no Keras."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograder import expect
from autograder.evidence import rest_on, resting
from autograder.expect.mismatch import Mismatch, Unusable
from autograder.expect.remote_network import called_model, remote_network
from autograder.expect.training import probabilities
from autograder.expect.value_kinds import kind_of, wrong_kind
from tests.unit.test_network_view import DESCRIBED

X = np.random.default_rng(0).normal(size=(1_100, 3)).astype("float32")
Y = (X[:, 0] > 0).astype(int)


def remote(call: Any) -> Any:
    return remote_network(DESCRIBED, call, "net", "a model of its own kind")


def test_predictions_come_in_batches_of_bounded_size() -> None:
    batches: list[int] = []

    def call(x: Any) -> Any:
        batches.append(len(x))
        return {"twice": 2 * x, "all": [x, x[:, 0]]}

    given = remote(call).predict(X)
    assert batches == [512, 512, 76]
    assert np.array_equal(given["twice"], 2 * X) and np.array_equal(given["all"][1], X[:, 0])
    wide = np.zeros((5, 3 << 20), "float32")
    batches.clear()
    remote(call).predict(wide)
    assert batches == [1] * 5, "12 MiB each"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros(2), r"shape \(2,\) for 4 inputs"),
        (np.float64(1), "gives float64 for a batch"),
        (None, "gives NoneType for a batch"),
        ([], "gives list of length 0"),
        ([np.zeros(4)] * 101, "gives list of length 101"),
        ({1: np.zeros(4), "a": np.zeros(4)}, "gives dict of length 2"),
        (np.zeros(4, "complex64"), r"gives ndarray of shape \(4,\)"),
        (np.array(["a"] * 4), r"gives ndarray of shape \(4,\)"),
        (np.array([0, 1, np.nan, 2]), "gives NaN or infinity"),
    ],
)
def test_what_is_no_array_of_numbers_is_the_students_fault(given: Any, message: str) -> None:
    with pytest.raises(Mismatch, match=f"`net` {message}" if message[0] == "g" else message):
        remote(lambda x: given).predict(X[:4])


def test_only_what_is_said_counts_as_claimed() -> None:
    net = remote(lambda x: rest_on("answered") or np.stack([-x[:, 0], x[:, 0]], axis=1))
    with resting() as rested:
        expect.accuracy(net, X, Y, at_least=0.99, name="net")
        expect.accuracy(lambda x: x[:, 0] > 0, X, Y, at_least=0.99)
        assert not hasattr(net, "history")
    assert (rested.evidence, rested.models) == ("answered", {})
    for look in (
        lambda: net.layers,
        lambda: net.count_params(),
        lambda: net.trainable_weights,
        lambda: net.get_layer("c"),
        lambda: net.summary(print_fn=lambda text: None),
        lambda: net.rows,
    ):
        with resting() as rested:
            look()
        assert (rested.evidence, rested.models) == ("claimed", {"net": "a model of its own kind"})


def test_values_of_weights_and_outputs_of_layers_are_not_to_be_had() -> None:
    net = remote(lambda x: x)
    for ask in (lambda: net.get_weights(), lambda: net.compute(X, ["c"])):
        with pytest.raises(Unusable, match=r"`net` is a model of its own kind\. So the .* cannot be checked\."):
            ask()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda x: np.zeros((len(x), 3)), r"outputs of shape \(1100, 3\) for 1,100 inputs, expected \(1100, 2\)"),
        (lambda x: 2 + np.zeros(len(x)), "labels from 2 to 2, expected 0 to 1"),
        (lambda x: [np.zeros((len(x), 2))] * 2, "expected"),
    ],
)
def test_predictions_of_another_form_are_the_students_fault(given: Any, message: str) -> None:
    with pytest.raises(Mismatch, match=message):
        probabilities(remote(given), X, 2, name="net")


def test_classes_are_as_good_as_a_number_for_each() -> None:
    classes = np.arange(len(X)) % 3
    assert expect.accuracy(remote(lambda x: classes[: len(x)]), X[:300], classes[:300], name="net") == 1
    assert probabilities(remote(lambda x: classes[: len(x)]), X[:4], 3).tolist() == np.eye(3)[[0, 1, 2, 0]].tolist()


def test_what_is_no_function_is_no_model() -> None:
    for value in (3, int, remote(lambda x: x)):
        assert called_model(value, "x") is value


def test_a_model_of_another_library_is_not_called_a_keras_model() -> None:
    forest, line = (
        kind_of(
            remote_network(replace(DESCRIBED, kind=kind), len, "m", f"an object of the class {kind}, no Keras model")
        )
        for kind in ("Forest", "Line")
    )
    subclass = kind_of(remote(len))
    assert str(forest) == "a model of the class Forest"
    assert str(subclass).startswith("a Keras model")
    assert wrong_kind(forest, subclass, "m") == "`m` should be a Keras model, got a model of the class Forest."
    assert wrong_kind(subclass, line, "m") == "`m` should be a model of the class Line, got a Keras model."
    assert wrong_kind(forest, line, "m") == "", "an exercise that asks for any estimator gets any"
