"""A worker that breaks the protocol: what the grader makes of messages that an honest one never sends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import msgspec
import pytest

from autograder.records import Cell, Limits
from autograder.sandbox.host import endings, launch
from autograder.sandbox.host.session import CallFailed, Session
from autograder.sandbox.wire import values
from autograder.sandbox.wire.frames import encode, write_frame
from autograder.sandbox.wire.messages import (
    CellDone,
    CellStarted,
    NotebookFinished,
    Output,
    Raised,
    Ready,
    Returned,
    Stream,
    TakenValues,
)

FUNCTION = values.Function(0, "double")
SHOWN = Output(0, Stream("stdout", "hello"))
DONE = CellDone(0, 1, "", 0.5)


class ScriptedSandbox:
    """A sandbox whose process has written these messages, and ended."""

    ending = endings.Ending("exited", 0, "", 0.0, "")

    def __init__(self, script: list[object]) -> None:
        self._read_by_nobody, self.requests = os.pipe()
        self.results, written = os.pipe()
        for message in script:
            write_frame(written, message if isinstance(message, bytes) else encode(message))
        os.close(written)

    def begin(self, what: str, seconds: float, grace_seconds: float) -> float:
        assert seconds > 0
        return self.cpu_seconds()

    def cpu_seconds(self) -> float:
        return 0.0

    def renew(self) -> None:
        pass

    def pause(self) -> None:
        pass

    def close(self) -> endings.Ending:
        for descriptor in (self._read_by_nobody, self.requests, self.results):
            if descriptor >= 0:
                os.close(descriptor)
        self._read_by_nobody = self.requests = self.results = -1
        return self.ending


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Session]]:
    opened = []

    def open_session(*script: object) -> Session:
        monkeypatch.setattr(launch, "open_sandbox", lambda *_, **__: ScriptedSandbox(list(script)))
        opened.append(Session(Limits(), slot=0))
        return opened[-1]

    yield open_session
    for each in opened:
        each.__exit__(None, None, None)


def run(session: Session) -> tuple[str, str]:
    """Run one cell, after which `x` and `y` are to be taken for the question `q`."""
    execution = session.run([Cell("code", "x = y = 1")], {0: [("q", ["x", "y"])]})
    return execution.status, execution.message


def test_an_honest_run(session: Callable[..., Session]) -> None:
    honest = session(Ready(), CellStarted(0), SHOWN, DONE, TakenValues("q", {"x": 1}), NotebookFinished())
    assert run(honest) == ("completed", "")
    assert not honest.broken
    assert honest.taken("q", ["x"]) == {"x": 1}
    assert honest.taken("another", ["x"]) == {}


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ([], "the worker did not start"),
        ([SHOWN], "the first message is not Ready"),
        ([b"\xc1"], "a message holds a msgpack extension"),
        ([Ready(), {"type": "Ready", "score": 10}], "not a message of the protocol"),
        ([Ready(), CellStarted(1)], "a cell starts that cannot start now"),
        ([Ready(), CellStarted(0), CellStarted(0)], "a cell starts that cannot start now"),
        ([Ready(), SHOWN], "output of a cell that is not running"),
        ([Ready(), CellStarted(0), DONE, SHOWN], "output of a cell that is not running"),
        ([Ready(), CellStarted(0), DONE, DONE], "output of a cell that is not running"),
        ([Ready(), TakenValues("another", {})], "values that were not requested"),
        ([Ready(), TakenValues("q", {"z": 1})], "values that were not requested"),
        ([Ready(), TakenValues("q", {"x": 1}), TakenValues("q", {"x": 2})], "values that were not requested"),
        ([Ready(), Returned(1, 10)], "Returned was not requested"),
        ([Ready(), Ready()], "Ready was not requested"),
    ],
)
def test_a_message_out_of_turn_ends_the_run_for_review(
    session: Callable[..., Session], script: list[object], fault: str
) -> None:
    hostile = session(*script)
    status, message = run(hostile)
    assert status == "crashed"
    assert fault in message
    assert message.startswith("The run was stopped ")
    assert hostile.broken
    assert hostile.take_now("q", ["x"]) == {}
    with pytest.raises(CallFailed, match="the notebook had ended early"):
        hostile.call(FUNCTION.id, "double", [1], lambda part: part)


def test_a_process_that_ends_itself_broke_no_protocol(session: Callable[..., Session]) -> None:
    ended = session(Ready(), CellStarted(0))
    assert run(ended) == (
        "crashed",
        "Python ended in code cell 1 of 1. Look for os._exit, a crash in compiled code, or too large an array.",
    )
    assert not ended.broken


@pytest.mark.parametrize(
    ("ending", "broken"),
    [
        (endings.Ending("out_of_memory", None, "It used 2 GB.", 2e3, ""), False),
        (endings.Ending("crashed", 139, "Python crashed.", 0.0, ""), False),
        (endings.Ending("crashed", None, "Its memory could not be measured.", 0.0, ""), True),
    ],
)
def test_a_sandbox_that_was_ended_by_us_for_a_fault_asks_for_review(
    session: Callable[..., Session], monkeypatch: pytest.MonkeyPatch, ending: endings.Ending, broken: bool
) -> None:
    monkeypatch.setattr(ScriptedSandbox, "ending", ending)
    ended = session(Ready(), CellStarted(0))
    assert run(ended) == (ending.status, f"{ending.message} The notebook was stopped in code cell 1 of 1.")
    assert ended.broken is broken


FINISHED = [Ready(), CellStarted(0), DONE, NotebookFinished()]


@pytest.mark.parametrize(
    "answer", [Returned(1, 3), TakenValues("another", {"x": 1}), TakenValues("q", {"x": 1, "y": 2}), NotebookFinished()]
)
def test_values_that_were_not_requested_at_the_end_are_not_taken(
    session: Callable[..., Session], answer: msgspec.Struct
) -> None:
    hostile = session(*FINISHED, answer)
    assert run(hostile)[0] == "completed"
    assert hostile.take_now("q", ["x"]) == {}
    assert hostile.broken


@pytest.mark.parametrize("answer", [Returned(2, 10), Raised(0, "x"), TakenValues("q", {}), Ready()])
def test_an_answer_to_another_call_ends_the_run(session: Callable[..., Session], answer: msgspec.Struct) -> None:
    hostile = session(*FINISHED, answer, Returned(2, 10))
    run(hostile)
    for _ in range(2):
        with pytest.raises(CallFailed, match=r"`double` (ended the process|could not be called)"):
            hostile.call(FUNCTION.id, "double", [1], lambda part: part)
    assert hostile.broken


def test_answers_to_calls(session: Callable[..., Session]) -> None:
    twice = values.Dict([("a", 1), ("a", 2)])
    honest = session(*FINISHED, Returned(1, 10), Raised(2, "ValueError: no"), Returned(3, twice))
    run(honest)
    assert honest.call(FUNCTION.id, "double", [5], lambda part: part) == 10
    with pytest.raises(CallFailed, match="`double` raised ValueError: no"):
        honest.call(FUNCTION.id, "double", [5], lambda part: part)
    with pytest.raises(CallFailed, match="`double` returned something that cannot be read"):
        honest.call(FUNCTION.id, "double", [5], lambda part: part)
    with pytest.raises(CallFailed, match="`double` ended the process instead of returning"):
        honest.call(FUNCTION.id, "double", [5], lambda part: part)
