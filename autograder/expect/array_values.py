"""Checks of arrays and of functions that compute them. Both sides."""

from __future__ import annotations

import builtins
import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.expect.array_differences import UNEXPLAINED, difference
from autograder.expect.mismatch import Mismatch, Unusable, require_value
from autograder.expect.reference_record import packed_answer, recorded_answer, unpacked_answer
from autograder.expect.value_kinds import as_array, kind_of, within_numpy
from autograder.language import gettext as _
from autograder.object_view import is_table
from autograder.wording import parted_at_error

__all__ = ["array", "differs", "function", "gradient", "raises"]

Array = np.ndarray[Any, Any]

TOLERANCE = 1e-5
"""Share of a value that rounding in float32 may change."""

SHOWN_ELEMENTS = 12
SHOWN_CHARACTERS = 80
"""An input of more numbers, or a longer one, is described, not printed."""

SHOWN_ARGUMENTS = 200
"""Characters of all inputs together: where it is more, arrays are described, and then the rest is left out."""

GRADIENT_PLACES = 24
GRADIENT_STEP = 1e-5
GRADIENT_TOLERANCE = 1e-3
"""What central differences are right to, of float64; see `gradient`."""

_DTYPES = {"int": np.integer, "float": np.floating, "bool": np.bool_, "number": np.number, "text": np.str_}


def array(
    value: Any,
    expected: Any = None,
    *,
    shape: Sequence[int | None] | None = None,
    dtype: str | None = None,
    tolerance: float = TOLERANCE,
    name: str = "value",
) -> Array:
    """Require an array; a usual mistake (transposed, a factor, the sign, off by one, …) is said as such.

    Args:
        value: What the student calls `name`: an array, a tensor, or where one number is expected that number.
        expected: The right values; None if any will do.
        shape: The right shape, by default that of `expected`; None in it allows any size.
        dtype: A dtype of NumPy's, or `int`, `float`, `bool`, `number` or `text` for any of those.
        tolerance: Share of a value, or of the values' mean size, that rounding may change.
        name: The array's name in the notebook.

    Returns:
        The student's array.

    Raises:
        Mismatch: It is no array, or another one.
    """
    wanted = None if expected is None else np.asarray(expected)
    shape = tuple(shape) if shape is not None else None if wanted is None else wanted.shape
    given = _array(value, shape, name)
    if dtype is not None and not _is_of(given.dtype, dtype):
        raise Mismatch(
            _("`{name}` should hold {dtype} values, received {given_dtype}. Convert it with `astype`.").format(
                name=name, dtype=dtype, given_dtype=given.dtype
            )
        )
    if wanted is not None and (found := difference(given, wanted, tolerance)):
        raise Mismatch(f"`{name}` {found}")
    if shape is not None and (
        len(shape) != given.ndim or any(w not in (None, g) for w, g in zip(shape, given.shape, strict=True))
    ):
        raise Mismatch(
            _("`{name}` has shape {shape}, expected {shape2}. Check along which axis it is computed.").format(
                name=name, shape=given.shape, shape2=shape
            )
        )
    return given


