"""How grey values from 0 to 255 become what a network was trained on. Student's side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.course.datasets import load_mnist
from autograder.errors import UsageError
from autograder.live.chain import PIXELS
from autograder.networks.catalogue.receptive_fields import Shape

__all__ = ["CHOICES", "Scaling", "choose", "named", "pictures_to_input"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Scaling:
    """`value * scale + offset`, the same for all pixels.

    Attributes:
        name: As on the command line.
        words: For people.
    """

    name: str
    words: str
    scale: float
    offset: float

    def __call__(self, digits: Any) -> Array:
        """Digits of shape `(n, …)` from 0 to 255, as the network likes them; float32."""
        scaled: Array = np.asarray(digits, dtype="float32") * np.float32(self.scale) + np.float32(self.offset)
        return scaled


CHOICES = ("standardise", "scale", "raw")


def named(name: str) -> Scaling:
    """One of `CHOICES`.

    Raises:
        UsageError: There is no such scaling.
    """
    if name == "raw":
        return Scaling(name, "Grey values from 0 to 255, as they are.", 1.0, 0.0)
    if name == "scale":
        return Scaling(name, "Grey values divided by 255.", 1 / 255, 0.0)
    if name == "standardise":
        (x_train, _), _ = load_mnist()
        mean, std = float(x_train.mean()), float(x_train.std())
        return Scaling(name, f"Standardised: (grey value − {mean:.2f}) / {std:.2f}.", 1 / std, -mean / std)
    raise UsageError(f"there is no scaling {name!r}; choose one of {', '.join(CHOICES)}.")


def choose(read: Callable[[Array], Array], digits: Array, labels: Array, shape: Shape) -> Scaling:
    """The scaling with which a network reads stored digits best: the one that it was trained with, in all likelihood.

    Args:
        read: Inputs of shape `(n, *shape)` → probabilities of shape `(n, classes)`, which need not add up to 1.
        digits: Of shape `(n, 28, 28)`, from 0 to 255.
        labels: Of shape `(n,)`.
        shape: What the network takes.
    """

    def loss(scaling: Scaling) -> float:
        # Cross-entropy, not accuracy: a network without normalisation reads digits of any scale, but too surely.
        shares = np.asarray(read(scaling(digits).reshape(-1, *shape)), dtype="float64")
        if not np.isfinite(shares).all():
            return np.inf
        shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
        return -float(np.mean(np.log(np.maximum(shares[np.arange(len(labels)), labels], 1e-12))))

    return min(map(named, CHOICES), key=loss)


def pictures_to_input(preprocess: Callable[[Any], Any], pictures: Array, shape: Shape) -> Array:
    """Pictures of shape `(n, 784)` through somebody's own `preprocess`, of shape `(n, *shape)`, float32.

    Raises:
        UsageError: Something else came back.
    """
    digits = pictures.reshape(-1, 28, 28)
    given = np.asarray(preprocess(digits), dtype="float32")
    if given.size != len(digits) * PIXELS:
        raise UsageError(
            f"preprocess made {given.shape} of {digits.shape}; expected as many numbers, {(len(digits), *shape)}."
        )
    return given.reshape(-1, *shape)
