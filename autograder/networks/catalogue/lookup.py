"""Layers that find a number for text or numbers, with what they learned from data. Both sides."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autograder.networks.catalogue.base import Layer


class Integers(Layer, frozen=True):
    """Base of what may give integers, as its `output_mode` says."""

    DTYPES: ClassVar[tuple[str, ...]] = ("float32", "int64")


class Binned(Integers, frozen=True):
    """Base of what finds the interval that a value is in."""

    @classmethod
    def arguments(cls, layer: Any) -> dict[str, Any]:
        given = super().arguments(layer)
        # Once it has seen data it has both, which Keras does not take.
        return given | {"num_bins": None if given["bin_boundaries"] else given["num_bins"]}


class Lookup(Layer, frozen=True):
    """Base of what finds a value in a vocabulary, which is always a list: Keras takes text for the name of a file."""

    IGNORED: ClassVar[tuple[str, ...]] = ("vocabulary_size",)

    @classmethod
    def arguments(cls, layer: Any) -> dict[str, Any]:
        words = [each.item() if isinstance(each, np.generic) else each for each in layer.get_vocabulary(False)]
        special = len(layer.get_vocabulary()) - len(words)
        weights = getattr(getattr(layer, "_lookup_layer", layer), "idf_weights_const", None)
        return super().arguments(layer) | {
            "vocabulary": words or None,
            "idf_weights": None if weights is None else np.asarray(weights)[special : special + len(words)].tolist(),
        }
