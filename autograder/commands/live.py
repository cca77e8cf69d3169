"""`autograder live`: writes the page of a model. Trusted side."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path

from rich.console import Console

from autograder import keras_runtime
from autograder.errors import UsageError
from autograder.live.page_export import Report

__all__ = ["run", "show"]


def run(model: str, *, folder: Path, float32: bool, scaling: str | None) -> Report:
    """Write the page of a `.keras` file, or of the trained network that the package has for an exercise.

    Raises:
        UsageError: `model` is neither, its network cannot be shown, or the folder cannot be written.
    """
    from autograder.live import keras_file, plan, shipped_networks
    from autograder.live.page_export import export

    path = Path(model)
    if model not in shipped_networks.SLUGS and path.suffix != ".keras" and not path.exists():
        raise UsageError(f"{model!r} is neither a .keras file nor one of {', '.join(shipped_networks.SLUGS)}.")
    keras_runtime.share(os.cpu_count() or 1)
    keras_runtime.load()
    if model in shipped_networks.SLUGS:
        scaling = scaling or shipped_networks.SLUGS[model]
        return export(
            shipped_networks.load(model), f"A trained network of {model}", folder, float32=float32, scaling=scaling
        )
    loaded = keras_file.load(path)
    translated = plan.translate(loaded)
    return export(translated, path.name, folder, model=loaded, float32=float32, scaling=scaling)


def show(report: Report, console: Console, *, browser: bool) -> None:
    """Print what was written; with `browser`, open it."""

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    say(f"{report.accuracy:.1%} of {report.digits} stored digits are classified correctly. {report.scaling}")
    if report.change:
        rest = f", and the predicted class of {report.flips} of {report.digits} digits. --float32 avoids that."
        say(
            f"float16 weights change a probability by at most {100 * report.change:.2g} percentage points"
            f"{'; the page uses them.' if report.rounded else rest}"
        )
    page = report.page.resolve()
    say(f"Page: {report.page} ({page.stat().st_size / 1e6:.1f} MB)")
    if browser and not webbrowser.open(page.as_uri()):
        say("No browser could be opened; open the page yourself.")
