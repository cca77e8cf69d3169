"""What the reference's values are: recorded by the build, compared with a student's where a case raises. Both sides.

A test file holds the record of each of its cases. It has kinds, shapes and dtypes; of the values themselves nothing but
what a check such as `expect.network` records.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain
from typing import Any

import msgspec
import numpy as np

from autograder.evidence import rest_on_stand_in, resting
from autograder.expect.value_kinds import (
    ValueKind,
    accepts_inputs,
    are_other_data,
    as_array,
    is_empty_for,
    kind_of,
    stand_in,
    wrong_kind,
)
from autograder.language import gettext as _
from autograder.networks.network_view import UnfitInputs
from autograder.object_view import FunctionView, HeldView, ObjectView

__all__ = [
    "CaseRecord",
    "CaseRun",
    "collecting",
    "note_collected",
    "note_returned",
    "packed_answer",
    "recorded_answer",
    "running_case",
    "unpacked_answer",
]

MAX_RECORDED_BYTES = 1 << 20
"""Of the answers of one check; a bundle is kept in a repository."""
MAX_CALLS = 50
"""Of one function in one case, those whose answers' kinds are recorded."""


class CaseRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the reference gave to one case.

    Attributes:
        kinds: Parameter → kind of its value.
        returned: Name of a function → kinds of what its calls returned, in order; one where all are the same.
        answers: What checks recorded, in order; plain data.
    """

    kinds: dict[str, ValueKind] = {}
    returned: dict[str, tuple[ValueKind, ...]] = {}
    answers: tuple[Any, ...] = ()

    def to_text(self) -> str:
        """As one line of JSON."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_text(cls, text: str) -> CaseRecord:
        """The record that `to_text` wrote.

        Raises:
            ValueError: It is none.
        """
        return msgspec.json.decode(text, type=cls)


class CaseRun:
    """One run of a case, on the reference's values or on a student's."""

    def __init__(self, record: CaseRecord | None, *, hidden: bool, collects: bool, foreign: bool = False) -> None:
        """Begin it.

        Args:
            record: What the reference gave; None where that was not recorded.
            hidden: Whether the case is.
            collects: Whether these are the reference's values, to be recorded.
            foreign: See `test_files.LoadedCase`.

        `empty` becomes what to tell the student of a value without items where the reference's has some; `has_views`
        whether an object that stays in the student's process, or a model, is among the values of a foreign case.
        """
        self.record = record
        self.hidden = hidden
        self.collects = collects
        self.foreign = foreign
        self.kinds: dict[str, ValueKind] = {}
        self.returned: dict[str, list[ValueKind]] = {}
        self.answers: list[Any] = []
        self.empty = ""
        self.has_views = False

    def note(self, values: Mapping[str, Any]) -> None:
        """Note the values before anything is called: what comes from a student's process later may hold a secret."""
        if self.collects or self.record:
            with resting():  # what is looked at here says nothing of what the outcome rests on
                self.kinds = {name: kind_of(value) for name, value in values.items()}
        self.has_views = self.foreign and _has_views(dict(values))
        for name, value in values.items():
            self.note_stand_in(name, value, self.record.kinds.get(name) if self.record else None)

    def wrong_inputs(self, error: Exception) -> str:
        """What to tell the student whose network does not take what the case gives it, and the reference's does."""
        if not isinstance(error, UnfitInputs) or self.record is None:
            return ""
        kinds = [*self.record.kinds.values(), *chain.from_iterable(self.record.returned.values())]
        if not any(accepts_inputs(kind, error.given) for kind in kinds):
            return ""
        return _("Your network takes other inputs than this check gives it.") if self.hidden else str(error)

    def wrong_value(self) -> str:
        """What to tell the student of a value of another kind than the reference's; empty where there is none."""
        expected = self.record.kinds if self.record else {}
        found = (
            wrong_kind(kind, expected.get(name, kind), name, hidden=self.hidden) for name, kind in self.kinds.items()
        )
        return next(filter(None, found), "")

    def note_stand_in(self, name: str, value: Any, expected: ValueKind | None) -> None:
        """Note what passes plain assertions by what it says or lacks, in place of data or of a model."""
        if expected is None:
            return
        if expected.kind == "model" and isinstance(value, ObjectView):
            value.stand_for_model()
        if reason := stand_in(value, expected):
            rest_on_stand_in(name, reason)
        if is_empty_for(value, expected) and not self.empty:
            self.empty = wrong_kind(kind_of(value), expected, name, hidden=self.hidden)

    def wrong_answer(self) -> str:
        """The same of what a function returned; of a hidden case it is for the instructor alone.

        The function may have put what it was sent into it.
        """
        for name, kinds in self.returned.items() if self.record else ():
            expected = self.record.returned.get(name, ()) if self.record else ()
            for at, kind in enumerate(kinds[: len(expected) if len(expected) > 1 else None]):
                if expected and (found := wrong_kind(kind, expected[min(at, len(expected) - 1)], f"{name}(…)")):
                    return found
        return ""

    def hidden_kind(self) -> str:
        """What a student may read of a hidden case that fails: which data are of another kind than the reference's.

        Of what a function returned nothing is said, but that it is no such data; empty where all are.
        """
        record = self.record or CaseRecord()
        for name, kind in self.kinds.items():
            if name in record.kinds and are_other_data(kind, record.kinds[name]):
                return wrong_kind(kind, record.kinds[name], name, hidden=True)
        for name, kinds in self.returned.items():
            expected = record.returned.get(name, ())
            if len({each.kind for each in expected}) == 1 and any(are_other_data(kind, expected[0]) for kind in kinds):
                return _("`{name}(…)` should give {valuekind}, and gives something else.").format(
                    name=name, valuekind=ValueKind(expected[0].kind)
                )
        return ""

    def collected(self) -> CaseRecord:
        """What is to be recorded of this run."""
        returned = {name: tuple(kinds[:1] if len(set(kinds)) == 1 else kinds) for name, kinds in self.returned.items()}
        return CaseRecord(self.kinds, returned, tuple(self.answers))


