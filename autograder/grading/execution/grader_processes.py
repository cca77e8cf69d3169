"""Processes that grade, one submission at a time: bytes in, bytes out. Trusted side.

`graded_task` runs in a thread of any `concurrent.futures.Executor`, on this machine or on another one. It hands a task
on to a process of its own, so that a submission on which that process dies costs neither thread nor executor. Such a
process grades submissions of one bundle, which is named by its digest; a machine that lacks it is sent it once.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import mkdtemp

from autograder import keras_runtime
from autograder.grading.cases.bundle import load_bundle, unpack_bundle
from autograder.grading.execution.tasks import done
from autograder.sandbox.host.gpu import GPU_VARIABLE

__all__ = ["LACKING", "GraderProcess", "GraderProcessDied", "end_processes", "graded_task", "provide_bundle", "serve"]

LACKING = b""
"""What `graded_task` returns where the bundle is not there: it is to be called again, with the bundle."""

# Modules are imported from where this process has them, and from no other folder.
_START = (
    "import sys; sys.path[:] = sys.argv[4:]; from autograder.grading.execution.grader_processes import serve; serve()"
)


class GraderProcessDied(Exception):
    """The process that graded a submission is gone: it crashed, or it was killed."""


class GraderProcess:
    """A process that grades submissions of one bundle.

    It has a pair of sockets of its own: if it dies, reading ends, in the middle of an answer as well.
    """

    def __init__(self, bundle: Path, slot: int) -> None:
        """Start it.

        Args:
            bundle: The bundle's folder.
            slot: Its number among those of this process that run at one time.
        """
        self.bundle, self.slot = bundle, slot
        ours, theirs = socket.socketpair()
        with theirs:
            fd = theirs.fileno()
            command = [sys.executable, "-c", _START, str(fd), str(slot), str(bundle), *sys.path]
            environment = {**os.environ, **_gpu_of(slot)}
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[fd], env=environment)
        self._connection = Connection(ours.detach())

    def ask(self, task: bytes) -> bytes:
        """What `tasks.done` gives for a task.

        Raises:
            GraderProcessDied: It died, now or before.
        """
        try:
            self._connection.send_bytes(task)
            return self._connection.recv_bytes()
        except (EOFError, OSError) as error:
            raise GraderProcessDied from error

    def close(self) -> None:
        """Let it end, and wait for that."""
        self._connection.close()
        self.process.wait()


def _gpu_of(slot: int) -> dict[str, str]:
    numbers = os.environ.get(GPU_VARIABLE, "").split(",")
    return {GPU_VARIABLE: numbers[slot % len(numbers)]}


_lock = threading.Lock()
_idle: list[GraderProcess] = []
_busy: set[GraderProcess] = set()
_bundles: dict[str, Path] = {}


def provide_bundle(digest: str, path: Path) -> None:
    """Say where the bundle with a digest is on this machine."""
    with _lock:
        _bundles[digest] = path


def graded_task(bundle: str, task: bytes, packed: bytes = b"") -> bytes:
    """What `tasks.done` gives for a task, from a process of its own; `LACKING` where the bundle is not there.

    Args:
        bundle: The bundle's digest.
        task: See `tasks.Task`.
        packed: The bundle itself, where it was found to be lacking; see `bundle.packed_bundle`.

    Raises:
        GraderProcessDied: The process died, or could not be started.
        UsageError: `packed` is another bundle.
    """
    with _lock:
        if bundle not in _bundles and packed:
            _bundles[bundle] = _unpacked(packed, bundle)
        path = _bundles.get(bundle)
    if path is None:
        return LACKING
    try:
        process = _taken(path)
    except OSError as error:  # the machine has no memory, process or file to spare
        raise GraderProcessDied from error
    try:
        answer = process.ask(task)
    except BaseException:
        process.process.kill()
        process.close()
        with _lock:
            _busy.remove(process)
        raise
    with _lock:
        _busy.remove(process)
        _idle.append(process)
    return answer


@atexit.register
def end_processes() -> None:
    """Kill those that work, and let the others end."""
    with _lock:
        for process in _busy:
            process.process.kill()  # whoever waits for its answer closes it
        while _idle:
            _idle.pop().close()


def _taken(bundle: Path) -> GraderProcess:
    """An idle process, or a new one."""
    with _lock:
        while _idle and _idle[-1].bundle != bundle:
            _idle.pop().close()
        if _idle:
            process = _idle.pop()
        else:
            used = {process.slot for process in _busy}
            process = GraderProcess(bundle, min({*range(len(used) + 1)} - used))
        _busy.add(process)
        return process


def _unpacked(packed: bytes, digest: str) -> Path:
    """The folder of a bundle that another machine sent, for as long as this process lives; its owner's alone."""
    folder = Path(mkdtemp(prefix="autograder-bundle-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    unpack_bundle(packed, folder, digest)
    return folder


def serve() -> None:
    """Do tasks until no more can come; what `GraderProcess` starts.

    Ctrl-C is ignored (the first process handles it). It ends with the one that started it, even if that is killed while
    this one grades.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # where a case is ended
    fd, slot, bundle = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    os.set_inheritable(fd, False)
    works = threading.Event()
    threading.Thread(target=_end_with_parent, args=(fd, works), daemon=True).start()
    keras_runtime.share(load_bundle(bundle).assignment.limits.threads)
    connection = Connection(fd)
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            task = connection.recv_bytes()
            works.set()
            connection.send_bytes(done(bundle, task, slot))
            works.clear()


def _end_with_parent(fd: int, works: threading.Event) -> None:
    poll = select.poll()
    poll.register(fd, select.POLLRDHUP)
    poll.poll()
    if works.is_set():  # else `serve` ends, as nothing can come
        os._exit(1)
