"""How a model was compiled, and how its layers are initialised and regularised, as cases read it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from autograder import expect
from autograder.notebook.serialised_values import SerialisedValues
from autograder.object_view import ObjectView


def compiled(**arguments):
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, kernel_regularizer=keras.regularizers.L2(0.01), kernel_initializer="he_normal"),
            keras.layers.Dense(2, name="scores", kernel_constraint="non_neg"),
        ]
    )
    if arguments:
        model.compile(**arguments)
    return SerialisedValues({"model": model})["model"]


def test_how_a_model_was_compiled():
    model = compiled(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), loss="mse", metrics=["mae"])
    assert model.compiled
    assert type(model.optimizer).__name__ == "SGD"
    assert (model.optimizer.learning_rate, model.optimizer.momentum) == (0.1, 0.9)
    assert (model.loss, model.metrics) == ("mse", ["mae"])


def test_a_schedule_a_loss_and_a_metric_are_objects_with_their_arguments():
    model = compiled(
        optimizer=keras.optimizers.AdamW(keras.optimizers.schedules.ExponentialDecay(0.1, 100, 0.5)),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(k=3, name="top")],
    )
    schedule, metric = model.optimizer.learning_rate, model.metrics[1]
    assert (type(schedule).__name__, schedule.initial_learning_rate, schedule.decay_steps) == (
        "ExponentialDecay",
        0.1,
        100,
    )
    assert (type(model.loss).__name__, model.loss.from_logits, model.loss.label_smoothing) == (
        "CategoricalCrossentropy",
        True,
        0.1,
    )
    assert (model.metrics[0], type(metric).__name__, metric.name, metric.k) == (
        "accuracy",
        "TopKCategoricalAccuracy",
        "top",
        3,
    )


@pytest.mark.parametrize(
    ("nested", "outputs", "arguments"),
    [
        (dict, ["label", "size"], {"loss": {"label": "binary_crossentropy", "size": "mse"}}),
        (
            dict,
            ["label", "size"],
            {
                "loss": {"label": "mse", "size": "mae"},
                "loss_weights": {"label": 1.0, "size": 0.5},
                "metrics": {"label": ["accuracy"]},
            },
        ),
        (list, ["label", "size"], {"loss": ["binary_crossentropy", "mse"], "loss_weights": [1, 0.5]}),
        (list, ["label", "size"], {"loss": {"label": "mse", "size": "mae"}, "metrics": [["accuracy"], ["mae", "mse"]]}),
        (list, ["size"], {"loss": ["mse"], "metrics": [["mae"]]}),
    ],
)
@pytest.mark.parametrize("fitted", [False, True])
def test_losses_and_metrics_of_several_outputs(nested, outputs, arguments, fitted):
    x = keras.Input((3,))
    units = {name: keras.layers.Dense(1, activation="sigmoid", name=name)(x) for name in outputs}
    model = keras.Model(x, units if nested is dict else list(units.values()))
    model.compile(optimizer="sgd", **arguments)
    if fitted:
        targets = {name: np.ones((2, 1)) for name in outputs}
        model.fit(np.ones((2, 3)), targets if nested is dict else list(targets.values()), verbose=0)
    seen = SerialisedValues({"model": model})["model"]
    assert {name: getattr(seen, name) for name in arguments} == arguments


def test_losses_that_are_objects_and_none_at_all():
    x = keras.Input((3,))
    model = keras.Model(x, {"a": keras.layers.Dense(2, name="a")(x), "b": keras.layers.Dense(1, name="b")(x)})
    model.compile(loss={"a": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "b": None})
    seen = SerialisedValues({"model": model})["model"]
    assert (type(seen.loss["a"]).__name__, seen.loss["a"].from_logits) == ("SparseCategoricalCrossentropy", True)
    assert (seen.loss["b"], seen.loss_weights, seen.metrics) == (None, None, [])
    expect.compiled(seen, loss="sparse_categorical_crossentropy")


def test_a_model_that_was_not_compiled_says_so():
    model = compiled()
    assert (model.compiled, model.optimizer, model.loss, model.metrics) == (False, None, None, None)


def test_a_loss_may_be_a_function_of_the_students():
    def half(y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred)) / 2

    model = compiled(optimizer="adam", loss=half)
    assert model.loss.__name__ == "half"
    assert model.loss(np.zeros((4, 1), "float32"), np.full((4, 1), 2, "float32")) == 2


def test_how_layers_are_initialised_regularised_and_constrained():
    first, last = compiled().layers
    assert type(first.kernel_initializer).__name__ == "HeNormal"
    assert (type(first.kernel_regularizer).__name__, first.kernel_regularizer.l2) == ("L2", pytest.approx(0.01))
    assert last.kernel_regularizer is None
    assert type(last.kernel_constraint).__name__ == "NonNeg"
    assert first.units == 4


def test_so_are_those_of_a_model_inside_it():
    dense = keras.layers.Dense(4, kernel_regularizer=keras.regularizers.L1(0.5), name="dense")
    inner = keras.Sequential([keras.Input((3,)), dense], name="inner")
    outer = keras.Sequential([keras.Input((3,)), keras.Sequential([inner], name="outer"), keras.layers.Dense(1)])
    seen = SerialisedValues({"model": outer})["model"]
    (layer,) = seen.get_layer("outer").get_layer("inner").layers
    assert (type(layer.kernel_regularizer).__name__, layer.kernel_regularizer.l1) == ("L1", 0.5)
    assert seen.layers[-1].kernel_regularizer is None


def test_a_claim_changes_nothing_that_the_network_shows():
    model = compiled()
    model.claim({"optimizer": 1, "layers": [], "settings": {"scores": {"units": 9, "kernel_regularizer": 2}}}, None)
    assert len(model.layers) == 2
    assert (model.layers[1].units, model.layers[1].kernel_regularizer) == (2, 2)


@pytest.mark.parametrize(
    ("value", "kind", "attributes"),
    [
        (keras.optimizers.RMSprop(1e-4, rho=0.8), "RMSprop", {"learning_rate": 1e-4, "rho": 0.8}),
        (keras.optimizers.schedules.CosineDecay(0.5, 10), "CosineDecay", {"decay_steps": 10}),
        (keras.callbacks.EarlyStopping("loss", patience=3), "EarlyStopping", {"monitor": "loss", "patience": 3}),
        (keras.layers.Dense(7, activation="relu"), "Dense", {"units": 7, "activation": "relu"}),
        (keras.initializers.RandomNormal(stddev=0.2), "RandomNormal", {"stddev": 0.2}),
        (keras.losses.Huber(2.0), "Huber", {"delta": 2.0}),
        (keras.metrics.AUC(num_thresholds=20, name="area"), "AUC", {"num_thresholds": 20, "name": "area"}),
    ],
)
def test_an_object_of_keras_is_seen_with_its_arguments(value, kind, attributes):
    seen = SerialisedValues({"x": value})["x"]
    assert isinstance(seen, ObjectView)
    assert type(seen).__name__ == kind
    assert {name: getattr(seen, name) for name in attributes} == attributes
