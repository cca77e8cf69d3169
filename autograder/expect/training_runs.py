"""Checks of a network with its training history, and of pairs of networks. Both sides."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.expect.architectures import rows_of
from autograder.expect.mismatch import Mismatch
from autograder.expect.scores import NO_BETTER_THAN_THE_MEAN, accuracy, error, guessing_share
from autograder.expect.training import GUESSING_MARGIN, history, untrained
from autograder.language import gettext as _
from autograder.networks import comparison

__all__ = ["record", "trained", "twin"]

_FIGURES = {
    **dict.fromkeys(
        ("accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"), "accuracy"
    ),
    **dict.fromkeys(("mae", "mean_absolute_error"), "mae"),
    **dict.fromkeys(("mse", "mean_squared_error"), "mse"),
    **dict.fromkeys(("rmse", "root_mean_squared_error"), "rmse"),
}
"""Metric in a history → the figure that can be computed again."""

_LOSSES = {name: figure for name, figure in _FIGURES.items() if figure in ("mae", "mse")}
ERROR_TOLERANCE = 0.02
"""Share of an error that rounding, another batch size or another processor may change."""

ACCURACY_TOLERANCE = 0.01
"""Ten of 1,000 inputs: what rounding, another batch size or another processor may change."""


def record(
    given: Any,
    model: Any,
    x: Any,
    y: Any,
    *,
    epochs: int = 1,
    metric: str | None = None,
    name: str = "history",
    model_name: str = "model",
) -> dict[str, list[float]]:
    """Require the history of a network's own training.

    A student can write any numbers into a history, so its last validation figure is compared with the network's.

    Args:
        given: What the student calls `name`.
        model: The network that was trained.
        x: Validation inputs `(n, ...)`, preprocessed as for the training.
        y: Their true classes or numbers, as `accuracy` and `error` take them.
        epochs: The smallest number of epochs.
        metric: The figure: any accuracy, `mae`, `mse` or `root_mean_squared_error` by the name in the history, or
            `loss` where that is one of these errors. By default the first of them that the history has.
        name: The history's name in the notebook.
        model_name: The network's name in the notebook.

    Returns:
        Metric → one value an epoch; the metric and its `val_` are among them.

    Raises:
        Mismatch: It is not a history, or that of another training.
    """
    recorded = history(given, name=name)
    found = (each for each in _FIGURES if f"val_{each}" in recorded)
    metric = metric or next(found, None) or _loss_figure(model, recorded) or "accuracy"
    curves = history(given, epochs=epochs, metrics=[metric, f"val_{metric}"], name=name)
    figure = _FIGURES.get(metric) or _LOSSES.get(str(getattr(model, "loss", "")))
    if figure is None:
        raise ValueError(f"the figure {metric!r} cannot be computed again. Give one of {', '.join(_FIGURES)}")
    last = curves[f"val_{metric}"][-1]
    if figure == "accuracy":
        reached = accuracy(model, x, y, at_least=0, name=model_name)
        _require_better_than_guessing(reached, y, model_name)
        tolerance, words = ACCURACY_TOLERANCE, _("validation accuracy")
    else:
        reached = error(model, x, y, metric=figure, name=model_name)
        error(model, x, y, metric="r2", at_least=NO_BETTER_THAN_THE_MEAN, name=model_name)
        tolerance, words = ERROR_TOLERANCE * abs(reached), f"val_{metric}"
    if abs(last - reached) > tolerance:
        raise Mismatch(
            _(
                "`{name}` ends with a {words} of {last:.4g}, but `{model_name}` now has {reached:.4g}. Keep what "
                "the last `fit` of `{model_name}` returned, with the validation data as `validation_data`."
            ).format(name=name, words=words, last=last, model_name=model_name, reached=reached)
        )
    return curves


def _loss_figure(model: Any, recorded: dict[str, list[float]]) -> str | None:
    """`loss`, where that is an error that can be computed again."""
    return "loss" if "val_loss" in recorded and str(getattr(model, "loss", "")) in _LOSSES else None


def _require_better_than_guessing(reached: float, y: Any, name: str) -> None:
    if reached <= guessing_share(y) + GUESSING_MARGIN:
        raise Mismatch(
            _(
                "`{name}` has accuracy {reached:.4g}, which is near guessing. See that `fit` ran to its end "
                "before the end of this question, and that its loss fell."
            ).format(name=name, reached=reached)
        )


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
        raise Mismatch(
            _("`{name}` still has the weights that it began with. Train it with `fit` in this question.").format(
                name=name
            )
        )


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
            _(
                "`{name}` and `{other_name}` are one and the same network, with the same weights. Build a new "
                "network for `{name}`, then train it."
            ).format(name=name, other_name=other_name)
        )
