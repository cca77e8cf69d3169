"""The Keras layers that may cross the wall, and what each of them implies.

A class here is named as the Keras layer is, and its fields are that layer's own arguments, typed and bounded: decoding
one checks it. `derive` then computes, from the arguments and the input shapes alone, the output shape, the shapes of
the weights and the work for one sample. So a model's size is known, and compared with what came, before Keras is asked
for anything. Arguments that change nothing at inference (initialisers, regularisers, seeds) do not cross.

Shapes leave out the batch axis. Images are channels last.
"""

from __future__ import annotations

from math import prod
from typing import Annotated, ClassVar, Literal, NamedTuple

import msgspec

from autograder.errors import WireError
from autograder.sandbox import shapes
from autograder.sandbox.shapes import Shape, axis_position, need_image

__all__ = ["Derived", "LayerConfig", "Merge", "Shape"]

# fmt: off
ActivationName = Literal[
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid", "hard_sigmoid",
    "hard_silu", "log_sigmoid", "tanh", "hard_tanh", "softplus", "softsign", "softmax", "log_softmax", "exponential",
]
# fmt: on
Padding = Literal["valid", "same"]

Units = Annotated[int, msgspec.Meta(ge=1, le=1 << 16)]
Filters = Annotated[int, msgspec.Meta(ge=1, le=1 << 12)]
Window = Annotated[int, msgspec.Meta(ge=1, le=128)]
Pair = tuple[Window, Window]
Margin = Annotated[int, msgspec.Meta(ge=0, le=1024)]
Margins = tuple[tuple[Margin, Margin], tuple[Margin, Margin]]
Axis = Annotated[int, msgspec.Meta(ge=-8, le=8)]
Axes = Annotated[tuple[Axis, ...], msgspec.Meta(max_length=4)]
Size = Annotated[int, msgspec.Meta(ge=-1, le=1 << 26)]
Sizes = Annotated[tuple[Size, ...], msgspec.Meta(min_length=1, max_length=6)]
Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]
Number = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
Positive = Annotated[float, msgspec.Meta(ge=0, le=1e9)]


class Derived(NamedTuple):
    """What a layer does to one sample.

    Attributes:
        output: Shape of the output.
        weights: Shapes of the weights, in Keras's order.
        work: Multiply-accumulates, or elements touched where nothing is multiplied.
    """

    output: Shape
    weights: tuple[Shape, ...]
    work: int


class _Layer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Base of all, and itself the simplest: one input, an output of the same shape, no weights."""

    INITIALISERS: ClassVar[tuple[str, ...]] = ()
    """Keras's arguments for initial values; drawing them is wasted time when the real weights follow."""

    def derive(self, *inputs: Shape) -> Derived:
        """Output shape, weight shapes and work, for inputs of these shapes.

        Raises:
            WireError: The layer does not take such inputs.
        """
        if len(inputs) != 1:
            raise WireError(f"takes 1 input, got {len(inputs)}")
        return self._derive(*inputs)

    def _derive(self, x: Shape) -> Derived:
        return Derived(x, (), prod(x))


# ---------------------------------------------------------------- dense and convolutions


class _Learned(_Layer, frozen=True):
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


class BatchNormalization(_Layer, frozen=True):
    """`gamma`, `beta`, moving mean and moving variance along one axis."""

    axis: Axis
    epsilon: Rate
    center: bool
    scale: bool

    def _derive(self, x: Shape) -> Derived:
        along = (x[axis_position(self.axis, x)],)
        return Derived(x, (along,) * (self.scale + self.center + 2), prod(x))


class LayerNormalization(_Layer, frozen=True):
    """`gamma` and `beta` along one axis."""

    axis: tuple[Axis]
    epsilon: Rate
    center: bool
    scale: bool

    def _derive(self, x: Shape) -> Derived:
        along = (x[axis_position(self.axis[0], x)],)
        return Derived(x, (along,) * (self.scale + self.center), prod(x))


class Normalization(_Layer, frozen=True):
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


class Dropout(_Layer, frozen=True):
    rate: Rate


class SpatialDropout2D(_Layer, frozen=True):
    rate: Rate

    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        return super()._derive(x)


class GaussianNoise(_Layer, frozen=True):
    stddev: Positive


class GaussianDropout(_Layer, frozen=True):
    rate: Rate


# ---------------------------------------------------------------- activations


class Activation(_Layer, frozen=True):
    activation: ActivationName


class ReLU(_Layer, frozen=True):
    max_value: Positive | None
    negative_slope: Positive
    threshold: Positive


class LeakyReLU(_Layer, frozen=True):
    negative_slope: Positive


class ELU(_Layer, frozen=True):
    alpha: Number


