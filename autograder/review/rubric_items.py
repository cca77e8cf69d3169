"""The items of a rubric, each with its points, and which of them a row of `manual.csv` has. Trusted side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.grading.results.hand_grading import ManualRow
from autograder.records import Points, rounded

__all__ = ["RubricItem", "chosen_items", "item_points", "rubric_items"]

_ITEM = re.compile(r"\s*[-*+]\s+\*\*([+-]?\d+(?:[.,]\d+)?)(?:\s+points?)?:?\*\*:?\s*(.*)")


@dataclass(frozen=True)
class RubricItem:
    """What an answer may have, and the points for it; points that are taken off are below 0."""

    points: Points
    text: str


def rubric_items(rubric: str) -> tuple[str, tuple[RubricItem, ...]]:
    """A rubric's text without its items, and its items: those of a list that begin with points in bold, `**0.5**:`.

    An item goes on to the next one or to an empty line.
    """
    rest: list[str] = []
    items: list[RubricItem] = []
    inside = False
    for line in rubric.splitlines():
        if match := _ITEM.match(line):
            items.append(RubricItem(rounded(float(match[1].replace(",", "."))), match[2].strip()))
            inside = True
        elif inside and line.strip():
            items[-1] = RubricItem(items[-1].points, f"{items[-1].text} {line.strip()}")
        else:
            rest.append(line)
            inside = False
    return "\n".join(rest).strip(), tuple(items)


def chosen_items(row: ManualRow, items: Sequence[RubricItem]) -> frozenset[int]:
    """Numbers, from 1, of a row's items; none where its points are others, as somebody wrote them into the file."""
    numbers = frozenset(map(int, re.findall(r"#(\d{1,3})\b", row.items))) & set(range(1, len(items) + 1))
    same = row.points is not None and rounded(row.points) == item_points(numbers, items, float(row.possible or 0))
    return numbers if same else frozenset()


def item_points(numbers: Iterable[int], items: Sequence[RubricItem], possible: float) -> Points:
    """The points of items, by their numbers: from 0 to what is possible."""
    return rounded(min(possible, max(0, sum(items[number - 1].points for number in numbers))))
