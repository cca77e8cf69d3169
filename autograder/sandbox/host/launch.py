"""Starts and ends a sandboxed program: one fresh bubblewrap process tree for each submission. Trusted side.

In the sandbox there is Python, its packages, system libraries, and of this package `sandbox/wire`, `sandbox/guest` and
what a notebook imports, all read-only; a private `/tmp` and `/dev/shm` of bounded size; and nothing else of this
machine: no network, no other process, no other file. As root, the sandbox gets a user id of its own; otherwise it gets
a user namespace. Bubblewrap builds the namespaces, `seccomp` filters system calls, `prlimit` bounds each process, and a
watchdog bounds the tree as a whole in memory and time. Time is the tree's own: processor time, and time in which all of
it sleeps. Neither depends on what else the machine does; wall-clock time does, and is only a ceiling.

There is no weaker sandbox to fall back on: where this one cannot start, `check_sandbox` says why, and nothing runs.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import select
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import IO, Literal, cast

from autograder.errors import SandboxUnavailable
from autograder.records import Limits
from autograder.sandbox.host import bubblewrap, cgroup, seccomp, watchdog

__all__ = ["Ending", "EndingStatus", "Sandbox", "check_sandbox", "open_sandbox"]

EndingStatus = Literal["exited", "timed_out", "out_of_memory", "crashed"]

START_SECONDS = 10.0
"""Added to `Limits.wall_seconds`, for Python and IPython to start; TensorFlow is imported in a cell."""

POLL_SECONDS = 0.1
FLOOR_MB = 512.0
FLOOR_SHARE = 0.05
"""Below this much free memory, or this share of all of it, the machine itself is in danger, and sandboxes are ended."""

EXIT_SECONDS = 2.0  # from the end of output to the exit status
KILL_SECONDS = 30.0  # for the kernel to free the memory of a killed tree
STDERR_BYTES = 4096

TRIVIAL = "autograder.records"
"""Does nothing when it is run, but needs Python, a compiled package and this package's modules for it."""


@dataclass(frozen=True)
class Ending:
    """How a sandbox ended.

    Attributes:
        status: `exited` by itself or because the grader had no more need of it; else why it was ended.
        code: The exit status, if the program ended by itself; 128 + n for signal n.
        message: One line for the student; empty after a normal end.
        peak_memory_mb: Highest memory of the whole tree that the watchdog saw, in MiB.
        stderr_tail: The end of what the sandbox wrote to stderr; hostile text, for the instructor.
        cpu_seconds: Processor time of the whole tree.
        unjustified: Whether it was ended for what its own processor time and memory do not explain: the machine may be
            at fault.
    """

    status: EndingStatus
    code: int | None
    message: str
    peak_memory_mb: float
    stderr_tail: str
    cpu_seconds: float = 0.0
    unjustified: bool = False


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


def open_sandbox(limits: Limits, *, module: str, slot: int) -> Sandbox:
    """Start `python -m <module>` in a fresh sandbox.

    Args:
        limits: What the sandbox may use.
        module: Name of a module that can be imported in the sandbox.
        slot: Number of the grader's worker, from 0. As root it chooses the sandbox's user id, so sandboxes that run at
            the same time need different ones.

    Raises:
        SandboxUnavailable: This machine cannot sandbox student code.
    """
    check_sandbox()
    return Sandbox(limits, module=module, slot=slot)


