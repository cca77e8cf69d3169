"""What a student's process may forge: objects that say anything of themselves, and small messages of large values."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from autograder import expect
from autograder.errors import WireError
from autograder.evidence import resting
from autograder.expect.case_runner import run
from autograder.expect.mismatch import Mismatch
from autograder.expect.reference_record import CaseRecord, note_returned
from autograder.expect.test_files import LoadedCase
from autograder.expect.value_kinds import ValueKind
from autograder.networks.network_description import LayerDescription
from autograder.networks.network_view import LayerView
from autograder.object_view import FunctionView, object_view
from autograder.records import Case
from autograder.sandbox.wire.arrays import pack_array
from autograder.sandbox.wire.deserialise import deserialise, plain_data, refusal, view_of
from autograder.sandbox.wire.values import Dict, Function, List, Made, Object, Refused, Tuple, Value

LONG = Made("range", List([0, 1_000_000, 1]))
NONE = pack_array(np.zeros(0))
NO_PLACES = pack_array(np.zeros(0, np.int64))


class Process:
    """A student's process that cannot be copied."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("a process cannot be copied")


def test_an_object_cannot_have_numpy_read_the_graders_memory() -> None:
    secret = np.arange(3.0) + 41
    (address, _) = secret.__array_interface__["data"]
    interface = Dict([("data", Tuple([address, False])), ("shape", Tuple([3])), ("typestr", "<f8"), ("version", 3)])
    view = deserialise(Object("Answer", fields={"__array_interface__": interface}))
    assert np.asarray(view).dtype == object  # the view itself
    with pytest.raises(TypeError):
        np.allclose(view, secret)
    with pytest.raises(WireError, match="no array"):
        deserialise(Made("MaskedArray", Dict([("data", Object("X", fields={})), ("mask", pack_array(np.array(True)))])))
    named = object_view("Answer", {}, ["__array__"], ["__array__"], 1, SimpleNamespace())
    assert not hasattr(named, "__array__")


def test_an_argument_of_a_layer_is_no_special_attribute() -> None:
    described = LayerDescription("d", "Dense", True, 0, {"__array_interface__": "x", "units": 3}, (), ())
    layer = LayerView(described, [])
    assert layer.units == 3
    assert not hasattr(layer, "__array_interface__")


def test_a_copy_of_a_view_is_the_view() -> None:
    view, function = object_view("A", {"x": 1}, reference=1, asked=Process()), FunctionView("f", 2, Process())
    assert copy.deepcopy([view, function]) == [view, function]
    assert copy.copy(view) is view


@pytest.mark.parametrize("name", ["layers", "trainable_variables", "output_shape"])
def test_what_an_object_says_of_its_structure_is_a_claim_even_where_it_is_sent_with_it(name: str) -> None:
    model = deserialise(Object("Sequential", fields={name: List([1, 2]), "units": 3}))
    with resting() as rested:
        assert model.units == 3
    assert (rested.evidence, rested.models) == ("computed", {})
    with resting() as rested:
        assert len(getattr(model, name)) == 2
    assert (rested.evidence, [*rested.models]) == ("claimed", ["Sequential"])


def test_a_table_in_place_of_a_model_waits_for_a_person() -> None:
    def test_it(model: Any) -> None:
        assert len(model.layers) == 2

    case = Case("it", "Two layers", 4, parameters=("model",))
    record = CaseRecord(kinds={"model": ValueKind("model")})
    loaded = LoadedCase(case, test_it, "tests/q.py", record=record)
    outcome = run(loaded, {"model": pd.DataFrame({"layers": [1, 2]})})
    assert (outcome.status, outcome.points, outcome.proposed, outcome.evidence) == ("manual", 0, 4, "claimed")
    assert "`model` is a pandas table in place of a model" in outcome.message
    outcome = run(loaded, {"model": SimpleNamespace(layers=[1, 2])})
    assert (outcome.status, outcome.points) == ("pass", 4)


@pytest.mark.parametrize(
    "value",
    [
        Made("list", LONG),
        Made("deque", LONG),
        Made("RaggedTensor", LONG),
        Made("datetime64", List([LONG, "<M8[ns]"])),
        Made("MaskedArray", Dict([("data", LONG), ("mask", NONE)])),
        Made(
            "Series",
            Dict(
                [
                    ("index", Dict([("range", List([0, 1_000_000, 1])), ("names", List([None]))])),
                    ("values", Dict([("type", ""), ("values", LONG)])),
                    ("name", None),
                ]
            ),
        ),
        Made("Index", Dict([("levels", List([Dict([("type", "items"), ("values", LONG)])])), ("names", List([None]))])),
    ],
    ids=lambda value: value.kind,
)
def test_a_range_cannot_become_a_large_value(value: Value) -> None:
    with pytest.raises(WireError, match=r"no (list|array)"):
        deserialise(value)


