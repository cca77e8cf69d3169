"""Gradescope: the results that an autograder there writes. Trusted side."""

from __future__ import annotations

import json
from typing import Any, Final

from autograder.exports.exported import Exported, FinishedReport, zip_bytes
from autograder.feedback.safe_text import scrub
from autograder.grading.results.entries import GradeEntry
from autograder.language import N_, in_language
from autograder.language import gettext as _

__all__ = ["gradescope_results", "to_gradescope"]

LOOKED_AT: Final = N_("A person will look at this grade; it may still change.")


def to_gradescope(report: FinishedReport) -> Exported:
    """A zip with a `results.json` for each student, as an autograder there writes it, in a folder of the student's."""
    language = report.assignment.language
    files = (
        (f"{grade.student}/results.json", json.dumps(gradescope_results(grade, language), indent=1).encode())
        for grade in report.grades
        if not grade.absent
    )
    return Exported(zip_bytes(files), ".zip")


def gradescope_results(grade: GradeEntry, language: str) -> dict[str, Any]:
    """What `results.json` has of a grade: nothing that is for instructors only, such as why it needs review."""
    with in_language(language):
        look = {"rejected": grade.message, "needs_review": _(LOOKED_AT)}.get(grade.status, "")
        said = " ".join(filter(None, (grade.shown_late, grade.notice, look, *grade.shown_warnings)))
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
        "output": scrub(said),
        "output_format": "text",
        "tests": tests,
        "extra_data": {"student": grade.student, "pending": grade.pending, "penalty": grade.penalty},
    }
