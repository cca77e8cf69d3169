"""The output of every layer for an image, from the Keras model itself. Student's side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.live import chain

__all__ = ["Activations"]

Array = np.ndarray[Any, Any]

BATCH = 50


class Activations:
    """Runs a chain of layers and keeps what each one gives.

    One traced graph for all layers: `predict` costs some 50 ms a call, this a few. The layers' own variables are used,
    so that training the model on changes what is shown.
    """

    def __init__(self, model: Any) -> None:
        rows = chain.steps(model)
        self._layers = [step.layer for step in rows]
        self.are_probabilities = chain.gives_probabilities(rows)
        self._compiled = self._compile()

    def __call__(self, inputs: Array) -> list[Array]:
        """Inputs of shape `(n, …)` → each layer's output, of shape `(n, *output_shape)`, float32."""
        return [np.asarray(output, dtype="float32") for output in self._compiled(np.asarray(inputs, dtype="float32"))]

    def of(self, inputs: Array, indices: Sequence[int]) -> list[Array]:
        """The outputs of some layers only, for many inputs: those of all layers would fill the memory."""
        inputs = np.asarray(inputs, dtype="float32")
        kept: list[list[Array]] = [[] for _ in indices]
        for start in range(0, len(inputs), BATCH):
            outputs = self._compiled(inputs[start : start + BATCH])
            for index, batches in zip(indices, kept, strict=True):
                batches.append(np.asarray(outputs[index], dtype="float32"))
        return [np.concatenate(batches) for batches in kept]

    def state(self) -> bytes:
        """Something that changes with the weights: about a millisecond for a million of them."""
        weights = [weight for layer in self._layers for weight in getattr(layer, "weights", ())]
        return np.array([np.asarray(weight).sum(dtype="float64") for weight in weights]).tobytes()

    def answers(self, inputs: Array) -> Array:
        """The last layer's outputs, of shape `(n, classes)`."""
        (outputs,) = self.of(inputs, [-1])
        return outputs.reshape(len(outputs), -1)

    def read(self, inputs: Array) -> Array:
        """The probability of each class, of shape `(n, classes)`."""
        return self.probabilities(self.answers(inputs))

    def probabilities(self, outputs: Array) -> Array:
        """The last layer's outputs as probabilities, of shape `(n, classes)`: logits get their softmax.

        Those of sigmoids need not add up to 1: each class is a question of its own.
        """
        outputs = outputs.reshape(len(outputs), -1)
        # A layer of somebody's own may normalise, too.
        if self.are_probabilities or ((outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=0.01)):
            return outputs
        powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        shares: Array = powers / powers.sum(axis=1, keepdims=True)
        return shares

    def _compile(self) -> Any:
        import keras

        if keras.backend.backend() != "tensorflow":
            return self._run
        import tensorflow as tf

        return tf.function(self._run, reduce_retracing=True)

    def _run(self, x: Any) -> list[Any]:
        from keras import Layer, name_scope

        outputs = []
        with name_scope("live"):  # a layer `_x` may only run in the scope of another one
            for layer in self._layers:
                x = layer(x, training=False) if isinstance(layer, Layer) else layer(x)
                outputs.append(x)
        return outputs
