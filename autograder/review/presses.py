"""What a press of a button on the review page makes of a row of `manual.csv`. Trusted side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from autograder.errors import UsageError
from autograder.grading.results.hand_grading import CHANGED, ManualRow, decided
from autograder.records import Points, Question, rounded
from autograder.review.decisions import Decision
from autograder.review.rubric_items import chosen_items, item_points, rubric_items
from autograder.wording import one_line

__all__ = ["UnknownPress", "points_text", "pressed"]

MAX_COMMENT = 8_000


class UnknownPress(Exception):
    """A press that no button of the page sends."""


def points_text(row: ManualRow) -> str:
    """A row's points as its field shows them."""
    return "" if row.points is None else str(rounded(row.points))


def pressed(decision: Decision, row: ManualRow, form: Mapping[str, str]) -> ManualRow:
    """A row after a press.

    Args:
        decision: What the row belongs to.
        row: The row.
        form: Of the page: `do`, the button; `points` and `comment`, its fields; `add`, a comment to be added, or to be
            taken out where it is there.

    Raises:
        UsageError: The points are no number, more than there are or than can be kept; or the comment is too long.
        UnknownPress: There is no such button for this row.
    """
    row = replace(row, comment=_comment(form, row.comment))
    do = form.get("do", "save")
    if do == "keep":
        return decided(row, row.points, accept=row.accept, items=row.items)
    if do == "accept" and (decision.part is None or row.proposes):
        return decided(row, None, accept=not row.accept or CHANGED in row.note)
    if do in ("save", "next"):
        written = form.get("points", points_text(row)).strip()
        unchanged = decision.part is None or written == points_text(row)
        return row if unchanged else decided(row, _points(written, row))
    given = {"zero": 0, "full": float(row.possible or 0), "clear": None}
    if decision.part and do in given:
        return decided(row, given[do])
    return _with_item(decision, row, do)


def _with_item(decision: Decision, row: ManualRow, do: str) -> ManualRow:
    items = rubric_items(decision.part.rubric)[1] if isinstance(decision.part, Question) else ()
    pressed_item = {f"item-{number}": number for number in range(1, len(items) + 1)}.get(do)
    if pressed_item is None:
        raise UnknownPress
    numbers = sorted(chosen_items(row, items) ^ {pressed_item})
    if not numbers:
        return decided(row, None)
    points = item_points(numbers, items, float(row.possible or 0))
    return decided(row, points, items=" ".join(f"#{each}" for each in numbers))


def _comment(form: Mapping[str, str], before: str) -> str:
    comment = form.get("comment", before).strip()
    if add := form.get("add", "").strip():
        lines = comment.split("\n\n")
        comment = "\n\n".join([line for line in lines if line != add] if add in lines else [*filter(None, lines), add])
    if len(comment) > MAX_COMMENT:
        raise UsageError(f"A comment may have {MAX_COMMENT:,} characters (got {len(comment):,}). Nothing was saved.")
    return comment


def _points(written: str, row: ManualRow) -> Points | None:
    if not written:
        return None
    number, possible = written.replace(",", "."), float(row.possible or 0)
    if not re.fullmatch(r"\d{1,9}(\.\d{0,9})?|\.\d{1,9}", number) or float(number) > possible:
        must = f"a number from 0 to {possible:g}"
    elif rounded(float(number)) != float(number):
        must = "a number with two decimals at most"
    else:
        return float(number)
    raise UsageError(f"Points must be {must} (got {one_line(written, 40)}). Nothing was saved.")
