"""Layers that change an image's size or shape, but compute little. Both sides."""

from __future__ import annotations

from typing import Any, ClassVar

from autograder.networks.catalogue.arguments import Margin, Sizes
from autograder.networks.catalogue.base import Layer, Names
from autograder.networks.catalogue.receptive_fields import ReceptiveField, Shape


class _Reshaped(Layer, frozen=True):
    """The same numbers in another shape."""

    FAMILY: ClassVar[str] = "Global pooling and flattening"  # a network's body ends with one of these
    ONLY_RESHAPES: ClassVar[bool] = True
    OPERATION: ClassVar[str] = "reshape"

    @classmethod
    def receptive_field(cls, layer: Any, x: Shape, y: Shape) -> ReceptiveField:
        return {"see": "place", "shape": list(x)}


class Flatten(_Reshaped, frozen=True):
    """`(height, width, channels)` → `(height * width * channels,)`."""


class Reshape(_Reshaped, frozen=True):
    """One size may be -1."""

    target_shape: Sizes


class ZeroPadding2D(Layer, frozen=True):
    """Zeros around an image: ((top, bottom), (left, right))."""

    OPERATION: ClassVar[str] = "pad"
    OPERATION_ARGUMENTS: ClassVar[Names] = {"margins": "padding"}
    padding: tuple[tuple[Margin, Margin], tuple[Margin, Margin]]

    @classmethod
    def receptive_field(cls, layer: Any, x: Shape, y: Shape) -> ReceptiveField:
        (top, _), (left, _) = layer.padding
        return {"see": "window", "size": [1, 1], "strides": [1, 1], "before": [top, left]}
