"""Serialises plain data: numbers, text, lists, tuples, dicts, arrays. Both sides.

The grader serialises a case's arguments with it; the guest's `value_serialiser` adds models, functions and objects.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import numpy as np

from autograder.errors import Unsupported
from autograder.language import gettext as _
from autograder.object_view import reference_of
from autograder.records import MAX_WIRE_BYTES
from autograder.sandbox.wire.arrays import pack_array
from autograder.sandbox.wire.made_values import is_wide, key_of, parts_of, special_array
from autograder.sandbox.wire.values import (
    MAX_DEPTH,
    MAX_TEXT,
    MAX_VALUES,
    Callback,
    Dict,
    List,
    Made,
    Reference,
    Refused,
    Tuple,
    Value,
)

__all__ = [
    "Budget",
    "PlainSerialiser",
    "TooLarge",
    "bases",
    "class_name",
    "is_tensor",
    "module_of",
    "plain_only",
    "refused",
    "serialise_arguments",
    "truncate",
]

MAX_SMALL_VALUES = 10_000


@dataclass
class Budget:
    """What may still go into one frame. Share one among the values of a message, and none of them breaks the limits.

    Attributes:
        values: Numbers, texts and containers; an array counts as one.
        size_bytes: Bytes of arrays and texts.
        wire_bytes: What may be sent in all, for messages.
    """

    values: int = MAX_VALUES
    size_bytes: int = MAX_WIRE_BYTES
    wire_bytes: int = MAX_WIRE_BYTES


class TooLarge(Unsupported):
    """The value as a whole breaks a limit: it is refused as a whole, not only the part that was reached."""


class PlainSerialiser:
    """Serialises one value; what is not plain data becomes a `Refused`, on its own or inside a container.

    Attributes:
        depth: Of the part that is being converted.
    """

    depth = 0

    def __init__(self, budget: Budget | None = None) -> None:
        """Use what is left of a frame; the size of each value is subtracted. By default a whole frame."""
        self._budget = Budget() if budget is None else budget

    def serialise(self, value: object) -> Value:
        """The wire form of any object. It never raises, and runs no method that a student wrote.

        Subclasses of plain types are sent as those types.
        """
        before = replace(self._budget)
        try:
            return self._part(value, 0)
        except TooLarge as limit:
            self._budget.values, self._budget.size_bytes = before.values, before.size_bytes
            return self._refuse(
                value,
                _("a value of the class {class_name} {limit}").format(class_name=class_name(type(value)), limit=limit),
            )

    def _part(self, value: object, depth: int) -> Value:
        """Serialise a part.

        Raises:
            TooLarge: The whole is too large, or too deep (as a list that contains itself is).
        """
        if depth > MAX_DEPTH:
            raise TooLarge(_("nested more than {max_depth} deep; give a flatter one").format(max_depth=MAX_DEPTH))
        self.depth = depth
        try:
            self.spend(values=1)
            return self._convert(value, depth)
        except TooLarge:
            raise
        except Unsupported as refusal:
            return self._refuse(value, str(refusal))
        except BaseException as error:  # noqa: BLE001 - a student's object may raise anything, an exit too
            return self._refuse(
                value, _("something that cannot be read ({class_name})").format(class_name=class_name(type(error)))
            )

    def _refuse(self, value: object, reason: str) -> Refused:
        return refused(value, reason)

    def spend(self, values: int = 0, size_bytes: int = 0) -> None:
        """Count what goes into the frame.

        Raises:
            TooLarge: It is more than is left.
        """
        self._budget.values -= values
        self._budget.size_bytes -= size_bytes
        if self._budget.values < 0:
            raise TooLarge(_("with more than {max_values:,} values; give a NumPy array").format(max_values=MAX_VALUES))
        if self._budget.size_bytes < 0:
            most = self._budget.wire_bytes / 2**20
            raise TooLarge(
                _("that is too large (all values and outputs together: {most:g} MiB); give a smaller one").format(
                    most=most
                )
            )

    def _convert(self, value: Any, depth: int) -> Value:
        kind = type(value)
        if value is None or kind is bool:
            return value  # type: ignore[no-any-return]
        if issubclass(kind, str):
            return self.text(value)
        if issubclass(kind, (np.ndarray, np.generic)):
            masked = issubclass(kind, np.ma.MaskedArray)
            return self._made("MaskedArray", value, depth) if masked else self.array(value, depth)
        if issubclass(kind, int):
            number = int.__int__(value)
            return self._made("int", number, depth) if is_wide(number) else number
        if issubclass(kind, float):
            return float.__float__(value)
        if issubclass(kind, list):
            return List([self._part(item, depth + 1) for item in list.__iter__(value)])
        if issubclass(kind, tuple):
            return Tuple([self._part(item, depth + 1) for item in tuple.__iter__(value)])
        if issubclass(kind, dict):
            return self._dict(dict.items(value), depth)
        key = key_of((module_of(each).partition(".")[0], class_name(each)) for each in bases(kind))
        return self._made(key, value, depth) if key else self._convert_object(value, kind)

    def _made(self, key: str, value: Any, depth: int) -> Made:
        """What is made of its parts again; see `wire.made_values`."""
        return Made(key, self._part(parts_of(key, value), depth + 1))

    def _convert_object(self, value: Any, kind: type) -> Value:
        """The wire form of what is not plain data: tensors become arrays; subclasses add further types.

        Raises:
            Unsupported: It has no wire form.
        """
        if is_tensor(kind):
            return self.array(value)
        raise Unsupported(_("an object of the class {class_name}; give plain data").format(class_name=class_name(kind)))

    def text(self, value: str) -> str:
        """A text, as a plain `str`."""
        text = str.__str__(value)
        if len(text) > MAX_TEXT:
            raise Unsupported(
                _("a text of {count:,} characters; give at most {max_text:,}").format(
                    count=len(text), max_text=MAX_TEXT
                )
            )
        try:
            self.spend(size_bytes=len(text.encode()))
        except UnicodeEncodeError:
            raise Unsupported(_("a text that is not valid Unicode; give it without half a surrogate pair")) from None
        return text

    def array(self, value: Any, depth: int = 0) -> Value:
        """An array, or anything that NumPy converts to one."""
        array = np.asarray(value)
        if key := special_array(array):
            return self._made(key, array, depth)
        array = _texts(array) if array.dtype.kind in "SO" else array
        self.spend(size_bytes=array.nbytes)
        return pack_array(array)

    def _dict(self, items: Iterable[tuple[Any, Any]], depth: int) -> Dict | Made:
        plain = [(key.item() if isinstance(key, np.generic) else key, item) for key, item in items]
        if not all(key is None or (issubclass(type(key), (int, float, str)) and not is_wide(key)) for key, _ in plain):
            return self._made("dict", plain, depth)
        pairs = [(self._convert(key, depth), self._part(item, depth + 1)) for key, item in plain]
        if len({key for key, _ in pairs}) != len(pairs):
            raise Unsupported(_("a dict whose keys are equal once they are plain data; give plain keys"))
        return Dict(pairs)  # type: ignore[arg-type]


class _WholeSerialiser(PlainSerialiser):
    """Notes whether anything was refused."""

    whole = True

    def _refuse(self, value: object, reason: str) -> Refused:
        self.whole = False
        return super()._refuse(value, reason)


def plain_only(value: object, size_bytes: int) -> tuple[Value, int] | None:
    """The wire form of plain data that is small, with its size in bytes; None for anything else.

    Args:
        value: Any object; no method that a student wrote is run.
        size_bytes: What it may take.
    """
    if isinstance(value, np.ndarray) and value.nbytes > size_bytes:
        return None
    budget = Budget(values=MAX_SMALL_VALUES, size_bytes=size_bytes)
    serialiser = _WholeSerialiser(budget)
    sent = serialiser.serialise(value)
    return (sent, size_bytes - budget.size_bytes + MAX_SMALL_VALUES - budget.values) if serialiser.whole else None


class _ArgumentSerialiser(PlainSerialiser):
    """Serialises what a case passes to a student's function: views as what they are of, and functions."""

    def __init__(self, callbacks: list[Callable[..., Any]]) -> None:
        super().__init__()
        self._callbacks = callbacks
        self.refusals: list[str] = []

    def _refuse(self, value: object, reason: str) -> Refused:
        self.refusals.append(reason)
        return super()._refuse(value, reason)

    def _made(self, key: str, value: Any, depth: int) -> Made:
        if isinstance(value, PurePath) and value.is_absolute():
            raise Unsupported(_("the path of a file that it cannot open; read the file, and give what is in it"))
        return super()._made(key, value, depth)

    def _convert_object(self, value: Any, kind: type) -> Value:
        reference = reference_of(value)
        if reference is not None:
            return Reference(reference)
        if callable(value):
            self._callbacks.append(value)
            return Callback(len(self._callbacks) - 1, truncate(str(getattr(value, "__name__", class_name(kind))), 200))
        return super()._convert_object(value, kind)


