from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import math
import subprocess
import sys
import types

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.errors import WireError
from autograder.sandbox.guest.value_serialiser import serialise
from autograder.sandbox.wire import values
from autograder.sandbox.wire.deserialise import deserialise
from autograder.sandbox.wire.frames import decode, encode
from autograder.sandbox.wire.serialise import Budget, PlainSerialiser
from tests.values import same, there_and_back

# ---------------------------------------------------------------- there and back


@pytest.mark.parametrize(
    "value",
    [
        *(
            None,
            True,
            False,
            0,
            -1,
            (1 << 63) - 1,
            -(1 << 63),
            1 << 63,
            -(10**998),
            {1 << 64: "a"},
            {1 << 64, "a"},
            0.5,
            -0.0,
            math.nan,
            math.inf,
            5e-324,
            "",
            "größe",
            "\0",
        ),
        *([], (), {}, [1, (2.0, ["x"])], {"a": 1, 2: None, 2.5: (), True: [], None: "x"}, {"fc": 0.93, "cnn2": 0.98}),
        *(np.float32(0.1), np.float64(0.1), np.int64(3), np.bool_(True), np.complex64(1j)),
        *(np.arange(6, dtype=np.uint8).reshape(2, 3), np.array(["a", "bc"]), [np.zeros((0, 2))]),
    ],
    ids=repr,
)
def test_plain_values_come_back_equal(value):
    assert same(there_and_back(value), value)


def dictionaries(items):
    keys = st.none() | st.booleans() | integers | st.floats(allow_nan=False) | st.text(max_size=8)
    return st.dictionaries(keys, items, max_size=5)


integers = st.integers(-(1 << 63), (1 << 63) - 1)
dtypes = (
    hnp.boolean_dtypes()
    | hnp.integer_dtypes(endianness="<")
    | hnp.unsigned_integer_dtypes(endianness="<")
    | hnp.floating_dtypes(endianness="<", sizes=(16, 32, 64))
    | hnp.complex_number_dtypes(endianness="<", sizes=(64, 128))
)
arrays = hnp.arrays(dtypes | st.just(np.dtype("<U3")), hnp.array_shapes(max_dims=4, min_side=0, max_side=5))
numbers = dtypes.flatmap(hnp.from_dtype)
plain_values = st.recursive(
    st.none() | st.booleans() | integers | st.floats() | st.text() | numbers | arrays,
    lambda items: st.lists(items, max_size=5) | st.lists(items, max_size=5).map(tuple) | dictionaries(items),
    max_leaves=20,
)


@given(plain_values)
def test_any_plain_value_comes_back_equal(value):
    assert same(there_and_back(value), value)


def test_arrays_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        there_and_back([np.zeros(3)])[0][0] = 1


class Color(enum.IntEnum):
    RED = 1


class Name(str):
    __slots__ = ()
    __str__ = __eq__ = __hash__ = lambda *_: 1 / 0


class Liar(list):
    __iter__ = __len__ = __eq__ = __getitem__ = lambda *_: 1 / 0


