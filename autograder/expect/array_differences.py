"""Says how an array differs from the expected one, in the words of the usual mistakes. Both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from autograder.wording import counted

__all__ = ["UNEXPLAINED", "close", "difference"]

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]

NEARLY = 0.01
"""Up to this share of the values' size, an array is nearly right."""

UNEXPLAINED = "Compute that one by hand, and compare."
"""How the text ends where no usual mistake explains the difference."""

_FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "the square of": np.square,
    "the square root of": np.sqrt,
    "the exponential of": np.exp,
    "the logarithm of": np.log,
    "one divided by": lambda expected: 1 / expected,
    "1 minus": lambda expected: 1 - expected,
}
_CONSTANTS: dict[str, Callable[..., Array]] = {
    "sum to the same number": np.sum,
    "have the mean 0": lambda array, axis: np.round(np.mean(array, axis=axis), 4),
    "have the same length": lambda array, axis: np.sqrt(np.sum(np.square(array), axis=axis)),
    "have the same maximum": np.max,
}
"""What softmax and other normalisations make so for each row; along another axis it is not so."""


@np.errstate(all="ignore")
def close(given: Array, expected: Array, tolerance: float) -> bool:
    """Whether two arrays of the same shape hold the same values, but for rounding."""
    return given.shape == expected.shape and bool(_matching(given, expected, tolerance).all())


@np.errstate(all="ignore")
def difference(given: Array, expected: Array, tolerance: float, sources: Sequence[Shape] = ()) -> str:
    """What is wrong with an array, to follow its name; empty where nothing is.

    Args:
        given: The student's array.
        expected: The right one.
        tolerance: Share of a value, or of the values' mean size, that rounding may change.
        sources: Shapes of the arrays that it is computed from.
    """
    if given.shape != expected.shape:
        return f"has shape {given.shape}, expected {expected.shape}: {_of_shapes(given, expected, tolerance, sources)}"
    right = _matching(given, expected, tolerance)
    if right.all():
        return ""
    if (given.dtype.kind == "b") != (expected.dtype.kind == "b"):
        return f"holds {given.dtype} values, expected {expected.dtype}. Convert it, or compare."
    place = np.unravel_index(int(np.argmin(right)), right.shape)
    example = f"{_shown(given[place])}, expected {_shown(expected[place])}"
    at = f"[{', '.join(map(str, place))}]" if given.ndim else ""
    if given.dtype.kind in "iufc" and expected.dtype.kind in "iufc":
        strange = ~np.isfinite(given) & np.isfinite(expected)
        if strange.any():
            return (
                f"is NaN or infinite in {int(strange.sum()):,} of {given.size:,} places. "
                "Look for a division by 0, the logarithm of 0, or an overflow."
            )
        usual = next(_usual(given, expected, tolerance), "")
        if usual:
            return f"{usual}{f' (`{at}` is {example})' if at else f' (it is {example})'}."
    if not at:
        return f"is {example}. {UNEXPLAINED}"
    places = f"{int((~right).sum()):,} of {counted(given.size, 'place')}"
    return f"is wrong in {places}: `{at}` is {example}. {UNEXPLAINED}"


def _matching(given: Array, expected: Array, tolerance: float) -> Array:
    """Where two arrays of the same shape are the same, but for rounding."""
    if given.dtype.kind not in "biufc" or expected.dtype.kind not in "biufc":
        return np.asarray(given == expected)
    if given.dtype.kind in "iu" and expected.dtype.kind in "iu":
        return np.asarray(given == expected)
    if "b" in (given.dtype.kind, expected.dtype.kind):
        return np.asarray((given == expected) & (given.dtype == expected.dtype))
    finite = np.abs(expected[np.isfinite(expected)])
    scale = float((finite / finite.size).sum()) if finite.any() else 1.0  # a sum of the largest would overflow
    return np.isclose(given, expected, rtol=tolerance, atol=tolerance * scale, equal_nan=True)


def _of_shapes(given: Array, expected: Array, tolerance: float, sources: Sequence[Shape]) -> str:
    """What is behind another shape, and what to do next."""
    if 2 <= given.ndim == expected.ndim <= 4:
        for order in permutations(range(given.ndim)):
            if close(given.transpose(order), expected, tolerance):
                step = "give its `.T`" if given.ndim == 2 else f"use `np.transpose(…, {order})`"
                return f"it is transposed, {step}."
    if close(given.squeeze(), expected.squeeze(), tolerance):
        if given.ndim > expected.ndim:
            return "the values are right, drop the axis of length 1."
        return "the values are right, keep the axis of length 1 (`keepdims=True`)."
    if given.size == expected.size and close(given.ravel(), expected.ravel(), tolerance):
        return "the values are right, reshape it."
    for source in set(sources) - {given.shape, expected.shape}:
        without = [source[:axis] + source[axis + 1 :] for axis in range(len(source))]
        kept = [(*source[:axis], 1, *source[axis + 1 :]) for axis in range(len(source))]
        if any(given.shape in each and expected.shape in each for each in (without, kept)):
            return "it is computed along the wrong axis."
    long, short = (given, expected) if given.size > expected.size else (expected, given)
    if long.ndim == short.ndim:
        axes = [axis for axis in range(long.ndim) if long.shape[axis] != short.shape[axis]]
        if len(axes) == 1 and long.shape[axes[0]] == short.shape[axes[0]] + 1:
            for where, left_out in (("first", 0), ("last", -1)):
                if close(np.delete(long, left_out, axes[0]), short, tolerance):
                    return f"off by one, the {where} one is {'too many' if long is given else 'missing'}."
            return f"off by one along axis {axes[0]}. Check where it begins and ends."
    if given.ndim == 2 and given.shape == (expected.size, expected.size) and expected.ndim <= 2:
        return "a row and a column were combined into a table. Give both the same shape first."
    if sorted(given.shape) == sorted(expected.shape):
        return "check along which axis it is computed."
    return "print the shapes of what it is computed from."


