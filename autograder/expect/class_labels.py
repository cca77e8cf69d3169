"""Checks of class labels, functions that return them, and confusion matrices. Both sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.expect.mismatch import Mismatch, Unusable, described, require_value
from autograder.expect.training import probabilities
from autograder.language import gettext as _
from autograder.language import ngettext
from autograder.wording import parted_at_error

__all__ = ["confusion", "labels", "predicted", "share_right"]

Array = np.ndarray[Any, Any]

CREDIT_ONE_MISTAKE = 0.5
"""Share of the points for a result that one systematic mistake separates from the right one."""

CREDIT_RIGHT_LABELS_WRONG_TYPE = 0.75
"""Share of the points for the right labels as floats, or as a list."""

TIE_TOLERANCE = 1e-4
"""Share of a row's range within which two probabilities count as equal: another processor may reverse their order."""


@dataclass(frozen=True)
class _Batch:
    """Probabilities `(rows, classes)`, and a mask `(rows, classes)` of the most probable classes of each row."""

    probabilities: Array
    best: Array

    def __str__(self) -> str:
        rows, classes = self.probabilities.shape
        return ngettext(
            "{number} row of {classes} probabilities", "{number} rows of {classes} probabilities", rows
        ).format(number=rows, classes=classes)


def labels(
    function: Any,
    *,
    shapes: Sequence[tuple[int, int]] = ((20, 8),),
    dtypes: Sequence[str] = ("float32",),
    ties: bool = False,
    name: str = "to_labels",
) -> None:
    """Require a function that turns probabilities into labels: for each row, the most probable class.

    It is called on new random probabilities each time; which ones does not change the outcome. There is partial credit
    for right labels that are floats, a list or a column, or that count from 1.

    Args:
        function: What the student calls `name`: probabilities `(rows, classes)` → integer labels `(rows,)`.
        shapes: Rows and classes of each call.
        dtypes: NumPy dtypes of the probabilities; the function is called with each shape in each dtype.
        ties: Whether two classes of each row are equally probable; then either label is right.
        name: The function's name in the notebook.

    Raises:
        Mismatch: It is not a function, raises, or returns something else; usual mistakes have their own messages.
    """
    require_value(function, name)
    if isinstance(function, type) or not callable(function):
        raise Mismatch(
            _(
                "`{name}` should be a function, received {function}. Write `def {name}(probabilities):` and "
                "`return` the labels; call it in another line."
            ).format(name=name, function=described(function))
        )
    random = np.random.default_rng()  # unseeded: nobody can know the values before
    batches = [_batch(random, *shape, dtype, ties) for shape in shapes for dtype in dtypes]
    calls = [(batch, _call(function, batch, name)) for batch in batches]
    for batch, answer in calls:
        _require_labels(answer, batch, calls, name)


def predicted(
    value: Any,
    model: Any,
    x: Any,
    y_true: Any,
    *,
    name: str = "y_pred",
    model_name: str = "model",
) -> Array:
    """Require the labels that the student's own network predicts for some inputs.

    Args:
        value: What the student calls `name`.
        model: The student's network: inputs `(n, ...)` → probabilities `(n, classes)`.
        x: The inputs, preprocessed as for the training.
        y_true: Their true labels `(n,)`, integers that name every class.
        name: The labels' name in the notebook.
        model_name: The network's name in the notebook.

    Returns:
        The student's labels `(n,)`.

    Raises:
        Mismatch: They are not labels, or not those that the network predicts.
    """
    require_value(value, name)
    if callable(value):
        raise Mismatch(
            _("`{name}` is the function itself. Call it on the probabilities of your network.").format(name=name)
        )
    truth = np.asarray(y_true).reshape(-1)
    outputs = probabilities(model, x, int(truth.max()) + 1, name=model_name)
    highest, lowest = outputs.max(axis=1, keepdims=True), outputs.min(axis=1, keepdims=True)
    # As a share of the row's range, so that nearly equal outputs do not make every label right.
    batch = _Batch(outputs, outputs >= highest - TIE_TOLERANCE * (highest - lowest))
    return _require_labels(value, batch, [(batch, value)], name, truth)


def share_right(value: Any, y_true: Any, *, name: str = "y_pred") -> float:
    """The share of the student's labels that are right, from 0 to 1.

    Args:
        value: What the student calls `name`: integer labels `(n,)`.
        y_true: The true labels `(n,)`.
        name: The labels' name in the notebook.

    Raises:
        Mismatch: They are not `n` integer labels.
    """
    return float((_integers(value, len(np.asarray(y_true).reshape(-1)), name) == np.asarray(y_true).reshape(-1)).mean())


