"""A case in the notebook sees what the grader will see."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.expect.mismatch import Mismatch, Unusable
from autograder.notebook.serialised_values import SerialisedValues


def test_plain_data_come_through():
    values = {"n": 3, "text": "a", "many": [1, (2.5, None)], "named": {"x": np.arange(3)}}
    serialised = SerialisedValues(values)
    assert (serialised["n"], serialised["text"], serialised["many"]) == (3, "a", [1, (2.5, None)])
    assert serialised["named"]["x"].tolist() == [0, 1, 2]
    assert set(serialised) == set(values)
    assert len(serialised) == 4
    with pytest.raises(KeyError):
        serialised["missing"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (..., "`x` is still `...`: the gap is not filled."),
        (np, "`x` is a module; give a value."),
        ([1, {"a": np}], "`x` is a module; give a value."),
    ],
)
def test_a_refused_value_is_reported_in_the_notebook(value, message):
    with pytest.raises(Unusable) as refused:
        SerialisedValues({"x": value})["x"]
    assert str(refused.value) == message


def test_a_network_is_another_one_with_the_same_weights():
    import keras

    net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="relu")])
    serialised = SerialisedValues({"net": net})
    assert serialised["net"] is not net
    assert serialised["net"] is serialised["net"], "rebuilt once"
    x = np.ones((4, 2), "float32")
    np.testing.assert_allclose(serialised["net"](x), net(x), atol=1e-6)


def test_a_network_with_a_layer_of_the_students_own_computes_where_it_is():
    import keras

    class Mine(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    values = {"net": keras.Sequential([keras.Input((2,)), Mine()])}
    serialised = SerialisedValues(values)
    assert serialised["net"].predict(np.ones((3, 2))).tolist() == [[2, 2]] * 3
    assert [type(layer).__name__ for layer in serialised["net"].layers] == ["Mine"]
    with pytest.raises(Unusable, match=r"`net` is a Keras model, but .* which is not Keras's own"):
        SerialisedValues(values, rebuilt_only=True)["net"]


def test_a_function_is_called_on_copies():
    def double(x):
        x *= 2
        return x

    given = np.ones(3)
    assert SerialisedValues({"double": double})["double"](given).tolist() == [2, 2, 2]
    assert given.tolist() == [1, 1, 1]


def test_what_a_function_raises_is_a_failed_check():
    def broken(x):
        return x[9]

    with pytest.raises(Mismatch, match="`broken` raised IndexError: list index out of range"):
        SerialisedValues({"f": broken})["f"]([1])


@pytest.mark.parametrize(("returned", "message"), [(..., r"`f\(…\)` is still `...`"), ([np], r"`f\(…\)` is a module")])
def test_what_a_function_returns_is_serialised_too(returned, message):
    def f(x):
        return returned

    with pytest.raises(Unusable, match=message):
        SerialisedValues({"f": f})["f"](1)


def test_functions_may_return_functions_and_take_lists():
    def outer(many):
        return {"inner": lambda x: [*many, x]}

    assert SerialisedValues({"outer": outer})["outer"]([1, 2])["inner"](3) == [1, 2, 3]
