"""The language of what students read: texts are looked up in the catalogue of the language in use. Both sides.

The texts in the code are English, and are the catalogue's keys. Each is a constant, and `str.format` puts values
into its named fields after the lookup, so that nothing of a student's is ever looked up or read as a template.
"""

from __future__ import annotations

import gettext as catalogues
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

__all__ = ["LANGUAGES", "N_", "gettext", "in_language", "language_in_use", "ngettext", "pattern_of", "spellings"]

LANGUAGES = ("en", "de")
LOCALE = Path(__file__).parent / "locale"

_language: ContextVar[str] = ContextVar("language", default="en")


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Have texts that are made in the block in one of `LANGUAGES`; other threads keep theirs."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def language_in_use() -> str:
    """One of `LANGUAGES`."""
    return _language.get()


def gettext(text: str, /) -> str:
    """A text, a constant, in the language in use."""
    return _catalogue(_language.get()).gettext(text)


def ngettext(one: str, several: str, number: float, /) -> str:
    """A text in the language in use, for a number: in English `one` for 1 and `several` for all else."""
    return _catalogue(_language.get()).ngettext(one, several, 1 if number == 1 else 2)


def N_(text: str, /) -> str:  # noqa: N802 - the name that extractors of catalogues know
    """The text as it is: marks a constant that `gettext` looks up later."""
    return text


@cache
def spellings(text: str) -> tuple[str, ...]:
    """A text in all languages, to find it in what was made in any of them."""
    return tuple(dict.fromkeys(_catalogue(language).gettext(text) for language in LANGUAGES))


def pattern_of(text: str, **fields: str) -> str:
    """A regular expression for a text in any language, with one for each of its fields."""
    escaped = (re.sub(r"\\{(\w+)\\}", lambda field: fields[field[1]], re.escape(each)) for each in spellings(text))
    return f"(?:{'|'.join(escaped)})"


@cache
def _catalogue(language: str) -> catalogues.NullTranslations:
    return catalogues.translation("autograder", LOCALE, [language], fallback=True)
