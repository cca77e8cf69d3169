"""`autograder build`: prints what became of each exercise. Trusted side."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from autograder.authoring.build import build_all, find_root
from autograder.authoring.gradescope_zip import gradescope_zip
from autograder.files import write_whole
from autograder.grading.cases.bundle import load_bundle

__all__ = ["run"]


def run(
    slugs: Iterable[str], *, check: bool, to: Path | None, gradescope: bool, screen: Console, errors: Console
) -> None:
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
        if gradescope and not report.drift:
            bundle = find_root(Path.cwd()) / "reference" / report.slug / "bundle"
            path = (to or Path()) / f"{report.slug}-gradescope.zip"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, [gradescope_zip(bundle, load_bundle(bundle).assignment)])
            screen.print(f"Written: {path}. It is secret.", highlight=False, soft_wrap=True)
