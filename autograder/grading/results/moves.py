"""Whose grade moved, and by which case: what a new report changes in the one before. Trusted side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from autograder.records import CaseMove, CaseStatus, Grade, Move, Points, rounded
from autograder.wording import listed

__all__ = ["described_move", "moves"]

_Judged = tuple[CaseStatus, Points]
MAX_CASES = 6


def moves(earlier: Iterable[Grade], now: Iterable[Grade]) -> Iterator[Move]:
    """Those whose score, or the outcome of a case, is another one; not those who were not there before.

    Args:
        earlier: Grades, one a student, sorted by student.
        now: Likewise.
    """
    before = iter(earlier)
    old = next(before, None)
    for new in now:
        while old is not None and old.student < new.student:
            old = next(before, None)
        if old is None or old.student != new.student:
            continue
        cases = tuple(_case_moves(_outcomes(old), _outcomes(new)))
        if cases or old.score != new.score:
            yield Move(new.student, old.score, new.score, cases, old.digest != new.digest)


def _outcomes(grade: Grade) -> dict[str, _Judged]:
    return {
        f"{question.name}/{outcome.name}": (outcome.status, outcome.points)
        for question in grade.questions
        for outcome in question.cases
    }


def _case_moves(before: Mapping[str, _Judged], after: Mapping[str, _Judged]) -> Iterator[CaseMove]:
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            yield CaseMove(name, before.get(name), after.get(name))


def described_move(move: Move) -> str:
    """One line: `ada: 7 → 8 (train/accuracy: fail 0 → pass 1)`."""
    cases = [f"{case.name}: {_text(case.before)} → {_text(case.after)}" for case in move.cases[:MAX_CASES]]
    if len(move.cases) > MAX_CASES:
        cases.append(f"{len(move.cases) - MAX_CASES} more")
    if not cases:
        cases.append("what being late costs")
    again = ", another notebook" if move.resubmitted else ""
    return f"{move.student}: {rounded(move.before)} → {rounded(move.after)} ({listed(cases)}{again})"


def _text(judged: _Judged | None) -> str:
    return "none" if judged is None else f"{judged[0]} {rounded(judged[1])}"
