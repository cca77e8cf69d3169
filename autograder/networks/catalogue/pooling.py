"""Pooling. Both sides."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, ClassVar

from autograder.errors import WireError
from autograder.networks.catalogue import shapes
from autograder.networks.catalogue.base import Derived, Layer, Names, Padding, Pair, nanoseconds
from autograder.networks.catalogue.receptive_fields import ALL, ReceptiveField, window
from autograder.networks.catalogue.shapes import Shape, need_image


class _Pooling2D(Layer, frozen=True):
    """`(height, width, channels)` → `(new_height, new_width, channels)`."""

    FAMILY: ClassVar[str] = "Pooling"
    OPERATION_ARGUMENTS: ClassVar[Names] = {"size": "pool_size", "strides": "strides", "padding": "padding"}
    SPATIAL_AXES: ClassVar[int] = 2
    pool_size: Pair
    strides: Pair
    padding: Padding

    def _derive(self, x: Shape) -> Derived:
        output = (*shapes.window_places(x, self.pool_size, self.strides, self.padding, (1, 1)), x[-1])
        compared = prod(output) * prod(self.pool_size)
        return Derived(output, (), nanoseconds(elements=prod(x) + prod(output), multiplications=compared))

    @classmethod
    def receptive_field(cls, layer: Any, x: Shape, y: Shape) -> ReceptiveField:
        return window(x, layer.pool_size, layer.strides, (1, 1), layer.padding) if len(x) == 3 else ALL


class MaxPooling2D(_Pooling2D, frozen=True):
    OPERATION: ClassVar[str] = "max_pool"


class AveragePooling2D(_Pooling2D, frozen=True):
    OPERATION: ClassVar[str] = "average_pool"


class _GlobalPooling(Layer, frozen=True):
    """`(…, channels)` → `(channels,)`."""

    FAMILY: ClassVar[str] = "Global pooling and flattening"
    OPERATION_REQUIRES: ClassVar[Mapping[str, Any]] = {"keepdims": False}
    keepdims: bool

    def _derive(self, x: Shape) -> Derived:
        output = (*(1 for _ in x[:-1]), x[-1]) if self.keepdims else x[-1:]
        return Derived(output, (), nanoseconds(elements=prod(x)))


class _GlobalPooling2D(_GlobalPooling, frozen=True):
    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        return super()._derive(x)


class GlobalAveragePooling2D(_GlobalPooling2D, frozen=True):
    OPERATION: ClassVar[str] = "global_average"


class GlobalMaxPooling2D(_GlobalPooling2D, frozen=True):
    OPERATION: ClassVar[str] = "global_max"


class GlobalMaxPooling1D(_GlobalPooling, frozen=True):
    """`(steps, channels)` → `(channels,)`."""

    def _derive(self, x: Shape) -> Derived:
        if len(x) != 2:
            raise WireError(f"takes sequences (steps, channels), got shape {x}")
        return super()._derive(x)
