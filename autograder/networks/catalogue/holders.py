"""Layers that hold other layers, or a network. Both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from autograder.networks.catalogue.base import Layer, Names


class Holder(Layer, frozen=True):
    """Base of what holds a layer, by the name that it has in Keras."""

    @classmethod
    def arguments(cls, layer: Any) -> dict[str, Any]:
        return {name: getattr(layer, name) for name in cls.__struct_fields__}


class OneLayer(Holder, frozen=True):
    """Base of what applies one layer."""

    INNER: ClassVar[Names] = {"layer": "layer"}


class OneCell(Holder, frozen=True):
    """Base of what applies a cell step by step."""

    INNER: ClassVar[Names] = {"cell": "cell"}


class Cells(Holder, frozen=True):
    """Base of cells one behind the other."""

    INNER: ClassVar[Names] = {"cells": "cells"}

    def build(self, name: str, inner: Sequence[Any] = ()) -> Any:
        return super().build(name, [list(inner)])


class TwoWay(Holder, frozen=True):
    """Base of what goes through a sequence in both directions."""

    INNER: ClassVar[Names] = {"layer": "forward_layer", "backward_layer": "backward_layer"}
