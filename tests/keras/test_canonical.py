"""Equivalent models are equal, others are not."""

from __future__ import annotations

import keras
import pytest
from keras import layers as L

from autograder.networks.canonical import LayerRow, agrees, canonical, layer_rows, words

IMAGE = (8, 8, 1)


def sequential(*layers):
    return keras.Sequential([keras.Input(IMAGE), *layers])


def functional(*layers):
    x = inputs = keras.Input(IMAGE, name="the_picture")
    for layer in layers:
        x = layer(x)
    return keras.Model(inputs, x)


def added(*layers):
    model = keras.Sequential()
    for layer in layers:
        model.add(layer)
    return model


def nested(*layers):
    inner = keras.Sequential([keras.Input(IMAGE), *layers[:2]], name="inner")
    outer = functional(inner, *layers[2:])
    return keras.Sequential([keras.Input(IMAGE), outer])


def built_later(*layers):
    model = keras.Sequential(list(layers))
    model.build((None, *IMAGE))
    return model


def plain():
    return [
        L.Conv2D(4, 3, padding="same"),
        L.BatchNormalization(),
        L.ReLU(),
        L.MaxPooling2D(2),
        L.Flatten(),
        L.Dense(5),
        L.Softmax(),
    ]


PLAIN = [
    "Conv2D 4 3×3 'same' → (8, 8, 4) with 40 parameters",
    "BatchNormalization → (8, 8, 4) with 16 parameters",
    "ReLU → (8, 8, 4) with 0 parameters",
    "MaxPooling2D 2×2 → (4, 4, 4) with 0 parameters",
    "Flatten → (64,) with 0 parameters",
    "Dense 5 → (5,) with 325 parameters",
    "Softmax → (5,) with 0 parameters",
]


def texts(model):
    return [words(row, ["parameters"]) for row in layer_rows(model)]


def test_a_plain_model_in_words():
    assert texts(sequential(*plain())) == PLAIN


@pytest.mark.parametrize("build", [functional, nested, built_later], ids=lambda build: build.__name__)
def test_the_way_of_building_does_not_matter(build):
    assert layer_rows(build(*plain())) == layer_rows(sequential(*plain()))


def with_change(position, *layers):
    changed = plain()
    changed[position : position + 1] = layers
    return changed


@pytest.mark.parametrize(
    "layers",
    [
        pytest.param(lambda: with_change(2, L.Activation("relu")), id="activation layer"),
        pytest.param(lambda: with_change(2, L.Activation(keras.activations.relu)), id="activation function"),
        pytest.param(lambda: with_change(2, L.Activation(L.ReLU())), id="layer as activation"),
        pytest.param(lambda: with_change(6, L.Activation("softmax")), id="softmax"),
        pytest.param(lambda: [*plain()[:5], L.Dense(5, activation="softmax")], id="fused softmax"),
        pytest.param(lambda: [*plain()[:5], L.Dense(5, activation=keras.ops.softmax)], id="fused function"),
        pytest.param(lambda: [*plain()[:5], L.Dense(5, activation=L.Softmax())], id="fused layer"),
        pytest.param(lambda: with_change(6, L.Identity(), L.Softmax(name="the_end")), id="identity and names"),
        pytest.param(lambda: with_change(0, L.Conv2D(4, (3, 3), padding="SAME", activation="linear")), id="spelling"),
        pytest.param(lambda: with_change(0, L.Convolution2D(4, 3, padding="same")), id="Convolution2D"),
        pytest.param(lambda: with_change(3, L.MaxPool2D((2, 2), strides=2)), id="MaxPool2D"),
        pytest.param(lambda: with_change(1, L.BatchNormalization(axis=3, momentum=0.9)), id="axis 3 is the last"),
        pytest.param(lambda: with_change(0, L.Conv2D(4, 3, padding="same", kernel_initializer="he_normal")), id="init"),
        pytest.param(lambda: with_change(5, L.Dense(5, kernel_regularizer="l2"), L.Activation("linear")), id="linear"),
    ],
)
@pytest.mark.parametrize("build", [sequential, functional], ids=lambda build: build.__name__)
def test_the_way_of_writing_does_not_matter(build, layers):
    assert layer_rows(build(*layers())) == layer_rows(sequential(*plain()))


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
def test_input_shape_is_as_good_as_an_input():
    first = L.Conv2D(4, 3, padding="same", input_shape=IMAGE)
    assert layer_rows(added(first, *plain()[1:])) == layer_rows(sequential(*plain()))


