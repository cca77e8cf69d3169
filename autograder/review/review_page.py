"""The pages of `autograder review` as HTML: what there is to decide, and one answer with its buttons. Trusted side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from markupsafe import Markup

from autograder.feedback import pages, student_page
from autograder.feedback.ansi import ansi_html
from autograder.feedback.notebook_view import shown_cells
from autograder.feedback.safe_text import cut
from autograder.feedback.sanitise import markdown_html
from autograder.grading.results.hand_grading import ACCEPT, CHANGED, ManualRow
from autograder.language import in_language
from autograder.records import Cell, Outcome, Question, QuestionGrade
from autograder.review.decisions import AnswerGroup, Decision, Decisions, ReviewPart
from autograder.review.presses import points_text
from autograder.review.rubric_items import RubricItem, chosen_items, rubric_items
from autograder.wording import counted, one_line, shortened

__all__ = ["RefusedPress", "ReviewPages"]

MAX_REUSED: Final = 9
"""Comments of a question that have a button of their own."""
MAX_UNFOLDED: Final = 3
"""Of them, those that are seen at once."""
MAX_EXCERPT: Final = 160
MAX_NAMED: Final = 8
HTMX: Final = {
    "allowEval": False,
    "allowScriptTags": False,
    "defaultSettleDelay": 0,
    "historyCacheSize": 0,
    "includeIndicatorStyles": False,
    "refreshOnHistoryMiss": True,
    "scrollIntoViewOnBoost": False,
    "responseHandling": [{"code": "[23]..|409", "swap": True}, {"code": "...", "swap": False, "error": True}],
}
"""No code in a page runs, no page is stored in the browser, and a press that is refused shows why."""


@dataclass(frozen=True)
class RefusedPress:
    """A press that changed nothing.

    Attributes:
        form: One of the names of the decision that it was for.
        notice: Why.
        typed: Field → what was typed into it and is not saved.
    """

    form: str
    notice: str
    typed: Mapping[str, str]


@dataclass(frozen=True)
class DecisionView:
    """What the template shows of a decision; `refusal` where a press of its buttons was refused."""

    decision: Decision
    refusal: RefusedPress | None
    title: str
    whose: str
    changed: bool
    review: bool
    preface: str
    message: str
    proposed: str
    items: Sequence[RubricItem]
    chosen: frozenset[int]
    comments: Sequence[str]

    @property
    def saved(self) -> Mapping[str, str]:
        """Field → what is saved of it."""
        return {"points": points_text(self.decision.row), "comment": self.decision.row.comment}

    @property
    def fields(self) -> Mapping[str, str]:
        """Field → what it shows: what is saved, or what was typed and refused."""
        return {**self.saved, **(self.refusal.typed if self.refusal else {})}

    @staticmethod
    def points(row: ManualRow) -> str:
        """A row's points as its field shows them."""
        return points_text(row)


