"""Tables and figures → the exact message."""

# ruff: noqa: E501 - a message is one line

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from inline_snapshot import snapshot

from autograder import expect
from autograder.object_view import object_view

pd = pytest.importorskip("pandas")

PAY = pd.DataFrame({"city": ["Basel", "Bern", "Chur"], "pay": [5000.0, 5100.5, np.nan]})


def message(check: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(expect.Mismatch) as caught:
        check(*arguments, **options)
    return str(caught.value)


FRAMES = [
    (PAY.to_dict(), {}, snapshot("`pay` should be a pandas DataFrame, got a dict of 2. Use pandas.")),
    (PAY["pay"], {}, snapshot("`pay` should be a pandas DataFrame, got a Series (3,). Use `.to_frame()`.")),
    (
        PAY.rename(columns={"pay": "Pay"}),
        {},
        snapshot("`pay` lacks the column 'pay', it has 'city', 'Pay'. Add it, spelled like this."),
    ),
    (
        pd.DataFrame({"city;pay;age": ["Basel;5000;40"]}),
        {},
        snapshot("`pay` lacks the column 'city', it has 'city;pay;age'. Is the separator right, `sep=` of `read_csv`?"),
    ),
    (
        pd.DataFrame({"city;age": ["Basel;40"]}),
        {},
        snapshot("`pay` lacks the column 'city', it has 'city;age'. Add it, spelled like this."),
    ),
    (PAY.assign(age=1), {}, snapshot("`pay` has the column 'age', which is not asked for. Leave it out.")),
    (PAY.dropna(), {}, snapshot("`pay` has 2 rows, expected 3. Check what you select, group or join.")),
    (
        PAY.iloc[::-1],
        {},
        snapshot("`pay` has the right rows in another order. Sort it, or keep the order that it came in."),
    ),
    (
        PAY.assign(pay=PAY["pay"] * 2),
        {},
        snapshot("`pay['pay']` is 2 times what is expected (`[0]` is 10000, expected 5000)."),
    ),
    (
        PAY.assign(pay=PAY["pay"].fillna(0)),
        {},
        snapshot(
            "`pay['pay']` is wrong in 1 of 3 places: `[2]` is 0, expected nan. Compute that one by hand, and compare."
        ),
    ),
    (
        PAY.assign(city=["Basel", "Bern", "Thun"]),
        {},
        snapshot(
            "`pay['city']` is wrong in 1 of 3 places: `[2]` is 'Thun', expected 'Chur'. Compute that one by hand, and compare."
        ),
    ),
    (
        PAY.set_index("city", drop=False),
        {},
        snapshot("`pay` has the index 'Basel', 'Bern', 'Chur', expected 0, 1, 2. Use `reset_index`."),
    ),
    (
        PAY.assign(pay=["5000", "5100.5", ""]),
        {"dtypes": {"pay": "number"}},
        snapshot("`pay['pay']` holds text, expected number. Convert it."),
    ),
]


@pytest.mark.parametrize(("value", "demand", "text"), FRAMES, ids=range(len(FRAMES)))
def test_frames(value: Any, demand: dict[str, Any], text: str) -> None:
    assert message(expect.frame, value, PAY, name="pay", **demand) == text


def test_right_frames() -> None:
    expect.frame(PAY[["pay", "city"]], PAY, dtypes={"pay": "float", "city": "text"})
    expect.frame(PAY.assign(pay=PAY["pay"].astype("float32")), PAY)
    expect.frame(PAY, columns=["pay", "city"], rows=3)
    expect.frame(PAY["pay"], PAY["pay"])
    expect.frame(PAY.assign(n=[1, 2, 3]), PAY.assign(n=[1.0, 2.0, 3.0]))


def test_rows_in_any_order() -> None:
    mixed = PAY.sample(frac=1, random_state=3)
    expect.frame(mixed, PAY, ordered=False)
    expect.frame(mixed.reset_index(drop=True), PAY, ordered=False)
    by_city = PAY.set_index("city")["pay"]
    assert expect.frame(by_city[::-1], by_city, ordered=False).index[0] == "Chur", "as the student has it"
    noisy = pd.DataFrame({"x": [0.1 + 0.2, 0.3, 1], "n": [2, 1, 3]})
    expect.frame(noisy[::-1], noisy.assign(x=[0.3, 0.3, 1.0]), ordered=False)
    assert message(expect.frame, mixed.assign(pay=1.0), PAY, ordered=False, name="pay") == snapshot(
        "`pay['pay']`, its rows sorted, is wrong in 3 of 3 places: `[0]` is 1, expected 5000. Compute that one by hand, and compare."
    )
    swapped = by_city.set_axis(["Bern", "Basel", "Chur"])
    assert message(expect.frame, swapped, by_city, ordered=False, name="by_city") == snapshot(
        "`by_city`, its rows sorted, has the right values in another order (`[0]` is 5100.5, expected 5000)."
    )
    assert message(expect.frame, by_city[:2], by_city, ordered=False, name="by_city") == snapshot(
        "`by_city` has 2 rows, expected 3. Check what you select, group or join."
    )


def test_at_least_these_columns() -> None:
    wide = PAY.assign(age=1)
    expect.frame(wide, PAY, extra_columns=True)
    expect.frame(wide, columns=["pay"], dtypes={"city": "text"}, extra_columns=True)
    expect.frame(wide, dtypes={"city": "text"})
    for demand in ({"columns": ["age"], "extra_columns": True}, {"dtypes": {"age": "int"}}):
        assert "lacks the column 'age'" in message(expect.frame, PAY, **demand)


def drawn(**fields: Any) -> Any:
    """A figure as cases see it."""
    empty = {"title": "", "xlabel": "", "ylabel": "", "legend": [], "lines": [], "bars": [], "points": [], "images": []}
    return object_view("Figure", {"axes": [object_view("Axes", {**empty, **fields})]})


def line(y: Any, label: str = "") -> Any:
    return object_view("Line", {"label": label, "x": np.arange(float(len(y))), "y": np.asarray(y, float)})


LOSSES = np.array([1.0, 0.5, 0.25, 0.2])
BARS = object_view("Bars", {"heights": np.array([3.0, 4.0])})
FIGURES = [
    (3, {}, snapshot("`fig` should be a Matplotlib figure, got a number. Use `fig = plt.figure()`.")),
    (
        object_view("Figure", {"axes": []}),
        {},
        snapshot(
            "`fig` has no diagram. Draw one; `plt.show()` closes the figure, so keep it before: `fig = plt.gcf()`."
        ),
    ),
    (drawn(), {"title": ""}, snapshot("The title of `fig` is empty, expected one. Use `set_title`.")),
    (
        drawn(xlabel="Epochs"),
        {"xlabel": "epoch", "ylabel": "loss"},
        snapshot("The ylabel of `fig` is empty, expected 'loss' in it. Use `set_ylabel`."),
    ),
    (
        drawn(ylabel="Accuracy"),
        {"ylabel": "loss"},
        snapshot("The ylabel of `fig` is 'Accuracy', expected 'loss' in it. Use `set_ylabel`."),
    ),
    (
        drawn(),
        {"legend": ["train"]},
        snapshot("The legend of `fig` is missing, expected 'train' in it. Give `label=…`, and call `legend()`."),
    ),
    (
        drawn(legend=["Training"]),
        {"legend": ["train", "validation"]},
        snapshot(
            "The legend of `fig` has 'Training', expected 'validation' in it. Give `label=…`, and call `legend()`."
        ),
    ),
    (drawn(), {"lines": [LOSSES]}, snapshot("`fig` has no line. Draw it, and keep the figure in `fig`.")),
    (
        drawn(lines=[line(LOSSES[:-1]), line(LOSSES + 7)]),
        {"lines": [LOSSES]},
        snapshot(
            "`fig` does not show the expected line: what it shows has shape (3,), expected (4,): off by one, the last one is missing."
        ),
    ),
    (
        drawn(lines=[line(LOSSES)]),
        {"lines": [LOSSES, (np.arange(4) + 1, LOSSES)]},
        snapshot(
            "`fig` does not show the expected line 2: what it shows is off by one place along axis 0 (`[0]` is 0, expected 1)."
        ),
    ),
    (
        drawn(bars=[BARS]),
        {"bars": [[3, 5]]},
        snapshot(
            "`fig` does not show the expected bars: what it shows is wrong in 1 of 2 places: `[1]` is 4, expected 5. Compute that one by hand, and compare."
        ),
    ),
]


@pytest.mark.parametrize(("value", "demand", "text"), FIGURES, ids=range(len(FIGURES)))
def test_figures(value: Any, demand: dict[str, Any], text: str) -> None:
    assert message(expect.figure, value, name="fig", **demand) == text


@pytest.mark.parametrize(
    "fields",
    [{"title": 3}, {"legend": [3]}, {"legend": 3}, {"lines": 3}, {"lines": [3]}, {"images": [object_view("I", {})]}],
    ids=repr,
)
def test_an_object_that_is_only_called_a_figure_is_none(fields: dict[str, Any]) -> None:
    found = message(expect.figure, drawn(**fields), title="x", legend=["x"], name="fig")
    assert found.startswith("`fig` should be a Matplotlib figure, got a Figure.")
    found = message(expect.figure, object_view("Figure", {"axes": 3}), name="fig")
    assert found.startswith("`fig` should be a Matplotlib figure, got a Figure.")


def test_right_figures() -> None:
    image = object_view("Image", {"data": np.eye(3)})
    cloud = object_view("Points", {"x": np.arange(3.0), "y": np.arange(3.0) ** 2})
    value = drawn(
        title="The loss",
        xlabel="epoch",
        legend=["train loss"],
        lines=[line(LOSSES)],
        bars=[BARS],
        points=[cloud],
        images=[image],
    )
    demand: dict[str, Any] = {"title": "Loss", "xlabel": "", "legend": ["train"], "lines": [(np.arange(4), LOSSES)]}
    demand |= {"bars": [[3, 4]], "points": [(np.arange(3), [0, 1, 4])], "images": [np.eye(3)]}
    for each in (value, value.axes[0]):
        expect.figure(each, **demand)


def test_markers_without_a_line_are_points() -> None:
    x, y = np.arange(3.0), np.array([2.0, 4, 8])

    def plotted(style: str, marker: str) -> Any:
        return object_view("Line", {"label": "", "x": x, "y": y, "linestyle": style, "marker": marker})

    expect.figure(drawn(lines=[plotted("None", "o")]), points=[(x, y)], lines=[y])
    for style, marker in (("-", "o"), ("None", "None")):
        assert "has no points" in message(expect.figure, drawn(lines=[plotted(style, marker)]), points=[(x, y)])


def test_points_that_are_not_drawn_are_not_compared() -> None:
    """As `scatter` hands them over: where one of the two is missing, the other is, too."""
    x, y, gap = np.array([1.0, np.nan, 3, 4]), np.array([2.0, 4, np.nan, 8]), np.nan
    for shown in (([1, gap, gap, 4], [2, gap, gap, 8]), ([1, 4], [2, 8])):
        cloud = object_view("Points", {"label": "", **dict(zip("xy", map(np.array, shown), strict=True))})
        expect.figure(drawn(points=[cloud]), points=[(pd.Series(x), pd.Series(y))])
    cloud = object_view("Points", {"label": "", "x": np.array([1, gap]), "y": np.array([2, gap])})
    assert "does not show the expected points" in message(expect.figure, drawn(points=[cloud]), points=[(x, y)])
