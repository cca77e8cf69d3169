from __future__ import annotations

import inspect

import numpy as np
import pytest

from autograder import expect
from autograder.errors import Unsupported
from autograder.networks.canonical import layer_rows
from autograder.sandbox.wire.frames import decode, encode
from autograder.sandbox.wire.network import Network, check, rebuild_network

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


def decomposed():
    x = keras.Input((4, 4))
    return keras.Model(x, keras.ops.cholesky(x))


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
        (sequential(layers.LSTM(2, stateful=True, name="l"), shape=(4, 2), batch_size=1), r"`l`\) has stateful=True"),
        (
            sequential(layers.TimeDistributed(layers.Dense(2, activation=relu, name="d"), name="t"), shape=(4, 2)),
            r"layer 1 \(`t`\) holds `d`, which has an activation of its own",
        ),
        (
            sequential(layers.TextVectorization(standardize=relu, vocabulary=["a"]), shape=(1,), dtype="string"),
            "has an argument that the grader cannot rebuild: standardize: expected",
        ),
        (sequential(layers.CategoryEncoding(3, sparse=True), dtype="int32"), "sparse=True, which the grader cannot"),
        (sequential(Dense(2, name="own")), r"layer 1 \(`own`\) is of the class `Dense`, which is not Keras's own"),
        (Net, "`Net` is a model class of its own; use keras.Sequential or keras.Model"),
        (Doubling, "`Doubling` is a model class of its own"),
        (lambda: keras.Sequential([keras.Input((4,)), Net()]), "`Net` is a model class of its own"),
        (lambda: keras.Sequential([layers.Dense(2)]), r"it has no shapes yet; start it with keras.Input\(...\)"),
        (lambda: keras.Sequential(), "it has no shapes yet"),
        (lambda: "model", "`str` is a model class of its own"),
        (sequential(layers.Dense(2), sparse=True), "its input is sparse"),
        (sequential(layers.Dense(2), dtype="float16"), r"inputs\[0\].dtype: invalid enum value 'float16'"),
        (sequential(layers.Dense(2, dtype="mixed_float16", name="d")), r"layer 1 \(`d`\) computes in mixed_float16"),
        (sequential(layers.Dense(2, dtype="float64")), "computes in float64; use float32"),
        (sequential(layers.Dense(2, activation=relu)), "an activation of its own; name one of Keras's"),
        (sequential(layers.Activation(lambda x: x)), "an activation of its own"),
        (sequential(layers.Dense(2, activation=layers.ReLU())), "a layer as its activation; put that layer behind it"),
        (decomposed, "it uses the operation `Cholesky` between its layers, which the grader does not know; use a"),
        (lambda: functional(lambda x: Relu()(x)), "it uses the operation `Relu` between its layers"),
        (sequential(layers.Conv2D(2, 1, data_format="channels_first"), shape=(3, 4, 4)), "data_format='channels_f"),
        *([(sequential(layers.BatchNormalization(renorm=True)), "renorm=True, which the grader")] if RENORM else []),
        (with_lora, "lora_rank=2"),
        (sequential(layers.Dense(70_000, name="d"), shape=(1,)), r"`d`\) has .*: units: expected int <= 65536"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_layer_and_the_way_out(make, reason):
    with pytest.raises(Unsupported, match=reason) as caught:
        serialise_network(make())
    assert len(str(caught.value)) < 200


def test_a_network_of_very_many_layers_is_refused(monkeypatch):
    monkeypatch.setattr("autograder.sandbox.guest.network_serialiser.MAX_LAYERS", 2)
    with pytest.raises(Unsupported, match="it has more than 2 layers"):
        serialise_network(sequential(layers.ReLU(), layers.ReLU(), layers.ReLU())())


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


def round_trip(model):
    """What becomes of a model, after a comparison of shapes, weights, rows and predictions."""
    received = decode(encode(serialise_network(model)), Network)
    twin = rebuild_network(received)
    assert [tuple(each.shape) for each in twin.outputs] == [tuple(each.shape) for each in model.outputs]
    assert [row.kind for row in layer_rows(twin)] == [row.kind for row in layer_rows(model)]
    for one, other in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    single = isinstance(model, keras.Sequential) or not isinstance(model.input, (list, tuple, dict))
    x = keras.tree.map_structure(inputs_for, model.inputs[0] if single else model.input)
    for one, other in zip(*(keras.tree.flatten(each(x, training=False)) for each in (model, twin)), strict=True):
        np.testing.assert_allclose(np.asarray(other), np.asarray(one), atol=1e-6)
    return received


def inputs_for(tensor):
    random, shape = np.random.default_rng(0), (3, *(size or 5 for size in tensor.shape[1:]))
    return random.integers(0, 4, shape) if "int" in tensor.dtype else random.normal(size=shape).astype("float32")


@pytest.mark.parametrize("where", [keras.ops, keras.activations])
@pytest.mark.parametrize("name", ["relu", "relu6", "sigmoid", "softmax", "softplus", "softsign", "tanh"])
def test_a_function_of_keras_is_the_activation_that_it_computes(name, where):
    function = getattr(where, name)
    model = functional(layers.Dense(3), function, layers.Dense(3, activation=function), layers.Dense(2), function)
    kinds = [type(layer.config).__name__ for layer in round_trip(model).spec.layers]
    assert kinds == ["Dense", "TensorOperation", "Dense", "Dense", "TensorOperation"]
    with_layers = functional(
        layers.Dense(3),
        layers.Activation(name),
        layers.Dense(3, activation=name),
        layers.Dense(2),
        layers.Activation(name),
    )
    assert layer_rows(model) == layer_rows(with_layers)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: keras.activations.relu(x, max_value=3),
        lambda x: keras.ops.softmax(x, axis=1),
        lambda x: 1 - x / 255 + 2 * x**2,
        lambda x: x + np.float32(0.1) - np.arange(4, dtype="float32"),
        lambda x: x * keras.ops.convert_to_tensor([1.0, 2.0, 3.0, 4.0]),
        lambda x: x[:, 0],
        lambda x: x[:, 1:-1, None],
        lambda x: x[..., ::2],
        lambda x: keras.ops.average(x, axis=1),
        lambda x: keras.ops.split(x, 2, axis=-1),
        lambda x: keras.ops.where(x > 0, x, -1e9),
        lambda x: keras.ops.expand_dims(keras.ops.mean(x, axis=-1, keepdims=True), 1),
        lambda x: keras.ops.einsum("ij,kj->ik", x, x),
        lambda x: keras.ops.reshape(keras.ops.cast(x, "int32"), (-1, 2, 2)),
        lambda x: keras.ops.concatenate([x, keras.ops.ones_like(x)], axis=1),
        lambda x: keras.ops.one_hot(keras.ops.argmax(x, axis=-1), 4),
        lambda x: keras.ops.pad(x, ((0, 0), (1, 2))),
    ],
)
def test_operations_between_tensors_come_back(function):
    round_trip(functional(layers.Dense(4), function))