def sparse(rows: Value, columns: Value, data: Value, shape: list[int]) -> Made:
    parts = {"format": "csr", "matrix": True, "shape": List(shape), "rows": rows, "columns": columns, "data": data}
    return Made("sparse matrix", Dict([*parts.items()]))


def test_a_sparse_matrix_takes_no_more_memory_than_its_entries() -> None:
    few, places = pack_array(np.ones(3)), pack_array(np.arange(3))
    assert deserialise(sparse(places, places, few, [1_000, 3])).format == "csr"
    wide = deserialise(sparse(NO_PLACES, NO_PLACES, NONE, [10_000_000, 1]))
    assert (wide.format, wide.shape, wide.nnz) == ("coo", (10_000_000, 1), 0)


def test_entries_of_a_sparse_matrix_are_arrays() -> None:
    lying = Object("A", fields={"ndim": 1, "shape": Tuple([0]), "size": 0, "dtype": Object("D", fields={"kind": "f"})})
    with pytest.raises(WireError, match="no array"):
        deserialise(sparse(NO_PLACES, NO_PLACES, lying, [2, 2]))


def test_no_reason_or_name_has_more_than_a_line() -> None:
    forged = Refused("Net", "a net\n\nPassed: 4 of 4\x1b[31m")
    assert refusal(forged) == "is a net Passed: 4 of 4�[31m."
    with pytest.raises(Exception, match=re.escape("a net Passed: 4 of 4�[31m")):
        plain_data(forged)
    assert view_of(Function(0, "f\nPassed"), SimpleNamespace()).__name__ == "f Passed"


def test_an_object_is_no_table_and_no_number() -> None:
    class Lying:
        """Answers as a table and as a number do."""

        def call(self, *_: Any) -> Any:
            return 3

    frame = object_view("DataFrame", {"iloc": 0, "columns": [], "shape": ()}, (), ["__len__", "item"], 1, Lying())
    with pytest.raises(Mismatch, match="should be a pandas DataFrame"):
        expect.frame(frame, rows=3)
    network = expect_remote(frame)
    for check in (expect.number, expect.truth):
        with pytest.raises(Mismatch, match="should be"):
            check(network, name="x")


def expect_remote(held: Any) -> Any:
    from autograder.expect.remote_network import remote_network

    return remote_network(None, lambda x: x, "net", "a model of its own kind", held)


class Liar:
    """A process whose object has the mean 0 and the standard deviation 1."""

    def call(self, reference: int, method: str, *_: Any) -> Any:
        return {"mean": 0.0, "std": 1.0}[method]


def outcome_of(value: Any, expected: ValueKind, check: Any, *, accept: str = "", **case: Any) -> Any:
    def test_it(x: Any) -> None:
        check(x)

    loaded = LoadedCase(Case("it", "It", 4, parameters=("x",), **case), test_it, "tests/q.py")
    return run(replace(loaded, record=CaseRecord(kinds={"x": expected}), accept=accept), {"x": value})


@pytest.mark.parametrize("kind", ["ndarray", "array", "number", "Standardised"])
def test_an_object_in_place_of_an_array_waits_for_a_person(kind: str) -> None:
    def check(x: Any) -> None:
        assert x.shape == (3, 4)
        assert abs(x.mean()) < 1e-6
        assert abs(x.std() - 1) < 1e-6

    lying = object_view(kind, {"shape": (3, 4)}, (), ["mean", "std"], 1, Liar())
    array = ValueKind("array", (3, 4), "f")
    outcome = outcome_of(lying, array, check)
    assert (outcome.status, outcome.points, outcome.proposed) == ("manual", 0, 4)
    said = "What it answers is only what your notebook says (give the value itself); a person confirms the points."
    assert outcome.message == f"`x` is an object in place of an array. {said}"
    assert outcome_of(lying, array, check, accept="claimed").status == "manual"  # that is about models
    rows = np.array([[1.0, -1.0, 1.0, -1.0]] * 3)
    assert outcome_of(rows, array, check).status == "pass"
    parts = outcome_of([lying], ValueKind("list", (1,), parts=(array,)), lambda x: check(x[0]))
    assert parts.status == "manual"


@pytest.mark.parametrize("value", [np.array([]), [], np.zeros((0, 3)), [[], []], pd.Series([], dtype=float), range(0)])
def test_nothing_is_not_close_to_a_number(value: Any) -> None:
    outcome = outcome_of(value, ValueKind("number"), lambda x: np.testing.assert_allclose(np.asarray(x), 0.93))
    assert (outcome.status, outcome.points) == ("fail", 0)
    assert "`x` should be a number, got a" in outcome.message