@pytest.mark.parametrize("function", ["relu", "softmax"])
def test_a_fused_activation_is_a_row_of_its_own_in_any_layer(function):
    for make in (
        lambda **more: L.Conv2D(4, 3, **more),
        lambda **more: L.DepthwiseConv2D(3, **more),
        lambda **more: L.SeparableConv2D(4, 3, **more),
        lambda **more: L.Conv2DTranspose(4, 3, **more),
        lambda **more: L.Dense(4, **more),
    ):
        fused, apart = sequential(make(activation=function)), sequential(make(), L.Activation(function))
        assert layer_rows(fused) == layer_rows(apart)
        assert [row.kind for row in layer_rows(fused)][1:] == ["Activation"]
        assert layer_rows(fused)[1].parameters == 0


def test_an_activation_inside_of_a_recurrent_layer_stays_there():
    model = keras.Sequential([keras.Input((4, 2)), L.LSTM(3), L.Dense(2)])
    assert [row.kind for row in layer_rows(model)] == ["LSTM", "Dense"]


def test_tensorflow_functions_are_known():
    import tensorflow as tf

    layers = [L.Dense(4, activation=tf.nn.relu), L.Flatten(), L.Dense(3, activation=tf.nn.softmax)]
    same = [L.Dense(4), L.ReLU(), L.Flatten(), L.Dense(3), L.Softmax()]
    assert layer_rows(sequential(*layers)) == layer_rows(sequential(*same))


def test_functions_in_a_functional_model_are_rows():
    x = inputs = keras.Input((4,))
    x = keras.ops.relu(L.Dense(3)(x))
    x = keras.activations.softmax(x + L.Dense(3)(inputs))
    model = keras.Model(inputs, x)
    assert texts(model) == [
        "Dense 3 → (3,) with 15 parameters",
        "ReLU → (3,) with 0 parameters",
        "Dense 3 → (3,) with 15 parameters",
        "Add → (3,) with 0 parameters",
        "Softmax → (3,) with 0 parameters",
    ]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (lambda: [L.Conv2D(4, 3), L.ReLU()], ["Conv2D 4 3×3 → (6, 6, 4)", "ReLU → (6, 6, 4)"]),
        (lambda: [L.Conv2D(4, (3, 1), strides=2)], ["Conv2D 4 3×1 strides=(2, 2) → (3, 4, 4)"]),
        (lambda: [L.Dense(4, use_bias=False)], ["Dense 4 use_bias=False → (8, 8, 4)"]),
        (lambda: [L.ReLU(max_value=6)], ["Activation relu6 → (8, 8, 1)"]),
        (lambda: [L.ReLU(max_value=3)], ["ReLU max_value=3 → (8, 8, 1)"]),
        (lambda: [L.LeakyReLU(0.1)], ["LeakyReLU negative_slope=0.1 → (8, 8, 1)"]),
        (lambda: [L.Activation("leaky_relu")], ["LeakyReLU negative_slope=0.2 → (8, 8, 1)"]),
        (lambda: [L.ReLU(negative_slope=0.1)], ["LeakyReLU negative_slope=0.1 → (8, 8, 1)"]),
        (lambda: [L.Softmax(axis=1)], ["Softmax axis=1 → (8, 8, 1)"]),
        (lambda: [L.Activation("tanh")], ["Activation tanh → (8, 8, 1)"]),
        (lambda: [L.ELU(), L.ELU(0.5)], ["ELU → (8, 8, 1)", "ELU alpha=0.5 → (8, 8, 1)"]),
        (lambda: [L.MaxPooling2D(3, strides=2)], ["MaxPooling2D 3×3 strides=(2, 2) → (3, 3, 1)"]),
        (lambda: [L.AveragePooling2D(2, padding="same")], ["AveragePooling2D 2×2 'same' → (4, 4, 1)"]),
        (lambda: [L.ZeroPadding2D(1)], ["ZeroPadding2D → (10, 10, 1)"]),
        (lambda: [L.ZeroPadding2D(2)], ["ZeroPadding2D padding=((2, 2), (2, 2)) → (12, 12, 1)"]),
        (lambda: [L.Dropout(0.25)], ["Dropout 0.25 → (8, 8, 1)"]),
        (lambda: [L.LayerNormalization(scale=False)], ["LayerNormalization scale=False → (8, 8, 1)"]),
        (lambda: [L.Reshape((16, -1))], ["Reshape target_shape=(16, -1) → (16, 4)"]),
    ],
)  # fmt: skip
def test_words(layers, expected):
    assert [words(row) for row in layer_rows(sequential(*layers()))] == expected


