"""Checks of a trained network's outputs and of a training history. Both sides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.evidence import rest_on
from autograder.expect.architectures import rows_of
from autograder.expect.inference import outputs
from autograder.expect.mismatch import Mismatch, described, require_value
from autograder.expect.remote_network import RemoteNetwork, called_model
from autograder.language import N_, ngettext
from autograder.language import gettext as _
from autograder.networks.network_view import in_order

__all__ = ["history", "probabilities", "require_inputs", "untrained"]

Array = np.ndarray[Any, Any]

DIVERGED = N_(
    "Look for NaN in the inputs of the training, as after a division by 0; if there are none, "
    "standardise them or lower the learning rate, and train again."
)
GUESSING_MARGIN = 0.1
"""An accuracy up to this much above 1 / num_classes counts as guessing."""

LAG_GAP = 0.2
"""From this much below the required accuracy on, a network with BatchNormalization gets `LAG_HINT`."""

# Measured: cnn2 with Keras's default initialiser is right on 98 % of its batches and on 30 % of the same digits at
# inference after 7 epochs of 32 steps; with he_normal the averages' first values are near enough.
LAG_HINT = N_(
    "If its training accuracy is much higher, the moving averages of BatchNormalization lag behind: "
    "train longer, or begin with `kernel_initializer='he_normal'`."
)
_HOW_TO_RECORD = {
    "accuracy": N_("Compile with `metrics=['accuracy']`."),
    "val_accuracy": N_("Compile with `metrics=['accuracy']` and give `fit` its `validation_data`."),
    "val_loss": N_("Give `fit` its `validation_data`."),
}


def untrained(model: Any) -> bool:
    """Whether all biases of a network are 0, as when Keras builds it; False where it has none, or sends none."""
    if isinstance(model, RemoteNetwork):
        return False
    starts = [weight for weight in model.trainable_weights if weight.name in {"bias", "beta"}]
    return bool(starts) and not any(np.any(np.asarray(weight) != 0) for weight in starts)


def probabilities(model: Any, x: Any, num_classes: int, *, name: str = "model") -> Array:
    """A network's predictions, computed by this call.

    Args:
        model: What the student calls `name`: one input, one output `(n, num_classes)`. Where it cannot be rebuilt, or
            is a function, its output may also be labels `(n,)`, which become probabilities of 0 and 1.
        x: Inputs `(n, ...)`, preprocessed as for the training.
        num_classes: How many classes there are.
        name: The model's name in the notebook.

    Returns:
        Its outputs `(n, num_classes)`, all of them finite.

    Raises:
        Mismatch: The model does not predict such classes of such inputs.
    """
    model = called_model(model, name)
    if isinstance(model, RemoteNetwork):
        return _answered(outputs(model, x, name=name), num_classes, name)
    rows_of(model, name)
    require_inputs(model, x, name)
    _require_classes(model, num_classes, name)
    if not all(np.isfinite(np.asarray(weight)).all() for weight in model.get_weights()):
        raise Mismatch(
            _("`{name}` has weights that are NaN or infinite. {diverged}").format(name=name, diverged=_(DIVERGED))
        )
    (y_pred,) = outputs(model, x, name=name)
    strange = int((~np.isfinite(y_pred)).any(axis=1).sum())
    if strange:
        raise Mismatch(
            _("`{name}` predicts NaN or infinity for {strange:,} of {count:,} inputs. {diverged}").format(
                name=name, strange=strange, count=len(x), diverged=_(DIVERGED)
            )
        )
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
    rest_on("claimed")
    recorded = history if isinstance(history, Mapping) else getattr(history, "history", None)
    if not isinstance(recorded, Mapping):
        raise Mismatch(
            _(
                "`{name}` should be what `fit` returns, received {history}. Write `{name} = model.fit(…)` with "
                "your model."
            ).format(name=name, history=described(history))
        )
    if not recorded:
        raise Mismatch(
            _("`{name}` is empty: no epoch was trained. Run `fit` before the end of this question.").format(name=name)
        )
    for metric in metrics:
        if metric not in recorded:
            held = ", ".join(str(each)[:40] for each in list(recorded)[:8])
            raise Mismatch(
                _("`{name}` has no {metric!r}, it holds {held}. {value}").format(
                    name=name,
                    metric=metric,
                    held=held,
                    value=_(_HOW_TO_RECORD[metric]) if metric in _HOW_TO_RECORD else _("Record it."),
                )
            )
    curves = {str(metric)[:40]: _curve(values, f"{name}[{str(metric)[:40]!r}]") for metric, values in recorded.items()}
    lengths = {metric: len(values) for metric, values in curves.items()}
    trained = max(lengths.values())
    # Validation may be rarer than training (`validation_freq`).
    if any(length != trained and not metric.startswith("val_") for metric, length in lengths.items()):
        listed = ", ".join(f"{metric} {length}" for metric, length in list(lengths.items())[:8])
        raise Mismatch(
            _(
                "`{name}` has metrics of different lengths ({listed}), expected one value an epoch. Keep what "
                "`fit` gave."
            ).format(name=name, listed=listed)
        )
    if not trained or (epochs is not None and trained < epochs):
        raise Mismatch(
            ngettext(
                "`{name}` has {number} epoch, expected at least {epochs}. Train for as many, in one call of `fit`.",
                "`{name}` has {number} epochs, expected at least {epochs}. Train for as many, in one call of `fit`.",
                trained,
            ).format(number=trained, name=name, epochs=epochs or 1)
        )
    for metric, values in curves.items():
        if "acc" in metric and not all(0 <= value <= 1 for value in values):
            raise Mismatch(
                _("`{name}` has values of {metric} outside of 0 to 1. Keep what `fit` returned as it is.").format(
                    name=name, metric=metric
                )
            )
    return curves


# ---------------------------------------------------------------- inputs and outputs


def require_inputs(model: Any, x: Any, name: str) -> None:
    """Require a network that takes such inputs.

    Raises:
        Mismatch: It takes others, or has no layers.
    """
    if not getattr(model, "outputs", None):
        raise Mismatch(_("`{name}` has no layers. Build it, compile it, and train it with `fit`.").format(name=name))
    wanted = list(model.inputs)
    arrays = [np.asarray(each) for each in in_order(x, [each.name for each in wanted])]
    if len(wanted) != len(arrays):
        expected = _("one") if len(arrays) == 1 else str(len(arrays))
        raise Mismatch(
            _("`{name}` has {count} inputs, expected {expected}. Build it with {expected}.").format(
                name=name, count=len(wanted), expected=expected
            )
        )
    for tensor, array in zip(wanted, arrays, strict=True):
        _require_shape(tuple(tensor.shape[1:]), array.shape[1:], name)


def _answered(answers: Sequence[Array], num_classes: int, name: str) -> Array:
    """Probabilities `(n, num_classes)` that a student's process computed, or such of the labels `(n,)` that it did."""
    given = answers[0]
    if len(answers) == 1 and given.ndim == 2 and given.shape[1] == num_classes > 1:
        return given
    whole = given.reshape(-1) if given.ndim == 1 or given.shape[1:] == (1,) else given
    if len(answers) == 1 and whole.ndim == 1 and np.array_equal(whole, np.rint(whole)):
        labels = whole.astype(int)
        if labels.min(initial=0) < 0 or labels.max(initial=0) >= num_classes:
            raise Mismatch(
                _("`{name}` gives labels from {min} to {max}, expected 0 to {number}.").format(
                    name=name, min=labels.min(), max=labels.max(), number=num_classes - 1
                )
            )
        one_hot: Array = np.eye(num_classes)[labels]
        return one_hot
    shapes = _(" and ").join(f"{each.shape}" for each in answers[:3])
    raise Mismatch(
        _(
            "`{name}` gives outputs of shape {shapes} for {count:,} inputs, expected ({count}, "
            "{num_classes}): a number for each class of each input; or whole numbers, a label for each."
        ).format(name=name, shapes=shapes, count=len(given), num_classes=num_classes)
    )


