from __future__ import annotations

import math
import time
import tracemalloc
from typing import get_args

import numpy as np
import pytest

from autograder.errors import WireError
from autograder.networks.catalogue import LAYERS as CATALOGUE
from autograder.networks.catalogue.arguments import ActivationName
from autograder.sandbox.wire.frames import decode, encode
from autograder.sandbox.wire.network import Network, rebuild_network

RANDOM = np.random.default_rng(3)


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


def randomise(model):
    """Small random weights everywhere; moving variances positive, as training leaves them."""
    for variable in model.weights:
        values = RANDOM.normal(0, 0.1, variable.shape)
        variable.assign(np.abs(values) + 0.5 if "variance" in variable.name else values)
    return model


def round_trip(model):
    """Dump, encode, decode, rebuild."""
    from autograder.sandbox.guest.network_serialiser import serialise_network

    return rebuild_network(decode(encode(serialise_network(model)), Network))


def assert_same_predictions(model, twin, *, graph=False):
    """Bit by bit; as a compiled graph, like `predict`, or eagerly."""
    inputs = [
        RANDOM.normal(size=(8, *tensor.shape[1:])).astype("float32")
        if tensor.dtype == "float32"
        else RANDOM.integers(0, 256, (8, *tensor.shape[1:])).astype(tensor.dtype)
        for tensor in model.inputs
    ]
    x = inputs[0] if len(inputs) == 1 else inputs
    expected, received = (
        (model.predict(x, verbose=0), twin.predict(x, verbose=0))
        if graph
        else (model(x, training=False), twin(x, training=False))
    )
    assert type(expected) is type(received)
    for one, other in zip(*(y if isinstance(y, list) else [y] for y in (expected, received)), strict=True):
        assert np.asarray(one).size
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


# ---------------------------------------------------------------- the course's networks, and shapes of graphs


def keras_gaps(keras):
    layers = keras.layers
    blocks = [layers.Conv2D(32, 3), layers.Activation("relu"), layers.Conv2D(32, 3), layers.Activation("relu")]
    head = [layers.Dense(128), layers.Activation("relu"), layers.Dropout(0.5), layers.Dense(10), layers.Softmax()]
    return keras.Sequential(
        [keras.Input((28, 28, 1)), *blocks, layers.MaxPooling2D(2), layers.Dropout(0.25), layers.Flatten(), *head]
    )


def dense_block(keras, units, rate=None):
    layers = keras.layers
    middle = [] if rate is None else [layers.Dropout(rate)]
    return [layers.Dense(units), layers.BatchNormalization(), *middle, layers.Activation("relu")]


def fc_mnist(keras):
    blocks = [*dense_block(keras, 500, 0.3), *dense_block(keras, 50, 0.3)]
    return keras.Sequential([keras.Input((784,)), *blocks, keras.layers.Dense(10, activation="softmax")])


def cnn1_mnist(keras):
    layers = keras.layers
    convolution = layers.Conv2D(32, 3, padding="same", activation="relu")
    return keras.Sequential(
        [keras.Input((28, 28, 1)), convolution, layers.Flatten(), layers.Dense(10), layers.Activation("softmax")]
    )


def cnn2_mnist(keras):
    layers = keras.layers

    def block(filters):
        convolution = layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal")
        return [convolution, layers.BatchNormalization(), layers.Activation("relu")]

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *(*block(32), *block(32), layers.MaxPooling2D(2)),
            *(*block(64), *block(64), layers.MaxPooling2D(2)),
            *(layers.Flatten(), *dense_block(keras, 200, 0.3)),
            layers.Dense(10, activation="softmax"),
        ]
    )


def faces_finetuning(keras):
    blocks = [*dense_block(keras, 400), keras.layers.Dropout(0.4), *dense_block(keras, 400), keras.layers.Dropout(0.4)]
    return keras.Sequential([keras.Input((4096,)), *blocks, keras.layers.Dense(8, activation="softmax")])


