"""`autograder features`: shows progress, and prints what was written. Trusted side."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from autograder import keras_runtime
from autograder.commands.progress import progress
from autograder.features.extract import Extracted, extract
from autograder.wording import shortened

__all__ = ["run", "show"]


def run(folder: Path, out: Path, *, model: str, seed: int, console: Console) -> Extracted:
    """Extract the features of a folder's images.

    Raises:
        UsageError: The folder, an image or `model` cannot be used; nothing was written.
    """
    os.environ.update(keras_runtime.variables())
    keras_runtime.load()  # before the progress bar, which TensorFlow's log lines would break
    with progress(console, "Images") as bar:
        task = bar.add_task("", total=None)

        def advance(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        return extract(folder, out, model=model, seed=seed, progress=advance)


def show(extracted: Extracted, screen: Console) -> None:
    """Print what is in the file."""
    names = shortened(extracted.class_names, 8)
    rows = ", ".join(f"{number:,} {part}" for part, number in extracted.rows.items())
    line = f"{extracted.path}: {len(extracted.class_names)} classes ({names}); images: {rows}"
    screen.print(line, markup=False, highlight=False, soft_wrap=True)
