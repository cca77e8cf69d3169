"""Checks of a network with its training history, and of pairs of networks. Both sides."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.expect.architectures import rows_of
from autograder.expect.mismatch import Mismatch
from autograder.expect.training import accuracy, history, require_better_than_guessing, untrained
from autograder.networks import comparison

__all__ = ["record", "trained", "twin"]

ACCURACY_TOLERANCE = 0.01
"""Ten of 1,000 inputs: what rounding, another batch size or another processor may change."""


def record(
    given: Any, model: Any, x: Any, y: Any, *, epochs: int = 1, name: str = "history", model_name: str = "model"
) -> dict[str, list[float]]:
    """Require the history of a network's own training.

    A student can write any numbers into a history, so its last validation accuracy is compared with the network's.

    Args:
        given: What the student calls `name`.
        model: The network that was trained.
        x: Validation inputs `(n, ...)`, preprocessed as for the training.
        y: Their true classes `(n,)`, or one-hot `(n, num_classes)`.
        epochs: The smallest number of epochs.
        name: The history's name in the notebook.
        model_name: The network's name in the notebook.

    Returns:
        Metric → one value an epoch; `accuracy` and `val_accuracy` are among them.

    Raises:
        Mismatch: It is not a history, or that of another training.
    """
    curves = history(given, epochs=epochs, metrics=["accuracy", "val_accuracy"], name=name)
    reached = accuracy(model, x, y, at_least=0, name=model_name)
    require_better_than_guessing(model, reached, name=model_name)
    last = curves["val_accuracy"][-1]
    if abs(last - reached) > ACCURACY_TOLERANCE:
        raise Mismatch(
            f"`{name}` ends with a validation accuracy of {last:.4g}, but `{model_name}` now has {reached:.4g}. "
            f"Keep what the last `fit` of `{model_name}` returned, with the validation data as `validation_data`."
        )
    return curves


def trained(model: Any, *, name: str = "model") -> None:
    """Require that a network has been trained, whatever its accuracy.

    Args:
        model: What the student calls `name`.
        name: The model's name in the notebook.

    Raises:
        Mismatch: All its biases still have the values that Keras gave them.
    """
    rows_of(model, name)
    if untrained(model):
        raise Mismatch(f"`{name}` still has the weights that it began with. Train it with `fit` in this question.")


def twin(model: Any, other: Any, *, name: str = "model", other_name: str = "other") -> None:
    """Require a second network with the same layers as another one, and other weights.

    Args:
        model: The student's second network.
        other: The student's first one.
        name: The second one's name in the notebook.
        other_name: The first one's.

    Raises:
        Mismatch: The layers differ (an aligned table follows), or the two are one and the same network.
    """
    received, expected = rows_of(model, name), rows_of(other, other_name)
    compared = comparison.compare(expected, received)
    if not compared.equal:
        rows = compared.rows()
        raise Mismatch(f"{compared.summary(name)}\n\n{comparison.table(rows)}", diff=rows)
    pairs = zip(model.get_weights(), other.get_weights(), strict=True)
    if all(np.array_equal(one, another, equal_nan=True) for one, another in pairs):
        raise Mismatch(
            f"`{name}` and `{other_name}` are one and the same network, with the same weights. "
            f"Build a new network for `{name}`, then train it."
        )
