"""Which texts a spreadsheet would take for a formula, whatever stands before the sign. Both sides."""

from __future__ import annotations

import unicodedata

__all__ = ["begins_formula"]

_SIGNS = ("=", "+", "-", "@", "\u2212")
_INVISIBLE = ("Zs", "Zl", "Zp", "Cc", "Cf", "Cn", "Co", "Mn", "Me")
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"
"""Shown as nothing, though Unicode has them as letters and symbols: Hangul's fillers, Braille's empty pattern."""


def begins_formula(text: str) -> bool:
    """Whether the first character that one sees is a formula's, in any width, or a tab or a line end is before it."""
    for letter in text:
        if letter in "\t\r\n":
            return True
        if letter not in _BLANK_LETTERS and unicodedata.category(letter) not in _INVISIBLE:
            return unicodedata.normalize("NFKC", letter).startswith(_SIGNS)
    return False
