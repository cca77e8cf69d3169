"""Networks with branches beside the expected ones: what gets whose output."""

from __future__ import annotations

import re

import keras
import pytest
from keras import layers as L

from autograder import expect
from autograder.networks.canonical import layer_rows
from autograder.networks.comparison import compare


def residual(second=lambda skip, x: L.Add()([x, skip]), projected=lambda skip: skip):
    """Two residual blocks."""
    x = inputs = keras.Input((8, 8, 4))
    for merge in (lambda skip, x: L.Add()([x, skip]), second):
        y = L.ReLU()(L.Conv2D(4, 3, padding="same")(x))
        y = L.Conv2D(4, 3, padding="same")(y)
        x = L.ReLU()(merge(projected(x), y))
    return keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling2D()(x)))


def inception(order=(0, 1, 2), windows=(1, 3, 5)):
    x = inputs = keras.Input((8, 8, 3))
    branches = [
        lambda: L.Conv2D(4, windows[0], padding="same")(x),
        lambda: L.Conv2D(4, windows[1], padding="same")(L.Conv2D(2, 1)(x)),
        lambda: L.Conv2D(4, windows[2], padding="same")(L.Conv2D(2, 1)(x)),
    ]
    return keras.Model(inputs, L.Flatten()(L.Concatenate()([branches[at]() for at in order])))


def u_net(joined=lambda u, a: L.Concatenate()([u, a])):
    inputs = keras.Input((8, 8, 1))
    a = L.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    b = L.Conv2D(8, 3, padding="same", activation="relu")(L.MaxPooling2D()(a))
    u = L.Conv2DTranspose(4, 2, strides=2)(b)
    return keras.Model(inputs, L.Conv2D(1, 1, activation="sigmoid")(joined(u, a)))


def compared(received, expected):
    return compare(layer_rows(expected), layer_rows(received))


def conv(x):
    return L.Conv2D(4, 1)(x)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (residual(), residual()),
        (residual(lambda skip, x: L.Add()([skip, x])), residual()),
        (residual(lambda skip, x: x + skip), residual()),
        (residual(lambda skip, x: L.Add()([skip, x]), conv), residual(projected=conv)),
        (residual(projected=conv), residual(lambda skip, x: L.Add()([skip, x]), conv)),
        *((inception(order), inception()) for order in ((2, 1, 0), (1, 2, 0), (0, 2, 1))),
        (u_net(lambda u, a: L.Concatenate()([a, u])), u_net()),
    ],
)
def test_the_order_of_branches_is_no_difference(received, expected):
    assert compared(received, expected).equal
    assert compared(received, expected).summary("net") == ""


@pytest.mark.parametrize(
    ("received", "expected", "summary"),
    [
        (
            residual(lambda skip, x: L.Add()([x, x])),
            residual(),
            "`net` layer 9 (Add → (8, 8, 4)): it gets layer 8 (Conv2D 4 3×3 'same') twice; layer 5 (ReLU) is missing "
            "among its inputs. Check what it is called with.",
        ),
        (
            u_net(lambda u, a: L.Concatenate()([u, u])),
            u_net(),
            "`net` layer 7 (Concatenate → (8, 8, 8)): it gets layer 6 (Conv2DTranspose 4 2×2 strides=(2, 2)) twice; "
            "layer 2 (ReLU) is missing among its inputs. Check what it is called with.",
        ),
        (
            inception((2, 1, 0), (1, 3, 3)),
            inception(),
            "`net` layer 5: expected Conv2D 4 5×5 'same' → (8, 8, 4), got Conv2D 4 3×3 'same' → (8, 8, 4). Check the "
            "kernel size.",
        ),
    ],
)
def test_a_wrong_connection_is_reported(received, expected, summary):
    assert compared(received, expected).summary("net") == summary


@pytest.mark.parametrize(
    ("received", "expected", "words"),
    [
        (residual(lambda skip, x: L.Concatenate()([skip, x])), residual(), "layer 9: expected Add .*, got Concatenate"),
        (
            keras.Sequential([keras.Input((5, 2)), L.GRU(3), L.Dense(1)]),
            keras.Sequential([keras.Input((5, 2)), L.LSTM(3), L.Dense(1)]),
            "layer 1: expected LSTM 3 .*, got GRU 3",
        ),
    ],
)
def test_a_layer_of_the_same_family_is_reported_as_the_wrong_one(received, expected, words):
    assert re.search(words, compared(received, expected).summary("net"))


def test_inputs_of_a_difference_are_not_to_be_exchanged():
    x, y = keras.Input((4,)), keras.Input((4,))
    minus, other = (keras.Model([x, y], L.Dense(2)(L.Subtract()(inputs))) for inputs in ([x, y], [y, x]))
    assert "it gets its inputs in another order" in compared(other, minus).summary("net")


def test_the_key_of_an_attention_is_its_value_unless_it_is_given():
    x, y = keras.Input((5, 8)), keras.Input((5, 8))

    def net(call):
        return keras.Model([x, y], L.Dense(2)(call(L.MultiHeadAttention(2, 4))))

    plain, by_name, turned = (
        net(lambda attention: attention(x, y)),
        net(lambda attention: attention(value=y, key=y, query=x)),
        net(lambda attention: attention(value=y, key=x, query=x)),
    )
    assert compared(by_name, plain).equal
    assert "it gets the network's input twice" in compared(turned, plain).summary("net")
    for inputs in ([-1, -2], [-1, -2, -2]):
        expect.layers(by_name, [expect.layer("MultiHeadAttention", inputs=inputs), expect.layer("Dense")])


