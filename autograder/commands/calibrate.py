"""`autograder calibrate`: shows progress and a table of the proposed bounds. Trusted side."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.authoring.calibrate import calibrate
from autograder.authoring.calibration import CALIBRATION, LEAST_SEEDS, Calibration
from autograder.commands.progress import progress
from autograder.wording import counted

__all__ = ["run", "show"]


def run(slug: str, *, seeds: int, workers: int, console: Console) -> Calibration:
    """Measure an exercise's accuracies, with a progress bar.

    Raises:
        AutograderError: As `authoring.calibrate.calibrate`; the seeds measured so far are stored.
    """
    with progress(console, "Seeds") as bar:
        task = bar.add_task("", total=seeds)
        for measured in calibrate(slug, Path.cwd(), seeds=seeds, workers=workers):
            bar.update(task, completed=len(measured.seeds))
    return measured


def show(slug: str, measured: Calibration, console: Console) -> None:
    """Print the proposed bounds and what they mean."""
    table = Table(title=f"{slug}: {counted(len(measured.seeds), 'seed')}")
    table.add_column("case", overflow="fold")
    for title in ("inputs", "mean", "deviation", "worst", "bound", "unsure"):
        table.add_column(title, justify="right")
    for floor in measured.floors:
        found = floor.bound
        figures = (f"{found.mean:.4f}", f"{found.deviation:.4f}") if found else ("–", "–")
        proposed = (f"{found.floor:g}", f"{found.unsure:g}") if found else ("–", "–")
        worst = f"{(max if floor.is_error else min)(floor.accuracies.values()):.4f}"
        case = floor.case if floor.metric == "accuracy" else f"{floor.case} ({floor.metric})"
        table.add_row(case, f"{floor.inputs:,}", *figures, worst, *proposed)
    console.print(table)
    if not measured.floors:
        console.print("No case requires a figure, as `expect.accuracy(…, at_least=…)` does.")
        return
    if len(measured.seeds) < LEAST_SEEDS:
        console.print(f"A bound needs at least {LEAST_SEEDS} seeds, better 20.")
    console.print(
        f"bound: write it as `at_least` (of errors `at_most`); at most {measured.rate:g} of right answers are worse, "
        f"with {measured.confidence:.0%} confidence. unsure: how uncertain that bound is. "
        f"Stored in reference/{slug}/{CALIBRATION}.",
        soft_wrap=True,
        highlight=False,
    )
