"""The progress bar of all commands. Trusted side."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = ["progress"]


def progress(console: Console, doing: str) -> Progress:
    """A bar that goes when all is done."""
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Where nobody watches, Rich would print an empty line, also before an error.
    return Progress(*columns, console=console, transient=True, disable=not console.is_interactive)
