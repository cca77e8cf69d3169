"""Objects of TensorFlow, Keras, Matplotlib and the student's own classes, as a case sees them."""

from __future__ import annotations

import dataclasses
import enum
import itertools

import keras
import matplotlib as mpl
import numpy as np
import pytest
import tensorflow as tf
from matplotlib.figure import Figure

from autograder import expect
from autograder.notebook.serialised_values import SerialisedValues


def seen(value: object) -> object:
    return SerialisedValues({"x": value})["x"]


def test_ragged_and_sparse_tensors_and_tensors_of_text():
    ragged = seen(tf.ragged.constant([[1, 2, 3], [], [4]]))
    assert [row.tolist() for row in ragged] == [[1, 2, 3], [], [4]]
    nested = seen(tf.ragged.constant([[[1], [2, 3]], []]))
    assert [[row.tolist() for row in rows] for rows in nested] == [[[1], [2, 3]], []]
    assert seen(tf.sparse.from_dense([[0, 5], [7, 0]])).toarray().tolist() == [[0, 5], [7, 0]]
    assert seen(tf.constant(["cat", "größe"])).tolist() == ["cat", "größe"]
    assert seen(tf.constant([1.5], tf.bfloat16)).dtype.name == "bfloat16"


def test_a_dataset_is_read_where_a_case_asks():
    x = np.arange(12.0, dtype="float32").reshape(6, 2)
    dataset = seen(tf.data.Dataset.from_tensor_slices((x, {"y": np.arange(6)})).batch(4))
    rows, labels = dataset.element_spec
    assert (rows.shape, rows.dtype, labels["y"].dtype) == ((None, 2), "float32", "int64")
    assert dataset.cardinality == 2
    batch, targets = next(iter(dataset))
    assert batch.tolist() == x[:4].tolist()
    assert targets["y"].tolist() == [0, 1, 2, 3]
    assert [len(batch) for batch, _ in dataset] == [4, 2]
    assert len(dataset) == len(list(dataset)) == 2
    assert len(list(itertools.islice(seen(tf.data.Dataset.range(3).repeat()), 7))) == 7


def test_a_layer_can_be_called_and_asked():
    layer = keras.layers.Dense(3, kernel_initializer="ones", use_bias=False)
    assert seen(layer)(np.ones((2, 4), "float32")).tolist() == [[4, 4, 4], [4, 4, 4]]
    assert seen(layer).count_params() == 12
    assert type(seen(layer).kernel_initializer).__name__ == "Ones"


class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x

    def get_config(self):
        raise SystemExit


def test_a_layer_of_the_students_own():
    layer = seen(Twice(name="twice"))
    assert type(layer).__name__ == "Twice"
    assert layer(np.ones((1, 2), "float32")).tolist() == [[2, 2]]


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


@dataclasses.dataclass
class Point:
    x: float
    y: float

    def length(self) -> float:
        return (self.x**2 + self.y**2) ** 0.5

    def __add__(self, other: Point) -> Point:
        return Point(self.x + other.x, self.y + other.y)

    def __rsub__(self, other: object) -> int:
        return 0

    __abs__ = __float__ = __lt__ = __gt__ = __rsub__


def test_enums_and_dataclasses():
    assert (seen(Colour.RED).name, seen(Colour.RED).value) == ("RED", "r")
    values = SerialisedValues({"p": Point(3, 4), "q": Point(1, 2), "table": {Colour.RED: 1, Colour.BLUE: 2}})
    point = values["p"]
    assert (point.x, point.y, point.length()) == (3, 4, 5)
    assert (point + values["q"]).x == 4
    for computed in (lambda: point + 3, lambda: 3 - point, lambda: abs(point), lambda: float(point), lambda: point > 3):
        with pytest.raises(TypeError):
            computed()
    assert repr(point) == "Point(x=3, y=4)"
    assert {colour.name: number for colour, number in values["table"].items()} == {"RED": 1, "BLUE": 2}


@pytest.fixture(scope="module")
def figure():
    with mpl.rc_context({"text.usetex": False}):
        made = Figure(figsize=(4, 3))
        left, right = made.subplots(1, 2)
        made.suptitle("Both")
        left.plot([1, 2, 3], [4, 5, 6], "r--", label="loss")
        left.scatter([1, 2], [3, 4], label="seen")
        left.set(title="Training", xlabel="epoch", ylabel="loss", yscale="log", xlim=(0, 4))
        left.legend()
        right.bar(["a", "b"], [2, 3])
        right.imshow(np.eye(2), cmap="gray")
        return seen(made)


def test_a_figure_arrives_as_what_it_shows(figure):
    left, right = figure.axes
    assert (figure.suptitle, figure.size) == ("Both", (4, 3))
    assert (left.title, left.xlabel, left.ylabel, left.xscale, left.yscale) == (
        "Training",
        "epoch",
        "loss",
        "linear",
        "log",
    )
    assert (left.xlim, left.legend) == ((0, 4), ["loss", "seen"])
    [line], [points], [bars], [image] = left.lines, left.points, right.bars, right.images
    assert (line.label, line.y.tolist(), line.linestyle, line.color) == ("loss", [4, 5, 6], "--", "r")
    assert (points.label, points.x.tolist(), points.y.tolist()) == ("seen", [1, 2], [3, 4])
    assert (bars.heights.tolist(), bars.label) == ([2, 3], "")
    assert (image.data.tolist(), image.cmap) == ([[1, 0], [0, 1]], "gray")
    assert left.get_title() == "Training"


def test_points_are_those_that_matplotlib_draws_as_such():
    x, y = np.array([1, np.nan, 3, 4]), np.array([2, 4, np.nan, 8])
    made = Figure()
    for axes, draw in zip(
        made.subplots(2, 2).flat,
        (
            lambda axes: axes.scatter(x, y),
            lambda axes: axes.plot(x, y, "o"),
            lambda axes: axes.plot(x, y, linestyle="", marker="x"),
            lambda axes: axes.plot(x, y, "o-"),
        ),
        strict=True,
    ):
        draw(axes)
    given = seen(made)
    for at in range(3):
        expect.figure(given, points=[(x, y)], axes=at)
    with pytest.raises(expect.Mismatch, match="has no points"):
        expect.figure(given, points=[(x, y)], axes=3)


def test_a_figures_picture_is_bounded(figure):
    assert figure.picture.startswith(b"\x89PNG")
    assert int.from_bytes(figure.picture[16:20], "big") == 600
    assert int.from_bytes(figure.picture[20:24], "big") == 450
    assert len(figure.picture) < 2_000_000


def test_a_dict_of_tuples_and_a_set_of_classes():
    assert seen({(0, 1): 0.5, (1, 0): 0.25}) == {(0, 1): 0.5, (1, 0): 0.25}
    assert seen({1, 2, 3}) == {1, 2, 3}
    assert seen([{(1,): {2}}]) == [{(1,): {2}}]