class Lying(np.ndarray):
    __array__ = lambda *_, **__: 1 / 0  # noqa: E731
    shape = nbytes = tobytes = dtype = property(lambda self: 1 / 0)


Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Color.RED, 1),
        (Name("ada"), "ada"),
        (Liar([1, 2]), [1, 2]),
        (Point(1, 2), (1, 2)),
        (collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (collections.defaultdict(list, a=[1]), {"a": [1]}),
        ({np.int64(1): "one", np.float32(0.5): "half", np.str_("x"): 0}, {1: "one", 0.5: "half", "x": 0}),
        (np.str_("ada"), "ada"),
        (np.arange(3.0).view(Lying), np.arange(3.0)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_subclasses_of_plain_types_are_serialised_as_those(value, plain):
    assert same(there_and_back(value), plain)


# ---------------------------------------------------------------- functions and what is refused


def to_labels(probabilities):
    return probabilities.argmax(axis=1)


def test_functions_stay_and_are_numbered_once():
    functions = [len]
    packed = serialise([to_labels, len, functools.partial(max, 1), to_labels, np.argmax], functions)
    assert packed.items == [
        values.Function(1, "to_labels"),
        values.Function(0, "len"),
        packed.items[2],
        values.Function(1, "to_labels"),
        values.Function(3, "argmax"),
    ]
    assert (packed.items[2].kind, packed.items[2].id) == ("partial", 2)
    assert "__call__" in packed.items[2].methods
    assert functions[1] is to_labels
    assert len(functions) == 4


def test_functions_are_not_kept_without_end():
    packed = serialise([functools.partial(max, number) for number in range(10_001)], [])
    assert isinstance(packed.items[9_999], values.Object)
    assert packed.items[10_000].reason.startswith("one of more than 10,000 functions")


def cyclic() -> list:
    value = []
    value.append(value)
    return value


def cyclic_dict() -> dict:
    value = {}
    value["self"] = [value] * 10
    return value


class Hostile:
    """Raises, whatever is asked of it."""

    def __getattribute__(self, name):
        raise SystemExit(name)

    __len__ = __iter__ = __array__ = __bool__ = __eq__ = __repr__ = __str__ = __class__ = property(lambda self: 1 / 0)


class Meta(type):
    __name__ = property(lambda cls: 1 / 0)
    __module__ = property(lambda cls: 1 / 0)
    __subclasscheck__ = __instancecheck__ = lambda cls, other: 1 / 0


class Nameless(metaclass=Meta):
    pass


class Records:
    def __init__(self, history):
        self.history, self.epoch = history, [0]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (math, "a module; give a value"),
        (dict, "the class dict itself; call it to make an object"),
        (10**1000, "an integer of 1,000 digits or more; give a smaller one, or a float"),
        ("x" * 1_000_001, "a text of 1,000,001 characters; give at most 1,000,000"),
        ("\ud800", "a text that is not valid Unicode"),
        (np.array([[1], None], dtype=object), "an array of Python objects"),
        ([0] * 200_001, "a value of the class list with more than 200,000 values; give a NumPy array"),
        (
            np.broadcast_to(np.float32(0), (257 << 20,)),
            "a value of the class ndarray that is too large (all values and outputs together: 1024 MiB)",
        ),
        (
            [np.broadcast_to(np.float32(0), (800 << 18,)), np.broadcast_to(np.float32(0), (240 << 18,))],
            "a value of the class list that is too large",
        ),
        (cyclic(), "a value of the class list nested more than 16 deep; give a flatter one"),
        (cyclic_dict(), "a value of the class dict nested more than 16 deep; give a flatter one"),
        (Nameless, "the class Nameless itself"),
        (Records({"loss": ["high"]}), "a training history that holds more than numbers"),
        (Records({"loss": 3}), "a training history that holds more than numbers"),
        (Records({("loss",): []}), "a training history that holds more than numbers"),
    ],
    ids=lambda value: value[:30] if type(value) is str else type.__dict__["__name__"].__get__(type(value)),
)
def test_refused_values_and_their_reasons(value, reason):
    refused = serialise(value, [])
    assert isinstance(refused, values.Refused)
    assert refused.reason.startswith(reason)
    assert decode(encode(refused), values.Value) == refused


def test_a_cases_argument_that_is_no_plain_data_is_refused():
    """The host's own serialiser, which sends arguments to a student's function."""
    assert PlainSerialiser().serialise([1, object()]).items == [
        1,
        values.Refused("object", "an object of the class object; give plain data"),
    ]


def test_keys_that_become_equal_are_refused():
    class Key(str):
        __slots__ = ()
        __hash__ = object.__hash__
        __eq__ = object.__eq__

    refused = serialise({Key("a"): 1, Key("a"): 2}, [])
    assert refused.reason.startswith("a dict whose keys are equal once they are plain data")


def test_a_refused_part_leaves_its_neighbours():
    back = there_and_back({"accuracy": 0.9, "rest": [1, math]}, lambda part: f"{part.type_name}: {part.reason}")
    assert back == {"accuracy": 0.9, "rest": [1, "module: a module; give a value"]}


