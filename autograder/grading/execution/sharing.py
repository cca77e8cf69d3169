"""Submissions whose program is the same share one run of it. Trusted side.

A program is the code cells of a notebook: text beside them, and the notebook's metadata, change nothing that is run.
Each submission still has its own grade, with its own notebook and its own written answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from autograder.grading.cases.bundle import Bundle
from autograder.grading.execution.submission_grading import GradedSubmission, completed
from autograder.records import Cell, Execution, Submission, to_json

__all__ = ["may_be_shared", "program_of", "shared"]


def program_of(submission: Submission) -> str:
    """A digest of what is executed of a submission; empty where nothing is.

    White space at the end of a cell is left aside. Names of files that were handed in beside the notebook are not, as
    the reasons that a student reads may name them.
    """
    if submission.problem or not any(cell.kind == "code" for cell in submission.cells):
        return ""
    parts = [
        (cell.kind, cell.source.rstrip() if cell.kind == "code" else "", sorted(cell.tags))
        for cell in submission.cells
        if cell.kind == "code" or cell.answers
    ]
    return hashlib.sha256(to_json([parts, submission.beside])).hexdigest()


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
    execution = replace(graded.execution, cells=_cells_as_run(submission, graded.execution))
    automatic = {question.name: question for question in graded.grade.questions if not question.manual}
    return replace(completed(bundle, submission, execution, automatic, graded.remarks), shares=True)


def _cells_as_run(submission: Submission, execution: Execution) -> tuple[Cell, ...]:
    ran: Sequence[Cell] = [cell for cell in execution.cells if cell.kind == "code"]
    cells = iter(ran)
    return tuple(
        replace(next(cells), source=cell.source, attachments=cell.attachments) if cell.kind == "code" else cell
        for cell in submission.cells
    )
