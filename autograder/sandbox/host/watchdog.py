"""Measures what a sandbox uses: processor time and memory, of the kernel on its behalf as well. Trusted side.

`RLIMIT_CPU` and `RLIMIT_AS` bound one process, and control groups need rights that a grader rarely has. So the whole
tree is added up several times a second. Everything comes from `/proc`; what cannot be read is counted by a larger
number or raises, so that the caller ends the sandbox: a tree that cannot be measured must not run.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

__all__ = ["CHILDREN", "ProcessTree", "available_mb"]

CHILDREN = Path("/proc/thread-self/children")
"""Exists where the kernel names a thread's child processes (CONFIG_PROC_CHILDREN), which finding a tree depends on."""

MEMORY_INFO = Path("/proc/meminfo")
MAX_MAPPINGS = 65_530  # of one process, Linux' default
ASLEEP = "STtZX"
"""States of a thread that would not run if it got a processor: it sleeps, was stopped by a signal, or has ended."""

MAPPINGS_SECONDS = 1.0  # counting mappings takes some 0.5 µs for each, so it is not done at every measurement

MAX_GAP_SECONDS = 0.5  # between two measurements; they are made ten times a second where the machine has time

_KIB = 1024
_INODE_BYTES = 2 * _KIB  # an empty file in a tmpfs, with its directory entry and a long name
_SOCKET_BYTES = 212_992  # Linux' default for a socket's send buffer; the system call filter keeps it from growing
_MAPPING_BYTES = 256  # a `vm_area_struct` and its share of the tree that holds it
_BOUNDED_FILE_SYSTEMS = ("tmp", "dev/shm")
_GONE = (FileNotFoundError, ProcessLookupError)
_TICKS = os.sysconf("SC_CLK_TCK")

_Process = dict[tuple[int, str], tuple[int, int]]  # (process id, start) → ticks of its own, of children it waited for


class ProcessTree:
    """A sandbox's processes, measured now and then.

    Attributes:
        memory_mb: Memory at the last measurement, in MiB, kernel memory included; 0 when the tree has ended.
        cpu_seconds: Processor time from the start to the last measurement, in seconds, ended processes included. What a
            process used after the last measurement that saw it counts if its parent waits for it.
        asleep_seconds: Time in which, as far as the measurements saw, every thread of the tree slept: none ran, waited
            for a processor or for a disk. It does not depend on what else the machine does.
    """

    def __init__(self, first: int) -> None:
        """Measure the tree of this process, by its id as the caller sees it: every other one descends from it."""
        self._first = first
        self._ticks = 0
        self._seen: _Process = {}
        self._measured = time.monotonic()
        self._mappings = 0
        self._mappings_counted = 0.0
        self.memory_mb = 0.0
        self.cpu_seconds = 0.0
        self.asleep_seconds = 0.0

    def measure(self, limit_mb: float) -> None:
        """Measure once; to be called several times a second.

        Resident and swapped memory and page tables of all processes, plus what no process shows: the buffers of
        sockets, mappings, and the inodes of the sandbox's tmpfs (whose contents are bounded by their size). Below the
        limit, memory that processes share is counted for each of them. Only above it are shares divided up
        (proportional set size, Pss), because the kernel takes 10 ms to do that for one process with TensorFlow and
        0.02 ms for the plain sum, which is never smaller.

        Args:
            limit_mb: Where an exact figure begins to matter, in MiB.

        Raises:
            OSError: The kernel does not show the tree to this user.
        """
        tree = self._processes()
        now = time.monotonic()
        if not self._count_ticks(tree) and _all_asleep(tree):
            # Not all of a long gap: then the machine was too busy for the watchdog itself, or for who reads the answer.
            self.asleep_seconds += min(now - self._measured, MAX_GAP_SECONDS)
        self._measured = now
        if now - self._mappings_counted > MAPPINGS_SECONDS:
            self._mappings, self._mappings_counted = sum(map(_mappings, tree)), now
        kernel = _kernel_bytes(self._first) + _MAPPING_BYTES * self._mappings
        used = kernel + sum(map(_resident_bytes, tree))
        if used > limit_mb * _KIB**2:
            used = kernel + sum(map(_proportional_bytes, tree))
        self.memory_mb = used / _KIB**2

    def _processes(self) -> list[str]:
        """The folder in `/proc` of each process: that of its first thread that lives.

        A process whose main thread has ended, while others go on, shows nothing of its memory in its own folder.
        """
        folders, tree = [], [self._first]
        for pid in tree:  # grows on the way
            threads = _threads(pid)
            for thread in threads:
                with contextlib.suppress(*_GONE):
                    tree.extend(map(int, Path(thread, "children").read_text().split()))
            if threads:
                folders.append(next((thread for thread in threads if _state(thread) not in "ZX"), threads[0]))
        return folders

    def _count_ticks(self, tree: Iterable[str]) -> int:
        """Add the processor time since the last measurement; returns how many ticks that is."""
        now: _Process = {}
        for folder in tree:
            pid = int(folder.split("/")[2])
            if fields := _fields(f"/proc/{pid}"):
                own, children = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
                now[pid, fields[19]] = own, children
        added = waited_for = 0
        for process, (own, children) in now.items():
            own_before, children_before = self._seen.get(process, (0, 0))
            added += max(0, own - own_before)
            waited_for += max(0, children - children_before)
        # A parent that waits for a child takes over the child's time, of which the part seen so far was counted.
        waited_for -= sum(sum(ticks) for process, ticks in self._seen.items() if process not in now)
        self._seen = now
        ticks = added + max(0, waited_for)
        self._ticks += ticks
        self.cpu_seconds = self._ticks / _TICKS
        return ticks


