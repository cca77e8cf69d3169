"""What is fuzzed: one module for each place where a student's or a stranger's bytes are read.

Each has `check`, which takes any bytes and raises nothing: what is documented to be raised is caught there, and every
other exception, an `AssertionError` about what came out included, is a fault. `TOKENS` are pieces that such bytes are
made of. Inputs to begin with, and each input that was once a fault, are in `tests/fuzz/corpus/`.
"""

from __future__ import annotations

import importlib
import pkgutil
import unicodedata
from pathlib import Path
from types import ModuleType

__all__ = ["CORPUS", "NAMES", "load", "one_line_error"]

CORPUS = Path(__file__).parents[1] / "corpus"
NAMES = sorted(module.name for module in pkgutil.iter_modules(__path__))
MAX_MESSAGE = 1_000


def load(name: str) -> ModuleType:
    """A target by its name."""
    return importlib.import_module(f"{__name__}.{name}")


def one_line_error(error: Exception) -> None:
    """Hold an error's text to what every one must be: one line of bounded length that a terminal can show."""
    text = str(error)
    assert text, repr(error)
    assert len(text) <= MAX_MESSAGE, f"{len(text)} characters: {text[:200]}"
    unseen = [character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert not unseen, repr(text)