@pytest.mark.parametrize(
    "other",
    [
        lambda: with_change(0, L.Conv2D(5, 3, padding="same")),
        lambda: with_change(0, L.Conv2D(4, 5, padding="same")),
        lambda: with_change(0, L.Conv2D(4, 3)),
        lambda: with_change(0, L.Conv2D(4, 3, padding="same", use_bias=False)),
        lambda: with_change(0, L.Conv2D(4, 3, padding="same", activation="relu")),
        lambda: with_change(1, L.LayerNormalization()),
        lambda: with_change(1, L.BatchNormalization(center=False)),
        lambda: with_change(1, L.BatchNormalization(axis=1)),
        lambda: with_change(2, L.ReLU(6.0)),
        lambda: with_change(2, L.Activation("gelu")),
        lambda: with_change(2, L.Activation(lambda x: x)),
        lambda: with_change(3, L.AveragePooling2D(2)),
        lambda: with_change(3),
        lambda: plain()[:-1],
        lambda: [*plain(), L.Dropout(0.0)],
    ],
)
def test_other_models_differ(other):
    assert layer_rows(sequential(*other())) != layer_rows(sequential(*plain()))


def test_a_function_of_ones_own_is_not_the_one_it_is_named_like():
    def relu(x):
        return x

    (row,) = layer_rows(sequential(L.Activation(relu)))
    assert row.config == {"activation": "relu (a function of your own)"}


def test_a_layer_that_is_used_twice_has_its_parameters_once():
    shared = L.Dense(4, name="twice")
    rows = layer_rows(functional(L.Dense(4), shared, L.ReLU(), shared))
    assert [row.parameters for row in rows] == [8, 20, 0, 0]
    assert [row.shared for row in rows] == [False, False, False, True]
    assert words(rows[3]) == "Dense 4 (shared) → (8, 8, 4)"


def test_one_relu_for_all_is_as_good_as_several():
    relu = L.ReLU()
    rows = layer_rows(functional(L.Dense(4), relu, L.Dense(4), relu))
    assert rows == layer_rows(functional(L.Dense(4), L.ReLU(), L.Dense(4), L.ReLU()))


def test_the_order_of_branches_follows_from_the_graph():
    def model(*, shortcut_first):
        inputs = keras.Input(IMAGE)
        shortcut, conv = L.Conv2D(4, 1), L.Conv2D(4, 3, padding="same")
        if shortcut_first:
            y = shortcut(inputs)
            x = L.ReLU()(conv(inputs))
        else:
            x = L.ReLU()(conv(inputs))
            y = shortcut(inputs)
        return keras.Model(inputs, L.Add()([x, y]))

    rows = layer_rows(model(shortcut_first=True))
    assert rows == layer_rows(model(shortcut_first=False))
    assert [row.kind for row in rows] == ["Conv2D", "Activation", "Conv2D", "Add"]


def test_a_part_of_a_model_has_only_its_own_layers():
    whole = sequential(*plain())
    part = keras.Model(whole.layers[1].output, whole.layers[4].output)
    assert [row.kind for row in layer_rows(part)] == ["Activation", "MaxPooling2D", "Flatten"]


@pytest.mark.parametrize("make", [keras.Sequential, lambda: keras.Sequential([keras.Input(IMAGE)])])
def test_a_model_without_layers_has_no_rows(make):
    assert layer_rows(make()) == []


