"""Computes with a submission's networks in a process of their own, within a case's limits. Trusted side.

Hostile weights must not reach compiled code in the process that holds cases and results. So a network stays plain data
here; one sandbox for each submission assembles it and answers what a case asks. It sees networks and the inputs of
these cases, and runs no student code. What goes beyond a limit, or crashes, ends that sandbox and one case: the next
case gets a new one. An answer is checked as what a student's process sends is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from autograder.errors import Unsupported, WireError
from autograder.language import gettext as _
from autograder.networks.network_description import NetworkDescription, description_of
from autograder.networks.network_view import ComputationError, EvaluationEnded, NetworkView, leaves, view
from autograder.records import Limits
from autograder.sandbox.host import bubblewrap
from autograder.sandbox.host.endings import Ending
from autograder.sandbox.host.preloading import Program, open_preloaded, preload
from autograder.sandbox.wire import questions
from autograder.sandbox.wire.deserialise import plain_data
from autograder.sandbox.wire.frames import FrameReader, decode, encode, write_frame
from autograder.sandbox.wire.messages import Ready
from autograder.sandbox.wire.network import Network
from autograder.sandbox.wire.serialise import PlainSerialiser
from autograder.wording import one_line

__all__ = ["Evaluation", "prepare"]

Array = np.ndarray[Any, Any]
Result = TypeVar("Result")

PROGRAM = Program("autograder.sandbox.guest.evaluator", bubblewrap.EVALUATION, bubblewrap.SLOTS // 2)
IMPORTS = ("keras",)
MANY_SECONDS = 10**6  # each question has a limit of its own, so all together have none
START_SECONDS = 120.0  # of processor time for importing Keras, which no case pays for
BESIDE_VALUES = 1 << 20  # bytes of an answer


class Evaluation:
    """The networks of one submission. Use as a context manager: leaving it ends the process."""

    def __init__(self, limits: Limits, *, slot: int) -> None:
        """Start nothing yet.

        Args:
            limits: What the submission may use; `case_seconds` bounds the processor time of each case.
            slot: Number of the grader's worker, from 0; evaluations that go on at the same time need different ones.
        """
        self._limits = _wider(limits)
        self._slot = slot
        self._process: _Process | None = None
        self._networks = 0
        self._used = 0.0

    def __enter__(self) -> Evaluation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.sandbox.close()
            self._process = None

    def begin_case(self) -> None:
        """Let processor time count from 0: another case begins."""
        self._used = 0.0

    def network(self, network: Network, name: str) -> NetworkView:
        """A student's network.

        Args:
            network: As it was received.
            name: What the student calls it, for messages.

        Raises:
            Unsupported: It cannot be rebuilt; the text goes on after the value's name.
            EvaluationEnded: The process was ended meanwhile.
            SandboxUnavailable: This machine cannot run a sandbox.
        """
        self._networks += 1
        held = _HeldNetwork(self, self._networks, network, name)
        return view(held.assemble(), held)

    def ask(
        self, question: questions.Question, held: _HeldNetwork, read: Callable[[questions.Answer], Result]
    ) -> Result:
        """What `read` makes of the answer, within what is left of the case's processor time.

        Raises:
            EvaluationEnded: There is no answer, or `read` raised `WireError`.
        """
        if self._process is None:
            self._process = _Process(self._limits, self._slot)
        process = self._process
        try:
            process.wait()
            if held.number not in process.assembled and not isinstance(question, questions.Assemble):
                held.assemble()  # an earlier process held it
            before = process.sandbox.begin("one check", max(0.0, self._limits.case_seconds - self._used), 0)
            result = read(process.exchange(question))
            process.sandbox.pause()
            self._used += process.sandbox.cpu_seconds() - before
        except (WireError, OSError, EOFError) as error:
            self._process = None
            raise EvaluationEnded(self._why(held.name, process.sandbox.close(), error)) from error
        process.assembled.add(held.number)
        return result

    def _why(self, name: str, ending: Ending, error: Exception) -> str:
        """What happened, for the student; nothing in it comes from the evaluator."""
        if ending.status == "timed_out" and not ending.unjustified:
            what = f"took more than {self._limits.case_seconds:g} s of processor time, the limit for one check"
        elif ending.status == "timed_out":
            what = _("took too long, although it used little processor time: the grader's machine was busy")
        elif ending.status == "out_of_memory":
            what = _("took {peak_memory_mb:,.0f} MiB of memory, and the limit is {memory_mb:,} MiB").format(
                peak_memory_mb=ending.peak_memory_mb, memory_mb=self._limits.memory_mb
            )
        elif ending.status == "exited" and isinstance(error, WireError):
            what = _("gave what cannot be read")
        else:
            what = _("crashed")
            if ending.code is not None:
                what = _("crashed with exit status {code}").format(code=ending.code)
        return _("This check was ended: computing with `{name}` {what}. A person looks at it.").format(
            name=name, what=what
        )


class _Process:
    """A running evaluator.

    Attributes:
        assembled: Numbers of the networks that it holds.
    """

    def __init__(self, limits: Limits, slot: int) -> None:
        self.assembled: set[int] = set()
        self.sandbox, _ = open_preloaded(PROGRAM, limits, slot=slot, modules=IMPORTS)
        self._reader = FrameReader(self.sandbox.results, int(limits.wire_mb * 2**20) + BESIDE_VALUES, 1 << 60)
        self._ready = False

    def wait(self) -> None:
        """Wait until it has started, and count none of that.

        Raises:
            WireError: It wrote something else.
            EOFError: It is gone.
        """
        if not self._ready:
            self.sandbox.begin("the start", START_SECONDS, 0)
            if not isinstance(self._read(), Ready):
                raise WireError("the first answer is not Ready")
            self._ready = True

    def exchange(self, question: questions.Question) -> questions.Answer:
        """Send a question and read its answer.

        Raises:
            WireError: The answer is none.
            OSError: The process is gone.
            EOFError: The same.
        """
        write_frame(self.sandbox.requests, encode(question))
        return self._read()

    def _read(self) -> questions.Answer:
        frame = self._reader.read()
        if frame is None:
            raise EOFError
        return decode(frame, questions.Answer)  # type: ignore[no-any-return]


def prepare(limits: Limits, *, slot: int) -> None:
    """Have Keras imported meanwhile, for the first evaluation; see `preloading.preload`.

    Args:
        limits: What a submission may use.
        slot: Number of the grader's worker.

    Raises:
        SandboxUnavailable: This machine cannot run a sandbox.
    """
    preload(PROGRAM, _wider(limits), slot=slot, modules=IMPORTS)


def _wider(limits: Limits) -> Limits:
    return replace(limits, cpu_seconds=MANY_SECONDS, memory_mb=limits.case_memory_mb)


class _HeldNetwork:
    """A network as the evaluator's processes hold it, one after the other."""

    def __init__(self, evaluation: Evaluation, number: int, network: Network, name: str) -> None:
        self.number, self.name = number, name
        self._evaluation, self._network = evaluation, network
        self._described: NetworkDescription | None = None

    def assemble(self) -> NetworkDescription:
        """Have it assembled: what it is.

        Raises:
            Unsupported: It cannot be.
            EvaluationEnded: The process was ended.
        """
        answer = self._evaluation.ask(questions.Assemble(self.number, self._network), self, _description)
        if isinstance(answer, questions.Refusal):
            raise Unsupported(_("cannot be graded: {reason}").format(reason=one_line(answer.reason, 900)))
        self._described = self._described or answer
        return self._described

    def outputs(self, layers: Sequence[str], inputs: Any) -> Any:
        """See `networks.network_view.NetworkHolder`.

        Raises:
            ComputationError: Keras does not take such inputs.
        """
        batch = leaves(inputs)[0].shape[:1]

        def read(answer: questions.Answer) -> Any:
            given = _data(answer)
            if isinstance(given, questions.Refusal):
                return given
            try:
                arrays = leaves(given)
            except TypeError as error:  # keys without an order
                raise WireError("something else than arrays") from error
            _require_arrays(arrays)
            if any(each.shape[:1] != batch for each in arrays):
                return questions.Refusal(_("its outputs are not one for each input"))
            return given

        packed = PlainSerialiser().serialise(inputs)
        return self._values(questions.ComputeOutputs(self.number, list(layers), packed), read)

    def weights(self) -> list[Array]:
        """See `networks.network_view.NetworkHolder`."""
        assert self._described is not None
        shapes = [each.shape for each in self._described.weights]

        def read(answer: questions.Answer) -> Any:
            given = _data(answer)
            if not isinstance(given, questions.Refusal):
                _require_arrays(given)
                if [each.shape for each in given] != shapes:
                    raise WireError("other weights than described")
            return given

        arrays: list[Array] = self._values(questions.ReadWeights(self.number), read)
        return arrays

    def _values(self, question: questions.Question, read: Callable[[questions.Answer], Any]) -> Any:
        given = self._evaluation.ask(question, self, read)
        if isinstance(given, questions.Refusal):
            raise ComputationError(one_line(given.reason, 900))
        return given


def _description(answer: questions.Answer) -> NetworkDescription | questions.Refusal:
    """Checked, as all that comes from the evaluator.

    Raises:
        WireError: It is no description.
    """
    given = _data(answer)
    if isinstance(given, questions.Refusal):
        return given
    return description_of(given)


def _data(answer: questions.Answer) -> Any:
    """Plain data, or a `questions.Refusal`.

    Raises:
        WireError: It is neither.
    """
    if isinstance(answer, questions.Refusal):
        return answer
    if not isinstance(answer, questions.Data):
        raise WireError("another answer than asked for")
    try:
        return plain_data(answer.value)
    except Unsupported as error:
        return questions.Refusal(one_line(str(error), 900))


def _require_arrays(values: Any) -> None:
    """Require a list of arrays.

    Raises:
        WireError: It is something else.
    """
    if not isinstance(values, list) or not all(isinstance(each, (np.ndarray, np.generic)) for each in values):
        raise WireError("something else than arrays")
