"""A notebook's values as the grader will see them: serialised and deserialised. In the student's notebook.

So a public case runs on the same rebuilt networks, plain data and guarded functions as in the grader, gives the same
verdict, and reports already in the notebook which values cannot be graded. The grader uses `resolve` of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.errors import WireError
from autograder.expect.mismatch import Mismatch
from autograder.sandbox.guest.value_serialiser import serialise
from autograder.sandbox.host.rebuild import rebuild_network
from autograder.sandbox.wire.deserialise import arguments as plain_arguments
from autograder.sandbox.wire.deserialise import deserialise
from autograder.sandbox.wire.values import Function, Network, Refused

__all__ = ["SerialisedValues", "Unusable", "resolve"]


class Unusable(Mismatch):
    """The student's fault: a value cannot be serialised or rebuilt; the text says why. A case fails on it."""


class SerialisedValues(dict[str, Any]):
    """Name → value, serialised and deserialised; that is done when a case asks for the name, and only once."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """Look up lazily in `values`, the notebook's own names."""
        super().__init__()
        self._values = values

    def __missing__(self, name: str) -> Any:
        """The value of a name that is asked for the first time.

        Raises:
            KeyError: The notebook does not define it.
            Unusable: The value cannot be serialised or rebuilt.
        """
        self[name] = _round_trip(name, self._values[name])
        return self[name]


def resolve(name: str, special: Network | Refused) -> Any:
    """The Keras model that a serialised network stands for.

    Args:
        name: The student's name of the value that it is, or that contains it.
        special: What was deserialised: a network, or the replacement for a value that was refused.

    Raises:
        Unusable: It was refused, or cannot be rebuilt.
    """
    if isinstance(special, Refused):
        if special.type_name == "ellipsis":
            raise Unusable(f"`{name}` is still `...`: the gap is not filled.")
        raise Unusable(f"`{name}` is {special.reason}.")
    try:
        return rebuild_network(special)
    except WireError as error:
        raise Unusable(f"`{name}` cannot be graded: {error}") from error


def _guarded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A student's function as a case calls it: on copies of the arguments; an exception is a failed check."""

    def call(*arguments: Any) -> Any:
        copies = plain_arguments(serialise(argument, []) for argument in arguments)
        try:
            returned = function(*copies)
        except (Exception, SystemExit) as error:  # a student's function may raise anything
            raise Mismatch(f"`{name}` raised {type(error).__name__}: {error}") from error
        return _round_trip(f"{name}(…)", returned)

    call.__name__ = name
    return call


def _round_trip(name: str, value: Any) -> Any:
    functions: list[Any] = []
    packed = serialise(value, functions)

    def resolve_here(special: Function | Network | Refused) -> Any:
        if isinstance(special, Function):
            return _guarded(functions[special.id], special.name)
        return resolve(name, special)

    return deserialise(packed, resolve_here)
