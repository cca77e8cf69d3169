"""Derived shapes and weights, compared with what Keras itself makes of random arguments."""

from __future__ import annotations

import random
from typing import get_args

import msgspec
import numpy as np
import pytest

from autograder.errors import WireError
from autograder.networks.catalogue import layers

CLASSES = {kind.__name__: kind for kind in get_args(layers.LayerConfig)}


def arguments(name: str, source: random.Random) -> dict:
    """Random arguments for a layer, many of which do not fit its input."""

    def pair(*choices):
        return tuple(source.choices(choices, k=1 if name == "Conv1D" else 2))

    window = {
        "kernel_size": pair(1, 2, 3, 5),
        "strides": pair(1, 1, 2, 3),
        "padding": source.choice(["valid", "same"]),
        "dilation_rate": pair(1, 1, 1, 2),
        "activation": source.choice(["linear", "relu", "softmax"]),
        "use_bias": source.random() < 0.5,
    }
    if name in ("DepthwiseConv2D", "SeparableConv2D"):
        # Keras would also compute some odd combinations, differently on each backend: they are not carried.
        window["strides"], window["dilation_rate"] = source.choice(
            [((1, 1), (1, 1)), ((2, 2), (1, 1)), ((1, 1), (2, 2))]
        )
    if name == "Conv2DTranspose":
        del window["dilation_rate"]
    filters, groups = source.choice([1, 2, 4, 6]), source.choice([1, 1, 2])
    axis = source.choice([-1, -1, 1, 2, 3, 4])
    margins = tuple((source.randrange(3), source.randrange(3)) for _ in range(2))
    center = {"center": source.random() < 0.5, "scale": source.random() < 0.5, "epsilon": 1e-3}
    return {
        "Activation": {"activation": "tanh"},
        "AveragePooling2D": {key: window[key] for key in ("strides", "padding")} | {"pool_size": pair(1, 2, 3)},
        "BatchNormalization": center | {"axis": axis},
        "Concatenate": {"axis": axis},
        "Conv1D": window | {"filters": filters, "groups": groups},
        "Conv2D": window | {"filters": filters, "groups": groups},
        "Conv2DTranspose": window | {"filters": filters},
        "Cropping2D": {"cropping": margins},
        "Dense": {"units": 3, "activation": "relu", "use_bias": source.random() < 0.5},
        "DepthwiseConv2D": window | {"depth_multiplier": source.choice([1, 2])},
        "Dropout": {"rate": 0.5},
        "ELU": {"alpha": 1.0},
        "GaussianDropout": {"rate": 0.5},
        "GaussianNoise": {"stddev": 0.5},
        "GlobalAveragePooling2D": {"keepdims": source.random() < 0.5},
        "GlobalMaxPooling2D": {"keepdims": source.random() < 0.5},
        "LayerNormalization": center | {"axis": (axis,)},
        "LeakyReLU": {"negative_slope": 0.1},
        "MaxPooling2D": {key: window[key] for key in ("strides", "padding")} | {"pool_size": pair(1, 2, 3)},
        "Normalization": {"axis": (axis,), "mean": None, "variance": None, "invert": False},
        "PReLU": {"shared_axes": source.choice([None, (1,), (1, 2)])},
        "RandomFlip": {"mode": "horizontal"},
        "RandomRotation": {"factor": (-0.1, 0.1)},
        "ReLU": {"max_value": None, "negative_slope": 0.0, "threshold": 0.0},
        "Rescaling": {"scale": 0.5, "offset": 1.0},
        "Reshape": {"target_shape": source.choice([(-1,), (4, -1), (2, 3, -1), (5, 5)])},
        "SeparableConv2D": window | {"filters": filters, "depth_multiplier": source.choice([1, 2])},
        "Softmax": {"axis": axis},
        "SpatialDropout2D": {"rate": 0.5},
        "ZeroPadding2D": {"padding": margins},
    }.get(name, {})


def input_shapes(name: str, source: random.Random) -> list[tuple[int, ...]]:
    rank = 2 if name == "Conv1D" else source.choice([3, 3, 3, 1, 2]) if name in ("Dense", "Flatten", "Softmax") else 3
    shape = tuple(source.choice([1, 2, 4, 6, 7]) for _ in range(rank))
    if not issubclass(CLASSES[name], layers.Merge):
        return [shape]
    other = tuple(source.choice([size, size, size, 1, 3]) for size in shape)
    return [shape, other, shape][: 2 if name == "Subtract" else source.choice([2, 3])]


@pytest.mark.parametrize("name", CLASSES)
def test_keras_makes_what_was_derived(name):
    keras = pytest.importorskip("keras")
    agreed = 0
    for seed in range(14):
        source = random.Random(f"{name} {seed}")
        config, shapes = arguments(name, source), input_shapes(name, source)
        try:
            derived = msgspec.convert(config, CLASSES[name]).derive(*shapes)
        except WireError as error:
            # What is refused must be nothing that Keras could compute.
            if "does not fit" in str(error) and keras.__version__.startswith(("3.11.", "3.12.")):
                continue  # which, asked for windows larger than the picture, makes something up
            with pytest.raises(Exception):  # noqa: B017 - Keras and TensorFlow raise what they like
                values = [np.zeros((1, *shape), "float32") for shape in shapes]
                output = getattr(keras.layers, name)(**config)(values if len(values) > 1 else values[0])
                assert output.numpy().size
            continue
        layer = getattr(keras.layers, name)(**config)
        inputs = [keras.Input(shape) for shape in shapes]
        output = layer(inputs if len(inputs) > 1 else inputs[0])
        weights = layer.weights[:2] if name == "Normalization" else layer.weights
        assert derived.output == tuple(output.shape[1:]), (config, shapes)
        assert derived.weights == tuple(tuple(weight.shape) for weight in weights), (config, shapes)
        assert derived.work > 0
        agreed += 1
    assert agreed >= 3


@pytest.mark.parametrize(
    ("config", "shape", "work"),
    [
        (layers.Dense(units=500, activation="relu", use_bias=True), (784,), 392_000),
        (layers.Flatten(), (28, 28, 1), 784),
        (
            layers.Conv2D(
                **{"filters": 64, "kernel_size": (3, 3), "strides": (1, 1), "padding": "same", "groups": 1},
                **{"dilation_rate": (1, 1), "activation": "linear", "use_bias": False},
            ),
            (14, 14, 64),
            14 * 14 * 64 * 9 * 64,
        ),
        (layers.MaxPooling2D(pool_size=(2, 2), strides=(2, 2), padding="valid"), (28, 28, 32), 28 * 28 * 32),
    ],
    ids=lambda value: type(value).__name__,
)
def test_work_is_counted_for_one_sample(config, shape, work):
    assert config.derive(shape).work == work


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
        ("Merge", {}),
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
        msgspec.convert(config | {"type": name}, layers.LayerConfig)


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
        msgspec.convert(config | {"type": name}, layers.LayerConfig).derive(*shapes)