@pytest.mark.parametrize(
    ("network", "parameters", "trainable"),
    [
        (keras_gaps, 600_810, 600_810),
        (fc_mnist, 420_260, 419_160),
        (cnn1_mnist, 251_210, 251_210),
        (cnn2_mnist, 695_970, 695_186),
        (faces_finetuning, 1_805_608, 1_804_008),
    ],
)
def test_the_course_networks_are_rebuilt_bit_by_bit(keras, network, parameters, trainable):
    model = randomise(network(keras))
    twin = round_trip(model)
    assert type(twin) is keras.Sequential
    assert twin.count_params() == parameters
    assert sum(math.prod(weight.shape) for weight in twin.trainable_weights) == trainable
    assert [layer.name for layer in twin.layers] == [layer.name for layer in model.layers]
    assert [layer.output.shape for layer in twin.layers] == [layer.output.shape for layer in model.layers]
    assert_same_predictions(model, twin, graph=True)


def two_inputs(keras):
    layers = keras.layers
    image, numbers = keras.Input((8, 8, 3), dtype="uint8", name="image"), keras.Input((5,), name="numbers")
    x = layers.Rescaling(1 / 255)(image)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu")(x))
    x = layers.Concatenate()([x, layers.Dense(4, activation="tanh")(numbers)])
    return keras.Model([image, numbers], layers.Dense(2)(x), name="both")


def branches(keras):
    layers = keras.layers
    image = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 3, padding="same")(image)
    x = layers.Add()([image, layers.BatchNormalization()(x), x])
    weights = layers.Reshape((1, 1, 4))(layers.Dense(4, activation="sigmoid")(layers.GlobalMaxPooling2D()(x)))
    x = layers.Multiply()([x, weights])
    x = layers.Average()([layers.MaxPooling2D(2)(x), layers.AveragePooling2D(2)(x)])
    return keras.Model(image, layers.Flatten()(x))


def shared(keras):
    layers = keras.layers
    left, right = keras.Input((6,)), keras.Input((6,))
    twin = layers.Dense(6, activation="relu", name="twin")
    distance = layers.Subtract()([twin(twin(left)), twin(right)])
    return keras.Model([left, right], [layers.Dense(1)(distance), distance])


def shared_model_in_a_model(keras):
    layers = keras.layers
    base = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Flatten()]
    )
    head = keras.Input((base.output_shape[1],))
    head = keras.Model(head, layers.Maximum()([layers.Dense(3)(head), layers.Dense(3)(head)]))
    left, right = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    return keras.Model([left, right], layers.Minimum()([head(base(left)), head(base(right))]))


def branched_model_in_a_sequential(keras):
    layers = keras.layers
    x = keras.Input((4,))
    inner = keras.Model(x, layers.Add()([layers.Dense(4)(x), x]))
    return keras.Sequential([keras.Input((4,)), layers.Dense(4), inner, layers.ReLU()])


def feature_extractor(keras):
    model = keras_gaps(keras)
    return keras.Model(model.inputs[0], model.layers[7].output)


def frozen_and_adapted(keras):
    layers = keras.layers
    adapted = layers.Normalization()
    adapted.adapt(RANDOM.normal(3, 2, (50, 6, 6, 3)))
    base = keras.Sequential([keras.Input((6, 6, 3)), layers.Conv2D(3, 3), layers.BatchNormalization()], name="base")
    base.trainable = False
    augment = [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.GaussianNoise(0.5)]
    return keras.Sequential([keras.Input((6, 6, 3)), adapted, *augment, base, layers.SpatialDropout2D(0.5)])


def built_by_a_call(keras):
    model = keras.Sequential([keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2)])
    model(np.zeros((1, 5), "float32"))
    return model


@pytest.mark.parametrize(
    "network",
    [
        *(two_inputs, branches, shared, shared_model_in_a_model, branched_model_in_a_sequential, feature_extractor),
        *(frozen_and_adapted, built_by_a_call),
    ],
)
def test_graphs_of_every_shape_are_rebuilt_bit_by_bit(keras, network):
    model = network(keras)
    if network is not frozen_and_adapted:
        randomise(model)
    twin = round_trip(model)
    assert twin.count_params() == model.count_params()
    assert len(twin.trainable_weights) == len(model.trainable_weights)
    assert [tensor.shape[1:] for tensor in twin.outputs] == [tensor.shape[1:] for tensor in model.outputs]
    if not any(isinstance(layer, keras.Model) for layer in model.layers):
        assert [layer.name for layer in twin.layers] == [layer.name for layer in model.layers]
    assert_same_predictions(model, twin)


