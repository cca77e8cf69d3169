"""The course's data, shipped with the package: nothing is downloaded.

MNIST database of handwritten digits: Yann LeCun and Corinna Cortes, CC BY-SA 3.0. The package carries 4,000 of its
training digits and 1,000 of its test digits, chosen by position only.
"""

from __future__ import annotations

import io
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np

__all__ = ["load_mnist", "preprocess", "rescale", "standardise"]

Array = np.ndarray[Any, Any]


def load_mnist() -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """`(x_train, y_train), (x_validation, y_validation)`, as `keras.datasets` gives them.

    Returns:
        Digits of shape `(4000, 28, 28)` and `(1000, 28, 28)`, uint8 from 0 (paper) to 255 (ink), and their labels of
        shape `(4000,)` and `(1000,)`, uint8 from 0 to 9.
    """
    content = resources.files("autograder.student").joinpath("data", "mnist.npz").read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return (arrays["x_train"], arrays["y_train"]), (arrays["x_validation"], arrays["y_validation"])


def rescale(x: Any) -> Array:
    """Digits from 0 (paper) to 1 (ink).

    Args:
        x: Digits of shape `(n, 28, 28)` or `(n, 28, 28, 1)`, from 0 to 255.

    Returns:
        Digits of shape `(n, 28, 28, 1)`, float32.
    """
    return standardise(x, 0.0, 255.0)


def standardise(x: Any, mean: float, std: float) -> Array:
    """Digits as a network likes them: `(x - mean) / std`, with one mean and one deviation for all pixels.

    One pair for all pixels on purpose: 130 pixels are the same in all 4,000 training digits, so a deviation of their
    own would be 0.

    Args:
        x: Digits of shape `(n, 28, 28)` or `(n, 28, 28, 1)`, from 0 to 255.
        mean: Mean of all pixels of the training digits.
        std: Their standard deviation.

    Returns:
        Digits of shape `(n, 28, 28, 1)`, float32.
    """
    digits = np.asarray(x, dtype="float32")
    if digits.shape[1:] not in {(28, 28), (28, 28, 1)}:
        raise ValueError(f"digits must have shape (n, 28, 28) or (n, 28, 28, 1). Received: shape={digits.shape}")
    standardised: Array = (digits.reshape(-1, 28, 28, 1) - np.float32(mean)) / np.float32(std)
    return standardised


def preprocess(x: Any) -> Array:
    """Digits standardised with mean and deviation of the 4,000 training digits.

    The same for any digits, so that a network meets new ones as it met those that it was trained on.

    Args:
        x: Digits of shape `(n, 28, 28)`, from 0 to 255.

    Returns:
        Digits of shape `(n, 28, 28, 1)`, float32.
    """
    return standardise(x, *_training_statistics())


@lru_cache(maxsize=1)
def _training_statistics() -> tuple[float, float]:
    (x_train, _), _ = load_mnist()
    return float(x_train.mean()), float(x_train.std())