@dataclass(frozen=True)
class ReviewPages:
    """Renders pages; `root` begins their addresses."""

    decisions: Decisions
    root: str

    @property
    def policy(self) -> str:
        """The content policy of these pages: the script and requests to this server alone."""
        ours = "'self'"
        return pages.content_policy(_style(), script_src=ours, connect_src=ours, form_action=ours)

    def index(self, parts: Sequence[ReviewPart]) -> str:
        """All questions and cases about which there are rows."""
        titles = {part.number: _title(part) for part in parts}
        next_one = self.after(parts, -1, "")
        return self._page("review_index", "Grade by hand", parts=parts, titles=titles, next=next_one)

    def answers(self, part: ReviewPart) -> str:
        """The different answers to one question."""
        rows = [(group, self._whose(part, group), self._excerpt(part, group)) for group in part.groups]
        first = next((group for group in part.groups if group.waits), part.groups[0])
        return self._page(
            "review_list", _title(part), part=part, rows=rows, points=points_text, next=self.address(part, first)
        )

    def answer(self, part: ReviewPart, group: AnswerGroup, refusal: RefusedPress | None = None) -> str:
        """One answer, with the buttons that decide about it and all that are equal."""
        at = part.groups.index(group)
        neighbours = [self.address(part, part.groups[n]) if 0 <= n < len(part.groups) else "" for n in (at - 1, at + 1)]
        student = group.students[0]
        entry = self.decisions.shown_grade(student)
        question = next((each for each in entry.questions if each.name == part.question), None)
        asked = {decision.row.question for decision in group.decisions}
        run = self.decisions.shown_run(student)
        cells = [cell for cell in run.cells if asked & set(cell.answers)]
        refused = next((each for each in group.decisions if refusal and refusal.form in each.names), group.decisions[0])
        outcome = _outcome(question, part.case)
        said = f"{outcome.message}\n{outcome.detail}".strip() if outcome and part.case else ""
        graded = {each.name: each for each in entry.questions}
        return self._page(
            "review_answer",
            _title(part),
            refusal=refusal,
            part=part,
            position=at + 1,
            before=neighbours[0],
            after=neighbours[1],
            here=self.address(part, group),
            student=self.decisions.names[student] if not self.decisions.named else student,
            labels=[self.decisions.names[each] for each in group.students],
            reason=entry.review or entry.message if part.part is None else "",
            said=ansi_html(cut(said, 8_000)),
            cells=list(shown_cells(cells)),
            answer=markdown_html(cut(question.answer, 20_000)) if question else "",
            asking=list(shown_cells(_before(run.cells, asked))) if part.part else [],
            views=[
                self._view(part, group, decision, graded, refusal if decision is refused else None)
                for decision in group.decisions
            ],
            unfolded=MAX_UNFOLDED,
        )

    def problem(self, heading: str, notice: str, typed: str = "") -> str:
        """A page that only says what is wrong."""
        return self._page("review", heading, notice=notice, typed=typed)

    def student(self, label: str) -> str | None:
        """A student's own page; None if there is no such student."""
        named = self.decisions.named
        students = {student if named else name: student for student, name in self.decisions.names.items()}
        if label not in students:
            return None
        grade, run = self.decisions.shown_grade(students[label]), self.decisions.shown_run(students[label])
        with in_language(self.decisions.assignment.language):
            return student_page.render(self.decisions.assignment, grade, run)

    def address(self, part: ReviewPart, group: AnswerGroup) -> str:
        """Of the page of an answer."""
        return f"{self.root}/{part.number}/{group.name}"

    def after(self, parts: Sequence[ReviewPart], number: int, name: str) -> str:
        """The address of the answer to decide next, from one of them; empty where none waits."""
        places = [(part, group) for part in parts for group in part.groups]
        at = next((at for at, (part, group) in enumerate(places) if (part.number, group.name) == (number, name)), -1)
        return next((self.address(*place) for place in places[at + 1 :] + places[: at + 1] if place[1].waits), "")

    def _page(self, template: str, heading: str, **values: Any) -> str:
        out = self.decisions.out
        values = {"notice": "", "typed": "", "blocked": self.decisions.blocked, **values}
        return pages.render(
            f"{template}.html.j2",
            heading=heading,
            exercise=self.decisions.assignment.title,
            root=self.root,
            sheet=out / "manual.csv",
            report=f"autograder report {out}",
            style=Markup(_style()),  # noqa: S704 - files of the package
            policy=self.policy,
            htmx=msgspec.json.encode(HTMX).decode(),
            **values,
        )

    def _view(
        self,
        part: ReviewPart,
        group: AnswerGroup,
        decision: Decision,
        graded: Mapping[str, QuestionGrade],
        refusal: RefusedPress | None,
    ) -> DecisionView:
        row = decision.row
        preface, items = rubric_items(decision.part.rubric if isinstance(decision.part, Question) else "")
        outcome = _outcome(graded.get(row.question), row.case)
        own = part.part is not decision.part
        several = len(group.decisions) > 1 and len(group.students) > 1
        whose = [self.decisions.names[each.student] for each in decision.rows if several]
        comments = Counter(
            each.row.comment for other in part.groups for each in other.decisions if each.part is part.part
        )
        return DecisionView(
            decision,
            refusal,
            "Decision" if not own and part.part else _row_title(decision),
            f"{counted(len(whose), 'student')}: {shortened(whose, MAX_NAMED)}" if several else "",
            CHANGED in row.note,
            decision.part is None,
            preface,
            f"{outcome.message}\n{outcome.detail}".strip() if own and outcome and row.case else "",
            "" if outcome is None or outcome.proposed is None else str(outcome.proposed),
            items,
            chosen_items(row, items),
            [] if own else [text for text, _ in comments.most_common() if text][:MAX_REUSED],
        )

    def _whose(self, part: ReviewPart, group: AnswerGroup) -> str:
        """Whose submissions these are; nothing for answers to a question."""
        return "" if part.part else shortened([self.decisions.names[each] for each in group.students], MAX_NAMED)

    def _excerpt(self, part: ReviewPart, group: AnswerGroup) -> str:
        entry = self.decisions.shown_grade(group.students[0])
        question = next((each for each in entry.questions if each.name == part.question), None)
        outcome = _outcome(question, part.case)
        if question is None:
            text = entry.review or entry.message
        else:
            text = question.answer if question.manual else outcome.detail or outcome.message if outcome else ""
        return one_line(" ".join(text.split()) or group.waiting.row.answer, MAX_EXCERPT)


def _title(part: ReviewPart) -> str:
    if part.part is None:
        return "Submissions that need a look"
    return part.part.title or part.part.name


def _row_title(decision: Decision) -> str:
    if decision.part is None:
        return f"Let the grade stand (`{ACCEPT}`)"
    return decision.part.title or decision.part.name


def _before(cells: Sequence[Cell], asked: AbstractSet[str]) -> Sequence[Cell]:
    """The texts above the first answer to one of these questions, from the last heading on."""
    first = next((at for at, cell in enumerate(cells) if asked & set(cell.answers)), 0)
    begin = max((at + 1 for at, cell in enumerate(cells[:first]) if cell.answers), default=0)
    texts = [cell for cell in cells[begin:first] if cell.kind == "markdown"]
    headings = [at for at, cell in enumerate(texts) if cell.source.lstrip().startswith("#")]
    return texts[headings[-1] if headings else 0 :]


def _outcome(question: QuestionGrade | None, case: str) -> Outcome | None:
    if question is None:
        return None
    return next((each for each in question.cases if question.manual or each.name == case), None)


@cache
def _style() -> str:
    folder = Path(pages.__file__).parent / "templates"
    return "".join((folder / name).read_text(encoding="utf-8") for name in ("page.css", "review.css"))
