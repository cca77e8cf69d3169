"""What a case sees under a name: hidden data, or the student's value, deserialised. Trusted side.

A network stays where it was assembled, in an evaluation process: cases see a view of it. A model that cannot be rebuilt
stays in the student's process, as functions do, and is called there.

Values are taken right after a question's last answer cell, and once more at its `grader.check`, if the student put
further cells between the two: the check in the student's notebook saw those values. Where neither found a name, or only
its gap, but a later cell defined it, all values at the end of the notebook count.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from autograder.errors import Unsupported, WireError
from autograder.evidence import rest_on_member
from autograder.expect.mismatch import Mismatch, Unsized, Unusable, raised_there
from autograder.expect.reference_record import note_returned
from autograder.expect.remote_network import remote_network
from autograder.grading.cases.bundle import Bundle
from autograder.language import gettext as _
from autograder.networks.network_description import description_of
from autograder.networks.network_view import NetworkView
from autograder.object_view import FunctionView, size_bytes
from autograder.records import MAX_WIRE_BYTES, Cell, Question
from autograder.sandbox.host.evaluation import Evaluation
from autograder.sandbox.host.recording import CallFailed, RecordedSession
from autograder.sandbox.host.session import Session
from autograder.sandbox.wire.deserialise import Special, deserialise, plain_data, view_of
from autograder.sandbox.wire.values import Function, Object, Refused, Remote, Value
from autograder.wording import one_line

__all__ = ["Namespace", "answer_positions", "takes"]

MAX_MODELS = 16
"""Of one question, those that a function returned included."""
MAX_REASON = 1_000
MAX_CALLS = 2_000
"""What one case may ask of the student's process: calls, and attributes and items of objects."""
MAX_CALL_BYTES = MAX_WIRE_BYTES
"""Of the arrays that it may send with them."""


class Namespace(Mapping[str, Any]):
    """The names of one question: `bundle.data` first, then the student's.

    Attributes:
        late: Names that came below the answer's cells.
        stopped_call: Why a call of a function gave nothing that can be judged, the last time; empty if none did so.
    """

    def __init__(
        self,
        bundle: Bundle,
        session: Session | RecordedSession,
        evaluation: Evaluation,
        question: Question,
        answers: Sequence[Cell],
    ) -> None:
        """Take all values now, but look up lazily: a network is assembled when the first case asks for it.

        Args:
            bundle: Has the hidden data.
            session: The run, or its recording; the cells have run, and nothing was called yet.
            evaluation: Computes with networks.
            question: The question.
            answers: Its answer cells, as they ran.
        """
        self._data = bundle.data
        self._session = session
        self._evaluation = evaluation
        self._values = dict(session.taken(question.name, question.names))
        self.late = self._complete(question, answers)
        self._rebuilt: dict[str, Any] = {}
        self._models = self._calls = self._call_bytes = 0
        cases = bundle.cases.get(question.name, ())
        self._rebuilt_only = any(loaded.accept == "rebuilt" for loaded in cases)
        self._foreign = any(loaded.foreign for loaded in cases)
        self.stopped_call = ""

    def begin_case(self) -> None:
        """Let calls count from 0: another case begins."""
        self._calls = self._call_bytes = 0
        self._session.begin_case()

    def __getitem__(self, name: str) -> Any:
        """The value of a name.

        Raises:
            KeyError: The student did not define it.
            Unusable: It is something that cannot be serialised or rebuilt.
            EvaluationEnded: It has a network, and assembling that was ended.
        """
        if name in self._data:
            return self._data[name]
        if name not in self._rebuilt:
            started = time.monotonic()
            try:
                self._rebuilt[name] = deserialise(self._values[name], partial(self._resolve, name))
            except Unusable as error:
                self._rebuilt[name] = error
            except WireError as error:  # an honest worker sends no such value
                self._rebuilt[name] = Unusable(_("`{name}` cannot be read: {error}").format(name=name, error=error))
            phases = self._session.phases
            phases["rebuild"] = phases.get("rebuild", 0.0) + time.monotonic() - started
        if isinstance(self._rebuilt[name], Unusable):
            raise self._rebuilt[name]
        return self._rebuilt[name]

    def seen(self) -> dict[str, Any]:
        """Name → the student's value that a case has looked up, or why it cannot be used."""
        return dict(self._rebuilt)

    def weights(self) -> dict[str, str]:
        """Name → hex digest of the weights' values, of each of the student's networks that has some."""
        networks = {
            name: value.network
            for name, value in self._values.items()
            if isinstance(value, Object) and value.network and value.network.weights
        }
        return {
            name: hashlib.sha256(b"".join(array.data for array in network.weights)).hexdigest()
            for name, network in networks.items()
        }

    def __iter__(self) -> Iterator[str]:
        """All names, trusted ones first."""
        return iter({**dict.fromkeys(self._data), **dict.fromkeys(self._values)})

    def __len__(self) -> int:
        """How many names there are."""
        return len(set(self._data) | set(self._values))

    def _complete(self, question: Question, answers: Sequence[Cell]) -> list[str]:
        """Where an answer goes on below its cells, take all values again at the end; returns the names that came there.

        All, because a network that was trained there is the one that the late `history` is about.
        """
        before, unfilled = self._values, any("..." in cell.source for cell in answers)
        left_open = [name for name in question.names if name not in before or _is_gap(before[name], unfilled=unfilled)]
        after = self._session.take_now(question.name, question.names) if left_open else {}
        # A gap, or a function around one, that nobody has filled since comes back as it was.
        late = [name for name in left_open if name in after and (name not in before or after[name] != before[name])]
        if late:
            self._values = {**before, **after}
        return late

    def _resolve(self, name: str, special: Special) -> Any:
        try:
            if not isinstance(special, Object) or not (special.network or special.remote):
                return view_of(special, self)
            if self._models >= MAX_MODELS:
                raise Unusable(
                    _("`{name}` holds too many models: a question takes {max_models} at most.").format(
                        name=name, max_models=MAX_MODELS
                    )
                )
            if special.network:
                network = self._evaluation.network(special.network, name)
            elif special.remote:
                network = self._remote(name, special, special.remote)
        except Unsupported as error:
            raise Unusable(f"`{name}` {error}") from error
        self._models += 1
        network.claim(special.fields, special.id)
        return network

    def _remote(self, name: str, special: Object, remote: Remote) -> NetworkView:
        reason = one_line(remote.reason, MAX_REASON)
        if self._rebuilt_only:
            raise Unsupported(_("is {reason}.").format(reason=reason))
        held = view_of(special, self)
        described = description_of(plain_data(remote.described))
        return remote_network(described, FunctionView(name, remote.predictor, self), name, reason, held)

    # ------------------------------------------------------------ what the student's process is asked

    def call(
        self, reference: int, method: str, shown: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
    ) -> Any:
        """Call a student's function, or a method of an object.

        Raises:
            Mismatch: It raised.
            Unusable: It gave nothing to be judged.
            TypeError: The case's fault: an argument that cannot be passed.
        """
        resolve = partial(self._resolve, f"{shown}(…)")
        self._count(method, shown, _array_bytes((arguments, keywords)))
        with self._asking(method):
            answer = self._session.call(reference, shown, arguments, resolve, keywords=keywords, method=method)
        note_returned(shown, answer)
        return answer

    def read(self, reference: int, name: str, shown: str) -> Any:
        """An attribute of a student's object; see `call`."""
        self._count(name, shown, 0)
        with self._asking():
            return self._session.read(reference, name, shown, partial(self._resolve, shown))

    def _count(self, name: str, shown: str, size_bytes: int) -> None:
        """Note that the student's process is asked for something, and bound how much of that a case does.

        Raises:
            ValueError: The case's fault: it is too much.
        """
        rest_on_member(name, shown)
        self._calls += 1
        self._call_bytes += size_bytes
        if self._calls > MAX_CALLS or self._call_bytes > MAX_CALL_BYTES:
            limits = f"{MAX_CALLS:,} times, with {MAX_CALL_BYTES >> 20} MiB of arrays"
            raise ValueError(f"a case may ask a student's functions and objects {limits}")

    @contextmanager
    def _asking(self, method: str = "") -> Iterator[None]:
        try:
            yield
        except CallFailed as error:
            if error.raised:
                if self._foreign and method != "__len__":
                    raise raised_there(str(error)) from error
                raise (Unsized if method == "__len__" else Mismatch)(str(error)) from error
            self.stopped_call = str(error)
            raise Unusable(str(error)) from error


