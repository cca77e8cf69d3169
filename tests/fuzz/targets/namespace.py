"""`Namespace`: the values of a question, and the checks of this package on them: none may end in an error of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import Unsupported, WireError
from autograder.expect import test_files
from autograder.grading.cases.bundle import Bundle
from autograder.grading.cases.case_grading import grade_case
from autograder.grading.cases.namespace import Namespace
from autograder.networks.network_view import NetworkView
from autograder.records import Assignment, Cell, Limits, Question, to_json
from autograder.sandbox.host.evaluation import Evaluation
from autograder.sandbox.host.session import CallFailed, Session
from autograder.sandbox.wire.deserialise import deserialise
from autograder.sandbox.wire.frames import decode
from autograder.sandbox.wire.network import Network
from autograder.sandbox.wire.values import Value

TOKENS = (
    *(
        b"\x81\xa1a",
        b"\x82\xa1a\x00\xa1b",
        b"\xa4type",
        b"\xa5Array",
        b"\xa4List",
        b"\xa5Tuple",
        b"\xa4Dict",
        b"\xa5items",
    ),
    *(b"\xa8Function", b"\xa7History", b"\xa7Refused", b"\xa8ellipsis", b"\xa7history", b"\xa5epoch", b"\xa6params"),
    *(
        b"\xa5dtype",
        b"\xa7float32",
        b"\xa5int64",
        b"\xa4bool",
        b"\xa3<U2",
        b"\xaacomplex128",
        b"\xa5shape",
        b"\xa4data",
    ),
    *(b"\xa4Made", b"\xa6Object", b"\xa9Reference", b"\xa8Callback", b"\xa4kind", b"\xa5parts", b"\xa6fields"),
    *(b"\xa5names", b"\xa7methods", b"\xa2id", b"\xa7__len__", b"\xab__getitem__", b"\xa8__next__", b"\xa8__call__"),
    *(b"\xa3set", b"\xa4dict", b"\xa5range", b"\xa5bytes", b"\xa7Decimal", b"\xa8Fraction", b"\xaadatetime64"),
    *(b"\xa9DataFrame", b"\xa6Series", b"\xa5Index", b"\xa6levels", b"\xa5index", b"\xa6values", b"\xa7columns"),
    *(b"\xacMaskedArray", b"\xadsparse matrix", b"\xa4mask", b"\xa4rows", b"\xa6format", b"\xa3csr", b"\xa51e999"),
    *(b"\xa6Figure", b"\xa4Axes", b"\xa4axes", b"\xa5title", b"\xa6xlabel", b"\xa6ylabel", b"\xa6legend", b"\xa5lines"),
    *(b"\xa4bars", b"\xa6points", b"\xa6images", b"\xa1x", b"\xa1y", b"\xa7heights", b"\xa4Adam", b"\xa3mse"),
    *(b"\xa6remote", b"\xa9optimizer", b"\xadlearning_rate", b"\xa4loss", b"\xa7metrics", b"\xa3int"),
    *(
        b"\xa8accuracy",
        b"\xca\x7f\xc0\x00\x00",
        b"\xcb\x7f\xf0" + 6 * b"\0",
        b"\xcf" + 8 * b"\xff",
        b"\xc0",
        b"\xc2",
        b"\x90",
    ),
)
NAMES = ("a", "b")
CHECKS = """
import numpy as np
from otter.test_files import test_case
OK_FORMAT = False
name = "q"
points = None
"""
_CALLS = {
    "number": 'expect.number(a, equal_to=0.5, between=(0, 1), name="a")',
    "mapping": 'expect.number(expect.mapping(a, ["x", 1], name="a")["x"], name="a")',
    "truth": 'expect.truth(a, True, name="a")',
    "claim": 'expect.claim(a, {"the accuracy": 0.93}, mistakes={"the loss": 0.2}, name="a")',
    "history": 'expect.history(a, epochs=2, metrics=["accuracy"], name="a")',
    "labels": 'expect.labels(a, shapes=((3, 2),), ties=True, name="a")',
    "share_right": 'expect.share_right(a, (0, 1, 1), name="a")',
    "array": 'expect.array(a, (1.0, 2.0), dtype="float", name="a")',
    "text": 'expect.text(a, contains=["x"], name="a")',
    "figure": 'expect.figure(a, title="x", ylabel="", legend=["x"], lines=[(1.0, 2.0)], bars=[(1,)], name="a")',
    "points": 'expect.figure(a, points=[((1, 2), (3, 4))], images=[((0, 1), (1, 0))], name="a")',
    "compiled": """expect.compiled(
        a, optimizer=["adam"], learning_rate=(0.1, 0.2), loss="mse", metrics=["accuracy"], name="a"
    )""",
    "schedule": 'expect.compiled(a, learning_rate="ExponentialDecay", name="a")',
    "function": 'expect.function(a, [np.zeros(1), np.ones(2)], [{"x": {"y": [(1.0, 2.0)]}}, 3], name="a")',
    "frame": 'expect.frame(a, columns=["a", "b"], dtypes={"a": "int"}, rows=2, name="a")',
    "confusion": 'expect.confusion(a, (0, 1, 1), (0, 1, 1), 2, name="a")',
}
for _name, _call in _CALLS.items():
    CHECKS += f'''
@test_case(points=1, hidden=False)
def test_{_name}(a, b):
    """{_name}"""
    from autograder import expect
    {_call}
'''
QUESTION = Question("q", len(_CALLS), names=NAMES)
CASES = test_files.load(CHECKS, "q.py")
BUNDLE = Bundle(Path("small"), Assignment("small", "Small", (QUESTION,)), {"q": CASES}, {"x": np.zeros(3)}, "")


class _Ended(Session):
    """The values of a run that is over; a function answers with one of them."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.phases = {}
        self._values = values

    def begin_case(self) -> None:
        pass

    def taken(self, question: str, names: Sequence[str]) -> Mapping[str, Value]:
        return self._values

    def take_now(self, question: str, names: Sequence[str]) -> Mapping[str, Value]:
        return self._values

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
        try:
            return deserialise(self._values["b"], resolve)
        except (KeyError, WireError) as error:
            raise CallFailed(f"`{shown}` raised {type(error).__name__}") from error

    def read(self, reference: int, name: str, shown: str, resolve: Callable[[Any], Any]) -> Any:
        return self.call(reference, shown, [], resolve)


class _NoNetworks(Evaluation):
    """Takes every network for one that cannot be rebuilt: `fuzz.targets.network` is about those."""

    def network(self, network: Network, name: str) -> NetworkView:
        raise Unsupported("cannot be graded")


def check(data: bytes) -> None:
    try:
        values = decode(data, dict[str, Value])
    except WireError:
        return
    namespace = Namespace(BUNDLE, _Ended(values), _NoNetworks(Limits(), slot=0), QUESTION, [Cell("code", "a = ...")])
    for loaded in CASES:
        outcome = grade_case(loaded, namespace, limits=Limits(), missing=lambda _: "")
        assert outcome.status in ("pass", "fail", "manual"), outcome
        assert bool(outcome.message) == (outcome.status != "pass"), outcome
        to_json(outcome)