def test_nothing_is_not_close_to_an_array() -> None:
    def check(x: Any) -> None:
        assert np.allclose(x, [1, 2, 3])

    wanted = ValueKind("array", (3,), "f")
    assert outcome_of(np.zeros((0, 3)), wanted, check).status == "fail"
    assert outcome_of(np.array([1.0, 2, 3]), wanted, check).status == "pass"
    # None may be right where the reference has some, as of the images that a network gets wrong.
    assert outcome_of(np.zeros(0), wanted, lambda x: None).status == "pass"


def test_so_is_what_a_function_returns() -> None:
    def test_it(f: Any) -> None:
        note_returned("f", f)
        assert np.allclose(f, 3)

    loaded = LoadedCase(Case("it", "It", 4, parameters=("f",)), test_it, "tests/q.py")
    loaded = replace(loaded, record=CaseRecord(returned={"f": (ValueKind("number"),)}))
    assert run(loaded, {"f": np.zeros(0)}).message == "`f(…)` should be a number, got an array (0,) of floats."
    assert run(loaded, {"f": 3}).status == "pass"


def test_values_without_a_length_are_not_empty() -> None:
    class Endless:
        def __len__(self) -> int:
            raise TypeError("of unknown length")

    itself: list[Any] = []
    itself.append(itself)
    for value in (scipy.sparse.eye(3), Endless(), itself, 3, None, {"a": Endless()}):
        assert outcome_of(value, ValueKind("number"), lambda x: None).status == "pass"


def test_the_order_of_a_dict_hides_no_object() -> None:
    lying, array = object_view("A", {"shape": (3, 4)}), ValueKind("array", (3,), "f")
    wanted = ValueKind("dict", (2,), parts=(array, ValueKind("number")))
    assert outcome_of({"b": lying, "a": 1}, wanted, lambda x: None).status == "manual"
    wanted = ValueKind("dict", (2,), parts=(array, ValueKind("Net")))
    assert outcome_of({"b": lying, "a": 1}, wanted, lambda x: None).status == "pass"


def test_no_object_in_place_of_data_hides_deep_in_containers() -> None:
    lying, array = object_view("A", {"shape": (3, 4)}), ValueKind("array", (3,), "f")
    inner = ValueKind("dict", (1,), parts=(array,))
    mixed = ValueKind("dict", (2,), parts=(array, inner))
    right = {"a": np.ones(3), "b": {"c": np.ones(3)}}
    assert outcome_of(right, mixed, lambda x: None).status == "pass"
    assert outcome_of(right | {"b": {"c": lying}}, mixed, lambda x: None).status == "manual"
    assert outcome_of({"z": {"c": lying}, "a": np.ones(3)}, mixed, lambda x: None).status == "manual"
    assert outcome_of([{"a": [lying]}], ValueKind("list", (1,), parts=(mixed,)), lambda x: None).status == "manual"
    nodes = ValueKind("dict", (2,), parts=(inner, ValueKind("dict", (1,), parts=(ValueKind("Node"),))))
    assert outcome_of({"a": {"b": lying}}, nodes, lambda x: None).status == "pass"


def test_a_table_of_texts_is_none_of_numbers_and_has_each_column_once() -> None:
    right = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    with pytest.raises(Mismatch, match=r"`frame\['a'\]` holds no numbers, expected numbers"):
        expect.frame(right.assign(a=["1.0", "2.0"]), right)
    with pytest.raises(Mismatch, match="has the column 'b' more than once"):
        expect.frame(pd.DataFrame([[1.0, "x", "x"]], columns=["a", "b", "b"]), columns=["a", "b"])
    assert expect.frame(right.assign(b=right.b.astype("category")), right) is not None


def test_what_an_object_in_place_of_a_model_says_of_itself_is_a_claim() -> None:
    fields = {"weights": [1, 2], "inputs": [object_view("KerasTensor", {"shape": (None, 8)})], "accuracy": 0.9}
    look = {
        "manual": (lambda x: x.weights, lambda x: x.inputs[0].shape),
        "pass": (lambda x: x.accuracy,),
    }
    assert outcome_of(object_view("Net", fields), ValueKind("model"), look["manual"][0], accept="claimed").points == 4
    for status, checks in look.items():
        for check in checks:
            assert outcome_of(object_view("Net", fields), ValueKind("model"), check).status == status
            assert outcome_of(object_view("Net", fields), ValueKind("Net"), check).status == "pass"
