from __future__ import annotations

import inspect

import numpy as np
import pytest

from autograder import expect
from autograder.errors import Unsupported
from autograder.networks.canonical import layer_rows
from autograder.sandbox.wire.network import check, rebuild_network

keras = pytest.importorskip("keras")
layers = keras.layers

from autograder.sandbox.guest.network_serialiser import serialise_network  # noqa: E402 - after Keras is known to be there


def sequential(*parts, shape=(4,), **options):
    return lambda: keras.Sequential([keras.Input(shape, **options), *parts])


RENORM = "renorm" in inspect.signature(layers.BatchNormalization).parameters  # since Keras 3.13


class Dense(layers.Dense):
    """Not Keras's own."""


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, x):
        return self.dense(x)


class FunctionalNet(keras.Model):
    def __init__(self):
        x = keras.Input((4,))
        super().__init__(x, layers.Dense(2)(x))


class Doubling(FunctionalNet):
    def call(self, x, training=None, mask=None):
        return 2 * super().call(x)


def relu(x):
    return 2 * x


def power():
    x = keras.Input((4,))
    return keras.Model(x, x**x)


def with_lora():
    model = keras.Sequential([keras.Input((8,)), layers.Dense(4, name="dense")])
    model.layers[0].enable_lora(2)
    return model


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (
            sequential(layers.Dense(2), layers.Lambda(lambda x: x, name="lambda_1")),
            r"layer 2 \(`lambda_1`\) is a layer of the kind Lambda, which the grader cannot rebuild; use Rescaling",
        ),
        (sequential(layers.LSTM(2, name="lstm"), shape=(4, 2)), r"layer 1 \(`lstm`\) is a layer of the kind LSTM"),
        (sequential(layers.RandomZoom(0.1), shape=(4, 4, 1)), "of the kind RandomZoom"),
        (sequential(Dense(2, name="own")), r"layer 1 \(`own`\) is of the class `Dense`, which is not Keras's own"),
        (Net, "`Net` is a model class of its own; use keras.Sequential or keras.Model"),
        (Doubling, "`Doubling` is a model class of its own"),
        (lambda: keras.Sequential([keras.Input((4,)), Net()]), "`Net` is a model class of its own"),
        (lambda: keras.Sequential([layers.Dense(2)]), r"it has no shapes yet; start it with keras.Input\(...\)"),
        (lambda: keras.Sequential(), "it has no shapes yet"),
        (lambda: "model", "`str` is a model class of its own"),
        (sequential(layers.Conv2D(2, 1), shape=(None, None, 3)), r"its input shape \(None, None, 3\) is not"),
        (sequential(layers.Dense(2), sparse=True), "its input is sparse"),
        (sequential(layers.Dense(2), dtype="float16"), r"inputs\[0\].dtype: invalid enum value 'float16'"),
        (sequential(layers.Dense(2, dtype="mixed_float16", name="d")), r"layer 1 \(`d`\) computes in mixed_float16"),
        (sequential(layers.Dense(2, dtype="float64")), "computes in float64; use float32"),
        (sequential(layers.Dense(2, activation=relu)), "an activation of its own; name one of Keras's"),
        (sequential(layers.Activation(lambda x: x)), "an activation of its own"),
        (sequential(layers.Dense(2, activation=layers.ReLU())), "a layer as its activation; put that layer behind it"),
        (power, "it uses the operation `Power` between its layers; use a layer, such as keras.layers.ReLU"),
        (sequential(layers.Conv2D(2, 1, data_format="channels_first"), shape=(3, 4, 4)), "data_format='channels_f"),
        (sequential(layers.Conv2DTranspose(2, 3, 2, output_padding=1), shape=(4, 4, 1)), r"output_padding=\(1, 1\)"),
        (sequential(layers.Conv2DTranspose(2, 3, dilation_rate=2), shape=(4, 4, 1)), r"dilation_rate=\(2, 2\)"),
        *([(sequential(layers.BatchNormalization(renorm=True)), "renorm=True, which the grader")] if RENORM else []),
        (with_lora, "lora_rank=2"),
        (sequential(layers.Normalization(mean=[1.0] * 4, variance=[1.0] * 4)), "cannot rebuild: mean: expected float"),
        (sequential(layers.Dense(70_000, name="d"), shape=(1,)), r"`d`\) has .*: units: expected int <= 65536"),
        (sequential(*(layers.ReLU() for _ in range(201))), "it has more than 200 layers"),
        (sequential(layers.Conv2D(64, 1, name="c"), shape=(600, 600, 1)), r"`c`\) makes its outputs too large: more"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_layer_and_the_way_out(make, reason):
    with pytest.raises(Unsupported, match=reason) as caught:
        serialise_network(make())
    assert len(str(caught.value)) < 200


@pytest.mark.filterwarnings("error")
def test_a_lambda_as_activation_is_refused_without_a_warning():
    with pytest.raises(Unsupported):
        serialise_network(keras.Sequential([keras.Input((4,)), layers.Dense(2, activation=lambda x: x)]))


@pytest.mark.parametrize("name", ["relu", "softmax", "tanh", "swish", "gelu", "leaky_relu", "linear", None])
def test_an_activation_is_the_same_by_text_and_by_function(name):
    import tensorflow as tf

    by_function = [getattr(where, name) for where in (keras.activations, tf.nn) if name and hasattr(where, name)]
    names = {
        serialise_network(keras.Sequential([keras.Input((4,)), layers.Dense(2, activation=one)]))
        .spec.layers[0]
        .config.activation
        for one in (name, *by_function)
    }
    assert names == {{"swish": "silu", None: "linear"}.get(name, name)}


class Relu(keras.Operation):
    """Not Keras's own."""

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape, x.dtype)

    def call(self, x):
        return 2 * x


