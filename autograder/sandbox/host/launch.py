"""Starts a sandboxed program: one fresh bubblewrap process tree for each submission. Trusted side.

In the sandbox there is Python, its packages, system libraries, and of this package `sandbox/wire`, `sandbox/guest` and
what a notebook imports, all read-only; a private `/tmp` and `/dev/shm` of bounded size; and nothing else of this
machine: no network, no other process, no other file. As root, the sandbox gets a user id of its own; otherwise it gets
a user namespace. Bubblewrap builds the namespaces, `seccomp` filters system calls, `prlimit` bounds each process, and
the watchdog of `running` the tree as a whole.

There is no weaker sandbox to fall back on: where this one cannot start, `check_sandbox` says why, and nothing runs.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import IO, cast

from autograder.errors import SandboxUnavailable
from autograder.records import Limits
from autograder.sandbox.host import bubblewrap, cgroup, seccomp
from autograder.sandbox.host.running import EXIT_SECONDS, Sandbox, Started

__all__ = ["BubblewrapProcess", "check_sandbox", "open_sandbox", "start", "watched"]

TRIVIAL = "autograder.records"
"""Does nothing when it is run, but needs Python, a compiled package and this package's modules for it."""


def open_sandbox(
    limits: Limits, *, module: str, slot: int, profile: bubblewrap.Profile = bubblewrap.NOTEBOOK
) -> Sandbox:
    """Start `python -m <module>` in a fresh sandbox.

    Args:
        limits: What the sandbox may use.
        module: Name of a module that can be imported in the sandbox.
        slot: Number of the grader's worker, from 0. As root it chooses the sandbox's user id, so sandboxes that run at
            the same time need different ones.
        profile: What the sandbox is for.

    Raises:
        SandboxUnavailable: This machine cannot sandbox student code.
    """
    check_sandbox()
    return _open(limits, module=module, slot=slot, profile=profile)


@functools.cache
def check_sandbox() -> None:
    """Prove once per process that a sandbox can be started here, by starting one.

    Raises:
        SandboxUnavailable: It cannot; the message names the cause and the fix in one line.
    """
    bubblewrap.check_machine()
    # On a busy machine Python may need minutes for the second of processor time that its start takes.
    with _open(Limits(wall_seconds=600, cpu_seconds=30), module=TRIVIAL, slot=0) as sandbox:
        while os.read(sandbox.results, 4096):
            pass
        ending = sandbox.close()
    if ending.code != 0:
        raise SandboxUnavailable(bubblewrap.explain(ending.stderr_tail or ending.message))


def _open(limits: Limits, *, module: str, slot: int, profile: bubblewrap.Profile = bubblewrap.NOTEBOOK) -> Sandbox:
    return watched(limits, lambda group: start(limits, module=module, slot=slot, profile=profile, group=group))


def watched(limits: Limits, begin: Callable[[cgroup.Group | None], Started]) -> Sandbox:
    """What `begin` starts, in a control group where there is one, with a watchdog."""
    group = cgroup.make_group(limits, limits.tmp_mb + bubblewrap.SHARED_MEMORY_MB)
    try:
        started = begin(group)
    except BaseException:
        if group is not None:
            group.remove()
        raise
    return Sandbox(limits, started, group)


class BubblewrapProcess:
    """A sandbox that bubblewrap made; see `running.Started`."""

    def __init__(
        self, process: subprocess.Popen[bytes], first: int, guard: subprocess.Popen[bytes], follower: threading.Thread
    ) -> None:
        """Keep what `start` started.

        Args:
            process: Bubblewrap.
            first: Its child.
            guard: What kills both if this process is killed.
            follower: Kills what bubblewrap leaves behind if it is killed before its child would die with it.
        """
        self.process, self.first = process, first
        self._guard, self._follower = guard, follower

    @property
    def stdin(self) -> IO[bytes]:
        """The program's standard streams are bubblewrap's."""
        return cast("IO[bytes]", self.process.stdin)

    @property
    def stdout(self) -> IO[bytes]:
        """See `stdin`."""
        return cast("IO[bytes]", self.process.stdout)

    @property
    def stderr(self) -> IO[bytes]:
        """See `stdin`."""
        return cast("IO[bytes]", self.process.stderr)

    def reap(self) -> int:
        """Reap bubblewrap, which ends when its child does: its exit status, 128 + n for signal n."""
        with self._guard:  # closes its pipe, and waits for it
            self._guard.kill()
        self._follower.join(EXIT_SECONDS)
        if self._follower.is_alive():  # pragma: no cover - never seen; else this would wait for ever
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()


def start(
    limits: Limits,
    *,
    module: str,
    slot: int,
    profile: bubblewrap.Profile,
    group: cgroup.Group | None = None,
    stdin: int = subprocess.PIPE,
) -> BubblewrapProcess:
    """Start `python -m <module>` under bubblewrap, and watch nothing; see `open_sandbox`.

    Args:
        limits: What each process may use.
        module: Name of a module that can be imported in the sandbox.
        slot: Number of the grader's worker.
        profile: What the sandbox is for.
        group: The control group that it is put into.
        stdin: The program's stdin; a new pipe by default.
    """
    with contextlib.ExitStack() as kept_open, contextlib.ExitStack() as inherited:
        info, info_of_bubblewrap = os.pipe()
        kept_open.callback(os.close, info)
        options_of_bubblewrap, options = os.pipe()
        inherited.callback(os.close, options)
        contents = (seccomp.program(nests=profile.nests), *bubblewrap.user_files(slot))
        fds = bubblewrap.Inherited(
            info_of_bubblewrap,
            options_of_bubblewrap,
            *(_pipe_holding(content) for content in contents),
        )
        for fd in fds:
            inherited.callback(os.close, fd)
        process = subprocess.Popen(
            bubblewrap.command(limits, module=module, slot=slot, fds=fds, profile=profile),
            stdin=stdin,
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
            leader = process.pid, os.pidfd_open(process.pid)
            follower = threading.Thread(target=_end_group_with, args=leader, daemon=True)
            follower.start()
            guard = failed.enter_context(_guard(process.pid))
            failed.callback(guard.kill)
            if group is not None:
                group.add(process.pid)  # which waits for its options, and has started nothing yet
            with contextlib.suppress(BrokenPipeError):
                os.write(options, bubblewrap.options(limits, fds, profile))
            inherited.close()  # now reading ends when bubblewrap has written the message, or has died
            with open(info, "rb", closefd=False) as pipe:
                message = pipe.read()
            try:
                first = int(json.loads(message)["child-pid"])
            except ValueError:  # bubblewrap died before it had written all of it
                first = 0
            failed.pop_all()
            return BubblewrapProcess(process, first, guard, follower)


def _end_group_with(leader: int, pidfd: int) -> None:
    """Kill a process group when the process that leads it, which this process has not reaped, ends.

    Bubblewrap that dies between two of its first system calls leaves a process that waits for it for ever, and holds
    the sandbox's pipes open: the sandbox would never be seen to end.
    """
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    poll.poll()
    os.close(pidfd)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


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
