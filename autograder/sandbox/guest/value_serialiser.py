"""Serialises any object of a student's notebook. Untrusted side."""

from __future__ import annotations

import sys
from inspect import getattr_static
from types import BuiltinFunctionType, FunctionType, GeneratorType, ModuleType
from typing import Any

import msgspec
import numpy as np

from autograder.errors import Unsupported
from autograder.sandbox.wire.serialise import Budget, PlainSerialiser, class_name, is_tensor, truncate
from autograder.sandbox.wire.values import MAX_FUNCTIONS, Function, History, Network, Value

__all__ = ["serialise"]


def serialise(value: object, functions: list[Any], budget: Budget | None = None, first: int = 0) -> Value:
    """The wire form of any object. It never raises, and runs no method that a student wrote.

    Plain data, NumPy and TensorFlow numbers and Keras's models and histories are sent. A callable is appended to
    `functions`. Everything else, on its own or inside a container, becomes a `Refused`.

    Args:
        value: Any object.
        functions: The callables so far. They are not sent: a later call refers to one by its position.
        budget: What is left of the frame; the size of the value is subtracted. By default a whole frame.
        first: Position of the first of `functions` among all that were sent.
    """
    return _ValueSerialiser(functions, budget, first).serialise(value)


class _ValueSerialiser(PlainSerialiser):
    """Serialises one value, objects of Keras and TensorFlow and functions included."""

    def __init__(self, functions: list[Any], budget: Budget | None, first: int) -> None:
        super().__init__(budget)
        self._functions = functions
        self._first = first

    def _convert_object(self, value: Any, kind: type) -> Value:
        keras = sys.modules.get("keras")  # only if the notebook has imported it
        if keras is not None:
            if issubclass(kind, keras.Model):
                return self._model(value)
            if issubclass(kind, keras.layers.Layer):
                raise Unsupported("a Keras layer; give its name, `layer.name`")
            if issubclass(kind, keras.KerasTensor):
                raise Unsupported("a symbolic Keras tensor, which holds no numbers; give what `predict` returns")
        if is_tensor(kind):
            return self.array(value)
        history, epoch = getattr_static(value, "history", None), getattr_static(value, "epoch", None)
        if type(history) is dict and type(epoch) is list:
            return self._history(history, epoch, getattr_static(value, "params", None))
        if callable(value) and not isinstance(value, type):
            return self._function(value, kind)
        raise Unsupported(_why_not(value, kind))

    def _model(self, value: Any) -> Network:
        from autograder.sandbox.guest.network_serialiser import serialise_network

        try:
            network = serialise_network(value)
        except Unsupported as refusal:
            raise Unsupported(f"a Keras model, but {refusal}") from None
        self.spend(size_bytes=sum(len(array.data) for array in network.weights))
        return network

    def _history(self, history: dict[Any, Any], epoch: list[Any], params: Any) -> History:
        noted = params.items() if type(params) is dict else ()
        try:
            packed = History(
                history={self.text(name): [_number(item) for item in curve] for name, curve in history.items()},
                epoch=[int(_number(item)) for item in epoch],
                params={name: item for name, item in noted if type(item) in (type(None), bool, int, float, str)},
            )
            msgspec.convert(msgspec.to_builtins(packed), History)
        except (TypeError, msgspec.ValidationError):
            raise Unsupported("a training history that holds more than numbers; give what `fit` returned") from None
        self.spend(values=len(packed.epoch) + sum(len(curve) + 1 for curve in packed.history.values()))
        return packed

    def _function(self, value: Any, kind: type) -> Function:
        place = next((place for place, known in enumerate(self._functions) if known is value), len(self._functions))
        if self._first + place >= MAX_FUNCTIONS:
            raise Unsupported(f"one of more than {MAX_FUNCTIONS:,} functions; give fewer")
        if place == len(self._functions):
            self._functions.append(value)
        name = value.__name__ if kind in (FunctionType, BuiltinFunctionType) else class_name(kind)
        return Function(self._first + place, truncate(name, 200))


def _why_not(value: object, kind: type) -> str:
    """What a refused object is, and what to give in its place."""
    name = class_name(kind)
    if isinstance(value, type):
        return f"the class {class_name(value)} itself; call it to make an object"
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


def _module_name(kind: type) -> str:
    module = type.__dict__["__module__"].__get__(kind)
    return module if type(module) is str else ""
