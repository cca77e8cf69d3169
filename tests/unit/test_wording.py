"""Numbers and lists as a person would write them."""

from __future__ import annotations

import pytest

from autograder.wording import counted, listed, shortened


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0 points"), (1, "1 point"), (1.0, "1 point"), (2, "2 points"), (0.5, "0.5 points"), (1 / 3, "0.33 points")],
)
def test_a_noun_agrees_with_its_number(number, expected):
    assert counted(number, "point") == expected


def test_lists():
    assert [listed("abc"[:length]) for length in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert [shortened("abc", most) for most in (3, 2)] == ["a, b, c", "a, b, …"]
