"""Formats that need no template: nbgrader's table, plain tables, Gradescope's results, JUnit. Trusted side."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from autograder.exports.exported import Exported, zip_bytes
from autograder.feedback.safe_text import points, scrub
from autograder.feedback.tables import grades_csv, harmless, still_waits
from autograder.grading.results.entries import GradeEntry
from autograder.records import Assignment, Outcome, to_json

__all__ = ["gradescope_results", "to_gradescope", "to_junit", "to_nbgrader", "to_plain_csv", "to_plain_json"]

NBGRADER: Final = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score"),
    *("late_submission_penalty", "score", "max_score"),
)
LOOKED_AT: Final = "A person will look at this grade; it may still change."
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_nbgrader(
    assignment: Assignment, grades: Sequence[GradeEntry], pages: Mapping[str, bytes], template: Path | None
) -> Exported:
    """The table that `nbgrader export` writes."""
    made = io.StringIO()
    writer = csv.writer(made, quoting=csv.QUOTE_ALL)
    writer.writerow(NBGRADER)
    for grade in grades:
        last, comma, first = grade.shown_name.partition(",")
        if not comma:
            first, _, last = grade.shown_name.rpartition(" ")
        due = assignment.late.due.isoformat(" ") if assignment.late else ""
        texts = [assignment.slug, due, grade.handed_in, grade.id or grade.student, last, first.strip(), grade.email]
        numbers = map(points, (grade.raw_score, grade.penalty, grade.score, grade.possible))
        writer.writerow([*map(harmless, texts), *numbers])
    return Exported(made.getvalue().encode(), ".csv")


def to_plain_csv(
    assignment: Assignment, grades: Sequence[GradeEntry], pages: Mapping[str, bytes], template: Path | None
) -> Exported:
    """`grades.csv`."""
    return Exported("".join(grades_csv(assignment, grades)).encode(), ".csv")


def to_plain_json(
    assignment: Assignment, grades: Sequence[GradeEntry], pages: Mapping[str, bytes], template: Path | None
) -> Exported:
    """A list of objects: who, `status`, scores, what being late cost, and the score of each of `questions`."""
    people = [
        {
            "student": grade.student,
            "name": grade.shown_name,
            "id": grade.id,
            "email": grade.email,
            "status": "absent" if grade.absent else grade.status,
            "score": grade.score,
            "raw_score": grade.raw_score,
            "penalty": grade.penalty,
            "handed_in": grade.handed_in,
            "possible": grade.possible,
            "pending": grade.pending,
            "questions": {
                question.name: None if still_waits(question) else question.score for question in grade.questions
            },
        }
        for grade in grades
    ]
    return Exported(to_json(people, indent=2) + b"\n", ".json")


def to_gradescope(
    assignment: Assignment, grades: Sequence[GradeEntry], pages: Mapping[str, bytes], template: Path | None
) -> Exported:
    """A zip with a `results.json` for each student, as an autograder there writes it, in a folder of the student's."""
    files = {
        f"{grade.student}/results.json": json.dumps(gradescope_results(grade), ensure_ascii=True, indent=1).encode()
        for grade in grades
        if not grade.absent
    }
    return Exported(zip_bytes(files), ".zip")


def gradescope_results(grade: GradeEntry) -> dict[str, Any]:
    """What `results.json` has of a grade: nothing that is for instructors only, such as why it needs review."""
    look = {"rejected": grade.message, "needs_review": LOOKED_AT}.get(grade.status, "")
    tests = [
        {
            "name": scrub(f"{question.name}: {case.title or case.name}"),
            "score": case.points,
            "max_score": case.possible,
            "status": "passed" if case.status == "pass" else "failed",
            "output": scrub(case.message),
            "output_format": "text",
            "visibility": "after_published" if case.hidden else "visible",
        }
        for question in grade.questions
        for case in question.cases
        if case.status != "manual"
    ]
    return {
        "score": grade.score,
        "output": scrub(" ".join(filter(None, (grade.late, grade.notice, look, *grade.warnings)))),
        "output_format": "text",
        "tests": tests,
        "extra_data": {"student": grade.student, "pending": grade.pending, "penalty": grade.penalty},
    }


def to_junit(
    assignment: Assignment, grades: Sequence[GradeEntry], pages: Mapping[str, bytes], template: Path | None
) -> Exported:
    """A test suite for each student, with the points as properties."""
    root = ET.Element("testsuites", name=_xml(assignment.slug))
    for grade in grades:
        cases = [(question.name, case) for question in grade.questions for case in question.cases]
        counts = {kind: sum(_junit(case) == kind for _, case in cases) for kind in ("failure", "error", "skipped")}
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_xml(grade.student),
            tests=str(len(cases)),
            failures=str(counts["failure"]),
            errors=str(counts["error"]),
            skipped=str(counts["skipped"]),
            time=f"{grade.execution.wall_seconds:g}",
        )
        properties = ET.SubElement(suite, "properties")
        for name in ("score", "raw_score", "penalty", "possible", "pending"):
            ET.SubElement(properties, "property", name=name, value=points(getattr(grade, name)))
        for question, case in cases:
            element = ET.SubElement(suite, "testcase", classname=_xml(question), name=_xml(case.name), time="0")
            own = ET.SubElement(element, "properties")
            ET.SubElement(own, "property", name="points", value=points(case.points))
            ET.SubElement(own, "property", name="possible", value=points(case.possible))
            if kind := _junit(case):
                ET.SubElement(element, kind, message=_xml(case.message))
    ET.indent(root)
    return Exported(ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n", ".xml")


def _junit(case: Outcome) -> str:
    return {"fail": "failure", "error": "error", "skipped": "skipped", "manual": "skipped"}.get(case.status, "")


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
