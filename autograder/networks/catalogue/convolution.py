"""Convolutions that the live page computes, and what all share. Both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from autograder.networks.catalogue.arguments import Filters, Padding, Pair
from autograder.networks.catalogue.base import Layer, Names
from autograder.networks.catalogue.core import Learned
from autograder.networks.catalogue.receptive_fields import ALL, ReceptiveField, Shape, window


class _Convolution2D(Learned, frozen=True):
    """`(height, width, channels)` → `(new_height, new_width, filters)`."""

    FAMILY: ClassVar[str] = "Conv"
    OPERATION_ARGUMENTS: ClassVar[Names] = {"strides": "strides", "padding": "padding", "dilation": "dilation_rate"}
    kernel_size: Pair
    strides: Pair
    padding: Padding
    dilation_rate: Pair

    @classmethod
    def receptive_field(cls, layer: Any, x: Shape, y: Shape) -> ReceptiveField:
        return window(x, layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding) if len(x) == 3 else ALL


class Conv2D(_Convolution2D, frozen=True):
    """The usual one."""

    OPERATION: ClassVar[str] = "conv2d"
    OPERATION_REQUIRES: ClassVar[Mapping[str, Any]] = {"groups": 1}
    filters: Filters
    groups: Filters


class DepthwiseConv2D(_Convolution2D, frozen=True):
    """Each channel on its own."""

    OPERATION: ClassVar[str] = "depthwise"
    depth_multiplier: Filters


class TransposedConvolution(Layer, frozen=True):
    """Base of those that make images larger."""

    @classmethod
    def arguments(cls, layer: Any) -> dict[str, Any]:
        # Up to 3.12, Keras's `get_config` leaves it out.
        return {"output_padding": layer.output_padding, **super().arguments(layer)}
