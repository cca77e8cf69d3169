"""Layers that change an image's size or shape, but compute little. Both sides."""

from __future__ import annotations

from math import prod
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from autograder.errors import WireError
from autograder.networks.catalogue import shapes
from autograder.networks.catalogue.base import Derived, Layer, Margins, Names, Pair, nanoseconds
from autograder.networks.catalogue.receptive_fields import ReceptiveField
from autograder.networks.catalogue.shapes import Shape, need_image

Size = Annotated[int, msgspec.Meta(ge=-1, le=1 << 26)]
Sizes = Annotated[tuple[Size, ...], msgspec.Meta(min_length=1, max_length=6)]


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

    def _derive(self, x: Shape) -> Derived:
        return Derived((prod(x),), (), nanoseconds(elements=prod(x)))


class Reshape(_Reshaped, frozen=True):
    """One size may be -1."""

    target_shape: Sizes

    def _derive(self, x: Shape) -> Derived:
        return Derived(shapes.reshaped(x, self.target_shape), (), nanoseconds(elements=prod(x)))


class ZeroPadding2D(Layer, frozen=True):
    """Zeros around an image: ((top, bottom), (left, right))."""

    OPERATION: ClassVar[str] = "pad"
    OPERATION_ARGUMENTS: ClassVar[Names] = {"margins": "padding"}
    padding: Margins

    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        output = (x[0] + sum(self.padding[0]), x[1] + sum(self.padding[1]), x[2])
        return Derived(output, (), nanoseconds(elements=prod(output)))

    @classmethod
    def receptive_field(cls, layer: Any, x: Shape, y: Shape) -> ReceptiveField:
        (top, _), (left, _) = layer.padding
        return {"see": "window", "size": [1, 1], "strides": [1, 1], "before": [top, left]}


class Cropping2D(Layer, frozen=True):
    """An image without its margins: ((top, bottom), (left, right))."""

    cropping: Margins

    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        output = (x[0] - sum(self.cropping[0]), x[1] - sum(self.cropping[1]), x[2])
        if min(output) < 1:
            raise WireError(f"nothing is left of shape {x}")
        return Derived(output, (), nanoseconds(elements=prod(output)))


class UpSampling2D(Layer, frozen=True):
    """`(height, width, channels)` → `(height * size[0], width * size[1], channels)`."""

    LEADING: ClassVar[tuple[str, ...]] = ("size",)
    SHAPING: ClassVar[frozenset[str]] = frozenset({"size"})
    SPATIAL_AXES: ClassVar[int] = 2
    size: Pair
    interpolation: Literal["nearest", "bilinear"]

    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        output = (x[0] * self.size[0], x[1] * self.size[1], x[2])
        return Derived(output, (), nanoseconds(elements=prod(output)))
