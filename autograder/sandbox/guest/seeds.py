"""Seeds all random numbers that a notebook may draw, so that it gives the same grade every time. Untrusted side.

A notebook that sets seeds of its own gets what these give. What it draws does not depend on when TensorFlow was
imported, although that draws some of Python's numbers: it may have been before the notebook ran.
"""

from __future__ import annotations

import importlib.util
import random
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np

from autograder.records import SEED

__all__ = ["seed_everything"]


def seed_everything() -> None:
    """Seed Python and NumPy now, which Keras's initialisers draw from, and TensorFlow as soon as it is imported."""
    random.seed(SEED)
    np.random.seed(SEED)
    generator = random.Random(SEED)  # noqa: S311 - its numbers are no secret
    np.random.bit_generator.randbits = generator.getrandbits  # type: ignore[attr-defined]  # for `default_rng()`
    if loaded := sys.modules.get("tensorflow"):
        loaded.random.set_seed(SEED)
    else:
        sys.meta_path.insert(0, _TensorFlowFinder())


class _TensorFlowFinder(MetaPathFinder):
    """Finds TensorFlow as the others do, once, and has it seeded when it is loaded."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec: ModuleSpec | None = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_seed(module: Any) -> None:
                state = random.getstate()
                load(module)
                random.setstate(state)
                module.random.set_seed(SEED)

            spec.loader.exec_module = load_and_seed  # type: ignore[method-assign]
        return spec
