"""Removes from a text what could steer a terminal, reverse a line or break an encoding. Trusted side."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from autograder.language import gettext as _
from autograder.language import ngettext
from autograder.records import rounded

__all__ = ["CODE", "cut", "inline", "points", "scrub", "size"]

# Control characters (XML forbids most), bidirectional overrides and isolates, lone surrogates, non-characters.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
CODE = re.compile("`([^`\n]+)`")


def scrub(text: str) -> str:
    """`text` with every unsafe character shown as U+FFFD, and line ends as newlines."""
    return _UNSAFE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def cut(text: str, limit: int) -> str:
    """`text`, or its beginning and end with a line between them that says how much is missing.

    The end gets a quarter of `limit` (in characters): a traceback's last lines say what happened.
    """
    if len(text) <= limit:
        return text
    tail = limit // 4
    missing = size(len(text) - limit)
    note = _("… {size} not shown …").format(size=missing)
    return f"{text[: limit - tail]}\n{note}\n{text[-tail:] if tail else ''}"


def size(characters: int) -> str:
    """A number of characters (about as many bytes) in words: `1.2 MB`."""
    if characters < 1000:
        return ngettext("{number} character", "{number} characters", characters).format(number=characters)
    return f"{characters / 1000:.0f} kB" if characters < 999_500 else f"{characters / 1e6:.1f} MB"


def points(value: float) -> str:
    """Points as they are read: `4`, `7.5`, `0.33`."""
    return str(rounded(value))


def inline(text: str) -> Markup:
    """Our messages' one piece of markup: what stands between backticks is code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(scrub(text)))))  # noqa: S704 - escaped before
