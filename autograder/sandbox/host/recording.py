"""What a run sent, kept so that cases can run again without the run. Trusted side.

It comes from a student's process and stays hostile: whoever reads it checks it as if it had just been sent.
"""

from __future__ import annotations

import hashlib
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from autograder.errors import WireError
from autograder.language import gettext as _
from autograder.sandbox.wire.deserialise import deserialise
from autograder.sandbox.wire.serialise import serialise_arguments
from autograder.sandbox.wire.values import Value

__all__ = [
    "Answer",
    "AskedProcess",
    "CallFailed",
    "NotRecorded",
    "RecordedSession",
    "Recording",
    "RemoteQuestion",
    "Taken",
    "chosen",
    "settled",
]

LEVEL = 6
Digest = Annotated[str, msgspec.Meta(max_length=64)]


class CallFailed(Exception):
    """A remote call gave no value; the text says why, for the student. The student's fault, or the run had ended.

    Attributes:
        raised: Whether the function raised an exception of its own, so that what it was given may be the reason.
    """

    def __init__(self, message: str, *, raised: bool = False) -> None:
        """Keep why."""
        super().__init__(message)
        self.raised = raised


class NotRecorded(BaseException):
    """A case asks for what is not kept. No case may catch it: the notebook has to run."""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the student's process answered: a value, or why there was none.

    Attributes:
        failure: For the student; empty where there is a value.
        raised: See `CallFailed`.
    """

    value: Value = None
    failure: Annotated[str, msgspec.Meta(max_length=10_000)] = ""
    raised: bool = False


class Taken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values of one question, by name, and names whose values were not sent; see `messages.TakenValues`."""

    values: dict[str, Value]
    left_out: list[str] = []


class Recording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one run sent.

    Attributes:
        taken: Question → what was taken while the cells ran.
        at_end: Question → what was taken at the end of the notebook, and nothing where that was not asked for.
        answers: Digest of what was asked, and of what the same case had asked before → the answer.
    """

    taken: dict[str, Taken]
    at_end: dict[str, Taken]
    answers: dict[Digest, Answer]

    def packed(self) -> bytes:
        """Compressed, as it is kept."""
        return zlib.compress(msgspec.msgpack.encode(self), LEVEL)

    @staticmethod
    def unpacked(content: bytes, most_bytes: int) -> Recording:
        """What `packed` gave.

        Args:
            content: Hostile.
            most_bytes: What it may hold, uncompressed.

        Raises:
            WireError: It is damaged, or too large.
        """
        try:
            unpacker = zlib.decompressobj()
            plain = unpacker.decompress(content, most_bytes)
            if unpacker.unconsumed_tail or not unpacker.eof:
                raise WireError(f"a recording of more than {most_bytes:,} bytes, or one that is cut off")
            return msgspec.msgpack.decode(plain, type=Recording)
        except (zlib.error, msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise WireError(f"no recording: {error}") from error


class RemoteQuestion(msgspec.Struct, frozen=True):
    """What a case asks of the student's process: a call of a function or method, or an attribute."""

    kind: str
    reference: int
    name: str
    arguments: list[Value]
    keywords: dict[str, Value]


class Transcript:
    """What one case asked up to now: a function with a memory may answer the same question differently later."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._asked = b""

    def begin_case(self) -> None:
        """Another case begins."""
        self._asked = b""

    def digest(self, question: RemoteQuestion) -> str:
        """Of a question that is asked now, and of all before it."""
        self._asked = hashlib.sha256(self._asked + msgspec.msgpack.encode(question)).digest()
        return self._asked.hex()


class AskedProcess(ABC):
    """What cases ask of a student's process, be it there or only in its recording."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self._transcript = Transcript()

    def begin_case(self) -> None:
        """What is asked from now on, another case asks."""
        self._transcript.begin_case()

    def call(
        self,
        reference: int,
        shown: str,
        arguments: Sequence[Any],
        resolve: Callable[[Any], Any],
        *,
        keywords: Mapping[str, Any] | None = None,
        method: str = "",
    ) -> Any:
        """Call a student's function, or a method of an object, on values that the grader chose.

        Args:
            reference: The `id` of the `Function` or `Object`.
            shown: What it is called in messages.
            arguments: Plain data, views of what the student's process keeps, and functions, which may be called back.
            resolve: Passed to `deserialise` for what is no plain data in the answer.
            keywords: Further arguments, by name.
            method: The object's method; empty for the function itself.

        Raises:
            CallFailed: It raised, took too long, or the run had ended.
            TypeError: The case's fault: an argument is something else, or a function that is called back calls in turn.
        """
        callbacks: list[Callable[..., Any]] = []
        positional, named = serialise_arguments(arguments, keywords or {}, callbacks)
        question = RemoteQuestion("call", reference, method, positional, named)
        return self._ask(question, shown, resolve, callbacks)

    def read(self, reference: int, name: str, shown: str, resolve: Callable[[Any], Any]) -> Any:
        """An attribute of a student's object, which may be computed; see `call`.

        Raises:
            CallFailed: It raised, took too long, or the run had ended.
            TypeError: The case's fault: a function that is called back asks for it.
        """
        return self._ask(RemoteQuestion("read", reference, name, [], {}), shown, resolve, [])

    @abstractmethod
    def _ask(
        self,
        question: RemoteQuestion,
        shown: str,
        resolve: Callable[[Any], Any],
        callbacks: Sequence[Callable[..., Any]],
    ) -> Any:
        """The answer to a question, in which the student's code may call these functions back."""


class RecordedSession(AskedProcess):
    """Answers as a `session.Session` did whose run is over, from its recording."""

    unjustified = ended = broken = False

    def __init__(self, recording: Recording, phases: Mapping[str, float]) -> None:
        """Begin with what was taken.

        Args:
            recording: Hostile.
            phases: Of the run.
        """
        super().__init__()
        self._recording = recording
        self.phases = dict(phases)

    def taken(self, question: str, names: Sequence[str]) -> Mapping[str, Value]:
        """See `session.Session.taken`."""
        kept = self._recording.taken.get(question)
        return {} if kept is None else chosen(kept, names)

    def take_now(self, question: str, names: Sequence[str]) -> Mapping[str, Value]:
        """See `session.Session.take_now`."""
        if question not in self._recording.at_end:
            raise NotRecorded
        return chosen(self._recording.at_end[question], names)

    def _ask(
        self,
        question: RemoteQuestion,
        shown: str,
        resolve: Callable[[Any], Any],
        callbacks: Sequence[Callable[..., Any]],
    ) -> Any:
        if callbacks:  # what they return may be another thing now
            raise NotRecorded
        answer = self._recording.answers.get(self._transcript.digest(question))
        if answer is None:
            raise NotRecorded
        return settled(answer, shown, resolve)


def chosen(taken: Taken, names: Sequence[str]) -> dict[str, Value]:
    """The values of these names.

    Raises:
        NotRecorded: One was defined, and is not kept.
    """
    if not set(names).isdisjoint(taken.left_out):
        raise NotRecorded
    return {name: value for name, value in taken.values.items() if name in names}


def settled(answer: Answer, shown: str, resolve: Callable[[Any], Any]) -> Any:
    """What a case gets for an answer.

    Raises:
        CallFailed: There is no value, or none that can be read.
    """
    if answer.failure:
        raise CallFailed(answer.failure, raised=answer.raised)
    try:
        return deserialise(answer.value, resolve)
    except WireError as error:
        raise CallFailed(
            _("`{shown}` returned something that cannot be read: {error}").format(shown=shown, error=error)
        ) from error
