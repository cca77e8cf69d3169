"""A model that cannot be rebuilt, as a case uses it: the student's process computes its outputs. Both sides.

What it computes is checked here as hostile, and counts as answered. All else of it, its layers, its weights' shapes,
is what that process says, and recorded as claimed when a case looks at it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.evidence import rest_on
from autograder.expect.mismatch import Mismatch, Unusable
from autograder.expect.mismatch import described as described_value
from autograder.language import N_, spellings
from autograder.language import gettext as _
from autograder.networks.network_description import NetworkDescription
from autograder.networks.network_view import NetworkView, is_keras, is_model, leaves, mapped, view
from autograder.object_view import HeldView, is_table, size_bytes

__all__ = ["RemoteNetwork", "called_model", "remote_network"]

Array = np.ndarray[Any, Any]

NO_KERAS = N_("no Keras model")
"""How the reason ends why a model of another library cannot be rebuilt."""

_MAX_BATCH = 512
_MAX_BATCH_BYTES = 16 << 20
"""Of the inputs of a batch: a call is limited in time, and a message in size."""
_MAX_OUTPUTS = 100


class RemoteNetwork(NetworkView):
    """A model that the student's process holds; see `networks.network_view.NetworkView` for what it is used like."""

    def __init__(
        self, described: NetworkDescription | None, call: Callable[[Any], Any], name: str, reason: str, held: Any
    ) -> None:
        """Keep it; see `remote_network`."""
        self._call, self._title, self._reason = call, name, reason
        self._claims = None if described is None else view(described, _NoValues(self._refusal))
        self._object, self._compilation = held, {}

    def __getattr__(self, attribute: str) -> Any:
        """What the student's process says of the model; else an attribute or method of the object itself."""
        claims = self.__dict__.get("_claims")
        if claims is not None and not attribute.startswith("__") and hasattr(claims, attribute):
            rest_on("claimed", model=self._title, reason=self._reason)
            return getattr(claims, attribute)
        if attribute.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no {attribute!r} that the grader can see")
        return getattr(self._object, attribute)

    @property
    def other_class(self) -> str:
        """The name of its class where it is no Keras model, as its process says; empty for a Keras model."""
        return type(self).__name__ if self._reason.endswith(spellings(NO_KERAS)) else ""

    def claim(self, fields: Mapping[str, Any], reference: int | None) -> None:
        """See `NetworkView.claim`."""
        self._reference, self._compilation = reference, fields
        if self._claims is not None:
            self._claims.claim(fields, reference)

    def compute(self, inputs: Any, layers: Sequence[str] = ()) -> Any:
        """Outputs for one batch at inference, computed by the student's process.

        Raises:
            Mismatch: It gave something else than finite numbers, a row for each input, or raised.
            Unusable: It gave nothing, or layers are asked for.
        """
        if layers:
            raise self._refusal(_("the outputs of its layers"))
        given = self._call(inputs)
        if isinstance(given, list) and given and all(isinstance(each, (int, float, np.number)) for each in given):
            given = np.asarray(given)
        count = len(leaves(inputs)[0])
        try:
            given = mapped(lambda each: np.asarray(each) if is_table(each) else each, given)
            arrays = leaves(given)
        except TypeError:  # keys without an order
            arrays = []
        if not 0 < len(arrays) <= _MAX_OUTPUTS:
            raise Mismatch(
                _("`{title}` gives {given} for a batch, expected an array of numbers.").format(
                    title=self._title, given=described_value(given)
                )
            )
        for array in arrays:
            self._require_numbers(array, count)
        return given

    def predict(self, x: Any, batch_size: int | None = None, **further: Any) -> Any:
        """The outputs for any number of inputs, in batches of a size that one call can take.

        Tables are given as tables, with their columns and index: an estimator finds its columns by their names.
        """
        inputs = mapped(lambda each: each if is_table(each) else np.asarray(each), x)
        row_bytes = max(1, sum(size_bytes(each) // max(1, len(each)) for each in leaves(inputs)))
        size = max(1, min(batch_size or _MAX_BATCH, _MAX_BATCH, _MAX_BATCH_BYTES // row_bytes))
        begins = range(0, max(1, len(leaves(inputs)[0])), size)
        parts = [
            self.compute(mapped(lambda each, at=at: (each.iloc if is_table(each) else each)[at : at + size], inputs))
            for at in begins
        ]
        forms = [mapped(lambda each: (each.shape[1:], each.dtype.kind), part) for part in parts]
        if any(form != forms[0] for form in forms):
            raise Mismatch(
                _("`{title}` gives outputs of another shape for some inputs than for others.").format(title=self._title)
            )
        return mapped(lambda *each: np.concatenate(each), *parts)

    def _refusal(self, what: str) -> Unusable:
        return Unusable(
            _("`{title}` is {reason}. So {what} cannot be checked.").format(
                title=self._title, reason=self._reason, what=what
            )
        )

    def _require_numbers(self, given: Any, count: int) -> None:
        if not isinstance(given, np.ndarray) or given.dtype.kind not in "biuf":
            raise Mismatch(
                _("`{title}` gives {given} for a batch, expected an array of numbers.").format(
                    title=self._title, given=described_value(given)
                )
            )
        if given.shape[:1] != (count,):
            raise Mismatch(
                _("`{title}` gives shape {shape} for {count:,} inputs, expected a row for each of them.").format(
                    title=self._title, shape=given.shape, count=count
                )
            )
        if not np.isfinite(given).all():
            raise Mismatch(_("`{title}` gives NaN or infinity for some inputs.").format(title=self._title))


class _NoValues:
    """Holds what is claimed, which has no values: see `networks.network_view.NetworkHolder`."""

    def __init__(self, refusal: Callable[[str], Unusable]) -> None:
        self._refusal = refusal

    def outputs(self, layers: Sequence[str], inputs: Any) -> Any:
        raise self._refusal(_("the outputs of its layers"))

    def weights(self) -> list[Array]:
        raise self._refusal(_("the values of its weights"))


def remote_network(
    described: NetworkDescription | None, call: Callable[[Any], Any], name: str, reason: str, held: Any = None
) -> RemoteNetwork:
    """A student's model that cannot be rebuilt.

    Args:
        described: What the student's process says of it; checked, and not to be trusted. None where it says nothing.
        call: Has that process compute the outputs for a batch.
        name: What the student calls it, for messages.
        reason: What it is, and why it cannot be rebuilt; goes on after its name.
        held: The view of the object, for all else that a case asks of it.
    """
    kind = type("Model" if described is None else described.kind, (RemoteNetwork,), {})
    model: RemoteNetwork = kind(described, call, name, reason, held)
    return model


def called_model(value: Any, name: str) -> Any:
    """What maps inputs to outputs, a function or a student's object with `predict`, as a model; all else as it is."""
    if is_model(value) or is_keras(value, "Layer") or isinstance(value, type):
        return value
    call = getattr(value, "predict", None) if isinstance(value, HeldView) else None
    call = call or (value if callable(value) else None)
    return value if call is None else remote_network(None, call, name, _(NO_KERAS))
