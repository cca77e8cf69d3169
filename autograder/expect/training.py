"""Checks of a trained network's accuracy and of a training history. Both sides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.expect.architectures import rows_of
from autograder.expect.inference import outputs
from autograder.expect.measurements import note
from autograder.expect.mismatch import Mismatch, Undecided, described, require_value
from autograder.networks.catalogue import layer_class
from autograder.records import Measurement

__all__ = ["accuracy", "history", "probabilities", "require_better_than_guessing", "untrained"]

Array = np.ndarray[Any, Any]

_DIVERGED = (
    "Look for NaN in the inputs of the training, as after a division by 0; if there are none, standardise them or "
    "lower the learning rate, and train again."
)
GUESSING_MARGIN = 0.1
"""An accuracy up to this much above 1 / num_classes counts as guessing."""

LAG_GAP = 0.2
"""From this much below the required accuracy on, a network with BatchNormalization gets `_LAG_HINT`."""

# Measured: cnn2 with Keras's default initialiser is right on 98 % of its batches and on 30 % of the same digits at
# inference after 7 epochs of 32 steps; with he_normal the averages' first values are near enough.
_LAG_HINT = (
    "If its training accuracy is much higher, the moving averages of BatchNormalization lag behind: train longer, or "
    "begin with `kernel_initializer='he_normal'`."
)
_HOW_TO_RECORD = {
    "accuracy": "Compile with `metrics=['accuracy']`.",
    "val_accuracy": "Compile with `metrics=['accuracy']` and give `fit` its `validation_data`.",
    "val_loss": "Give `fit` its `validation_data`.",
}


def accuracy(model: Any, x: Any, y: Any, at_least: float = 0.95, *, unsure: float = 0.0, name: str = "model") -> float:
    """Require a share of right predictions, computed by this call.

    Args:
        model: What the student calls `name`: one input, one output `(n, num_classes)`.
        x: Inputs `(n, ...)`, preprocessed as for the training.
        y: True classes, as integers `(n,)` that name every class, or one-hot `(n, num_classes)`.
        at_least: The smallest accuracy that is good enough, from 0 to 1; `autograder calibrate` proposes it.
        unsure: Uncertainty of that bound, as a fraction; an accuracy at most that much below it is graded by a person.
        name: The model's name in the notebook.

    Returns:
        The accuracy, from 0 to 1.

    Raises:
        Mismatch: The model does not predict such classes of such inputs, or not well enough.
        Undecided: The accuracy is at most `unsure` below the bound.
        ValueError: The author's fault: `x` and `y` are empty, or differ in length.
    """
    x = np.asarray(x)
    y_true, num_classes = _classes(y)
    if len(x) != len(y_true) or not len(x):
        raise ValueError(f"x and y must be as long as each other and not empty. Received: {len(x)} and {len(y_true)}")
    y_pred = probabilities(model, x, num_classes, name=name)
    reached = float((y_pred.argmax(axis=1) == y_true).mean())
    note(Measurement(name, len(x), reached, at_least, unsure))
    if reached >= at_least:
        return reached
    # Cut off and not rounded: 0.94996 must not read as 0.95.
    shown = math.floor(reached * 10_000) / 10_000
    short = f"`{name}` has accuracy {shown:g} on {len(x):,} inputs, expected at least {at_least:g}."
    if reached >= at_least - unsure:
        raise Undecided(f"{short} So little may be chance: a person looks at it and decides.")
    guessing = reached <= 1 / num_classes + GUESSING_MARGIN
    if guessing and untrained(model):
        step = "It still has the weights that it began with: train it with `fit` before the end of this question."
    elif guessing:
        step = (
            "That is near guessing: see that `fit` ran to its end, then check the learning rate, and that each input "
            "still has its own label."
        )
    else:
        step = (
            "See that `fit` ran for as many epochs as the exercise says, and that network and preprocessing are those "
            "of the exercise."
        )
    normalises = any(layer_class(row.kind).NORMALISES_BATCHES for row in rows_of(model, name))
    if normalises and at_least - reached > LAG_GAP and not untrained(model):
        step += f" {_LAG_HINT}"
    raise Mismatch(f"{short} {step}")


def require_better_than_guessing(model: Any, reached: float, *, name: str = "model") -> None:
    """Require of a classifier that its accuracy is not that of guessing.

    Args:
        model: The classifier, with one output `(n, num_classes)`.
        reached: Its accuracy, from 0 to 1.
        name: The model's name in the notebook.

    Raises:
        Mismatch: The accuracy is at most `GUESSING_MARGIN` above 1 / num_classes.
    """
    if reached <= 1 / int(model.outputs[0].shape[-1]) + GUESSING_MARGIN:
        raise Mismatch(
            f"`{name}` has accuracy {reached:.4g}, which is near guessing. See that `fit` ran to its end before the "
            "end of this question, and that its loss fell."
        )


def untrained(model: Any) -> bool:
    """Whether all biases of a network are 0, as when Keras builds it; False for a network without biases."""
    starts = [weight for weight in model.trainable_weights if weight.name in {"bias", "beta"}]
    return bool(starts) and not any(np.any(np.asarray(weight) != 0) for weight in starts)


def probabilities(model: Any, x: Any, num_classes: int, *, name: str = "model") -> Array:
    """A network's predictions, computed by this call.

    Args:
        model: What the student calls `name`: one input, one output `(n, num_classes)`.
        x: Inputs `(n, ...)`, preprocessed as for the training.
        num_classes: How many classes there are.
        name: The model's name in the notebook.

    Returns:
        Its outputs `(n, num_classes)`, all of them finite.

    Raises:
        Mismatch: The model does not predict such classes of such inputs.
    """
    x = np.asarray(x)
    rows_of(model, name)
    _require_fit(model, x.shape[1:], num_classes, name)
    if not all(np.isfinite(np.asarray(weight)).all() for weight in model.get_weights()):
        raise Mismatch(f"`{name}` has weights that are NaN or infinite. {_DIVERGED}")
    (y_pred,) = outputs(model, x, name=name)
    strange = int((~np.isfinite(y_pred)).any(axis=1).sum())
    if strange:
        raise Mismatch(f"`{name}` predicts NaN or infinity for {strange:,} of {len(x):,} inputs. {_DIVERGED}")
    return y_pred


def history(
    history: Any, *, epochs: int | None = None, metrics: Sequence[str] = (), name: str = "history"
) -> dict[str, list[float]]:
    """Require a well-formed training history. It proves no training: a student can write any numbers into it.

    Args:
        history: What `fit` returned, or its `.history`.
        epochs: The smallest number of epochs.
        metrics: Names of metrics that must have been recorded, such as `["accuracy", "val_accuracy"]`.
        name: The history's name in the notebook.

    Returns:
        Metric → one finite value an epoch.

    Raises:
        Mismatch: It is not a history, is too short, lacks a metric, or has an impossible value.
    """
    require_value(history, name)
    recorded = history if isinstance(history, Mapping) else getattr(history, "history", None)
    if not isinstance(recorded, Mapping):
        raise Mismatch(
            f"`{name}` should be what `fit` returns, received {described(history)}. "
            f"Write `{name} = model.fit(…)` with your model."
        )
    if not recorded:
        raise Mismatch(f"`{name}` is empty: no epoch was trained. Run `fit` before the end of this question.")
    for metric in metrics:
        if metric not in recorded:
            held = ", ".join(str(each)[:40] for each in list(recorded)[:8])
            raise Mismatch(f"`{name}` has no {metric!r}, it holds {held}. {_HOW_TO_RECORD.get(metric, 'Record it.')}")
    curves = {str(metric)[:40]: _curve(values, f"{name}[{str(metric)[:40]!r}]") for metric, values in recorded.items()}
    lengths = {metric: len(values) for metric, values in curves.items()}
    trained = max(lengths.values())
    # Validation may be rarer than training (`validation_freq`).
    if any(length != trained and not metric.startswith("val_") for metric, length in lengths.items()):
        listed = ", ".join(f"{metric} {length}" for metric, length in list(lengths.items())[:8])
        raise Mismatch(
            f"`{name}` has metrics of different lengths ({listed}), expected one value an epoch. Keep what `fit` gave."
        )
    if not trained or (epochs is not None and trained < epochs):
        raise Mismatch(
            f"`{name}` has {trained} epoch{'' if trained == 1 else 's'}, expected at least {epochs or 1}. "
            "Train for as many, in one call of `fit`."
        )
    for metric, values in curves.items():
        if "acc" in metric and not all(0 <= value <= 1 for value in values):
            raise Mismatch(f"`{name}` has values of {metric} outside of 0 to 1. Keep what `fit` returned as it is.")
    return curves


# ---------------------------------------------------------------- accuracy


def _classes(y: Any) -> tuple[Array, int]:
    """True classes as integers `(n,)`, and how many there are."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] > 1:
        return y.argmax(axis=1), y.shape[1]
    y = y.reshape(-1)
    return y, int(y.max()) + 1 if len(y) else 0


