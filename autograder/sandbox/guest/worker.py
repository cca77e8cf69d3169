"""Runs one notebook, without any case, answer or score. Untrusted side.

Started by the host as `python -m autograder.sandbox.guest.worker`: it reads requests from stdin and writes messages to
stdout. Both are moved to other descriptors before the first cell runs; cells print into a file of their own. Whatever a
student does to this process can only change what is reported of the student's own notebook.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any

from autograder.sandbox.guest.shell import Shell, make_shell
from autograder.sandbox.guest.value_serialiser import serialise
from autograder.sandbox.wire import messages
from autograder.sandbox.wire.deserialise import arguments
from autograder.sandbox.wire.frames import FrameReader, decode, encode, write_frame
from autograder.sandbox.wire.serialise import Budget

__all__ = ["main"]

MAX_REQUEST_BYTES = 64 << 20


class CellTimeout(KeyboardInterrupt):
    """A cell exceeded its time limit."""


class Worker:
    """Runs one notebook in a shell, and writes messages for the host."""

    def __init__(self, requests: int, results: int) -> None:
        """Use these two pipes (file descriptors); nothing is read or written yet."""
        self._requests = FrameReader(requests, MAX_REQUEST_BYTES, 1 << 40)
        self._results = results
        self._functions: list[Any] = []
        self._shell: Shell | None = None

    def send(self, message: Any) -> None:
        """Write one message."""
        write_frame(self._results, encode(message))

    def serve(self) -> None:
        """Run the job, then answer requests until the grader closes the pipe."""
        capture = _capture_standard_streams()
        self.send(messages.Ready())
        job = self._next(messages.Job)
        if job is None:
            return
        meter = Meter(job.output_bytes)
        shell = self._shell = make_shell(capture)
        _fake_colab()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for index, (source, takes) in enumerate(zip(job.cells, job.takes, strict=True)):
            self.send(messages.CellStarted(index))
            shell.emit = lambda output, index=index: self._show(meter, index, output)  # type: ignore[misc]
            started = time.perf_counter()
            error = _limited(lambda source=source: shell.run(source), job.cell_seconds, "one cell")  # type: ignore[misc]
            shell.drain()
            self.send(messages.CellDone(index, shell.last_count, error[:4000], time.perf_counter() - started))
            for names in takes:
                self._take(names)
        shell.emit = lambda output: None
        self.send(messages.NotebookFinished())
        self._answer()

    def _answer(self) -> None:
        while (request := self._next(messages.FromGrader)) is not None:
            if isinstance(request, messages.TakeValues):
                self._take(request.names)
            elif isinstance(request, messages.CallFunction):
                self.send(self._call(request))

    def _next(self, kind: Any) -> Any:
        frame = self._requests.read()
        return None if frame is None else decode(frame, kind)

    def _show(self, meter: Meter, index: int, output: Any) -> None:
        for part in meter.admit(output):
            self.send(messages.Output(index, part))

    def _take(self, names: messages.Names) -> None:
        assert self._shell is not None
        namespace = self._shell.user_ns
        budget = Budget()  # one for all, so that together they fit into a frame
        values = {
            name: serialise(namespace[name], self._functions, budget) for name in names.names if name in namespace
        }
        self.send(messages.TakenValues(names.question, values))

    def _call(self, call: messages.CallFunction) -> Any:
        given = arguments(call.arguments)
        answer: list[Any] = []

        def run() -> str:
            try:
                answer.append(self._functions[call.function](*given))
            except SystemExit as error:
                return f"SystemExit: {error}"
            except Exception as error:  # noqa: BLE001 - a student's function may raise anything, and it is sent
                return f"{type(error).__name__}: {error}"
            return ""

        error = _limited(run, call.seconds, "one call of a function")
        if error or not answer:
            return messages.Raised(call.number, (error or "it was interrupted")[:4000])
        return messages.Returned(call.number, serialise(answer[0], self._functions))


class Meter:
    """Cuts the cells' output after a limit; the host enforces a larger limit of its own."""

    def __init__(self, allowed: int) -> None:
        self._left = allowed
        self._noted = False

    def admit(self, output: Any) -> list[Any]:
        """What may be sent of `output`: all, a head with a note, or nothing."""
        size = _size(output)
        if size <= self._left:
            self._left -= size
            return [output]
        head = []
        if isinstance(output, messages.Stream) and self._left > 0:
            head = [messages.Stream(output.name, output.text[: self._left // 4])]
        self._left = 0
        if not self._noted:
            self._noted = True
            head.append(messages.Stream("stderr", "\n[grader] Output limit reached; the rest is not shown.\n"))
        return head


def _size(output: Any) -> int:
    if isinstance(output, messages.Stream):
        return len(output.text.encode(errors="replace")) + 16
    if isinstance(output, messages.Display):
        return sum(len(text) for text in output.data.values()) + 64
    return sum(len(line) for line in output.traceback) + len(output.evalue) + 64


def _limited(run: Callable[[], str], seconds: float, what: str) -> str:
    """Run with a timer that interrupts; returns the error's text, empty when there was none.

    The timer counts the processor time of this process, all threads together. What other processes use, and time in
    which nothing runs, only the host sees.
    """

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise CellTimeout(f"more than {seconds:g} s of processor time, the limit for {what}")

    signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return run()
    except BaseException as error:  # noqa: BLE001 - a cell may raise anything, and the next one still runs
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _capture_standard_streams() -> int:
    """Point fd 0 to /dev/null and fds 1 and 2 to an unnamed file; returns that file's fd."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    capture = os.open("/tmp", os.O_TMPFILE | os.O_RDWR | os.O_APPEND, 0o600)  # noqa: S108 - the sandbox's own
    os.dup2(capture, 1)
    os.dup2(capture, 2)
    return capture


def _fake_colab() -> None:
    """A `google.colab` that does nothing, so that a cell that mounts a drive continues with its next line."""

    class Nothing(ModuleType):
        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return Nothing(f"{self.__name__}.{name}")

        def __call__(self, *args: Any, **kwargs: Any) -> None:
            print(f"[grader] {self.__name__} does nothing here.")  # noqa: T201 - goes into the cell's output

    colab = Nothing("google.colab")
    colab.__path__ = []
    sys.modules["google.colab"] = colab
    for name in ("drive", "files", "output", "userdata"):
        sys.modules[f"google.colab.{name}"] = getattr(colab, name)


def main() -> None:
    """Entry point inside the sandbox."""
    requests, results = os.dup(0), os.dup(1)
    os.set_inheritable(requests, False)
    os.set_inheritable(results, False)
    Worker(requests, results).serve()
    os._exit(0)  # a student's atexit hook or non-daemon thread must not keep the sandbox alive


if __name__ == "__main__":
    main()
