"""Processor time of each kind of layer beside what the catalogue says at most; rows above it first.

The grader refuses a network by that estimate, and so no layer may take much longer than it says. Each kind is measured
as usual networks have it and as it costs most: one number for each window, one filter for each group, one channel.

    python tests/bench/work.py [LAYER ...]

Exit status 1: a layer takes more than twice as long as the catalogue says, so its `work` has to be corrected.
"""

from __future__ import annotations

import sys
import time
from typing import Any, get_args

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from autograder import keras_runtime
from autograder.networks.catalogue import LAYERS
from autograder.networks.catalogue.base import Layer
from autograder.networks.catalogue.core import ActivationName
from autograder.networks.catalogue.shapes import Shape

ROUNDS = 3
CALL_SECONDS = 0.001  # for Keras and TensorFlow to be called at all
TOO_SLOW = 2.0

WINDOW = {"strides": (1, 1), "padding": "same"}
KERNEL = WINDOW | {"kernel_size": (3, 3), "activation": "linear", "use_bias": False}
CONV = KERNEL | {"filters": 64, "dilation_rate": (1, 1), "groups": 1}
CONV1D = CONV | {"kernel_size": (3,), "strides": (1,), "dilation_rate": (1,)}
TRANSPOSED = KERNEL | {"filters": 64}
DEPTHWISE = KERNEL | {"dilation_rate": (1, 1), "depth_multiplier": 1}
SEPARABLE = DEPTHWISE | {"filters": 64}
DENSE = {"activation": "linear", "use_bias": False}
NORMALISES = {"epsilon": 0.001, "center": True, "scale": True}
RELU = {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}

IMAGE = (512, 512, 8)
NUMBERS = (1 << 22, 1)  # axes of one number, where vectorised code has nothing to do
PAIRS = (1 << 21, 2)
ELEMENTWISE: dict[str, dict[str, Any]] = {
    **{"Identity": {}, "ActivityRegularization": {}, "GaussianNoise": {"stddev": 0.5}, "Flatten": {}},
    **{name: {"rate": 0.5} for name in ("Dropout", "AlphaDropout", "GaussianDropout", "SpatialDropout2D")},
    **{"RandomFlip": {"mode": "horizontal"}, "RandomRotation": {"factor": (-0.1, 0.1)}},
    **{"Rescaling": {"scale": 2.0, "offset": 1.0}, "Reshape": {"target_shape": (-1, 1)}},
    **{
        "ReLU": RELU | {"threshold": 1.0, "max_value": 3.0},
        "LeakyReLU": {"negative_slope": 0.2},
        "ELU": {"alpha": 0.5},
    },
    **{name: {"keepdims": False} for name in ("GlobalAveragePooling2D", "GlobalMaxPooling2D")},
    **{"ZeroPadding2D": {"padding": ((1, 1), (1, 1))}, "Cropping2D": {"cropping": ((1, 1), (1, 1))}},
    "Normalization": {"axis": (-1,), "mean": 0.0, "variance": 1.0, "invert": False},
}
MERGING = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")

