"""Layers of several inputs, which also stand for the operation between tensors that does the same. Both sides."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from autograder.errors import WireError
from autograder.networks.catalogue import shapes
from autograder.networks.catalogue.base import Axis, Derived, Layer, nanoseconds
from autograder.networks.catalogue.shapes import Shape


class _Merging(Layer, frozen=True):
    """Elementwise, and sizes of 1 are stretched."""

    TAKES_LIST: ClassVar[bool] = True

    def derive(self, *inputs: Shape) -> Derived:
        """The same for several inputs."""
        output = shapes.broadcast(*inputs)
        return Derived(output, (), nanoseconds(elements=len(inputs) * prod(output)))

    @classmethod
    def from_function(cls, operation: Any) -> Layer | None:
        # `x + y` is an operation of Keras's of the same name.
        same = type(operation).__name__ == cls.__name__
        return cls(**{key: getattr(operation, key) for key in cls.__struct_fields__}) if same else None


class Add(_Merging, frozen=True):
    pass


class Subtract(_Merging, frozen=True):
    """First input minus the second."""

    def derive(self, *inputs: Shape) -> Derived:
        if len(inputs) != 2:
            raise WireError(f"takes 2 inputs, got {len(inputs)}")
        return super().derive(*inputs)


class Multiply(_Merging, frozen=True):
    pass


class Average(_Merging, frozen=True):
    @classmethod
    def from_function(cls, operation: Any) -> Layer | None:
        return None  # in Keras a mean that may be weighted, along an axis of one tensor


class Maximum(_Merging, frozen=True):
    pass


class Minimum(_Merging, frozen=True):
    pass


class Concatenate(_Merging, frozen=True):
    """Inputs one behind the other along one axis; equal along the others."""

    axis: Axis

    def derive(self, *inputs: Shape) -> Derived:
        output = shapes.concatenated(self.axis, *inputs)
        return Derived(output, (), nanoseconds(elements=prod(output)))