def serialise_arguments(
    arguments: Iterable[Any], keywords: Mapping[str, Any], callbacks: list[Callable[..., Any]]
) -> tuple[list[Value], dict[str, Value]]:
    """What a case passes to a student's function.

    Args:
        arguments: The positional ones: plain data, views of what the student's process keeps, functions.
        keywords: The others.
        callbacks: Gets the functions, at the positions that are the `id` of their `Callback`.

    Raises:
        TypeError: The case's fault: one is something else.
    """
    serialiser = _ArgumentSerialiser(callbacks)
    positional = [serialiser.serialise(value) for value in arguments]
    named = {name: serialiser.serialise(value) for name, value in keywords.items()}
    if serialiser.refusals:
        raise TypeError(f"a student's function cannot be given {serialiser.refusals[0]}")
    return positional, named


def is_tensor(kind: type) -> bool:
    """Whether a class is one of TensorFlow's or Keras's own that hold numbers; imports neither of them."""
    keras, tf = sys.modules.get("keras"), sys.modules.get("tensorflow")
    if keras is not None and issubclass(kind, keras.Variable):
        return True
    return tf is not None and issubclass(kind, (tf.Tensor, tf.Variable))


def refused(value: object, reason: str) -> Refused:
    """The replacement for a value that has no wire form."""
    return Refused(class_name(type(value)), truncate(reason, 1_000))