ROWS = [
    expect.layer("Conv2D", filters=4, kernel_size=3, activation="relu"),
    expect.layer("Conv2D", filters=4, kernel_size=3),
    expect.layer("Add", inputs=[1, 0]),
]


@pytest.mark.parametrize("exchanged", [False, True])
def test_an_author_says_what_a_layer_gets(exchanged):
    def block(wrong):
        inputs = keras.Input((8, 8, 4))
        a = L.Conv2D(4, 3, padding="same", activation="relu")(inputs)
        b = L.Conv2D(4, 3, padding="same")(a)
        return keras.Model(inputs, L.Add()([b, b] if wrong else [a, b] if exchanged else [b, a]))

    expect.layers(block(wrong=False), ROWS)
    with pytest.raises(expect.Mismatch, match=r"layer 4 \(Add → \(8, 8, 4\)\): it gets layer 3 .* twice; layer 2 "):
        expect.layers(block(wrong=True), ROWS)
    expect.layers(block(wrong=True), [*ROWS[:2], expect.layer("Add")])


def test_inputs_are_known_by_their_names():
    rows = [
        expect.layer("Dense", units=3, inputs=[-1]),  # 0
        expect.layer("Dense", units=4, inputs=[-2]),
        expect.layer("Concatenate", inputs=[0, 1]),
    ]

    def net(names, exchanged=False):
        small, large = (keras.Input((5,), name=each) for each in names)
        joined = L.Concatenate()([L.Dense(3)(small), L.Dense(4)(large)])
        return keras.Model([large, small] if exchanged else [small, large], joined)

    expect.layers(net(["small", "large"], exchanged=True), rows, inputs=["small", "large"])
    with pytest.raises(expect.Mismatch, match="it gets the network's input 2 in place of the network's input"):
        expect.layers(net(["large", "small"]), rows, inputs=["small", "large"])
    with pytest.raises(expect.Mismatch, match=r"has the inputs `a`, `large`, expected `small`, `large`. Name them"):
        expect.layers(net(["a", "large"]), rows, inputs=["small", "large"])


def test_every_fault_of_a_layer_is_named():
    given = keras.Sequential([keras.Input((8, 8, 1)), L.Conv2D(64, 3, padding="same"), L.Flatten()])
    with pytest.raises(expect.Mismatch, match="Check the number of filters and the padding"):
        expect.layers(
            given, [expect.layer("Conv2D", filters=32, kernel_size=3, output_shape=(6, 6, 32)), expect.layer("Flatten")]
        )


def test_a_normalisation_behind_the_activation_is_an_order():
    given = keras.Sequential([keras.Input((8, 8, 1)), L.Conv2D(4, 3, activation="relu"), L.BatchNormalization()])
    rows = [expect.layer("Conv2D", filters=4), expect.layer("BatchNormalization"), expect.layer("ReLU")]
    with pytest.raises(expect.Mismatch, match="has its layers in another order after layer 1"):
        expect.layers(given, rows)


def test_a_factor_is_written_as_in_keras():
    given = keras.Sequential([keras.Input((8, 8, 3)), L.RandomRotation(0.1), L.RandomZoom((-0.2, 0.3))])
    expect.layers(given, [expect.layer("RandomRotation", factor=0.1), expect.layer("RandomZoom")])
    for factors in ({"factor": 0.2}, {"factor": -0.1}):
        with pytest.raises(expect.Mismatch, match="Check `factor`"):
            expect.layers(given, [expect.layer("RandomRotation", **factors), expect.layer("RandomZoom")])


def test_what_a_layer_holds_is_compared():
    given = keras.Sequential([keras.Input((5, 3)), L.Bidirectional(L.LSTM(8)), L.Dense(1)])
    rows = [expect.layer("Bidirectional", layer=expect.layer("LSTM", units=8)), expect.layer("Dense", units=1)]
    expect.layers(given, rows)
    rows[0] = expect.layer("Bidirectional", layer=expect.layer("GRU", units=8))
    with pytest.raises(
        expect.Mismatch, match=r"expected Bidirectional of GRU 8, got Bidirectional of LSTM 8 → \(16,\)"
    ):
        expect.layers(given, rows)


def test_operations_are_rows_with_their_values():
    inputs = keras.Input((5, 3))
    x = keras.ops.mean(inputs[:, 1:-1] * 2, axis=1)
    given = keras.Model(inputs, L.Dense(1)(x))
    rows = [
        expect.layer("GetItem", value=":, 1:-1"),
        expect.layer("Multiply", value=2),
        expect.layer("Mean", axis=1),
        expect.layer("Dense", units=1),
    ]
    expect.layers(given, rows)
    rows[0] = expect.layer("GetItem", value=":, 0")
    with pytest.raises(expect.Mismatch, match="expected GetItem value=:, 0, got GetItem value=:, 1:-1"):
        expect.layers(given, rows)
    with pytest.raises(ValueError, match="Mean has no argument 'axes'"):
        expect.layers(given, [expect.layer("Mean", axes=1)])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_list_without_connections_takes_branches_in_any_order(order):
    windows = [[(1, 1)], [(1, 1), (3, 3)], [(1, 1), (5, 5)]]
    rows = [expect.layer("Conv2D", kernel_size=window) for branch in windows for window in branch]
    rows = [*rows, expect.layer("Concatenate"), expect.layer("Flatten")]
    expect.layers(inception(order), rows)
    with pytest.raises(expect.Mismatch, match="expected Conv2D 5×5, got Conv2D 4 4×4"):
        expect.layers(inception(order, (1, 3, 4)), rows)
