"""One submission's run in a sandbox: start it, run the notebook, take values, call functions, end it. Trusted side.

Nothing that is read here can be trusted: the student's process may send anything. It is checked against the protocol
and stored as data; nothing of it is evaluated.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.errors import WireError
from autograder.language import N_, language_in_use
from autograder.language import gettext as _
from autograder.records import Cell, Execution, ExecutionStatus, Limits
from autograder.sandbox.host import bubblewrap, launch
from autograder.sandbox.host.cell_outputs import CellOutputs, Displays, settle_error
from autograder.sandbox.host.endings import Ending
from autograder.sandbox.host.gpu import assigned_gpu
from autograder.sandbox.host.preloading import Program, Way, named_way, open_preloaded
from autograder.sandbox.host.recording import (
    Answer,
    AskedProcess,
    CallFailed,
    Recording,
    RemoteQuestion,
    Taken,
    chosen,
    settled,
)
from autograder.sandbox.host.running import Sandbox
from autograder.sandbox.wire import messages
from autograder.sandbox.wire.deserialise import deserialise
from autograder.sandbox.wire.frames import FrameReader, decode, encode, write_frame
from autograder.sandbox.wire.serialise import serialise_arguments
from autograder.sandbox.wire.values import Value
from autograder.wording import raised

__all__ = ["Session"]

PROGRAM = Program("autograder.sandbox.guest.worker", bubblewrap.NOTEBOOK)
MIB = 1 << 20
GRACE_SECONDS, GRACE_SHARE = 2.0, 0.1  # of the tree's own time, for the worker to end a cell or call by itself
TIMEOUT = "CellTimeout: "
MAX_CALLBACKS = 10_000
"""How often one call of a student's function may call what it was given."""
SPARE_BYTES = 4 << 20
"""For the values of names that no case asks for yet."""
JUSTIFIED = 0.8  # of a cell's limit: what the worker says to have used, the host must have seen nearly all of


@dataclass
class _Running:
    """State of a cell while messages about it come in."""

    outputs: CellOutputs
    cpu_before: float
    done: messages.CellDone | None = None
    cpu_seconds: float = 0.0


def _open_sandbox(limits: Limits, slot: int, modules: Sequence[str] | None, *, single: bool) -> tuple[Sandbox, Way]:
    program = PROGRAM._replace(profile=PROGRAM.profile._replace(gpu=assigned_gpu()))
    if modules is None:
        return launch.open_sandbox(limits, module=program.module, slot=slot, profile=program.profile), "fresh"
    # In each way before the notebook runs: a file beside it, such as keras.py, must not be imported in one of them.
    first = encode(messages.ImportModules(list(modules)))
    single = program.profile.gpu is not None or (single and not named_way())
    return open_preloaded(program, limits, slot=slot, modules=modules, first=first, single=single)


