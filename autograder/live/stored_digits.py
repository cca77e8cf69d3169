"""Stored digits and their codes, to compare a drawing with. Student's side."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from autograder.course.datasets import load_mnist

__all__ = ["LONGEST", "codes_of", "pinnable", "stored_digits"]

Array = np.ndarray[Any, Any]

PER_CLASS = 20
LONGEST = 30_000
"""Numbers in the longest code that is compared; 200 of them are 6 MB."""


def pinnable(shape: tuple[int, ...]) -> bool:
    """Whether a layer of this output shape gives a code: a list of numbers, and not only a few."""
    return len(shape) == 1 and 2 <= shape[0] <= LONGEST


@lru_cache(maxsize=1)
def stored_digits() -> tuple[Array, Array]:
    """Validation digits of shape `(200, 28, 28)`, uint8, and their labels of shape `(200,)`: 20 of each class."""
    _, (images, labels) = load_mnist()
    chosen = np.sort(np.concatenate([np.flatnonzero(labels == label)[:PER_CLASS] for label in range(10)]))
    return images[chosen], labels[chosen]


def codes_of(activations: Array) -> tuple[dict[str, float], dict[str, Array]]:
    """Codes of shape `(n, length)`, made ready for comparison in a browser.

    Returns:
        Numbers: `low` and `step` (a code's number is `low + step * byte`); and `explained`, the share of the variance
        that the two axes hold, from 0 to 1. Arrays: `bytes` of shape `(n, length)`, uint8; `mean` of shape
        `(length,)`; `axes` of shape `(2, length)`, the two directions of largest variance, of length one each; and
        `points` of shape `(n, 2)`, the codes along these directions. All but the bytes are float32.
    """
    codes = np.asarray(activations, dtype="float64")
    mean = codes.mean(axis=0)
    centred = codes - mean
    # The variance lies in the span of n codes: an n×n problem, however long they are.
    values, vectors = np.linalg.eigh(centred @ centred.T)
    axes = np.zeros((2, codes.shape[1]))
    for row, index in enumerate((-1, -2)):
        if len(values) >= 2 and values[index] > 1e-12 * max(values[-1], 1e-300):
            axis = centred.T @ vectors[:, index] / np.sqrt(values[index])
            axes[row] = axis * (1 if axis[np.abs(axis).argmax()] > 0 else -1)
    total = float(np.square(centred).sum())
    low, high = float(codes.min()), float(codes.max())
    step = (high - low) / 255 or 1.0
    explained = float(values[-2:].sum() / total) if total > 0 else 0.0
    return {"low": low, "step": step, "explained": explained}, {
        "bytes": np.round((codes - low) / step).astype("uint8"),
        "mean": mean.astype("float32"),
        "axes": axes.astype("float32"),
        "points": (centred @ axes.T).astype("float32"),
    }
