"""Draw a digit and watch every layer of a network respond: in a notebook, or on a page. Student's side.

Where the widget cannot be shown, a notebook that uses it runs on all the same.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from autograder.records import SANDBOX_VARIABLE

if TYPE_CHECKING:
    from autograder.live.widget import LiveCNN

__all__ = ["LiveCNN"]


class _NotInGrader:
    """Takes the widget's place while the grader runs a notebook, where no browser shows it."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __repr__(self) -> str:
        return "The live network is shown in your own notebook, not in the grader's."


class _NotInstalled:
    """Takes the widget's place where anywidget is not installed."""

    def __init__(self, *_: object, **__: object) -> None:
        print('LiveCNN needs the extra [live]. Run `%pip install "keras-autograder[live]"` and restart the kernel.')

    def _ipython_display_(self) -> None:
        """Show nothing more than the line above."""


def __getattr__(name: str) -> Any:
    if name != "LiveCNN":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if os.environ.get(SANDBOX_VARIABLE):
        return _NotInGrader
    try:
        # Lazily, so that the page can be made where there is no notebook.
        from autograder.live.widget import LiveCNN
    except ModuleNotFoundError as error:
        if error.name != "anywidget":
            raise
        return _NotInstalled
    return LiveCNN
