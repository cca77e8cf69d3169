from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from autograder.feedback.plots import bar, bins, curves, histogram

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(str(svg).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def line(svg: str, kind: str) -> list[tuple[float, float]]:
    """The points of a curve; the legend's own stroke has two and comes after."""
    found = next(shape for shape in parsed(svg).iter(f"{SVG}polyline") if shape.get("class") == f"line {kind}")
    return [tuple(map(float, pair.split(","))) for pair in found.get("points", "").split()]  # type: ignore[misc]


HISTORY = {"accuracy": [0.5, 0.8, 0.9], "val_accuracy": [0.6, 0.85, 0.8], "loss": [1.0, 0.5, 0.2], "lr": [1, 1, 1]}


def test_accuracy_and_loss_are_drawn_once_each() -> None:
    drawn = curves(HISTORY, "c")
    assert [curve.name for curve in drawn] == ["accuracy", "loss"]
    assert len({curve.svg for curve in drawn}) == 2
    ids = [element.get("id") for curve in drawn for element in parsed(curve.svg).iter() if element.get("id")]
    assert len(ids) == len(set(ids)) == 4


def test_curve_has_title_description_and_axis_labels() -> None:
    svg = parsed(curves(HISTORY, "c")[0].svg)
    assert svg.get("role") == "img"
    labelled = [element.text for element in svg if element.get("id") in svg.get("aria-labelledby", "").split()]
    assert labelled[0] == "Learning curve: accuracy by epoch"
    assert labelled[1] == (
        "Training accuracy is 0.900 after epoch 3. "
        "Validation accuracy is 0.800 after epoch 3 (highest: 0.850, epoch 2)."
    )
    assert {"Epoch", "Accuracy", "training", "validation"} <= {text.text for text in svg.iter(f"{SVG}text")}


def test_curve_goes_where_the_values_go() -> None:
    (x1, y1), (x2, y2), (x3, y3) = line(curves(HISTORY, "c")[0].svg, "training")
    assert x1 < x2 < x3
    assert math.isclose(x2 - x1, x3 - x2, abs_tol=0.2)
    assert y1 > y2 > y3  # SVG counts downwards
    assert math.isclose((y1 - y2) / (y2 - y3), 3, rel_tol=0.05)


def test_table_holds_every_epoch_of_a_short_training() -> None:
    assert curves(HISTORY, "c")[0].rows == ((1, "0.500", "0.600"), (2, "0.800", "0.850"), (3, "0.900", "0.800"))


@pytest.mark.parametrize(
    "history",
    [
        {"accuracy": [math.nan, 0.5], "val_accuracy": [math.inf, 0.4]},
        {"accuracy": [math.nan]},
        {"accuracy": [0.5]},
        {"loss": [0.0, 0.0, 0.0]},
        {"loss": [1e308, -1e308]},
        {"loss": [1e11, 1e-9]},
        {"loss": [5e-324] * 3},
        {"accuracy": [0.1, 0.2], "val_accuracy": []},
        {"acc": [1.0, 0.5]},
        {"accuracy": [1, 0]},
    ],
)
def test_strange_values_still_draw(history: dict[str, list[float]]) -> None:
    for curve in curves(history, "c"):
        parsed(curve.svg)
        assert not re.search(r"\b(nan|inf)\b", curve.svg.split("</desc>")[1])
        coordinates = [float(value) for value in re.findall(r'(?:[xy]\d?|c[xy])="([-\d.]+)"', curve.svg)]
        assert all(-5 <= value <= 400 for value in coordinates)


def test_values_that_are_no_numbers_are_named() -> None:
    (curve,) = curves({"loss": [1.0, math.nan]}, "c")
    assert "not numbers" in curve.summary
    assert curve.rows == ((1, "1.000", "–"), (2, "nan", "–"))


@pytest.mark.parametrize("history", [{}, {"val_loss": [1.0]}, {"accuracy": []}, {"<script>": [1.0]}, {"lr": [1.0]}])
def test_nothing_to_draw(history: Any) -> None:
    assert curves(history, "c") == []


def test_a_long_training_is_thinned_and_keeps_its_end() -> None:
    epochs = 100_000
    (curve,) = curves({"accuracy": [epoch / epochs for epoch in range(1, epochs + 1)]}, "c")
    assert len(curve.svg) < 10_000
    assert len(curve.rows) <= 50
    assert curve.rows[-1][0] == epochs
    assert "1.000 after epoch 100000" in curve.summary


def test_bins_hold_everybody_once() -> None:
    counted = bins([0, 0.99, 1, 5, 9.99, 10, 10], 10)
    assert [bin_.count for bin_ in counted] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 3]
    assert (counted[0].low, counted[-1].high) == (0, 10)
    assert sum(bin_.count for bin_ in bins([0.3, 0.6, 0.7, 7, -1], 0.7)) == 5


def test_histogram_bars_are_as_high_as_their_counts() -> None:
    bars = list(parsed(histogram(bins([1, 1, 5], 10))).iter(f"{SVG}rect"))
    assert math.isclose(float(bars[0].get("height", 0)), 2 * float(bars[1].get("height", 0)), abs_tol=0.2)


@pytest.mark.parametrize("possible", [0, 10, 0.5])
def test_histogram_of_an_empty_class(possible: float) -> None:
    assert "No scores yet." in histogram(bins([], possible))


def test_bar_widths() -> None:
    assert re.findall(r'width="([\d.]+)"', bar(2, 8, 4)) == ["100", "75.0", "25.0"]
    assert re.findall(r'width="([\d.]+)"', bar(9, 8)) == ["100", "100.0", "100.0"]
    assert re.findall(r'width="([\d.]+)"', bar(0, 0, 1)) == ["100", "0.0", "0.0"]
