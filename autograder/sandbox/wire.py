"""Values ↔ plain data ↔ bytes, for both sides of the wall.

    pack     any object → `Value`       beside student code; never raises, refuses what it does not know
    encode   a message → bytes
    decode   bytes → a message          strict types, bounded before anything is built
    unpack   `Value` → plain data       on the trusted side

Frames, `encode` and `decode` live in `frames`, arrays in `arrays`, models in `models` and `dump`; whoever uses the wire
needs only this module. Whatever breaks the rules raises a `WireError`, whose text is one short line.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from inspect import getattr_static
from types import BuiltinFunctionType, FunctionType, GeneratorType, ModuleType
from typing import Annotated, Any

import msgspec
import numpy as np

from autograder.errors import Unsupported, WireError
from autograder.sandbox.arrays import Array, pack_array, unpack_array
from autograder.sandbox.frames import FrameReader, decode, encode, write_frame
from autograder.sandbox.models import Model

__all__ = [
    "Array",
    "Budget",
    "Dict",
    "FrameReader",
    "Function",
    "History",
    "List",
    "Model",
    "Refused",
    "Tuple",
    "Value",
    "arguments",
    "decode",
    "encode",
    "pack",
    "unpack",
    "write_frame",
]

MAX_DEPTH = 16
MAX_VALUES = 200_000
MAX_BYTES = 256 << 20
MAX_TEXT = 1_000_000
MAX_FUNCTIONS = 1_000

Short = Annotated[str, msgspec.Meta(max_length=200)]
Line = Annotated[str, msgspec.Meta(max_length=1_000)]
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Scalar = bool | int | float | Text | None


class _Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Base of what is more than a scalar: the class name is the tag."""


class List(_Value, frozen=True):
    """A list."""

    items: Annotated[list[Value], msgspec.Meta(max_length=MAX_VALUES)]


class Tuple(_Value, frozen=True):
    """A tuple."""

    items: Annotated[list[Value], msgspec.Meta(max_length=MAX_VALUES)]


class Dict(_Value, frozen=True):
    """A dict, in its order."""

    items: Annotated[list[tuple[Scalar, Value]], msgspec.Meta(max_length=MAX_VALUES)]


class Function(_Value, frozen=True):
    """A callable that stays where it is; `id` is its place in the list that was given to `pack`."""

    id: Annotated[int, msgspec.Meta(ge=0, lt=MAX_FUNCTIONS)]
    name: Short


class History(_Value, frozen=True):
    """What `fit` returned, as data; it reads like Keras's own.

    Attributes:
        history: Metric → one number an epoch.
        epoch: Numbers of the epochs, from 0.
        params: What Keras notes about the run (`epochs`, `steps`, `verbose`).
    """

    history: Annotated[dict[Short, list[float]], msgspec.Meta(max_length=100)]
    epoch: list[int]
    params: Annotated[dict[Short, Scalar], msgspec.Meta(max_length=100)]


class Refused(_Value, frozen=True):
    """A value that does not cross.

    Attributes:
        type_name: Its class.
        reason: What it is, and what to give in its place: "a set, which has no order; give a list".
    """

    type_name: Short
    reason: Line


Value = Scalar | Array | List | Tuple | Dict | Function | History | Model | Refused


# ---------------------------------------------------------------- objects → values


@dataclass
class Budget:
    """What may still go into one frame. Share one among the values of a message, and none of them breaks the limits.

    Attributes:
        values: Numbers, texts and containers; an array counts as one.
        size_bytes: Bytes of arrays and texts.
    """

    values: int = MAX_VALUES
    size_bytes: int = MAX_BYTES


class _TooMuch(Unsupported):
    """A limit of the whole value, not of the part where it was met."""


def pack(value: object, functions: list[Any], budget: Budget | None = None) -> Value:
    """The wire form of any object. It never raises, and runs no method that a student wrote.

    Plain data, NumPy and TensorFlow numbers and Keras's models and histories cross. Subclasses of plain types cross as
    those types. A callable is appended to `functions`. All else, on its own or inside a container, is a `Refused`.

    Args:
        value: Whatever a notebook made.
        functions: The callables so far; they stay here, and a later call names one by its place.
        budget: What is left of the frame; what the value takes is subtracted. By default a whole frame.
    """
    budget = Budget() if budget is None else budget
    before = replace(budget)
    try:
        return _Packer(functions, budget).pack(value, 0)
    except _TooMuch as limit:
        budget.values, budget.size_bytes = before.values, before.size_bytes
        return _refused(value, f"a value of the class {_class_name(type(value))} {limit}")


