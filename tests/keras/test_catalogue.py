"""Every class of the catalogue beside the Keras layer of its name, with random arguments."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from autograder.errors import WireError
from autograder.networks.catalogue import LAYERS, LayerConfig, family
from autograder.sandbox.wire.frames import decode, encode
from autograder.sandbox.wire.network import Network, rebuild_network
from tests.bench import work

# Arguments that random values of their type would seldom or never make fit.
FITTING = {
    "axis": st.sampled_from([-1, -1, 1, 2, 3, 4]),
    "factor": st.tuples(st.floats(-1, 0), st.floats(0, 1)),
    "groups": st.sampled_from([1, 1, 2]),
    "target_shape": st.sampled_from([(-1,), (4, -1), (2, 3, -1), (5, 5)]),
    "shared_axes": st.sampled_from([None, (1,), (1, 2)]),
}
ODD = ("reaches far beyond", "must be equal along both axes", "cannot both be above 1")
"""Refusals of what Keras might compute, differently on each backend, or at a cost that nothing shows."""


def values(kind: msgspec.inspect.Type) -> st.SearchStrategy[Any]:
    """Small values of an argument's type."""
    match kind:
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.IntType():
            return st.integers(kind.ge, min(kind.le, kind.ge + 2))
        case msgspec.inspect.FloatType():
            return st.floats(max(kind.ge, -2), min(kind.le, 2))
        case msgspec.inspect.LiteralType():
            return st.sampled_from(kind.values)
        case msgspec.inspect.TupleType():
            return st.tuples(*map(values, kind.item_types))
        case msgspec.inspect.UnionType():
            return st.one_of(*map(values, kind.types))
    raise TypeError(kind)


def arguments(name: str) -> st.SearchStrategy[Any]:
    """A class of the catalogue with random arguments, many of which do not fit its input."""
    fields = msgspec.inspect.type_info(LAYERS[name]).fields

    def value(field: msgspec.inspect.Field) -> st.SearchStrategy[Any]:
        if field.name in ("dilation_rate", "strides"):
            return st.tuples(*(st.sampled_from([1, 1, 1, 1, 2]) for _ in field.type.item_types))
        if field.name not in FITTING:
            return values(field.type)
        several = field.name == "axis" and not isinstance(field.type, msgspec.inspect.IntType)
        return st.tuples(FITTING["axis"]) if several else FITTING[field.name]

    return st.builds(LAYERS[name], **{field.name: value(field) for field in fields})


@st.composite
def input_shapes(draw: st.DrawFn, name: str) -> list[tuple[int, ...]]:
    axes = (
        {"1D": 2, "2D": 3}.get(name[-2:])
        or (3 if name.startswith("Random") else 0)
        or draw(st.sampled_from([1, 2, 3, 3]))
    )
    shape = tuple(draw(st.lists(st.sampled_from([2, 4, 6, 7]), min_size=axes, max_size=axes)))
    if not LAYERS[name].TAKES_LIST:
        return [shape]
    other = tuple(draw(st.sampled_from([size, size, size, 1, 3])) for size in shape)
    return [shape, other, shape][: 2 if name == "Subtract" else draw(st.sampled_from([2, 3]))]