class PReLU(_Layer, frozen=True):
    """A learned slope for every element that no axis shares."""

    INITIALISERS: ClassVar[tuple[str, ...]] = ("alpha_initializer",)
    shared_axes: Axes | None

    def _derive(self, x: Shape) -> Derived:
        if any(axis < 1 for axis in self.shared_axes or ()):
            raise WireError("shared_axes must be positive")  # Keras would share another axis than it says
        shared = {axis_position(axis, x) for axis in self.shared_axes or ()}
        alpha = tuple(1 if position in shared else size for position, size in enumerate(x))
        return Derived(x, (alpha,), prod(x))


class Softmax(_Layer, frozen=True):
    """Sums to one along `axis`."""

    axis: Axis

    def _derive(self, x: Shape) -> Derived:
        axis_position(self.axis, x)
        return super()._derive(x)


# ---------------------------------------------------------------- pooling and shape


class _Pooling2D(_Layer, frozen=True):
    """`(height, width, channels)` → `(new_height, new_width, channels)`."""

    pool_size: Pair
    strides: Pair
    padding: Padding

    def _derive(self, x: Shape) -> Derived:
        output = (*shapes.window_places(x, self.pool_size, self.strides, self.padding, (1, 1)), x[-1])
        return Derived(output, (), prod(output) * prod(self.pool_size))


class MaxPooling2D(_Pooling2D, frozen=True):
    pass


class AveragePooling2D(_Pooling2D, frozen=True):
    pass


class _GlobalPooling2D(_Layer, frozen=True):
    """`(height, width, channels)` → `(channels,)`."""

    keepdims: bool

    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        return Derived((1, 1, x[2]) if self.keepdims else (x[2],), (), prod(x))


class GlobalAveragePooling2D(_GlobalPooling2D, frozen=True):
    pass


class GlobalMaxPooling2D(_GlobalPooling2D, frozen=True):
    pass


class Flatten(_Layer, frozen=True):
    """`(height, width, channels)` → `(height * width * channels,)`."""

    def _derive(self, x: Shape) -> Derived:
        return Derived((prod(x),), (), prod(x))


class Reshape(_Layer, frozen=True):
    """The same elements in another shape; one size may be -1."""

    target_shape: Sizes

    def _derive(self, x: Shape) -> Derived:
        return Derived(shapes.reshaped(x, self.target_shape), (), prod(x))


class ZeroPadding2D(_Layer, frozen=True):
    """Zeros around an image: ((top, bottom), (left, right))."""

    padding: Margins

    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        output = (x[0] + sum(self.padding[0]), x[1] + sum(self.padding[1]), x[2])
        return Derived(output, (), prod(output))


class Cropping2D(_Layer, frozen=True):
    """An image without its margins: ((top, bottom), (left, right))."""

    cropping: Margins

    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        output = (x[0] - sum(self.cropping[0]), x[1] - sum(self.cropping[1]), x[2])
        if min(output) < 1:
            raise WireError(f"nothing is left of shape {x}")
        return Derived(output, (), prod(output))


class Identity(_Layer, frozen=True):
    pass


class Rescaling(_Layer, frozen=True):
    scale: Number
    offset: Number


# ---------------------------------------------------------------- augmentation: does nothing at inference


class RandomFlip(_Layer, frozen=True):
    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"]


class RandomRotation(_Layer, frozen=True):
    factor: tuple[Number, Number]


# ---------------------------------------------------------------- several inputs


class Merge(_Layer, frozen=True):
    """Base of the layers that take a list: elementwise, and sizes of 1 are stretched."""

    def derive(self, *inputs: Shape) -> Derived:
        """The same for several inputs."""
        output = shapes.broadcast(*inputs)
        return Derived(output, (), len(inputs) * prod(output))


class Add(Merge, frozen=True):
    pass


class Subtract(Merge, frozen=True):
    """First input minus the second."""

    def derive(self, *inputs: Shape) -> Derived:
        if len(inputs) != 2:
            raise WireError(f"takes 2 inputs, got {len(inputs)}")
        return super().derive(*inputs)


class Multiply(Merge, frozen=True):
    pass


class Average(Merge, frozen=True):
    pass


class Maximum(Merge, frozen=True):
    pass


class Minimum(Merge, frozen=True):
    pass


class Concatenate(Merge, frozen=True):
    """Inputs one behind the other along one axis; equal along the others."""

    axis: Axis

    def derive(self, *inputs: Shape) -> Derived:
        output = shapes.concatenated(self.axis, *inputs)
        return Derived(output, (), prod(output))


# fmt: off
LayerConfig = (
    Activation | Add | Average | AveragePooling2D | BatchNormalization | Concatenate | Conv1D | Conv2D
    | Conv2DTranspose | Cropping2D | Dense | DepthwiseConv2D | Dropout | ELU | Flatten | GaussianDropout
    | GaussianNoise | GlobalAveragePooling2D | GlobalMaxPooling2D | Identity | LayerNormalization | LeakyReLU
    | MaxPooling2D | Maximum | Minimum | Multiply | Normalization | PReLU | RandomFlip | RandomRotation
    | ReLU | Rescaling | Reshape | SeparableConv2D | Softmax | SpatialDropout2D
    | Subtract | ZeroPadding2D
)
# fmt: on


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
