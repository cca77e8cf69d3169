"""Normalisation and scaling. Both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
import numpy as np

from autograder.errors import Unsupported
from autograder.networks.catalogue.arguments import Axes, Axis, Numbers, Rate
from autograder.networks.catalogue.base import Layer, Operation, Weights
from autograder.networks.catalogue.receptive_fields import UNIT, ReceptiveField, Shape


class _Normalization(Layer, frozen=True):
    FAMILY: ClassVar[str] = "Normalization"


class BatchNormalization(_Normalization, frozen=True):
    """`gamma`, `beta`, moving mean and moving variance along one axis."""

    NORMALISES_BATCHES: ClassVar[bool] = True
    OPERATION: ClassVar[str] = "affine"
    RECEPTIVE_FIELD: ClassVar[ReceptiveField] = UNIT
    axis: Axis
    epsilon: Rate
    center: bool
    scale: bool

    def operation(self, x: Shape, weights: Weights) -> Operation:
        if self.axis not in (-1, len(x)):
            raise Unsupported(f"normalises axis {self.axis}; the page shows the last one")
        _, (scale, offset, *_) = self.folded(weights)
        return Operation(self.OPERATION, {}, {"scale": scale, "offset": offset})

    def folded(self, weights: Weights) -> tuple[Layer, list[np.ndarray[Any, Any]]]:
        *learned, mean, variance = (each.astype("float64") for each in weights)
        scale = (learned[0] if self.scale else 1) / np.sqrt(variance + self.epsilon)
        offset = (learned[-1] if self.center else 0) - mean * scale
        arrays = [scale, offset, np.zeros_like(mean), np.ones_like(variance)]
        same = msgspec.structs.replace(self, epsilon=0.0, center=True, scale=True)
        return same, [each.astype("float32") for each in arrays]


class Normalization(_Normalization, frozen=True):
    """Adapted to data it has weights; given numbers it has none."""

    axis: Axes
    mean: Numbers | None
    variance: Numbers | None
    invert: bool

    def variables(self, layer: Any) -> list[Any]:
        return list(layer.weights[:2])  # without Keras's count of batches, an integer that nothing reads

    def load(self, layer: Any, weights: Weights) -> None:
        super().load(layer, weights)
        if weights:
            layer.finalize_state()


class Rescaling(Layer, frozen=True):
    """`x * scale + offset`."""

    OPERATION: ClassVar[str] = "rescale"
    RECEPTIVE_FIELD: ClassVar[ReceptiveField] = UNIT
    OPERATION_ARGUMENTS: ClassVar[Mapping[str, str]] = {"scale": "scale", "offset": "offset"}
    scale: Numbers
    offset: Numbers

    @classmethod
    def arguments(cls, layer: Any) -> dict[str, Any]:
        numbers = {name: np.asarray(getattr(layer, name), dtype="float64") for name in ("scale", "offset")}
        return super().arguments(layer) | {
            name: value.item() if value.size == 1 else value.tolist() for name, value in numbers.items()
        }

    def operation(self, x: Shape, weights: Weights) -> Operation:
        if isinstance(self.scale, tuple) or isinstance(self.offset, tuple):
            raise Unsupported("rescales each channel by itself; give one scale for all")
        return super().operation(x, weights)
