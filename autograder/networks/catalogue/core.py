"""Layers of all kinds of networks: dense ones, and those that change nothing. Both sides of the trust boundary."""

from __future__ import annotations

from math import prod
from typing import Annotated, Any, ClassVar

import msgspec

from autograder.networks.catalogue.activations import Activated
from autograder.networks.catalogue.base import Derived, Operation, Passing, Weights
from autograder.networks.catalogue.fields import ALL, UNIT, Field
from autograder.networks.catalogue.shapes import Shape

Units = Annotated[int, msgspec.Meta(ge=1, le=1 << 16)]


class Learned(Activated, frozen=True):
    """Base of what has a kernel, perhaps a bias, and an activation."""

    INITIALISERS: ClassVar[tuple[str, ...]] = ("kernel_initializer",)
    use_bias: bool

    def _derived(self, output: Shape, *kernels: Shape, work: int) -> Derived:
        return Derived(output, (*kernels, (output[-1],)) if self.use_bias else kernels, work)

    def operation(self, x: Shape, weights: Weights) -> Operation:
        named = dict(zip(("kernel", "bias"), weights, strict=False))
        return Operation(self.OPERATION, self.page_activation(), named)


class Dense(Learned, frozen=True):
    """`(..., features)` → `(..., units)`."""

    OPERATION: ClassVar[str] = "dense"
    units: Units

    def _derive(self, x: Shape) -> Derived:
        return self._derived((*x[:-1], self.units), (x[-1], self.units), work=prod(x) * self.units)

    @classmethod
    def field(cls, layer: Any, x: Shape, y: Shape) -> Field:
        return UNIT if len(x) == 3 else ALL


class Identity(Passing, frozen=True):
    """Nothing."""

    IS_NOTHING: ClassVar[bool] = True
