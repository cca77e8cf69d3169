"""How hard each question is, and how well it distinguishes students. Trusted side.

Difficulty is the mean share of a question's points. Discrimination is the correlation of a question's points with
those of all other questions together: the corrected point-biserial coefficient, called item-total correlation where a
question gives partial points. Uncorrected, a question would correlate with itself (S. Henrysson, "Correction of
item-total correlations in item analysis", Psychometrika 28, 1963). Who is strong is judged by the other questions, too:
the upper 27 per cent (T. L. Kelley, "The selection of upper and lower groups for the validation of test items", Journal
of Educational Psychology 30, 1939).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean

from autograder.records import Assignment, Grade, Question, QuestionGrade

__all__ = ["MIN_STUDENTS", "QuestionStatistics", "question_statistics"]

MIN_STUDENTS = 20
"""With fewer, a correlation says more about chance than about the question."""
UPPER = 0.27


@dataclass(frozen=True)
class QuestionStatistics:
    """What a class's points say of a question.

    Attributes:
        students: How many have points for it, or none, that are final.
        difficulty: From 0, nobody has a point, to 1.
        discrimination: From -1 to 1; None where one side does not vary.
        strong: How many are the strong students.
        missed: Those of them who have not all of its points.
    """

    question: Question
    students: int
    difficulty: float
    discrimination: float | None
    strong: int
    missed: tuple[Grade, ...]

    @property
    def missed_by_strong(self) -> bool:
        """Whether more than half of the strong students lost points, or others do better on it than they."""
        return 2 * len(self.missed) > self.strong or (self.discrimination or 0) < 0


def question_statistics(assignment: Assignment, grades: Sequence[Grade]) -> Iterator[QuestionStatistics]:
    """One for each question that `MIN_STUDENTS` or more have final points for.

    Args:
        assignment: The exercise.
        grades: Of those who handed in what could be graded. Questions in which a person has still to give points do not
            count for the students whom that concerns.
    """
    final = [(grade, {each.name: each for each in grade.questions if not _waits(each)}) for grade in grades]
    for question in assignment.questions:
        having = [(grade, scored) for grade, scored in final if question.name in scored and question.points]
        if len(having) < MIN_STUDENTS:
            continue
        own = [float(scored[question.name].score) for _, scored in having]
        totals = [sum(each.score for each in scored.values()) for _, scored in having]
        rest = [total - mine for total, mine in zip(totals, own, strict=True)]
        least = sorted(rest, reverse=True)[math.ceil(UPPER * len(rest)) - 1]
        strong = [(grade, mine) for (grade, _), mine, other in zip(having, own, rest, strict=True) if other >= least]
        yield QuestionStatistics(
            question,
            len(having),
            fmean(own) / question.points,
            _correlation(own, rest),
            len(strong),
            tuple(grade for grade, mine in strong if mine < question.points),
        )


def _waits(question: QuestionGrade) -> bool:
    return any(case.status == "manual" for case in question.cases)


def _correlation(own: Sequence[float], rest: Sequence[float]) -> float | None:
    try:
        return correlation(own, rest)
    except StatisticsError:  # all have the same
        return None
