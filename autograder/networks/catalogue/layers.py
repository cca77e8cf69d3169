"""The Keras layers that may cross the wall, and what each of them implies.

A class here is named as the Keras layer is, and its fields are that layer's own arguments, typed and bounded: decoding
one checks it. `derive` then computes, from the arguments and the input shapes alone, the output shape, the shapes of
the weights and the work for one sample. So a model's size is known, and compared with what came, before Keras is asked
for anything. Arguments that change nothing at inference (initialisers, regularisers, seeds) do not cross.

Shapes leave out the batch axis. Images are channels last.
"""

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
    Layer,
    Margins,
    Number,
    Padding,
    Pair,
    Positive,
    Rate,
    Sizes,
)
from autograder.networks.catalogue.shapes import Shape, axis_position, need_image
from autograder.networks.catalogue.weighted import (
    BatchNormalization,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    LayerNormalization,
    Normalization,
    SeparableConv2D,
)

__all__ = ["LayerConfig", "Merge"]


# ---------------------------------------------------------------- regularisation


class Dropout(Layer, frozen=True):
    rate: Rate


class SpatialDropout2D(Layer, frozen=True):
    rate: Rate

    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        return super()._derive(x)


class GaussianNoise(Layer, frozen=True):
    stddev: Positive


class GaussianDropout(Layer, frozen=True):
    rate: Rate


# ---------------------------------------------------------------- activations


class Activation(Layer, frozen=True):
    activation: ActivationName


class ReLU(Layer, frozen=True):
    max_value: Positive | None
    negative_slope: Positive
    threshold: Positive


class LeakyReLU(Layer, frozen=True):
    negative_slope: Positive


class ELU(Layer, frozen=True):
    alpha: Number


class PReLU(Layer, frozen=True):
    """A learned slope for every element that no axis shares."""

    INITIALISERS: ClassVar[tuple[str, ...]] = ("alpha_initializer",)
    shared_axes: Axes | None

    def _derive(self, x: Shape) -> Derived:
        if any(axis < 1 for axis in self.shared_axes or ()):
            raise WireError("shared_axes must be positive")  # Keras would share another axis than it says
        shared = {axis_position(axis, x) for axis in self.shared_axes or ()}
        alpha = tuple(1 if position in shared else size for position, size in enumerate(x))
        return Derived(x, (alpha,), prod(x))


class Softmax(Layer, frozen=True):
    """Sums to one along `axis`."""

    axis: Axis

    def _derive(self, x: Shape) -> Derived:
        axis_position(self.axis, x)
        return super()._derive(x)


# ---------------------------------------------------------------- pooling and shape


class _Pooling2D(Layer, frozen=True):
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


class _GlobalPooling2D(Layer, frozen=True):
    """`(height, width, channels)` → `(channels,)`."""

    keepdims: bool

    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        return Derived((1, 1, x[2]) if self.keepdims else (x[2],), (), prod(x))


class GlobalAveragePooling2D(_GlobalPooling2D, frozen=True):
    pass


class GlobalMaxPooling2D(_GlobalPooling2D, frozen=True):
    pass


class Flatten(Layer, frozen=True):
    """`(height, width, channels)` → `(height * width * channels,)`."""

    def _derive(self, x: Shape) -> Derived:
        return Derived((prod(x),), (), prod(x))


class Reshape(Layer, frozen=True):
    """The same elements in another shape; one size may be -1."""

    target_shape: Sizes

    def _derive(self, x: Shape) -> Derived:
        return Derived(shapes.reshaped(x, self.target_shape), (), prod(x))


class ZeroPadding2D(Layer, frozen=True):
    """Zeros around an image: ((top, bottom), (left, right))."""

    padding: Margins

    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        output = (x[0] + sum(self.padding[0]), x[1] + sum(self.padding[1]), x[2])
        return Derived(output, (), prod(output))


class Cropping2D(Layer, frozen=True):
    """An image without its margins: ((top, bottom), (left, right))."""

    cropping: Margins

    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        output = (x[0] - sum(self.cropping[0]), x[1] - sum(self.cropping[1]), x[2])
        if min(output) < 1:
            raise WireError(f"nothing is left of shape {x}")
        return Derived(output, (), prod(output))


class Identity(Layer, frozen=True):
    pass


class Rescaling(Layer, frozen=True):
    scale: Number
    offset: Number


# ---------------------------------------------------------------- augmentation: does nothing at inference


class RandomFlip(Layer, frozen=True):
    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"]


class RandomRotation(Layer, frozen=True):
    factor: tuple[Number, Number]


# ---------------------------------------------------------------- several inputs


class Merge(Layer, frozen=True):
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