def _array_bytes(given: Any) -> int:
    """Of the arrays and tables that a case passes."""
    parts = given.values() if isinstance(given, Mapping) else given if isinstance(given, (list, tuple)) else ()
    return size_bytes(given) + sum(map(_array_bytes, parts))


def _is_gap(value: Value, *, unfilled: bool) -> bool:
    """Whether a value is a gap, or may be a function around one, as its answer cell still holds one somewhere."""
    if isinstance(value, Refused):
        return value.type_name == "ellipsis"
    called = isinstance(value, Function) or (isinstance(value, Object) and "__call__" in value.methods)
    model = isinstance(value, Object) and (value.network or value.remote)
    return unfilled and called and not model


def answer_positions(question: str, cells: Sequence[Cell]) -> list[int]:
    """Where the answer cells of a question are."""
    return [position for position, cell in enumerate(cells) if question in cell.answers]


def takes(questions: Sequence[Question], cells: Sequence[Cell]) -> dict[int, list[tuple[str, tuple[str, ...]]]]:
    """Position of a cell → the questions, with their names, whose values are taken when it has run."""
    plan: dict[int, list[tuple[str, tuple[str, ...]]]] = {}
    for question in questions:
        positions = [at for at in answer_positions(question.name, cells) if cells[at].kind == "code"]
        if question.names and positions:
            for at in (positions[-1], *_checked_below(question.name, positions[-1], cells)):
                plan.setdefault(at, []).append((question.name, question.names))
    return plan


def _checked_below(question: str, answered: int, cells: Sequence[Cell]) -> Iterator[int]:
    """Where a question is checked, if anything was computed between its answer cell and there."""
    call = re.compile(rf"""grader\.check\(\s*(["']){re.escape(question)}\1\s*\)""")
    computed = False
    for at in range(answered + 1, len(cells)):
        if cells[at].answers:
            return
        if cells[at].kind == "code" and call.search(cells[at].source):
            if computed or not call.fullmatch(cells[at].source.strip()):
                yield at
            return
        computed = computed or cells[at].kind == "code"
