"""The page that a student gets back: score, questions, cases, learning curves, the notebook as it ran. Trusted side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from markupsafe import Markup

from autograder.feedback import pages, plots
from autograder.feedback.ansi import ansi_html
from autograder.feedback.notebook_view import answer_cells, rich_html, shown_cells, troubles
from autograder.feedback.safe_text import size
from autograder.feedback.sanitise import markdown_html, picture_html
from autograder.language import N_, ngettext, pattern_of
from autograder.language import gettext as _
from autograder.records import (
    FOLLOWS,
    Assignment,
    Cell,
    Confusion,
    Execution,
    Grade,
    LayerDiff,
    Outcome,
    QuestionGrade,
    SubmittedFile,
)
from autograder.wording import listed

__all__ = ["ENDINGS", "confused", "mark", "render", "reviewed"]

ENDINGS = {
    "completed": "",
    "timed_out": N_("Your notebook ran out of time"),
    "out_of_memory": N_("Your notebook ran out of memory"),
    "crashed": N_("Your notebook did not run to its end"),
    "refused": N_("Your notebook’s run was not accepted"),
}
# What comes before the cell that is the cause; see `values_of` of `case_runner`, and `why_missing` of `causes`.
_MISSING = pattern_of("`{name}` is not defined after this question. {missing}", name="[^`]*", missing="")
_NAMED = pattern_of("code cell {number}", number=r"\d+")
_NEEDS = f"{pattern_of('needs `{name}`', name='[^`]*')}|{pattern_of('did not run')}"
_UNMET = re.compile(rf"\A{_MISSING}(?:(?i:{_NAMED}) (?:{_NEEDS}): )*")
_LONG_RUN = 4  # layers in a row that agree are folded from here on


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
    return pages.render(
        "student.html.j2",
        title=assignment.title,
        grade=grade,
        execution=execution,
        questions=[] if grade.status == "rejected" else list(enumerate(grade.questions, start=1)),
        answers=answer_cells(cells),
        attachments=_attachments(cells),
        files=execution.files if execution else (),
        drawn=_drawn_picture,
        size=size,
        called=[cause.message for cause in grade.causes if not cause.cell and not cause.hidden],
        # Without cells nothing ran: the grade's own message says why.
        trouble=_(ENDINGS[execution.status]) if execution and cells and ENDINGS[execution.status] else "",
        raised=troubles(cells, grade.causes),
        cells=list(shown_cells(cells)),
        bar=plots.bar,
        curves=plots.curves,
        mark=mark,
        reviewed=reviewed(grade),
        pending=_pending,
        folded=_folded,
        confused=confused,
        picture=picture_html,
        layer_runs=_layer_runs,
        follows=FOLLOWS,
        ansi=ansi_html,
        markdown=markdown_html,
        rich=rich_html,
    )


def mark(outcome: Outcome) -> str:
    """How a case is marked: its status, or `partly`."""
    return "partly" if outcome.status == "fail" and outcome.points > 0 else outcome.status


def confused(confusion: Confusion) -> str:
    """What a network confuses, in a sentence."""
    counts = confusion.counts
    total, right = sum(map(sum, counts)), sum(row[at] for at, row in enumerate(counts))
    often = [
        _("{true} for {predicted} ({count})").format(
            true=each.true, predicted=each.predicted, count=counts[each.true][each.predicted]
        )
        for each in confusion.misread[:3]
    ]
    return _("`{model}` takes {wrong:,} of {total:,} inputs for another class, most often {mistakes}.").format(
        model=confusion.model, wrong=total - right, total=total, mistakes=listed(often)
    )


def reviewed(grade: Grade) -> str:
    """What a person who reviewed a grade did, for the student; empty where nobody had to, or did so far."""
    if not grade.review or grade.status != "graded":
        return ""
    outcomes = [outcome for question in grade.questions for outcome in question.cases if outcome.verdict]
    changed = sum(outcome.verdict is not None and outcome.points != outcome.verdict[1] for outcome in outcomes)
    if not changed:
        return _("A person looked at this grade and let it stand as it is.")
    return ngettext(
        "A person looked at this grade and gave other points for {number} case.",
        "A person looked at this grade and gave other points for {number} cases.",
        changed,
    ).format(number=changed)


def _attachments(cells: Iterable[Cell]) -> dict[str, dict[str, str]]:
    """Question → the pictures pasted into its answer."""
    found: dict[str, dict[str, str]] = {}
    for cell in cells:
        for question in cell.answers:
            found.setdefault(question, {}).update(cell.attachments)
    return found


def _drawn_picture(file: SubmittedFile) -> Markup:
    """The picture that a file holds; nothing for another one."""
    kind, _base64, data = file.picture.removeprefix("data:").partition(";base64,")
    return (picture_html(kind, data, _("Picture {name}").format(name=file.name)) if data else None) or Markup("")


def _pending(question: QuestionGrade) -> float:
    """The points that a person still has to give."""
    return sum(outcome.possible - outcome.points for outcome in question.cases if outcome.status == "manual")


def _folded(cases: Iterable[Outcome]) -> list[tuple[Outcome, list[Outcome]]]:
    """Cases, each with those behind it that fail for the same reason: the same cell failed, or all say the same."""
    found: list[tuple[Outcome, list[Outcome]]] = []
    first: dict[str, list[Outcome]] = {}
    for outcome in cases:
        plain = mark(outcome) == "fail" and not (
            outcome.by_hand or outcome.comment or outcome.diff or outcome.confusions
        )
        reason = _UNMET.sub("", outcome.message.strip()) if plain else ""
        if reason in first:
            first[reason].append(outcome)
        else:
            found.append((outcome, []))
            if reason:
                first[reason] = found[-1][1]
    return found


def _layer_runs(diff: Iterable[LayerDiff]) -> Iterator[list[LayerDiff]]:
    """Rows of a layer comparison: one that wants attention, or many that agree and may be folded."""
    for same, rows in groupby(diff, key=lambda row: row.kind == "same"):
        run = list(rows)
        if same and len(run) >= _LONG_RUN:
            yield run
        else:
            yield from ([row] for row in run)
