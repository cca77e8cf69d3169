"""Runs a command, and measures what it and all that it started took."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import psutil

# From perf_event.h of Linux.
PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
TYPE_SOFTWARE, TASK_CLOCK, ATTRIBUTES_BYTES = 1, 1, 112
INHERIT, CLOSE_ON_EXEC = 1 << 1, 1 << 3


@dataclass(frozen=True)
class Spent:
    """What a command took: wall time, processor time (None if that cannot be counted), memory over time, and output.

    Attributes:
        wall: Seconds.
        cpu: Seconds, of all processes that it started, killed ones included.
        memory: MiB of its first process, at equal times.
        said: Standard output and error.
    """

    wall: float
    cpu: float | None
    memory: Sequence[float]
    said: str


class ProcessorTime:
    """Seconds that this process and all that it starts have used from now on.

    The kernel's counter is inherited by each process. `getrusage` lacks those whose parent did not wait for them, which
    are most of a sandbox's: they end with its pid namespace.
    """

    def __init__(self) -> None:
        attributes = bytearray(ATTRIBUTES_BYTES)
        struct.pack_into("<IIQ", attributes, 0, TYPE_SOFTWARE, ATTRIBUTES_BYTES, TASK_CLOCK)
        struct.pack_into("<Q", attributes, 40, INHERIT)
        number = PERF_EVENT_OPEN.get(platform.machine(), -1)
        arguments = (bytes(attributes), 0, -1, -1, ctypes.c_ulong(CLOSE_ON_EXEC))
        self._counter = ctypes.CDLL(None).syscall(number, *arguments)

    def seconds(self) -> float | None:
        """Of all processes but this one; None where the kernel refuses (`kernel.perf_event_paranoid` above 2)."""
        if self._counter < 0:
            return None
        own = resource.getrusage(resource.RUSAGE_SELF)
        return struct.unpack("<Q", os.read(self._counter, 8))[0] / 1e9 - own.ru_utime - own.ru_stime


COUNTED = ProcessorTime()


def run(
    command: Sequence[object],
    cwd: Path,
    *,
    environment: Mapping[str, str] = MappingProxyType({}),
    statuses: Sequence[int] = (0,),
) -> Spent:
    """Run a command; ends the benchmark where it fails."""
    before = COUNTED.seconds()
    started = time.perf_counter()
    memory: list[float] = []
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            stdout=said,
            stderr=said,
            env={**os.environ, **environment},
        )
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.2):
                try:
                    memory.append(psutil.Process(process.pid).memory_info().rss / 2**20)
                except psutil.Error:
                    return

        watcher = threading.Thread(target=watch)
        watcher.start()
        status = process.wait()
        wall = time.perf_counter() - started
        ended.set()
        watcher.join()
        said.seek(0)
        text = said.read()
    if status not in statuses:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{text}")
    after = COUNTED.seconds()
    return Spent(wall, None if before is None or after is None else after - before, memory, text)


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0))
