"""The types of values on the wire: plain data, every field typed and bounded. Both sides.

guest    `guest.value_serialiser` serialises any object of the student's notebook
host     `serialise` serialises the plain data that a case passes to a student's function
both     `deserialise` turns a value into plain data
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from autograder.sandbox.wire.arrays import Array
from autograder.sandbox.wire.network import Network

__all__ = [
    "MAX_DEPTH",
    "MAX_FUNCTIONS",
    "MAX_NAMES",
    "MAX_TEXT",
    "MAX_VALUES",
    "Array",
    "Callback",
    "Dict",
    "Function",
    "History",
    "List",
    "Made",
    "Object",
    "Reference",
    "Refused",
    "Remote",
    "Scalar",
    "Tuple",
    "Value",
]

MAX_DEPTH = 16
MAX_VALUES = 200_000
MAX_TEXT = 1_000_000
MAX_FUNCTIONS = 10_000
MAX_NAMES = 1_000

Short = Annotated[str, msgspec.Meta(max_length=200)]
Line = Annotated[str, msgspec.Meta(max_length=1_000)]
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Identifier = Annotated[str, msgspec.Meta(pattern=r"\A[^\W\d]\w{0,99}\Z")]
Number = Annotated[int, msgspec.Meta(ge=0, lt=MAX_FUNCTIONS)]
Scalar = bool | int | float | Text | None


class _Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Base of all types of values but scalars: the class name is the tag."""


class List(_Value, frozen=True):
    """A list."""

    items: Annotated[list[Value], msgspec.Meta(max_length=MAX_VALUES)]


class Tuple(_Value, frozen=True):
    """A tuple."""

    items: Annotated[list[Value], msgspec.Meta(max_length=MAX_VALUES)]


class Dict(_Value, frozen=True):
    """A dict, in its order."""

    items: Annotated[list[tuple[Scalar, Value]], msgspec.Meta(max_length=MAX_VALUES)]


class Made(_Value, frozen=True):
    """A value that `wire.made_values` makes of its parts, such as a set of its items.

    Attributes:
        kind: The entry of the table there.
        parts: Plain data, which may hold further such values.
    """

    kind: Short
    parts: Value


class Function(_Value, frozen=True):
    """A function, which itself is not sent; `id` is its position in the list that the serialiser was given."""

    id: Number
    name: Short


class Remote(_Value, frozen=True):
    """Of a model that cannot be rebuilt: how it is asked, and what is said of it.

    Attributes:
        predictor: The `id` of a function that maps the inputs of a batch to the model's outputs.
        reason: What it is, and why it cannot be rebuilt: "a Keras model, but `Net` is a model class of its own".
        described: The plain data of a `networks.network_description.NetworkDescription`, by the sender's word alone.
    """

    predictor: Number
    reason: Line
    described: Value


class Object(_Value, frozen=True):
    """An object that stays in the student's process, and what is known of it.

    Attributes:
        kind: Its class.
        fields: Attributes, as data.
        names: Further public attributes, which can be asked for.
        methods: Public and special methods, which can be called.
        id: Its position, as that of a `Function`; None where it cannot be asked.
        network: Layers and weights, for a Keras model that can be rebuilt.
        remote: For any other model.
    """

    kind: Identifier
    fields: Annotated[dict[Identifier, Value], msgspec.Meta(max_length=MAX_NAMES)] = {}
    names: Annotated[list[Identifier], msgspec.Meta(max_length=MAX_NAMES)] = []
    methods: Annotated[list[Identifier], msgspec.Meta(max_length=MAX_NAMES)] = []
    id: Number | None = None
    network: Network | None = None
    remote: Remote | None = None


class Reference(_Value, frozen=True):
    """In a call: what the worker keeps under this number."""

    id: Number


class Callback(_Value, frozen=True):
    """In a call: a function of the grader, which the student's code may call meanwhile."""

    id: Number
    name: Short


class History(_Value, frozen=True):
    """What `fit` returned, as data, with the attributes of Keras's `History`.

    Attributes:
        history: Metric → one number an epoch.
        epoch: Numbers of the epochs, from 0.
        params: What Keras notes about the run (`epochs`, `steps`, `verbose`).
    """

    history: Annotated[dict[Short, list[float]], msgspec.Meta(max_length=100)]
    epoch: list[int]
    params: Annotated[dict[Short, Scalar], msgspec.Meta(max_length=100)]


class Refused(_Value, frozen=True):
    """The replacement for a value that has no wire form.

    Attributes:
        type_name: Its class.
        reason: What it is, and what to give in its place: "a set, which has no order; give a list".
    """

    type_name: Short
    reason: Line


Value = Scalar | Array | List | Tuple | Dict | Made | Function | Object | History | Refused | Reference | Callback