class _Packer:
    """Packs one value."""

    def __init__(self, functions: list[Any], budget: Budget) -> None:
        self._functions = functions
        self._budget = budget

    def pack(self, value: object, depth: int) -> Value:
        """Pack a part.

        Raises:
            _TooMuch: The whole is too large, or too deep (as a list that contains itself is).
        """
        if depth > MAX_DEPTH:
            raise _TooMuch(f"nested more than {MAX_DEPTH} deep; give a flatter one")
        try:
            self._spend(values=1)
            return self._convert(value, depth)
        except _TooMuch:
            raise
        except Unsupported as refusal:
            return _refused(value, str(refusal))
        except BaseException as error:  # noqa: BLE001 - a student's object may raise anything, an exit too
            return _refused(value, f"something that cannot be read ({_class_name(type(error))})")

    def _spend(self, values: int = 0, size_bytes: int = 0) -> None:
        self._budget.values -= values
        self._budget.size_bytes -= size_bytes
        if self._budget.values < 0:
            raise _TooMuch(f"with more than {MAX_VALUES:,} values; give a NumPy array")
        if self._budget.size_bytes < 0:
            raise _TooMuch(f"that is too large (all values together: {MAX_BYTES >> 20} MiB); give a smaller one")

    def _convert(self, value: Any, depth: int) -> Value:
        kind = type(value)
        if value is None or kind is bool:
            return value  # type: ignore[no-any-return]
        if issubclass(kind, str):
            return self._text(value)
        if issubclass(kind, (np.ndarray, np.generic)) or kind is complex:
            return self._array(value)
        if issubclass(kind, int):
            number = int.__int__(value)
            if not -(1 << 63) <= number < 1 << 63:
                raise Unsupported("an integer beyond 64 bits; give a smaller one, or a float")
            return number
        if issubclass(kind, float):
            return float.__float__(value)
        if issubclass(kind, list):
            return List([self.pack(item, depth + 1) for item in list.__iter__(value)])
        if issubclass(kind, tuple):
            return Tuple([self.pack(item, depth + 1) for item in tuple.__iter__(value)])
        if issubclass(kind, dict):
            return self._dict(dict.items(value), depth)
        return self._convert_object(value, kind)

    def _convert_object(self, value: Any, kind: type) -> Value:
        """What is no plain data. Keras and TensorFlow are asked only if the notebook has imported them."""
        keras, tf = sys.modules.get("keras"), sys.modules.get("tensorflow")
        if keras is not None:
            if issubclass(kind, keras.Model):
                return self._model(value)
            if issubclass(kind, keras.layers.Layer):
                raise Unsupported("a Keras layer; give its name, `layer.name`")
            if issubclass(kind, keras.KerasTensor):
                raise Unsupported("a symbolic Keras tensor, which holds no numbers; give what `predict` returns")
            if issubclass(kind, keras.Variable):
                return self._array(value)
        if tf is not None and issubclass(kind, (tf.Tensor, tf.Variable)):
            return self._array(value)
        history, epoch = getattr_static(value, "history", None), getattr_static(value, "epoch", None)
        if type(history) is dict and type(epoch) is list:
            return self._history(history, epoch, getattr_static(value, "params", None))
        if callable(value) and not isinstance(value, type):
            return self._function(value, kind)
        raise Unsupported(_why_not(value, kind))

    def _text(self, value: str) -> str:
        text = str.__str__(value)
        if len(text) > MAX_TEXT:
            raise Unsupported(f"a text of {len(text):,} characters; give at most {MAX_TEXT:,}")
        try:
            self._spend(size_bytes=len(text.encode()))
        except UnicodeEncodeError:
            raise Unsupported("a text that is not valid Unicode; give it without half a surrogate pair") from None
        return text

    def _array(self, value: Any) -> Array:
        array = np.asarray(value)
        self._spend(size_bytes=array.nbytes)
        return pack_array(array)

    def _dict(self, items: Iterable[tuple[Any, Any]], depth: int) -> Dict:
        pairs = []
        for key, item in items:
            plain = key.item() if isinstance(key, np.generic) else key
            if plain is not None and type(plain) is not bool and not issubclass(type(plain), (int, float, str)):
                name = _class_name(type(key))
                raise Unsupported(f"a dict with keys of the class {name}; give text or numbers as keys")
            pairs.append((self._convert(plain, depth), self.pack(item, depth + 1)))
        if len({key for key, _ in pairs}) != len(pairs):
            raise Unsupported("a dict whose keys are equal once they are plain data; give plain keys")
        return Dict(pairs)  # type: ignore[arg-type]

    def _model(self, value: Any) -> Model:
        from autograder.sandbox.dump import dump

        try:
            model = dump(value)
        except Unsupported as refusal:
            raise Unsupported(f"a Keras model, but {refusal}") from None
        self._spend(size_bytes=sum(len(array.data) for array in model.weights))
        return model

    def _history(self, history: dict[Any, Any], epoch: list[Any], params: Any) -> History:
        noted = params.items() if type(params) is dict else ()
        try:
            packed = History(
                history={self._text(name): [_number(item) for item in curve] for name, curve in history.items()},
                epoch=[int(_number(item)) for item in epoch],
                params={name: item for name, item in noted if type(item) in (type(None), bool, int, float, str)},
            )
            msgspec.convert(msgspec.to_builtins(packed), History)
        except (TypeError, msgspec.ValidationError):
            raise Unsupported("a training history that holds more than numbers; give what `fit` returned") from None
        self._spend(values=len(packed.epoch) + sum(len(curve) + 1 for curve in packed.history.values()))
        return packed

    def _function(self, value: Any, kind: type) -> Function:
        place = next((place for place, known in enumerate(self._functions) if known is value), len(self._functions))
        if place == MAX_FUNCTIONS:
            raise Unsupported(f"one of more than {MAX_FUNCTIONS:,} functions; give fewer")
        if place == len(self._functions):
            self._functions.append(value)
        name = value.__name__ if kind in (FunctionType, BuiltinFunctionType) else _class_name(kind)
        return Function(place, _cut(name, 200))


