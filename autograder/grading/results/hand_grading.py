"""Grading by hand: what waits for a person, and that person's points as part of a grade. Trusted side.

`manual.csv` has one row for each answer that a person has to judge: a manual question, or a case that gave no verdict.
A submission that needs review, or was rejected, has one for itself, `REVIEW`, in which `accept` lets its grade stand,
and one for each case that did not give all its points. In the row of a case that proposes points, `accept` gives those.
It belongs to that person as much as to us: no row with points
or a comment in it is ever dropped, whatever is handed in later, and an answer that changed since keeps its points and
says so until somebody clears the note.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from autograder.csv_formulas import begins_formula
from autograder.grading.intake.student_ids import same_student
from autograder.records import (
    Assignment,
    Case,
    CaseStatus,
    Grade,
    GradeStatus,
    Outcome,
    Points,
    Question,
    QuestionGrade,
    rounded,
)
from autograder.wording import counted

__all__ = ["ACCEPT", "CHANGED", "COLUMNS", "REVIEW", "UNUSED", "ManualRow", "Marks"]
__all__ += ["PROPOSED", "Sheet", "cells", "completed", "decided", "parts"]

COLUMNS: Final = (
    *("student", "question", "case", "possible", "points", "comment"),  # what a person reads and fills in
    *("answer", "rubric", "note", "items", "answer_digest"),
)
REVIEW: Final = "(review)"
"""In place of a question's name, which has no brackets: the row is about the whole submission."""
ACCEPT: Final = "accept"
PROPOSED: Final = "Proposed: "
"""Begins the answer of a row in which `ACCEPT` stands for the points that the case proposes."""
CHANGED: Final = "answer changed since it was graded"
UNUSED: Final = "not asked for in this run"
BLANK: Final = "(nothing in its cell; if it stands in another one, the student's page shows it)"
UNREAD: Final = "(the submission could not be read)"
UNDECIDED: Final = "An accuracy lies so little below its floor that it may be chance; decide it in manual.csv."
CLAIMED: Final = "Points rest on what the notebook says of a model or another object; confirm them in manual.csv."
ADVICE: Final = (
    f"Write `{ACCEPT}` under points where the grade is right as it is; or give points in each row of this student."
)
MAX_ANSWER: Final = 2_000
MAX_RUBRIC: Final = 4_000
_LINE = " ⏎ "

Key = tuple[str, str, str]
G = TypeVar("G", bound=Grade)


@dataclass(frozen=True)
class ManualRow:
    """A row of `manual.csv`.

    Attributes:
        case: The case of an automatic question; empty for a manual question.
        points: What the person gave; None while the answer waits.
        accept: In the row of a review, whether the grade stands as it is; in that of a case, whether the points that it
            proposes are given.
        comment: For the student; plain text.
        possible: Points of the question or case, as text.
        answer: The student's text on one line, cut; hostile.
        rubric: What to look for, on one line.
        note: `CHANGED`, `UNUSED`, or what somebody else wrote there.
        items: Which items of the rubric add up to the points, for `autograder review`: `#1 #3`.
        digest: Of the whole answer that was there when the row was written.
        extra: What stands in columns that are not ours, in the order of `Sheet.extra`.
    """

    student: str
    question: str
    case: str = ""
    points: float | None = None
    comment: str = ""
    possible: str = ""
    answer: str = ""
    rubric: str = ""
    note: str = ""
    items: str = ""
    digest: str = ""
    extra: tuple[str, ...] = ()
    accept: bool = False

    @property
    def key(self) -> Key:
        """What the row is about."""
        return self.student, self.question, self.case

    @property
    def proposes(self) -> bool:
        """Whether its case proposes points, which `ACCEPT` gives."""
        return bool(self.case) and self.answer.startswith(PROPOSED)

    @property
    def filled(self) -> bool:
        """Whether a person wrote something into it."""
        return self.accept or self.points is not None or bool(self.comment) or any(self.extra)


@dataclass(frozen=True)
class Sheet:
    """What `manual.csv` holds.

    Attributes:
        extra: Names of columns that are not ours.
        delimiter: As the file has it; with semicolons, numbers have a decimal comma.
        data: The file's bytes, so that a change by somebody else is seen; None when there is no file.
    """

    entries: tuple[ManualRow, ...] = ()
    extra: tuple[str, ...] = ()
    delimiter: str = ","
    data: bytes | None = None


