"""Labels out of probabilities: every usual mistake has its text, whatever probabilities chance brings."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from autograder import expect
from autograder.expect import Mismatch
from autograder.notebook.serialised_values import SerialisedValues

OTHERS = [(7, 5), (9, 12), (1, 6), (4, 2), (8, 8)]
X = np.random.default_rng(1).normal(size=(20, 3)).astype("float32")
TRUTH = np.arange(20) % 4


def loop(p):
    labels = []
    for row in p:
        best = 0
        for at, value in enumerate(row):
            if value >= row[best]:
                best = at
        labels.append(best)
    return np.array(labels, dtype="uint8")


RIGHT = {
    "argmax": lambda p: np.argmax(p, axis=1),
    "last axis": lambda p: p.argmax(-1),
    "int32": lambda p: p.argmax(1).astype("int32"),
    "loop, the last of equals": loop,
    "tensor": lambda p: ops.argmax(p, axis=1),
    "sorted": lambda p: np.argsort(p, axis=1)[:, -1],
}


@pytest.mark.parametrize("function", RIGHT.values(), ids=RIGHT)
def test_right_ones_pass(function):
    expect.labels(function)
    expect.labels(function, shapes=OTHERS, dtypes=["float32", "float64"])
    expect.labels(function, shapes=OTHERS, ties=True)


def first_eight(p):
    return p[:, :8].argmax(axis=1)


WRONG = {
    "columns": (lambda p: p.argmax(axis=0), "one for each column", 0),
    "no axis": (lambda p: p.argmax(), "a single number for 20 rows of 8 probabilities", 0),
    "highest": (lambda p: p.max(axis=1), "gives the highest probability of each row", 0),
    "one-hot": (lambda p: np.eye(p.shape[1])[p.argmax(1)], "This is one-hot", 0),
    "rounded": (np.round, "Rounding or comparing with 0.5", 0),
    "threshold": (lambda p: p > 0.5, "Rounding or comparing with 0.5", 0),
    "rounded, then argmax": (lambda p: np.round(p).argmax(axis=1), "more than one half", 0),
    "as they came": (lambda p: p, "probabilities as they came", 0),
    "least": (lambda p: p.argmin(axis=1), "least probable class", 0),
    "from 1": (lambda p: p.argmax(axis=1) + 1, "from 1 to 8. The first class is 0", 0.5),
    "floats": (lambda p: p.argmax(axis=1).astype(float), "right labels, but as float64", 0.75),
    "list": (lambda p: p.argmax(axis=1).tolist(), "right labels, but as a list", 0.75),
    "tuple": (lambda p: tuple(p.argmax(axis=1)), "right labels, but as a tuple", 0.75),
    "column": (lambda p: p.argmax(axis=1, keepdims=True), "Drop the axis of length 1", 0.5),
    "text": (lambda p: p.argmax(axis=1).astype(str), "gives text for labels", 0),
    "truth": (lambda p: p.argmax(axis=1) > 0, "gives bool for labels", 0),
    "nothing": (lambda p: None, "returns nothing (None). Printing is not returning", 0),
    "gap": (lambda p: ..., "still returns the gap", 0),
    "too many": (lambda p: p.argmax(axis=1) + 3, "3 to 10", 0),
    "reversed": (lambda p: p.argmax(axis=1)[::-1], "same order", 0),
    "generator": (lambda p: (row.argmax() for row in p), "generator, expected a NumPy array", 0),
    "set": (lambda p: set(p.argmax(axis=1)), "set of length 8", 0),
    "ragged": (lambda p: [[1], [1, 2]], "not an array", 0),
    "between": (lambda p: p.argmax(axis=1) + 0.5, "numbers like 7.5", 0),
    "probabilities of others": (lambda p: p[:, ::-1].argmax(axis=1), "another class than the most probable one", 0),
}


@pytest.mark.parametrize(("function", "text", "credit"), WRONG.values(), ids=WRONG)
def test_usual_mistakes_are_reported(function, text, credit):
    for _ in range(5):  # the verdict must not hang on chance
        with pytest.raises(Mismatch) as raised:
            expect.labels(function)
        assert text in str(raised.value)
        assert raised.value.credit == credit
        with pytest.raises(Mismatch):
            expect.labels(function, shapes=OTHERS)
    assert "argmax" not in str(raised.value)


@pytest.mark.parametrize(
    ("function", "shapes", "text"),
    [
        (first_eight, [(9, 12)], "first 8 classes only; here are 12"),
        (lambda p: np.zeros(160, int), [(7, 5), (9, 12)], "whatever it is called with"),
        (lambda p: p.squeeze().argmax(axis=-1), [(1, 6)], "a single number for 1 row of 6"),
    ],
)
def test_what_only_other_sizes_show(function, shapes, text):
    with pytest.raises(Mismatch, match=text):
        expect.labels(function, shapes=shapes)


def test_eight_classes_do_not_show_who_looks_at_eight_only():
    expect.labels(first_eight)


def test_ties_show_who_compares_with_the_maximum():
    def where(p):
        return np.where(p == p.max(axis=1, keepdims=True))[1]

    expect.labels(where)
    with pytest.raises(Mismatch, match=r"gives shape \(18,\) for 9 rows of 4 probabilities, expected \(9,\)"):
        expect.labels(where, shapes=[(9, 4)], ties=True)


@pytest.mark.parametrize("value", [np.arange(3), "to_labels", int, 3])
def test_no_function(value):
    with pytest.raises(Mismatch, match="`to_labels` should be a function"):
        expect.labels(value)


def test_what_a_function_raises_is_reported_to_its_author():
    with pytest.raises(Mismatch) as raised:
        expect.labels(SerialisedValues({"to_labels": lambda p: p.idxmax(axis=1)})["to_labels"])
    assert (
        "`<lambda>` raised AttributeError: 'numpy.ndarray' object has no attribute 'idxmax'. It was called on 20"
        in str(raised.value)
    )


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), AssertionError("no")])
def test_every_error_of_a_function_is_a_mismatch(error):
    def fails(p):
        raise error

    with pytest.raises(Mismatch, match=f"`fails` raised {type(error).__name__}: {error}"):
        SerialisedValues({"to_labels": fails})["to_labels"](3)


# ---------------------------------------------------------------- labels of a network


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="softmax")])


def test_own_labels(model):
    right = model.predict(X, verbose=0).argmax(axis=1)
    assert expect.predicted(right, model, X, TRUTH) is right
    for wrong, text in [
        (TRUTH, "holds the true labels"),
        (np.roll(right, 1), "same order"),
        (model.predict(X, verbose=0), "probabilities as they came"),
        (right[:-1], "expected (20,)"),
        (np.argmax, "is the function itself"),
        (None, "not defined"),
        (..., "gap"),
    ]:
        with pytest.raises(Mismatch) as raised:
            expect.predicted(wrong, model, X, TRUTH)
        assert text in str(raised.value)


def test_share_of_right_labels():
    assert expect.share_right([0, 1, 2, 0], [0, 1, 2, 3]) == 0.75
    for wrong in ([0, 1], [0.5, 1, 2, 3], ["0", "1", "2", "3"], np.eye(4), None):
        with pytest.raises(Mismatch, match="y_pred"):
            expect.share_right(wrong, [0, 1, 2, 3])


COUNTS = np.array([[2, 1, 0], [0, 3, 0], [1, 1, 2]])
Y_TRUE = np.repeat([0, 1, 2], [3, 3, 4])
Y_PRED = np.array([0, 0, 1, 1, 1, 1, 0, 1, 2, 2])


@pytest.mark.parametrize("given", [COUNTS, COUNTS.T, COUNTS.tolist(), COUNTS.astype("float32")])
def test_a_confusion_matrix(given):
    assert expect.confusion(given, Y_TRUE, Y_PRED, 3).trace() == 7


@pytest.mark.parametrize(
    ("given", "text", "credit"),
    [
        (COUNTS / COUNTS.sum(axis=1, keepdims=True), "holds shares", 0.5),
        (COUNTS / 10, "holds shares", 0.5),
        (COUNTS + np.eye(3, dtype=int), "13 images in all, expected 10", 0),
        (COUNTS[:, [1, 0, 2]], "3 images on its diagonal, but `y_pred` is right for 7", 0),
        (np.array([[2, 0, 1], [0, 3, 0], [1, 1, 2]]), "puts some mistakes into the wrong place", 0.5),
        (COUNTS[:2], "should have shape (3, 3)", 0),
        (COUNTS.astype(str), "should hold numbers", 0),
        ("matrix", "expected a NumPy array", 0),
        (None, "not defined", 0),
    ],
)
def test_no_confusion_matrix(given, text, credit):
    with pytest.raises(Mismatch) as raised:
        expect.confusion(given, Y_TRUE, Y_PRED, 3)
    assert text in str(raised.value)
    assert raised.value.credit == credit


def test_a_confusion_of_labels_that_are_none():
    with pytest.raises(Mismatch, match="`y_pred` goes from 1 to 3, expected 0 to 2"):
        expect.confusion(COUNTS, Y_TRUE, Y_PRED + 1, 3)
