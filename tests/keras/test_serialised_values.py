"""What a case at home sees is what the grader will see."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.expect import Mismatch
from autograder.notebook.serialised_values import Crossed, Unusable


def test_plain_data_come_through():
    values = {"n": 3, "text": "a", "many": [1, (2.5, None)], "named": {"x": np.arange(3)}}
    crossed = Crossed(values)
    assert (crossed["n"], crossed["text"], crossed["many"]) == (3, "a", [1, (2.5, None)])
    assert crossed["named"]["x"].tolist() == [0, 1, 2]
    assert set(crossed) == set(values)
    assert len(crossed) == 4
    with pytest.raises(KeyError):
        crossed["missing"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (..., "`x` is still `...`: the gap is not filled."),
        ({1, 2}, "`x` is a set, which has no order; give a list."),
        (range(3), "`x` is a range; give a list."),
        ([1, {2}], "`x` is a set, which has no order; give a list."),
    ],
)
def test_what_does_not_cross_is_said_at_home(value, told):
    with pytest.raises(Unusable) as refused:
        Crossed({"x": value})["x"]
    assert str(refused.value) == told


def test_a_network_is_another_one_with_the_same_weights():
    import keras

    net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="relu")])
    crossed = Crossed({"net": net})
    assert crossed["net"] is not net
    assert crossed["net"] is crossed["net"], "rebuilt once"
    x = np.ones((4, 2), "float32")
    np.testing.assert_allclose(crossed["net"](x), net(x), atol=1e-6)


def test_a_layer_of_the_students_own_does_not_cross():
    import keras

    class Mine(keras.layers.Layer):
        def call(self, x):
            return x

    with pytest.raises(Unusable, match="which is not Keras's own"):
        Crossed({"net": keras.Sequential([keras.Input((2,)), Mine()])})["net"]


def test_a_function_is_called_on_copies():
    def double(x):
        x *= 2
        return x

    given = np.ones(3)
    assert Crossed({"double": double})["double"](given).tolist() == [2, 2, 2]
    assert given.tolist() == [1, 1, 1]


def test_what_a_function_raises_is_a_failed_check():
    def broken(x):
        return x[9]

    with pytest.raises(Mismatch, match="`broken` raised IndexError: list index out of range"):
        Crossed({"f": broken})["f"]([1])


@pytest.mark.parametrize(
    ("returned", "told"), [(..., r"`f\(…\)` is still `...`"), ({1}, r"`f\(…\)` is a set"), (range(2), "a range")]
)
def test_what_a_function_returns_crosses_too(returned, told):
    def f(x):
        return returned

    with pytest.raises(Unusable, match=told):
        Crossed({"f": f})["f"](1)


def test_functions_may_return_functions_and_take_lists():
    def outer(many):
        return {"inner": lambda x: [*many, x]}

    assert Crossed({"outer": outer})["outer"]([1, 2])["inner"](3) == [1, 2, 3]