def confusion(value: Any, y_true: Any, y_pred: Any, num_classes: int, *, name: str = "confusion") -> Array:
    """Require a confusion matrix: for each pair of classes, how many images of one were predicted as the other.

    Either axis may be the true class.

    Args:
        value: What the student calls `name`.
        y_true: The true labels `(n,)`.
        y_pred: The student's labels `(n,)`, checked before.
        num_classes: Number of classes.
        name: The matrix's name in the notebook.

    Returns:
        The student's matrix `(num_classes, num_classes)`, as integers.

    Raises:
        Mismatch: It is not one, or not that of these labels; shares in place of counts earn half of the credit.
    """
    require_value(value, name)
    given = _as_array(value, name)
    if given.shape != (num_classes, num_classes):
        raise Mismatch(
            _(
                "`{name}` should have shape ({num_classes}, {num_classes}), a row and a column for each class, "
                "received {shape}. Count for every pair of classes, also those that never come together."
            ).format(name=name, num_classes=num_classes, shape=_shape(given))
        )
    if given.dtype.kind not in "iuf":
        raise Mismatch(
            _("`{name}` should hold numbers, received {dtype}. Count the images.").format(name=name, dtype=given.dtype)
        )
    truth = np.asarray(y_true).reshape(-1)
    guess = _integers(y_pred, len(truth), "y_pred")
    if guess.min() < 0 or guess.max() >= num_classes:
        raise Mismatch(
            _("`y_pred` goes from {min} to {max}, expected 0 to {number}.").format(
                min=guess.min(), max=guess.max(), number=num_classes - 1
            )
        )
    wanted = np.zeros((num_classes, num_classes), dtype=int)
    np.add.at(wanted, (truth, guess), 1)
    if np.array_equal(given, wanted) or np.array_equal(given, wanted.T):
        return given.astype(int)
    total, right = float(given.sum()), len(truth)
    shares = [wanted / np.maximum(1, wanted.sum(axis=axis, keepdims=True)) for axis in (0, 1)] + [wanted / right]
    if any(np.allclose(given, each, atol=0.006) or np.allclose(given.T, each, atol=0.006) for each in shares):
        raise Mismatch(
            _("`{name}` holds shares. Give the numbers of images, before any division.").format(name=name),
            credit=CREDIT_ONE_MISTAKE,
        )
    if total != right:
        raise Mismatch(
            _("`{name}` counts {total:,.10g} images in all, expected {right:,}: each one once.").format(
                name=name, total=total, right=right
            )
        )
    diagonal = int((truth == guess).sum())
    if np.trace(given) != diagonal:
        raise Mismatch(
            _(
                "`{name}` has {trace:,.10g} images on its diagonal, but `y_pred` is right for {diagonal:,}. Is "
                "it made of the true labels and your `y_pred`, of the same images?"
            ).format(name=name, trace=np.trace(given), diagonal=diagonal)
        )
    raise Mismatch(
        _(
            "`{name}` has the right number on its diagonal, but puts some mistakes into the wrong place. Use "
            "the true label for one index and the predicted one for the other."
        ).format(name=name),
        credit=CREDIT_ONE_MISTAKE,
    )


# ---------------------------------------------------------------- calls


def _batch(random: np.random.Generator, rows: int, classes: int, dtype: str, ties: bool) -> _Batch:
    """Random probabilities on which every usual mistake changes a label.

    The last class is the most probable one of the first row. In every second row the highest probability is less than
    one half, if there are enough classes.
    """
    winners = (classes - 1 - np.arange(rows)) % classes
    winners[1:] = random.permutation(winners[1:])
    every = np.arange(rows)
    # In rows of many classes 1.0 is less than half of the sum; every second row gets more than half.
    scores = random.uniform(0.2, 0.9, size=(rows, classes))
    scores[every, winners] = 1.0
    others = scores.sum(axis=1) - 1.0
    scores[every, winners] = np.where(every % 2 == 0, 1.0, 1.5 * np.maximum(1.0, others))
    scores /= scores.sum(axis=1, keepdims=True)
    best = np.zeros((rows, classes), dtype=bool)
    best[every, winners] = True
    scores = scores.astype(dtype)
    if ties:
        seconds = (winners + 1 + random.integers(classes - 1, size=rows)) % classes
        scores[every, seconds] = scores[every, winners]
        scores /= scores.sum(axis=1, keepdims=True)
        best[every, seconds] = True
    return _Batch(scores, best)


