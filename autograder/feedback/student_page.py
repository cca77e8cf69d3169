"""The page that a student gets back: score, questions, cases, learning curves, the notebook as it ran. Trusted side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from autograder.feedback import pages, plots
from autograder.feedback.ansi import ansi_html
from autograder.feedback.notebook_view import answer_cells, rich_html, shown_cells
from autograder.feedback.safe_text import cut
from autograder.feedback.sanitise import markdown_html
from autograder.records import Assignment, Execution, Grade, LayerDiff, Outcome, QuestionGrade

__all__ = ["ENDINGS", "MAX_RAISED", "render"]

ENDINGS = {
    "completed": "",
    "timed_out": "Your notebook ran out of time",
    "out_of_memory": "Your notebook ran out of memory",
    "crashed": "Your notebook did not run to its end",
    "refused": "Your notebook’s run was not accepted",
}
_LONG_RUN = 4  # layers in a row that agree are folded from here on
_MAX_LAYERS = 200
_MAX_MESSAGE = 8_000
_MAX_COMMENT = 8_000
MAX_RAISED = 8


@dataclass(frozen=True)
class _LayerRun:
    """Rows of a layer comparison: one that wants attention, or some that agree and may be folded."""

    rows: tuple[LayerDiff, ...]
    folded: bool


@dataclass(frozen=True)
class _CaseView:
    outcome: Outcome
    mark: str
    comment: str
    summary: str
    rest: Markup
    runs: tuple[_LayerRun, ...]


@dataclass(frozen=True)
class _QuestionView:
    grade: QuestionGrade
    number: int
    title: str
    pending: float
    cases: tuple[_CaseView, ...]
    curves: dict[str, list[plots.Curve]]
    answer: Markup
    cells: tuple[int, ...]


def render(assignment: Assignment, grade: Grade, execution: Execution | None) -> str:
    """One student's feedback as a self-contained HTML page.

    It shows nothing that is for instructors only (`Outcome.detail`, a manual question's rubric, why a grade needs
    review).

    Args:
        assignment: The exercise.
        grade: What the student earned.
        execution: How the notebook ran; None when it did not (a rejected submission).
    """
    cells = execution.cells if execution else ()
    rejected = grade.status == "rejected"
    answers = answer_cells(cells)
    questions = [
        _question_view(question, number, tuple(answers.get(question.name, ())))
        for number, question in enumerate(() if rejected else grade.questions, start=1)
    ]
    raised = [(number, cell.error) for number, cell in enumerate(cells, start=1) if cell.error]
    return pages.render(
        "student.html.j2",
        assignment=assignment,
        grade=grade,
        rejected=rejected,
        execution=execution,
        questions=questions,
        pending=[question for question in questions if question.pending],
        # Without cells nothing ran: the grade's own message says why.
        trouble=ENDINGS[execution.status] if execution and cells else "",
        raised=[(number, cut(error, 300)) for number, error in raised[:MAX_RAISED]],
        raised_more=max(0, len(raised) - MAX_RAISED),
        cells=list(shown_cells(cells)),
        bar=plots.bar,
    )


def _question_view(question: QuestionGrade, number: int, cells: tuple[int, ...]) -> _QuestionView:
    return _QuestionView(
        grade=question,
        number=number,
        title=question.title or question.name,
        pending=sum(outcome.possible - outcome.points for outcome in question.cases if outcome.status == "manual"),
        cases=tuple(_case_view(outcome) for outcome in question.cases),
        curves={
            name: plots.curves(history, f"curve-{number}-{place}")
            for place, (name, history) in enumerate(question.histories.items(), start=1)
        },
        answer=rich_html(markdown_html(cut(question.answer, 20_000)), "Your answer") if question.answer else Markup(""),
        cells=cells,
    )


def _case_view(outcome: Outcome) -> _CaseView:
    mark = "partly" if outcome.status == "fail" and outcome.points > 0 else outcome.status
    # What a case said before a person decided is no longer so.
    message = "" if outcome.by_hand else outcome.message.strip()
    summary, _, rest = cut(message, _MAX_MESSAGE).partition("\n")
    # The message of a layer comparison ends in the comparison as text; the table says the same better.
    diff = () if outcome.hidden or outcome.by_hand else outcome.diff[:_MAX_LAYERS]
    shown_rest = Markup("") if diff else ansi_html(rest.strip("\n"))
    comment = cut(outcome.comment.strip(), _MAX_COMMENT)
    return _CaseView(outcome, mark, comment, summary, shown_rest, tuple(_runs(diff)))


def _runs(diff: Iterable[LayerDiff]) -> Iterator[_LayerRun]:
    for same, rows in groupby(diff, key=lambda row: row.kind == "same"):
        run = tuple(rows)
        if same and len(run) >= _LONG_RUN:
            yield _LayerRun(run, folded=True)
        else:
            yield from (_LayerRun((row,), folded=False) for row in run)