def function(
    function: Any,
    inputs: Callable[[np.random.Generator], Any] | Sequence[Any],
    answers: Callable[..., Any] | Sequence[Any] | None = None,
    *,
    count: int = 20,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    name: str = "function",
) -> None:
    """Require a function that gives the right answers; of the inputs that fail, the smallest one is shown.

    Args:
        function: What the student calls `name`.
        inputs: What draws one input from a random generator, or a list of inputs. A tuple has one item for each
            argument; anything else is the only argument.
        answers: A function that is right, or the right answer to each of the inputs; by default what the reference's
            function answers, which the build records, in a public case for students to read.
        count: How many inputs are drawn.
        seed: Of the generator.
        tolerance: Share of a value that rounding may change.
        name: The function's name in the notebook.

    Raises:
        Mismatch: It is no function, raises, or gives another answer.
    """
    require_function(function, name)
    random = np.random.default_rng(seed)
    drawn = [inputs(random) for _ in range(count)] if callable(inputs) else list(inputs)
    calls = [each if isinstance(each, tuple) else (each,) for each in drawn]
    if answers is None:
        packed = recorded_answer(lambda _run: packed_answer([_call(function, each, name) for each in calls]))
        right = unpacked_answer(packed)
    else:
        right = [answers(*copy.deepcopy(each)) for each in calls] if callable(answers) else list(answers)
    if len(right) != len(calls):
        raise ValueError(f"there must be one answer for each input. Received: {len(right)} and {len(calls)}")
    order = sorted(range(len(calls)), key=lambda at: (_size(calls[at]), at))
    failing = []
    for at in order:
        given = _call(function, calls[at], name)
        if found := differs(given, right[at], f"{name}({_arguments(calls[at])})", tolerance, _shapes(calls[at])):
            failing.append(found)
            if _(UNEXPLAINED) not in found and kind_of(right[at]).kind != "number":
                break  # one number alone tells little
    if failing:
        numbers = all(kind_of(each).kind == "number" for each in right)
        together = (
            [_of_all(function, [calls[at] for at in order], [right[at] for at in order], name)] if numbers else []
        )
        explained = (found for found in (*together, *failing) if found and _(UNEXPLAINED) not in found)
        raise Mismatch(next(explained, failing[0]))


def gradient(
    function: Any,
    of: Callable[..., Any],
    inputs: Sequence[Any],
    *,
    argument: int = 0,
    tolerance: float = GRADIENT_TOLERANCE,
    name: str = "gradient",
) -> None:
    """Require the gradient of a function: what the student's gives is compared with finite differences.

    Args:
        function: What the student calls `name`: the arguments of `of` → the derivative of its value by one of them.
        of: The function of which it is the gradient, the student's or yours; it gives one number. In float64.
        inputs: Inputs to compare at; a tuple has one item for each argument.
        argument: The position of the argument by which it is derived.
        tolerance: Share of the gradient's mean size by which it may be off.
        name: The gradient's name in the notebook.

    Raises:
        Mismatch: It is no function, raises, or gives something else.
    """
    require_function(function, name)
    for each in inputs:
        call = tuple(
            np.array(part, float) if kind_of(part).kind in ("array", "number") else part
            for part in (each if isinstance(each, tuple) else (each,))
        )
        point = call[argument]
        given = _array(_call(function, call, name), point.shape, f"{name}(…)")
        places = np.random.default_rng(0).permutation(point.size)[:GRADIENT_PLACES]
        wanted = np.array([_slope(of, call, argument, np.unravel_index(int(place), point.shape)) for place in places])
        if given.shape != point.shape:
            step = _("Transpose it.") if given.shape == point.shape[::-1] else _("Check the sums in it.")
            raise Mismatch(
                _(
                    "`{name}(…)` has shape {shape}, expected {point_shape}: one derivative for each number of the "
                    "argument. {step}"
                ).format(name=name, shape=given.shape, point_shape=point.shape, step=step)
            )
        if point.size <= GRADIENT_PLACES:
            order = np.argsort(places)
            found = difference(given, wanted[order].reshape(point.shape), tolerance)
        else:
            found = difference(given.ravel()[places], wanted, tolerance)
            found = found.split(" (`[")[0].split(": `[")[0]  # its places are among those drawn
        if found:
            what = found.removesuffix(_(UNEXPLAINED)).rstrip(". ")
            raise Mismatch(
                _("`{name}({arguments})` {what}, by finite differences.").format(
                    name=name, arguments=_arguments(call), what=what
                )
            )


def raises(function: Any, *arguments: Any, error: str = "Exception", message: str = "", name: str = "function") -> None:
    """Require a function that raises an error for some arguments.

    Args:
        function: What the student calls `name`.
        arguments: What it is called with.
        error: The name of the error's class, or of one that it is derived from.
        message: What the error's text must contain.
        name: The function's name in the notebook.

    Raises:
        Mismatch: It returns, or raises another error.
    """
    require_function(function, name)
    what = f"`{name}({_arguments(arguments)})`"
    try:
        given = function(*copy.deepcopy(arguments))
    except Unusable:
        raise
    except Mismatch as mismatch:  # what a student's function raised, as a case sees it
        kind, _colon, text = parted_at_error(str(mismatch))[1].partition(": ")
    except Exception as exception:  # noqa: BLE001 - a function of the case's own may raise anything
        kind, text = type(exception).__name__, str(exception)
    else:
        raise Mismatch(
            _("{what} returns {given}, expected it to raise {error}. Write `raise {error}(…)`.").format(
                what=what, given=kind_of(given), error=error
            )
        )
    if error not in (kind, "Exception") and not _is_derived(kind, error):
        raise Mismatch(
            _("{what} raises {kind}, expected {error}. Raise that one, before anything else fails.").format(
                what=what, kind=kind, error=error
            )
        )
    if message not in text:
        raise Mismatch(
            _("{what} raises {kind} with the text {text!r}, expected {message!r} in it.").format(
                what=what, kind=kind, text=text[:80], message=message
            )
        )