def test_sixteen_levels_are_allowed():
    value: object = 1
    for _ in range(16):
        value = [value]
    assert there_and_back(value) == value
    assert isinstance(serialise([value], []), values.Refused)


def test_a_budget_is_shared_and_a_refused_value_takes_nothing_of_it():
    budget = Budget(values=10, size_bytes=100)
    assert isinstance(serialise(np.zeros(10), [], budget), values.Array)
    assert (budget.values, budget.size_bytes) == (9, 20)
    assert isinstance(serialise(np.zeros(3), [], budget), values.Refused)
    assert isinstance(serialise(list(range(9)), [], budget), values.Refused)
    assert (budget.values, budget.size_bytes) == (9, 20)
    assert isinstance(serialise(list(range(8)), [], budget), values.List)
    assert budget.values == 0


# ---------------------------------------------------------------- objects


@dataclasses.dataclass
class Node:
    item: int
    after: Node | None = None


def chain(length: int) -> Node:
    first = node = Node(0)
    for item in range(1, length):
        node.after = Node(item)
        node = node.after
    return first


def received(value: object, kept: list) -> values.Value:
    return decode(encode(serialise(value, kept)), values.Value)


def test_a_long_chain_of_objects_is_described_at_its_head_and_asked_for_the_rest():
    kept: list = []
    node, items = received(chain(100), kept), []
    while "after" in node.fields:
        items.append(node.fields["item"])
        node = node.fields["after"]
    assert items == list(range(len(items)))
    assert 5 <= len(items) < 10
    assert "after" in node.names
    assert kept[node.id].item == len(items)


def test_objects_that_hold_each_other_come_to_an_end():
    kept: list = []
    one = Node(1)
    one.after = Node(2, one)
    again = received([one, one], kept).items[0].fields["after"].fields["after"]
    assert (again.fields, again.id, len(kept)) == ({}, 0, 2)
    many: list = []
    many += [Parent(many) for _ in range(20)]
    assert "200,000 values" in serialise(many, []).reason


@dataclasses.dataclass(eq=False)
class Parent:
    children: list


def test_an_object_that_raises_whatever_is_asked_is_kept_and_nothing_of_it_is_run():
    kept: list = []
    assert received(Hostile(), kept).kind == "Hostile"
    assert received(Nameless(), kept).kind == "Nameless"
    assert len(kept) == 2


def test_members_that_can_be_asked_are_the_public_ones():
    class Stack:
        size = 3

        def __init__(self):
            self.items, self._secret = [], 1

        def push(self, item): ...

        def __len__(self): ...

        def __eq__(self, other): ...

        def __contains__(self, item): ...

        __hash__ = None

        @property
        def top(self): ...

    packed = received(Stack(), [])
    assert packed.fields == {}
    assert set(packed.names) == {"items", "size", "top"}
    assert set(packed.methods) == {"push", "__len__"}


# ---------------------------------------------------------------- histories


def test_a_history_reads_like_keras_own():
    fit = types.SimpleNamespace(
        history={"loss": [1.5, np.float32(0.5)], "val_accuracy": [0, math.nan]},
        epoch=[0, np.int64(1)],
        params={"epochs": 2, "steps": None, "verbose": "auto", "odd": object()},
    )
    history = there_and_back(fit)
    assert history.history["loss"] == [1.5, 0.5]
    assert math.isnan(history.history["val_accuracy"][1])
    assert history.epoch == [0, 1]
    assert history.params == {"epochs": 2, "steps": None, "verbose": "auto"}


# ---------------------------------------------------------------- hostile values


def test_resolve_takes_the_place_of_functions_wherever_they_lie():
    value = values.Dict([("f", values.Function(3, "f")), ("parts", values.Tuple([values.Refused("set", "a set")]))])
    assert deserialise(value, lambda part: type(part).__name__) == {"f": "Function", "parts": ("Refused",)}
    assert deserialise(value) == {"f": values.Function(3, "f"), "parts": (values.Refused("set", "a set"),)}


def nested(levels: int) -> dict:
    message: dict = {"type": "List", "items": []}
    for _ in range(levels - 1):
        message = {"type": "List", "items": [message]}
    return message


