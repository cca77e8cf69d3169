"""What the solution needs of a notebook's limits, as the last build measured it. Trusted side.

Processor time varies from machine to machine and from run to run, so that the file is written anew only where a build
measures quite another time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from autograder.files import write_whole
from autograder.records import Execution, Limits, from_json, to_json

__all__ = ["NEEDS", "keep_needs", "needed", "tight"]

NEEDS = "needs.json"
"""Beside the master: limit → what the solution needs, in seconds of processor time."""

ENOUGH = 5
"""A limit is that many times what the solution needs, for students whose answers take longer and slower machines."""
SAME = 1.5


def needed(execution: Execution) -> dict[str, float]:
    """Limit → what a run needed of it, in seconds of processor time."""
    cells = max((cell.cpu_seconds for cell in execution.cells), default=0.0)
    return {"cell_seconds": round(cells, 1), "cpu_seconds": round(execution.cpu_seconds, 1)}


def keep_needs(folder: Path, now: Mapping[str, float]) -> None:
    """Write what was measured, unless what is there is nearly the same.

    Raises:
        AutograderError: The file cannot be written.
    """
    try:
        before = from_json((folder / NEEDS).read_bytes(), dict[str, float])
    except (OSError, msgspec.MsgspecError, ValueError):
        before = {}
    if before.keys() != now.keys() or any(not _alike(before[name], now[name]) for name in now):
        write_whole(folder / NEEDS, [to_json(now, indent=2) + b"\n"], shared=True)


def _alike(one: float, other: float) -> bool:
    least, most = sorted((one, other))
    return most <= max(1.0, SAME * least)


def tight(now: Mapping[str, float], limits: Limits) -> Iterator[str]:
    """A warning for each limit that is less than five times what the solution needs."""
    for name, seconds in now.items():
        limit = getattr(limits, name)
        if limit < ENOUGH * seconds:
            yield (
                f"the solution needs {seconds:g} s of processor time, and `{name}` is {limit:g}: a slower answer or "
                f"machine may be beyond it. Set {ENOUGH * seconds:.0f} or more in `limits:`, or let it do less"
            )
