"""Checks of pandas tables and Matplotlib figures. Both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.expect.array_differences import UNEXPLAINED, difference
from autograder.expect.mismatch import Mismatch, require_value
from autograder.expect.value_kinds import as_array, kind_of
from autograder.language import N_, ngettext
from autograder.language import gettext as _
from autograder.object_view import is_table
from autograder.wording import listed

__all__ = ["figure", "frame"]

Array = np.ndarray[Any, Any]

TOLERANCE = 1e-5
"""Share of a value that rounding in float32 may change."""

MAX_LISTED = 8
SEPARATORS = ",;\t|"


def frame(
    value: Any,
    expected: Any = None,
    *,
    columns: Sequence[str] | None = None,
    dtypes: Mapping[str, str] | None = None,
    rows: int | None = None,
    ordered: bool = True,
    extra_columns: bool = False,
    tolerance: float = TOLERANCE,
    name: str = "frame",
) -> Any:
    """Require a pandas table; the order of its columns does not matter.

    Args:
        value: What the student calls `name`: a DataFrame, or a Series where that is expected.
        expected: The right one; None if any will do.
        columns: Names of the columns, by default those of `expected`; it has no other ones but with `extra_columns`.
        dtypes: Column → `int`, `float`, `number`, `text`, `bool` or `datetime`.
        rows: How many rows there are, by default those of `expected`.
        ordered: Whether the rows have to be in the order of `expected`. If not, an index that counts them does not
            matter either.
        extra_columns: Whether it may have other columns, too, which are not compared.
        tolerance: Share of a number that rounding may change.
        name: The table's name in the notebook.

    Returns:
        The student's table.

    Raises:
        Mismatch: It is no table, or another one.
    """
    require_value(value, name)
    kind = type(expected).__name__ if expected is not None else "DataFrame"
    if not is_table(value) or type(value).__name__ != kind:
        step = {"Series": "`.to_frame()`", "DataFrame": _("one column, `{name}[…]`").format(name=name)}.get(
            type(value).__name__, "pandas"
        )
        raise Mismatch(
            _("`{name}` should be a pandas {kind}, got {value}. Use {step}.").format(
                name=name, kind=kind, value=kind_of(value), step=step
            )
        )
    if kind == "DataFrame" and not value.columns.is_unique:
        twice = next(iter(value.columns[value.columns.duplicated()]))
        raise Mismatch(
            _("`{name}` has the column {twice} more than once. Keep one of them.").format(
                name=name, twice=repr(twice)[:40]
            )
        )
    table, wanted = (_table(each) for each in (value, expected))
    _require_columns(
        table, columns if columns is not None else [*wanted] if expected is not None else None, name, extra_columns
    )
    _require_columns(table, [*(dtypes or {})], name, more=True)
    count = rows if rows is not None else len(expected) if expected is not None else None
    if count is not None and len(value) != count:
        raise Mismatch(
            _("`{name}` has {counted}, expected {count:,}. Check what you select, group or join.").format(
                name=name,
                counted=ngettext("{number} row", "{number} rows", len(value)).format(number=len(value)),
                count=count,
            )
        )
    for column, dtype in (dtypes or {}).items():
        if not _is_of(table[column], dtype):
            held = _("text") if table[column].dtype.kind in "UO" else str(table[column].dtype)
            raise Mismatch(
                _("`{name}[{column!r}]` holds {held}, expected {dtype}. Convert it.").format(
                    name=name, column=column, held=held, dtype=dtype
                )
            )
    if expected is None:
        return value
    own = value
    if not ordered:
        value, expected = _in_order(value, expected, [*wanted]), _in_order(expected, expected, [*wanted])
        table, wanted = _table(value), _table(expected)
    differences = {column: _differing(table[column], wanted[column], tolerance) for column in wanted}
    wrong = {column: found for column, found in differences.items() if found}
    if wrong and ordered and _same_rows(table, wanted, tolerance):
        raise Mismatch(
            _("`{name}` has the right rows in another order. Sort it, or keep the order that it came in.").format(
                name=name
            ),
            valueless=True,
        )
    for column, found in wrong.items():
        place = f"[{column!r}]" if kind == "DataFrame" else ""
        raise Mismatch(
            f"`{name}{place}` {found}"
            if ordered
            else _("`{name}`, its rows sorted, {found}").format(name=f"{name}{place}", found=found)
        )
    if [*map(str, value.index)] != [*map(str, expected.index)]:
        step = (
            _("Use `reset_index`.")
            if expected.index.equals(type(expected.index)(range(len(expected))))
            else _("Set it.")
        )
        raise Mismatch(
            _("`{name}` has the index {few}, expected {few2}. {step}").format(
                name=name, few=_few(value.index), few2=_few(expected.index), step=step
            )
        )
    return own


def figure(
    value: Any,
    *,
    title: str | None = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    legend: Sequence[str] = (),
    lines: Sequence[Any] = (),
    bars: Sequence[Any] = (),
    points: Sequence[Any] = (),
    images: Sequence[Any] = (),
    axes: int = 0,
    tolerance: float = TOLERANCE,
    name: str = "figure",
) -> Any:
    """Require a Matplotlib figure with a diagram that shows certain data.

    Args:
        value: What the student calls `name`: a figure, or the axes of one.
        title: A word of the diagram's title, in any spelling; empty for any title. So for the labels.
        xlabel: A word of the label of the horizontal axis.
        ylabel: A word of that of the vertical one.
        legend: Words that entries of the legend must have.
        lines: For each line that must be there its values `(n,)`, or a pair of x and y.
        bars: For each series of bars its heights `(n,)`.
        points: For each cloud of points a pair of x and y, drawn by `scatter`, or by `plot` as markers without a line.
        images: For each image its pixels.
        axes: Position of the diagram in the figure.
        tolerance: Share of a number that rounding may change.
        name: The figure's name in the notebook.

    Returns:
        The diagram.

    Raises:
        Mismatch: It is no figure, or shows something else.
    """
    require_value(value, name)
    try:
        own = list(value.axes) if type(value).__name__ == "Figure" else [value]
        diagrams = [_Diagram.of(each) for each in own]
    except (AttributeError, TypeError, ValueError):
        raise Mismatch(
            _("`{name}` should be a Matplotlib figure, got {value}. Use `{name} = plt.figure()`.").format(
                name=name, value=kind_of(value)
            )
        ) from None
    if not diagrams:
        raise Mismatch(
            _(
                "`{name}` has no diagram. Draw one; `plt.show()` closes the figure, so keep it before: `{name} = "
                "plt.gcf()`."
            ).format(name=name)
        )
    if not -len(diagrams) <= axes < len(diagrams):
        raise Mismatch(
            _("`{name}` has {counted}, expected more. Draw it before this cell ends.").format(
                name=name,
                counted=ngettext("{number} diagram", "{number} diagrams", len(diagrams)).format(number=len(diagrams)),
            )
        )
    diagram = diagrams[axes]
    for what, word, call in (
        ("title", title, "set_title"),
        ("xlabel", xlabel, "set_xlabel"),
        ("ylabel", ylabel, "set_ylabel"),
    ):
        text = getattr(diagram, what)
        if word is not None and not (text.strip() and word.casefold() in text.casefold()):
            if text.strip():
                raise Mismatch(
                    _("The {what} of `{name}` is {text!r}, expected {word!r} in it. Use `{call}`.").format(
                        what=what, name=name, text=text[:60], word=word, call=call
                    )
                )
            if word:
                raise Mismatch(
                    _("The {what} of `{name}` is empty, expected {word!r} in it. Use `{call}`.").format(
                        what=what, name=name, word=word, call=call
                    )
                )
            raise Mismatch(
                _("The {what} of `{name}` is empty, expected one. Use `{call}`.").format(
                    what=what, name=name, call=call
                )
            )
    for word in legend:
        if not any(word.casefold() in entry.casefold() for entry in diagram.legend):
            if not diagram.legend:
                raise Mismatch(
                    _(
                        "The legend of `{name}` is missing, expected {word!r} in it. "
                        "Give `label=…`, and call `legend()`."
                    ).format(name=name, word=word)
                )
            has = listed([repr(each[:40]) for each in diagram.legend[:MAX_LISTED]])
            raise Mismatch(
                _(
                    "The legend of `{name}` has {has}, expected {word!r} in it. Give `label=…`, and call `legend()`."
                ).format(name=name, has=has, word=word)
            )
    for what, wanted in (("line", lines), ("bars", bars), ("points", points), ("image", images)):
        _require_drawn(diagram.drawn[what], wanted, what, tolerance, name)
    return own[axes]


# ---------------------------------------------------------------- tables


def _table(value: Any) -> dict[Any, Array]:
    """Column → values; of a Series, its own under None."""
    if value is None:
        return {}
    columns = {None: value} if not hasattr(value, "columns") else {column: value[column] for column in value.columns}
    return {name: _plain(np.asarray(column)) for name, column in columns.items()}


def _plain(column: Array) -> Array:
    """Texts as such; what is missing as NaN, or as an empty text."""
    if column.dtype.kind != "O":
        return column
    missing = np.array([each is None or each != each for each in column])
    try:
        if not any(isinstance(each, str) for each in column):  # NumPy reads a number from a text
            return np.where(missing, np.nan, column).astype(float)
    except (TypeError, ValueError):
        pass
    return np.where(missing, "", column).astype(str)


def _require_columns(table: Mapping[Any, Array], wanted: Sequence[Any] | None, name: str, more: bool) -> None:
    if wanted is None:
        return
    missing, extra = [each for each in wanted if each not in table], [each for each in table if each not in wanted]
    if missing:
        has = ", ".join(repr(each)[:40] for each in [*table][:MAX_LISTED])
        step = _("Add it, spelled like this.")
        parts = [{each.strip() for each in str(column).split(by)} for column in [*table][:1] for by in SEPARATORS]
        if len(table) == 1 and len(missing) > 1 and any(held.issuperset(missing) for held in parts):
            step = _("Is the separator right, `sep=` of `read_csv`?")
        raise Mismatch(
            _("`{name}` lacks the column {missing!r}, it has {value}. {step}").format(
                name=name, missing=missing[0], value=has or _("none"), step=step
            )
        )
    if extra and not more:
        raise Mismatch(
            _("`{name}` has the column {extra}, which is not asked for. Leave it out.").format(
                name=name, extra=repr(extra[0])[:40]
            )
        )


def _differing(given: Array, expected: Array, tolerance: float) -> str:
    numbers = [each.dtype.kind in "biufc" for each in (given, expected)]
    if numbers[0] != numbers[1]:  # as text, 1.0 would be "1.0"
        held, right = (_("numbers") if each else _("no numbers") for each in numbers)
        return _("holds {held}, expected {right}. Convert it.").format(held=held, right=right)
    if given.dtype.kind in "biuf" and expected.dtype.kind in "biuf":
        return difference(given.astype(float), expected.astype(float), tolerance)
    return difference(given.astype(str), expected.astype(str), tolerance)


def _same_rows(table: Mapping[Any, Array], wanted: Mapping[Any, Array], tolerance: float) -> bool:
    """Whether the same rows are there in any order."""
    orders = [_order([each[column] for column in wanted]) for each in (table, wanted)]
    return not any(_differing(table[name][orders[0]], wanted[name][orders[1]], tolerance) for name in wanted)


def _order(columns: Sequence[Array]) -> Array:
    """The positions of the rows in sorted order, by floats last, as rounding changes them."""
    keys = [each if each.dtype.kind in "biuf" else each.astype(str) for each in columns]
    return np.lexsort(sorted(keys, key=lambda each: each.dtype.kind != "f"))


def _in_order(value: Any, expected: Any, columns: Sequence[Any]) -> Any:
    """A table, its rows sorted by its index, unless that of the expected one counts them, and by these columns."""
    counted_rows = expected.index.equals(type(expected.index)(range(len(expected))))
    table = _table(value)
    keys = [table[column] for column in columns] + ([] if counted_rows else [np.array([*map(str, value.index)])])
    placed = value.iloc[_order(keys)] if keys else value
    return placed.reset_index(drop=True) if counted_rows else placed


def _is_of(column: Array, dtype: str) -> bool:
    kinds = {"int": "iu", "float": "f", "number": "iuf", "text": "UO", "bool": "b", "datetime": "M"}
    return column.dtype.kind in kinds[dtype]


def _few(values: Any) -> str:
    shown = [repr(each.item() if isinstance(each, np.generic) else each)[:40] for each in [*values][:4]]
    return f"{', '.join(shown)}{', …' if len(values) > 4 else ''}"


# ---------------------------------------------------------------- figures

_SERIES = {"line": ("lines", "x", "y"), "bars": ("bars", "heights"), "points": ("points", "x", "y")}
_SERIES |= {"image": ("images", "data")}
_WHAT = {"line": N_("line"), "bars": N_("bars"), "points": N_("points"), "image": N_("image")}
_NO_LINE = ("None", "none", " ", "")
"""What is drawn → the attribute of a diagram that lists it, and those of each item that hold its numbers."""


@dataclass(frozen=True)
class _Diagram:
    """What is read of a diagram; an object of the student's may have anything under these names."""

    title: str
    xlabel: str
    ylabel: str
    legend: tuple[str, ...]
    drawn: dict[str, list[tuple[Array, ...]]]

    @classmethod
    def of(cls, value: Any) -> _Diagram:
        """Read it; raises `AttributeError`, `TypeError` or `ValueError` where it is none."""
        title, xlabel, ylabel, *legend = texts = [value.title, value.xlabel, value.ylabel, *value.legend]
        drawn = {
            what: [tuple(_numbers(getattr(each, part)) for part in parts) for each in getattr(value, series)]
            for what, (series, *parts) in _SERIES.items()
        }
        drawn["points"] += [
            line
            for line, each in zip(drawn["line"], value.lines, strict=True)
            if getattr(each, "linestyle", "-") in _NO_LINE and getattr(each, "marker", "None") not in _NO_LINE
        ]
        if not all(isinstance(each, str) for each in texts):
            raise TypeError("no texts")
        return cls(title, xlabel, ylabel, tuple(legend), drawn)


