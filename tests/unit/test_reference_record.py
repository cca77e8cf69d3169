"""What is recorded of the reference, and what a student reads of a value of another kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.expect import case_runner, test_files
from autograder.expect.reference_record import (
    CaseRecord,
    collecting,
    note_returned,
    packed_answer,
    recorded_answer,
    running_case,
    unpacked_answer,
)
from autograder.expect.value_kinds import kind_of, wrong_kind
from autograder.grading.cases.case_grading import redact
from autograder.object_view import object_view

scalars = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=5)
array = arrays.arrays(st.sampled_from(["f4", "f8", "i8", "?", "U3"]), arrays.array_shapes(max_dims=3, max_side=3))
values = st.recursive(
    scalars | array,
    lambda parts: (
        st.lists(parts, max_size=3) | st.tuples(parts, parts) | st.dictionaries(st.text(max_size=3), parts, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(values)
def test_an_answer_comes_back_from_json_as_it_was(value: Any) -> None:
    record = CaseRecord(answers=(packed_answer(value),))
    (packed,) = CaseRecord.from_text(record.to_text()).answers
    np.testing.assert_equal(unpacked_answer(packed), value)
    assert kind_of(unpacked_answer(packed)) == kind_of(value)


def test_what_cannot_be_recorded_is_the_author_s_fault() -> None:
    with pytest.raises(TypeError, match="give the right answers yourself"):
        packed_answer(object())
    with pytest.raises(ValueError, match="smaller inputs"):
        packed_answer(np.random.default_rng(0).normal(size=200_000))
    with pytest.raises(RuntimeError, match="autograder build"):
        recorded_answer(lambda run: 3)


A, B = np.zeros((4, 3)), np.zeros((3, 4))
KINDS: list[tuple[Any, Any, str, str]] = [
    # given, the reference's, of a public case, of a hidden one
    (
        (1, 2, 3, 4),
        A,
        "`w` should be an array (4, 3) of floats, got a tuple of 4.",
        "`w` should be an array, got a tuple of 4.",
    ),
    (
        None,
        A,
        "`w` should be an array (4, 3) of floats, got nothing (None).",
        "`w` should be an array, got nothing (None).",
    ),
    (
        B,
        A,
        "`w` should be an array (4, 3) of floats, got an array (3, 4) of floats.",
        "`w` is an array (3, 4) of floats, and its shape and dtype are not those that the question asks for.",
    ),
    (A.astype(int), A, "`w` should be an array (4, 3) of floats, got an array (4, 3) of integers.", ""),
    ("3", 3, "`w` should be a number, got text.", "`w` should be a number, got text."),
    (True, 3, "`w` should be a number, got a boolean.", ""),
    ([1, "a"], [1, 2], "`w[1]` should be a number, got text.", "`w` is a list of 2, and its items are not"),
    ({"a": 1}, {"b": 1}, "`w` is a dict of 1, and its keys and values are not those that the question asks for.", ""),
    (len, 3, "`w` should be a number, got a function.", "`w` should be a number, got a function."),
    (object_view("Run", {}), 3, "`w` should be a number, got a Run.", ""),
    (np.float32(3), 3, "", ""),
    (np.ones((4, 3)), A, "", ""),
]


@pytest.mark.parametrize(("value", "reference", "public", "hidden"), KINDS, ids=range(len(KINDS)))
def test_a_wrong_kind_in_words(value: Any, reference: Any, public: str, hidden: str) -> None:
    one, other = kind_of(value), kind_of(reference)
    assert wrong_kind(one, other, "w") == public
    assert wrong_kind(one, other, "w", hidden=True).startswith(hidden)
    assert "(4, 3)" not in wrong_kind(kind_of((1,)), other, "w", hidden=True)


CASE = """
from otter.test_files import test_case

OK_FORMAT = False

name = "q"

@test_case(points=1, hidden={hidden}, failure_message="Look again.")
def test_it(w, f):
    \"\"\"The title.\"\"\"
    assert f(w) + w["a"] > 0

