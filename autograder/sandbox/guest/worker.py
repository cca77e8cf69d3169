"""Runs one notebook, without any case, answer or score. Untrusted side.

Started by the host as `python -m autograder.sandbox.guest.worker`: it reads requests from stdin and writes messages to
stdout. Both are moved to other descriptors before the first cell runs; cells print into a file of their own. Whatever a
student does to this process can only change what is reported of the student's own notebook.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from autograder.language import N_, in_language
from autograder.language import gettext as _
from autograder.records import MAX_GIVEN_BYTES
from autograder.sandbox.guest.seeds import seed_everything
from autograder.sandbox.guest.shell import Shell, make_shell
from autograder.sandbox.guest.value_serialiser import serialise
from autograder.sandbox.wire import messages
from autograder.sandbox.wire.deserialise import arguments
from autograder.sandbox.wire.frames import HEADER_BYTES, FrameReader, decode, encode, write_frame
from autograder.sandbox.wire.output_budget import NOTE, OutputBudget
from autograder.sandbox.wire.serialise import Budget, plain_only, refused
from autograder.sandbox.wire.values import MAX_NAMES, Callback, Reference, Value

__all__ = ["main"]

MAX_REQUEST_BYTES = MAX_GIVEN_BYTES + (64 << 20)
SPARE_BYTES = 1 << 20
"""Of what may be sent in all: for messages that are neither values nor outputs."""


class CellTimeout(KeyboardInterrupt):
    """A cell exceeded its time limit."""


class Worker:
    """Runs one notebook in a shell, and writes messages for the host."""

    def __init__(self, requests: int, results: int) -> None:
        """Use these two pipes (file descriptors); nothing is read or written yet."""
        self._requests = FrameReader(requests, MAX_REQUEST_BYTES, 1 << 40)
        self._results = results
        self._functions: list[tuple[Any, dict[str, Any]]] = []  # with the names that were there where it was taken
        self._running: int | None = None  # number of the call that goes on
        self._shell: Shell | None = None
        self._wire_bytes = self._sent = self._spare_bytes = 0
        self._outputs = OutputBudget(0)
        self._cut = False

    def send(self, message: Any) -> None:
        """Write one message."""
        self._write(encode(message))

    def _write(self, frame: bytes) -> None:
        self._sent += len(frame) + HEADER_BYTES
        write_frame(self._results, frame)

    def serve(self) -> None:
        """Run the job, then answer requests until the grader closes the pipe."""
        capture = _capture_standard_streams()
        self.send(messages.Ready())
        job = self._next(messages.FromGrader)
        if isinstance(job, messages.ImportModules):
            for module in job.modules:
                importlib.import_module(module)
            job = self._next(messages.FromGrader)
        if job is None:
            return
        with in_language(job.language):
            self._run(job, capture)

    def _run(self, job: messages.Job, capture: int) -> None:
        self._wire_bytes, self._outputs = job.wire_bytes, OutputBudget(job.output_bytes)
        self._spare_bytes = job.spare_bytes
        for path, content in job.files.items():  # a copy: what the notebook writes there, no other run sees
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_bytes(content)
        shell = self._shell = make_shell(capture)
        _fake_colab()
        sys.path.insert(0, "")  # the working folder, as in a kernel
        seed_everything()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for index, (source, takes) in enumerate(zip(job.cells, job.takes, strict=True)):
            self.send(messages.CellStarted(index))
            shell.emit = lambda output, index=index: self._show(index, output)  # type: ignore[misc]
            started = time.perf_counter()
            error = _limited(lambda source=source: shell.run(source), job.cell_seconds, N_("one cell"))  # type: ignore[misc]
            shell.drain()
            self.send(messages.CellDone(index, shell.last_count, error[:4000], time.perf_counter() - started))
            shell.emit = lambda output: None  # what a model prints that is asked for its layers
            for names in takes:
                self._take(names)
        self._outputs = OutputBudget(0)
        self.send(messages.NotebookFinished())
        self._answer()

    def _answer(self) -> None:
        while (request := self._next(messages.FromGrader)) is not None:
            if isinstance(request, messages.TakeValues):
                self._take(request.names, again=True)
            elif isinstance(request, messages.CallFunction):
                self._call(request)
            elif isinstance(request, messages.ReadAttribute):
                self._read(request)

    def _next(self, kind: Any) -> Any:
        frame = self._requests.read()
        return None if frame is None else decode(frame, kind)

    def _show(self, index: int, output: Any) -> None:
        if self._cut:
            return
        if self._outputs.admit(output):
            self.send(messages.Output(index, output))
            return
        self._cut = True
        for part in filter(None, (self._outputs.head(output), NOTE)):
            self.send(messages.Output(index, part))
        self._outputs = OutputBudget(0)

    def _take(self, names: messages.Names, *, again: bool = False) -> None:
        assert self._shell is not None
        namespace = dict(self._shell.user_ns)
        found = {name: namespace[name] for name in names.names if name in namespace}
        others, left_out = self._others(namespace, names.names)
        self._send_values(
            found,
            namespace,
            lambda values: messages.TakenValues(names.question, values, others, left_out),
            again=again,
        )

    def _others(self, namespace: dict[str, Any], names: Sequence[str]) -> tuple[dict[str, Value], list[str]]:
        """Values of the notebook's other names, and the names of those that are not sent; see `TakenValues`."""
        assert self._shell is not None
        values: dict[str, Value] = {}
        left_out: list[str] = []
        if not self._spare_bytes:
            return values, left_out
        for name, value in namespace.items():
            if name[:1] == "_" or name in names or name in self._shell.user_ns_hidden or isinstance(value, ModuleType):
                continue
            sent = plain_only(value, self._spare_bytes)
            if sent is None or len(values) == MAX_NAMES:
                left_out.append(name[:200])
            else:
                values[name[:200]], size = sent
                self._spare_bytes -= size
        return values, left_out[:MAX_NAMES]

    def _send_values(
        self,
        found: dict[str, Any],
        namespace: dict[str, Any],
        message: Callable[[dict[str, Value]], Any],
        *,
        again: bool = False,
    ) -> None:
        """Send what was found under some names, as far as what may be sent in all allows it.

        With `again`, a function that was sent before keeps its position: it is no later answer.
        """
        left = self._wire_bytes - self._sent - self._outputs.left - min(SPARE_BYTES, self._wire_bytes // 8)
        budget = Budget(size_bytes=max(0, left), wire_bytes=self._wire_bytes)  # one for all
        known = [function for function, _ in self._functions] if again else []
        functions, first = list(known), len(self._functions) - len(known)
        values = {name: serialise(value, functions, budget, first) for name, value in found.items()}
        frame = encode(message(values))
        if len(frame) > left:  # many small values: each has some bytes of its own
            said = _("too large together with others (in all: {most:g} MiB); give smaller ones")
            reason = said.format(most=self._wire_bytes / 2**20)
            frame = encode(message({name: refused(value, reason) for name, value in found.items()}))
        self._functions += [(function, namespace) for function in functions[len(known) :]]
        self._write(frame)

    def _call(self, call: messages.CallFunction) -> None:
        def resolve(special: Any) -> Any:
            return self._callback(call.number, special) if isinstance(special, Callback) else self._kept(special)

        function, namespace = self._functions[call.function]
        given = arguments(call.arguments, resolve)
        keywords = dict(zip(call.keywords, arguments(call.keywords.values(), resolve), strict=True))
        if call.method == "__next__":  # whose end is no failure
            self._reply(call, namespace, lambda: tuple(islice(function, 1)))
        elif call.method:
            self._reply(call, namespace, lambda: getattr(function, call.method)(*given, **keywords))
        else:
            self._reply(call, namespace, lambda: function(*given, **keywords))

    def _read(self, asked: messages.ReadAttribute) -> None:
        thing, namespace = self._functions[asked.object]
        self._reply(asked, namespace, lambda: getattr(thing, asked.name))

    def _reply(
        self,
        request: messages.CallFunction | messages.ReadAttribute,
        namespace: dict[str, Any],
        compute: Callable[[], Any],
    ) -> None:
        """Answer with what `compute` returns, within the request's time."""
        answer: list[Any] = []

        def run() -> str:
            try:
                answer.append(compute())
            except SystemExit as error:
                return f"SystemExit: {error}"
            except Exception as error:  # noqa: BLE001 - a student's function may raise anything, and it is sent
                return f"{type(error).__name__}: {error}"
            return ""

        self._running = request.number
        with self._names(namespace):
            error = _limited(run, request.seconds, N_("one call of a function"))
        self._running = None
        if error or not answer:
            self.send(messages.Raised(request.number, (error or _("it was interrupted"))[:4000]))
        else:
            returned = {"": answer[0]}
            self._send_values(returned, namespace, lambda values: messages.Returned(request.number, values[""]))

    def _kept(self, special: Any) -> Any:
        """What the grader refers to."""
        return self._functions[special.id][0] if isinstance(special, Reference) else special

    def _callback(self, number: int, callback: Callback) -> Callable[..., Any]:
        """A function of the grader, for a student's function to call while that call goes on."""

        def function(*given: Any, **keywords: Any) -> Any:
            if self._running != number or self._shell is None:
                raise RuntimeError(f"{callback.name} was given for one call, which is over")
            found = {"": (given, keywords)}
            names = dict(self._shell.user_ns)
            self._send_values(
                found, names, lambda values: messages.CalledBack(number, callback.id, values[""]), again=True
            )
            answer = self._next(messages.FromGrader)
            if not isinstance(answer, messages.CallbackReturned):
                raise RuntimeError(f"{callback.name} raised an exception")
            [returned] = arguments([answer.value], self._kept)
            return returned

        function.__name__ = function.__qualname__ = callback.name
        return function

    @contextmanager
    def _names(self, namespace: dict[str, Any]) -> Iterator[None]:
        """Have these names in the notebook for a while: a function then sees what it saw where it was taken."""
        assert self._shell is not None
        present, shown = dict(self._shell.user_ns), self._shell.user_ns
        shown.clear()
        shown.update(namespace)
        try:
            yield
        finally:
            shown.clear()
            shown.update(present)


def _limited(run: Callable[[], str], seconds: float, what: str) -> str:
    """Run with a timer that interrupts; returns the error's text, empty when there was none.

    The timer counts the processor time of this process, all threads together. What other processes use, and time in
    which nothing runs, only the host sees.
    """

    def interrupt(signum: int, frame: FrameType | None) -> None:
        said = _("more than {seconds:g} s of processor time, the limit for {what}")
        raise CellTimeout(said.format(seconds=seconds, what=_(what)))

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
    sys.modules.pop(__name__, None)  # else what a forked notebook patches there would be the worker's own
    requests, results = os.dup(0), os.dup(1)
    os.set_inheritable(requests, False)
    os.set_inheritable(results, False)
    Worker(requests, results).serve()
    os._exit(0)  # a student's atexit hook or non-daemon thread must not keep the sandbox alive


if __name__ == "__main__":
    main()
