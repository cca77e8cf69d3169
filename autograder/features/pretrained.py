"""Pretrained networks that turn images into vectors of 4,096 numbers. Trusted side."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.errors import UsageError
from autograder.features import lite0
from autograder.wording import one_line

__all__ = ["LENGTH", "NETWORKS", "SIZE"]

Array = np.ndarray[Any, Any]

LENGTH = 4096
"""Numbers that describe an image: as many as the first dense layer of VGG16 gives."""

SIZE = 224
"""Pixels along each side of the square image that every network here takes."""

_SEED = 20_160_901  # of the projection; another one makes other features
_ROWS_AT_A_TIME = 512


def _lite0() -> Callable[[Array], Array]:
    """EfficientNet-Lite0: 7×7×1280 feature maps, averaged in four overlapping quarters, then projected."""
    import keras
    from keras import layers

    network = lite0.load_lite0()
    pooled = layers.Flatten()(layers.AveragePooling2D(4, strides=3)(network.output))
    model = keras.Model(network.input, pooled)
    matrix = projection(pooled.shape[-1])

    def features(images: Array) -> Array:
        return np.asarray(model.predict_on_batch(lite0.scale_pixels(images)), dtype="float32") @ matrix

    return features


def _vgg16() -> Callable[[Array], Array]:
    """VGG16: its first dense layer, `fc1`, before the ReLU."""
    import keras

    try:
        network = keras.applications.VGG16(weights="imagenet", include_top=True)
    except Exception as error:  # whatever the download raises: no network, a proxy, a full disk, a wrong digest
        raise UsageError(
            "the weights of VGG16 are not on this machine and cannot be downloaded from storage.googleapis.com "
            f"({type(error).__name__}: {one_line(str(error))}). Put vgg16_weights_tf_dim_ordering_tf_kernels.h5 into "
            "~/.keras/models, or leave out `--model vgg16`."
        ) from error
    fc1 = network.get_layer("fc1")
    fc1.activation = keras.activations.linear
    model = keras.Model(network.input, fc1.output)

    def features(images: Array) -> Array:
        prepared = keras.applications.vgg16.preprocess_input(images.astype("float32"))
        return np.asarray(model.predict_on_batch(prepared), dtype="float32")

    return features


def projection(inputs: int) -> Array:
    """A fixed Gaussian matrix `(inputs, 4096)`: distances are nearly kept, and each output mixes all inputs."""
    random = np.random.Generator(np.random.PCG64(_SEED))
    matrix = np.empty((inputs, LENGTH), dtype="float32")
    for begin in range(0, inputs, _ROWS_AT_A_TIME):
        rows = matrix[begin : begin + _ROWS_AT_A_TIME]
        rows[:] = random.standard_normal(rows.shape)
    matrix /= np.float32(math.sqrt(LENGTH))
    return matrix


NETWORKS: dict[str, Callable[[], Callable[[Array], Array]]] = {"efficientnet-lite0": _lite0, "vgg16": _vgg16}
"""What the command calls a network → loads it as a function: images `(n, 224, 224, 3)` uint8 → `(n, 4096)` float32.

Raises:
    UsageError: Its weights are not here.
"""