@pytest.mark.parametrize("name", LAYERS)
def test_keras_makes_and_computes_what_was_derived(name):
    import keras

    from autograder.sandbox.guest.network_serialiser import serialise_network

    verdicts = Counter()

    @settings(max_examples=8, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(arguments(name), input_shapes(name))
    def compare(config, shapes):
        layer = getattr(keras.layers, name)
        given = msgspec.structs.asdict(config)
        data = [np.random.default_rng(1).normal(size=(2, *shape)).astype("float32") for shape in shapes]
        inputs = [keras.Input(shape) for shape in shapes]
        x, inputs = (data, inputs) if LAYERS[name].TAKES_LIST else (data[0], inputs[0])
        try:
            derived = config.derive(*shapes)
        except WireError as error:
            verdicts["refused"] += 1
            if any(reason in str(error) for reason in ODD):
                return
            # What is refused must be nothing that Keras could compute.
            if "does not fit" in str(error) and keras.__version__.startswith(("3.11.", "3.12.")):
                return  # which, asked for windows larger than the picture, makes something up
            with pytest.raises(Exception):  # noqa: B017 - Keras and TensorFlow raise what they like
                layer(**given)(inputs)  # Keras first: a window too large ends TensorFlow's process
                assert layer(**given)(x).numpy().size
            return
        made = layer(**given)
        output = made(inputs)
        assert derived.output == tuple(output.shape[1:])
        assert derived.weights == tuple(tuple(each.shape) for each in config.variables(made))
        assert derived.work > 0
        model = keras.Model(inputs, output)
        config.load(made, [np.random.default_rng(2).uniform(0.1, 1, shape) for shape in derived.weights])
        network = decode(encode(serialise_network(model)), Network)
        assert network.spec.layers[0].config == config
        np.testing.assert_array_equal(
            np.asarray(rebuild_network(network)(x, training=False)), np.asarray(model(x, training=False))
        )
        verdicts["equal"] += 1

    compare()
    assert verdicts["equal"] >= 3


@pytest.mark.parametrize(
    ("config", "shape", "work"),
    [
        (LAYERS["Dense"](units=500, activation="relu", use_bias=True), (784,), 10 * (784 + 2 * 500) + 392_000 // 2),
        (LAYERS["Flatten"](), (28, 28, 1), 10 * 784),
        (
            LAYERS["Conv2D"](
                **{"filters": 64, "kernel_size": (3, 3), "strides": (1, 1), "padding": "same", "groups": 1},
                **{"dilation_rate": (1, 1), "activation": "linear", "use_bias": False},
            ),
            (14, 14, 64),
            10 * 3 * 14 * 14 * 64 + 14 * 14 * 64 * 9 * 64 // 2 + 2 * 14 * 14 * 9 * 64,
        ),
        (LAYERS["MaxPooling2D"](pool_size=(2, 2), strides=(2, 2), padding="valid"), (28, 28, 32), 28 * 28 * 32 * 13),
    ],
    ids=lambda value: type(value).__name__,
)
def test_work_is_nanoseconds_for_one_sample(config, shape, work):
    assert config.derive(shape).work == work


def test_groups_cost_more_than_as_many_multiplications_without():
    """TensorFlow computes them one by one, with code that is not vectorised."""
    work_of = [
        msgspec.convert({"type": "Conv2D", **CONVOLUTION, **given}, LAYERS["Conv2D"]).derive((8, 8, 512)).work
        for given in ({"filters": 8}, {"filters": 512, "groups": 64})
    ]
    assert work_of[1] > 2 * work_of[0]


def test_the_benchmark_measures_every_layer():
    assert {name for name, _, _ in work.CASES} == set(LAYERS)
    for name, options, shapes in work.CASES:
        assert work.configured(name, options).derive(*shapes).work > 0


CONVOLUTION = {
    **{"filters": 4, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "dilation_rate": [1, 1]},
    **{"groups": 1, "activation": "linear", "use_bias": True},
}
DEPTHWISE = {
    **{key: CONVOLUTION[key] for key in CONVOLUTION if key not in ("filters", "groups")},
    "depth_multiplier": 1,
}


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("Lambda", {"function": "x"}),
        ("Layer", {}),
        ("_Layer", {}),
        ("IdentityAtInference", {}),
        ("keras.layers.Dense", {"units": 1, "activation": "relu", "use_bias": True}),
        ("TFSMLayer", {"filepath": "/"}),
        *(
            ("Dense", {"units": units, "activation": "relu", "use_bias": True})
            for units in (0, -1, 10**9, True, 3.0, "3")
        ),
        *(
            ("Dense", {"units": 3, "activation": name, "use_bias": True})
            for name in ("evil", "get", {}, None, "relu\n")
        ),
        ("Dense", {"units": 3, "activation": "relu", "use_bias": 1}),
        ("Dense", {"units": 3, "activation": "relu"}),
        ("Dense", {"units": 3, "activation": "relu", "use_bias": True, "kernel_initializer": "zeros"}),
        ("Conv2D", CONVOLUTION | {"kernel_size": [3]}),
        ("Conv2D", CONVOLUTION | {"kernel_size": [3, 3, 3]}),
        ("Conv2D", CONVOLUTION | {"kernel_size": 3}),
        ("Conv2D", CONVOLUTION | {"kernel_size": [0, 3]}),
        ("Conv2D", CONVOLUTION | {"kernel_size": [129, 3]}),
        ("Conv2D", CONVOLUTION | {"strides": [0, 1]}),
        ("Conv2D", CONVOLUTION | {"dilation_rate": [1, -1]}),
        ("Conv2D", CONVOLUTION | {"groups": 0}),
        ("Conv2D", CONVOLUTION | {"padding": "causal"}),
        ("Conv2D", CONVOLUTION | {"data_format": "channels_first"}),
        ("Dropout", {"rate": 1.5}),
        ("Dropout", {"rate": float("nan")}),
        ("Dropout", {"rate": True}),
        ("BatchNormalization", {"axis": [1], "epsilon": 0.1, "center": True, "scale": True}),
        ("BatchNormalization", {"axis": 1 << 40, "epsilon": 0.1, "center": True, "scale": True}),
        ("BatchNormalization", {"axis": 1, "epsilon": float("inf"), "center": True, "scale": True}),
        ("Rescaling", {"scale": 1e300, "offset": 0.0}),
        ("Reshape", {"target_shape": []}),
        ("Reshape", {"target_shape": [1] * 7}),
        ("Reshape", {"target_shape": [-2]}),
        ("ZeroPadding2D", {"padding": [[0, 1 << 20], [0, 0]]}),
        ("ZeroPadding2D", {"padding": [[0, -1], [0, 0]]}),
        ("RandomFlip", {"mode": "both"}),
    ],
    ids=str,
)
def test_arguments_out_of_range_do_not_decode(name, config):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(config | {"type": name}, LayerConfig)


