"""Messages: one msgpack map a frame, every field typed and bounded. Both sides.

Student code can forge anything that the worker sends. A message out of order, of an unknown type or about an unknown
cell ends the session with a `WireError`.

    grader → worker    ImportModules? Job
                       (TakeValues | (CallFunction | ReadAttribute) (CallbackReturned | CallbackRaised)*)*
    worker → grader    Ready (CellStarted Output* CellDone TakenValues*)* NotebookFinished
                       (TakenValues | CalledBack* (Returned | Raised))*
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from autograder.sandbox.wire.values import MAX_NAMES, Value

Index = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e6)]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Line = Annotated[str, msgspec.Meta(max_length=4_000)]
Text = Annotated[str, msgspec.Meta(max_length=64_000_000)]


MAX_MIME_TYPES = 20
"""Of one display; IPython's own have three or four."""


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Base of all messages: the class name is the tag."""


# ---------------------------------------------------------------- grader → worker


class Names(_Message, frozen=True):
    """The names to take for one question."""

    question: str
    names: list[str]


class ImportModules(_Message, frozen=True):
    """Import these meanwhile: the notebook comes later."""

    modules: list[str]


class Job(_Message, frozen=True):
    """The whole notebook, once.

    Attributes:
        cells: Sources of the code cells, in order.
        takes: For each code cell, the questions whose values are taken when it has run.
        cell_seconds: Time for one cell.
        output_bytes: What all cells together may show, as `OutputBudget` counts it.
        wire_bytes: What the worker may send in all.
        spare_bytes: How much of that the values of other names than those asked for may take.
        files: Relative path → content of what lies beside the notebook.
        language: Of what the worker says of values; see `language.LANGUAGES`.
    """

    cells: list[str]
    takes: list[list[Names]]
    cell_seconds: float
    output_bytes: int
    wire_bytes: int
    spare_bytes: int
    files: dict[str, bytes] = {}
    language: str = "en"


class TakeValues(_Message, frozen=True):
    """Request: serialise the values of these names now, after the last cell; the answer is `TakenValues`."""

    names: Names


class CallFunction(_Message, frozen=True):
    """Request: call a function on values that the grader chose; the answer is `Returned` or `Raised`.

    Before it answers, the worker may send `CalledBack`.

    Attributes:
        number: Of the call; the answer repeats it.
        function: The `id` of a `Function` or `Object` that the worker sent.
        method: The object's method to call; empty for the function itself.
        arguments: Positional arguments.
        keywords: The others.
        seconds: Time limit of the call.
    """

    number: int
    function: int
    method: str
    arguments: list[Value]
    keywords: dict[str, Value]
    seconds: float


class ReadAttribute(_Message, frozen=True):
    """Request: an attribute of an object, which may be computed; answered as `CallFunction` is.

    Attributes:
        number: Of the call.
        object: The `id` of an `Object` that the worker sent.
        name: The attribute's.
        seconds: Time limit.
    """

    number: int
    object: int
    name: str
    seconds: float


class CallbackReturned(_Message, frozen=True):
    """What a function of the grader returned."""

    value: Value


class CallbackRaised(_Message, frozen=True):
    """A function of the grader raised; the grader knows what."""


FromGrader = ImportModules | Job | TakeValues | CallFunction | ReadAttribute | CallbackReturned | CallbackRaised


# ---------------------------------------------------------------- worker → grader


class Ready(_Message, frozen=True):
    """The shell is ready; no student code has run yet."""


class CellStarted(_Message, frozen=True):
    """A cell begins."""

    index: Index


class Stream(_Message, frozen=True):
    """Text on stdout or stderr."""

    name: Annotated[str, msgspec.Meta(pattern="^(stdout|stderr)$")]
    text: Text


class Display(_Message, frozen=True):
    """Rich output: MIME type → text, pictures in base64.

    Attributes:
        kind: `display_data`, `execute_result`, `update_display_data` or `clear_output`.
        display_id: What a later `update_display_data` refers to; empty for none.
        wait: For `clear_output`: clear when the next output comes.
    """

    kind: Annotated[str, msgspec.Meta(pattern="^(display_data|execute_result|update_display_data|clear_output)$")]
    data: Annotated[dict[Short, Text], msgspec.Meta(max_length=MAX_MIME_TYPES)] = {}
    display_id: Short = ""
    wait: bool = False


class Error(_Message, frozen=True):
    """A cell raised."""

    ename: Short
    evalue: Line
    traceback: Annotated[list[Text], msgspec.Meta(max_length=400)]


class Output(_Message, frozen=True):
    """Something that a cell showed."""

    index: Index
    output: Stream | Display | Error


class CellDone(_Message, frozen=True):
    """A cell ended; `error` is `NameError: …` when it raised."""

    index: Index
    execution_count: Index
    error: Line
    seconds: Seconds


class TakenValues(_Message, frozen=True):
    """The values of one question, serialised; names that are not defined are left out.

    Attributes:
        others: Values of other names, as far as they are plain data or functions, and small.
        left_out: Other names that are defined, and whose values are not sent.
    """

    question: Short
    values: dict[Short, Value]
    others: Annotated[dict[Short, Value], msgspec.Meta(max_length=MAX_NAMES)] = {}
    left_out: Annotated[list[Short], msgspec.Meta(max_length=MAX_NAMES)] = []


class NotebookFinished(_Message, frozen=True):
    """All cells have run; the worker now answers `TakeValues` and `CallFunction`."""


class CalledBack(_Message, frozen=True):
    """The student's code called a function that it was given; the answer is `CallbackReturned` or `CallbackRaised`.

    Attributes:
        number: Of the call that goes on.
        callback: The `id` of the `Callback`.
        arguments: A tuple of the positional arguments and a dict of the others.
    """

    number: int
    callback: Index
    arguments: Value


class Returned(_Message, frozen=True):
    """A remote call returned."""

    number: int
    value: Value


class Raised(_Message, frozen=True):
    """A remote call raised, or took too long."""

    number: int
    error: Line


FromWorker = Ready | CellStarted | Output | CellDone | TakenValues | NotebookFinished | CalledBack | Returned | Raised