recorded = {{"it": {record!r}}}
"""


def run(record: CaseRecord, *, hidden: bool, w: Any, f: Any, case: str = CASE) -> Any:
    (loaded,) = test_files.load(case.format(hidden=hidden, record=record.to_text()), "tests/q.py")
    outcome = case_runner.run(loaded, {"w": w, "f": f})
    return redact(outcome, loaded) if hidden else outcome


def returning(value: Any) -> Any:
    """A student's function, as cases get it."""

    def f(_: Any) -> Any:
        note_returned("f", value)
        return value

    return f


def recorded_of(w: Any, f: Any) -> CaseRecord:
    with collecting() as collected:
        run(CaseRecord(), hidden=False, w=w, f=f)
    return collected["tests/q.py", "it"]


def test_only_an_error_on_the_reference_s_own_kind_is_ours() -> None:
    record = recorded_of({"a": 1}, returning(2))
    for hidden in (False, True):
        ours = run(record, hidden=hidden, w={"a": "x"}, f=returning(2))
        assert ours.status == "fail", "of another kind, deep inside"
        ours = run(record, hidden=hidden, w={"a": 10**400}, f=returning(2.5))
        assert ours.status == "error"
    public = run(record, hidden=False, w={"a": 1}, f=returning("two"))
    assert (public.status, public.message) == ("fail", "`f(…)` should be a number, got text. Look again.")
    assert public.detail.startswith("TypeError: ")


def test_what_a_function_returned_in_a_hidden_case_stays_with_the_instructor() -> None:
    """A function may put what it was sent into the kind, shape or length of what it returns."""
    record = recorded_of({"a": 1}, returning(2))
    outcome = run(record, hidden=True, w={"a": 1}, f=returning([0] * 4815))
    assert (outcome.status, outcome.message) == (
        "fail",
        "`f(…)` should give a number, and gives something else. Look again.",
    )
    assert "got a list of 4815" in outcome.detail
    for value in ([0] * 4816, "text", {"a": 1}, None):
        assert run(record, hidden=True, w={"a": 1}, f=returning(value)).message == outcome.message
    assert run(record, hidden=True, w={"a": 1}, f=returning(-1)).message == "Look again.", "a number, and too small"


def test_a_failed_check_of_a_hidden_case_says_which_data_are_of_another_kind() -> None:
    checked = CASE.replace('assert f(w) + w["a"] > 0', "expect.array(w, [1, 2]); expect.array(f(w), [[1], [2]])")
    checked = checked.replace("OK_FORMAT", "from autograder import expect\n\nOK_FORMAT")
    with collecting() as collected:
        run(CaseRecord(), hidden=False, w=np.array([1, 2]), f=returning(np.array([[1], [2]])), case=checked)
    record = collected["tests/q.py", "it"]

    def message(w: Any, returned: Any) -> Any:
        return run(record, hidden=True, w=w, f=returning(returned), case=checked).message

    assert message((1, 2), 0) == "`w` should be an array, got a tuple of 2. Look again."
    assert message(np.array([1, 2]), [[1], [2]]) == (
        "`f(…)` should give an array, and gives something else. Look again."
    )
    assert message(np.array([1, 2]), np.array([1, 2])) == "Look again."
    assert message(object_view("Mine", {}), 0) == "Look again."


def test_rows_in_another_order_are_said_of_a_hidden_case_too() -> None:
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"n": [1, 2, 4]})
    checked = CASE.replace('assert f(w) + w["a"] > 0', "expect.frame(w, f(w).sort_values('n'), name='w')")
    checked = checked.replace("OK_FORMAT", "from autograder import expect\n\nOK_FORMAT")
    outcome = run(CaseRecord(), hidden=True, w=table[::-1], f=returning(table), case=checked)
    assert outcome.message.startswith("`w` has the right rows in another order.")
    outcome = run(CaseRecord(), hidden=True, w=table + 1, f=returning(table), case=checked)
    assert outcome.message == "Look again."


def test_without_a_record_an_error_waits_for_a_person() -> None:
    (loaded,) = test_files.load(CASE.format(hidden=False, record="{}"), "tests/q.py")
    assert case_runner.run(loaded, {"w": 3, "f": returning(2)}).status == "error"


def test_kinds_are_noted_before_anything_is_called() -> None:
    with running_case("q.py", "it", CaseRecord(), hidden=True) as now:
        values = {"w": [1]}
        now.note(values)
        values["w"].append(2)
    assert now.kinds["w"].shape == (1,)