def test_a_model_without_input_shape_says_so():
    with pytest.raises(ValueError, match=r"^has no input shape yet.*Begin it with `keras.Input"):
        layer_rows(keras.Sequential([L.Dense(3)]))


def test_a_subclassed_model_says_so():
    class Net(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match=r"^is a subclass of Model \(Net\)"):
        layer_rows(Net())


def test_a_layer_class_of_ones_own_is_a_row():
    class Mine(L.Layer):
        def get_config(self):
            raise NotImplementedError

        def call(self, x):
            return x

    assert [words(row) for row in layer_rows(sequential(Mine()))] == ["Mine → (8, 8, 1)"]


def test_an_activation_inside_of_a_layer_of_ones_own_stays_there_unless_it_ends_a_layer_of_keras():
    class Block(L.Layer):
        def __init__(self, activation="relu", **options):
            super().__init__(**options)
            self.activation = keras.activations.get(activation)

        def call(self, x):
            return self.activation(x) + x

    class MyConv(L.Conv2D):
        def __init__(self, filters, **options):
            super().__init__(filters, 3, activation="relu", **options)

    assert [row.kind for row in layer_rows(sequential(Block(), MyConv(2)))] == ["Block", "MyConv", "Activation"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (LayerRow("MaxPool2D", {"pool_size": 2}), [LayerRow("MaxPooling2D", {"pool_size": (2, 2)})]),
        (LayerRow("Convolution2D", {"kernel_size": (3, 1)}), [LayerRow("Conv2D", {"kernel_size": (3, 1)})]),
        (LayerRow("Conv2DTranspose", {"kernel_size": 3}), [LayerRow("Conv2DTranspose", {"kernel_size": (3, 3)})]),
        (LayerRow("Conv3DTranspose", {"strides": 2}), [LayerRow("Conv3DTranspose", {"strides": (2, 2, 2)})]),
        (LayerRow("UpSampling2D", {"size": 2}), [LayerRow("UpSampling2D", {"size": (2, 2)})]),
        (LayerRow("Conv1D", {"kernel_size": 3}), [LayerRow("Conv1D", {"kernel_size": 3})]),
        (LayerRow("ConvLSTM1D", {"kernel_size": 3}), [LayerRow("ConvLSTM1D", {"kernel_size": 3})]),
        (LayerRow("ReLU"), [LayerRow("Activation", {"activation": "relu"})]),
        (LayerRow("Softmax"), [LayerRow("Activation", {"activation": "softmax"})]),
        (LayerRow("LSTM", {"activation": "tanh"}), [LayerRow("LSTM", {"activation": "tanh"})]),
        (LayerRow("Dense", {"activation": "linear"}), [LayerRow("Dense")]),
        (
            LayerRow("Dense", {"units": 3, "activation": "relu"}, (3,), 15),
            [LayerRow("Dense", {"units": 3}, (3,), 15), LayerRow("Activation", {"activation": "relu"}, (3,), 0)],
        ),
    ],
)
def test_canonical(row, expected):
    assert canonical(row) == expected


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (LayerRow("Conv2d"), "Keras has no layer 'Conv2d'"),
        (LayerRow("Dense", {"filters": 3}), "Dense has no argument 'filters'; it has units, activation"),
    ],
)
def test_canonical_refuses_an_authors_mistakes(row, message):
    with pytest.raises(ValueError, match=message):
        canonical(row)


@pytest.mark.parametrize(
    ("expected", "received", "agree"),
    [
        (3, (3, 3), True),
        (3, (3, 5), False),
        ((3, 3), (3, 3), True),
        ([3, 3], (3, 3), True),
        ((3, 3), (3,), False),
        ("same", "SAME", True),
        ("same", "valid", False),
        (0.3, 0.30000000001, True),
        (0.3, 0.25, False),
        (0, 0.0, True),
        (None, None, True),
        (3, None, False),
        (3, (), False),
        ("same", None, False),
    ],
)
def test_agrees(expected, received, agree):
    assert agrees(expected, received) is agree
