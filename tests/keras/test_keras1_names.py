"""Errors that Keras 3 raises for the spelling of Keras 1, each as Keras words it."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from autograder.expect.keras1_names import modern_spelling
from autograder.notebook.selfcheck import Checks

OLD = {
    "layers.Conv2D(32, 3, border_mode='same')": ("border_mode", "padding"),
    "layers.Conv2D(32, 3, subsample=(2, 2))": ("subsample", "strides"),
    "layers.Conv2D(32, 3, dim_ordering='tf')": ("dim_ordering", "data_format"),
    "layers.Dense(output_dim=10)": ("output_dim", "units"),
    "layers.Dense(10, init='uniform')": ("init", "kernel_initializer"),
    "layers.Dropout(p=0.5)": ("p", "rate"),
    "model.fit(x, x, nb_epoch=2)": ("nb_epoch", "epochs"),
    "model.predict_classes(x)": ("predict_classes", "predict(…).argmax(axis=-1)"),
    "model.fit(x, x, verbose=0).history['acc']": ("acc", "accuracy"),
    "import keras.layers.core": ("keras.layers.core", "keras.layers"),
    "from keras.utils import np_utils": ("np_utils", "keras.utils"),
}


@pytest.mark.parametrize("source", OLD)
def test_the_name_that_keras_3_has_is_given(source):
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(Exception) as raised:
        exec(source, {"keras": keras, "layers": keras.layers, "model": model, "x": np.ones((1, 1))})
    old, new = OLD[source]
    sentence = modern_spelling(f"{raised.type.__name__}: {raised.value}", source)
    assert sentence.startswith(f"`{old}` is of Keras 1; in Keras 3 it is `{new}`.")


@pytest.mark.parametrize(
    "error", ["TypeError: fit() got an unexpected keyword argument 'epoch'", "KeyError: 'x'", "units", "", "'" * 10**6]
)
def test_other_errors_are_left_alone(error):
    assert modern_spelling(error, "layers.Dense(units=3)") == ""


CASES = '''
from otter.test_files import test_case
OK_FORMAT = False
name = "net"
points = 1
@test_case(points=1)
def test_there(model_of_this_test):
    """It is there."""
'''


def test_a_self_check_says_so_where_a_value_is_missing(monkeypatch):
    error = ValueError("Unrecognized keyword arguments passed to Conv2D: {'border_mode': 'same'}")
    monkeypatch.setattr(sys, "last_value", error, raising=False)
    (outcome,) = Checks({"net": CASES}).check("net").outcomes
    assert outcome.message.startswith(
        "`model_of_this_test` is not defined after this question. `border_mode` is of Keras 1"
    )
    monkeypatch.delattr(sys, "last_value")
    (outcome,) = Checks({"net": CASES}).check("net").outcomes
    assert outcome.message.endswith("see whether it raises an error.")
