from __future__ import annotations

import pytest

from autograder.feedback.ansi import ansi_html
from autograder.feedback.safe_text import cut, inline, points, scrub, size


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("score\u202e01", "score\ufffd01"),
        ("\u2066x\u2069", "\ufffdx\ufffd"),
        ("\x00\x07\x1b\x7f\x9b", "\ufffd" * 5),
        ("\ud800", "\ufffd"),
        ("\ufffe\uffff", "\ufffd\ufffd"),
        ("naïve 数字 🙂 \u200f", "naïve 数字 🙂 \u200f"),
    ],
)
def test_scrub_replaces_what_steers_or_breaks(text: str, expected: str) -> None:
    assert scrub(text) == expected
    assert scrub(text).encode()


def test_cut_keeps_beginning_and_end_and_says_how_much_is_missing() -> None:
    shown = cut("a" * 1_200_000 + "end", 1000)
    assert shown.startswith("a" * 750 + "\n")
    assert shown.endswith("end")
    assert "… 1.2 MB not shown …" in shown
    assert cut("short", 5) == "short"
    assert cut("longer", 0) == "\n… 6 characters not shown …\n"


@pytest.mark.parametrize(
    ("characters", "expected"),
    [(1, "1 character"), (999, "999 characters"), (1000, "1 kB"), (999_500, "1.0 MB"), (50_000_000, "50.0 MB")],
)
def test_size(characters: int, expected: str) -> None:
    assert size(characters) == expected


def test_points_are_short() -> None:
    assert [points(value) for value in (4.0, 7.5, 1 / 3, 0)] == ["4", "7.5", "0.33", "0"]


def test_inline_escapes_and_marks_code() -> None:
    assert inline("`cnn2` <b> `a<b`") == "<code>cnn2</code> &lt;b&gt; <code>a&lt;b</code>"
    assert inline("`a\nb`") == "`a\nb`"
    assert inline("\u202e`\ud800`") == "\ufffd<code>\ufffd</code>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m <b>", '<span class="ansi-1">red</span> &lt;b&gt;'),
        ("\x1b[1;34mx", '<span class="ansi-4 ansi-bold">x</span>'),
        ("\x1b[1mx\x1b[22my", '<span class="ansi-bold">x</span>y'),
        ("\x1b[38;5;34mgreen\x1b[39m.", '<span class="ansi-2">green</span>.'),
        ("\x1b[38;2;250;10;10mred", '<span class="ansi-1">red</span>'),
        ("\x1b[30mblack\x1b[97mwhite", "blackwhite"),  # nothing can be written invisibly
        ("\x1b[48;5;1;31mx", '<span class="ansi-1">x</span>'),  # a background's colour is not the text's
        ("\x1b[38;5mx\x1b[38mx\x1b[38;9;9mx", "xxx"),
        ("\x1b[2J\x1b[1;1Hx\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x1b\\", "xlink"),
        ("\x1b", ""),
        ("\x1b[31m\u202e\x1b[0m", '<span class="ansi-1">\ufffd</span>'),
    ],
)
def test_ansi(text: str, expected: str) -> None:
    assert ansi_html(text) == expected
