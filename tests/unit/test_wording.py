"""Numbers and lists as a person would write them."""

from __future__ import annotations

import pytest

from autograder.wording import counted, listed, one_line, shortened


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0 points"), (1, "1 point"), (1.0, "1 point"), (2, "2 points"), (0.5, "0.5 points"), (1 / 3, "0.33 points")],
)
def test_a_noun_agrees_with_its_number(number, expected):
    assert counted(number, "point") == expected


def test_lists():
    assert [listed("abc"[:length]) for length in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert [shortened("abc", most) for most in (3, 2)] == ["a, b, c", "a, b, …"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no such\n  file\r\n", "no such file"),
        ("a\x1b[31m\u202eb", "a�[31m�b"),
        ("x" * 300, "x" * 199 + "…"),
        ("", ""),
    ],
)
def test_a_foreign_text_on_one_line(text, expected):
    assert one_line(text) == expected
    assert (one_line("abc", 2), one_line("abc", 3)) == ("a…", "abc")