def _usual(given: Array, expected: Array, tolerance: float) -> Iterator[str]:
    """The usual mistakes that explain all values."""

    def equal(other: Array) -> bool:
        return close(given, other, tolerance)

    telling = np.unique(expected[np.isfinite(expected)]).size > 1  # one number alone is any multiple of another
    if not given.any() and expected.any():
        yield "is 0 everywhere" if given.ndim else "is 0"
    if given.dtype.kind in "iu" and equal(np.trunc(expected)):
        yield "has lost its decimals, as integers do"
    if given.ndim == 2 and equal(expected.T):
        yield "is transposed"
    if expected.any() and equal(-expected):
        yield "has the wrong sign"
    for axis in range(given.ndim):
        if given.shape[axis] > 1 and equal(np.flip(expected, axis)):
            yield f"is in reverse order along axis {axis}"
        inner, outer = np.arange(given.shape[axis] - 1), np.arange(1, given.shape[axis])
        for one, other in ((inner, outer), (outer, inner)) if telling and len(inner) > 1 else ():
            if close(np.take(given, one, axis), np.take(expected, other, axis), tolerance):
                yield f"is off by one place along axis {axis}"
    if given.size > 1 and telling:
        nonzero = (expected != 0) & np.isfinite(expected)
        factors = given[nonzero] / expected[nonzero]
        if factors.size and abs(factors[0] - 1) > NEARLY and equal(expected * factors[0]):
            yield _factor(float(np.real(factors[0])), given.shape)
        shift = np.ravel(given - expected)[0]
        if equal(expected + shift):
            yield f"is {_shown(abs(shift))} too {'large' if shift > 0 else 'small'} everywhere"
    elif not telling:
        for factor in {2, 0.5, *map(float, given.shape), *(1 / size for size in given.shape if size)} - {1.0}:
            if expected.any() and equal(expected * factor):
                yield _factor(factor, given.shape)
        for shift in (1, -1):
            if expected.dtype.kind in "iu" and equal(expected + shift):
                yield f"is off by one: one too {'large' if shift > 0 else 'small'}"
    if telling:
        yield from (
            f"is {words} what is expected" for words, function in _FUNCTIONS.items() if equal(function(expected))
        )
        if close(np.abs(given), np.abs(expected), tolerance):
            yield f"has the wrong sign in {int((given * expected < 0).sum()):,} of {given.size:,} places"
    for words, constant in _CONSTANTS.items():
        same = [[_is_constant(constant(each, axis=axis)) for axis in range(given.ndim)] for each in (given, expected)]
        if given.ndim > 1 and telling and sum(same[0]) == sum(same[1]) == 1 and same[0] != same[1]:
            axis = same[1].index(True)
            yield f"is computed along the wrong axis: the values along axis {axis} should {words}"
    if telling and close(np.sort(given, axis=None), np.sort(expected, axis=None), tolerance):
        yield "has the right values in another order"
    yield from (
        f"is rounded to {counted(digits, 'decimal')}" for digits in range(5) if equal(np.round(expected, digits))
    )
    if close(given, expected, NEARLY) and expected.dtype.kind in "fc":
        yield f"is nearly right, up to {np.abs(given - expected).max():.2g} off"


def _is_constant(values: Array) -> bool:
    return bool(np.allclose(values, np.ravel(values)[0], rtol=1e-4, atol=1e-6))


def _factor(factor: float, shape: Shape) -> str:
    """What a common factor tells."""
    for size in sorted({*shape, int(np.prod(shape))}):
        if size > 1 and np.isclose(factor, size, rtol=1e-4):
            return f"is {size} times too large, the length of an axis: is a mean asked for?"
        if size > 1 and np.isclose(factor, 1 / size, rtol=1e-4):
            return f"is {size} times too small, the length of an axis: is a sum asked for?"
        if size > 1 and np.isclose(factor, size / (size - 1), rtol=1e-6):
            return f"is divided by {size - 1} where {size} is right"
        if size > 1 and np.isclose(factor, (size - 1) / size, rtol=1e-6):
            return f"is divided by {size} where {size - 1} is right"
    return f"is {factor:.4g} times what is expected"


def _shown(value: Any) -> str:
    """A number, or a short text."""
    item = value.item() if isinstance(value, (np.generic, np.ndarray)) and np.ndim(value) == 0 else value
    return f"{item:.6g}" if isinstance(item, (float, complex)) else repr(item)[:40]
