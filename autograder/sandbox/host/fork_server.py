"""Sandboxes that are forked from a process that has imported TensorFlow already. Trusted side.

One `ForkServer` for each worker of the grader: a sandbox that permits nesting, with `sandbox.guest.preloaded` in it.
A forked process is in namespaces of its own inside that sandbox, under the same filter of system calls and limits as
one that bubblewrap starts, and is watched and ended in the same way.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import IO

import msgspec

from autograder.errors import SandboxUnavailable
from autograder.records import Limits
from autograder.sandbox.host import bubblewrap, cgroup, seccomp
from autograder.sandbox.host.launch import start
from autograder.sandbox.wire.forking import MAX_REQUEST_BYTES, READY, Fork, Preload
from autograder.wording import one_line

__all__ = ["ForkServer", "ForkedProcess"]

MODULE = "autograder.sandbox.guest.preloaded"
ANSWER_SECONDS = 600.0  # on a busy machine an import may take minutes
MANY = 1 << 20  # the server itself is trusted: what it is allowed bounds all that it forks
STDERR_BYTES = 1 << 16
CREDENTIALS = struct.Struct("3i")  # process, user and group id


class ForkedProcess:
    """A process that a server forked; see `running.Started`."""

    def __init__(self, first: int, pipes: Sequence[int], status: socket.socket) -> None:
        """`pipes` lead to the program's stdin, stdout and stderr."""
        self.first = first
        self.stdin: IO[bytes] = os.fdopen(pipes[0], "wb", buffering=0)
        self.stdout: IO[bytes] = os.fdopen(pipes[1], "rb", buffering=0)
        self.stderr: IO[bytes] = os.fdopen(pipes[2], "rb", buffering=0)
        self._status = status

    def reap(self) -> int:
        """The exit status that the init saw; that of a killed program where the init was killed itself."""
        answer = b""
        with self._status, contextlib.suppress(ConnectionResetError):  # it was killed before it read that it may begin
            answer = self._status.recv(MAX_REQUEST_BYTES)
        return int(answer) if answer.isdigit() else 128 + 9


class ForkServer:
    """A sandbox that forks sandboxes.

    Attributes:
        has_forked: Whether it did so at least once, so that this machine permits it.
    """

    def __init__(self, limits: Limits, *, slot: int, profile: bubblewrap.Profile, preload: Sequence[str]) -> None:
        """Start it, and do not wait until it has imported everything.

        The thread that does must live as long as the server: the kernel ends the server with it.

        Args:
            limits: Have the number of threads of what it forks.
            slot: Number of the grader's worker, from 0.
            profile: What its sandboxes are for.
            preload: The modules to import; none of them may start a thread.
        """
        self._profile = profile
        wide = replace(limits, memory_mb=MANY, cpu_seconds=MANY, processes=MANY >> 8)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._process = start(
                    wide, module=MODULE, slot=slot, profile=profile._replace(nests=True), stdin=theirs.fileno()
                )
            self._control.settimeout(ANSWER_SECONDS)
            with contextlib.suppress(OSError):  # it is gone: `fork` says why
                self._control.send(msgspec.msgpack.encode(Preload(list(preload))))
        except BaseException:
            self._control.close()
            raise
        self._ready = False
        self.has_forked = False

    def fork(self, limits: Limits, *, program: str, group: cgroup.Group | None) -> ForkedProcess:
        """Run a function in a sandbox of its own.

        Args:
            limits: What each process of it may use.
            program: The function, as `module:name`; the module is best one of those that were imported.
            group: The control group that it is put into.

        Raises:
            SandboxUnavailable: The server did not start, or this machine refuses to nest sandboxes.
        """
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as failed:
            ours, given = [], []
            for end in (1, 0, 0):  # the host writes to stdin, and reads the other two
                pipe = os.pipe()
                ours.append(pipe[end])
                given.append(pipe[1 - end])
                failed.callback(os.close, pipe[end])
                theirs.callback(os.close, pipe[1 - end])
            status, status_there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            failed.enter_context(status)
            theirs.enter_context(status_there)
            status.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            status.settimeout(ANSWER_SECONDS)
            wanted = Fork(
                program,
                {name: int(most) for name, most in bubblewrap.process_limits(limits).items()},
                seccomp.program(),
                bubblewrap.writable_mb(limits, self._profile),
            )
            try:
                if not self._ready and self._control.recv(MAX_REQUEST_BYTES) != READY:
                    raise SandboxUnavailable(bubblewrap.explain(self._last_words()))
                self._ready = True
                socket.send_fds(self._control, [msgspec.msgpack.encode(wanted)], [*given, status_there.fileno()])
                theirs.close()
                pid = _sender(status)
                if group is not None:
                    group.add(pid)
                status.send(READY)
            except OSError as error:
                raise SandboxUnavailable(f"The fork server does not answer ({error}).") from error
            failed.pop_all()
            self.has_forked = True
            return ForkedProcess(pid, ours, status)

    def close(self) -> None:
        """End it, and all that it forked."""
        self._control.close()
        if self._process.first:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.first, signal.SIGKILL)
        self._process.reap()
        for pipe in (self._process.stdout, self._process.stderr):
            pipe.close()

    def _last_words(self) -> str:
        """What it wrote to stderr before it ended."""
        return self._process.stderr.read(STDERR_BYTES).decode(errors="replace")


def _sender(status: socket.socket) -> int:
    """The process at the other end of a socket that passes credentials, as the kernel says, and as this one sees it.

    Raises:
        SandboxUnavailable: It says that it could not enter a sandbox.
    """
    message, credentials, _, _ = status.recvmsg(MAX_REQUEST_BYTES, socket.CMSG_SPACE(CREDENTIALS.size))
    if message != READY or not credentials:
        reason = one_line(message.decode(errors="replace"), 300) or "the fork server ended"
        raise SandboxUnavailable(f"Sandboxes cannot be nested here: {reason}.")
    pid: int = CREDENTIALS.unpack(credentials[0][2])[0]
    return pid
