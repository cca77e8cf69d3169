"""Processor time that a case may take in the grader; in a student's notebook there is no such limit. Both sides."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["OverBudget", "budget", "require_budget"]

_current: ContextVar[tuple[float, float] | None] = ContextVar("budget", default=None)


class OverBudget(Exception):
    """A case took too long to judge, so a person has to. The message is for the student, and holds no secret."""


@contextmanager
def budget(seconds: float) -> Iterator[None]:
    """Allow what runs inside the block so much processor time of this process, all evaluations together."""
    token = _current.set((seconds, time.process_time()))
    try:
        yield
    finally:
        _current.reset(token)


def require_budget(doing: str) -> None:
    """Go on only where the enclosing block, if there is one, has processor time left.

    Args:
        doing: What was measured, for the student: a sentence.

    Raises:
        OverBudget: It has none left.
    """
    allowed = _current.get()
    if allowed is None:
        return
    seconds, started = allowed
    taken = time.process_time() - started
    if taken > seconds:
        raise OverBudget(
            f"This check was ended: it took {taken:.3g} s of processor time, and the limit is {seconds:g} s. {doing} "
            "A person looks at it."
        )