class Session(AskedProcess):
    """One submission's run. Use as a context manager: leaving it kills whatever is left of the process tree.

    Attributes:
        way: How its sandbox was opened.
        phases: Where the time went, in seconds.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        slot: int,
        files: Mapping[str, bytes] | None = None,
        modules: Sequence[str] | None = None,
        keeps: bool = False,
        single: bool = False,
    ) -> None:
        """Start the sandbox.

        Args:
            limits: What the submission may use.
            slot: Number of the grader's worker, from 0; concurrent sessions need different ones.
            files: Relative path → content of what lies beside the notebook; the notebook gets a copy of its own.
            modules: Are imported already, see `preloading.preload`; by default it is a new process.
            keeps: Whether there is to be a `recording` that answers as much as can be.
            single: See `preloading.open_preloaded`.

        Raises:
            SandboxUnavailable: This machine cannot sandbox student code.
        """
        super().__init__()
        self._limits = limits
        self._files = dict(files or {})
        self._keeps = keeps
        self._started = time.monotonic()
        self._sandbox, self.way = _open_sandbox(limits, slot, modules, single=single)
        budget = int(limits.wire_mb * MIB)
        self._reader = FrameReader(self._sandbox.results, budget, budget)
        self._taken: dict[str, Taken] = {}
        self._at_end: dict[str, Taken] = {}
        self._answered: dict[str, Answer] = {}
        self._running: dict[int, _Running] = {}
        self._current: int | None = None
        self._ready = False
        self._finished = False
        self._answers = False  # whether the worker can still be asked for something
        self._calls = 0
        self._asking = False
        self._fault = ""
        self._unjustified = False
        self.phases: dict[str, float] = {}

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.close()

    # ------------------------------------------------------------ running

    def run(self, cells: Sequence[Cell], takes: Mapping[int, Sequence[tuple[str, Sequence[str]]]]) -> Execution:
        """Run the code cells in order.

        Args:
            cells: The submission's cells; other kinds than `code` pass through.
            takes: Position in `cells` → the questions, with their names, to take when that cell has run.

        Returns:
            How it went, with the cells' fresh outputs. A notebook that breaks the protocol, a limit or itself gives
            a status, never an exception.
        """
        positions = [position for position, cell in enumerate(cells) if cell.kind == "code"]
        wire_bytes = int(self._limits.wire_mb * MIB)
        job = messages.Job(
            cells=[cells[position].source for position in positions],
            takes=[
                [messages.Names(question, list(names)) for question, names in takes.get(position, ())]
                for position in positions
            ],
            cell_seconds=self._limits.cell_seconds,
            output_bytes=min(int(self._limits.output_mb * MIB), wire_bytes // 4),
            wire_bytes=wire_bytes,
            spare_bytes=min(SPARE_BYTES, wire_bytes // 8) if self._keeps else 0,
            files=self._files,
            language=language_in_use(),
        )
        self._converse(job, len(positions))
        return self._execution(cells, positions)

    def _converse(self, job: messages.Job, count: int) -> None:
        """Send the job and read until the worker has finished or died."""
        displays = Displays(job.output_bytes)
        asked = {names.question: frozenset(names.names) for takes in job.takes for names in takes}
        expected = Counter(names.question for takes in job.takes for names in takes)
        try:
            if not isinstance(self._receive(), messages.Ready):
                raise WireError("the first message is not Ready")
            self._ready = True
            self.phases["start"] = time.monotonic() - self._started
            used = self._begin_cell()
            self._send(job)
            while not self._finished:
                message = self._receive()
                if isinstance(message, messages.CellStarted):
                    if message.index >= count or message.index in self._running:
                        raise WireError("a cell starts that cannot start now")
                    self._current = message.index
                    self._running[message.index] = _Running(CellOutputs(displays), used)
                    self._begin_cell()
                elif isinstance(message, messages.Output):
                    running = self._expect_running(message.index)
                    running.outputs.add(message.output, len(self._running))
                elif isinstance(message, messages.CellDone):
                    running = self._expect_running(message.index)
                    running.done, self._current = message, None
                    used = self._begin_cell()
                    running.cpu_seconds = used - running.cpu_before
                elif isinstance(message, messages.TakenValues):
                    if not expected[message.question]:
                        raise WireError("values that were not requested")
                    expected[message.question] -= 1
                    self._taken[message.question] = self._checked(message, asked[message.question])
                elif isinstance(message, messages.NotebookFinished):
                    self._finished = self._answers = True
                    self._sandbox.renew()
                else:
                    raise WireError(f"{type(message).__name__} was not requested")
        except (WireError, OSError, EOFError) as error:
            self._fail(error)

    def _begin_cell(self) -> float:
        """Limit what comes now, a cell or the values after one; returns the processor time used before."""
        return self._begin(N_("one cell"), self._limits.cell_seconds)

    def _begin(self, what: str, seconds: float) -> float:
        return self._sandbox.begin(what, seconds, max(GRACE_SECONDS, GRACE_SHARE * seconds))

    def _expect_running(self, index: int) -> _Running:
        running = self._running.get(index)
        if running is None or running.done is not None:
            raise WireError("output of a cell that is not running")
        return running

    def _fail(self, error: Exception) -> Ending:
        """End the sandbox; keep the first fault unless the sandbox itself had a reason to end."""
        self._answers = False
        ending = self._sandbox.close()
        self._unjustified |= ending.unjustified
        if isinstance(error, WireError) and ending.status == "exited":  # else it is a message cut short
            self._fault = self._fault or _("the notebook's process sent what no honest run sends ({error})").format(
                error=error
            )
        if not self._ready:
            self._fault = self._fault or _("the worker did not start")
        return ending

    def _send(self, message: Any) -> None:
        write_frame(self._sandbox.requests, encode(message))

    def _receive(self) -> Any:
        frame = self._reader.read()
        if frame is None:
            raise EOFError
        return decode(frame, messages.FromWorker)

    def _execution(self, cells: Sequence[Cell], positions: Sequence[int]) -> Execution:
        shown = list(cells)
        for index, running in self._running.items():
            position, done = positions[index], running.done
            shown[position] = replace(
                cells[position],
                outputs=running.outputs.close(),
                execution_count=done.execution_count if done else index + 1,
                error=settle_error(done.error) if done else "",
                seconds=done.seconds if done else 0.0,
                cpu_seconds=round(running.cpu_seconds, 2),
            )
            if shown[position].error.startswith(TIMEOUT):
                self._unjustified |= running.cpu_seconds < JUSTIFIED * self._limits.cell_seconds
        self.phases["cells"] = sum(running.done.seconds for running in self._running.values() if running.done)
        status, message = self._status(len(positions))
        return Execution(
            status,
            message,
            tuple(shown),
            wall_seconds=time.monotonic() - self._started,
            cpu_seconds=round(self._sandbox.cpu_seconds(), 2),
            stopped_in=positions[self._current] if status != "completed" and self._current is not None else None,
            unjustified=self._unjustified,
            phases=dict(self.phases),
        )

    def _status(self, count: int) -> tuple[ExecutionStatus, str]:
        if self._finished:
            return "completed", ""
        ending = self._sandbox.close()
        where = self._where(count)
        if ending.status in ("timed_out", "out_of_memory"):
            return ending.status, _("{message} The notebook was stopped {where}.").format(
                message=ending.message, where=where
            )
        if ending.status == "crashed":
            if ending.code is None:  # the sandbox was ended, and not by its own program
                self._fault = self._fault or ending.message
            return "crashed", _("{message} The notebook was stopped {where}.").format(
                message=ending.message, where=where
            )
        if self._fault:
            return "crashed", _("The run was stopped {where}: {fault}.").format(where=where, fault=self._fault)
        return "crashed", _(
            "Python ended {where}. Look for os._exit, a crash in compiled code, or too large an array."
        ).format(where=where)

    def _where(self, count: int) -> str:
        if self._current is not None:
            return _("in code cell {number} of {count}").format(number=self._current + 1, count=count)
        return (
            _("after code cell {number} of {count}").format(number=max(self._running) + 1, count=count)
            if self._running
            else _("before the first cell")
        )

    @property
    def unjustified(self) -> bool:
        """Whether the run, a cell or a call was ended for what its processor time does not explain."""
        return self._unjustified

    @property
    def ended(self) -> bool:
        """Whether nothing more can be asked of the process: the notebook or a call ended it."""
        return not self._answers

    @property
    def broken(self) -> bool:
        """Whether the worker broke the protocol or sent nothing: true and forged messages cannot be distinguished."""
        return bool(self._fault)

    # ------------------------------------------------------------ values

    def recording(self) -> Recording | None:
        """What the run sent, to answer again from; None of a run that did not end well."""
        if not self._finished or self.ended or self.broken or self.unjustified:
            return None
        return Recording(self._taken, self._at_end, self._answered)

    def _checked(self, message: messages.TakenValues, names: Collection[str]) -> Taken:
        """Values that were sent for a question.

        Raises:
            WireError: They were not asked for.
        """
        others = message.others.keys() | set(message.left_out)
        if not message.values.keys() <= set(names) or not others.isdisjoint(names) or (others and not self._keeps):
            raise WireError("values that were not requested")
        return Taken({**message.values, **message.others}, message.left_out)

    def taken(self, question: str, names: Sequence[str]) -> Mapping[str, Value]:
        """The values that were taken for a question while the cells ran, the latest; empty if none were."""
        return chosen(self._taken.get(question, Taken({})), names)

    def take_now(self, question: str, names: Sequence[str]) -> Mapping[str, Value]:
        """Take values at the end of the notebook; empty when the run had ended early."""
        if not self._answers:
            return {}
        try:
            self._begin_cell()
            self._send(messages.TakeValues(messages.Names(question, list(names))))
            answer = self._receive()
            if not isinstance(answer, messages.TakenValues):
                raise WireError(f"{type(answer).__name__} instead of values")
            if answer.question != question:
                raise WireError("values that were not requested")
            self._at_end[question] = taken = self._checked(answer, names)
        except (WireError, OSError, EOFError) as error:
            self._fail(error)
            return {}
        self._sandbox.pause()
        return chosen(taken, names)

    def _ask(
        self,
        question: RemoteQuestion,
        shown: str,
        resolve: Callable[[Any], Any],
        callbacks: Sequence[Callable[..., Any]],
    ) -> Any:
        """Send a question with the next number; returns what the answer holds."""
        if self._asking:
            raise TypeError(f"`{shown}` cannot be asked from a function that the student's code calls back")
        if not self._answers:
            raise CallFailed(_("`{shown}` could not be called: the notebook had ended early").format(shown=shown))
        self._calls += 1
        digest = self._transcript.digest(question)
        seconds = self._limits.call_seconds
        failures: list[Exception] = []
        self._asking = True
        try:
            used = self._begin(N_("one call of a function"), seconds)
            self._send(_request(self._calls, question, seconds))
            answer, calls = self._receive(), 0
            while isinstance(answer, messages.CalledBack):
                calls += 1
                if answer.number != self._calls or answer.callback >= len(callbacks) or calls > MAX_CALLBACKS:
                    raise WireError(f"a call back that is not asked for, or one of more than {MAX_CALLBACKS:,}")
                self._send(_called_back(callbacks[answer.callback], answer.arguments, resolve, failures))
                answer = self._receive()
            if not isinstance(answer, (messages.Returned, messages.Raised)) or answer.number != self._calls:
                raise WireError("the answer belongs to another call")
        except (WireError, OSError, EOFError) as error:
            ending = self._fail(error)
            if ending.status in ("timed_out", "out_of_memory"):
                raise CallFailed(
                    _("`{shown}` did not return. {message}").format(shown=shown, message=ending.message)
                ) from error
            raise CallFailed(_("`{shown}` ended the process instead of returning").format(shown=shown)) from error
        finally:
            self._asking = False
        self._sandbox.pause()
        if failures:
            raise failures[0]
        if isinstance(answer, messages.Returned):
            given = Answer(answer.value)
        elif answer.error.startswith(TIMEOUT):
            self._unjustified |= self._sandbox.cpu_seconds() - used < JUSTIFIED * seconds
            given = Answer(
                failure=_("`{shown}` used more than {seconds:g} s of processor time in one call.").format(
                    shown=shown, seconds=seconds
                )
            )
        else:
            given = Answer(failure=raised(shown, settle_error(answer.error)), raised=True)
        if not callbacks:
            self._answered.setdefault(digest, given)
        return settled(given, shown, resolve)


def _request(number: int, question: RemoteQuestion, seconds: float) -> messages.CallFunction | messages.ReadAttribute:
    if question.kind == "read":
        return messages.ReadAttribute(number, question.reference, question.name, seconds)
    given = question.arguments, question.keywords
    return messages.CallFunction(number, question.reference, question.name, *given, seconds)


def _called_back(
    function: Callable[..., Any], given: Value, resolve: Callable[[Any], Any], failures: list[Exception]
) -> messages.CallbackReturned | messages.CallbackRaised:
    """What a function of the grader answers to the student's code; what it raises is kept, for the case.

    Raises:
        WireError: These are no arguments.
    """
    try:
        arguments = deserialise(given, resolve)
        if type(arguments) is not tuple or list(map(type, arguments)) != [tuple, dict]:
            raise WireError("a call back without arguments")
        positional, keywords = arguments
        [returned], _ = serialise_arguments([function(*positional, **keywords)], {}, [])
    except WireError:
        raise
    except Exception as error:  # noqa: BLE001 - a case's function may raise anything
        failures.append(error)
        return messages.CallbackRaised()
    return messages.CallbackReturned(returned)
