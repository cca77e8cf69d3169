"""The layers that a network may be made of, with all that is known of each. Both sides.

To add a layer of which nothing but its arguments is known, write a line in `table`. One with something of its own is a
class in the module of its family; it is found there. A class that others derive from is no layer, but what they share.
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
    normalization,
    pooling,
    regularization,
    reshaping,
)
from autograder.networks.catalogue.base import Layer
from autograder.networks.catalogue.operations import TensorOperation
from autograder.networks.catalogue.table import table_layers

__all__ = ["LAYERS", "LayerConfig", "family", "layer_class", "spatial_axes"]


def _classes(shared: type[Layer]) -> Iterator[type[Layer]]:
    for kind in shared.__subclasses__():
        yield from _classes(kind) if kind.__subclasses__() else [kind]


LAYERS = {kind.__name__: kind for kind in (*table_layers(), *_classes(Layer)) if kind is not TensorOperation}
"""Keras's name of a layer → its class."""

if TYPE_CHECKING:
    LayerConfig = Layer
else:
    LayerConfig = reduce(or_, LAYERS.values()) | TensorOperation
"""What may stand on the wire: exactly one of the classes, distinguished by its name."""


def layer_class(kind: str) -> type[Layer]:
    """The class of a layer; of one that is not in the catalogue, the base, whose defaults fit most layers."""
    return LAYERS.get(kind, Layer)


def family(kind: str) -> str:
    """The family of a layer: its class's, or what its name suggests; empty for none."""
    words = {each.FAMILY.split()[0]: each.FAMILY for each in LAYERS.values() if each.FAMILY}
    named = min((word for word in words if word in kind), key=kind.index, default="")
    return layer_class(kind).FAMILY or words.get(named, "")


def spatial_axes(kind: str) -> int:
    """Along how many axes a layer's windows lie, as its name says."""
    named = re.search("[123](?=D)", kind)
    return int(named[0]) if named else 1
