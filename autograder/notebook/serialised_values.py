"""A notebook's values as the grader will see them: serialised and deserialised. In the student's notebook.

So a public case runs on the same rebuilt networks, plain data and guarded functions as in the grader, gives the same
verdict, and reports already in the notebook which values cannot be graded. The grader uses `resolve` of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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


class SerialisedValues(Mapping[str, Any]):
    """Name → value, serialised and deserialised; that is done when a case asks for the name, and only once."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """Look up lazily in `values`, the notebook's own names."""
        self._values = values
        self._ready: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """The value of a name.

        Raises:
            KeyError: The notebook does not define it.
            Unusable: The value cannot be serialised or rebuilt.
        """
        if name not in self._ready:
            self._ready[name] = _round_trip(name, self._values[name])
        return self._ready[name]

    def __iter__(self) -> Iterator[str]:
        """All names of the notebook."""
        return iter(self._values)

    def __len__(self) -> int:
        """How many names there are."""
        return len(self._values)


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


class _Guarded:
    """A student's function as a case calls it: on copies of the arguments; an exception is a failed check."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self._function = function
        self.__name__ = name

    def __call__(self, *arguments: Any) -> Any:
        name = self.__name__
        copies = plain_arguments(serialise(argument, []) for argument in arguments)
        try:
            returned = self._function(*copies)
        except (Exception, SystemExit) as error:  # a student's function may raise anything
            raise Mismatch(f"`{name}` raised {type(error).__name__}: {error}") from error
        return _round_trip(f"{name}(…)", returned)


def _round_trip(name: str, value: Any) -> Any:
    functions: list[Any] = []
    packed = serialise(value, functions)

    def resolve_here(special: Function | Network | Refused) -> Any:
        if isinstance(special, Function):
            return _Guarded(functions[special.id], special.name)
        return resolve(name, special)

    return deserialise(packed, resolve_here)
