"""What a layer on the wire is made of: the types and bounds of its arguments, and what each layer can derive from them.

Shapes leave out the batch axis. Images are channels last.
"""

from __future__ import annotations

from math import prod
from typing import Annotated, ClassVar, Literal, NamedTuple

import msgspec

from autograder.errors import WireError
from autograder.networks.catalogue.shapes import Shape

__all__ = ["ActivationName", "Derived", "Layer"]

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


class Layer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
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
