"""The layers that a network may be made of: one class owns all that the package knows of a layer. Used on both sides.

To add a layer, write its class in the module of its family; it is found there. A class that others derive from is no
layer, but what they share.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from autograder.networks.catalogue import (  # noqa: F401 - every family, so that its layers are there
    convolution,
    core,
    merging,
    normalization,
    pooling,
    regularization,
    reshaping,
)
from autograder.networks.catalogue.base import Layer

__all__ = ["LAYERS", "LayerConfig", "family", "knowledge"]


def _layers(shared: type[Layer]) -> Iterator[type[Layer]]:
    for kind in shared.__subclasses__():
        yield from _layers(kind) if kind.__subclasses__() else [kind]


LAYERS = {kind.__name__: kind for kind in _layers(Layer)}
"""Keras's name of a layer → its class."""

if TYPE_CHECKING:
    LayerConfig = Layer
else:
    LayerConfig = reduce(or_, LAYERS.values())
"""What may stand on the wire: exactly one of the classes, distinguished by its name."""


def knowledge(kind: str) -> type[Layer]:
    """The class of a layer; of one that is not in the catalogue, the base, whose defaults fit most layers."""
    return LAYERS.get(kind, Layer)


def family(kind: str) -> str:
    """The family of a layer; of one that is not in the catalogue, the first whose word is in its name, or none."""
    if kind in LAYERS:
        return LAYERS[kind].FAMILY
    words = {each.FAMILY for each in LAYERS.values() if each.FAMILY and each.FAMILY in kind}
    return min(words, key=kind.index, default="")