def _call(function: Callable[..., Any], batch: _Batch, name: str) -> Any:
    try:
        answer = function(batch.probabilities)
    except Unusable:
        raise
    except Mismatch as mismatch:
        text = str(mismatch).rstrip(".")
        if parted_at_error(text)[1].startswith("NameError: "):  # whatever it is given
            raise
        raise Mismatch(
            _(
                "{text}. It was called on {batch}, a NumPy array. Let it work with what it is given, however "
                "many rows and classes that has."
            ).format(text=text, batch=batch)
        ) from mismatch
    if answer is None:
        raise Mismatch(
            _("`{name}` returns nothing (None). Printing is not returning: end it with `return`.").format(name=name)
        )
    if answer is Ellipsis:
        raise Mismatch(_("`{name}` still returns the gap `...`. Replace it by your answer.").format(name=name))
    return answer


# ---------------------------------------------------------------- answers

_Calls = Sequence[tuple[_Batch, Any]]


def _require_labels(answer: Any, batch: _Batch, calls: _Calls, name: str, truth: Array | None = None) -> Array:
    """Require the labels of a batch.

    Args:
        answer: The student's labels.
        batch: The probabilities that they should follow from.
        calls: All calls of the function, to see whether it uses its argument.
        name: Of the function or of the labels.
        truth: The true labels `(rows,)`; a student who gives these has not predicted anything.

    Raises:
        Mismatch: They are other labels, or none.
    """
    given = _as_array(answer, name)
    rows, classes = batch.probabilities.shape
    if given.shape != (rows,):
        raise _wrong_shape(given, batch, calls, name)
    if given.dtype.kind not in "iuf":
        kind = _("text") if given.dtype.kind in "US" else str(given.dtype)
        raise Mismatch(
            _("`{name}` gives {kind} for labels, expected integers from 0 to {number}.").format(
                name=name, kind=kind, number=classes - 1
            )
        )
    if _right(given, batch):
        if given.dtype.kind == "f":
            raise Mismatch(
                _(
                    "`{name}` gives the right labels, but as {dtype}. Labels are integers, to be used as indices."
                ).format(name=name, dtype=given.dtype),
                credit=CREDIT_RIGHT_LABELS_WRONG_TYPE,
            )
        if isinstance(answer, (list, tuple)):
            raise Mismatch(
                _(
                    "`{name}` gives the right labels, but as a {kind}. Give a NumPy array: a list is not compared "
                    "with other labels one by one."
                ).format(name=name, kind=type(answer).__name__),
                credit=CREDIT_RIGHT_LABELS_WRONG_TYPE,
            )
        return given
    raise _wrong_values(given, batch, name, truth)


def _wrong_shape(given: Array, batch: _Batch, calls: _Calls, name: str) -> Mismatch:
    p, (rows, classes) = batch.probabilities, batch.probabilities.shape
    what = _("`{name}` gives {shape} for {batch}, expected ({rows},): one label for each row.").format(
        name=name, shape=_shape(given), batch=batch, rows=rows
    )
    if given.size == rows and given.ndim == 2 and _right(given.reshape(-1), batch):
        return Mismatch(_("{what} Drop the axis of length 1.").format(what=what), credit=CREDIT_ONE_MISTAKE)
    if given.shape == p.shape:
        if np.array_equal(given, p):
            return Mismatch(
                _("{what} These are the probabilities as they came: which class do they favour?").format(what=what)
            )
        if given.dtype.kind in "biuf" and np.array_equal(given != 0, batch.best):
            return Mismatch(
                _("{what} This is one-hot: give the number of the class, not where it stands.").format(what=what)
            )
        return Mismatch(
            _(
                "{what} Rounding or comparing with 0.5 answers for each class alone, and when no class reaches "
                "one half, there is no label left. Which class is the most probable of its row?"
            ).format(what=what)
        )
    if given.ndim == 1 and len({len(each.probabilities) for each, _ in calls}) > 1 and _all_alike(calls):
        return Mismatch(
            _(
                "`{name}` gives {shape} whatever it is called with, now for {batch}. Does it use its argument, "
                "or another variable of the notebook?"
            ).format(name=name, shape=_shape(given), batch=batch)
        )
    if given.shape == (classes,):
        return Mismatch(
            _("{what} That is one for each column. Along which axis do the classes of a row lie?").format(what=what)
        )
    if given.ndim == 0:
        return Mismatch(
            _("{what} That is a single number for all rows. Along which axis do the classes lie?").format(what=what)
        )
    return Mismatch(_("{what} Work on each row by itself.").format(what=what))