@functools.cache
def check_sandbox() -> None:
    """Prove once per process that a sandbox can be started here, by starting one.

    Raises:
        SandboxUnavailable: It cannot; the message names the cause and the fix in one line.
    """
    bubblewrap.check_machine()
    # On a busy machine Python may need minutes for the second of processor time that its start takes.
    with Sandbox(Limits(wall_seconds=600, cpu_seconds=30), module=TRIVIAL, slot=0) as sandbox:
        while os.read(sandbox.results, 4096):
            pass
        ending = sandbox.close()
    if ending.code != 0:
        raise SandboxUnavailable(bubblewrap.explain(ending.stderr_tail or ending.message))


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

    def __init__(self, limits: Limits, *, module: str, slot: int) -> None:
        self._limits = limits
        self._verdict: tuple[EndingStatus, str, bool] | None = None
        self._ending: Ending | None = None
        self._peak_mb = 0.0
        self._stderr_tail = b""
        self._lock = threading.RLock()  # guards the attributes above
        self._closing = threading.Lock()

        self._group = cgroup.make_group(limits, limits.tmp_mb + bubblewrap.SHARED_MEMORY_MB)
        try:
            self._process, self._pid, self._guard = _start(limits, module=module, slot=slot, group=self._group)
        except BaseException:
            if self._group is not None:
                self._group.remove()
            raise
        self._first = _pidfd(self._pid)  # the sandbox's first process; None if there never was one, and after the end
        self._tree = watchdog.ProcessTree(self._pid)
        self._step: _Step | None = None
        self._cpu_until = float(limits.cpu_seconds)
        self._deadline = time.monotonic() + limits.wall_seconds + START_SECONDS
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._watch, self._drain)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def requests(self) -> int:
        """The program's stdin."""
        return _pipe(self._process.stdin).fileno()

    @property
    def results(self) -> int:
        """The program's stdout."""
        return _pipe(self._process.stdout).fileno()

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
        _pipe(self._process.stdin).close()
        # The end of output comes an instant before the exit status. Waited for, to distinguish a crash from a kill.
        alone = self._gone(EXIT_SECONDS if _hung_up(self.results) else 0)
        self.cpu_seconds()
        if self._group is not None and self._group.was_killed:
            self.kill(
                "out_of_memory",
                _out_of_memory(max(self._tree.memory_mb, self._limits.memory_mb), self._limits.memory_mb),
            )
        self._kill_tree()
        if not self._gone(KILL_SECONDS):
            raise SandboxUnavailable(
                f"A process of the sandbox outlived SIGKILL by {KILL_SECONDS:g} s. Restart this machine."
            )
        try:
            with self._guard:  # closes its pipe, and waits for it
                self._guard.kill()
            code = self._exit_code()
        finally:
            self._release()
        status, message, unjustified = self._verdict or _judge(code if alone else None)
        code_of_its_own = code if alone and self._verdict is None else None
        stderr_tail = self._stderr_tail.decode(errors="replace")
        return Ending(status, code_of_its_own, message, self._peak_mb, stderr_tail, self._tree.cpu_seconds, unjustified)

    def _exit_code(self) -> int:
        """Reap bubblewrap, which ends when its child does."""
        try:
            return self._process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:  # pragma: no cover - never seen; else `close` would wait for ever
            os.killpg(self._process.pid, signal.SIGKILL)
            return self._process.wait()

    def _release(self) -> None:
        for thread in self._threads:
            thread.join(EXIT_SECONDS)
        if self._group is not None:
            self._group.remove()
        with self._lock:
            for pipe in (self._process.stdout, self._process.stderr):
                _pipe(pipe).close()
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
            self.kill("crashed", f"The grader could not measure what the notebook uses ({error}).")

    def _enforce(self, available_mb: float, total_mb: float) -> None:
        """End the tree if it is beyond a limit."""
        limits, step, tree = self._limits, self._step, self._tree
        self._peak_mb = max(self._peak_mb, tree.memory_mb)
        # What uses most of its limit is ended first, so that it may be the only one.
        floor = min(FLOOR_MB, FLOOR_SHARE * total_mb) * min(1, tree.memory_mb / limits.memory_mb)
        if tree.memory_mb > limits.memory_mb:
            self.kill("out_of_memory", _out_of_memory(tree.memory_mb, limits.memory_mb))
        elif available_mb < floor:
            self.kill("out_of_memory", _machine_out_of_memory(tree.memory_mb), unjustified=True)
        elif tree.cpu_seconds > self._cpu_until:
            self.kill("timed_out", _out_of_cpu(limits.cpu_seconds, "all cells together"))
        elif step and tree.cpu_seconds > step.cpu_until:
            self.kill("timed_out", _out_of_cpu(step.seconds, step.what))
        elif step and tree.asleep_seconds > step.asleep_until:
            self.kill("timed_out", _asleep(step.seconds, step.what), unjustified=True)
        elif time.monotonic() > self._deadline:
            self.kill("timed_out", _timed_out(limits.wall_seconds, tree.cpu_seconds), unjustified=True)

    def _drain(self) -> None:
        """Read stderr so that no writer blocks; keep the end."""
        stderr = _pipe(self._process.stderr)
        while chunk := stderr.read(1 << 16):
            self._stderr_tail = (self._stderr_tail + chunk)[-STDERR_BYTES:]


# ------------------------------------------------------------ start


