"""What the grader will see of a notebook's values: each of them packed for the wall, and unpacked again.

A case at home runs on the same rebuilt networks, plain data and guarded functions as in the grader, so that it gives
the same verdict, and says at home already what does not cross.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from autograder.errors import WireError
from autograder.expect.mismatch import Mismatch
from autograder.sandbox.guest.value_serialiser import serialise
from autograder.sandbox.host.rebuild import rebuild
from autograder.sandbox.wire.deserialise import arguments as plain_arguments
from autograder.sandbox.wire.deserialise import deserialise
from autograder.sandbox.wire.values import Function, Network, Refused

__all__ = ["Crossed", "Unusable", "resolve"]


class Unusable(Mismatch):
    """A value is there, but it cannot cross the wall; the text tells the student why. A case fails on it."""


class Crossed(Mapping[str, Any]):
    """A notebook's names as they are after the way through the wall; a value is packed when a case asks for it."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """Look up lazily; `values` are the notebook's own."""
        self._values = values
        self._crossed: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """The value of a name.

        Raises:
            KeyError: The notebook does not define it.
            Unusable: It is something that does not cross the wall.
        """
        if name not in self._crossed:
            self._crossed[name] = _crossed(name, self._values[name])
        return self._crossed[name]

    def __iter__(self) -> Iterator[str]:
        """All names of the notebook."""
        return iter(self._values)

    def __len__(self) -> int:
        """How many names there are."""
        return len(self._values)


def resolve(name: str, special: Network | Refused) -> Any:
    """A Keras model for what crossed in its place.

    Args:
        name: What the student calls the value that it is, or that it is in.
        special: What came over the wall.

    Raises:
        Unusable: It was refused on the other side, or cannot be rebuilt on this one.
    """
    if isinstance(special, Refused):
        if special.type_name == "ellipsis":
            raise Unusable(f"`{name}` is still `...`: the gap is not filled.")
        raise Unusable(f"`{name}` is {special.reason}.")
    try:
        return rebuild(special)
    except WireError as error:
        raise Unusable(f"`{name}` cannot be graded: {error}") from error


class _Guarded:
    """A student's function as a case calls it: on copies, and what it raises is a failed check."""

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
        return _crossed(f"{name}(…)", returned)


def _crossed(name: str, value: Any) -> Any:
    functions: list[Any] = []
    packed = serialise(value, functions)

    def resolve_here(special: Function | Network | Refused) -> Any:
        if isinstance(special, Function):
            return _Guarded(functions[special.id], special.name)
        return resolve(name, special)

    return deserialise(packed, resolve_here)
