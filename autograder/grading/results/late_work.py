"""What handing in late takes off a grade, by the exercise's rule and a person's extensions. Trusted side.

OUT/late.csv is the instructor's, and is only read: `student` (id, number or e-mail address as in `grades.csv`), `until`
(an extension) and `handed_in` (where no system said it, or another time counts); one of these may be empty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from autograder.errors import UsageError
from autograder.grading.intake.csv_reader import parse, read_table
from autograder.grading.intake.student_ids import same_student
from autograder.grading.intake.times import iso_time
from autograder.language import gettext as _
from autograder.language import in_language, ngettext
from autograder.records import TIME_NOT_KNOWN, Assignment, Grade, LateRule, rounded
from autograder.wording import one_line

__all__ = ["ALLOWANCES", "Allowance", "LateWork"]

ALLOWANCES: Final = "late.csv"
MAX_BYTES: Final = 10 * 2**20
_COLUMNS: Final = ("student", "until", "handed_in")

G = TypeVar("G", bound=Grade)


@dataclass(frozen=True)
class Allowance:
    """What a person allowed one student, in ISO 8601; empty for nothing. `student` is as the file has it."""

    until: str = ""
    handed_in: str = ""
    student: str = ""


class LateWork:
    """Takes off what the rule says."""

    def __init__(self, assignment: Assignment, out: Path) -> None:
        """Read what a person allowed.

        Args:
            assignment: With the rule; without one nothing is taken off, and nothing read.
            out: The output folder.

        Raises:
            UsageError: `late.csv` cannot be understood. The text names its line.
        """
        self._rule, self._possible, self._language = assignment.late, assignment.possible, assignment.language
        self._allowances: Mapping[str, Allowance] = _read(out / ALLOWANCES) if self._rule else {}

    def settle(self, grade: G) -> G:
        """The grade with the penalty taken off the points of its questions; settled again, it stays the same."""
        if self._rule is None and not grade.late:
            return grade
        raw = rounded(sum(question.score for question in grade.questions))
        penalty, late = 0.0, ""
        if self._rule is not None and not grade.absent:
            keys = (grade.student, grade.id, grade.email)
            found = (self._allowances.get(same_student(key)) for key in keys if key)
            with in_language(self._language):
                penalty, late = self._penalty(self._rule, grade, next(filter(None, found), Allowance()))
        penalty = rounded(min(penalty, raw))
        return replace(grade, score=rounded(raw - penalty), penalty=penalty, late=late)

    def strangers(self, grades: Iterable[Grade]) -> list[str]:
        """Those of `late.csv` of whom there is no grade."""
        known = {same_student(key) for grade in grades for key in (grade.student, grade.id, grade.email) if key}
        return [allowed.student for key, allowed in self._allowances.items() if key not in known]

    def _penalty(self, rule: LateRule, grade: Grade, allowance: Allowance) -> tuple[float, str]:
        """What the rule takes off, were there so much, and what to say of it."""
        text = allowance.handed_in or grade.handed_in
        if not text:
            return 0, TIME_NOT_KNOWN
        due = _local(allowance.until, rule) if allowance.until else rule.due.replace(tzinfo=ZoneInfo(rule.zone))
        # In UTC: the difference of two local times would leave out that clocks change.
        over = _local(text, rule).timestamp() - due.timestamp() - 60 * rule.grace
        if over <= 0:
            return 0, ""
        begun = math.ceil(over / timedelta(**{f"{rule.every}s": 1}).total_seconds())
        each = rule.points or rule.percent * self._possible / 100
        cost = _points(each)
        if rule.percent:
            cost = _("{percent:g} % of {points}").format(percent=rule.percent, points=_points(self._possible))
        grace = ngettext(", with {number} minute of grace", ", with {number} minutes of grace", rule.grace)
        late = _("Handed in late: extended for you to {due} ({zone}){grace}.")
        if not allowance.until:
            late = _("Handed in late: due {due} ({zone}){grace}.")
        since = ngettext("{number} day has begun since", "{number} days have begun since", begun)
        if rule.every == "hour":
            since = ngettext("{number} hour has begun since", "{number} hours have begun since", begun)
        said = _("{late}{counts} {since}, and each costs {cost}; a score is never less than 0.").format(
            late=late.format(
                due=_shown(due.isoformat(), rule),
                zone=rule.zone,
                grace=grace.format(number=rounded(rule.grace)) if rule.grace else "",
            ),
            counts=_(" It counts as handed in {time}.").format(time=_shown(text, rule)) if allowance.handed_in else "",
            since=since.format(number=begun),
            cost=cost,
        )
        return begun * each, said


def _points(number: float) -> str:
    return ngettext("{number} point", "{number} points", number).format(number=rounded(number))


def _local(text: str, rule: LateRule) -> datetime:
    """A time in ISO 8601; without an offset it is one of the rule's zone."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=ZoneInfo(rule.zone))


def _shown(text: str, rule: LateRule) -> str:
    return f"{_local(text, rule).astimezone(ZoneInfo(rule.zone)):%Y-%m-%d %H:%M}"


def _read(path: Path) -> dict[str, Allowance]:
    data = read_table(path, MAX_BYTES, f"a CSV with {', '.join(_COLUMNS)}.")
    if data is None:
        return {}
    try:
        rows = parse(data.decode("utf-8-sig"), path).rows
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8. Save it as `CSV UTF-8`.") from error
    header = [name.strip().casefold() for name in rows[0][1]] if rows else []
    if "student" not in header or not {"until", "handed_in"} & {*header}:
        raise UsageError(f"{path}, line 1: expected the columns {', '.join(_COLUMNS)}. Nothing was written.")
    found: dict[str, Allowance] = {}
    for line, row in rows[1:]:
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        times = {name: iso_time(cells.get(name, "")) for name in _COLUMNS[1:]}
        for name, time in times.items():
            if cells.get(name) and not time:
                received = one_line(cells[name], 40)
                raise UsageError(f"{path}, line {line}: `{name}` must be like 2026-11-05 23:59 (got `{received}`).")
        student = same_student(cells.get("student", ""))
        if not student or student in found:
            what = f"{one_line(cells['student'], 40)} is there already" if student else "no `student`"
            raise UsageError(f"{path}, line {line}: {what}. Correct the file; nothing was written.")
        found[student] = Allowance(**times, student=cells["student"])
    return found