def _texts(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An array of bytes or of objects that are all text, as one of text; any other as it is."""
    items = array.ravel().tolist()
    if not items or not all(type(each) in (str, bytes) for each in items):
        return array
    try:
        texts = [each if type(each) is str else each.decode() for each in items]
    except UnicodeDecodeError:
        raise Unsupported(_("an array of bytes that are no text; give numbers")) from None
    if 4 * len(texts) * max(map(len, texts)) > MAX_WIRE_BYTES:
        raise Unsupported(_("an array of texts that is too large; give shorter ones"))
    return np.array(texts, dtype=f"<U{max(1, *map(len, texts), 1)}").reshape(array.shape)


def bases(kind: type) -> tuple[type, ...]:
    """`type.__mro__`, even where a metaclass overrides it."""
    return type.__dict__["__mro__"].__get__(kind)  # type: ignore[no-any-return]


def module_of(kind: type) -> str:
    """`type.__module__`, likewise."""
    module = type.__dict__["__module__"].__get__(kind)
    return module if type(module) is str else ""


def class_name(kind: type) -> str:
    """`type.__name__`, even where a metaclass overrides it; at most 200 characters."""
    return truncate(type.__dict__["__name__"].__get__(kind), 200)


def truncate(text: str, length: int) -> str:
    """At most `length` characters of a text, valid UTF-8."""
    return text[:length].encode("utf-8", "replace").decode()