@pytest.mark.parametrize(
    "message",
    [
        nested(18),
        nested(400),
        {"type": "Dict", "items": [["a", 1], ["a", 2]]},
        {"type": "Dict", "items": [[1, 1], [True, 2]]},
        {"type": "Dict", "items": [[["a"], 1]]},
        {"type": "Dict", "items": [["a"]]},
        {"type": "Dict", "items": {"a": 1}},
        {"type": "List", "items": [[1]]},
        {"type": "List", "items": [None] * 200_001},
        {"type": "List", "items": [], "cls": "numpy.ndarray"},
        {"type": "Function", "id": -1, "name": "f"},
        {"type": "Function", "id": 10_000, "name": "f"},
        {"type": "Function", "id": True, "name": "f"},
        {"type": "Function", "id": 0, "name": "f" * 201},
        {"type": "Refused", "type_name": "x", "reason": "y" * 1_001},
        {"type": "History", "history": {"loss": ["0.5"]}, "epoch": [0], "params": {}},
        {"type": "History", "history": {"loss": [0.5]}, "epoch": [0.5], "params": {}},
        {"type": "History", "history": {"loss": [0.5]}, "epoch": [0], "params": {"x": [1]}},
        {"type": "Pickle", "data": b"\x80\x04."},
        {"type": "_Value"},
        {"items": []},
        {},
        [],
        b"bytes",
        "x" * 1_000_001,
    ],
    ids=lambda message: repr(message)[:60],
)
def test_hostile_values_are_refused(message):
    with pytest.raises(WireError):
        deserialise(decode(encode(message), values.Value))


messages = st.recursive(
    st.none() | st.booleans() | integers | st.floats() | st.text(max_size=8) | st.binary(max_size=16),
    lambda items: (
        st.lists(items, max_size=4)
        | st.dictionaries(st.text(max_size=8), items, max_size=4)
        | st.fixed_dictionaries(
            {
                "type": st.sampled_from(
                    ["List", "Tuple", "Dict", "Function", "History", "Refused", "Array", "Made", "Object"]
                )
            },
            optional={
                **dict.fromkeys(
                    ["items", "history", "epoch", "params", "shape", "data", "parts", "fields", "names"], items
                ),
                "id": st.integers(-1, 1_000) | items,
                "dtype": st.sampled_from(["bool", "float32", "<U2", "object"]) | items,
                "name": st.text(max_size=8) | items,
                "kind": st.sampled_from(["set", "Decimal", "DataFrame", "Stack"]) | items,
            },
        )
    ),
    max_leaves=20,
)


@given(st.binary(max_size=64) | messages.map(msgspec.msgpack.encode))
def test_any_message_is_a_value_or_refused(data):
    """Whatever the guest writes, nothing else is raised."""
    try:
        deserialise(decode(data, values.Value))
    except WireError as error:
        assert len(str(error)) < 300
        assert str(error).isprintable()


def test_types_are_built_safely_while_garbage_is_collected():
    """Some unions make msgspec 0.22 crash when a collection falls into the building of a decoder; ours must not."""
    program = (
        "import gc; from autograder.sandbox.wire import values; "
        "from autograder.sandbox.wire.frames import decode, encode; "
        "from autograder.sandbox.guest.value_serialiser import serialise; gc.set_threshold(1);"
        "print(decode(encode(serialise([1], [])), values.Value))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "List(items=[1])\n")


def test_importing_the_wire_stays_light():
    program = (
        "import sys; import autograder.sandbox.guest.value_serialiser, autograder.sandbox.wire.network; "
        "print(sorted({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n"


def test_an_estimator_is_serialised_without_keras():
    """Whose import takes seconds, and writes TensorFlow's log lines into a notebook that has no use for them."""
    pytest.importorskip("sklearn")
    program = (
        "import sys; from sklearn.linear_model import LinearRegression;"
        "from autograder.sandbox.guest.value_serialiser import serialise;"
        "print(serialise(LinearRegression().fit([[0], [1]], [0, 1]), []).kind);"
        "print(sorted({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("LinearRegression\n[]\n", "")
