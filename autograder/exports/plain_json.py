"""A list of objects for any program. Trusted side."""

from __future__ import annotations

from autograder.exports.exported import Exported, FinishedReport
from autograder.feedback.tables import still_waits
from autograder.records import to_json

__all__ = ["to_plain_json"]


def to_plain_json(report: FinishedReport) -> Exported:
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
        for grade in report.grades
    ]
    return Exported(to_json(people, indent=2) + b"\n", ".json")