def _numbers(value: Any) -> Array:
    array = as_array(value)
    if array is None:
        raise TypeError("no numbers")
    return array


def _require_drawn(
    drawn: list[tuple[Array, ...]], wanted: Sequence[Any], what: str, tolerance: float, name: str
) -> None:
    """Require that each of the wanted series is drawn, in any order."""
    for number, each in enumerate(wanted, start=1):
        parts = tuple(map(np.asarray, each)) if what in ("line", "points") and _is_pair(each) else (np.asarray(each),)
        candidates = [series[-len(parts) :] for series in drawn]
        if what == "points":
            parts, *candidates = map(_without_missing, (parts, *candidates))
        found = [_first_difference(series, parts, tolerance) for series in candidates]
        if "" in found:
            continue
        drawn_as = _(_WHAT[what])
        which = drawn_as if len(wanted) == 1 else f"{drawn_as} {number}"
        if not found:
            raise Mismatch(
                _("`{name}` has no {drawn_as}. Draw it, and keep the figure in `{name}`.").format(
                    name=name, drawn_as=drawn_as
                )
            )
        explained = next((each for each in found if _(UNEXPLAINED) not in each), found[0])
        raise Mismatch(
            _("`{name}` does not show the expected {which}: what it shows {explained}").format(
                name=name, which=which, explained=explained
            )
        )


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(np.ndim(each) == 1 for each in value)


def _without_missing(points: tuple[Array, ...]) -> tuple[Array, ...]:
    """The points that are drawn: Matplotlib leaves out what has NaN for x or y."""
    if any(part.dtype.kind not in "biuf" or part.shape != points[0].shape for part in points):
        return points
    there = np.all([~np.isnan(part.astype(float)) for part in points], axis=0)
    return tuple(part[there] for part in points)


def _first_difference(given: Sequence[Array], expected: Sequence[Array], tolerance: float) -> str:
    pairs = zip(given, expected, strict=True)
    return next(filter(None, (difference(np.asarray(one), other, tolerance) for one, other in pairs)), "")
