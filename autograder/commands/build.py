"""`autograder build`: prints what became of each exercise. Trusted side."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from autograder.authoring.build import build_all

__all__ = ["run"]


def run(slugs: Iterable[str], *, check: bool, to: Path | None, screen: Console, errors: Console) -> None:
    """Build, and print each stage as it begins and a line for each exercise as it is done.

    Raises:
        AutograderError: As `authoring.build.build_all`.
    """

    def say(stage: str) -> None:
        errors.print(stage, style="dim", highlight=False, markup=False, soft_wrap=True)

    for report in build_all(Path.cwd(), slugs, check=check, to=to, say=say):
        for warning in report.warnings:
            errors.print(f"[yellow]warning[/]: {warning}", highlight=False, soft_wrap=True)
        screen.print(report.summary, highlight=False, soft_wrap=True)
