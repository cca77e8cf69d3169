"""Collects the accuracies that cases measure, for calibration. Both sides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from autograder.records import Measurement

__all__ = ["note", "recording"]

_current: ContextVar[list[Measurement] | None] = ContextVar("measurements", default=None)


@contextmanager
def recording() -> Iterator[list[Measurement]]:
    """Collect the measurements that are noted inside the block."""
    measured: list[Measurement] = []
    token = _current.set(measured)
    try:
        yield measured
    finally:
        _current.reset(token)


def note(measurement: Measurement) -> None:
    """Add a measurement to the enclosing `recording`, if there is one."""
    measured = _current.get()
    if measured is not None:
        measured.append(measurement)