@pytest.mark.parametrize(
    ("name", "config", "shapes"),
    [
        ("Conv2D", CONVOLUTION, [(8, 8)]),
        ("Conv2D", CONVOLUTION, [(8, 8, 1), (8, 8, 1)]),
        ("Conv2D", CONVOLUTION | {"padding": "valid"}, [(2, 8, 1)]),
        ("Conv2D", CONVOLUTION | {"groups": 3}, [(8, 8, 3)]),
        ("Conv2D", CONVOLUTION | {"groups": 2}, [(8, 8, 3)]),
        ("Conv2D", CONVOLUTION | {"strides": [2, 2], "dilation_rate": [2, 2]}, [(8, 8, 1)]),
        ("DepthwiseConv2D", DEPTHWISE | {"strides": [2, 1]}, [(8, 8, 1)]),
        ("MaxPooling2D", {"pool_size": [9, 9], "strides": [1, 1], "padding": "valid"}, [(8, 8, 1)]),
        ("GlobalAveragePooling2D", {"keepdims": True}, [(8, 8)]),
        ("Cropping2D", {"cropping": [[4, 4], [0, 0]]}, [(8, 8, 1)]),
        ("ZeroPadding2D", {"padding": [[1, 1], [1, 1]]}, [(8,)]),
        ("SpatialDropout2D", {"rate": 0.1}, [(8,)]),
        ("Reshape", {"target_shape": [-1, -1]}, [(8, 8, 1)]),
        ("Reshape", {"target_shape": [0, -1]}, [(8, 8, 1)]),
        ("Reshape", {"target_shape": [63]}, [(8, 8, 1)]),
        ("Reshape", {"target_shape": [-1, 5]}, [(8, 8, 1)]),
        ("Softmax", {"axis": 0}, [(8,)]),
        ("Softmax", {"axis": 2}, [(8,)]),
        ("Softmax", {"axis": -2}, [(8,)]),
        ("PReLU", {"shared_axes": [0]}, [(8,)]),
        ("PReLU", {"shared_axes": [-1]}, [(8,)]),
        ("Normalization", {"axis": [1, 1], "mean": None, "variance": None, "invert": False}, [(8,)]),
        ("Normalization", {"axis": [1], "mean": 0.5, "variance": None, "invert": False}, [(8,)]),
        ("Add", {}, [(8,), (7,)]),
        ("Add", {}, [(8,), (8, 8)]),
        ("Subtract", {}, [(8,), (8,), (8,)]),
        ("Concatenate", {"axis": 1}, [(8, 2), (8, 3)]),
        ("Concatenate", {"axis": -1}, [(8, 2), (8,)]),
        ("Concatenate", {"axis": 0}, [(8,), (8,)]),
    ],
    ids=str,
)
def test_inputs_that_do_not_fit_are_refused(name, config, shapes):
    with pytest.raises(WireError):
        msgspec.convert(config | {"type": name}, LayerConfig).derive(*shapes)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Conv2D", "Conv"),
        ("ConvLSTM2D", "Conv"),
        ("Flatten", "Global pooling and flattening"),
        ("GlobalMaxPooling3D", "Global pooling and flattening"),
        ("MaxPooling3D", "Pooling"),
        ("GroupNormalization", "Normalization"),
        ("Dense", ""),
        ("LSTM", ""),
    ],
)
def test_a_layer_outside_the_catalogue_belongs_to_the_family_that_its_name_says(kind, expected):
    assert family(kind) == expected