@pytest.mark.parametrize(
    ("between", "kind"),
    [
        (lambda x, y: x + y, "Add"),
        (lambda x, y: x - y, "Subtract"),
        (lambda x, y: x * y, "Multiply"),
        (lambda x, y: x @ keras.ops.transpose(y, (0, 2, 1)), "Matmul"),
        (keras.ops.maximum, "Maximum"),
        (lambda x, y: keras.ops.concatenate([x, y], axis=1), "Concatenate"),
        (lambda x, y: keras.ops.stack([x, y, x]), "Stack"),
    ],
)
def test_operations_of_several_tensors_come_back(between, kind):
    x = keras.Input((4, 3))
    spec = round_trip(keras.Model(x, between(layers.Dense(3)(x), x))).spec
    assert spec.layers[-1].config.operation_name == kind


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


def sequence_to_sequence():
    x, y = keras.Input((5, 3)), keras.Input((None, 3))
    _, *state = layers.LSTM(4, return_state=True)(x)
    return keras.Model([x, y], layers.Dense(2)(layers.LSTM(4, return_sequences=True)(y, initial_state=state)))


def bidirectional():
    x = keras.Input((5, 3))
    both = layers.Bidirectional(layers.LSTM(4, return_sequences=True), merge_mode="sum")(x)
    return keras.Model(x, layers.Bidirectional(layers.GRU(3, return_state=True))(both))


