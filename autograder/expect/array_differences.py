"""Says how an array differs from the expected one, in the words of the usual mistakes. Both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from autograder.language import N_, ngettext
from autograder.language import gettext as _

__all__ = ["UNEXPLAINED", "close", "difference"]

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]

NEARLY = 0.01
"""Up to this share of the values' size, an array is nearly right."""

UNEXPLAINED = N_("Compute that one by hand, and compare.")
"""How the text ends where no usual mistake explains the difference."""

_FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    N_("is the square of what is expected"): np.square,
    N_("is the square root of what is expected"): np.sqrt,
    N_("is the exponential of what is expected"): np.exp,
    N_("is the logarithm of what is expected"): np.log,
    N_("is one divided by what is expected"): lambda expected: 1 / expected,
    N_("is 1 minus what is expected"): lambda expected: 1 - expected,
}
_CONSTANTS: dict[str, Callable[..., Array]] = {
    N_("sum to the same number"): np.sum,
    N_("have the mean 0"): lambda array, axis: np.round(np.mean(array, axis=axis), 4),
    N_("have the same length"): lambda array, axis: np.sqrt(np.sum(np.square(array), axis=axis)),
    N_("have the same maximum"): np.max,
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
        return _("has shape {shape}, expected {expected_shape}: {of_shapes}").format(
            shape=given.shape, expected_shape=expected.shape, of_shapes=_of_shapes(given, expected, tolerance, sources)
        )
    right = _matching(given, expected, tolerance)
    if right.all():
        return ""
    if (given.dtype.kind == "b") != (expected.dtype.kind == "b"):
        return _("holds {dtype} values, expected {expected_dtype}. Convert it, or compare.").format(
            dtype=given.dtype, expected_dtype=expected.dtype
        )
    place = np.unravel_index(int(np.argmin(right)), right.shape)
    example = _("{given}, expected {expected}").format(given=_shown(given[place]), expected=_shown(expected[place]))
    at = f"[{', '.join(map(str, place))}]" if given.ndim else ""
    if given.dtype.kind in "iufc" and expected.dtype.kind in "iufc":
        strange = ~np.isfinite(given) & np.isfinite(expected)
        if strange.any():
            return _(
                "is NaN or infinite in {count:,} of {size:,} places. Look for a division by 0, the logarithm of "
                "0, or an overflow."
            ).format(count=int(strange.sum()), size=given.size)
        usual = next(_usual(given, expected, tolerance), "")
        if usual:
            return (
                _("{usual} (`{at}` is {example}).").format(usual=usual, at=at, example=example)
                if at
                else _("{usual} (it is {example}).").format(usual=usual, example=example)
            )
    if not at:
        return _("is {example}. {unexplained}").format(example=example, unexplained=_(UNEXPLAINED))
    return ngettext(
        "is wrong in {wrong:,} of {number} place: `{at}` is {example}. {step}",
        "is wrong in {wrong:,} of {number} places: `{at}` is {example}. {step}",
        given.size,
    ).format(number=given.size, wrong=int((~right).sum()), at=at, example=example, step=_(UNEXPLAINED))


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
                if given.ndim == 2:
                    return _("it is transposed, give its `.T`.")
                return _("it is transposed, use `np.transpose(…, {order})`.").format(order=order)
    if close(given.squeeze(), expected.squeeze(), tolerance):
        if given.ndim > expected.ndim:
            return _("the values are right, drop the axis of length 1.")
        return _("the values are right, keep the axis of length 1 (`keepdims=True`).")
    if given.size == expected.size and close(given.ravel(), expected.ravel(), tolerance):
        return _("the values are right, reshape it.")
    for source in set(sources) - {given.shape, expected.shape}:
        without = [source[:axis] + source[axis + 1 :] for axis in range(len(source))]
        kept = [(*source[:axis], 1, *source[axis + 1 :]) for axis in range(len(source))]
        if any(given.shape in each and expected.shape in each for each in (without, kept)):
            return _("it is computed along the wrong axis.")
    long, short = (given, expected) if given.size > expected.size else (expected, given)
    if long.ndim == short.ndim:
        axes = [axis for axis in range(long.ndim) if long.shape[axis] != short.shape[axis]]
        if len(axes) == 1 and long.shape[axes[0]] == short.shape[axes[0]] + 1:
            for left_out, too_many, missing in (
                (0, N_("off by one, the first one is too many."), N_("off by one, the first one is missing.")),
                (-1, N_("off by one, the last one is too many."), N_("off by one, the last one is missing.")),
            ):
                if close(np.delete(long, left_out, axes[0]), short, tolerance):
                    return _(too_many) if long is given else _(missing)
            return _("off by one along axis {axes}. Check where it begins and ends.").format(axes=axes[0])
    if given.ndim == 2 and given.shape == (expected.size, expected.size) and expected.ndim <= 2:
        return _("a row and a column were combined into a table. Give both the same shape first.")
    if sorted(given.shape) == sorted(expected.shape):
        return _("check along which axis it is computed.")
    return _("print the shapes of what it is computed from.")


def _usual(given: Array, expected: Array, tolerance: float) -> Iterator[str]:
    """The usual mistakes that explain all values."""

    def equal(other: Array) -> bool:
        return close(given, other, tolerance)

    telling = np.unique(expected[np.isfinite(expected)]).size > 1  # one number alone is any multiple of another
    if not given.any() and expected.any():
        yield _("is 0 everywhere") if given.ndim else _("is 0")
    if given.dtype.kind in "iu" and equal(np.trunc(expected)):
        yield _("has lost its decimals, as integers do")
    if given.ndim == 2 and equal(expected.T):
        yield _("is transposed")
    if expected.any() and equal(-expected):
        yield _("has the wrong sign")
    for axis in range(given.ndim):
        if given.shape[axis] > 1 and equal(np.flip(expected, axis)):
            yield _("is in reverse order along axis {axis}").format(axis=axis)
        inner, outer = np.arange(given.shape[axis] - 1), np.arange(1, given.shape[axis])
        for one, other in ((inner, outer), (outer, inner)) if telling and len(inner) > 1 else ():
            if close(np.take(given, one, axis), np.take(expected, other, axis), tolerance):
                yield _("is off by one place along axis {axis}").format(axis=axis)
    if given.size > 1 and telling:
        nonzero = (expected != 0) & np.isfinite(expected)
        factors = given[nonzero] / expected[nonzero]
        if factors.size and abs(factors[0] - 1) > NEARLY and equal(expected * factors[0]):
            yield _factor(float(np.real(factors[0])), given.shape)
        shift = np.ravel(given - expected)[0]
        if equal(expected + shift):
            by = _shown(abs(shift))
            yield (
                _("is {by} too large everywhere").format(by=by)
                if shift > 0
                else _("is {by} too small everywhere").format(by=by)
            )
    elif not telling:
        for factor in {2, 0.5, *map(float, given.shape), *(1 / size for size in given.shape if size)} - {1.0}:
            if expected.any() and equal(expected * factor):
                yield _factor(factor, given.shape)
        for shift in (1, -1):
            if expected.dtype.kind in "iu" and equal(expected + shift):
                yield _("is off by one: one too large") if shift > 0 else _("is off by one: one too small")
    if telling:
        yield from (_(words) for words, function in _FUNCTIONS.items() if equal(function(expected)))
        if close(np.abs(given), np.abs(expected), tolerance):
            yield _("has the wrong sign in {count:,} of {size:,} places").format(
                count=int((given * expected < 0).sum()), size=given.size
            )
    for words, constant in _CONSTANTS.items():
        same = [[_is_constant(constant(each, axis=axis)) for axis in range(given.ndim)] for each in (given, expected)]
        if given.ndim > 1 and telling and sum(same[0]) == sum(same[1]) == 1 and same[0] != same[1]:
            axis = same[1].index(True)
            yield _("is computed along the wrong axis: the values along axis {axis} should {words}").format(
                axis=axis, words=_(words)
            )
    if telling and close(np.sort(given, axis=None), np.sort(expected, axis=None), tolerance):
        yield _("has the right values in another order")
    yield from (
        ngettext("is rounded to {number} decimal", "is rounded to {number} decimals", digits).format(number=digits)
        for digits in range(5)
        if equal(np.round(expected, digits))
    )
    if close(given, expected, NEARLY) and expected.dtype.kind in "fc":
        yield _("is nearly right, up to {max:.2g} off").format(max=np.abs(given - expected).max())


def _is_constant(values: Array) -> bool:
    return bool(np.allclose(values, np.ravel(values)[0], rtol=1e-4, atol=1e-6))


def _factor(factor: float, shape: Shape) -> str:
    """What a common factor tells."""
    for size in sorted({*shape, int(np.prod(shape))}):
        if size > 1 and np.isclose(factor, size, rtol=1e-4):
            return _("is {size} times too large, the length of an axis: is a mean asked for?").format(size=size)
        if size > 1 and np.isclose(factor, 1 / size, rtol=1e-4):
            return _("is {size} times too small, the length of an axis: is a sum asked for?").format(size=size)
        if size > 1 and np.isclose(factor, size / (size - 1), rtol=1e-6):
            return _("is divided by {number} where {size} is right").format(number=size - 1, size=size)
        if size > 1 and np.isclose(factor, (size - 1) / size, rtol=1e-6):
            return _("is divided by {size} where {number} is right").format(size=size, number=size - 1)
    return _("is {factor:.4g} times what is expected").format(factor=factor)


def _shown(value: Any) -> str:
    """A number, or a short text."""
    item = value.item() if isinstance(value, (np.generic, np.ndarray)) and np.ndim(value) == 0 else value
    return f"{item:.6g}" if isinstance(item, (float, complex)) else repr(item)[:40]
