"""`autograder fetch`: says which files of Keras's to put where, and whether they are there. Trusted side."""

from __future__ import annotations

import os
from collections.abc import Iterable

from rich.console import Console

from autograder import keras_runtime
from autograder.grading.keras_files import files_of, keras_names
from autograder.sandbox.host.keras_cache import cache_folder

__all__ = ["run"]


def run(names: Iterable[str], screen: Console) -> bool:
    """Print a line for each file; returns whether all are there.

    Raises:
        UsageError: Keras has no dataset or network of this name.
    """
    os.environ.update(keras_runtime.variables())
    keras_runtime.load()
    asked = list(names)
    datasets, networks = keras_names()
    complete = True

    def say(line: str) -> None:
        screen.print(line, markup=False, highlight=False, soft_wrap=True)

    say(f"Keras's files for the sandbox are in {cache_folder()}")
    for name in asked or datasets:
        for file in files_of(name):
            if problem := file.problem:
                complete = False
                digest = f", {file.algorithm.upper()} {file.digest}" if file.digest else ""
                say(f"✗ {name}: {file.path} ({problem})\n    {file.url}{digest}")
            else:
                say(f"✓ {name}: {file.path}")
    if not asked:
        say(f"Pretrained networks: name them, such as `autograder fetch MobileNetV2`. There are {', '.join(networks)}.")
    return complete or not asked
