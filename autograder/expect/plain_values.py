"""Checks of plain values: numbers and dictionaries. Both sides."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from autograder.expect.mismatch import Mismatch, described, require_value
from autograder.language import gettext as _
from autograder.object_view import HeldView

__all__ = ["mapping", "number", "text"]

RELATIVE_ROUNDING_ERROR = 1e-9
LARGEST_NUMBER = 10**300  # larger integers overflow a float


def number(
    value: Any,
    *,
    equal_to: float | None = None,
    tolerance: float = 0.0,
    between: tuple[float, float] | None = None,
    name: str = "value",
) -> float:
    """Require a number.

    Args:
        value: What the student calls `name`: an int, a float, or a NumPy or TensorFlow scalar.
        equal_to: The expected number; None if any will do.
        tolerance: Largest absolute difference from `equal_to`.
        between: The smallest and largest number allowed, such as `(0, 1)` for an accuracy.
        name: The number's name in the notebook.

    Returns:
        The number, as an int if the student's is one.

    Raises:
        Mismatch: It is not a finite number, not in the range, or not the expected one.
    """
    given = _as_number(value, name)
    fraction = between == (0, 1) or (equal_to is not None and 0 < equal_to <= 1 and _close(given / 100, equal_to, 0.01))
    if fraction and 1 < given <= 100:
        raise Mismatch(
            _("`{name}` is {given:g}, which looks like a percentage. Give a fraction such as {number:.4g}.").format(
                name=name, given=given, number=given / 100
            )
        )
    if between is not None and not between[0] <= given <= between[1]:
        raise Mismatch(
            _("`{name}` is {given}, expected a number from {between:g} to {between2:g}. Check it.").format(
                name=name, given=_shown(given), between=between[0], between2=between[1]
            )
        )
    if equal_to is not None and not _close(given, equal_to, tolerance):
        digits = 6 if f"{given:.6g}" != f"{equal_to:.6g}" else 15
        expected = f"{_shown(equal_to, digits)}{f' ± {tolerance:g}' if tolerance else ''}"
        raise Mismatch(
            _("`{name}` is {given}, expected {expected}. Check how you got it.").format(
                name=name, given=_shown(given, digits), expected=expected
            )
        )
    return given


def mapping(value: Any, keys: Sequence[Hashable], *, name: str = "value") -> dict[Any, Any]:
    """Require a dictionary with certain keys; it may have more.

    Args:
        value: What the student calls `name`.
        keys: The keys that it must have.
        name: The dictionary's name in the notebook.

    Returns:
        The required keys with the student's values, which may be anything.

    Raises:
        Mismatch: It is something else, or a key is missing or has no value.
    """
    require_value(value, name)
    if not isinstance(value, Mapping):
        example = f"{{{keys[0]!r}: …}}" if keys else "{…}"
        raise Mismatch(
            _("`{name}` should be a dictionary like `{example}`, received {value}.").format(
                name=name, example=example, value=described(value)
            )
        )
    given = dict(value)
    missing = [key for key in keys if key not in given]
    if missing:
        lacking = ", ".join(repr(key) for key in missing)
        if not given:
            raise Mismatch(
                _("`{name}` lacks {lacking}; it is empty. Add what is missing, spelled like this.").format(
                    name=name, lacking=lacking
                )
            )
        keys = ", ".join(described(key) for key in list(given)[:8])
        raise Mismatch(
            _("`{name}` lacks {lacking}; its keys are {keys}. Add what is missing, spelled like this.").format(
                name=name, lacking=lacking, keys=keys
            )
        )
    for key in keys:
        require_value(given[key], f"{name}[{key!r}]")
    return {key: given[key] for key in keys}


def text(
    value: Any,
    equal_to: str | None = None,
    *,
    contains: Sequence[str] = (),
    pattern: str | None = None,
    name: str = "text",
) -> str:
    """Require a text; small and capital letters, and how many spaces there are, do not matter.

    Args:
        value: What the student calls `name`.
        equal_to: The right text; None if any will do.
        contains: What must be in it.
        pattern: A regular expression that must match somewhere in it, as it was written.
        name: The text's name in the notebook.

    Returns:
        The student's text.

    Raises:
        Mismatch: It is no text, or another one.
    """
    require_value(value, name)
    if not isinstance(value, str):
        raise Mismatch(
            _("`{name}` should be text, received {value}. Put it in quotation marks.").format(
                name=name, value=described(value)
            )
        )
    given = _plain(value)
    if equal_to is not None and given != _plain(equal_to):
        raise Mismatch(
            _("`{name}` is {value}, expected {equal_to}. {where_texts_part}").format(
                name=name,
                value=_quoted(value),
                equal_to=_quoted(equal_to),
                where_texts_part=_where_texts_part(value, equal_to),
            )
        )
    missing = [part for part in contains if _plain(part) not in given]
    if missing:
        raise Mismatch(
            _("`{name}` lacks {missing}, it is {value}. Add what is missing.").format(
                name=name, missing=_quoted(missing[0]), value=_quoted(value)
            )
        )
    if pattern is not None and not re.search(pattern, value):
        raise Mismatch(
            _("`{name}` is {value}, which is not of the form that is asked for. Compare it with that.").format(
                name=name, value=_quoted(value)
            )
        )
    return value


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def _where_texts_part(given: str, expected: str) -> str:
    """The first word that differs."""
    one, other = given.split(), expected.split()
    at = next((at for at, pair in enumerate(zip(one, other, strict=False)) if _plain(pair[0]) != _plain(pair[1])), None)
    if at is None:
        return _("It ends too early.") if len(one) < len(other) else _("It goes on too long.")
    return _("Word {number} differs.").format(number=at + 1)


def _as_number(value: Any, name: str) -> float:
    """The number that a value is."""
    require_value(value, name)
    wrong = _("`{name}` should be a number, received {value}.").format(name=name, value=described(value))
    if type(value) is bool:
        raise Mismatch(_("{wrong} Give the number, not a comparison.").format(wrong=wrong))
    if isinstance(value, str):
        if "," in value:
            raise Mismatch(_("{wrong} Leave out the quotation marks and the comma.").format(wrong=wrong))
        raise Mismatch(_("{wrong} Leave out the quotation marks.").format(wrong=wrong))
    if isinstance(value, (list, tuple)):
        step = (
            _("Give the number itself: `{name}[0]`.").format(name=name)
            if len(value) == 1
            else _("Give one number of it.")
        )
        raise Mismatch(f"{wrong} {step}")
    given = value
    if not isinstance(value, (int, float)):
        # Scalars of NumPy and TensorFlow have an empty shape.
        if isinstance(value, HeldView) or getattr(value, "shape", None) != ():
            raise Mismatch(_("{wrong} Give one number.").format(wrong=wrong))
        try:
            given = value.item() if hasattr(value, "item") else float(value)
        except (TypeError, ValueError, AttributeError):
            given = None
        if type(given) not in (int, float):
            raise Mismatch(_("{wrong} Give one number.").format(wrong=wrong))
    if isinstance(given, int) and abs(given) > LARGEST_NUMBER:
        raise Mismatch(
            _("`{name}` is {count}, far too large. Check how you got it.").format(
                name=name, count=described(int(given))
            )
        )
    if not math.isfinite(given):
        raise Mismatch(
            _("`{name}` is {given}, expected a finite number. Check how you got it.").format(name=name, given=given)
        )
    return int(given) if isinstance(given, int) else float(given)


def _close(given: float, expected: float, tolerance: float) -> bool:
    return abs(given - expected) <= tolerance + RELATIVE_ROUNDING_ERROR * max(1.0, abs(expected))


def _shown(number: float, digits: int = 6) -> str:
    """A number as text: integers with thousands separators."""
    return f"{number:,}" if isinstance(number, int) and abs(number) < 10**15 else f"{number:.{digits}g}"
