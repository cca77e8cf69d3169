"""Charts as inline SVG: no script, no style of their own, readable by a screen reader. Trusted side.

By hand, since a plotting library's SVG brings styles that the pages' policy forbids, and fixed colours in dark mode.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeVar

from markupsafe import Markup

from autograder.feedback.safe_text import points
from autograder.language import N_
from autograder.language import gettext as _
from autograder.wording import counted

__all__ = ["Bin", "Curve", "bar", "bins", "curves", "histogram"]

T = TypeVar("T")

_WIDTH, _HEIGHT = 360, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 12, 30, 44
_MAX_POINTS = 200  # drawn
_MAX_ROWS = 50  # of the table
_KINDS = {"training": N_("training"), "validation": N_("validation")}
_SUMMARIES = {
    ("training", True): N_("Training loss is {value} after epoch {epoch}"),
    ("training", False): N_("Training accuracy is {value} after epoch {epoch}"),
    ("validation", True): N_("Validation loss is {value} after epoch {epoch}"),
    ("validation", False): N_("Validation accuracy is {value} after epoch {epoch}"),
}
_HUGE = 1e12  # beyond this a value has left every scale


@dataclass(frozen=True)
class Curve:
    """One metric over the epochs.

    Attributes:
        name: The metric in words: `accuracy`, `loss`, …
        svg: The chart.
        summary: What it says, in a sentence or two.
        rows: Epoch, training value, validation value, as text; at most 50, evenly spread.
    """

    name: str
    svg: Markup
    summary: str
    rows: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True)
class Bin:
    """The number of scores in `[low, high)`; the last bin includes its upper end."""

    low: float
    high: float
    count: int


def curves(history: Mapping[str, Sequence[float]], prefix: str) -> list[Curve]:
    """The learning curves of `history.history`: accuracy, then loss, each with its validation values.

    Args:
        history: Metric name → one value an epoch; names and values as the student's process sent them.
        prefix: Begins the ids of the SVG; unique on the page.
    """
    names = [name for name in history if not name.startswith("val_") and history[name]]
    chosen = [name for name in names if name.endswith("accuracy") or name == "acc"][:1]
    chosen += [name for name in names if name == "loss"]
    return [
        _curve(name, history[name], history.get(f"val_{name}", ()), f"{prefix}-{place}")
        for place, name in enumerate(chosen, start=1)
    ]


def bins(scores: Sequence[float], possible: float) -> list[Bin]:
    """`scores` in ten equal bins from 0 to `possible`."""
    step = (possible or 1.0) / 10
    counts = [0] * 10
    for score in scores:
        counts[max(0, min(9, math.floor(score / step + 1e-9)))] += 1
    return [Bin(round(place * step, 2), round((place + 1) * step, 2), count) for place, count in enumerate(counts)]


def histogram(bars: Sequence[Bin]) -> Markup:
    """Bars of how many students scored how much."""
    most = max(bin_.count for bin_ in bars)
    frame = _Frame(0, bars[-1].high, 0, max(most, 1) * 1.08)
    shapes = [_axes(frame, [], "Score, in points", "Students")]
    for bin_ in bars:
        left, right, top = frame.x(bin_.low) + 1.5, frame.x(bin_.high) - 1.5, frame.y(bin_.count)
        if bin_.count:
            shapes.append(_tag("rect", css="mark", x=left, y=top, width=right - left, height=frame.y(0) - top))
            shapes.append(_label((left + right) / 2, top - 4, points(bin_.count), "middle", "strong"))
    for edge in [bars[0].low] + [bin_.high for bin_ in bars[1::2]]:
        shapes.append(_label(frame.x(edge), _HEIGHT - _BOTTOM + 16, points(edge), "middle"))
    text = "; ".join(
        f"{points(bin_.low)} to {points(bin_.high)} points: {counted(bin_.count, 'student')}"
        for bin_ in bars
        if bin_.count
    )
    return _svg("histogram", "How many students scored how much", text or "No scores yet.", shapes)


def bar(earned: float, possible: float, pending: float = 0.0) -> Markup:
    """A horizontal bar: points earned, then, paler, those still to come. Decoration: the numbers stand beside it."""
    scale = 100 / possible if possible > 0 else 0.0
    mark = min(100.0, max(0.0, earned * scale))
    return Markup(
        '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="track" width="100" height="6"/><rect class="pending" width="{:.1f}" height="6"/>'
        '<rect class="mark" width="{:.1f}" height="6"/></svg>'
    ).format(min(100.0, mark + max(0.0, pending * scale)), mark)


@dataclass(frozen=True)
class _Frame:
    """The plane of a chart: data to SVG units."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        return _LEFT + (value - self.x_low) / (self.x_high - self.x_low) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - self.y_low) / (self.y_high - self.y_low) * (_HEIGHT - _TOP - _BOTTOM)


def _curve(name: str, training: Sequence[float], validation: Sequence[float], prefix: str) -> Curve:
    is_loss = name == "loss"
    word = _("loss") if is_loss else _("accuracy")
    given = {"training": training, "validation": validation}
    series = [(kind, _thinned(_finite(values), _MAX_POINTS)) for kind, values in given.items()]
    known = [value for _kind, pairs in series for _epoch, value in pairs]
    summary = " ".join(filter(None, (_summary(kind, pairs, is_loss) for kind, pairs in series)))
    if any(len(_finite(values)) < len(values) for values in given.values()):
        summary += _(" Values that are not numbers (NaN or infinite) are left out.")
    epochs = max(len(training), len(validation))
    ticks = _ticks(min(known), max(known)) if known else [0.0, 1.0]
    frame = _Frame(1, max(epochs, 2), ticks[0], ticks[-1])
    labels = (_label(frame.x(at), _HEIGHT - _BOTTOM + 16, str(at), "middle") for at in _epoch_ticks(epochs))
    shapes = [_axes(frame, ticks, _("Epoch"), word.capitalize()), *labels]
    for place, (kind, pairs) in enumerate(series):
        if pairs:
            shapes.append(_line(frame, kind, pairs))
            shapes.append(_legend(kind, _LEFT + 110 * place))
    svg = _svg(
        prefix, _("Learning curve: {figure} by epoch").format(figure=word), summary or _("No values to draw."), shapes
    )
    return Curve(word, svg, summary, _rows(training, validation))


