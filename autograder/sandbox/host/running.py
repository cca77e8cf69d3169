"""A running sandbox: its limits, watched while it runs, and its end. Trusted side.

A watchdog bounds the process tree as a whole in memory and time. Time is the tree's own: processor time, and time in
which all of it sleeps. Neither depends on what else the machine does; wall-clock time does, and is only a ceiling.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import threading
import time
from contextvars import copy_context
from dataclasses import dataclass
from typing import IO, Protocol

from autograder.errors import SandboxUnavailable
from autograder.language import gettext as _
from autograder.records import Limits
from autograder.sandbox.host import cgroup, endings, watchdog
from autograder.sandbox.host.endings import Ending, EndingStatus

__all__ = ["EXIT_SECONDS", "Sandbox", "Started"]

START_SECONDS = 10.0
"""Added to `Limits.wall_seconds`, for Python and IPython to start; TensorFlow is imported in a cell."""

POLL_SECONDS = 0.1
FLOOR_MB = 512.0
FLOOR_SHARE = 0.05
"""Below this much free memory, or this share of all of it, the machine itself is in danger, and sandboxes are ended."""

EXIT_SECONDS = 2.0
"""From the end of a sandbox's output to its exit status."""

KILL_SECONDS = 30.0  # for the kernel to free the memory of a killed tree
STDERR_BYTES = 4096


class Started(Protocol):
    """A sandbox that was started, before anybody watches it.

    Attributes:
        first: The process id of the sandbox's first process, as this process sees it: all others of the sandbox descend
            from it, and die with it. 0 if it did not get that far.
    """

    first: int

    @property
    def stdin(self) -> IO[bytes]:
        """Of the program; unbuffered, as the other two. Who closes a sandbox closes them."""

    @property
    def stdout(self) -> IO[bytes]:
        """What the program answers."""

    @property
    def stderr(self) -> IO[bytes]:
        """For the instructor."""

    def reap(self) -> int:
        """Free what is left when the whole tree is dead: the program's exit status, 128 + n for signal n."""


@dataclass(frozen=True)
class _Step:
    """A part of a run that has a limit of its own, such as a cell.

    Attributes:
        what: What it is called in a message.
        seconds: Its limit.
        cpu_until: Where the tree's processor time ends it, in seconds.
        asleep_until: Where the time in which the tree slept ends it.
    """

    what: str
    seconds: float
    cpu_until: float
    asleep_until: float


