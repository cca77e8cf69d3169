"""A student's object as a case sees it: attributes that came as data, and others that can be asked for. Both sides.

The object itself stays in the student's process. What came as data is the same whenever a case reads it; what is asked
for is answered by that process at that moment. Comparisons never ask, nor does arithmetic with anything else than a
student's object: one that says to equal everything, to contain it, or to differ by 0 must not pass.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, NoReturn, Protocol

import numpy as np

from autograder.evidence import rest_on_structure
from autograder.language import gettext as _

__all__ = [
    "SPECIAL_METHODS",
    "VIEWED",
    "Asked",
    "FunctionView",
    "HeldView",
    "ObjectView",
    "TooManyItems",
    "is_table",
    "object_view",
    "reference_of",
    "size_bytes",
]

MAX_LENGTH = 1_000_000
"""What a student's `__len__` may say: Python allocates that many."""
MAX_TAKEN = 1_000
"""Items that cases take of an iterator of the student's, which may have no end."""
MAX_SHOWN = 200
VIEWED = "that the grader can see"

_ARITHMETIC = tuple(f"__{each}__" for each in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"))
SPECIAL_METHODS = ("__call__", "__getitem__", "__str__", "__len__", "__iter__", "__next__", *_ARITHMETIC)
"""Those that a case may use; none that compares or says what something contains."""


class Asked(Protocol):
    """The process that holds the student's objects; see where one is made for what it raises."""

    def call(
        self, reference: int, method: str, shown: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
    ) -> Any:
        """What a function returns, or with `method` one of an object's methods; `shown` is its name in messages."""

    def read(self, reference: int, name: str, shown: str) -> Any:
        """An attribute of an object."""


class TooManyItems(AssertionError):
    """The student's fault: a case takes all items of what has more of them than the reference's may have."""


class HeldView:
    """A view of what the student's process keeps, under a number if it can be named in a call."""

    _reference: int | None = None

    def __copy__(self) -> HeldView:
        return self

    def __deepcopy__(self, memo: object) -> HeldView:
        return self  # a copy would be of the process, too


class FunctionView(HeldView):
    """A student's function, or a method of a student's object: a call is computed in the student's process."""

    def __init__(self, name: str, reference: int, asked: Asked, method: str = "") -> None:
        """Refer to something that the process keeps; with `method`, to that method of it."""
        self.__name__, self._held, self._asked, self._method = name, reference, asked, method
        self._reference = None if method else reference

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """What it returns."""
        return self._asked.call(self._held, self._method, self.__name__, arguments, keywords)

    def __repr__(self) -> str:
        return f"<function {self.__name__[:MAX_SHOWN]}>"


class ObjectView(HeldView):
    """An object: its attributes are read as in the notebook. Its class is named as the student's."""

    def __init__(
        self,
        fields: Mapping[str, Any],
        names: Collection[str],
        methods: Collection[str],
        reference: int | None,
        asked: Asked | None,
    ) -> None:
        """See `object_view`."""
        self.__dict__.update(
            _fields=dict(fields), _names=names, _methods=methods, _reference=reference, _asked=asked, _taken=0
        )

    def stand_for_model(self) -> None:
        """Note that a check has this in place of a model: what says how one is made is a claim then."""
        self.__dict__["_of_model"] = True

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        kind, asked = type(self).__name__, own.get("_asked")
        if name.startswith("__"):  # by `__array_interface__`, NumPy would read any memory of this process
            raise AttributeError(f"{kind} has no {name!r} {VIEWED}")
        if own.get("_of_model"):
            rest_on_structure(name, kind, of_model=True)
        if name in own.get("_fields", ()):
            rest_on_structure(name, kind)
            return own["_fields"][name]
        if asked is not None and name in own["_methods"]:
            return FunctionView(f"{kind}.{name}", own["_reference"], asked, name)
        if asked is not None and name in own["_names"]:
            return asked.read(own["_reference"], name, f"{kind}.{name}")
        raise AttributeError(f"{kind} has no {name!r} {VIEWED}")

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is the student's: {name!r} cannot be changed")

    def __dir__(self) -> list[str]:
        return sorted({*self._fields, *self._names, *self._methods})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ObjectView) or type(self).__name__ != type(other).__name__:
            return False
        return self is other or bool(self._fields and self._fields == other._fields)

    def __hash__(self) -> int:
        return hash((type(self).__name__, *self._fields.items()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r:.{MAX_SHOWN}}" for name, value in self._fields.items())
        return f"{type(self).__name__}({shown:.{MAX_SHOWN}})"


def object_view(
    kind: str,
    fields: Mapping[str, Any],
    names: Collection[str] = (),
    methods: Collection[str] = (),
    reference: int | None = None,
    asked: Asked | None = None,
) -> Any:
    """The view of an object.

    Args:
        kind: Its class.
        fields: Attributes that came as data.
        names: Further attributes, which can be asked for.
        methods: Methods that can be called, special ones included.
        reference: The object's number among those that the process keeps; None where nothing can be asked.
        asked: That process.
    """
    able = methods if reference is not None and asked is not None else ()
    special = frozenset(SPECIAL_METHODS).intersection(able)
    return _view_class(kind, special)(fields, names, able, reference, asked)


def reference_of(value: Any) -> int | None:
    """The number under which the student's process keeps what a view is of; None for any other value."""
    return value._reference if isinstance(value, HeldView) else None


def is_table(value: Any) -> bool:
    """Whether a value is a DataFrame or a Series of pandas; no object of a student's is, whatever it has."""
    return not isinstance(value, (HeldView, type)) and hasattr(value, "iloc") and hasattr(value, "memory_usage")


def size_bytes(value: Any) -> int:
    """Of an array or a table, its texts included; 0 for anything else."""
    if is_table(value):
        return int(np.sum(value.memory_usage(deep=True)))
    return value.nbytes if isinstance(value, np.ndarray) else 0


def _special(name: str) -> Callable[..., Any]:
    def method(self: ObjectView, *arguments: Any, **keywords: Any) -> Any:
        shown = f"{type(self).__name__}.{name}"
        return self._asked.call(self._reference, name, shown, arguments, keywords)

    method.__name__ = name
    return method


def _operator(name: str) -> Callable[..., Any]:
    def method(self: ObjectView, other: object) -> Any:
        # With a number of the case's, a difference that the student's process computes could always be 0.
        return _special(name)(self, other) if isinstance(other, ObjectView) else NotImplemented

    method.__name__ = name
    return method


def _length(self: ObjectView) -> int:
    length = _special("__len__")(self)
    if not isinstance(length, (int, np.integer)) or not 0 <= length <= MAX_LENGTH:  # a dataset's is one of NumPy's
        raise ValueError(f"the length of {type(self).__name__} is none from 0 to {MAX_LENGTH:,}")
    return int(length)


def _next(self: ObjectView) -> Any:
    """The next item: the process answers with a tuple of it, or an empty one at the end."""
    self.__dict__["_taken"] += 1
    if self._taken > MAX_TAKEN:
        raise TooManyItems(
            _("`{kind}` gives more than the {most:,} items that a check takes. Does it end?").format(
                kind=type(self).__name__, most=MAX_TAKEN
            )
        )
    items = _special("__next__")(self)
    if type(items) is not tuple or not items:
        raise StopIteration
    return items[0]


def _iterator(self: ObjectView) -> Iterator[Any]:
    return self if "__next__" in self._methods else iter(_special("__iter__")(self))


_OWN: dict[str, Callable[..., Any]] = {
    **{each: _operator(each) for each in _ARITHMETIC},
    **{"__len__": _length, "__next__": _next, "__iter__": _iterator},
}


@lru_cache(maxsize=1_000)
def _view_class(kind: str, special: frozenset[str]) -> Any:
    """A class of this name with these special methods, which Python looks up there alone."""
    # `in` would otherwise search through what the student's process answers.
    return type(
        kind, (ObjectView,), {"__contains__": None, **{each: _OWN.get(each) or _special(each) for each in special}}
    )
