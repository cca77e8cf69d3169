"""Pooling that the live page computes. Both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from autograder.networks.catalogue.arguments import Padding, Pair
from autograder.networks.catalogue.base import Layer, Names
from autograder.networks.catalogue.receptive_fields import ALL, ReceptiveField, Shape, window


class _Pooling2D(Layer, frozen=True):
    """`(height, width, channels)` → `(new_height, new_width, channels)`."""

    FAMILY: ClassVar[str] = "Pooling"
    OPERATION_ARGUMENTS: ClassVar[Names] = {"size": "pool_size", "strides": "strides", "padding": "padding"}
    pool_size: Pair
    strides: Pair
    padding: Padding

    @classmethod
    def receptive_field(cls, layer: Any, x: Shape, y: Shape) -> ReceptiveField:
        return window(x, layer.pool_size, layer.strides, (1, 1), layer.padding) if len(x) == 3 else ALL


class MaxPooling2D(_Pooling2D, frozen=True):
    OPERATION: ClassVar[str] = "max_pool"


class AveragePooling2D(_Pooling2D, frozen=True):
    OPERATION: ClassVar[str] = "average_pool"


class _GlobalPooling2D(Layer, frozen=True):
    """`(height, width, channels)` → `(channels,)`."""

    FAMILY: ClassVar[str] = "Global pooling and flattening"
    OPERATION_REQUIRES: ClassVar[Mapping[str, Any]] = {"keepdims": False}
    keepdims: bool


class GlobalAveragePooling2D(_GlobalPooling2D, frozen=True):
    OPERATION: ClassVar[str] = "global_average"


class GlobalMaxPooling2D(_GlobalPooling2D, frozen=True):
    OPERATION: ClassVar[str] = "global_max"
