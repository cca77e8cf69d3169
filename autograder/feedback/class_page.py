"""The instructors' page: what needs review, what went wrong for whom, hard questions, every student. Trusted side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median
from urllib.parse import quote

from autograder.class_analysis.failures import FailureGroup, failure_groups
from autograder.class_analysis.item_analysis import MIN_STUDENTS, question_statistics
from autograder.class_analysis.similarity import AlikeSubmissions, LinePair
from autograder.feedback import pages, plots
from autograder.feedback.safe_text import points
from autograder.records import TIME_NOT_KNOWN, Assignment, Case, CauseKind, Execution, Grade, Move, Outcome, Question

__all__ = ["render"]

_CAUSES: dict[CauseKind, str] = {
    "module": "{} is not installed here",
    "file": "{} is not there",
    "host": "{} cannot be reached from here",
    "version": "The notebook was handed out with another version of the package",
    "given": "A cell that came with the exercise raised an error",
    "changed": "A cell is not as it came with the exercise, and raised an error",
    "time": "A cell ran out of time",
    "memory": "A cell ran out of memory",
    "crash": "A cell ended Python",
}
_Judged = list[tuple[Grade, Outcome]]


def render(
    assignment: Assignment,
    grades: Sequence[Grade],
    executions: Mapping[str, Execution] | None = None,
    *,
    sheet: str = "",
    changed: int = 0,
    moved: Sequence[Move] = (),
    alike: Sequence[tuple[AlikeSubmissions, Sequence[LinePair]]] = (),
) -> str:
    """The class report as a self-contained HTML page; it links to `feedback/<student>.html` and the tables beside it.

    Args:
        assignment: The exercise.
        grades: One a student, in any order.
        executions: Student → how the run ended (`status`, `message`, `wall_seconds`; the cells are not read), so
            that runs which were stopped are listed with their reason.
        sheet: The file beside the page in which a person settles a review; empty where there is none.
        changed: Answers that changed since a person graded them.
        moved: Who had another grade in the report before.
        alike: Submissions that are alike, with the texts of the first two of each.
    """
    runs = executions or {}
    ordered = sorted(grades, key=lambda grade: (grade.shown_name.casefold(), grade.student))
    judged = [grade for grade in ordered if grade.status != "rejected"]
    scores = [grade.score for grade in judged]
    bars = plots.bins(scores, assignment.possible)
    return pages.render(
        "class.html.j2",
        script="class.js",
        assignment=assignment,
        grades=ordered,
        executions=runs,
        judged=judged,
        mean=fmean(scores) if scores else 0.0,
        median=median(scores) if scores else 0.0,
        pending=sum(grade.pending for grade in judged),
        reviews=_reviews(ordered, runs),
        sheet=sheet,
        changed=changed,
        moved=moved,
        moved_cases=_moved_cases(moved),
        alike=alike,
        statistics=list(question_statistics(assignment, judged)),
        min_students=MIN_STUDENTS,
        remarkable=_remarkable(ordered, runs),
        absent=[grade for grade in ordered if grade.absent],
        causes=_causes(ordered),
        bins=bars,
        histogram=plots.histogram(bars),
        shares=_shares(assignment, judged),
        by_hand=list(_by_hand(assignment, judged)),
        bar=plots.bar,
        link=_link,
        score=_score,
        called=_names(ordered),
        time_not_known=TIME_NOT_KNOWN,
    )


def _names(grades: Sequence[Grade]) -> dict[str, str]:
    """Student → what the page calls them: the name, and of namesakes the number or id as well."""
    having = Counter(grade.shown_name for grade in grades)
    return {
        grade.student: f"{grade.shown_name} ({grade.id or grade.student})"
        if having[grade.shown_name] > 1
        else grade.shown_name
        for grade in grades
    }


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


_Listed = list[tuple[Grade, str, Execution | None]]
"""Submissions, what is to be said of each, and the run if it was stopped."""


def _reviews(grades: Sequence[Grade], executions: Mapping[str, Execution]) -> _Listed:
    """Submissions that a person must look at, as the exit status counts them: what could not be read comes last."""
    found = [
        (grade, "Rejected" if grade.status == "rejected" else "Needs review", _stopped(grade, executions))
        for grade in grades
        if grade.needs_look
    ]
    return sorted(found, key=lambda review: review[0].status)


def _remarkable(grades: Sequence[Grade], executions: Mapping[str, Execution]) -> _Listed:
    """Submissions that are graded, and that a person may want to look at."""
    stopped = [(grade, _stopped(grade, executions)) for grade in grades if grade.status == "graded"]
    return [
        (grade, "Run stopped" if execution else "Wrong notebook?", execution)
        for grade, execution in stopped
        if execution or grade.notice
    ]


def _stopped(grade: Grade, executions: Mapping[str, Execution]) -> Execution | None:
    """The run of a submission if it did not get to its end; of what could not be read there was none."""
    execution = executions.get(grade.student)
    return execution if execution is not None and execution.status not in ("completed", "refused") else None


def _causes(grades: Sequence[Grade]) -> list[tuple[str, list[Grade]]]:
    """What was not there, or ended cells, with the submissions that met it; the most frequent first."""
    met: dict[str, dict[str, Grade]] = {}
    for grade in grades:
        for cause in grade.causes:
            what = _CAUSES[cause.kind].format(f"`{cause.name}`" if cause.name else "The network")
            if cause.given and cause.kind != "given":
                what += ", in a cell that came with the exercise"
            met.setdefault(what, {})[grade.student] = grade
    described = [(what, [*each.values()]) for what, each in met.items()]
    return sorted(described, key=lambda entry: -len(entry[1]))


def _moved_cases(moved: Sequence[Move]) -> list[tuple[str, int, int]]:
    """Each case of which outcomes moved, with how many have more points now, and how many have fewer."""
    found: dict[str, list[int]] = {}
    for move in moved:
        for case in move.cases:
            change = (case.after[1] if case.after else 0) - (case.before[1] if case.before else 0)
            counts = found.setdefault(case.name, [0, 0])
            if change:
                counts[change < 0] += 1
    return [(name, more, fewer) for name, (more, fewer) in found.items()]


def _shares(
    assignment: Assignment, grades: Sequence[Grade]
) -> Iterator[tuple[Question, Case, _Judged, list[FailureGroup], int, int, Counter[str]]]:
    """Each case with who was judged on it, what went wrong for whom, how many passed, how many wait, and evidence.

    The last is how many outcomes rest on what; what the grader computed itself is left out.
    """
    for question in assignment.questions:
        outcomes = _outcomes(grades, question)
        for case in question.cases:
            of_case = [(grade, outcome) for grade, outcome in outcomes if outcome.name == case.name]
            judged = [(grade, outcome) for grade, outcome in of_case if outcome.status != "manual"]
            missed = [(grade, outcome) for grade, outcome in judged if outcome.status != "pass"]
            evidence: Counter[str] = Counter(
                outcome.evidence for _, outcome in of_case if outcome.evidence != "computed"
            )
            passed = len(judged) - len(missed)
            yield question, case, judged, failure_groups(missed), passed, len(of_case) - len(judged), evidence


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
