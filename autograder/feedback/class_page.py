"""The instructors' page: what needs review, scores, hard cases, every student. Trusted side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median
from urllib.parse import quote

from autograder.feedback import pages, plots
from autograder.feedback.safe_text import points
from autograder.records import Assignment, Case, CauseKind, Execution, Grade, Outcome, Question

__all__ = ["render"]

_CAUSES: dict[CauseKind, str] = {
    "module": "{} is not installed here",
    "file": "{} is not there",
    "host": "{} cannot be reached from here",
    "time": "A cell ran out of time",
    "memory": "A cell ran out of memory",
    "crash": "A cell ended Python",
}
_Judged = list[tuple[Grade, Outcome]]


def render(assignment: Assignment, grades: Sequence[Grade], executions: Mapping[str, Execution] | None = None) -> str:
    """The class report as a self-contained HTML page; it links to `feedback/<student>.html`.

    Args:
        assignment: The exercise.
        grades: One a student, in any order.
        executions: Student → how the run ended (`status`, `message`, `wall_seconds`; the cells are not read), so
            that runs which were stopped are listed for review with their reason.
    """
    runs = executions or {}
    ordered = sorted(grades, key=lambda grade: (grade.student.casefold(), grade.student))
    judged = [grade for grade in ordered if grade.status != "rejected"]
    scores = [grade.score for grade in judged]
    bars = plots.bins(scores, assignment.possible)
    return pages.render(
        "class.html.j2",
        assignment=assignment,
        grades=ordered,
        executions=runs,
        judged=judged,
        mean=fmean(scores) if scores else 0.0,
        median=median(scores) if scores else 0.0,
        pending=sum(grade.pending for grade in judged),
        reviews=_reviews(ordered, runs),
        causes=_causes(ordered),
        to_review=sum(grade.needs_look for grade in ordered),
        bins=bars,
        histogram=plots.histogram(bars),
        shares=_shares(assignment, judged),
        by_hand=list(_by_hand(assignment, judged)),
        bar=plots.bar,
        link=_link,
        score=_score,
    )


def _link(student: str) -> str:
    return f"feedback/{quote(student.encode('utf-8', 'replace'), safe='')}.html"


def _score(grade: Grade, name: str) -> str:
    """What stands in the table of students for a question."""
    question = next((each for each in grade.questions if each.name == name), None)
    if question is None:
        return "–"
    if question.cases and all(outcome.status == "manual" for outcome in question.cases):
        return "by hand"
    return points(question.score)


def _reviews(grades: Sequence[Grade], executions: Mapping[str, Execution]) -> list[tuple[Grade, str, Execution | None]]:
    """Submissions that somebody should look at, why, and the run if it was stopped.

    Failures of ours first, then what could not be graded, runs that were stopped, who handed in nothing.
    """
    found = []
    for grade in grades:
        execution = executions.get(grade.student)
        stopped = grade.status != "rejected" and execution is not None and execution.status != "completed"
        if grade.status == "graded" and not stopped and not grade.notice:
            continue
        graded = "Run stopped" if stopped else "Wrong notebook?"
        reason = {"needs_review": "Needs review", "rejected": "Rejected", "graded": graded}[grade.status]
        found.append((grade, reason if not grade.absent else "Nothing handed in", execution if stopped else None))
    order = {"needs_review": 0, "rejected": 1, "graded": 2}
    return sorted(found, key=lambda review: (review[0].absent, order[review[0].status]))


def _causes(grades: Sequence[Grade]) -> list[tuple[str, list[Grade]]]:
    """What was not there, or ended cells, with the submissions that met it; the most frequent first."""
    met: dict[tuple[CauseKind, str], dict[str, Grade]] = {}
    for grade in grades:
        for cause in grade.causes:
            met.setdefault((cause.kind, cause.name), {})[grade.student] = grade
    described = [
        (_CAUSES[kind].format(f"`{name}`" if name else "The network"), [*each.values()])
        for (kind, name), each in met.items()
    ]
    return sorted(described, key=lambda entry: -len(entry[1]))


def _shares(assignment: Assignment, grades: Sequence[Grade]) -> Iterator[tuple[Question, Case, _Judged, _Judged, int]]:
    """Each case with who was judged on it, who of them did not pass, and how many still wait for a person."""
    for question in assignment.questions:
        outcomes = _outcomes(grades, question)
        for case in question.cases:
            of_case = [(grade, outcome) for grade, outcome in outcomes if outcome.name == case.name]
            judged = [(grade, outcome) for grade, outcome in of_case if outcome.status != "manual"]
            missed = [(grade, outcome) for grade, outcome in judged if outcome.status != "pass"]
            yield question, case, judged, missed, len(of_case) - len(judged)


def _by_hand(assignment: Assignment, grades: Sequence[Grade]) -> Iterator[tuple[Question, float, int, int]]:
    """Each manual question with the mean of those that are graded, how many these are, and how many wait."""
    for question in assignment.questions:
        if question.manual:
            outcomes = [outcome for _, outcome in _outcomes(grades, question)]
            given = [outcome.points for outcome in outcomes if outcome.by_hand]
            waiting = sum(outcome.status == "manual" for outcome in outcomes)
            yield question, fmean(given) if given else 0.0, len(given), waiting


def _outcomes(grades: Sequence[Grade], asked: Question) -> _Judged:
    questions = [(grade, question) for grade in grades for question in grade.questions if question.name == asked.name]
    return [(grade, outcome) for grade, question in questions for outcome in question.cases]