def _finite(values: Sequence[float]) -> list[tuple[int, float]]:
    return [(epoch, value) for epoch, value in enumerate(values, start=1) if abs(value) <= _HUGE]


def _thinned(items: list[T], most: int) -> list[T]:
    """At most so many of the items, evenly spread; the last one stays."""
    return items[::-1][:: max(1, math.ceil(len(items) / most))][::-1]


def _summary(kind: str, pairs: Sequence[tuple[int, float]], is_loss: bool) -> str:
    if not pairs:
        return ""
    epoch, best = (min if is_loss else max)(pairs, key=lambda pair: pair[1])
    last_epoch, last = pairs[-1]
    said = _(_SUMMARIES[kind, is_loss]).format(value=_number(last), epoch=last_epoch)
    if best == last:
        return f"{said}."
    extreme = _("lowest: {value}, epoch {epoch}") if is_loss else _("highest: {value}, epoch {epoch}")
    return f"{said} ({extreme.format(value=_number(best), epoch=epoch)})."


def _rows(training: Sequence[float], validation: Sequence[float]) -> tuple[tuple[int, str, str], ...]:
    epochs = list(enumerate(zip_longest(training, validation), start=1))
    return tuple((epoch, _number(one), _number(other)) for epoch, (one, other) in _thinned(epochs, _MAX_ROWS))


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    if not math.isfinite(value):
        return str(value)
    return f"{value:.3f}" if 1e-3 <= abs(value) < 1000 or value == 0 else f"{value:.2e}"


def _ticks(low: float, high: float) -> list[float]:
    """Three to seven round numbers that enclose `[low, high]`."""
    span = max(high - low, abs(high) * 1e-3, 1e-6)
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= span / 4)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, max(last, first + 1) + 1)]


def _epoch_ticks(epochs: int) -> list[int]:
    step = next(step * 10**power for power in range(9) for step in (1, 2, 5) if epochs / (step * 10**power) <= 8)
    return [1, *(epoch for epoch in range(step, epochs + 1, step) if epoch > 1)]


def _axes(frame: _Frame, ticks: Sequence[float], x_label: str, y_label: str) -> Markup:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    shapes = [_tag("line", css="axis", x1=_LEFT, y1=bottom, x2=right, y2=bottom)]
    step = ticks[1] - ticks[0] if ticks else 1
    digits = max(0, min(6, -math.floor(math.log10(step) + 1e-9)))
    for tick in ticks:
        if tick != ticks[0]:
            shapes.append(_tag("line", css="grid", x1=_LEFT, y1=frame.y(tick), x2=right, y2=frame.y(tick)))
        text = f"{tick:.{digits}f}" if abs(tick) < 1e5 else f"{tick:.0e}"
        shapes.append(_label(_LEFT - 6, frame.y(tick) + 4, text, "end"))
    shapes.append(_label((_LEFT + right) / 2, _HEIGHT - 8, x_label, "middle", "title"))
    middle = (_TOP + bottom) / 2
    shapes.append(
        Markup(
            '<text class="title" text-anchor="middle" transform="translate(11 {:.1f}) rotate(-90)">{}</text>'
        ).format(middle, y_label)
    )
    return Markup("").join(shapes)


def _line(frame: _Frame, kind: str, pairs: Sequence[tuple[int, float]]) -> Markup:
    path = " ".join(f"{frame.x(epoch):.1f},{frame.y(value):.1f}" for epoch, value in pairs)
    shapes = [Markup('<polyline class="line {}" points="{}"/>').format(kind, path)]
    if len(pairs) <= 30:
        shapes += [_dot(kind, frame.x(epoch), frame.y(value)) for epoch, value in pairs]
    return Markup("").join(shapes)


def _dot(kind: str, x: float, y: float) -> Markup:
    """Circles for training, squares for validation: distinguishable without colour."""
    if kind == "training":
        return _tag("circle", css=f"dot {kind}", cx=x, cy=y, r=3)
    return _tag("rect", css=f"dot {kind}", x=x - 2.7, y=y - 2.7, width=5.4, height=5.4)


def _legend(kind: str, left: float) -> Markup:
    line = Markup('<polyline class="line {}" points="{:.0f},12 {:.0f},12"/>').format(kind, left, left + 24)
    return line + _dot(kind, left + 12, 12) + _label(left + 30, 16, _(_KINDS[kind]), "start")


def _label(x: float, y: float, text: str, anchor: str, css: str = "tick") -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(css, x, y, anchor, text)


def _tag(name: str, css: str, **numbers: float) -> Markup:
    attributes = Markup("").join(Markup(' {}="{:.1f}"').format(key, value) for key, value in numbers.items())
    return Markup('<{} class="{}"{}/>').format(name, css, attributes)


def _svg(prefix: str, title: str, description: str, shapes: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{p}-title {p}-text" focusable="false">'
        '<title id="{p}-title">{}</title><desc id="{p}-text">{}</desc>{}</svg>'
    ).format(_WIDTH, _HEIGHT, title, description, Markup("").join(shapes), p=prefix)