LAYERS = {
    "Dense gelu": ((5, 2), lambda layers: layers.Dense(3, activation="gelu", use_bias=False)),
    "Conv1D causal": ((8, 4), lambda layers: layers.Conv1D(2, 3, padding="causal", activation="swish")),
    "Conv2D groups": ((8, 9, 4), lambda layers: layers.Conv2D(4, 3, strides=2, groups=2, activation="silu")),
    "Conv2D dilated": ((8, 9, 4), lambda layers: layers.Conv2D(4, (2, 3), dilation_rate=2, padding="same")),
    "DepthwiseConv2D": ((8, 8, 4), lambda layers: layers.DepthwiseConv2D(3, depth_multiplier=2)),
    "SeparableConv2D": ((8, 8, 4), lambda layers: layers.SeparableConv2D(2, 3, activation="elu")),
    "Conv2DTranspose": ((8, 7, 4), lambda layers: layers.Conv2DTranspose(2, 3, strides=2)),
    "BatchNormalization": ((8, 8, 4), lambda layers: layers.BatchNormalization(axis=1, center=False)),
    "LayerNormalization": ((8, 8, 4), lambda layers: layers.LayerNormalization(epsilon=0.1)),
    "Normalization": ((8, 8, 1), lambda layers: layers.Normalization(axis=None, mean=33.3, variance=78.6**2)),
    "ReLU": ((6,), lambda layers: layers.ReLU(0.2, 0.1, 0.05)),
    "LeakyReLU": ((6,), lambda layers: layers.LeakyReLU(0.3)),
    "ELU": ((6,), lambda layers: layers.ELU(0.5)),
    "PReLU": ((8, 8, 4), lambda layers: layers.PReLU(shared_axes=[1, 2])),
    "Softmax": ((3, 6), lambda layers: layers.Softmax(axis=1)),
    "Reshape": ((8, 8, 4), lambda layers: layers.Reshape((2, -1))),
    "ZeroPadding2D": ((8, 8, 4), lambda layers: layers.ZeroPadding2D(((1, 0), (2, 3)))),
    "Cropping2D": ((8, 8, 4), lambda layers: layers.Cropping2D(((1, 0), (2, 3)))),
    "Rescaling": ((8, 8, 4), lambda layers: layers.Rescaling(np.float64(1 / 127.5), offset=-1)),
    "GlobalMaxPooling2D": ((8, 8, 4), lambda layers: layers.GlobalMaxPooling2D(keepdims=True)),
    "GaussianDropout": ((6,), lambda layers: layers.GaussianDropout(0.5)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_is_rebuilt_with_its_arguments(keras, name):
    shape, make = LAYERS[name]
    model = randomise(keras.Sequential([keras.Input(shape), make(keras.layers)]))
    twin = round_trip(model)
    x = RANDOM.normal(size=(4, *shape)).astype("float32")
    assert np.asarray(model(x)).size
    np.testing.assert_array_equal(np.asarray(twin(x)), np.asarray(model(x)))


def test_every_name_on_the_wire_is_keras_own(keras):
    for name in CATALOGUE:
        assert issubclass(getattr(keras.layers, name), keras.layers.Layer)
    for name in get_args(ActivationName):
        assert callable(getattr(keras.activations, name))


def test_nan_weights_are_weights(keras):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.layers[0].kernel.assign([[math.nan, 1], [math.inf, 0]])
    assert np.isnan(np.asarray(round_trip(model)(np.ones((1, 2))))).any()


def test_a_rebuilt_model_is_keras_own_and_trains(keras):
    twin = round_trip(keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name="code")], name="mine"))
    assert (twin.name, twin.get_layer("code").__class__) == ("mine", keras.layers.Dense)
    twin.compile("sgd", "mse")
    before = twin.get_weights()[0].copy()
    twin.fit(np.ones((4, 2)), np.ones((4, 2)), verbose=0)
    assert (twin.get_weights()[0] != before).any()


# ---------------------------------------------------------------- hostile models


def array(*shape, dtype="float32", item=4):
    return {"type": "Array", "dtype": dtype, "shape": list(shape), "data": bytes(math.prod(shape) * item)}


def dense(name, units=3):
    config = {"type": "Dense", "units": units, "activation": "linear", "use_bias": True}
    return {"name": name, "config": config, "trainable": True}


