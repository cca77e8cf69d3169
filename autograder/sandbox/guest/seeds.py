"""Makes a notebook give the same grade every time: seeds all random numbers that it may draw. Untrusted side.

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
        _prepare(loaded)
    else:
        sys.meta_path.insert(0, _TensorFlowFinder())


def _prepare(tensorflow: Any) -> None:
    """Seed TensorFlow, and leave its input pipelines as they are instead of tuning them to the times it measures.

    TensorFlow 2.21 waits at the end of each pass over the data, for up to as long as the pass took, until the thread
    that tunes them wakes up: validation after every epoch took a quarter more time, in which the machine did nothing.
    """
    tensorflow.random.set_seed(SEED)
    untuned = tensorflow.data.Options()
    untuned.autotune.enabled = False
    dataset: Any = tensorflow.data.Dataset
    prepared = dataset._apply_debug_options  # is called wherever a pass begins
    dataset._apply_debug_options = lambda self: prepared(self.with_options(untuned))


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
                _prepare(module)

            spec.loader.exec_module = load_and_seed  # type: ignore[method-assign]
        return spec