def functional(*functions):
    x = y = keras.Input((4,))
    for function in functions:
        y = function(y)
    return keras.Model(x, y)


@pytest.mark.parametrize("where", [keras.ops, keras.activations])
@pytest.mark.parametrize("name", ["relu", "relu6", "sigmoid", "softmax", "softplus", "softsign", "tanh"])
def test_a_function_of_keras_is_the_activation_that_it_computes(name, where):
    function = getattr(where, name)
    model = functional(layers.Dense(3), function, layers.Dense(3, activation=function), layers.Dense(2), function)
    dumped = serialise_network(model)
    kinds = [type(layer.config).__name__ for layer in dumped.spec.layers]
    assert kinds == ["Dense", "Activation", "Dense", "Dense", "Activation"]
    x = np.random.default_rng(0).normal(size=(5, 4))
    np.testing.assert_allclose(rebuild_network(dumped)(x), model(x), atol=1e-6)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: keras.activations.relu(x, max_value=3),
        lambda x: keras.activations.relu(x, negative_slope=0.1),
        lambda x: keras.ops.softmax(x, axis=0),
        lambda x: x / 255,
        lambda x: x + 1,
        lambda x: 2 * x,
        lambda x: x - np.ones(4, "float32"),
        lambda x: keras.ops.average(x, axis=1),
        lambda x: Relu()(x),
    ],
)
def test_a_function_with_settings_is_refused(function):
    with pytest.raises(Unsupported, match=r"between its layers; use a layer, such as keras\.layers\.ReLU"):
        serialise_network(functional(function))


@pytest.mark.parametrize(
    ("between", "kind"),
    [
        (lambda x, y: x + y, "Add"),
        (lambda x, y: x - y, "Subtract"),
        (lambda x, y: x * y, "Multiply"),
        (keras.ops.maximum, "Maximum"),
        (keras.ops.minimum, "Minimum"),
        (lambda x, y: keras.ops.concatenate([x, y], axis=1), "Concatenate"),
    ],
)
def test_an_operation_between_tensors_is_the_layer_that_it_computes(between, kind):
    x = keras.Input((4, 3))
    model = keras.Model(x, between(layers.Dense(3)(x), x))
    network = serialise_network(model)
    assert [type(layer.config).__name__ for layer in network.spec.layers] == ["Dense", kind]
    data = np.random.default_rng(0).normal(size=(5, 4, 3)).astype("float32")
    np.testing.assert_array_equal(rebuild_network(network)(data), model(data))
    assert [row.kind for row in layer_rows(model)] == [row.kind for row in layer_rows(rebuild_network(network))]