class Sandbox:
    """A running sandboxed process tree. Made by `open_sandbox`; use as a context manager.

    `requests` and `results` are the file descriptors of the program's stdin (written here) and stdout (read here). Both
    belong to the sandbox: `close` closes them, and using them afterwards raises ValueError.

    Reading `results` ends (`b""`) when everything in the sandbox is dead. Writing `requests` blocks while the program
    does not read and the pipe (64 KiB) is full; when the program is gone, at the latest because the watchdog killed it,
    the write returns short or raises BrokenPipeError. So neither waits for longer than the wall-clock limit. All
    methods may be called from any thread, but the thread that opens a sandbox must live as long as the sandbox: the
    kernel ends the sandbox when that thread ends, so that none outlives a grader that dies.
    """

    def __init__(self, limits: Limits, started: Started, group: cgroup.Group | None) -> None:
        self._limits = limits
        self._verdict: tuple[EndingStatus, str, bool] | None = None
        self._ending: Ending | None = None
        self._peak_mb = 0.0
        self._stderr_tail = b""
        self._lock = threading.RLock()  # guards the attributes above
        self._closing = threading.Lock()

        self._group = group
        self._started = started
        # The sandbox's first process; None if there never was one, and after the end.
        self._first = _pidfd(started.first)
        self._tree = watchdog.ProcessTree(started.first)
        self._step: _Step | None = None
        self._cpu_until = float(limits.cpu_seconds)
        self._deadline = time.monotonic() + limits.wall_seconds + START_SECONDS
        language = copy_context()  # of what `_watch` says
        watch = threading.Thread(target=language.run, args=(self._watch,), daemon=True)
        self._threads = [watch, threading.Thread(target=self._drain, daemon=True)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def requests(self) -> int:
        """The program's stdin."""
        return self._started.stdin.fileno()

    @property
    def results(self) -> int:
        """The program's stdout."""
        return self._started.stdout.fileno()

    @property
    def ending(self) -> Ending | None:
        """How the sandbox ended; None before `close`."""
        return self._ending

    def renew(self) -> None:
        """Let processor time for all cells count from now on: the notebook has run, its functions may be called."""
        with self._lock:
            self._cpu_until = self.cpu_seconds() + self._limits.cpu_seconds
        self.pause()

    def pause(self) -> None:
        """End a step: until the next one the grader does other work, and neither sleep nor wall-clock time counts."""
        with self._lock:
            self._step = None
            self._deadline = math.inf

    def begin(self, what: str, seconds: float, grace_seconds: float) -> float:
        """Begin a step with a limit of its own, which ends the one before.

        When the tree has used more processor time in it, or slept for longer, it is killed.

        Args:
            what: The step in a message: `one cell`.
            seconds: The limit.
            grace_seconds: How far beyond the limit the tree may go, for the program to end the step by itself.

        Returns:
            The tree's processor time up to now, in seconds.
        """
        with self._lock:
            used = self.cpu_seconds()
            allowed = seconds + grace_seconds
            self._deadline = min(self._deadline, time.monotonic() + self._limits.wall_seconds + START_SECONDS)
            self._step = _Step(what, seconds, used + allowed, self._tree.asleep_seconds + allowed)
        return used

    def cpu_seconds(self) -> float:
        """Processor time of the whole tree up to now, in seconds, ended processes included."""
        with self._lock:
            if self._first is not None:
                self._measure()
            return self._tree.cpu_seconds

    def kill(self, status: EndingStatus, message: str, *, unjustified: bool = False) -> None:
        """Kill everything in the sandbox for a reason of the caller's.

        The first reason is the one that `close` returns, whether it came from here or from the watchdog.
        """
        with self._lock:
            if self._verdict is None:
                self._verdict = (status, message, unjustified)
        self._kill_tree()

    def close(self) -> Ending:
        """Kill what is left in the sandbox, wait until all of it is dead, and say how it ended.

        Calling it again gives the same answer.

        Raises:
            SandboxUnavailable: Something in the sandbox cannot be killed: the machine is broken.
        """
        with self._closing:
            if self._ending is None:
                self._ending = self._end()
            return self._ending

    def _end(self) -> Ending:
        self._started.stdin.close()
        # The end of output comes an instant before the exit status. Waited for, to distinguish a crash from a kill.
        alone = self._gone(EXIT_SECONDS if _hung_up(self.results) else 0)
        self.cpu_seconds()
        if self._group is not None and self._group.was_killed:
            self.kill(
                "out_of_memory",
                _(endings.OUT_OF_MEMORY).format(
                    used=max(self._tree.memory_mb, self._limits.memory_mb), limit=self._limits.memory_mb
                ),
            )
        self._kill_tree()
        if not self._gone(KILL_SECONDS):
            raise SandboxUnavailable(
                f"A process of the sandbox outlived SIGKILL by {KILL_SECONDS:g} s. Restart this machine."
            )
        try:
            code = self._started.reap()
        finally:
            self._release()
        status, message, unjustified = self._verdict or endings.judge(code if alone else None)
        code_of_its_own = code if alone and self._verdict is None else None
        stderr_tail = self._stderr_tail.decode(errors="replace")
        return Ending(status, code_of_its_own, message, self._peak_mb, stderr_tail, self._tree.cpu_seconds, unjustified)

    def _release(self) -> None:
        for thread in self._threads:
            thread.join(EXIT_SECONDS)
        if self._group is not None:
            self._group.remove()
        with self._lock:
            for pipe in (self._started.stdout, self._started.stderr):
                pipe.close()
            if self._first is not None:
                os.close(self._first)
                self._first = None

    def _kill_tree(self) -> None:
        # The sandbox's first process is the init of its pid namespace. When it dies the kernel kills every other
        # process there, daemons included, before anyone sees the first one as dead. No process can be missed.
        with self._lock:
            if self._first is not None:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._first, signal.SIGKILL)

    def _gone(self, seconds: float) -> bool:
        """Whether the whole tree is dead, after waiting for it for some time."""
        if self._first is None:
            return True
        poll = select.poll()
        poll.register(self._first, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _watch(self) -> None:
        """The watchdog's thread. Without it nothing may run: whatever ends it ends the sandbox."""
        while not self._gone(POLL_SECONDS):
            with self._lock:
                self._measure()

    def _measure(self) -> None:
        try:
            asleep_seconds = self._tree.asleep_seconds
            self._tree.measure(self._limits.memory_mb)
            if _readable(self.results):
                self._tree.asleep_seconds = asleep_seconds
            if self._group is not None:
                self._tree.cpu_seconds = max(self._tree.cpu_seconds, self._group.cpu_seconds)
            self._enforce(*watchdog.available_mb())
        except Exception as error:  # noqa: BLE001
            self.kill(
                "crashed", _("The grader could not measure what the notebook uses ({error}).").format(error=error)
            )

    def _enforce(self, available_mb: float, total_mb: float) -> None:
        """End the tree if it is beyond a limit."""
        limits, step, tree = self._limits, self._step, self._tree
        self._peak_mb = max(self._peak_mb, tree.memory_mb)
        # What uses most of its limit is ended first, so that it may be the only one.
        floor = min(FLOOR_MB, FLOOR_SHARE * total_mb) * min(1, tree.memory_mb / limits.memory_mb)
        if tree.memory_mb > limits.memory_mb:
            self.kill("out_of_memory", _(endings.OUT_OF_MEMORY).format(used=tree.memory_mb, limit=limits.memory_mb))
        elif available_mb < floor:
            self.kill("out_of_memory", _(endings.MACHINE_OUT_OF_MEMORY).format(used=tree.memory_mb), unjustified=True)
        elif tree.cpu_seconds > self._cpu_until:
            self.kill(
                "timed_out", _(endings.OUT_OF_CPU).format(seconds=limits.cpu_seconds, what=_("all cells together"))
            )
        elif step and tree.cpu_seconds > step.cpu_until:
            self.kill("timed_out", _(endings.OUT_OF_CPU).format(seconds=step.seconds, what=_(step.what)))
        elif step and tree.asleep_seconds > step.asleep_until:
            reason = _(endings.ASLEEP).format(seconds=step.seconds, what=_(step.what), used=tree.cpu_seconds)
            self.kill("timed_out", reason, unjustified=True)
        elif time.monotonic() > self._deadline:
            reason = _(endings.TIMED_OUT).format(seconds=limits.wall_seconds, used=tree.cpu_seconds)
            self.kill("timed_out", reason, unjustified=True)

    def _drain(self) -> None:
        """Read stderr so that no writer blocks; keep the end."""
        stderr = self._started.stderr
        while chunk := stderr.read(1 << 16):
            self._stderr_tail = (self._stderr_tail + chunk)[-STDERR_BYTES:]


def _pidfd(pid: int) -> int | None:
    if not pid:
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:  # pragma: no cover - it ended in this very moment
        return None


def _readable(fd: int) -> bool:
    """Whether something was written that nobody has read yet: then the sandbox waits for the grader."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return any(event & select.POLLIN for _fd, event in poll.poll(0))


def _hung_up(fd: int) -> bool:
    """Whether no process is left that could write to this pipe."""
    poll = select.poll()
    poll.register(fd, 0)
    return any(event & select.POLLHUP for _fd, event in poll.poll(0))