def plain(name, kind="Flatten", **config):
    return {"name": name, "config": {"type": kind, **config}, "trainable": True}


def call(layer, *inputs):
    return {"layer": layer, "inputs": list(inputs)}


def valid():
    """Two inputs; `a` is shared by them, then both are added."""
    return {
        "type": "Network",
        "spec": {
            "name": "model",
            "sequential": False,
            "inputs": [{"name": name, "shape": [4], "dtype": "float32"} for name in ("left", "right")],
            "layers": [dense("a"), plain("sum", "Add"), dense("b", 2)],
            "calls": [call(0, 0), call(0, 1), call(1, [2, 3]), call(2, 4)],
            "outputs": [5],
        },
        "weights": [array(4, 3), array(3), array(3, 2), array(2)],
    }


def chain(*layers, shape=(4,), weights=()):
    message = valid()
    message["spec"] |= {
        "sequential": True,
        "inputs": [{"name": "in", "shape": list(shape), "dtype": "float32"}],
        "layers": list(layers),
        "calls": [call(number, number) for number in range(len(layers))],
        "outputs": [len(layers)],
    }
    return message | {"weights": list(weights)}


def spec(**changes):
    message = valid()
    message["spec"] |= changes
    return message


def layer(number, **changes):
    message = valid()
    message["spec"]["layers"][number] |= changes
    return message


def config(number, **changes):
    message = valid()
    message["spec"]["layers"][number]["config"] |= changes
    return message


def weights(*arrays):
    return valid() | {"weights": list(arrays)}


def inputs(**changes):
    message = valid()
    message["spec"]["inputs"][0] |= changes
    return message


def conv(name, filters, window):
    settings = {"padding": "same", "activation": "linear", "use_bias": False, "dilation_rate": [1, 1], "groups": 1}
    return plain(name, "Conv2D", filters=filters, kernel_size=[window] * 2, strides=[1, 1], **settings)


def without(message, key):
    del message["spec"][key]
    return message


GOOD_WEIGHTS = valid()["weights"]
POOL = {"pool_size": [9, 9], "strides": [1, 1], "padding": "valid"}

