"""A Keras model in this process, as what a `NetworkView` asks. Both sides.

In the grader that is the evaluation process, in a student's notebook the notebook's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.networks.network_view import ComputationError

__all__ = ["LiveNetwork"]


class LiveNetwork:
    """A Keras model, and those that give the outputs of some of its layers."""

    def __init__(self, model: Any) -> None:
        """Hold the model."""
        self.model = model
        self._parts: dict[tuple[str, ...], Any] = {}

    def outputs(self, layers: Sequence[str], inputs: Any) -> Any:
        """See `networks.network_view.NetworkHolder`.

        Raises:
            ComputationError: Keras does not take such inputs, or has no such layers.
        """
        from keras import ops, tree

        try:
            # Tensors, as a Keras model takes no arrays of text.
            given = self._part(tuple(layers))(tree.map_structure(ops.convert_to_tensor, inputs), training=False)
            # Keras takes a list of one output for that output.
            return tree.map_structure(_array, [given] if len(layers) == 1 else given)
        except Exception as error:  # anything may fail inside of Keras
            raise ComputationError(f"{type(error).__name__}: {error}") from error

    def weights(self) -> list[Any]:
        """See `networks.network_view.NetworkHolder`."""
        return list(self.model.get_weights())

    def _part(self, layers: tuple[str, ...]) -> Any:
        """The network up to some layers."""
        import keras

        if not layers:
            return self.model
        if layers not in self._parts:
            inputs = self.model.inputs if isinstance(self.model, keras.Sequential) else self.model.input
            self._parts[layers] = keras.Model(inputs, [self.model.get_layer(name).output for name in layers])
        return self._parts[layers]


def _array(tensor: Any) -> Any:
    """As NumPy has it; TensorFlow gives text as bytes."""
    from keras import ops

    array = ops.convert_to_numpy(tensor)
    return np.char.decode(array.astype("S"), errors="replace") if array.dtype.kind == "O" else array
