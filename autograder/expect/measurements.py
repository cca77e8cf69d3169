"""Collects what cases measure of predictions: accuracies, and what is confused. Both sides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from autograder.records import Confusion, Measurement

__all__ = ["note", "recording"]

_current: ContextVar[list[Measurement | Confusion] | None] = ContextVar("measurements", default=None)


@contextmanager
def recording() -> Iterator[list[Measurement | Confusion]]:
    """Collect what is noted inside the block."""
    measured: list[Measurement | Confusion] = []
    token = _current.set(measured)
    try:
        yield measured
    finally:
        _current.reset(token)


def note(measurement: Measurement | Confusion | None) -> None:
    """Add a measurement to the enclosing `recording`, if there are both."""
    measured = _current.get()
    if measured is not None and measurement is not None:
        measured.append(measurement)