def _why_not(value: object, kind: type) -> str:
    """What a refused object is, and what to give in its place."""
    name = _class_name(kind)
    if isinstance(value, type):
        return f"the class {_class_name(value)} itself; call it to make an object"
    if kind in (set, frozenset):
        return "a set, which has no order; give a list"
    if kind is GeneratorType:
        return "a generator, which gives its values only once; give a list"
    if kind in (range, map, zip, filter, type({}.keys()), type({}.values()), type({}.items())):
        return f"a {name}; give a list"
    if kind is ModuleType:
        return "a module; give a value"
    if _module_name(kind).partition(".")[0] == "pandas":
        return f"a pandas {name}; give its `.to_numpy()`, or its `.to_dict()` where a dictionary is asked for"
    return f"an object of the class {name}; give a number, text, a list, a dict, a NumPy array, a model or a function"


def _number(item: Any) -> float:
    if not isinstance(item, (int, float, np.number)):
        raise TypeError
    return float(item)


def _refused(value: object, reason: str) -> Refused:
    return Refused(_class_name(type(value)), _cut(reason, 1_000))


def _class_name(kind: type) -> str:
    """`type.__name__`, whatever a metaclass says of it."""
    return _cut(type.__dict__["__name__"].__get__(kind), 200)


def _module_name(kind: type) -> str:
    module = type.__dict__["__module__"].__get__(kind)
    return module if type(module) is str else ""


def _cut(text: str, length: int) -> str:
    """Text that any encoder takes."""
    return text[:length].encode("utf-8", "replace").decode()


# ---------------------------------------------------------------- values → plain data


def unpack(value: Value, resolve: Callable[[Function | Model | Refused], Any] | None = None) -> Any:
    """Plain data again: None, numbers, text, lists, tuples, dicts, arrays, NumPy scalars, and `History` as it is.

    Arrays are read-only views of the bytes that came: one case cannot change what the next one sees.

    Args:
        value: A decoded value.
        resolve: Called for each function, model and refused value, wherever it lies; its answer takes that place. By
            default they stay what they are.

    Raises:
        WireError: The value breaks a rule that its types cannot tell (an array's length, a key that comes twice).
    """
    return _unpack(value, resolve, 0)


def arguments(values: Iterable[Value]) -> list[Any]:
    """Plain data for a call of a student's function, which may change its arrays: they are copies."""
    unpacked = map(unpack, values)
    return [each.copy() if isinstance(each, np.ndarray) else each for each in unpacked]


def _unpack(value: Value, resolve: Callable[[Function | Model | Refused], Any] | None, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise WireError(f"a value is nested more than {MAX_DEPTH} deep")
    if isinstance(value, Array):
        array = unpack_array(value)
        return array if array.shape else array[()]
    if isinstance(value, List):
        return [_unpack(item, resolve, depth + 1) for item in value.items]
    if isinstance(value, Tuple):
        return tuple(_unpack(item, resolve, depth + 1) for item in value.items)
    if isinstance(value, Dict):
        unpacked = {key: _unpack(item, resolve, depth + 1) for key, item in value.items}
        if len(unpacked) != len(value.items):
            raise WireError("a key comes twice in a dict")
        return unpacked
    if isinstance(value, (Function, Model, Refused)):
        return value if resolve is None else resolve(value)
    return value