def _start(
    limits: Limits, *, module: str, slot: int, group: cgroup.Group | None
) -> tuple[subprocess.Popen[bytes], int, subprocess.Popen[bytes]]:
    """Start bubblewrap.

    Returns:
        It, the process id of the sandbox's first process (0 if it did not get that far), and what kills both if this
        process is killed.
    """
    with contextlib.ExitStack() as kept_open, contextlib.ExitStack() as inherited:
        info, info_of_bubblewrap = os.pipe()
        kept_open.callback(os.close, info)
        options_of_bubblewrap, options = os.pipe()
        inherited.callback(os.close, options)
        contents = (seccomp.program(), *bubblewrap.user_files(slot))
        fds = bubblewrap.Inherited(
            info_of_bubblewrap,
            options_of_bubblewrap,
            *(_pipe_holding(content) for content in contents),
        )
        for fd in fds:
            inherited.callback(os.close, fd)
        process = subprocess.Popen(
            bubblewrap.command(limits, module=module, slot=slot, fds=fds),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={},  # the sandbox sees bubblewrap's own environment in /proc/1/environ
            cwd="/",
            pass_fds=fds,
            start_new_session=True,  # not hit by the terminal's Ctrl-C, and a process group to kill
        )
        with contextlib.ExitStack() as failed:
            # The sandbox's first process is either still in this group, or has asked the kernel to die with its parent.
            failed.enter_context(process)  # closes its pipes, and waits for it
            failed.callback(os.killpg, process.pid, signal.SIGKILL)
            guard = failed.enter_context(_guard(process.pid))
            failed.callback(guard.kill)
            if group is not None:
                group.add(process.pid)  # which waits for its options, and has started nothing yet
            with contextlib.suppress(BrokenPipeError):
                os.write(options, bubblewrap.options(limits, fds))
            inherited.close()  # now reading ends when bubblewrap has written the message, or has died
            with open(info, "rb", closefd=False) as pipe:
                message = pipe.read()
            first = int(json.loads(message)["child-pid"]) if message else 0
            failed.pop_all()
            return process, first, guard


def _guard(group: int) -> subprocess.Popen[bytes]:
    """A process that kills a process group when this process ends, by being killed as well.

    Bubblewrap's own `--die-with-parent` leaves a gap: killed between two of its first system calls, it leaves a process
    that waits for it for ever. It waits for its options before that, so nothing is left before this call either.
    """
    command = ["/bin/sh", "-c", 'read _; kill -9 "-$1"', "sh", str(group)]
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=nothing, stderr=nothing, bufsize=0, cwd="/", start_new_session=True
    )


def _pipe_holding(content: bytes) -> int:
    """A pipe to read `content` from, which must be smaller than a pipe's buffer."""
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    return reader


def _pidfd(pid: int) -> int | None:
    if not pid:
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:  # pragma: no cover - it ended in this very moment
        return None


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    return cast("IO[bytes]", pipe)


def _readable(fd: int) -> bool:
    """Whether something was written that nobody has read yet: then the sandbox waits for the grader."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return any(event & select.POLLIN for _, event in poll.poll(0))


def _hung_up(fd: int) -> bool:
    """Whether no process is left that could write to this pipe."""
    poll = select.poll()
    poll.register(fd, 0)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


# ------------------------------------------------------------ end


def _judge(code: int | None) -> tuple[EndingStatus, str, bool]:
    """What an exit status says, and whether it is unjustified; bubblewrap reports signal n as 128 + n."""
    if code is None or 0 <= code <= 128:
        return "exited", "" if not code else f"Python ended with exit status {code}.", False
    number = code - 128 if code > 0 else -code
    if number == signal.SIGKILL:  # crashes give other signals
        return "crashed", "Python was killed, and not by the grader: the machine may lack memory.", True
    name = signal.Signals(number).name if number in list(signal.Signals) else f"signal {number}"
    return "crashed", f"Python was ended by {name}. Look for a crash in compiled code, or too large an array.", False


def _timed_out(seconds: float, cpu_seconds: float) -> str:
    return (
        f"The notebook ran longer than {seconds:g} s, although it used only {cpu_seconds:.0f} s of processor time: "
        "it waited, or the grader's machine was busy."
    )


def _out_of_cpu(seconds: float, what: str) -> str:
    return (
        f"The notebook used more than {seconds:g} s of processor time, the limit for {what}. "
        "Look for an endless loop, or train for fewer epochs."
    )


def _asleep(seconds: float, what: str) -> str:
    return (
        f"The notebook slept for more than {seconds:g} s, the limit for {what}. "
        "Look for what waits and never gets it: a lock, a queue, a process, `sleep`."
    )


def _machine_out_of_memory(used_mb: float) -> str:
    return f"The grader's machine ran out of memory; the notebook, which used {used_mb:,.0f} MiB, was stopped for that."


def _out_of_memory(used_mb: float, limit_mb: int) -> str:
    return (
        f"The notebook used {used_mb:,.0f} MiB of memory; the limit is {limit_mb:,} MiB. "
        "Use smaller batches, and keep fewer copies of large arrays."
    )