CASES: list[tuple[str, dict[str, Any], list[Shape]]] = [
    *((name, given, [IMAGE]) for name, given in ELEMENTWISE.items()),
    *(("Activation", {"activation": name}, [IMAGE]) for name in get_args(ActivationName)),
    *(("Activation", {"activation": name}, [NUMBERS]) for name in ("softmax", "log_softmax")),
    *(("Softmax", {"axis": axis}, [shape]) for axis, shape in ((-1, IMAGE), (-1, NUMBERS), (-1, PAIRS), (1, IMAGE))),
    ("Softmax", {"axis": 1}, [(1, 1 << 22)]),
    *(("PReLU", {"shared_axes": shared}, [IMAGE]) for shared in (None, (1, 2))),
    *(("BatchNormalization", {"axis": axis, **NORMALISES}, [shape]) for axis, shape in ((-1, IMAGE), (1, NUMBERS))),
    *(("LayerNormalization", {"axis": (-1,), **NORMALISES}, [shape]) for shape in (IMAGE, NUMBERS, PAIRS)),
    ("ZeroPadding2D", {"padding": ((1000, 1000), (1000, 1000))}, [(1, 1, 1)]),
    *(
        ("UpSampling2D", {"size": size, "interpolation": how}, [shape])
        for how in ("nearest", "bilinear")
        for size, shape in (((2, 2), IMAGE), ((64, 64), (28, 28, 1)), ((128, 1), (16, 512, 4)))
    ),
    *(("GlobalMaxPooling1D", {"keepdims": True}, [shape]) for shape in (NUMBERS, (2, 1 << 21))),
    *((name, {}, [IMAGE, IMAGE]) for name in MERGING),
    ("Add", {}, [(512, 512, 1)] * 32),
    ("Add", {}, [IMAGE, (512, 1, 8)]),
    *(("Concatenate", {"axis": axis}, [(1 << 17, 1)] * 32) for axis in (-1, 1)),
    *(
        ("Dense", DENSE | {"units": units}, [shape])
        for units, shape in ((4096, (4096,)), (16, (512, 512)), (1, (1 << 20,)), (1, (1 << 20, 1)), (60000, (64,)))
    ),
    ("Dense", DENSE | {"units": 1, "activation": "softmax"}, [(1 << 20, 1)]),
    *(
        (name, WINDOW | {"pool_size": size, "strides": strides}, [shape])
        for name in ("MaxPooling2D", "AveragePooling2D")
        for size, strides, shape in (
            ((2, 2), (2, 2), (256, 256, 16)),
            ((128, 128), (1, 1), (28, 28, 1)),
            ((128, 128), (1, 1), (170, 170, 1)),
            ((128, 1), (1, 1), (1024, 1024, 2)),
            ((1, 1), (1, 1), IMAGE),
            ((128, 128), (128, 128), (1024, 1024, 8)),
        )
    ),
    *(
        ("Conv2D", CONV | {"filters": filters, "kernel_size": size, "groups": groups}, [shape])
        for filters, size, groups, shape in (
            (64, (3, 3), 1, (56, 56, 64)),
            (1, (1, 1), 1, (1024, 1024, 1)),
            (1, (16, 16), 1, (256, 256, 1)),
            (1, (64, 64), 1, (224, 224, 1)),
            (2, (1, 1), 2, (1024, 1024, 2)),
            (64, (3, 3), 8, (28, 28, 64)),
            (128, (3, 3), 32, (56, 56, 128)),
            (256, (1, 1), 256, (28, 28, 256)),
            (512, (1, 1), 256, (112, 112, 512)),
            (256, (28, 28), 256, (28, 28, 256)),
            (4096, (1, 1), 4096, (14, 14, 4096)),
        )
    ),
    *(
        (
            "Conv2D",
            CONV | {"filters": size, "groups": size, "kernel_size": (k, k), "dilation_rate": (2, 2)},
            [(28, 28, size)],
        )
        for size, k in ((64, 9), (256, 3))
    ),
    ("Conv2D", CONV | {"filters": 1, "kernel_size": (64, 64), "dilation_rate": (2, 2)}, [(128, 128, 1)]),
    *(
        ("Conv1D", CONV1D | {"filters": filters, "kernel_size": (size,), "groups": groups}, [shape])
        for filters, size, groups, shape in (
            (64, 3, 1, (4096, 64)),
            (1, 128, 1, (500_000, 1)),
            (64, 3, 64, (4096, 64)),
            (1024, 1, 1024, (256, 1024)),
        )
    ),
    ("Conv1D", CONV1D | {"padding": "causal", "dilation_rate": (128,)}, [(4096, 64)]),
    *(
        ("Conv2DTranspose", TRANSPOSED | {"filters": filters, "kernel_size": size, "strides": strides}, [shape])
        for filters, size, strides, shape in (
            (64, (3, 3), (1, 1), (28, 28, 64)),
            (1, (128, 128), (1, 1), (64, 64, 1)),
            (1, (1, 1), (128, 128), (28, 28, 1)),
            (4, (64, 64), (32, 32), (28, 28, 4)),
            (1, (1, 1), (2, 2), IMAGE),
        )
    ),
    *(
        ("DepthwiseConv2D", DEPTHWISE | {"kernel_size": size, "dilation_rate": dilation}, [shape])
        for size, dilation, shape in (
            ((3, 3), (1, 1), (56, 56, 256)),
            ((1, 1), (2, 2), IMAGE),
            ((64, 64), (2, 2), (128, 128, 1)),
            ((128, 128), (1, 1), (128, 128, 1)),
        )
    ),
    ("DepthwiseConv2D", DEPTHWISE | {"kernel_size": (5, 5), "depth_multiplier": 128}, [(28, 28, 32)]),
    ("SeparableConv2D", SEPARABLE, [(56, 56, 64)]),
    ("SeparableConv2D", SEPARABLE | {"kernel_size": (64, 64), "filters": 1}, [(128, 128, 1)]),
    ("SeparableConv2D", SEPARABLE | {"kernel_size": (1, 1), "filters": 1, "depth_multiplier": 128}, [(112, 112, 8)]),
]
"""Layer, arguments, and the shapes of its inputs."""


def configured(name: str, given: dict[str, Any]) -> Layer:
    """The catalogue's object, checked as what came over the wire is."""
    return msgspec.convert({"type": name, **given}, LAYERS[name])


def seconds(config: Layer, shapes: list[Shape]) -> float:
    """Processor time of one call with one sample, the least of some."""
    import keras

    inputs = [keras.Input(shape) for shape in shapes]
    layer = config.build("layer")
    model = keras.Model(inputs, layer(inputs if config.TAKES_LIST else inputs[0]))
    random = np.random.default_rng(1)
    config.load(layer, [random.uniform(0.1, 1, shape) for shape in config.derive(*shapes).weights])
    x = [random.normal(size=(1, *shape)).astype("float32") for shape in shapes]
    model(x, training=False)
    measured = []
    for _ in range(ROUNDS):
        started = time.process_time()
        model(x, training=False)
        measured.append(time.process_time() - started)
    return min(measured)


def main() -> None:
    """Measure and print the table."""
    keras_runtime.share(1)
    keras_runtime.load()
    rows = []
    for name, given, shapes in CASES:
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        config = configured(name, given)
        at_most = CALL_SECONDS + config.derive(*shapes).work / 1e9
        measured = seconds(config, shapes)
        rows.append((measured / at_most, name, given, shapes, measured, at_most))
    table = Table("layer", "arguments", "inputs")
    for header in ("measured", "at most", "ratio"):
        table.add_column(header, justify="right", no_wrap=True)
    for ratio, name, given, shapes, measured, at_most in sorted(rows, key=lambda row: -row[0]):
        arguments = ", ".join(f"{key}={value}" for key, value in given.items() if key not in ("use_bias", "padding"))
        inputs = f"{shapes[0]}" + (f" × {len(shapes)}" if len(shapes) > 1 else "")
        table.add_row(name, arguments, inputs, f"{measured * 1e3:.1f} ms", f"{at_most * 1e3:.1f} ms", f"{ratio:.2f}")
    Console().print(table)
    sys.exit(any(ratio > TOO_SLOW for ratio, *_ in rows))


if __name__ == "__main__":
    main()