HOSTILE = {
    # graphs
    "forward reference": spec(calls=[call(0, 0), call(0, 1), call(1, [2, 5]), call(2, 4)]),
    "reference to itself": spec(calls=[call(0, 2), call(0, 1), call(1, [2, 3]), call(2, 4)]),
    "tensor that is not there": spec(calls=[call(0, 0), call(0, 1), call(1, [2, 3]), call(2, 9_999)]),
    "negative tensor": spec(calls=[call(0, -1), call(0, 1), call(1, [2, 3]), call(2, 4)]),
    "layer that is not there": spec(calls=[call(0, 0), call(0, 1), call(1, [2, 3]), call(3, 4)]),
    "negative layer": spec(calls=[call(-1, 0), call(0, 1), call(1, [2, 3]), call(2, 4)]),
    "layer never called": spec(layers=[*valid()["spec"]["layers"], plain("idle")]),
    "output that is not there": spec(outputs=[6]),
    "negative output": spec(outputs=[-1]),
    "no output": spec(outputs=[]),
    "no layers": spec(layers=[], calls=[]),
    "no inputs": spec(inputs=[]),
    "a graph called sequential": spec(sequential=True),
    "two layers of one name": layer(2, name="a"),
    "a layer with an input's name": layer(2, name="left"),
    # names
    "name with a control character": layer(0, name="a\x1b[2J"),
    "name with HTML": layer(0, name="<script>alert(1)</script>"),
    "name with a slash": layer(0, name="../a"),
    "name with a line end": layer(0, name="a\n"),
    "empty name": layer(0, name=""),
    "long name": layer(0, name="a" * 61),
    "name as bytes": layer(0, name=b"a"),
    "hostile model name": spec(name="=cmd|x"),
    # layers
    "unknown layer": layer(0, config={"type": "Lambda", "function": "os.system"}),
    "class by path": layer(0, config={"type": "keras.layers.Dense", "units": 1}),
    "registered class": layer(0, config={"type": "Dense", "registered_name": "x", "units": 3}),
    "extra field": layer(0, module="os"),
    "extra argument": config(0, kernel_regularizer="l2"),
    "missing argument": layer(0, config={"type": "Dense", "units": 3}),
    "negative units": config(0, units=-1),
    "no units": config(0, units=0),
    "billion units": config(0, units=10**9),
    "text for an integer": config(0, units="3"),
    "truth for an integer": config(0, units=True),
    "integer for a truth": config(0, use_bias=1),
    "number for a truth": layer(0, trainable=0.0),
    "activation by path": config(0, activation="os.system"),
    "activation as a layer": config(0, activation={"class_name": "Lambda"}),
    # sizes
    "negative input size": inputs(shape=[-4]),
    "empty input": inputs(shape=[0]),
    "input of seven axes": inputs(shape=[1] * 7),
    "huge input": inputs(shape=[1 << 40]),
    "object input": inputs(dtype="object"),
    "text as a size": inputs(shape=["4"]),
    "2,001 layers": chain(*(plain(f"f{i}") for i in range(2_001))),
    "2,001 calls": spec(layers=[plain("f")], calls=[call(0, i) for i in range(2_001)], outputs=[2_002]),
    "arguments without end": spec(calls=[call(0, *[0] * 17), call(0, 1), call(1, [2, 3]), call(2, 4)]),
    "arguments nested without end": spec(calls=[call(0, [[[0]]]), call(0, 1), call(1, [2, 3]), call(2, 4)]),
    "keyword with a dot": spec(calls=[call(0, 0) | {"keywords": {"a b": 1}}, *valid()["spec"]["calls"][1:]]),
    "text as an argument": spec(calls=[call(0, "x"), call(0, 1), call(1, [2, 3]), call(2, 4)]),
    "a million outputs of a layer": spec(calls=[call(0, 0) | {"outputs": 1_000_000}]),
    "a layer inside that does not exist": layer(0, inner=[plain("x", "Lambda")]),
    "a network inside that is none": layer(0, network={"name": "n"}),
    # weights
    "objects": weights(array(4, 3, dtype="object"), *GOOD_WEIGHTS[1:]),
    "bytes missing": weights(array(4, 3) | {"data": bytes(47)}, *GOOD_WEIGHTS[1:]),
    "bytes too many": weights(array(4, 3) | {"data": bytes(52)}, *GOOD_WEIGHTS[1:]),
    "a pickle": weights(array(4, 3) | {"data": "\x80\x04cos"}, *GOOD_WEIGHTS[1:]),
    # messages
    "no spec": {"type": "Network", "weights": []},
    "a part is missing": without(valid(), "calls"),
    "a list instead of a map": [valid()],
    "layers as a map": spec(layers={"0": dense("a")}),
    "nested without end": spec(layers=[[[[]]]]),
}
REFUSED_WHEN_BUILT = {
    "call without inputs": spec(calls=[call(0), call(0, 1), call(1, [2, 3]), call(2, 4)]),
    "two inputs for a layer that takes one": spec(calls=[call(0, 0, 1), call(0, 1), call(1, [2, 3]), call(2, 4)]),
    "a keyword that the layer has not": spec(
        calls=[call(0, 0) | {"keywords": {"key": 0}}, *valid()["spec"]["calls"][1:]]
    ),
    "sharing across shapes": spec(calls=[call(0, 0), call(0, 2), call(1, [2, 3]), call(2, 4)])
    | {"weights": [array(3, 3), *GOOD_WEIGHTS[1:]]},
    "more outputs than the layer has": spec(
        calls=[call(0, 0) | {"outputs": 2}, call(0, 1), call(1, [2, 4]), call(2, 5)], outputs=[6]
    ),
    "pool larger than its input": chain(plain("c", "MaxPooling2D", **POOL), shape=(8, 8, 1)),
    "a layer of Sequential that is an operation": chain(
        plain("c", "TensorOperation", operation_name="Exp", settings={})
    ),
    "an operation without its arguments": chain(plain("c", "TensorOperation", operation_name="Reshape", settings={})),
    "an operation with others": chain(plain("c", "TensorOperation", operation_name="Exp", settings={"x": 1})),
    "weights of 16 GiB, none sent": chain(dense("d", 65_536), shape=(65_536,)),
    "weights of 16 GiB, few sent": chain(dense("d", 65_536), shape=(65_536,), weights=GOOD_WEIGHTS[:2]),
    "an LSTM of 64 GiB": chain(
        plain(
            "l",
            "LSTM",
            **{"units": 65_536, "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True},
            **dict.fromkeys(("return_sequences", "return_state", "go_backwards", "unroll"), False),
            **{"zero_output_for_mask": False, "dropout": 0.0, "recurrent_dropout": 0.0},
        ),
        shape=(2, 65_536),
        weights=GOOD_WEIGHTS[:3],
    ),
    "too few arrays": weights(*GOOD_WEIGHTS[:3]),
    "too many arrays": weights(*GOOD_WEIGHTS, array(1)),
    "no arrays": weights(),
    "transposed": weights(array(3, 4), *GOOD_WEIGHTS[1:]),
    "scalar for a vector": weights(GOOD_WEIGHTS[0], array(), *GOOD_WEIGHTS[2:]),
    "in another order": weights(*reversed(GOOD_WEIGHTS)),
    "float64": weights(array(4, 3, dtype="float64", item=8), *GOOD_WEIGHTS[1:]),
    "complex": weights(array(4, 3, dtype="complex64", item=8), *GOOD_WEIGHTS[1:]),
    "integers": weights(array(4, 3, dtype="int32"), *GOOD_WEIGHTS[1:]),
    "text": weights(array(4, 3, dtype="<U1"), *GOOD_WEIGHTS[1:]),
}
RAW = {
    "trailing bytes": encode(valid()) + b"\0",
    "cut short": encode(valid())[:-1],
    "nested bomb": b"\x82\xa4type\xa5Model\xa4spec" + b"\x91" * 1_000_000,
    "array that claims four billion layers": encode(valid()).replace(
        b"\xa6layers\x93", b"\xa6layers\xdd\xff\xff\xff\xff"
    ),
}


@pytest.mark.parametrize("name", [*HOSTILE, *RAW])
def test_hostile_models_never_reach_keras(name, monkeypatch):
    monkeypatch.setattr("autograder.sandbox.wire.network.assemble", lambda *_: pytest.fail("Keras was reached"))
    data = RAW[name] if name in RAW else encode(HOSTILE[name])
    tracemalloc.start()
    try:
        with pytest.raises(WireError) as caught:
            rebuild_network(decode(data, Network))
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", REFUSED_WHEN_BUILT)
def test_no_weight_of_a_refused_model_gets_memory(keras, name, monkeypatch):
    from keras.src.backend import Variable

    monkeypatch.setattr(Variable, "_deferred_initialize", lambda *_: pytest.fail("memory was allocated"))
    monkeypatch.setattr(Variable, "_direct_assign", lambda *_: pytest.fail("a weight was loaded"))
    with pytest.raises(WireError) as caught:
        rebuild_network(decode(encode(REFUSED_WHEN_BUILT[name]), Network))
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


def test_after_a_refused_model_the_next_one_is_built_as_usual(keras):
    with pytest.raises(WireError, match="did not come"):
        rebuild_network(decode(encode(REFUSED_WHEN_BUILT["weights of 16 GiB, none sent"]), Network))
    assert rebuild_network(decode(encode(valid()), Network)).count_params() == 4 * 3 + 3 + 3 * 2 + 2


@pytest.mark.parametrize(
    "message",
    [
        chain(*[plain("r")] * 1_000_000),
        weights(*[array()] * 1_000_000),
        spec(calls=[call(1, *[0] * 1_000_000)]),
        spec(outputs=[0] * 1_000_000),
    ],
    ids=["layers", "arrays", "inputs of a call", "outputs"],
)
def test_a_million_of_anything_is_refused_in_no_time(message):
    data = encode(message)
    started = time.process_time()
    with pytest.raises(WireError):
        decode(data, Network)
    assert time.process_time() - started < 2


def test_the_message_that_the_hostile_ones_vary_is_valid(keras):
    model = rebuild_network(decode(encode(valid()), Network))
    assert [layer.name for layer in model.layers] == ["left", "right", "a", "sum", "b"]
    assert model.output_shape == (None, 2)


def test_what_keras_refuses_is_a_wire_error(keras):
    with pytest.raises(WireError, match="Keras cannot build it") as caught:
        rebuild_network(decode(encode(chain(plain("c", "Dot", axes=[1, 7], normalize=False))), Network))
    assert str(caught.value).isprintable()
