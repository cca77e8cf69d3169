"""The live network's scripts and style sheet, read from this package. Student's side.

They are bundled from `frontend/` once, by `make frontend`, so that neither the page nor the widget needs npm.
"""

from __future__ import annotations

from importlib import resources

__all__ = ["front_end"]


def front_end(name: str) -> str:
    """One of its files.

    Args:
        name: `page.js`, the page's script, TensorFlow.js included; `widget.js`, the notebook widget's module, which
            exports `render` (the kernel computes); or `live.css`, the style sheet of both.
    """
    return resources.files("autograder.live").joinpath("static", name).read_text(encoding="utf-8")
