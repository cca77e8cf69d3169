"""Features as int8: one byte for each number of an exercise's file. Trusted side."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Scale"]

Array = np.ndarray[Any, Any]

_REACH = 6.0  # deviations; what lies beyond is cut off


class Scale:
    """How features become int8: centred on the training images, one deviation for all features.

    One deviation for all: a feature that hardly varies must not be scaled up to the size of the others.
    """

    def __init__(self, training: Array) -> None:
        """Take mean `(length,)` and deviation from training features `(n, length)`."""
        self._mean = training.mean(axis=0, dtype="float64")
        self._std = float((training - self._mean).std()) or 1.0

    @property
    def step(self) -> np.float32:
        """The size of one step of int8, in deviations."""
        return np.float32(_REACH / 127)

    def int8(self, features: Array) -> Array:
        """Features `(n, length)` as int8; times `step`, they are in deviations from the training mean."""
        deviations = (features - self._mean) / self._std
        rounded: Array = np.clip(np.rint(deviations / float(self.step)), -127, 127).astype("int8")
        return rounded
