"""Checks of how well a network predicts: accuracy, overlap of marked pixels, errors of numbers. Both sides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.expect.architectures import rows_of
from autograder.expect.inference import predictions
from autograder.expect.measurements import note
from autograder.expect.mismatch import Mismatch, Undecided
from autograder.expect.misread_inputs import confusion_of
from autograder.expect.remote_network import RemoteNetwork, called_model
from autograder.expect.training import DIVERGED, GUESSING_MARGIN, LAG_GAP, LAG_HINT, require_inputs, untrained
from autograder.language import N_
from autograder.language import gettext as _
from autograder.networks.catalogue import layer_class
from autograder.networks.network_view import leaves
from autograder.records import Measurement

__all__ = ["accuracy", "error", "guessing_share", "iou", "measured"]

Array = np.ndarray[Any, Any]

_UNTRAINED = N_("It still has the weights that it began with: train it with `fit` before the end of this question.")
_AS_THE_EXERCISE = N_(
    "See that `fit` ran for as many epochs as the exercise says, and that network and preprocessing "
    "are those of the exercise."
)
NO_BETTER_THAN_THE_MEAN = 0.05
"""An R² up to this counts as that of always predicting the mean."""


def accuracy(
    model: Any,
    x: Any,
    y: Any,
    at_least: float = 0.95,
    *,
    unsure: float = 0.0,
    output: str | int | None = None,
    name: str = "model",
) -> float:
    """Require a share of right predictions, computed by this call: of inputs, of several labels of each, or of pixels.

    Args:
        model: What the student calls `name`. For each input, or each of its pixels, it gives a number for each class;
            or one number, with which 1 is more probable from 0.5 on (without a last activation: from 0 on). A model
            that cannot be rebuilt, or a function, may also give the classes themselves.
        x: Inputs `(n, ...)`, preprocessed as for the training; a dict, list or tuple of them as the network takes it.
        y: True classes: integers `(n,)`, or of pixels `(n, ...)`, that name every class; one-hot with an axis more; or
            0 and 1 for several labels `(n, labels)`.
        at_least: The smallest accuracy that is good enough, from 0 to 1; `autograder calibrate` proposes it.
        unsure: Uncertainty of that bound, as a fraction; an accuracy at most that much below it is graded by a person.
        output: Of a network with several outputs: which one, by its position, its key or its layer's name.
        name: The model's name in the notebook.

    Returns:
        The accuracy, from 0 to 1. Of a public case that demands one, the student's page shows which classes the network
        confuses (where each input has one), with an input for each of the most frequent mistakes.

    Raises:
        Mismatch: The model does not predict such classes of such inputs, or not well enough.
        Undecided: The accuracy is at most `unsure` below the bound.
        ValueError: The author's fault: `x` and `y` are empty, or differ in length.
    """
    truth, model = _truth(y), called_model(model, name)
    given = measured(model, x, len(truth.classes), output, name)
    predicted = _classes(given, truth, model, name)
    reached = float((predicted == truth.classes).mean())
    if at_least > 0:
        note(confusion_of(name, x, truth.classes, predicted, truth.num_classes))
    what = _("accuracy {figure} on {inputs:,} inputs")
    _require(model, Measurement(name, len(given), reached, at_least, unsure), what, truth.guessing, name)
    return reached


def iou(
    model: Any,
    x: Any,
    y: Any,
    at_least: float = 0.5,
    *,
    unsure: float = 0.0,
    output: str | int | None = None,
    name: str = "model",
) -> float:
    """Require an overlap of predicted and true pixels: intersection over union, computed by this call.

    With 0 and 1 it is that of the pixels with 1, otherwise the mean of all classes.

    Args:
        model: What the student calls `name`; see `accuracy`.
        x: Inputs `(n, ...)`.
        y: True classes of the pixels `(n, ...)`, as integers or one-hot.
        at_least: The smallest overlap that is good enough, from 0 to 1; `autograder calibrate` proposes it.
        unsure: Uncertainty of that bound.
        output: Of a network with several outputs: which one.
        name: The model's name in the notebook.

    Returns:
        The overlap, from 0 to 1.

    Raises:
        Mismatch: The model does not predict such classes of such inputs, or not well enough.
        Undecided: The overlap is at most `unsure` below the bound.
        ValueError: The author's fault: `x` and `y` are empty, or differ in length.
    """
    truth, model = _truth(y), called_model(model, name)
    given = measured(model, x, len(truth.classes), output, name)
    predicted = _classes(given, truth, model, name)
    shares = []
    for number in [1] if truth.num_classes <= 2 else range(truth.num_classes):
        both = ((predicted == number) & (truth.classes == number)).sum()
        either = ((predicted == number) | (truth.classes == number)).sum()
        shares += [both / either] if either else []
    reached = float(np.mean(shares)) if shares else 1.0
    what = _("an intersection over union of {figure} on {inputs:,} inputs")
    _require(model, Measurement(name, len(given), reached, at_least, unsure, "iou"), what, 0.0, name)
    return reached


def error(
    model: Any,
    x: Any,
    y: Any,
    at_most: float | None = None,
    *,
    metric: str = "mae",
    at_least: float | None = None,
    unsure: float = 0.0,
    output: str | int | None = None,
    name: str = "model",
) -> float:
    """Require predictions of numbers that are not too far off, computed by this call.

    Args:
        model: What the student calls `name`: inputs `(n, ...)` → numbers `(n,)` or `(n, ...)`.
        x: Inputs, preprocessed as for the training; see `accuracy`.
        y: True numbers, on the scale on which the network was trained.
        at_most: The largest error that is good enough, for `mae`, `mse` and `rmse`; `autograder calibrate` proposes it.
            Without a bound it is measured only.
        metric: `mae` (mean absolute error), `mse` or `rmse` ((root of the) mean squared error), or `r2` (share of the
            variance that is explained).
        at_least: The smallest `r2` that is good enough.
        unsure: Uncertainty of that bound; what is at most that much beyond it is graded by a person.
        output: Of a network with several outputs: which one.
        name: The model's name in the notebook.

    Returns:
        The figure.

    Raises:
        Mismatch: The model does not predict such numbers of such inputs, or not well enough.
        Undecided: The figure is at most `unsure` beyond the bound.
        ValueError: The author's fault: `x` and `y` are empty, or differ in length, or there is no such metric or bound.
    """
    if metric not in _METRICS or (at_most if metric == "r2" else at_least) is not None:
        raise ValueError("give `at_most` with the metric mae, mse or rmse, or `at_least` with r2")
    y, model = np.asarray(y, float), called_model(model, name)
    y = y[..., 0] if y.ndim > 1 and y.shape[-1] == 1 else y
    given = measured(model, x, len(y), output, name)
    if given.shape != y.shape and given.shape != (*y.shape, 1):
        raise Mismatch(
            _(
                "`{name}` gives an output of shape {shape} for each input, expected {value}: check the units of "
                "the last layer."
            ).format(name=name, shape=given.shape[1:], value=y.shape[1:] or (1,))
        )
    given = given.reshape(y.shape).astype(float)
    reached = float(_METRICS[metric](given, y))
    explained = _explained(given, y)
    hint = ""
    if explained <= NO_BETTER_THAN_THE_MEAN:
        hint = _("No better than always predicting the mean: see that `fit` ran to its end and that its loss fell.")
        if np.ptp(given) and np.ptp(y) and np.corrcoef(given.ravel(), y.ravel())[0, 1] > 0.7:
            hint = _(
                "Its predictions rise and fall with the true numbers, but on another scale: check how both are scaled."
            )
    if at_most is None and at_least is None:
        return reached
    bounds = {"at_least": at_least or 0.0, "unsure": unsure, "metric": metric, "at_most": at_most or 0.0}
    what = _(_WORDS[metric])
    _require(model, Measurement(name, len(given), reached, **bounds), what, None, name, hint)  # type: ignore[arg-type]
    return reached


def guessing_share(y: Any) -> float:
    """The accuracy of guessing true classes `y`, in the form that `accuracy` takes."""
    return _truth(y).guessing


def measured(model: Any, x: Any, count: int, output: str | int | None, name: str) -> Array:
    """A network's predictions `(n, ...)` for inputs of which there must be `count`, all finite.

    Raises:
        Mismatch: The model does not take such inputs, or has no such output.
        ValueError: The author's fault: there are other numbers of inputs.
    """
    lengths = {len(np.asarray(each)) for each in leaves(x)}
    if lengths != {count} or not count:
        shown = " and ".join(map(str, sorted(lengths)))
        raise ValueError(f"x and y must be as long as each other and not empty. Received: {shown} and {count}")
    if not isinstance(model, RemoteNetwork):
        rows_of(model, name)
        require_inputs(model, x, name)
        if not all(np.isfinite(np.asarray(weight)).all() for weight in model.get_weights()):
            raise Mismatch(
                _("`{name}` has weights that are NaN or infinite. {diverged}").format(name=name, diverged=_(DIVERGED))
            )
    given = predictions(model, x, output, name=name)
    strange = int((~np.isfinite(given)).reshape(count, -1).any(axis=1).sum())
    if strange:
        raise Mismatch(
            _("`{name}` predicts NaN or infinity for {strange:,} of {count:,} inputs. {diverged}").format(
                name=name, strange=strange, count=count, diverged=_(DIVERGED)
            )
        )
    return given


# ---------------------------------------------------------------- classes


@dataclass(frozen=True)
class _Truth:
    """True classes.

    Attributes:
        classes: Integers `(n, ...)`.
        num_classes: How many there are; 2 for several labels, each 0 or 1.
        guessing: The accuracy of guessing.
    """

    classes: Array
    num_classes: int
    guessing: float


def _truth(y: Any) -> _Truth:
    y = np.asarray(y)
    y = y[..., 0] if y.ndim > 1 and y.shape[-1] == 1 else y
    marks = y.ndim > 1 and bool(np.isin(y, (0, 1)).all())
    if marks and (y.sum(axis=-1) == 1).all():
        return _Truth(y.argmax(axis=-1), y.shape[-1], _share(y.argmax(axis=-1), y.shape[-1]))
    num_classes = int(y.max()) + 1 if y.size else 0
    return _Truth(y.astype(int), num_classes, _share(y, num_classes))


def _share(classes: Array, num_classes: int) -> float:
    """1 / num_classes; of pixels and several labels the share of the most frequent one."""
    if classes.ndim == 1 or not classes.size:
        return 1 / max(1, num_classes)
    return float(np.unique(classes, return_counts=True)[1].max() / classes.size)


def _classes(given: Array, truth: _Truth, model: Any, name: str) -> Array:
    """The predicted classes, in the shape of the true ones; a model that cannot be rebuilt may give them itself."""
    shape, wanted, each = given.shape[1:], truth.classes.shape[1:], truth.num_classes
    if isinstance(model, RemoteNetwork) and shape in (wanted, (*wanted, 1)) and np.array_equal(given, np.rint(given)):
        return given.reshape(truth.classes.shape).astype(int)
    if each <= 2 and shape in (wanted, (*wanted, 1)):
        numbers = given.reshape(truth.classes.shape)
        if numbers.min() >= 0 and numbers.max() <= 1:
            return (numbers >= 0.5).astype(int)
        both = [(numbers >= threshold).astype(int) for threshold in (0, 0.5)]  # logits, or numbers near 0 and 1
        return max(both, key=lambda classes: (classes == truth.classes).sum())
    if shape == (*wanted, max(2, each)):
        return given.argmax(axis=-1)  # type: ignore[no-any-return]
    if wanted:
        one = _("{shape} or ").format(shape=wanted) if each <= 2 else ""
        raise Mismatch(
            _(
                "`{name}` gives an output of shape {shape} for each input, expected {one}{value}: a number for "
                "each place. Check the last layer."
            ).format(name=name, shape=shape, one=one, value=(*wanted, each))
        )
    if len(shape) != 1:
        raise Mismatch(
            _(
                "`{name}` gives an output of shape {shape} for each input, expected ({each},). Is there a "
                "Flatten layer before the dense ones?"
            ).format(name=name, shape=shape, each=each)
        )
    raise Mismatch(
        _(
            "`{name}` gives {shape} numbers for each input, expected {each}, one for each class. Check the "
            "units of the last dense layer."
        ).format(name=name, shape=shape[0], each=each)
    )


# ---------------------------------------------------------------- numbers


def _explained(given: Array, y: Array) -> float:
    """R², the share of the variance that is explained."""
    total = float(((y - y.mean(axis=0)) ** 2).sum())
    return 1 - float(((given - y) ** 2).sum()) / total if total else 0.0


_METRICS = {
    "mae": lambda given, y: np.abs(given - y).mean(),
    "mse": lambda given, y: ((given - y) ** 2).mean(),
    "rmse": lambda given, y: np.sqrt(((given - y) ** 2).mean()),
    "r2": _explained,
}
_WORDS = {
    "mae": N_("a mean absolute error of {figure} on {inputs:,} inputs"),
    "mse": N_("a mean squared error of {figure} on {inputs:,} inputs"),
    "rmse": N_("a root mean squared error of {figure} on {inputs:,} inputs"),
    "r2": N_("an R² of {figure} on {inputs:,} inputs"),
}


# ---------------------------------------------------------------- bounds


def _require(model: Any, reached: Measurement, what: str, guessing: float | None, name: str, hint: str = "") -> None:
    """Require a figure to be good enough.

    Args:
        model: The network.
        reached: The figure, with its bound.
        what: The figure in words, with fields for the number and how many inputs it is of.
        guessing: What guessing reaches; None where that is not known.
        name: The network's name.
        hint: What the author of the check knows of what is wrong; may be empty.
    """
    note(reached)
    value, floor = reached.accuracy, not reached.at_most
    bound = reached.at_least if floor else reached.at_most
    beyond = bound - value if floor else value - bound
    if beyond <= 0:
        return
    # Cut off and not rounded: 0.94996 must not read as 0.95.
    shown = f"{math.floor(value * 10_000) / 10_000:g}" if floor else f"{value:.4g}"
    has = what.format(figure=shown, inputs=reached.inputs)
    short = _("`{name}` has {has}, expected at most {bound:g}.").format(name=name, has=has, bound=bound)
    if floor:
        short = _("`{name}` has {has}, expected at least {bound:g}.").format(name=name, has=has, bound=bound)
    if beyond <= reached.unsure:
        raise Undecided(_("{short} So little may be chance: a person looks at it and decides.").format(short=short))
    near = guessing is not None and value <= guessing + GUESSING_MARGIN
    if (near or hint) and untrained(model):
        step = _(_UNTRAINED)
    elif hint:
        step = hint
    elif near:
        step = _(
            "That is near guessing: see that `fit` ran to its end, then check the learning rate, and that "
            "each input still has its own label."
        )
    else:
        step = _(_AS_THE_EXERCISE)
    rows = [] if isinstance(model, RemoteNetwork) else rows_of(model, name)
    normalises = any(layer_class(row.kind).NORMALISES_BATCHES for row in rows)
    if floor and normalises and beyond > LAG_GAP and not untrained(model):
        step += f" {_(LAG_HINT)}"
    raise Mismatch(f"{short} {step}")
