"""What only steers the training, and does nothing at inference. Both sides."""

from __future__ import annotations

from typing import ClassVar, Literal

from autograder.networks.catalogue.base import Derived, IdentityAtInference, Layer, Number, Rate
from autograder.networks.catalogue.shapes import Shape, need_image


class Identity(IdentityAtInference, frozen=True):
    """Nothing."""

    IS_IDENTITY: ClassVar[bool] = True


class _Dropout(IdentityAtInference, frozen=True):
    FAMILY: ClassVar[str] = "Dropout and noise"
    rate: Rate


class Dropout(_Dropout, frozen=True):
    pass


class AlphaDropout(_Dropout, frozen=True):
    pass


class GaussianDropout(_Dropout, frozen=True):
    pass


class SpatialDropout2D(_Dropout, frozen=True):
    def _derive(self, x: Shape) -> Derived:
        need_image(x)
        return super()._derive(x)


class GaussianNoise(IdentityAtInference, frozen=True):
    FAMILY: ClassVar[str] = "Dropout and noise"
    stddev: Rate


class ActivityRegularization(IdentityAtInference, frozen=True):
    """A penalty on what passes."""

    IGNORED: ClassVar[tuple[str, ...]] = ("l1", "l2")


class RandomFlip(Layer, frozen=True):
    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"]


class RandomRotation(Layer, frozen=True):
    IGNORED: ClassVar[tuple[str, ...]] = ("fill_mode", "fill_value", "interpolation")
    factor: tuple[Number, Number]