def stacked_cells():
    return keras.Sequential([keras.Input((5, 3)), layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)])])


def pictures_in_a_row():
    x = keras.Input((6, 6, 1))
    y = layers.Conv2D(2, 3)(x)
    picture = keras.Model(x, layers.Add()([layers.Conv2D(2, 1)(y), y]))
    row = [layers.TimeDistributed(picture), layers.TimeDistributed(layers.Flatten()), layers.GRU(3)]
    return keras.Sequential([keras.Input((4, 6, 6, 1)), *row])


def masked():
    x = keras.Input((6,), dtype="int32")
    y = layers.Embedding(5, 8, mask_zero=True)(x)
    y = layers.LayerNormalization()(y + layers.MultiHeadAttention(2, 4)(y, y))
    return keras.Model(x, [layers.GlobalAveragePooling1D()(y), layers.LSTM(2)(y)])


def attention_by_keyword():
    query, value, mask = keras.Input((4, 6)), keras.Input((5, 6)), keras.Input((4, 5), dtype="int32")
    causal = layers.MultiHeadAttention(2, 3)(query, value, use_causal_mask=True)
    y, scores = layers.MultiHeadAttention(2, 3)(
        query=query, value=value, attention_mask=mask, return_attention_scores=True
    )
    return keras.Model([query, value, mask], [causal, y, scores])


def of_any_size():
    x = keras.Input((None, None, 1))
    return keras.Model(x, layers.GlobalMaxPooling2D()(layers.Conv2D(2, 3, padding="same")(x)))


def with_names():
    x = {"image": keras.Input((4, 4, 1), name="image"), "numbers": keras.Input((3,), name="numbers")}
    y = layers.Concatenate()([layers.Flatten()(x["image"]), x["numbers"]])
    return keras.Model(x, {"class": layers.Dense(3)(y), "boxes": [layers.Dense(4)(y), layers.Dense(1)(y)]})


def named_inputs_of_an_inner_model():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    inner = keras.Model([b, a], b - 2 * a)
    return keras.Model([a, b], inner({"a": a, "b": b}))


@pytest.mark.parametrize(
    "make",
    [
        *(sequence_to_sequence, bidirectional, stacked_cells, pictures_in_a_row, masked, attention_by_keyword),
        *(of_any_size, with_names, named_inputs_of_an_inner_model),
    ],
)
def test_networks_of_every_kind_come_back(make):
    round_trip(make())


def test_a_vocabulary_comes_back():
    words = layers.TextVectorization(output_sequence_length=4)
    words.adapt(["the cat sat", "the dog", "a cat"])
    body = [layers.Embedding(words.vocabulary_size(), 3, mask_zero=True), layers.GlobalAveragePooling1D()]
    model = keras.Sequential([keras.Input((1,), dtype="string"), words, *body])
    twin = rebuild_network(decode(encode(serialise_network(model)), Network))
    assert twin.layers[0].get_vocabulary() == words.get_vocabulary()
    data = keras.ops.convert_to_tensor([["the cat"], ["the unicorn sat"]])
    np.testing.assert_array_equal(twin(data), model(data))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "top"),
    [
        *(("ResNet50", True), ("MobileNetV2", True), ("MobileNetV3Large", True), ("EfficientNetB0", True)),
        *(("DenseNet121", True), ("VGG16", False)),
    ],
)
def test_networks_of_applications_come_back(name, top):
    make = getattr(keras.applications, name)
    model = make(weights=None, include_top=top, input_shape=(224, 224, 3))
    twin = rebuild_network(decode(encode(serialise_network(model)), Network))
    assert twin.count_params() == model.count_params()
    data = np.random.default_rng(0).uniform(0, 255, (1, 224, 224, 3)).astype("float32")
    np.testing.assert_allclose(twin(data, training=False), model(data, training=False), rtol=1e-5, atol=1e-6)


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
    check(value)


def test_a_class_that_computes_as_its_parent_does_is_serialised():
    assert [type(layer.config).__name__ for layer in serialise_network(FunctionalNet()).spec.layers] == ["Dense"]
