"""The layers on the wire that learn: dense, convolutions, normalisation. See `layers`."""

from __future__ import annotations

from math import prod
from typing import ClassVar, Literal

from autograder.errors import WireError
from autograder.networks.catalogue import shapes
from autograder.networks.catalogue.arguments import (
    ActivationName,
    Axes,
    Axis,
    Derived,
    Filters,
    Layer,
    Number,
    Padding,
    Pair,
    Positive,
    Rate,
    Units,
    Window,
)
from autograder.networks.catalogue.shapes import Shape, axis_position, need_image

# ---------------------------------------------------------------- dense and convolutions


class _Learned(Layer, frozen=True):
    """A kernel, perhaps a bias, and an activation."""

    INITIALISERS: ClassVar[tuple[str, ...]] = ("kernel_initializer",)
    activation: ActivationName
    use_bias: bool

    def _derived(self, output: Shape, *kernels: Shape, work: int) -> Derived:
        return Derived(output, (*kernels, (output[-1],)) if self.use_bias else kernels, work)


class _Convolution2D(_Learned, frozen=True):
    """`(height, width, channels)` → `(new_height, new_width, filters)`."""

    kernel_size: Pair
    strides: Pair
    padding: Padding


class Dense(_Learned, frozen=True):
    """`(..., features)` → `(..., units)`."""

    units: Units

    def _derive(self, x: Shape) -> Derived:
        return self._derived((*x[:-1], self.units), (x[-1], self.units), work=prod(x) * self.units)


class Conv1D(_Learned, frozen=True):
    """`(steps, channels)` → `(new_steps, filters)`."""

    filters: Filters
    kernel_size: tuple[Window]
    strides: tuple[Window]
    padding: Literal["valid", "same", "causal"]
    dilation_rate: tuple[Window]
    groups: Filters

    def _derive(self, x: Shape) -> Derived:
        output, kernel = _convolve(self, x)
        return self._derived(output, kernel, work=output[0] * prod(kernel))


class Conv2D(_Convolution2D, frozen=True):
    """The usual one."""

    filters: Filters
    dilation_rate: Pair
    groups: Filters

    def _derive(self, x: Shape) -> Derived:
        output, kernel = _convolve(self, x)
        return self._derived(output, kernel, work=output[0] * output[1] * prod(kernel))


class Conv2DTranspose(_Convolution2D, frozen=True):
    """Upsamples by `strides`."""

    filters: Filters

    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        reach = self.kernel_size if self.padding == "valid" else (0, 0)
        height, width = (n * s + max(k - s, 0) for n, s, k in zip(x[:2], self.strides, reach, strict=True))
        kernel = (*self.kernel_size, self.filters, x[2])
        return self._derived((height, width, self.filters), kernel, work=x[0] * x[1] * prod(kernel))


class DepthwiseConv2D(_Convolution2D, frozen=True):
    """Each channel on its own."""

    INITIALISERS: ClassVar[tuple[str, ...]] = ("depthwise_initializer",)
    depth_multiplier: Window
    dilation_rate: Pair

    def _derive(self, x: Shape) -> Derived:
        height, width, kernel = _convolve_depthwise(self, x)
        output = (height, width, x[2] * self.depth_multiplier)
        return self._derived(output, kernel, work=height * width * prod(kernel))


class SeparableConv2D(_Convolution2D, frozen=True):
    """Each channel on its own, then all channels pixel by pixel."""

    INITIALISERS: ClassVar[tuple[str, ...]] = ("depthwise_initializer", "pointwise_initializer")
    filters: Filters
    depth_multiplier: Window
    dilation_rate: Pair

    def _derive(self, x: Shape) -> Derived:
        height, width, depthwise = _convolve_depthwise(self, x)
        pointwise = (1, 1, x[2] * self.depth_multiplier, self.filters)
        work = height * width * (prod(depthwise) + prod(pointwise))
        return self._derived((height, width, self.filters), depthwise, pointwise, work=work)


# ---------------------------------------------------------------- normalisation and regularisation


class BatchNormalization(Layer, frozen=True):
    """`gamma`, `beta`, moving mean and moving variance along one axis."""

    axis: Axis
    epsilon: Rate
    center: bool
    scale: bool

    def _derive(self, x: Shape) -> Derived:
        along = (x[axis_position(self.axis, x)],)
        return Derived(x, (along,) * (self.scale + self.center + 2), prod(x))


class LayerNormalization(Layer, frozen=True):
    """`gamma` and `beta` along one axis."""

    axis: tuple[Axis]
    epsilon: Rate
    center: bool
    scale: bool

    def _derive(self, x: Shape) -> Derived:
        along = (x[axis_position(self.axis[0], x)],)
        return Derived(x, (along,) * (self.scale + self.center), prod(x))


class Normalization(Layer, frozen=True):
    """Adapted to data it has weights (and a third in Keras, a count that nothing reads); given numbers it has none."""

    axis: Axes
    mean: Number | None
    variance: Positive | None
    invert: bool

    def _derive(self, x: Shape) -> Derived:
        kept = sorted({axis_position(axis, x) for axis in self.axis})
        if len(kept) != len(self.axis) or (self.mean is None) != (self.variance is None):
            raise WireError("axes must differ, and mean and variance come together")
        along = tuple(x[position] for position in kept)
        return Derived(x, (along, along) if self.mean is None else (), prod(x))


def _convolve(layer: Conv1D | Conv2D, x: Shape) -> tuple[Shape, Shape]:
    """Output shape and kernel shape."""
    places = shapes.window_places(x, layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate)
    if x[-1] % layer.groups or layer.filters % layer.groups:
        raise WireError(f"{layer.groups} groups do not divide {x[-1]} channels and {layer.filters} filters")
    return (*places, layer.filters), (*layer.kernel_size, x[-1] // layer.groups, layer.filters)


def _convolve_depthwise(layer: DepthwiseConv2D | SeparableConv2D, x: Shape) -> tuple[int, int, Shape]:
    """Height, width and kernel shape."""
    if layer.strides[0] != layer.strides[1]:
        raise WireError("strides must be equal along both axes")  # TensorFlow says so too, but only when it computes
    height, width = shapes.window_places(x, layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate)
    return height, width, (*layer.kernel_size, x[2], layer.depth_multiplier)