def residual_block(merged):
    x = inputs = keras.Input((16, 16, 3))
    for _ in range(2):
        y = layers.ReLU()(layers.Conv2D(3, 3, padding="same")(x))
        x = merged(x, layers.Conv2D(3, 3, padding="same")(y))
    return keras.Model(inputs, x)


def test_a_residual_block_with_plus_is_compared_as_the_add_that_it_computes():
    with_plus, with_layer = residual_block(lambda x, y: x + y), residual_block(lambda x, y: layers.Add()([x, y]))
    assert layer_rows(with_plus) == layer_rows(with_layer) == layer_rows(rebuild_network(serialise_network(with_plus)))
    data = np.random.default_rng(0).normal(size=(2, 16, 16, 3)).astype("float32")
    np.testing.assert_array_equal(rebuild_network(serialise_network(with_plus))(data), with_plus(data))


def test_tensors_of_different_ranks_are_not_added():
    x, y = keras.Input((4, 4)), keras.Input((4,))
    with pytest.raises(Unsupported, match=r"inputs of shapes \(4, 4\) and \(4,\) do not fit each other"):
        serialise_network(keras.Model([x, y], x + y))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_a_u_net_with_upsampling(interpolation):
    inputs = keras.Input((16, 16, 1))
    a = layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    u = layers.UpSampling2D(2, interpolation=interpolation)(layers.MaxPooling2D()(a))
    model = keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(layers.Concatenate()([u, a])))
    twin = rebuild_network(serialise_network(model))
    expect.output_shapes(twin, [(16, 16, 8), (8, 8, 8), (16, 16, 8), (16, 16, 16), (16, 16, 1)], name="unet")
    data = np.random.default_rng(0).normal(size=(2, 16, 16, 1)).astype("float32")
    np.testing.assert_array_equal(twin(data), model(data))


def test_names_are_kept_cleaned_and_made_unique():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="conv"), layers.ReLU(name="größe <b>")])
    x = keras.Input((4,), name="in")
    model = keras.Model(x, layers.Dense(4, name="conv")(inner(layers.Dense(4, name="_")(x))), name="=1+1")
    spec = serialise_network(model).spec
    assert spec.name == "1_1"
    assert [entry.name for entry in spec.inputs] == ["in"]
    assert [layer.name for layer in spec.layers] == ["layer", "conv", "gr__e__b_", "conv_1"]


def test_long_names_stay_unique():
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(4, name="a" * 70 + "2")(layers.Dense(4, name="a" * 70 + "1")(x)))
    first, second = (layer.name for layer in serialise_network(model).spec.layers)
    assert first != second
    assert max(len(first), len(second)) <= 60


def test_a_shared_layer_is_dumped_once():
    x = keras.Input((4,))
    dense = layers.Dense(4)
    value = serialise_network(keras.Model(x, dense(dense(x))))
    assert len(value.spec.layers) == 1
    assert [call.inputs for call in value.spec.calls] == [(0,), (1,)]
    assert len(value.weights) == 2


@pytest.mark.parametrize("training", [True, False])
def test_training_is_left_to_predict(training):
    x = keras.Input((50,))
    model = keras.Model(x, layers.Dropout(0.5)(x, training=training))
    data = np.ones((2, 50), "float32")
    np.testing.assert_array_equal(
        rebuild_network(serialise_network(model)).predict(data, verbose=0), model.predict(data, verbose=0)
    )


def test_what_is_dumped_passes_the_grader():
    value = serialise_network(
        keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2)])
    )
    assert value.spec.sequential
    assert check(value).derived.work == 10 * (4 + 2 * 3 + 3 + 2 * 2) + (4 * 3 + 3 * 2) // 2


def test_a_class_that_computes_as_its_parent_does_is_serialised():
    assert [type(layer.config).__name__ for layer in serialise_network(FunctionalNet()).spec.layers] == ["Dense"]
