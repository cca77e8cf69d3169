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
    for title in ("inputs", "mean", "deviation", "lowest", "at_least", "unsure"):
        table.add_column(title, justify="right")
    for floor in measured.floors:
        found = floor.bound
        figures = (f"{found.mean:.4f}", f"{found.deviation:.4f}") if found else ("–", "–")
        proposed = (f"{found.floor:g}", f"{found.unsure:g}") if found else ("–", "–")
        lowest = f"{min(floor.accuracies.values()):.4f}"
        table.add_row(floor.case, f"{floor.inputs:,}", *figures, lowest, *proposed)
    console.print(table)
    if not measured.floors:
        console.print("No case requires an accuracy with `expect.accuracy(…, at_least=…)`.")
        return
    if len(measured.seeds) < LEAST_SEEDS:
        console.print(f"A bound needs at least {LEAST_SEEDS} seeds, better 20.")
    console.print(
        f"at_least: at most {measured.rate:g} of right answers fall below it, with {measured.confidence:.0%} "
        f"confidence. unsure: how uncertain that bound is. Stored in reference/{slug}/{CALIBRATION}.",
        soft_wrap=True,
        highlight=False,
    )