def available_mb() -> tuple[float, float]:
    """Memory that this machine can still give to programs, and all that it has, in MiB."""
    sizes = dict(re.findall(r"^(MemAvailable|MemTotal):\s+(\d+) kB$", MEMORY_INFO.read_text(), re.MULTILINE))
    return int(sizes["MemAvailable"]) / _KIB, int(sizes["MemTotal"]) / _KIB


def _fields(folder: str) -> list[str]:
    """Field 3, the state, and all after it of proc_pid_stat(5), for a process or thread; empty once it is gone."""
    try:
        return Path(folder, "stat").read_text(errors="replace").rpartition(")")[2].split()
    except _GONE:
        return []


def _state(folder: str) -> str:
    """One letter: `R` runs or could, `S` sleeps, `D` waits for a disk, `Z` has ended, …."""
    return (_fields(folder) or "X")[0]


def _all_asleep(tree: Iterable[str]) -> bool:
    for folder in tree:
        if any(_state(thread) not in ASLEEP for thread in _threads(int(folder.split("/")[2]))):
            return False
    return True


def _threads(pid: int) -> list[str]:
    """The folder of each thread of a process, the main thread's first; empty when the process is gone."""
    try:
        return [f"/proc/{pid}/task/{each}" for each in sorted(map(int, os.listdir(f"/proc/{pid}/task")))]  # noqa: PTH208
    except _GONE:
        return []


def _mappings(folder: str) -> int:
    try:
        return Path(folder, "maps").read_bytes().count(b"\n")
    except _GONE:
        return 0
    except PermissionError:
        return MAX_MAPPINGS


def _resident_bytes(folder: str) -> int:
    return _sum_of(folder, "status", ("VmRSS", "VmSwap", "VmPTE"))


def _proportional_bytes(folder: str) -> int:
    try:
        return _sum_of(folder, "smaps_rollup", ("Pss", "SwapPss")) + _sum_of(folder, "status", ("VmPTE",))
    except PermissionError:
        return _resident_bytes(folder)


def _sum_of(folder: str, file: str, names: Iterable[str]) -> int:
    """The sum of some `Name: 123 kB` lines; 0 for a process that has ended."""
    try:
        text = Path(folder, file).read_text()
    except _GONE:
        return 0
    return _KIB * sum(int(kib) for kib in re.findall(rf"^(?:{'|'.join(names)}):\s+(\d+) kB$", text, re.MULTILINE))


def _kernel_bytes(first: int) -> int:
    try:
        sockets = re.search(r"^sockets: used (\d+)$", Path(f"/proc/{first}/net/sockstat").read_text(), re.MULTILINE)
        used = _SOCKET_BYTES * int(sockets[1]) if sockets else 0
        root = f"/proc/{first}/root"
        if os.path.samestat(os.stat(root), os.stat("/")):  # noqa: PTH116
            return used  # bubblewrap has not left the machine's own root yet
        for file_system in _BOUNDED_FILE_SYSTEMS:
            status = os.statvfs(f"{root}/{file_system}")
            used += _INODE_BYTES * (status.f_files - status.f_ffree)
    except _GONE:
        return 0
    return used
