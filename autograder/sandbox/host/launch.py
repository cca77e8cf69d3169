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

from autograder.errors import SandboxUnavailable
from autograder.records import Limits
from autograder.sandbox.host import bubblewrap, cgroup, seccomp
from autograder.sandbox.host.running import Sandbox, Started

__all__ = ["check_sandbox", "open_sandbox"]

TRIVIAL = "autograder.records"
"""Does nothing when it is run, but needs Python, a compiled package and this package's modules for it."""


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
    return _open(limits, module=module, slot=slot)


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


def _open(limits: Limits, *, module: str, slot: int) -> Sandbox:
    group = cgroup.make_group(limits, limits.tmp_mb + bubblewrap.SHARED_MEMORY_MB)
    try:
        started = _start(limits, module=module, slot=slot, group=group)
    except BaseException:
        if group is not None:
            group.remove()
        raise
    return Sandbox(limits, started, group)


def _start(limits: Limits, *, module: str, slot: int, group: cgroup.Group | None) -> Started:
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
            follower = threading.Thread(
                target=_end_group_with, args=(process.pid, os.pidfd_open(process.pid)), daemon=True
            )
            follower.start()
            guard = failed.enter_context(_guard(process.pid))
            failed.callback(guard.kill)
            if group is not None:
                group.add(process.pid)  # which waits for its options, and has started nothing yet
            with contextlib.suppress(BrokenPipeError):
                os.write(options, bubblewrap.options(limits, fds))
            inherited.close()  # now reading ends when bubblewrap has written the message, or has died
            with open(info, "rb", closefd=False) as pipe:
                message = pipe.read()
            try:
                first = int(json.loads(message)["child-pid"])
            except ValueError:  # bubblewrap died before it had written all of it
                first = 0
            failed.pop_all()
            return Started(process, first, guard, follower)


def _end_group_with(leader: int, pidfd: int) -> None:
    """Kill a process group when the process that leads it, which this process has not reaped, ends.

    Bubblewrap that dies between two of its first system calls leaves a process that waits for it for ever, and holds
    the sandbox's pipes open: nobody would be told that the sandbox has ended.
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
