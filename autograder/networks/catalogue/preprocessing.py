"""Scaling, and augmentation, which does nothing at inference. Both sides of the trust boundary."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from autograder.errors import Unsupported
from autograder.networks.catalogue.base import Layer, Number, Operation, Weights
from autograder.networks.catalogue.fields import UNIT, Field
from autograder.networks.catalogue.shapes import Shape


class Rescaling(Layer, frozen=True):
    """`x * scale + offset`."""

    OPERATION: ClassVar[str] = "rescale"
    FIELD: ClassVar[Field] = UNIT
    scale: Number
    offset: Number

    @classmethod
    def arguments(cls, layer: Any) -> dict[str, Any]:
        numbers = {name: np.asarray(getattr(layer, name), dtype="float64") for name in ("scale", "offset")}
        if any(value.size != 1 for value in numbers.values()):
            raise Unsupported("rescales each channel by itself; give one scale for all")
        return super().arguments(layer) | {name: value.item() for name, value in numbers.items()}

    def operation(self, x: Shape, weights: Weights) -> Operation:
        return Operation(self.OPERATION, {"scale": self.scale, "offset": self.offset})


class RandomFlip(Layer, frozen=True):
    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"]


class RandomRotation(Layer, frozen=True):
    IGNORED: ClassVar[tuple[str, ...]] = ("fill_mode", "fill_value", "interpolation")
    factor: tuple[Number, Number]
