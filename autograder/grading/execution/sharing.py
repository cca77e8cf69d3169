"""Submissions whose program is the same share one run of it. Trusted side.

A program is the code cells of a notebook: text beside them, and the notebook's metadata, change nothing that is run.
Each submission still has its own grade, with its own notebook and its own written answers.
"""

from __future__ import annotations

from dataclasses import replace

from autograder.grading.cases.bundle import Bundle
from autograder.grading.execution.submission_grading import GradedSubmission, cells_as_run, completed
from autograder.records import Submission

__all__ = ["may_be_shared", "shared"]


def may_be_shared(graded: GradedSubmission) -> bool:
    """Whether a run may stand for others: it is graded for good, came to its end, and no cell raised."""
    ran = graded.execution
    whole = ran.status == "completed" and not any(cell.error for cell in ran.cells)
    return whole and graded.grade.status == "graded" and not graded.again


def shared(bundle: Bundle, submission: Submission, graded: GradedSubmission) -> GradedSubmission:
    """The grade of a submission from the run of another one with the same program.

    Args:
        bundle: The exercise.
        submission: What was handed in.
        graded: The other one's; see `may_be_shared`.
    """
    execution = replace(graded.execution, cells=cells_as_run(submission, graded.execution))
    automatic = {question.name: question for question in graded.grade.questions if not question.manual}
    own = completed(bundle, submission, execution, automatic, graded.remarks)
    return replace(own, shares=True, recording=graded.recording, key=graded.key)
