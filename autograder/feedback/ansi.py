"""Terminal text to HTML: colours as classes of the style sheet, no other escape sequences. Trusted side."""

from __future__ import annotations

import re
from itertools import zip_longest

from markupsafe import Markup, escape

from autograder.feedback.safe_text import scrub

__all__ = ["ansi_html", "without_ansi"]

# A colour sequence (group 1 holds its codes), else any other control sequence, operating system command or escape.
_ESCAPE = re.compile(r"\x1b\[([0-9;]{0,40})m|\x1b\[[0-?]*[ -/]*[@-~]?|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]?")


def ansi_html(text: str) -> Markup:
    """Escaped `text` with its foreground colours and bold as `<span class="…">`; backgrounds are ignored."""
    shown: list[str] = []
    colour, bold = "", False
    pieces = _ESCAPE.split(text)  # in turn: text, and the codes of the colour sequence behind it (None of another one)
    for piece, codes in zip_longest(pieces[::2], pieces[1::2]):
        if piece:
            classes = " ".join(filter(None, (colour, "ansi-bold" if bold else "")))
            escaped = str(escape(scrub(piece)))
            shown.append(f'<span class="{classes}">{escaped}</span>' if classes else escaped)
        if codes is not None:
            colour, bold = _after(codes, colour, bold)
    return Markup("".join(shown))  # noqa: S704 - every piece is escaped


def without_ansi(text: str) -> str:
    """`text` without escape sequences."""
    return _ESCAPE.sub("", text)


def _after(codes: str, colour: str, bold: bool) -> tuple[str, bool]:
    """Colour class and boldness after the sequence that sets `codes`."""
    numbers = [int(code or 0) % 1000 for code in codes.split(";")]
    while numbers:
        code = numbers.pop(0)
        if code == 0:
            colour, bold = "", False
        elif code in (1, 22):
            bold = code == 1
        elif code == 39:
            colour = ""
        elif 30 <= code <= 37 or 90 <= code <= 97:
            colour = _class(code % 10)
        elif code in (38, 48):
            kind, arguments = (numbers[0], numbers[1:]) if numbers else (0, [])
            if kind == 5:
                numbers, found = arguments[1:], _indexed(*arguments[:1])
            elif kind == 2:
                numbers, found = arguments[3:], _nearest(arguments[:3])
            else:
                numbers, found = [], ""
            colour = found if code == 38 else colour
    return colour, bold


def _class(number: int) -> str:
    """One of the six hues; black and white are the page's own text colour, so that nothing can be invisible."""
    return f"ansi-{number}" if 1 <= number <= 6 else ""


def _indexed(number: int = 0) -> str:
    """A colour of the 256: 16 named, a 6×6×6 cube, greys."""
    if number < 16:
        return _class(number % 8)
    if number > 231:
        return ""
    number -= 16
    return _nearest([number // 36 * 51, number // 6 % 6 * 51, number % 6 * 51])


def _nearest(rgb: list[int]) -> str:
    if len(rgb) < 3 or max(rgb) - min(rgb) < 40:
        return ""
    middle = (max(rgb) + min(rgb)) / 2
    return _class(sum(1 << place for place, value in enumerate(rgb) if value > middle))