def _require_shape(wanted: tuple[int | None, ...], shape: tuple[int, ...], name: str) -> None:
    # Keras itself adds or drops a last axis of size 1.
    stripped, given = (each[:-1] if each[-1:] == (1,) else each for each in (wanted, shape))
    if len(stripped) != len(given) or any(w not in (None, g) for w, g in zip(stripped, given, strict=True)):
        raise Mismatch(
            _(
                "`{name}` takes inputs of shape {wanted}, the data have {shape}. Begin it with "
                "`keras.Input({shape})`, and train it again."
            ).format(name=name, wanted=wanted, shape=shape)
        )


def _require_classes(model: Any, num_classes: int, name: str) -> None:
    """Refuse a model whose output cannot be that of a classifier."""
    if len(model.outputs) != 1:
        raise Mismatch(
            _("`{name}` has {count} outputs, expected one. Build it with one.").format(
                name=name, count=len(model.outputs)
            )
        )
    output = tuple(model.outputs[0].shape[1:])
    if len(output) != 1:
        raise Mismatch(
            _(
                "`{name}` gives an output of shape {output} for each input, expected ({num_classes},). Is there "
                "a Flatten layer before the dense ones?"
            ).format(name=name, output=output, num_classes=num_classes)
        )
    if output[0] != num_classes:
        raise Mismatch(
            _(
                "`{name}` gives {output} numbers for each input, expected {num_classes}, one for each class. "
                "Check the units of the last dense layer."
            ).format(name=name, output=output[0], num_classes=num_classes)
        )


# ---------------------------------------------------------------- history


def _curve(values: Any, name: str) -> list[float]:
    """One metric's values as finite floats."""
    if not isinstance(values, (list, tuple, np.ndarray)):
        raise Mismatch(
            _("`{name}` should be a list, received {values}. Keep what `fit` returned as it is.").format(
                name=name, values=described(values)
            )
        )
    curve: list[float] = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise Mismatch(
                _("`{name}` should hold numbers, received {value}. Keep what `fit` returned.").format(
                    name=name, value=described(value)
                )
            )
        if not math.isfinite(value):
            raise Mismatch(
                _("`{name}` is NaN or infinite in epoch {number}. {diverged}").format(
                    name=name, number=len(curve) + 1, diverged=_(DIVERGED)
                )
            )
        curve.append(float(value))
    return curve