_run: ContextVar[CaseRun | None] = ContextVar("case_run", default=None)
_collection: ContextVar[dict[tuple[str, str], CaseRecord] | None] = ContextVar("collection", default=None)


@contextmanager
def collecting() -> Iterator[dict[tuple[str, str], CaseRecord]]:
    """Record what the cases that run in the block are given: path of the test file and name of the case → record."""
    collection: dict[tuple[str, str], CaseRecord] = {}
    token = _collection.set(collection)
    try:
        yield collection
    finally:
        _collection.reset(token)


def note_collected(records: Mapping[tuple[str, str], CaseRecord]) -> None:
    """Add what an earlier run of the same cases was given, where something is collected."""
    collection = _collection.get()
    if collection is not None:
        collection.update(records)


@contextmanager
def running_case(
    path: str, name: str, record: CaseRecord | None, *, hidden: bool, foreign: bool = False
) -> Iterator[CaseRun]:
    """Run a case in the block."""
    collection = _collection.get()
    run = CaseRun(record, hidden=hidden, collects=collection is not None, foreign=foreign)
    token = _run.set(run)
    try:
        yield run
    finally:
        _run.reset(token)
        if collection is not None:
            collection[path, name] = run.collected()


def note_returned(name: str, value: Any) -> None:
    """Note what a call of a student's function returned, for the case that runs."""
    run = _run.get()
    if run is not None and run.foreign:
        run.has_views = run.has_views or _has_views(value)
    if run is not None and (run.collects or run.record) and len(run.returned.get(name, ())) < MAX_CALLS:
        with resting():
            run.returned.setdefault(name, []).append(kind_of(value))
        expected = run.record.returned.get(name, ()) if run.record else ()
        at = len(run.returned[name]) - 1 if len(expected) > 1 else 0
        run.note_stand_in(f"{name}(…)", value, expected[at] if at < len(expected) else None)


def recorded_answer(make: Callable[[CaseRun], Any]) -> Any:
    """What `make` gave for the reference, as plain data; in a build it is recorded.

    Raises:
        RuntimeError: The author's fault: there is no record.
    """
    run = _run.get()
    if run is not None and run.collects:
        run.answers.append(msgspec.to_builtins(make(run)))
        return run.answers[-1]
    if run is None or run.record is None or len(run.answers) >= len(run.record.answers):
        raise RuntimeError("this check needs what `autograder build` records of the reference: build the exercise")
    run.answers.append(run.record.answers[len(run.answers)])
    return run.answers[-1]


def _has_views(value: Any) -> bool:
    """Whether a value that was sent is, or holds, what a case can see and ask less of than of the object itself."""
    if isinstance(value, (list, tuple, dict)):
        return any(map(_has_views, value.values() if isinstance(value, dict) else value))
    return isinstance(value, HeldView) and not isinstance(value, FunctionView)


# ---------------------------------------------------------------- answers as JSON


def packed_answer(value: Any) -> Any:
    """Numbers, text, arrays and containers of them as plain data.

    Raises:
        TypeError: The author's fault: it is something else.
        ValueError: The author's fault: it is too large.
    """
    packed = _pack(value)
    if len(msgspec.json.encode(packed)) > MAX_RECORDED_BYTES:
        raise ValueError(f"the reference's answers take more than {MAX_RECORDED_BYTES >> 20} MiB: use smaller inputs")
    return packed


def _pack(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        return {"int": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [_pack(each) for each in value]
    if isinstance(value, (tuple, set)):
        return {type(value).__name__: [_pack(each) for each in value]}
    if isinstance(value, dict):
        return {"dict": [[_pack(key), _pack(each)] for key, each in value.items()]}
    array = as_array(value)
    if array is None:
        raise TypeError(f"{kind_of(value)} cannot be recorded: give the right answers yourself")
    data = array.tolist() if array.dtype.kind == "U" else base64.b64encode(array.tobytes()).decode()
    return {"array": [array.dtype.str, array.shape, data]}


def unpacked_answer(packed: Any) -> Any:
    """The value that `packed_answer` got."""
    if isinstance(packed, list):
        return [unpacked_answer(each) for each in packed]
    if not isinstance(packed, dict):
        return packed
    ((kind, parts),) = packed.items()
    if kind == "int":
        return int(parts)
    if kind == "array":
        dtype, shape, data = parts
        if isinstance(data, list):
            return np.array(data, dtype).reshape(shape)
        return np.frombuffer(base64.b64decode(data), dtype).reshape(shape)
    if kind == "dict":
        return {unpacked_answer(key): unpacked_answer(each) for key, each in parts}
    return {"tuple": tuple, "set": set}[kind](unpacked_answer(each) for each in parts)