# ---------------------------------------------------------------- any values


def differs(given: Any, expected: Any, name: str, tolerance: float, sources: Sequence[tuple[int, ...]] = ()) -> str:
    """What to say of a value that is not the expected one, containers part by part; empty where it is.

    Args:
        given: The student's.
        expected: The right one: numbers, text, arrays, lists, tuples, dicts, sets, None.
        name: What the message calls it.
        tolerance: Share of a value that rounding may change.
        sources: Shapes of the arrays that it is computed from.
    """
    one, other = kind_of(given), kind_of(expected)
    if other.kind in ("array", "number") and one.kind in ("array", "number"):
        if not (isinstance(given, int) and isinstance(expected, int)):
            given, expected = within_numpy(given), within_numpy(expected)
        found = difference(np.asarray(given), np.asarray(expected), tolerance, sources)
        return f"`{name}` {found}" if found else ""
    if one.kind != other.kind:
        return _("`{name}` should be {other}, got {one}.{step}").format(
            name=name, other=other, one=one, step=_step(one.kind, other.kind)
        )
    if isinstance(expected, dict):
        missing = [key for key in expected if key not in given] or [key for key in given if key not in expected]
        if missing:
            keys = ", ".join(
                [*map(_brief, [*expected][:SHOWN_ELEMENTS]), *(["…"] if len(expected) > SHOWN_ELEMENTS else [])]
            )
            key = _brief(missing[0])
            if missing[0] in expected:
                return _("`{name}` lacks {key}, expected [{keys}].").format(name=name, key=key, keys=keys)
            return _("`{name}` has {key}, expected [{keys}].").format(name=name, key=key, keys=keys)
        parts = ((f"{name}[{key!r}]", given[key], expected[key]) for key in expected)
    elif isinstance(expected, (list, tuple)):
        if len(given) != len(expected):
            return _("`{name}` is {one}, expected {other}.").format(name=name, one=one, other=other)
        parts = ((f"{name}[{at}]", *each) for at, each in enumerate(zip(given, expected, strict=True)))
    else:
        return (
            ""
            if given == expected
            else _("`{name}` is {given}, expected {expected}.").format(
                name=name, given=_brief(given), expected=_brief(expected)
            )
        )
    return next(filter(None, (differs(one, other, part, tolerance, sources) for part, one, other in parts)), "")


def require_function(value: Any, name: str) -> None:
    """Require a function.

    Raises:
        Mismatch: It is something else.
    """
    require_value(value, name)
    if not callable(value) or isinstance(value, type):
        raise Mismatch(
            _("`{name}` should be a function, got {value}. Write `def {name}(…):` and `return`.").format(
                name=name, value=kind_of(value)
            )
        )


def _call(function: Callable[..., Any], arguments: tuple[Any, ...], name: str) -> Any:
    """What a student's function returns."""
    try:
        given = function(*copy.deepcopy(arguments))
    except Unusable:
        raise
    except Mismatch as mismatch:
        text = str(mismatch).rstrip(".")
        raise Mismatch(
            _("{text}. It was called as `{name}({arguments})`.").format(
                text=text, name=name, arguments=_arguments(arguments)
            )
        ) from mismatch
    if given is None or given is Ellipsis:
        what = _("nothing (None)") if given is None else _("the gap `...`")
        raise Mismatch(
            _("`{name}({arguments})` returns {what}. End it with `return` and your answer.").format(
                name=name, arguments=_arguments(arguments), what=what
            )
        )
    return given


