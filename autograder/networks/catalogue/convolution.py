"""Convolutions. Both sides."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from autograder.errors import WireError
from autograder.networks.catalogue import shapes
from autograder.networks.catalogue.base import Derived, Names, Padding, Pair, Window, nanoseconds
from autograder.networks.catalogue.core import Learned
from autograder.networks.catalogue.receptive_fields import ALL, ReceptiveField, window
from autograder.networks.catalogue.shapes import Shape, need_image

Filters = Annotated[int, msgspec.Meta(ge=1, le=1 << 12)]

# In nanoseconds, as `tests/bench/work.py` measures them.
PATCH = 2.0  # to copy a number of a window, so that windows become rows of a matrix
PATCH_IN_GROUPS = 20.0  # TensorFlow computes groups one by one, by code that is not vectorised
PLACE_IN_GROUPS = 100.0  # for each place of each group
GROUP = 150_000.0


class _Convolution(Learned, frozen=True):
    FAMILY: ClassVar[str] = "Conv"


class _Convolution2D(_Convolution, frozen=True):
    """`(height, width, channels)` → `(new_height, new_width, filters)`."""

    SPATIAL_AXES: ClassVar[int] = 2
    kernel_size: Pair
    strides: Pair
    padding: Padding


class _DilatedConvolution2D(_Convolution2D, frozen=True):
    OPERATION_ARGUMENTS: ClassVar[Names] = {"strides": "strides", "padding": "padding", "dilation": "dilation_rate"}
    dilation_rate: Pair

    @classmethod
    def receptive_field(cls, layer: Any, x: Shape, y: Shape) -> ReceptiveField:
        return window(x, layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding) if len(x) == 3 else ALL

    def _depthwise(self, x: Shape, multiplier: int) -> tuple[int, int, Shape]:
        """Height, width and kernel shape where each channel is by itself."""
        if self.strides[0] != self.strides[1]:
            raise WireError("strides must be equal along both axes")  # TensorFlow says so, too, but when it computes
        height, width = shapes.window_places(x, self.kernel_size, self.strides, self.padding, self.dilation_rate)
        return height, width, (*self.kernel_size, x[2], multiplier)


def _convolve(self: Conv1D | Conv2D, x: Shape) -> Derived:
    places = shapes.window_places(x, self.kernel_size, self.strides, self.padding, self.dilation_rate)
    if x[-1] % self.groups or self.filters % self.groups:
        raise WireError(f"{self.groups} groups do not divide {x[-1]} channels and {self.filters} filters")
    kernel = (*self.kernel_size, x[-1] // self.groups, self.filters)
    patches = prod(places) * prod(self.kernel_size) * x[-1]
    work = nanoseconds(elements=prod(x), multiplications=prod(places) * prod(kernel))
    if self.groups == 1:
        work += int(PATCH * patches)
    else:
        work += int(PATCH_IN_GROUPS * patches + self.groups * (GROUP + PLACE_IN_GROUPS * prod(places)))
    return self._derived((*places, self.filters), kernel, work=work)


class Conv1D(_Convolution, frozen=True):
    """`(steps, channels)` → `(new_steps, filters)`."""

    filters: Filters
    kernel_size: tuple[Window]
    strides: tuple[Window]
    padding: Literal["valid", "same", "causal"]
    dilation_rate: tuple[Window]
    groups: Filters

    _derive = _convolve


class Conv2D(_DilatedConvolution2D, frozen=True):
    """The usual one."""

    OPERATION: ClassVar[str] = "conv2d"
    OPERATION_REQUIRES: ClassVar[Mapping[str, Any]] = {"groups": 1}
    filters: Filters
    groups: Filters

    _derive = _convolve


class Conv2DTranspose(_Convolution2D, frozen=True):
    """Upsamples by `strides`."""

    filters: Filters

    @classmethod
    def arguments(cls, layer: Any) -> dict[str, Any]:
        # Up to 3.12, Keras's `get_config` leaves it out.
        return {"output_padding": layer.output_padding, **super().arguments(layer)}

    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        reach = self.kernel_size if self.padding == "valid" else (0, 0)
        height, width = (n * s + max(k - s, 0) for n, s, k in zip(x[:2], self.strides, reach, strict=True))
        kernel = (*self.kernel_size, self.filters, x[2])
        output = (height, width, self.filters)
        # Also what is zero between the input's numbers is computed.
        work = nanoseconds(elements=prod(x) + 2 * prod(output), multiplications=x[0] * x[1] * prod(kernel))
        return self._derived(output, kernel, work=work)


class DepthwiseConv2D(_DilatedConvolution2D, frozen=True):
    """Each channel on its own."""

    OPERATION: ClassVar[str] = "depthwise"
    depth_multiplier: Window

    def _derive(self, x: Shape) -> Derived:
        height, width, kernel = self._depthwise(x, self.depth_multiplier)
        output = (height, width, x[2] * self.depth_multiplier)
        work = nanoseconds(elements=prod(x), multiplications=height * width * prod(kernel))
        return self._derived(output, kernel, work=work)


class SeparableConv2D(_DilatedConvolution2D, frozen=True):
    """Each channel on its own, then all channels pixel by pixel."""

    filters: Filters
    depth_multiplier: Window

    def _derive(self, x: Shape) -> Derived:
        height, width, depthwise = self._depthwise(x, self.depth_multiplier)
        pointwise = (1, 1, x[2] * self.depth_multiplier, self.filters)
        between = height * width * x[2] * self.depth_multiplier
        multiplications = height * width * (prod(depthwise) + prod(pointwise))
        work = nanoseconds(elements=prod(x) + between, multiplications=multiplications)
        return self._derived((height, width, self.filters), depthwise, pointwise, work=work)