@dataclass
class Marks:
    """What a person gave, on its way into a class's grades.

    Call `settle` with each grade of the run, then ask for the rest.

    Attributes:
        students: Everybody of this run.
        optional: Keys of rows that a review asks for, which may stay empty.
    """

    assignment: Assignment
    sheet: Sheet
    students: Iterable[str]
    optional: set[Key] = field(default_factory=set)
    _asked: list[ManualRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._open = {entry.key: entry for entry in self.sheet.entries}
        self._known = frozenset(self.students)
        self._absent: dict[Key, list[ManualRow]] = {}
        for entry in self.sheet.entries:
            if entry.student not in self._known:
                self._absent.setdefault((_loosely(entry.student), *entry.key[1:]), []).append(entry)
        self._rubrics = {
            key: part.rubric if isinstance(part, Question) else part.title
            for key, part in parts(self.assignment).items()
        }
        self._order = {key: at for at, key in enumerate(self._rubrics)}

    def settle(self, grade: G) -> G:
        """The grade with the points and comments that a person gave so far, and nothing that was taken back.

        Settling a grade that is settled already changes nothing. Score and what is pending follow.
        """
        review = grade.review or (grade.message if grade.needs_look else "")
        if review in (UNDECIDED, CLAIMED):
            review = ""
        row = self._review(grade, review) if review else None
        accepted = row is not None and row.accept and CHANGED not in row.note
        asked = len(self._asked)
        questions = tuple(self._settled(grade, question, bool(review), accepted) for question in grade.questions)
        reviewed = [row for row in self._asked[asked:] if row.key in self.optional and row.answer != BLANK]
        decided = bool(reviewed) and all(row.points is not None and CHANGED not in row.note for row in reviewed)
        outcomes = [outcome for question in questions for outcome in question.cases]
        if not review and not any(outcome.by_hand or outcome.status == "manual" for outcome in outcomes):
            return grade
        waiting = [outcome.possible for outcome in outcomes if outcome.status == "manual"]
        automatic = [outcome for question in questions if not question.manual for outcome in question.cases]
        undecided = [outcome.proposed is None for outcome in automatic if outcome.status == "manual"]
        message = "" if accepted or decided else review
        message = message or (UNDECIDED if any(undecided) else CLAIMED if undecided else "")
        waits: GradeStatus = "rejected" if _is_unread(grade) else "needs_review"
        return replace(
            grade,
            status=waits if message else "graded",
            message=message,
            review=review,
            comment=row.comment if row is not None and not message else "",
            questions=questions,
            score=rounded(sum(question.score for question in questions)),
            pending=rounded(sum(waiting)),
        )

    def entries(self) -> list[ManualRow]:
        """The rows of the new file: by question, then student; at the end filled ones that nobody asked for."""
        unused = [
            replace(entry, note=_noted(entry.note, UNUSED) if CHANGED not in entry.note else entry.note)
            for entry in self.unused
        ]
        return self.asked + sorted(unused, key=self._place)

    @property
    def asked(self) -> list[ManualRow]:
        """The rows about grades of this run, by question, then student."""
        return sorted(self._asked, key=self._place)

    @property
    def waiting(self) -> int:
        """How many answers have no points yet."""
        return sum(entry.points is None for entry in self._asked if entry.key not in self.optional)

    @property
    def changed(self) -> list[ManualRow]:
        """Answers of this run that changed since they were graded."""
        return [entry for entry in self.asked if CHANGED in entry.note]

    @property
    def unused(self) -> list[ManualRow]:
        """Filled rows that no grade of this run asked for."""
        return [entry for entry in self._open.values() if entry.filled]

    def _place(self, entry: ManualRow) -> tuple[int, str, str, str, str]:
        at = -1 if entry.question == REVIEW else self._order.get((entry.question, entry.case), len(self._order))
        return at, entry.question, entry.case, entry.student.casefold(), entry.student

    def _review(self, grade: Grade, review: str) -> ManualRow:
        """The row in which a person lets the grade of a submission that needs review stand as it is."""
        reason = f"Rejected. The student reads: {review}" if _is_unread(grade) else review
        text = _flat(reason, MAX_ANSWER, f"the whole is in feedback/{grade.student}.html", "Reason")
        return self._ask(grade, (REVIEW, ""), text, ADVICE, "", _review_digest(grade), optional=True)

    def _settled(self, grade: Grade, question: QuestionGrade, review: bool, accepted: bool) -> QuestionGrade:
        cases = []
        for outcome in question.cases:
            if outcome.status == "manual" or (outcome.by_hand and outcome.verdict is None):
                cases.append(self._given(grade, question, outcome))
            elif (review and _verdict(outcome)[0] != "pass") or (question.manual and _verdict(outcome)[0] == "fail"):
                cases.append(self._reviewed(grade, question, outcome, accepted))
            else:
                cases.append(outcome)
        return replace(question, cases=tuple(cases), score=rounded(sum(case.points for case in cases)))

    def _given(self, grade: Grade, question: QuestionGrade, outcome: Outcome) -> Outcome:
        """An outcome that waits for a person, or does no longer."""
        entry = self._ask_for(grade, question, outcome)
        if entry.points is None:
            return replace(outcome, status="manual", points=0, by_hand=False, comment="")
        return _with_points(outcome, entry)

    def _reviewed(self, grade: Grade, question: QuestionGrade, outcome: Outcome, accepted: bool) -> Outcome:
        """An outcome of a submission that needs review, or no answer: a person may give points, but need not."""
        status, points = verdict = _verdict(outcome)
        entry = self._ask_for(grade, question, outcome, optional=True)
        if entry.points is not None:
            return replace(_with_points(outcome, entry), verdict=verdict)
        if accepted and status == "error":
            return replace(outcome, status="fail", points=points, by_hand=True, verdict=verdict, comment=entry.comment)
        return replace(outcome, status=status, points=points, by_hand=False, verdict=None, comment="")

    def _ask_for(self, grade: Grade, question: QuestionGrade, outcome: Outcome, *, optional: bool = False) -> ManualRow:
        case = "" if question.manual else outcome.name
        page = f"feedback/{grade.student}.html"
        text = outcome.detail or outcome.message
        if question.manual:
            text = question.answer or (UNREAD if _verdict(outcome)[0] == "skipped" else BLANK)
        answer = _flat(text, MAX_ANSWER, f"the whole answer is in {page}", "Answer")
        if outcome.proposed is not None:
            answer = f"{PROPOSED}{outcome.proposed} of {rounded(outcome.possible)}. {answer}".strip()
        if question.pictures:
            answer += f" (handed in with {counted(len(question.pictures), 'picture')}: {page} shows what can be shown)"
        rubric = _flat(
            self._rubrics.get((question.name, case), ""), MAX_RUBRIC, "the rest is in the exercise", "Rubric"
        )
        possible, digest = str(rounded(outcome.possible)), _outcome_digest(grade, question)
        entry = self._ask(grade, (question.name, case), answer, rubric, possible, digest, optional=optional)
        if entry.accept and outcome.proposed is not None and CHANGED not in entry.note:
            self._asked[-1] = entry = replace(entry, points=outcome.proposed, accept=False)
        return entry

    def _ask(
        self,
        grade: Grade,
        part: tuple[str, str],
        answer: str,
        rubric: str,
        possible: str,
        digest: str,
        *,
        optional: bool = False,
    ) -> ManualRow:
        """The row about a part of a submission, with what a person wrote into it."""
        found = self._found((grade.student, *part), digest)
        changed = found.filled and (CHANGED in found.note or found.digest not in ("", digest))
        entry = replace(
            found,
            student=grade.student,
            answer=answer,
            rubric=rubric,
            possible=possible,
            note=_noted(found.note, CHANGED if changed else ""),
            digest=digest,
            extra=found.extra or ("",) * len(self.sheet.extra),
        )
        self._asked.append(entry)
        if optional:
            self.optional.add(entry.key)
        return entry

    def _found(self, key: Key, digest: str) -> ManualRow:
        """The row of an answer, also where a spreadsheet took a student's leading zeros: then the answer must agree."""
        exact = self._open.pop(key, None)
        if exact is not None:
            return exact
        near = [each for each in self._absent.get((_loosely(key[0]), *key[1:]), []) if each.key in self._open]
        if len(near) == 1 and near[0].digest == digest:
            return self._open.pop(near[0].key)
        return ManualRow(*key)


def decided(row: ManualRow, points: float | None, *, accept: bool = False, items: str = "") -> ManualRow:
    """A row with what a person decided about the answer as it is now."""
    return replace(row, points=points, accept=accept, items=items, note=_noted(row.note, ""))


def completed(sheet: Sheet, earlier: Iterable[Grade]) -> tuple[Sheet, tuple[ManualRow, ...]]:
    """The sheet with the rows that are gone from it although the report that was made last has their points.

    A row goes where a file was cut off; to take points back, a person empties the cell.

    Args:
        sheet: What was read.
        earlier: The grades of that report.

    Returns:
        The whole sheet, and the rows that were added to it.
    """
    there = {(_loosely(row.student), *row.key[1:]) for row in sheet.entries}
    given = (row for grade in earlier for row in _rows_of(grade))
    added = tuple(row for row in given if (_loosely(row.student), *row.key[1:]) not in there)
    blank = ("",) * len(sheet.extra)
    return replace(sheet, entries=(*sheet.entries, *(replace(row, extra=blank) for row in added))), added


def _rows_of(grade: Grade) -> Iterator[ManualRow]:
    if grade.review and grade.status == "graded":
        yield ManualRow(grade.student, REVIEW, comment=grade.comment, accept=True, digest=_review_digest(grade))
    for question in grade.questions:
        for outcome in question.cases:
            if outcome.by_hand:
                case, digest = "" if question.manual else outcome.name, _outcome_digest(grade, question)
                yield ManualRow(grade.student, question.name, case, outcome.points, outcome.comment, digest=digest)


def _with_points(outcome: Outcome, entry: ManualRow) -> Outcome:
    points = rounded(entry.points or 0)
    status: CaseStatus = "pass" if points >= outcome.possible else "fail"
    return replace(outcome, status=status, points=points, by_hand=True, comment=entry.comment)


def _verdict(outcome: Outcome) -> tuple[CaseStatus, Points]:
    return outcome.verdict or (outcome.status, outcome.points)


def _is_unread(grade: Grade) -> bool:
    """Whether it is, or was before a person settled it, a rejected one: no case was run, for what it is as a file."""
    return not grade.notice and all(
        _verdict(case)[0] == "skipped" for question in grade.questions if not question.manual for case in question.cases
    )


def _outcome_digest(grade: Grade, question: QuestionGrade) -> str:
    # A case's message may differ from run to run; what was handed in does not.
    if question.manual and _verdict(question.cases[0])[0] != "skipped":
        return _digest("\n".join([question.answer, *question.pictures]))
    return _digest(grade.digest)


def _review_digest(grade: Grade) -> str:
    """Of what `accept` is about: what was handed in, and what the cases gave for it."""
    automatic = [(question, case) for question in grade.questions if not question.manual for case in question.cases]
    given = [f"{question.name}.{case.name} {_verdict(case)}" for question, case in automatic if case.status != "manual"]
    return _digest("\n".join([grade.digest, *given]))


def parts(assignment: Assignment) -> dict[tuple[str, str], Question | Case]:
    """(question, case) → what a row may be about, in the exercise's order; the case is empty for a whole question."""
    found: dict[tuple[str, str], Question | Case] = {}
    for question in assignment.questions:
        found[question.name, ""] = question
        found |= {(question.name, case.name): case for case in question.cases}
    return found


def cells(sheet: Sheet, entries: Iterable[ManualRow]) -> Iterator[list[str]]:
    """The rows of `manual.csv` as texts, header first; numbers as the file's delimiter wants them."""
    yield [*COLUMNS, *sheet.extra]
    for entry in entries:
        points = ACCEPT if entry.accept else "" if entry.points is None else str(rounded(entry.points))
        numbers = [entry.possible, points]
        if sheet.delimiter == ";":  # where a comma cannot separate columns, it separates decimals
            numbers = [number.replace(".", ",") for number in numbers]
        texts = [entry.comment, entry.answer, entry.rubric, entry.note, entry.items, entry.digest]
        yield [*entry.key, *numbers, *texts, *entry.extra]


def _loosely(student: str) -> str:
    return same_student(student).lstrip("0")


def _digest(text: str) -> str:
    """Of a text; it begins with a letter, so that no spreadsheet takes it for a number."""
    return f"v{hashlib.sha256(text.strip().encode('utf-8', 'replace')).hexdigest()[:12]}"


def _noted(note: str, ours: str) -> str:
    """A note with what we have to say first, and behind it what somebody else wrote."""
    others = [part for part in note.split("; ") if part not in (CHANGED, UNUSED, "")]
    return "; ".join([ours, *others] if ours else others)


def _flat(text: str, limit: int, where: str, what: str) -> str:
    """A text on one line; a line that is indented goes on with the one before it.

    Where a spreadsheet would take it for a formula, as it would a list of Markdown, it begins with what it is: the
    apostrophe that is put before other such cells is a sign that nobody wrote. So does what begins as a proposal does.
    """
    lines: list[str] = []
    for line in re.split(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+", text.strip()[: 4 * limit]):
        if lines and line[:1].isspace():
            lines[-1] = f"{lines[-1]} {line.strip()}".strip()
        elif line.strip():
            lines.append(line.strip())
    flat = _LINE.join(lines)
    if begins_formula(flat) or flat.startswith(PROPOSED):
        flat = f"{what}: {flat}"
    cut = max(0, len(text.strip()) - 4 * limit) + max(0, len(flat) - limit)
    return f"{flat[:limit]} … (cut; {where})" if cut else flat
