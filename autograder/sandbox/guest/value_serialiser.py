"""Serialises any object of a student's notebook. Untrusted side."""

from __future__ import annotations

import sys
from inspect import getattr_static
from types import BuiltinFunctionType, EllipsisType, FunctionType, MethodType, ModuleType
from typing import Any

import msgspec
import numpy as np

from autograder.errors import Unsupported
from autograder.language import gettext as _
from autograder.sandbox.guest.described import Described
from autograder.sandbox.guest.object_fields import fields_of, identifier, members_of
from autograder.sandbox.guest.remote_models import Predictor, description_data, is_predictor
from autograder.sandbox.wire.serialise import (
    Budget,
    PlainSerialiser,
    class_name,
    is_tensor,
    module_of,
    truncate,
)
from autograder.sandbox.wire.values import MAX_FUNCTIONS, Function, History, Object, Remote, Value

__all__ = ["serialise"]

MAX_DESCRIBED_DEPTH = 6
"""Of an object in others: a tree of objects is asked for what lies deeper."""

FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType, np.ufunc, type(np.mean))


def serialise(value: object, functions: list[Any], budget: Budget | None = None, first: int = 0) -> Value:
    """The wire form of any object. It never raises, and runs no method that a student wrote.

    Plain data, NumPy and TensorFlow numbers and Keras's models and histories are sent. A function or another object is
    appended to `functions`. What is none of them, on its own or inside a container, becomes a `Refused`. Only a model
    that cannot be rebuilt is asked for something, its layers, by methods that a student may have written.

    Args:
        value: Any object.
        functions: Functions and objects so far. They are not sent: a later call refers to one by its position.
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
        self._open: set[int] = set()
        self._places = {id(each): place for place, each in enumerate(functions)}

    def _convert(self, value: Any, depth: int) -> Value:
        return super()._convert(_unwrapped(value), depth)

    def _convert_object(self, value: Any, kind: type) -> Value:
        if kind is Described:
            return self._object(value.kind, value.fields)
        keras = sys.modules.get("keras")  # only if the notebook has imported it
        if keras is not None and issubclass(kind, keras.Model):
            return self._model(value)
        if is_tensor(kind):
            return self.array(value)
        history, epoch = getattr_static(value, "history", None), getattr_static(value, "epoch", None)
        if type(history) is dict and type(epoch) is list:
            return self._history(history, epoch, getattr_static(value, "params", None))
        if issubclass(kind, FUNCTIONS):
            return Function(self._position(value), truncate(value.__name__, 200))
        if reason := _why_not(value, kind):
            raise Unsupported(reason)
        if issubclass(kind, type):  # a class of the student's own: to be called, and asked
            names, methods = members_of(value, value)
            methods = ["__call__", *(name for name in methods if name[:1] != "_")]
            return self._object(class_name(value), {}, names, methods, value=value)
        if is_predictor(kind):
            return self._remote_model(
                value, _("an object of the class {class_name}, no Keras model").format(class_name=class_name(kind))
            )
        return self._known(value, kind)

    def _known(self, value: Any, kind: type) -> Object:
        """An object of which something can be asked. What it holds of itself again, or far inside, is not described."""
        names, methods = members_of(value, kind)
        if id(value) in self._open or self.depth > MAX_DESCRIBED_DEPTH:
            return self._object(class_name(kind), {}, names, methods, value=value)
        self._open.add(id(value))
        try:
            return self._object(class_name(kind), fields_of(value, kind), names, methods, value=value)
        finally:
            self._open.discard(id(value))

    def _object(
        self,
        kind: str,
        fields: dict[str, Any],
        names: list[str] | None = None,
        methods: list[str] | None = None,
        *,
        value: Any = None,
    ) -> Object:
        """An object with these attributes; the others can be asked of `value`."""
        asked = [*(names or ()), *(methods or ())]
        self.spend(values=len(asked), size_bytes=sum(map(len, asked)))
        number, depth = None if value is None else self._position(value), self.depth
        sent = {name: self._part(each, depth + 1) for name, each in fields.items()}
        return Object(identifier(kind), sent, names or [], methods or [], number)

    def _model(self, value: Any) -> Object:
        from autograder.sandbox.guest.network_serialiser import Unbuilt, serialise_network

        try:
            network = serialise_network(value)
        except Unsupported as refusal:
            unbuilt = not value.built and isinstance(value, sys.modules["keras"].Sequential)
            if unbuilt or isinstance(refusal, Unbuilt):
                raise Unsupported(_("a Keras model, but {refusal}").format(refusal=refusal)) from None
            return self._remote_model(value, _("a Keras model, but {refusal}").format(refusal=refusal))
        self.spend(size_bytes=sum(len(array.data) for array in network.weights))
        return msgspec.structs.replace(self._known(value, type(value)), network=network)

    def _remote_model(self, value: Any, reason: str) -> Object:
        """A model that stays here, and computes outputs when it is called."""
        kind = type(value)
        try:
            found = self._known(value, kind)
        except Exception:  # noqa: BLE001 - what a student's class says of itself may raise anything
            found = self._object(class_name(kind), {}, *members_of(value, kind), value=value)
        known = (each for each in self._functions if isinstance(each, Predictor) and each.model is value)
        predictor = self._position(next(known, None) or Predictor(value))
        remote = Remote(predictor, truncate(reason, 1_000), self._part(description_data(value), 0))
        return msgspec.structs.replace(found, remote=remote)

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
            raise Unsupported(_("a training history that holds more than numbers; give what `fit` returned")) from None
        self.spend(values=len(packed.epoch) + sum(len(curve) + 1 for curve in packed.history.values()))
        return packed

    def _position(self, value: Any) -> int:
        """The position of a function or object among all that were sent."""
        place = self._places.setdefault(id(value), len(self._functions))
        if self._first + place >= MAX_FUNCTIONS:
            del self._places[id(value)]
            raise Unsupported(
                _("one of more than {max_functions:,} functions and objects; give fewer").format(
                    max_functions=MAX_FUNCTIONS
                )
            )
        if place == len(self._functions):
            self._functions.append(value)
        return self._first + place


def _why_not(value: Any, kind: type) -> str:
    """What an object is that no check can use, and what to give in its place; empty for any other."""
    if kind is EllipsisType:
        return _("the gap")
    if kind is ModuleType:
        return _("a module; give a value")
    if issubclass(kind, type) and module_of(value) != "__main__":
        return _("the class {class_name} itself; call it to make an object").format(class_name=class_name(value))
    keras = sys.modules.get("keras")
    if keras is not None and issubclass(kind, keras.KerasTensor):
        return _("a symbolic Keras tensor, which holds no numbers; give what `predict` returns")
    return ""


def _unwrapped(value: Any) -> Any:
    """A list, tuple or dict without TensorFlow's wrapper, in which Keras's models hold it."""
    name = class_name(type(value))
    attribute = {"ListWrapper": "_storage", "_TupleWrapper": "__wrapped__", "_DictWrapper": "__wrapped__"}.get(name)
    if attribute is None:
        return value
    wrappers = sys.modules.get("tensorflow.python.trackable.data_structures")
    return getattr(value, attribute) if type(value) is getattr(wrappers, name, None) else value


def _number(item: Any) -> float:
    if not isinstance(item, (int, float, np.number)):
        raise TypeError
    return float(item)
