"""The layers that a network may be made of: one class owns all that is known of a layer. Both sides.

To add a layer, write its class in the module of its family; it is found there. A class that others derive from is no
layer, but what they share.
"""

from __future__ import annotations

import re
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

__all__ = ["LAYERS", "LayerConfig", "family", "layer_class", "spatial_axes"]


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


def layer_class(kind: str) -> type[Layer]:
    """The class of a layer; of one that is not in the catalogue, the base, whose defaults fit most layers."""
    return LAYERS.get(kind, Layer)


def family(kind: str) -> str:
    """The family of a layer; of one that is not in the catalogue, what its name suggests; empty for none."""
    return LAYERS[kind].FAMILY if kind in LAYERS else _family_by_name(kind)


def spatial_axes(kind: str) -> int:
    """Along how many axes a layer's windows lie; of one that is not in the catalogue, what its name suggests."""
    named = None if kind in LAYERS else re.search("[123](?=D)", kind)
    return int(named[0]) if named else layer_class(kind).SPATIAL_AXES


def _family_by_name(kind: str) -> str:
    words = {each.FAMILY.split()[0]: each.FAMILY for each in LAYERS.values() if each.FAMILY}
    return words.get(min((word for word in words if word in kind), key=kind.index, default=""), "")