def _require_fit(model: Any, shape: tuple[int, ...], num_classes: int, name: str) -> None:
    """Refuse a model whose inputs or outputs cannot be those of the data."""
    if not getattr(model, "outputs", None):
        raise Mismatch(f"`{name}` has no layers. Build it, compile it, and train it with `fit`.")
    for what, tensors in (("inputs", model.inputs), ("outputs", model.outputs)):
        if len(tensors) != 1:
            raise Mismatch(f"`{name}` has {len(tensors)} {what}, expected one. Build it with one.")
    wanted = tuple(model.inputs[0].shape[1:])
    # Keras itself adds or drops a last axis of size 1.
    stripped, given = (each[:-1] if each[-1:] == (1,) else each for each in (wanted, shape))
    if len(stripped) != len(given) or any(w not in (None, g) for w, g in zip(stripped, given, strict=True)):
        raise Mismatch(
            f"`{name}` takes inputs of shape {wanted}, the data have {shape}. "
            f"Begin it with `keras.Input({shape})`, and train it again."
        )
    output = tuple(model.outputs[0].shape[1:])
    if len(output) != 1:
        raise Mismatch(
            f"`{name}` gives an output of shape {output} for each input, expected ({num_classes},). "
            "Is there a Flatten layer before the dense ones?"
        )
    if output[0] != num_classes:
        raise Mismatch(
            f"`{name}` gives {output[0]} numbers for each input, expected {num_classes}, one for each class. "
            "Check the units of the last dense layer."
        )


# ---------------------------------------------------------------- history


def _curve(values: Any, name: str) -> list[float]:
    """One metric's values as finite floats."""
    if not isinstance(values, (list, tuple, np.ndarray)):
        raise Mismatch(f"`{name}` should be a list, received {described(values)}. Keep what `fit` returned as it is.")
    curve: list[float] = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise Mismatch(f"`{name}` should hold numbers, received {described(value)}. Keep what `fit` returned.")
        if not math.isfinite(value):
            raise Mismatch(f"`{name}` is NaN or infinite in epoch {len(curve) + 1}. {_DIVERGED}")
        curve.append(float(value))
    return curve
