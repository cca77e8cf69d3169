"""What a Matplotlib figure shows, as data: labels, lines, bars, points, images, a picture. Untrusted side."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from autograder.sandbox.guest.described import Described

__all__ = ["axes_fields", "figure_fields"]

MAX_ARTISTS = 200
"""Of each kind in one diagram."""
MAX_PICTURE_BYTES = 2_000_000
PICTURE_PIXELS = 600
"""Of the picture's longer side."""


def figure_fields(figure: Any) -> dict[str, Any]:
    """The attributes of a figure: `axes`, `suptitle`, `size` in inches and `picture`, a PNG or None."""
    title = getattr(figure, "_suptitle", None)
    size = tuple(map(float, figure.get_size_inches()))
    picture = io.BytesIO()
    try:
        figure.savefig(picture, format="png", dpi=PICTURE_PIXELS / max(*size, 1e-3))
    except Exception:  # noqa: BLE001 - a formula with a mistake, say; its data count all the same
        picture = io.BytesIO()
    return {
        "axes": list(figure.axes)[:MAX_ARTISTS],
        "suptitle": "" if title is None else title.get_text(),
        "size": size,
        "picture": picture.getvalue() if 0 < picture.tell() <= MAX_PICTURE_BYTES else None,
    }


def axes_fields(axes: Any) -> dict[str, Any]:
    """The attributes of one diagram of a figure; `docs/authors/master.md` lists them."""
    legend = axes.get_legend()
    bars = [each for each in axes.containers if type(each).__name__ == "BarContainer"]
    points = [each for each in axes.collections if type(each).__name__ == "PathCollection"]
    return {
        "title": axes.get_title(),
        "xlabel": axes.get_xlabel(),
        "ylabel": axes.get_ylabel(),
        "xlim": tuple(map(float, axes.get_xlim())),
        "ylim": tuple(map(float, axes.get_ylim())),
        "xscale": axes.get_xscale(),
        "yscale": axes.get_yscale(),
        "xticklabels": [each.get_text() for each in axes.get_xticklabels()[:MAX_ARTISTS]],
        "yticklabels": [each.get_text() for each in axes.get_yticklabels()[:MAX_ARTISTS]],
        "legend": [] if legend is None else [each.get_text() for each in legend.get_texts()[:MAX_ARTISTS]],
        "texts": [each.get_text() for each in axes.texts[:MAX_ARTISTS]],
        "lines": [Described("Line", _line(each)) for each in axes.lines[:MAX_ARTISTS]],
        "bars": [Described("Bars", _bars(each)) for each in bars[:MAX_ARTISTS]],
        "points": [Described("Points", _points(each)) for each in points[:MAX_ARTISTS]],
        "images": [Described("Image", _image(each)) for each in axes.images[:MAX_ARTISTS]],
    }


def _label(artist: Any) -> str:
    """As given; Matplotlib's own names for artists without one begin with `_`."""
    label = str(artist.get_label())
    return "" if label.startswith("_") else label


def _line(line: Any) -> dict[str, Any]:
    return {
        "label": _label(line),
        "x": np.asarray(line.get_xdata(orig=False), float),
        "y": np.asarray(line.get_ydata(orig=False), float),
        "color": str(line.get_color()),
        "linestyle": str(line.get_linestyle()),
        "marker": str(line.get_marker()),
    }


def _bars(container: Any) -> dict[str, Any]:
    edges = np.array([(each.get_x(), each.get_y(), each.get_width(), each.get_height()) for each in container], float)
    x, y, width, height = edges.reshape(-1, 4).T
    return {"label": _label(container), "x": x + width / 2, "y": y, "widths": width, "heights": height}


def _points(collection: Any) -> dict[str, Any]:
    places: Any = np.ma.filled(np.ma.asarray(collection.get_offsets(), float), np.nan).reshape(-1, 2)
    return {"label": _label(collection), "x": places[:, 0], "y": places[:, 1]}


def _image(image: Any) -> dict[str, Any]:
    return {"label": _label(image), "data": np.asarray(image.get_array()), "cmap": str(image.get_cmap().name)}
