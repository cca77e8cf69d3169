"""Difficulty and discrimination, against SciPy and NumPy; nothing is said of a small class."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from autograder.class_analysis.item_analysis import MIN_STUDENTS, question_statistics
from autograder.records import Assignment, Grade, Outcome, Question, QuestionGrade

ASSIGNMENT = Assignment(
    "x", "X", (Question("right", 1), Question("partly", 4), Question("easy", 2), Question("why", 3))
)


def made(scores: np.ndarray, waiting: int = 0) -> list[Grade]:
    """Grades with these scores of the four questions; the last one waits for a person in the first `waiting`."""
    grades = []
    for at, row in enumerate(scores):
        questions = tuple(
            QuestionGrade(
                question.name,
                score,
                question.points,
                (
                    Outcome(
                        "a", "manual" if question.name == "why" and at < waiting else "pass", score, question.points
                    ),
                ),
            )
            for question, score in zip(ASSIGNMENT.questions, row.tolist(), strict=True)
        )
        grades.append(Grade(f"s{at:03}", "a.ipynb", "", "graded", sum(row.tolist()), 10, questions))
    return grades


@pytest.fixture
def scores() -> np.ndarray:
    chance = np.random.default_rng(3)
    ability = chance.normal(size=60)
    right = (ability + chance.normal(size=60) > 0).astype(float)
    partly = np.clip(np.round(2 + ability + chance.normal(size=60)), 0, 4)
    why = np.clip(np.round(1.5 - ability), 0, 3)
    return np.stack([right, partly, np.full(60, 2.0), why], axis=1)


def test_against_independent_computations(scores):
    found = {each.question.name: each for each in question_statistics(ASSIGNMENT, made(scores))}
    rest = scores.sum(axis=1) - scores[:, 0]
    assert found["right"].discrimination == pytest.approx(stats.pointbiserialr(scores[:, 0], rest).statistic)
    for at, question in enumerate(ASSIGNMENT.questions):
        assert found[question.name].difficulty == pytest.approx(scores[:, at].mean() / question.points)
        if question.name != "easy":
            expected = np.corrcoef(scores[:, at], scores.sum(axis=1) - scores[:, at])[0, 1]
            assert found[question.name].discrimination == pytest.approx(expected)
    assert found["easy"].discrimination is None, "all have all points"


def test_a_question_that_strong_students_miss(scores):
    found = {each.question.name: each for each in question_statistics(ASSIGNMENT, made(scores))}
    assert found["why"].discrimination < 0 and found["why"].missed_by_strong
    assert not found["easy"].missed_by_strong and found["easy"].missed == ()
    rest = scores.sum(axis=1) - scores[:, 3]
    strong = rest >= np.sort(rest)[::-1][16]  # 27 % of 60, rounded up, and whoever has as many points
    assert found["why"].strong == strong.sum()
    assert {grade.student for grade in found["why"].missed} == {
        f"s{at:03}" for at in np.flatnonzero(strong & (scores[:, 3] < 3))
    }


def test_a_small_class_and_what_waits_for_a_person(scores):
    assert list(question_statistics(ASSIGNMENT, made(scores[: MIN_STUDENTS - 1]))) == []
    found = {each.question.name: each for each in question_statistics(ASSIGNMENT, made(scores, waiting=41))}
    assert set(found) == {"right", "partly", "easy"}, "19 have final points of the last one"
    rest = scores[:, 1:].sum(axis=1)
    rest[:41] -= scores[:41, 3]
    assert found["right"].discrimination == pytest.approx(stats.pointbiserialr(scores[:, 0], rest).statistic)
