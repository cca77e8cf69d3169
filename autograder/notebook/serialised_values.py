"""A notebook's values as the grader will see them: serialised and deserialised. Student's side.

So a public case runs on the same rebuilt networks, plain data and guarded functions as in the grader, gives the same
verdict, and reports already in the notebook which values cannot be graded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from autograder.errors import Unsupported, WireError
from autograder.evidence import rest_on_member
from autograder.expect.mismatch import Mismatch, Unsized, Unusable
from autograder.expect.reference_record import note_returned
from autograder.expect.remote_network import remote_network
from autograder.language import gettext as _
from autograder.networks.live_network import LiveNetwork
from autograder.networks.network_description import describe, description_of
from autograder.networks.network_view import view
from autograder.object_view import FunctionView
from autograder.sandbox.guest.value_serialiser import serialise
from autograder.sandbox.wire.deserialise import Special, deserialise, plain_data, view_of
from autograder.sandbox.wire.deserialise import arguments as plain_arguments
from autograder.sandbox.wire.network import rebuild_network
from autograder.sandbox.wire.serialise import serialise_arguments
from autograder.sandbox.wire.values import Callback, Object, Reference, Remote
from autograder.wording import raised

__all__ = ["SerialisedValues"]


class SerialisedValues(dict[str, Any]):
    """Name → value, serialised and deserialised; that is done when a case asks for the name, and only once."""

    def __init__(self, values: Mapping[str, Any], *, rebuilt_only: bool = False) -> None:
        """Look up lazily.

        Args:
            values: The notebook's own names.
            rebuilt_only: Whether a model has to be one that can be rebuilt.
        """
        super().__init__()
        self._values = values
        self._rebuilt_only = rebuilt_only
        self._kept: list[Any] = []  # functions and objects
        self._failures: list[Exception] = []  # of functions that the student's code called back

    def __missing__(self, name: str) -> Any:
        """The value of a name that is asked for the first time.

        Raises:
            KeyError: The notebook does not define it.
            Unusable: The value cannot be serialised or rebuilt.
        """
        self[name] = self._round_trip(name, self._values[name])
        return self[name]

    def call(
        self, reference: int, method: str, shown: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
    ) -> Any:
        """Call a function, or a method of an object, on copies of the arguments.

        Raises:
            Mismatch: It raised.
            Unusable: It returned what cannot be serialised or rebuilt.
            TypeError: The case's fault: an argument that cannot be passed.
        """
        callbacks: list[Callable[..., Any]] = []
        positional, named = serialise_arguments(arguments, keywords, callbacks)
        rest_on_member(method, shown)
        thing = self._kept[reference]
        given = self._live(positional, callbacks)
        by_name = dict(zip(named, self._live(named.values(), callbacks), strict=True))
        if method == "__next__":  # as the grader's worker answers it
            return self._answer(f"{shown}(…)", lambda: tuple(islice(thing, 1)))
        answer = self._answer(
            f"{shown}(…)", lambda: (getattr(thing, method) if method else thing)(*given, **by_name), method
        )
        note_returned(shown, answer)
        return answer

    def read(self, reference: int, name: str, shown: str) -> Any:
        """An attribute of an object; see `call`."""
        rest_on_member(name, shown)
        return self._answer(shown, lambda: getattr(self._kept[reference], name))

    def _answer(self, shown: str, compute: Callable[[], Any], method: str = "") -> Any:
        self._failures.clear()
        try:
            answer = compute()
        except (Exception, SystemExit) as error:  # a student's code may raise anything
            if self._failures:
                raise self._failures[0] from error
            unmet = Unsized if method == "__len__" else Mismatch
            said = raised(shown.removesuffix("(…)"), f"{type(error).__name__}: {error}")
            raise unmet(said) from error
        if self._failures:
            raise self._failures[0]
        return self._round_trip(shown, answer)

    def _live(self, values: Iterable[Any], callbacks: list[Callable[..., Any]]) -> list[Any]:
        """What a case passes, as the notebook's own objects."""

        def resolve(special: Special) -> Any:
            if isinstance(special, Reference):
                return self._kept[special.id]
            return self._callback(callbacks[special.id]) if isinstance(special, Callback) else special

        return plain_arguments(values, resolve)

    def _callback(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **keywords: Any) -> Any:
            callbacks: list[Callable[..., Any]] = []
            try:
                positional, by_name = self._round_trip(
                    f"{getattr(function, '__name__', 'function')}(…)", (given, keywords)
                )
                returned, _ = serialise_arguments([function(*positional, **by_name)], {}, callbacks)
            except Exception as error:
                self._failures.append(error)
                raise
            return self._live(returned, callbacks)[0]

        return call

    def _round_trip(self, name: str, value: Any) -> Any:
        def resolve(special: Special) -> Any:
            try:
                if isinstance(special, Object) and special.remote:
                    return self._remote(name, special, special.remote)
                if not isinstance(special, Object) or not special.network:
                    return view_of(special, self)
                model = rebuild_network(special.network)
            except Unsupported as error:
                raise Unusable(f"`{name}` {error}") from error
            except WireError as error:
                raise Unusable(_("`{name}` cannot be graded: {error}").format(name=name, error=error)) from error
            network = view(describe(model, special.network.spec), LiveNetwork(model))
            network.claim(special.fields, special.id)
            return network

        return deserialise(serialise(value, self._kept), resolve)

    def _remote(self, name: str, special: Object, remote: Remote) -> Any:
        if self._rebuilt_only:
            raise Unsupported(_("is {reason}.").format(reason=remote.reason))
        held = view_of(special, self)
        described = description_of(plain_data(remote.described))
        predictor = FunctionView(name, remote.predictor, self)
        network = remote_network(described, predictor, name, remote.reason, held)
        network.claim(special.fields, special.id)
        return network
