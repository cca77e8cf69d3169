"""Checks of how a network is to be trained: what it was compiled with, and which layers are frozen. Both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.expect.architectures import rows_of
from autograder.expect.mismatch import Mismatch
from autograder.expect.value_kinds import kind_of
from autograder.language import gettext as _
from autograder.language import ngettext
from autograder.wording import listed

__all__ = ["compiled", "frozen"]

Array = np.ndarray[Any, Any]

_ALIASES = {
    "mse": "meansquarederror",
    "mae": "meanabsoluteerror",
    "bce": "binarycrossentropy",
    "kld": "kldivergence",
    "acc": "accuracy",
    "rmse": "rootmeansquarederror",
}
_ACCURACIES = {f"{kind}accuracy" for kind in ("", "binary", "categorical", "sparsecategorical")}
RATE_TOLERANCE = 1e-4
"""Share of a learning rate that rounding in float32 may change."""


def compiled(
    model: Any,
    *,
    optimizer: str | Sequence[str] | None = None,
    learning_rate: float | tuple[float, float] | str | None = None,
    loss: str | Sequence[str] | None = None,
    metrics: Sequence[str] = (),
    name: str = "model",
) -> None:
    """Require how a network was compiled; how a name is written (`mse`, `MeanSquaredError`) does not matter.

    Args:
        model: What the student calls `name`.
        optimizer: The right optimiser, or several.
        learning_rate: A number, the smallest and the largest one, or the class of a schedule.
        loss: The right loss, or several.
        metrics: Those that must be among its metrics; `accuracy` is any accuracy.
        name: The model's name in the notebook.

    Raises:
        Mismatch: It was not compiled, or with something else.
    """
    rows = rows_of(model, name)
    used = getattr(model, "optimizer", None)
    if used is None:
        raise Mismatch(_("`{name}` is not compiled. Call `{name}.compile(…)` before `fit`.").format(name=name))
    _require_one_of(used, optimizer, "optimizer", name)
    if learning_rate is not None:
        _require_rate(used, learning_rate, name)
    _require_one_of(model.loss, loss, "loss", name)
    last = rows[-1].config.get("activation") if rows else None
    if loss is not None and getattr(model.loss, "from_logits", False) is True and last in ("softmax", "sigmoid"):
        raise Mismatch(
            _(
                "`{name}` ends with {last}, but its loss has `from_logits=True`, which is for a network without "
                "it. Leave out one of the two."
            ).format(name=name, last=last)
        )
    given = _flat(model.metrics)
    for metric in metrics:
        names = {_plain_name(each) for each in given}
        if not names & (_ACCURACIES if _plain_name(metric) == "accuracy" else {_plain_name(metric)}):
            if not given:
                raise Mismatch(
                    _(
                        "`{name}` is compiled without the metric {metric!r}, it has none. Add it to `metrics=[…]`."
                    ).format(name=name, metric=metric)
                )
            has = listed([_shown_name(each) for each in given[:8]])
            raise Mismatch(
                _("`{name}` is compiled without the metric {metric!r}, it has {has}. Add it to `metrics=[…]`.").format(
                    name=name, metric=metric, has=has
                )
            )


def frozen(
    model: Any, layers: str | Sequence[str | int] | slice, *, weights: Sequence[Any] | None = None, name: str = "model"
) -> None:
    """Require frozen layers, and others that are trained.

    Args:
        model: What the student calls `name`.
        layers: The frozen ones: a name of a layer or of a model inside it, names and positions in `model.layers`, or a
            slice of these.
        weights: The values that their weights had before the training and must still have, in order.
        name: The model's name in the notebook.

    Raises:
        Mismatch: One of them is trained, has changed, or is not there; or all layers are frozen.
    """
    rows_of(model, name)
    chosen = _chosen(model, layers, name)
    trained = [layer for layer in chosen if any(weight.trainable for weight in layer.weights)]
    if trained:
        which = listed([f"`{layer.name[:40]}`" for layer in trained[:3]])
        raise Mismatch(
            _(
                "`{name}` would train {which}, expected to be frozen. Set `trainable = False` for it, and then compile."
            ).format(name=name, which=which)
        )
    own = {id(weight) for layer in chosen for weight in layer.weights}
    if not any(weight.trainable and id(weight) not in own for weight in model.weights):
        raise Mismatch(
            _("`{name}` has no layer left to train. Freeze only what came with the exercise.").format(name=name)
        )
    if weights is not None:
        given = [array for layer in chosen for array in layer.get_weights()]
        shapes = [tuple(np.shape(each)) for each in weights]
        if [each.shape for each in given] != shapes:
            raise Mismatch(
                _("`{name}` has other frozen layers than the exercise gives. Use those as they are.").format(name=name)
            )
        if any(not np.allclose(one, other, atol=1e-6) for one, other in zip(given, weights, strict=True)):
            raise Mismatch(
                _("`{name}` has changed its frozen layers. Freeze them before `fit`, and load them again.").format(
                    name=name
                )
            )


def _chosen(model: Any, layers: str | Sequence[str | int] | slice, name: str) -> list[Any]:
    own = list(model.layers)
    if isinstance(layers, slice):
        return own[layers]
    chosen = []
    for each in [layers] if isinstance(layers, str) else layers:
        try:
            chosen.append(own[each] if isinstance(each, int) else model.get_layer(each))
        except (IndexError, ValueError):
            names = ", ".join(layer.name[:40] for layer in own[:12])
            raise Mismatch(
                _("`{name}` has no layer {each!r}; it has {counted}: {names}. Add it.").format(
                    name=name,
                    each=each,
                    counted=ngettext("{number} layer", "{number} layers", len(own)).format(number=len(own)),
                    names=names,
                )
            ) from None
    return chosen


def _require_one_of(given: Any, wanted: str | Sequence[str] | None, argument: str, name: str) -> None:
    if wanted is None:
        return
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    received = _flat(given)
    if {_plain_name(each) for each in received} - {_plain_name(each) for each in names} or not received:
        has = listed([_shown_name(each) for each in received[:4]]) or _("none")
        wanted = _(" or ").join(names)
        raise Mismatch(
            _(
                "`{name}` is compiled with {argument} {has}, expected {wanted}. Change it in "
                "`{name}.compile(…)`, and train again."
            ).format(name=name, argument=argument, has=has, wanted=wanted)
        )


def _require_rate(optimizer: Any, wanted: float | tuple[float, float] | str, name: str) -> None:
    given = getattr(optimizer, "learning_rate", None)
    schedule = getattr(optimizer, "_learning_rate", given)  # of a live optimiser, `learning_rate` is its value now
    try:
        rate = float(np.asarray(given))
    except (TypeError, ValueError, OverflowError):
        rate = None
    scheduled = type(schedule).__name__ if rate is None or hasattr(schedule, "get_config") else ""
    if isinstance(wanted, str):
        if _plain_name(scheduled) != _plain_name(wanted):
            raise Mismatch(
                _("`{name}` has the learning rate {value}, expected the schedule {wanted}. Change it.").format(
                    name=name, value=scheduled or rate, wanted=wanted
                )
            )
        return
    if scheduled or rate is None:
        raise Mismatch(
            _("`{name}` has the learning rate {value}, expected a number. Change it.").format(
                name=name, value=scheduled or kind_of(given)
            )
        )
    low, high = wanted if isinstance(wanted, tuple) else (wanted, wanted)
    if not low * (1 - RATE_TOLERANCE) <= rate <= high * (1 + RATE_TOLERANCE):
        expected = f"{low:g}" if low == high else _("{low:g} to {high:g}").format(low=low, high=high)
        raise Mismatch(
            _(
                "`{name}` has a learning rate of {rate:.4g}, expected {expected}. Give the optimizer "
                "`learning_rate={low:g}`, and train again."
            ).format(name=name, rate=rate, expected=expected, low=low)
        )


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [part for each in value for part in _flat(each)]
    return [] if value is None else [value]


def _shown_name(value: Any) -> str:
    if isinstance(value, str):
        return value[:40]
    name = getattr(value, "__name__", None)
    return str(name if isinstance(name, str) else type(value).__name__)[:40]


def _plain_name(value: Any) -> str:
    name = _shown_name(value).lower().replace("_", "")
    return _ALIASES.get(name, name)
