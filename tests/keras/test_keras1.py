"""The spelling of Keras 1 gives Keras 3's own layers, or one clear line."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest

from autograder.course import keras1
from autograder.networks.canonical import layer_rows
from autograder.notebook.serialised_values import SerialisedValues


def old():
    model = keras1.Sequential()
    model.add(
        keras1.Convolution2D(
            4, 3, 5, border_mode="same", subsample=(2, 1), dim_ordering="tf", init="normal", input_shape=(8, 8, 1)
        )
    )
    model.add(keras1.Activation("relu"))
    model.add(keras1.MaxPooling2D(pool_size=(2, 2), border_mode="same", dim_ordering="tf"))
    model.add(keras1.AveragePooling2D((2, 2), strides=(1, 1)))
    model.add(keras1.ZeroPadding2D((1, 1), dim_ordering="default"))
    model.add(keras1.Dropout(0.25))
    model.add(keras1.Flatten())
    model.add(keras1.Dense(6, init="glorot_uniform", bias=False))
    model.add(keras1.BatchNormalization())
    model.add(keras1.Dense(output_dim=3, activation="softmax"))
    return model


def new():
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, (3, 5), padding="same", strides=(2, 1), kernel_initializer="random_normal"),
            layers.ReLU(),
            layers.MaxPooling2D((2, 2), padding="same"),
            layers.AveragePooling2D((2, 2), strides=(1, 1)),
            layers.ZeroPadding2D((1, 1)),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(6, use_bias=False),
            layers.BatchNormalization(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def test_both_spellings_are_the_same_network():
    assert layer_rows(old()) == layer_rows(new())
    for mine, theirs in zip(old().layers, new().layers[:1], strict=False):
        assert type(mine) is type(theirs)
    assert all(type(layer).__module__.startswith("keras.") for layer in old().layers)


def test_no_warning_tells_a_student_to_write_otherwise():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        old()


def test_it_is_serialised_and_rebuilt():
    model = old()
    x = np.random.default_rng(1).random((3, 8, 8, 1)).astype("float32")
    np.testing.assert_allclose(SerialisedValues({"model": model})["model"](x), model(x), atol=1e-6)


def test_a_model_with_a_call_of_its_own_does_not():
    class Other(keras.Sequential):
        def call(self, inputs, training=None, mask=None):
            return super().call(inputs) * 0

    from autograder.expect.mismatch import Unusable

    with pytest.raises(Unusable, match="`Other` is a model class of its own"):
        SerialisedValues({"model": Other([keras.Input((2,)), keras.layers.Dense(1)])}, rebuilt_only=True)["model"]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: keras1.Convolution2D(32, 3), TypeError, r"write Convolution2D\(32, 3, 3\)"),
        (lambda: keras1.Convolution2D(32), TypeError, "needs `kernel_size`"),
        (lambda: keras1.Convolution2D(), TypeError, "needs `nb_filter`, such as nb_filter=32"),
        (lambda: keras1.Convolution2D(32, 3, 3, kernel_size=3), TypeError, "nb_row and nb_col .* and kernel_size"),
        (lambda: keras1.Convolution2D(32, 3, 3, border_mode="same", padding="same"), TypeError, "both border_mode"),
        (lambda: keras1.Convolution2D(32, 3, 3, border_mode="full"), ValueError, "'valid' or 'same', not 'full'"),
        (lambda: keras1.Convolution2D(32, 3, 3, dim_ordering="th"), ValueError, "channels first"),
        (lambda: keras1.Convolution2D(32, 3, 3, dim_ordering="last"), ValueError, "not 'last'"),
        (lambda: keras1.Convolution2D(32, 3, 3, input_shape=(28, 28)), ValueError, r"three values.*\(28, 28, 1\)"),
        (lambda: keras1.Convolution2D(32, 3, 3, boarder_mode="same"), TypeError, "did you mean `border_mode`"),
        (lambda: keras1.MaxPooling2D(pool_length=2), TypeError, "no argument `pool_length`"),
        (lambda: keras1.MaxPooling2D(border_mode="full"), ValueError, "MaxPooling2D: border_mode"),
        (lambda: keras1.Dense(), TypeError, "Dense needs `output_dim`"),
        (lambda: keras1.Dropout(), TypeError, "Dropout needs `p`"),
        (lambda: keras1.Dense(...), ValueError, "`output_dim` is still the gap"),
        (lambda: keras1.Convolution2D(32, 3, 3, input_shape=(..., 28, 1)), ValueError, "`input_shape` is still"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_in_one_line(make, error, message):
    with pytest.raises(error, match=message) as raised:
        make()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("spelled", "modern"),
    [
        (keras1.Convolution2D(8, (3, 5), padding="same"), {"filters": 8, "kernel_size": (3, 5), "padding": "same"}),
        (keras1.Convolution2D(filters=8, kernel_size=3), {"filters": 8, "kernel_size": (3, 3)}),
        (keras1.Convolution2D(nb_filter=8, nb_row=3, nb_col=5), {"filters": 8, "kernel_size": (3, 5)}),
        (keras1.Dense(units=4), {"units": 4}),
        (keras1.Dropout(rate=0.5), {"rate": 0.5}),
        (keras1.Dense(4, input_dim=7), {"units": 4}),
    ],
)
def test_the_modern_spelling_works_too(spelled, modern):
    config = spelled.get_config()
    assert {key: config[key] for key in modern} == modern


def trained(**arguments):
    model = keras1.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="softmax")])
    model.compile(loss="categorical_crossentropy", metrics=["accuracy"], **arguments)
    return model


def test_fit_takes_nb_epoch_and_records_acc():
    x, y = np.zeros((4, 2)), keras1.np_utils.to_categorical([0, 1, 1, 0], 2)
    model = trained(optimizer="sgd")
    history = model.fit(x, y, 2, 3, verbose=0, validation_data=(x, y)).history
    assert len(history["loss"]) == 3
    assert history["acc"] == history["accuracy"]
    assert history["val_acc"] == history["val_accuracy"]
    assert len(model.fit(x, y, epochs=2, verbose=0).history["acc"]) == 2
    assert len(model.fit(x, y, verbose=0).history["acc"]) == 10, "Keras 1's default"
    with pytest.raises(TypeError, match=r"nb_epoch .* and epochs"):
        model.fit(x, y, nb_epoch=1, epochs=1)
    assert model.predict_classes(x).shape == (4,)
    assert model.predict_proba(x).shape == (4, 2)


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [("adadelta", 1.0), ("Adagrad", 0.01), ("adam", 0.001), (keras.optimizers.Adadelta(0.5), 0.5)],
)
def test_learning_rates_are_those_of_keras_1(optimizer, rate):
    assert float(trained(optimizer=optimizer).optimizer.learning_rate) == pytest.approx(rate)
