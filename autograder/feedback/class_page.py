"""The instructors' page: what needs review, scores, hard cases, every student. Trusted side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from urllib.parse import quote

from autograder.feedback import pages, plots
from autograder.feedback.safe_text import cut, points
from autograder.records import Assignment, Execution, Grade, Outcome, QuestionGrade

__all__ = ["render"]

_MAX_DETAIL = 4_000
_MAX_NAMED = 40  # students listed under a case


@dataclass(frozen=True)
class _Review:
    """A submission that somebody should look at, and why."""

    grade: Grade
    link: str
    reason: str
    execution: Execution | None
    errors: tuple[tuple[QuestionGrade, Outcome, str], ...]


@dataclass(frozen=True)
class _Missed:
    grade: Grade
    link: str
    outcome: Outcome
    said: str


@dataclass(frozen=True)
class _Row:
    """A line of the table of students; `scores` stand in the order of the assignment's questions."""

    grade: Grade
    link: str
    scores: tuple[str, ...]
    execution: Execution | None


@dataclass(frozen=True)
class _CaseShare:
    """How the class did on one case; `counted` students were judged on it."""

    question: str
    title: str
    hidden: bool
    passed: int
    counted: int
    errors: int
    waiting: int
    missed: tuple[_Missed, ...]
    more: int

    @property
    def share(self) -> float:
        return self.passed / self.counted if self.counted else 0.0


@dataclass(frozen=True)
class _ByHand:
    """How the class did on a question that a person grades; the mean is of those that are graded."""

    title: str
    mean: float
    possible: float
    graded: int
    waiting: int


def render(assignment: Assignment, grades: Sequence[Grade], executions: Mapping[str, Execution] | None = None) -> str:
    """The class report as a self-contained HTML page; it links to `feedback/<student>.html`.

    Args:
        assignment: The exercise.
        grades: One a student, in any order.
        executions: Student → how the run ended (`status`, `message`, `wall_seconds`; the cells are not read), so
            that runs which were stopped are listed for review with their reason.
    """
    ordered = sorted(grades, key=lambda grade: (grade.student.casefold(), grade.student))
    absent = [grade for grade in ordered if not grade.submission]
    judged = [grade for grade in ordered if grade.status != "rejected"]
    scores = [grade.score for grade in judged]
    bars = plots.bins(scores, assignment.possible)
    return pages.render(
        "class.html.j2",
        assignment=assignment,
        rows=[_row(assignment, grade, (executions or {}).get(grade.student)) for grade in ordered],
        judged=judged,
        absent=absent,
        remarks=[(grade, _link(grade.student)) for grade in ordered if grade.warnings],
        mean=fmean(scores) if scores else 0.0,
        median=median(scores) if scores else 0.0,
        pending=sum(grade.pending for grade in judged),
        reviews=_reviews(ordered, executions or {}),
        bins=bars,
        histogram=plots.histogram(bars),
        shares=_shares(assignment, judged),
        by_hand=_by_hand(assignment, judged),
        bar=plots.bar,
    )


def _link(student: str) -> str:
    return f"feedback/{quote(student.encode('utf-8', 'replace'), safe='')}.html"


def _row(assignment: Assignment, grade: Grade, execution: Execution | None) -> _Row:
    graded = {question.name: question for question in grade.questions}
    scores = tuple(_score(graded.get(question.name)) for question in assignment.questions)
    return _Row(grade, _link(grade.student), scores, execution)


def _score(question: QuestionGrade | None) -> str:
    if question is None:
        return "–"
    if question.cases and all(outcome.status == "manual" for outcome in question.cases):
        return "by hand"
    return points(question.score)


def _reviews(grades: Sequence[Grade], executions: Mapping[str, Execution]) -> list[_Review]:
    """Failures of ours first, then what could not be graded, runs that were stopped, who handed in nothing."""
    found = []
    for grade in grades:
        execution = executions.get(grade.student)
        stopped = grade.status != "rejected" and execution is not None and execution.status != "completed"
        if grade.status == "graded" and not stopped:
            continue
        reason = {"needs_review": "Needs review", "rejected": "Rejected", "graded": "Run stopped"}[grade.status]
        reason = reason if grade.submission else "Nothing handed in"
        errors = tuple(
            (question, outcome, cut(outcome.detail, _MAX_DETAIL))
            for question in grade.questions
            for outcome in question.cases
            if outcome.status == "error"
        )
        found.append(_Review(grade, _link(grade.student), reason, execution if stopped else None, errors))
    order = {"needs_review": 0, "rejected": 1, "graded": 2}
    return sorted(found, key=lambda review: (not review.grade.submission, order[review.grade.status]))


def _shares(assignment: Assignment, grades: Sequence[Grade]) -> list[_CaseShare]:
    """One line a case, in the assignment's order; who still waits for a person is not counted."""
    outcomes: dict[tuple[str, str], list[tuple[Grade, Outcome]]] = {}
    waiting: Counter[tuple[str, str]] = Counter()
    for grade in grades:
        for question in grade.questions:
            for outcome in question.cases:
                if outcome.status == "manual":
                    waiting[question.name, outcome.name] += 1
                else:
                    outcomes.setdefault((question.name, outcome.name), []).append((grade, outcome))
    shares = []
    for asked in assignment.questions:
        for case in asked.cases:
            judged = outcomes.get((asked.name, case.name), [])
            missed = [(grade, outcome) for grade, outcome in judged if outcome.status != "pass"]
            shares.append(
                _CaseShare(
                    question=asked.title or asked.name,
                    title=case.title or case.name,
                    hidden=case.hidden,
                    passed=len(judged) - len(missed),
                    counted=len(judged),
                    errors=sum(outcome.status == "error" for _, outcome in missed),
                    waiting=waiting[asked.name, case.name],
                    missed=tuple(
                        _Missed(grade, _link(grade.student), outcome, cut(_said(outcome), 600))
                        for grade, outcome in missed[:_MAX_NAMED]
                    ),
                    more=max(0, len(missed) - _MAX_NAMED),
                )
            )
    return shares


def _said(outcome: Outcome) -> str:
    return outcome.comment if outcome.by_hand else outcome.detail or outcome.message


def _by_hand(assignment: Assignment, grades: Sequence[Grade]) -> list[_ByHand]:
    """One line a manual question, in the assignment's order."""
    lines = []
    for asked in assignment.questions:
        if not asked.manual:
            continue
        questions = [question for grade in grades for question in grade.questions if question.name == asked.name]
        outcomes = [outcome for question in questions for outcome in question.cases]
        given = [outcome.points for outcome in outcomes if outcome.by_hand]
        waiting = sum(outcome.status == "manual" for outcome in outcomes)
        mean = fmean(given) if given else 0.0
        lines.append(_ByHand(asked.title or asked.name, mean, asked.points, len(given), waiting))
    return lines