def _wrong_values(given: Array, batch: _Batch, name: str, truth: Array | None) -> Mismatch:
    p = batch.probabilities
    rows, classes = p.shape
    if given.dtype.kind == "f" and not np.array_equal(given, np.rint(given)):
        if np.allclose(given, p.max(axis=1)):
            return Mismatch(
                _("`{name}` gives the highest probability of each row. Which class has it?").format(name=name)
            )
        return Mismatch(
            _("`{name}` gives numbers like {flat:.4g}, expected integers from 0 to {number}.").format(
                name=name, flat=given.flat[0], number=classes - 1
            )
        )
    if _right(given - 1, batch):
        return Mismatch(
            _(
                "`{name}` counts the classes from 1 to {classes}. The first class is 0, as in the labels of the data."
            ).format(name=name, classes=classes),
            credit=CREDIT_ONE_MISTAKE,
        )
    if truth is not None and np.array_equal(given, truth):
        return Mismatch(
            _("`{name}` holds the true labels, not those that your network gives. It is not always right.").format(
                name=name
            )
        )
    if given.min() < 0 or given.max() >= classes:
        return Mismatch(
            _(
                "`{name}` gives {min:,.10g} to {max:,.10g} for {batch}, expected labels from 0 to {number}. Give "
                "the number of a class."
            ).format(name=name, min=given.min(), max=given.max(), batch=batch, number=classes - 1)
        )
    mistakes = [
        (p.argmin(axis=1), _("gives the least probable class of each row. Give the most probable one.")),
        ((p > 0.5).argmax(axis=1), _("looks for more than one half; the most probable class of a row may have less.")),
        (
            p[:, :8].argmax(axis=1),
            _("looks at the first 8 classes only; here are {classes}. Ask the array how many.").format(classes=classes),
        ),
    ]
    if rows == classes:
        mistakes.insert(
            0, (p.argmax(axis=0), _("goes down the columns. Along which axis do the classes of a row lie?"))
        )
    for mistake, text in mistakes:
        if np.array_equal(given, mistake):
            return Mismatch(f"`{name}` {text}")
    wrong = ~batch.best[np.arange(rows), given.astype(int)]
    row = int(np.flatnonzero(wrong)[0])
    return Mismatch(
        _(
            "`{name}` gives {count:,} of {rows:,} rows another class than the most probable one; the first "
            "is row {row}, which it puts into class {count2}. Are these the probabilities of the same rows, "
            "in the same order?"
        ).format(name=name, count=int(wrong.sum()), rows=rows, row=row, count2=int(given[row]))
    )


def _right(given: Array, batch: _Batch) -> bool:
    rows, classes = batch.probabilities.shape
    if given.dtype.kind not in "iuf" or not np.array_equal(given, np.rint(given)):
        return False
    if given.min() < 0 or given.max() >= classes:
        return False
    return bool(batch.best[np.arange(rows), given.astype(int)].all())


def _all_alike(calls: _Calls) -> bool:
    shapes = {np.shape(answer) for _, answer in calls if isinstance(answer, (np.ndarray, list, tuple))}
    return len(shapes) == 1


def _integers(value: Any, count: int, name: str) -> Array:
    require_value(value, name)
    given = _as_array(value, name)
    if given.shape != (count,) or given.dtype.kind not in "iuf" or not np.array_equal(given, np.rint(given)):
        raise Mismatch(
            _(
                "`{name}` should be {count} integers, one for each image, received {dtype} of {shape}. Correct "
                "it in its own question first."
            ).format(name=name, count=count, dtype=given.dtype, shape=_shape(given))
        )
    return given.astype(int)


def _as_array(value: Any, name: str) -> Array:
    """A NumPy array, scalar, number, list or tensor as an array."""
    tensor = type(value).__module__.partition(".")[0] in {"tensorflow", "keras"} and hasattr(value, "shape")
    if not isinstance(value, (np.ndarray, np.generic, list, tuple, int, float)) and not tensor:
        raise Mismatch(_("`{name}` gives {value}, expected a NumPy array.").format(name=name, value=described(value)))
    try:
        array = np.asarray(value)
    except Exception as error:  # rows of different lengths, symbolic tensors
        raise Mismatch(
            _("`{name}` gives {value}, not an array. Give one label for each row.").format(
                name=name, value=described(value)
            )
        ) from error
    if array.dtype.kind == "O":
        raise Mismatch(
            _("`{name}` gives {value} of other things than numbers. Give one label for each row.").format(
                name=name, value=described(value)
            )
        )
    return array


def _shape(array: Array) -> str:
    return _("shape {shape}").format(shape=array.shape) if array.shape else _("a single number")
