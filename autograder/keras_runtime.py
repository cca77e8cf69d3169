"""A process that runs Keras: its share of the machine, and an import that leaves the terminal alone. Trusted side."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["load", "share", "variables"]

_loading = threading.Lock()
_loaded = False


def variables(threads: int | None = None) -> dict[str, str]:
    """Environment variables of a process that runs Keras: TensorFlow as the backend, errors only in its log.

    Args:
        threads: How many threads TensorFlow may use, on the processor alone; by default all, and a GPU as well.
    """
    quiet = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    if threads is None:
        return quiet
    return quiet | {
        "CUDA_VISIBLE_DEVICES": "-1",
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": "1",
    }


def share(threads: int) -> None:
    """Set how many threads TensorFlow may use in this process; has no effect once it is imported."""
    os.environ.update(variables(threads))


def load() -> None:
    """Import Keras, once, in silence: TensorFlow 2.21 logs to fd 2 whatever its settings. Any thread may call it."""
    global _loaded
    with _loading:
        if not _loaded:
            with _silent_stderr():
                import keras  # noqa: F401
            _loaded = True


@contextmanager
def _silent_stderr() -> Iterator[None]:
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
