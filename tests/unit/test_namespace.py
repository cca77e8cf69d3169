"""What a case sees under a name, and when the values behind the names are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from autograder.expect.mismatch import Unusable
from autograder.grading.cases import namespace as module
from autograder.grading.cases.bundle import Bundle
from autograder.grading.cases.namespace import Namespace, takes
from autograder.networks.network_spec import NetworkSpec
from autograder.records import Assignment, Cell, Limits, Question
from autograder.sandbox.host.evaluation import Evaluation
from autograder.sandbox.wire.arrays import pack_array
from autograder.sandbox.wire.network import Network
from autograder.sandbox.wire.values import Dict, Function, List, Object, Refused, Value

QUESTION = Question("q", 1, names=("x", "f"))
EVALUATION = Evaluation(Limits(), slot=0)  # nothing here gets as far as starting it
GAP = Refused("ellipsis", "the gap")
F0, F1 = Function(0, "f"), Function(1, "f")


class EndedSession:
    """A session whose notebook has run: its values after the answer, and those at the notebook's end."""

    def __init__(self, after_answer: dict[str, Value], at_end: dict[str, Value]) -> None:
        self._after_answer, self._at_end = after_answer, at_end
        self.phases: dict[str, float] = {}

    def begin_case(self) -> None:
        """Nothing is asked of it."""

    def taken(self, question: str, names: Sequence[str]) -> Mapping[str, Value]:
        return {name: self._after_answer[name] for name in names if name in self._after_answer}

    def take_now(self, question: str, names: Sequence[str]) -> Mapping[str, Value]:
        return {name: self._at_end[name] for name in names if name in self._at_end}


def namespace(
    after_answer: dict[str, Value], at_end: dict[str, Value] | None = None, source: str = "x = 1", **data: object
) -> Namespace:
    bundle = Bundle(Path(), Assignment("a", "A", (QUESTION,)), {}, data, "sha256:0")
    return Namespace(bundle, EndedSession(after_answer, at_end or {}), EVALUATION, QUESTION, [Cell("code", source)])


def test_hidden_data_cannot_be_replaced_by_the_student() -> None:
    names = namespace({"x": 1, "digits": 2}, digits=3)
    assert dict(names) == {"digits": 3, "x": 1}
    assert len(names) == 2
    with pytest.raises(KeyError):
        names["undefined"]


def test_a_value_that_no_honest_worker_sends_is_unusable() -> None:
    names = namespace({"x": Dict([("a", 1), ("a", 2)])})
    for _ in range(2):
        with pytest.raises(Unusable, match="`x` cannot be read: "):
            names["x"]


def test_a_question_takes_a_bounded_number_of_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MODELS", 0)
    network = Network(NetworkSpec("n", True, (), (), (), ()), ())
    with pytest.raises(Unusable, match="`x` holds too many models"):
        namespace({"x": List([Object("Sequential", network=network)])})["x"]


def test_equal_weights_have_equal_digests() -> None:
    def network(*weights: float) -> Object:
        arrays = tuple(pack_array(np.array([weight], np.float32)) for weight in weights)
        return Object("Sequential", network=Network(NetworkSpec("n", True, (), (), (), ()), arrays))

    digest = namespace({"x": network(1, 2)}).weights()["x"]
    assert namespace({"x": 1, "f": network(1, 2)}).weights() == {"f": digest}
    assert namespace({"x": network(1, 3), "f": network()}).weights() != {"x": digest}
    assert namespace({"x": network()}).weights() == {}, "without weights"


@pytest.mark.parametrize(
    ("after_answer", "at_end", "source", "late", "x"),
    [
        pytest.param({"x": 1, "f": 2}, {"x": 3, "f": 4}, "x = 1", [], 1, id="all there"),
        pytest.param({"x": 1}, {"x": 3, "f": 4}, "x = 1", ["f"], 3, id="missing"),
        pytest.param({"x": GAP, "f": 2}, {"x": 3, "f": 4}, "x = ...", ["x"], 3, id="filled later"),
        pytest.param({"x": 1, "f": F0}, {"x": 3, "f": F1}, "def f(): ...", ["f"], 3, id="function filled later"),
        pytest.param({"x": 1, "f": F0}, {"x": 3, "f": F0}, "def f(): ...", [], 1, id="function unchanged"),
        pytest.param({"x": 1, "f": F0}, {"x": 3, "f": F1}, "def f(): return 1", [], 1, id="function without a gap"),
    ],
)
def test_values_of_the_notebooks_end_count_where_the_answer_left_something_open(
    after_answer: dict[str, Value], at_end: dict[str, Value], source: str, late: list[str], x: int
) -> None:
    """Then all of them do: a network that was trained there is the one that a late `history` is about."""
    names = namespace(after_answer, at_end, source)
    assert names.late == late
    assert names["x"] == x


def test_a_gap_that_is_never_filled_stays_one() -> None:
    names = namespace({"x": GAP, "f": 2}, {"x": GAP, "f": 4}, "x = ...")
    assert names.late == []
    with pytest.raises(Unusable, match="the gap is not filled"):
        names["x"]


ANSWER = Cell("code", "x = 1", ("answer:q",))
CHECK = Cell("code", 'grader.check("q")')
OTHER = Cell("code", "y = 2")
TEXT = Cell("markdown", "text")


@pytest.mark.parametrize(
    ("cells", "positions"),
    [
        ([OTHER, ANSWER, TEXT, CHECK], [1]),
        ([ANSWER, ANSWER, CHECK], [1]),
        ([ANSWER, OTHER, CHECK], [0, 2]),
        ([ANSWER, Cell("code", 'x = 2\ngrader.check("q")')], [0, 1]),
        ([ANSWER, OTHER, Cell("code", "z = 3", ("answer:another",)), CHECK], [0]),
        ([ANSWER, OTHER, Cell("code", 'grader.check("another")')], [0]),
        ([Cell("markdown", "x", ("answer:q",)), CHECK], []),
        ([OTHER, CHECK], []),
    ],
    ids=[
        *("right after the answer", "after the last answer", "computed between", "computed in the check's cell"),
        *("another answer between", "another check", "answered in Markdown", "answer lost"),
    ],
)
def test_values_are_taken_after_the_answer_and_where_it_is_checked(cells: list[Cell], positions: list[int]) -> None:
    assert takes([QUESTION], cells) == {position: [("q", ("x", "f"))] for position in positions}
