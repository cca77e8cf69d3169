"""A notebook's values as the grader will see them: serialised and deserialised. Student's side.

So a public case runs on the same rebuilt networks, plain data and guarded functions as in the grader, gives the same
verdict, and reports already in the notebook which values cannot be graded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograder.errors import Unsupported
from autograder.expect.mismatch import Mismatch, Unusable
from autograder.expect.reference_record import note_returned
from autograder.sandbox.guest.value_serialiser import serialise
from autograder.sandbox.wire.deserialise import arguments as plain_arguments
from autograder.sandbox.wire.deserialise import deserialise, keras_model
from autograder.sandbox.wire.values import Function, Network, Refused

__all__ = ["SerialisedValues"]


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


def _guarded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A student's function as a case calls it: on copies of the arguments; an exception is a failed check."""

    def call(*arguments: Any) -> Any:
        copies = plain_arguments(serialise(argument, []) for argument in arguments)
        try:
            returned = function(*copies)
        except (Exception, SystemExit) as error:  # a student's function may raise anything
            raise Mismatch(f"`{name}` raised {type(error).__name__}: {error}") from error
        answer = _round_trip(f"{name}(…)", returned)
        note_returned(name, answer)
        return answer

    call.__name__ = name
    return call


def _round_trip(name: str, value: Any) -> Any:
    functions: list[Any] = []

    def resolve(special: Function | Network | Refused) -> Any:
        if isinstance(special, Function):
            return _guarded(functions[special.id], special.name)
        try:
            return keras_model(special)
        except Unsupported as error:
            raise Unusable(f"`{name}` {error}") from error

    return deserialise(serialise(value, functions), resolve)