def _of_all(function: Callable[..., Any], calls: list[Any], right: list[Any], name: str) -> str:
    """What explains all wrong numbers together, as a common factor does."""
    given = [_call(function, each, name) for each in calls]
    if any(kind_of(each).kind != "number" for each in given):
        return ""
    found = difference(np.array(given), np.array(right), TOLERANCE)
    usual = found.partition(" (`[")[0]
    if usual == found:
        return ""
    return _("`{name}` {usual}: `{name}({arguments})` is {given}, expected {right}.").format(
        name=name, usual=usual, arguments=_arguments(calls[0]), given=_brief(given[0]), right=_brief(right[0])
    )


def _slope(of: Callable[..., Any], call: tuple[Any, ...], argument: int, place: Any) -> float:
    """The derivative by one number, as a central difference."""
    values = []
    for step in (GRADIENT_STEP, -GRADIENT_STEP):
        moved = list(copy.deepcopy(call))
        moved[argument][place] += step
        values.append(float(np.asarray(of(*moved))))
    return (values[0] - values[1]) / (2 * GRADIENT_STEP)


def _array(value: Any, shape: tuple[int | None, ...] | None, name: str) -> Array:
    """An array; a list is none, as students do not compute with it as with one."""
    require_value(value, name)
    given = as_array(value)
    if given is None or (isinstance(value, (list, tuple, set)) and shape != ()):
        wanted = (
            _("an array{shape}").format(shape="" if shape is None else f" {shape}") if shape != () else _("a number")
        )
        one = kind_of(value)
        raise Mismatch(
            _("`{name}` should be {wanted}, got {one}.{step}").format(
                name=name, wanted=wanted, one=one, step=_step(one.kind, "array")
            )
        )
    return given


def _step(given: str, expected: str) -> str:
    """What to do about a wrong kind."""
    if given in ("list", "tuple") and expected == "array":
        return _(" Make it an array: `np.array(…)`.")
    if given == "function":
        return _(" Call it, with its arguments in parentheses.")
    return ""


def _is_of(given: np.dtype[Any], dtype: str) -> bool:
    return np.issubdtype(given, _DTYPES[dtype]) if dtype in _DTYPES else given == np.dtype(dtype)


def _is_derived(kind: str, error: str) -> bool:
    """Whether an error of Python's own is derived from another one."""
    one, other = (getattr(builtins, each, None) for each in (kind, error))
    return isinstance(one, type) and isinstance(other, type) and issubclass(one, other)


# ---------------------------------------------------------------- inputs


def _size(call: tuple[Any, ...]) -> tuple[int, float]:
    """How large an input is: its elements, then how large they are."""
    parts = [as_array(part) for part in call]
    elements = sum(part.size if part is not None else len(str(each)) for part, each in zip(parts, call, strict=True))
    numbers = [np.abs(part).sum() for part in parts if part is not None and part.dtype.kind in "iuf"]
    return elements, float(sum(numbers))


def _shapes(call: tuple[Any, ...]) -> list[tuple[int, ...]]:
    return [part.shape for part in call if isinstance(part, np.ndarray)]


def _arguments(call: tuple[Any, ...]) -> str:
    """Inputs as one readable line."""
    text = ", ".join(map(_brief, call))
    if len(text) > SHOWN_ARGUMENTS:
        text = ", ".join(f"<{kind_of(each)}>" if isinstance(each, np.ndarray) else _brief(each) for each in call)
    return text if len(text) <= SHOWN_ARGUMENTS else f"{text[:SHOWN_ARGUMENTS]}…"


def _brief(value: Any) -> str:
    """A value in one short line, which Python would read again where it is small."""
    if is_table(value):
        return f"<{kind_of(value)}>"
    if isinstance(value, np.ndarray):
        if value.size > SHOWN_ELEMENTS:
            return f"<{kind_of(value)}>"
        lines = np.array2string(value, separator=", ", precision=4, max_line_width=10_000)
        text = f"array({' '.join(lines.split())})"
        return text if len(text) <= 2 * SHOWN_CHARACTERS else f"<{kind_of(value)}>"
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= SHOWN_CHARACTERS else f"<{kind_of(value)}>"
