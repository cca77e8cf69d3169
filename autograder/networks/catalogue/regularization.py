"""What only steers the training, and does nothing at inference. Both sides."""

from __future__ import annotations

from typing import Any, ClassVar

from autograder.networks.catalogue.base import IdentityAtInference, Layer


class Identity(IdentityAtInference, frozen=True):
    """Nothing."""

    IS_IDENTITY: ClassVar[bool] = True


class Noise(IdentityAtInference, frozen=True):
    """Base of what makes training harder."""

    FAMILY: ClassVar[str] = "Dropout and noise"


class Sheared(Layer, frozen=True):
    """Base of what shears images in training."""

    @classmethod
    def arguments(cls, layer: Any) -> dict[str, Any]:
        # Of a single number Keras makes a range around 0, which it does not take for an argument.
        factors = {key: getattr(layer, key) for key in ("x_factor", "y_factor")}
        return super().arguments(layer) | {key: abs(factor[1]) for key, factor in factors.items()}
