"""What a press of a button on the review page makes of a row of `manual.csv`. Trusted side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from autograder.errors import UsageError
from autograder.grading.results.hand_grading import CHANGED, ManualRow, decided
from autograder.records import Question, rounded
from autograder.review.decisions import Decision
from autograder.review.rubric_items import chosen_items, item_points, rubric_items
from autograder.wording import one_line

__all__ = ["ONLY_SAVING", "points_text", "pressed"]

ONLY_SAVING = ("save", "next")
"""Presses that save what stands in the fields, and decide nothing else."""
MAX_COMMENT = 8_000


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
        UsageError: The points are no number, or more than there are.
    """
    row = replace(row, comment=_comment(form, row.comment))
    possible = float(row.possible or 0)
    do, _, number = form.get("do", "save").partition("-")
    if do == "item" and isinstance(decision.part, Question):
        items = rubric_items(decision.part.rubric)[1]
        numbers = sorted(chosen_items(row, items) ^ ({int(number)} & set(range(1, len(items) + 1))))
        if not numbers:
            return decided(row, None)
        return decided(row, item_points(numbers, items, possible), items=" ".join(f"#{each}" for each in numbers))
    if do in ("zero", "full"):
        return decided(row, possible if do == "full" else 0)
    if do == "accept":
        return decided(row, None, accept=not row.accept or CHANGED in row.note)
    if do == "keep":
        return decided(row, row.points, accept=row.accept, items=row.items)
    if do == "clear":
        return decided(row, None)
    written = form.get("points", points_text(row)).strip()
    if written == points_text(row):
        return row
    return decided(row, _number(written, possible) if written else None)


def _comment(form: Mapping[str, str], before: str) -> str:
    comment = form.get("comment", before).replace("\r\n", "\n").strip()
    if add := form.get("add", "").strip():
        lines = comment.split("\n\n")
        comment = "\n\n".join([line for line in lines if line != add] if add in lines else [*filter(None, lines), add])
    if len(comment) > MAX_COMMENT:
        raise UsageError(f"A comment may have {MAX_COMMENT:,} characters (got {len(comment):,}). Nothing was saved.")
    return comment


def _number(written: str, possible: float) -> float:
    number = written.replace(",", ".")
    if not re.fullmatch(r"\d{1,9}(\.\d{0,9})?|\.\d{1,9}", number) or float(number) > possible:
        raise UsageError(
            f"Points must be a number from 0 to {possible:g} (got {one_line(written, 40)}). Nothing was saved."
        )
    return float(number)
