"""The live network's scripts and style sheet, read from this package. On the user's side.

They are bundled from `frontend/` once, by `make frontend`, so that neither the page nor the widget needs npm.
"""

from __future__ import annotations

from importlib import resources

__all__ = ["page_script", "style", "widget_script"]


def page_script() -> str:
    """The page's script, TensorFlow.js included."""
    return _read("page.js")


def widget_script() -> str:
    """The notebook widget's module: it exports `render`, and the kernel computes."""
    return _read("widget.js")


def style() -> str:
    """The style sheet of both."""
    return _read("live.css")


def _read(name: str) -> str:
    return resources.files("autograder.live").joinpath("static", name).read_text(encoding="utf-8")
