"""Tensors, models and histories are serialised, or refused with a reason."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from autograder.sandbox.guest.value_serialiser import serialise
from autograder.sandbox.wire.network import Network
from autograder.sandbox.wire.serialise import Budget
from tests.values import same, there_and_back


def test_tensors_are_serialised_as_arrays():
    assert same(there_and_back(tf.constant([[1.0, 2.0]])), np.array([[1, 2]], np.float32))
    assert same(there_and_back(tf.Variable([1, 2])), np.array([1, 2], np.int32))
    assert same(there_and_back(keras.Variable([1.0])), np.array([1], np.float32))
    assert same(there_and_back(tf.reduce_mean(tf.constant([1.0, 2.0]))), np.float32(1.5))


def test_keras_objects_are_serialised_or_refused():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="code")])
    model.compile("sgd", "mse")
    history = model.fit(np.zeros((4, 3)), np.zeros((4, 2)), epochs=2, verbose=0)
    assert isinstance(serialise(model, []).network, Network)
    assert there_and_back(history).history == history.history
    assert there_and_back(history).params["epochs"] == 2
    unbuilt = keras.Sequential([keras.layers.Dense(2)])
    unbuilt.compile("sgd", "categorical_crossentropy")
    with pytest.raises(ValueError, match="must have the same shape"):
        unbuilt.fit(np.zeros((4, 3)), np.zeros((4, 3)), verbose=0)
    for value, reason in {
        unbuilt: "a Keras model, but it is not built yet: layer 1",
        model.inputs[0]: "a symbolic Keras tensor",
        keras.Sequential([keras.layers.Dense(1)]): "a Keras model, but it has no shapes yet",
        keras.Sequential: "the class Sequential itself; call it",
    }.items():
        assert serialise(value, []).reason.startswith(reason)
    assert "__call__" in serialise(tf.function(np.argmax), []).methods


def test_a_model_counts_against_the_budget():
    model = keras.Sequential([keras.Input((1_000,)), keras.layers.Dense(1_000)])
    budget = Budget(size_bytes=4_003_999)
    assert serialise(model, [], budget).reason.startswith("a value of the class Sequential that is too large")
    budget.size_bytes += 10_000  # and what is said of it besides
    assert isinstance(serialise(model, [], budget).network, Network)
