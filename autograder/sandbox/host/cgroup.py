"""Control groups of Linux, version 2: the kernel's own bounds of a sandbox's tree, where they can be had. Trusted side.

A grader may make groups as root, and in a part of the hierarchy that is delegated to it: `systemd-run --user --scope`.
A group counts what the watchdog cannot see, such as the kernel's memory; elsewhere the watchdog has to do.
"""

from __future__ import annotations

import itertools
import os
import re
from contextlib import suppress
from pathlib import Path

from autograder.records import Limits

__all__ = ["Group", "find_parent", "make_group"]

CONTROLLERS = {"memory", "pids"}

MIB = 1 << 20
SPARE_PROCESSES = 8  # bubblewrap's own
WEIGHT = 50  # of the processors; what else runs has 100

_numbers = itertools.count()


class Group:
    """A group for one sandbox."""

    def __init__(self, path: Path, limits: Limits, files_mb: float) -> None:
        """Make it.

        Args:
            path: Its folder, which is not there yet.
            limits: What the sandbox may use.
            files_mb: What its file systems in memory may hold on top of `limits.memory_mb`, in MiB.

        Raises:
            OSError: It cannot be made here.
        """
        self.path = path
        path.mkdir()
        try:
            self._set("memory.max", int((limits.memory_mb + files_mb) * MIB))
            self._set("memory.oom.group", 1)
            self._set("pids.max", limits.processes + SPARE_PROCESSES)
            with suppress(FileNotFoundError):  # a kernel without swap; a parent that does not share out its processors
                self._set("memory.swap.max", 0)
            with suppress(FileNotFoundError):
                self._set("cpu.weight", WEIGHT)
        except OSError:
            path.rmdir()
            raise

    def add(self, pid: int) -> None:
        """Move a process, and what it starts from now on, into the group."""
        self._set("cgroup.procs", pid)

    @property
    def cpu_seconds(self) -> float:
        """Processor time of everything that ever ran in the group, in seconds."""
        return self._count("cpu.stat", "usage_usec") / 1e6

    @property
    def was_killed(self) -> bool:
        """Whether the kernel killed it because it used too much memory."""
        return self._count("memory.events", "oom_kill") > 0

    def remove(self) -> None:
        """Remove it, which its last process must have left."""
        with suppress(OSError):
            self.path.rmdir()

    def _set(self, name: str, value: int) -> None:
        (self.path / name).write_text(str(value))

    def _count(self, file: str, name: str) -> int:
        found = re.search(rf"^{name} (\d+)$", (self.path / file).read_text(), re.MULTILINE)
        return int(found[1]) if found else 0


def find_parent(root: Path = Path("/")) -> Path | None:
    """The nearest group above this process in which it may make groups with bounds; None where there is none.

    Args:
        root: Where this machine's files are.
    """
    own = re.search(r"^0::(/.*)$", (root / "proc/self/cgroup").read_text(), re.MULTILINE)
    hierarchy = root / "sys/fs/cgroup"
    if own is None or not (hierarchy / "cgroup.controllers").exists():
        return None
    folder = hierarchy / own[1].lstrip("/")
    for each in (folder, *folder.parents):
        writable = os.access(each, os.W_OK) and os.access(each / "cgroup.procs", os.W_OK)
        if writable and set((each / "cgroup.subtree_control").read_text().split()) >= CONTROLLERS:
            return each
        if each == hierarchy:
            break
    return None


def make_group(limits: Limits, files_mb: float) -> Group | None:
    """A group for a sandbox, or None where there cannot be one; see `Group`."""
    parent = find_parent()
    if parent is None:
        return None
    try:
        return Group(parent / f"autograder-{os.getpid()}-{next(_numbers)}", limits, files_mb)
    except OSError:
        return None
