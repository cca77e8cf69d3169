"""The course's data, shipped with the package, without any download. Student's side.

MNIST database of handwritten digits: Yann LeCun and Corinna Cortes, CC BY-SA 3.0. The package carries 4,000 of its
training digits and 1,000 of its test digits, chosen by position only.

The Database of Faces: AT&T Laboratories Cambridge (the "ORL" faces; F. Samaria and A. Harter, 1994). The package
carries no face, but what EfficientNet-Lite0, trained on ImageNet (Apache-2.0), makes of photographs of eight persons.
"""

from __future__ import annotations

import io
import zipfile
from functools import lru_cache
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["FACES_STEP", "load_faces", "load_mnist", "preprocess", "rescale", "standardise", "unpack_faces"]

Array = np.ndarray[Any, Any]
_Pair = tuple[Array, Array]

FACES_STEP = 6 / 127
"""Standard deviations in one step of int8."""


def load_mnist() -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """`(x_train, y_train), (x_validation, y_validation)`, as `keras.datasets` gives them.

    Returns:
        Digits of shape `(4000, 28, 28)` and `(1000, 28, 28)`, uint8 from 0 (paper) to 255 (ink), and their labels of
        shape `(4000,)` and `(1000,)`, uint8 from 0 to 9.
    """
    with np.load(io.BytesIO(_shipped("mnist.npz")), allow_pickle=False) as arrays:
        return (arrays["x_train"], arrays["y_train"]), (arrays["x_validation"], arrays["y_validation"])


def rescale(x: Any) -> Array:
    """Digits from 0 (paper) to 1 (ink).

    Args:
        x: Digits of shape `(n, 28, 28)` or `(n, 28, 28, 1)`, from 0 to 255.

    Returns:
        Digits of shape `(n, 28, 28, 1)`, float32.
    """
    return standardise(x, 0.0, 255.0)


def load_faces(path: str | PathLike[str] | None = None) -> tuple[_Pair, _Pair, _Pair]:
    """`(x_train, y_train), (x_validation, y_validation), (x_test, y_test)`: features of faces, and whose face it is.

    Args:
        path: A file that `autograder features` made of other images; by default the one that the package carries.

    Returns:
        Features of shape `(640, 4096)`, `(160, 4096)` and `(160, 4096)`, float32, in standard deviations from the
        mean of the training images; and labels of shape `(640,)`, `(160,)` and `(160,)`, from 0 to 7. No photograph
        is in two of the three parts. Another file has as many of them as it has images.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is none that `autograder features` made.
    """
    content = _shipped("faces.npz") if path is None else Path(path).read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            step = float(arrays["step"])
            train, validation, test = (
                (unpack_faces(arrays[f"x_{part}"], step), arrays[f"y_{part}"])
                for part in ("train", "validation", "test")
            )
    except (KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} holds no features. Give a file that `autograder features` made.") from error
    return train, validation, test


def unpack_faces(x: Any, step: float = FACES_STEP) -> Array:
    """Features `(n, length)` as the files hold them, int8, in standard deviations from the training mean, float32."""
    scaled: Array = np.asarray(x).astype("float32") * np.float32(step)
    return scaled


def standardise(x: Any, mean: float, std: float) -> Array:
    """Digits standardised: `(x - mean) / std`, with one mean and one deviation for all pixels.

    One pair for all pixels on purpose: 130 pixels are the same in all 4,000 training digits, so a deviation of their
    own would be 0.

    Args:
        x: Digits of shape `(n, 28, 28)` or `(n, 28, 28, 1)`, from 0 to 255.
        mean: Mean of all pixels of the training digits.
        std: Their standard deviation.

    Returns:
        Digits of shape `(n, 28, 28, 1)`, float32.

    Raises:
        ValueError: The digits have another shape.
    """
    digits = np.asarray(x, dtype="float32")
    if digits.shape[1:] not in {(28, 28), (28, 28, 1)}:
        raise ValueError(f"digits must have shape (n, 28, 28) or (n, 28, 28, 1). Received: shape={digits.shape}")
    standardised: Array = (digits.reshape(-1, 28, 28, 1) - np.float32(mean)) / np.float32(std)
    return standardised


def preprocess(x: Any) -> Array:
    """Digits standardised with mean and deviation of the 4,000 training digits.

    The same for any digits: new ones are scaled as those that a network was trained on.

    Args:
        x: Digits of shape `(n, 28, 28)`, from 0 to 255.

    Returns:
        Digits of shape `(n, 28, 28, 1)`, float32.
    """
    return standardise(x, *_training_statistics())


def _shipped(name: str) -> bytes:
    return resources.files("autograder.course").joinpath("data", name).read_bytes()


@lru_cache(maxsize=1)
def _training_statistics() -> tuple[float, float]:
    (x_train, _), _ = load_mnist()
    return float(x_train.mean()), float(x_train.std())
