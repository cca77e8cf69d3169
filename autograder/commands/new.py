"""`autograder new`: prints what was written, and what to do next. Trusted side."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from autograder.authoring.new_master import write_new

__all__ = ["run"]


def run(slug: str, screen: Console) -> None:
    """Write a master.

    Raises:
        AutograderError: As `authoring.new_master.write_new`.
    """
    path = write_new(slug, Path.cwd())
    line = f"{path} is a small exercise, complete. Run `autograder build {slug}`, then change it piece by piece."
    screen.print(line, markup=False, highlight=False, soft_wrap=True)
