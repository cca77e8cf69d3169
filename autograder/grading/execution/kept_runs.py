"""What is kept of a run, and of which run: after an edit of cases, notebooks need not run again. Trusted side."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.expect.test_files import RECORDS, LoadedCase
from autograder.grading.cases.bundle import Bundle
from autograder.grading.execution.environment import environment
from autograder.records import Execution, Outcome, Submission, to_json

__all__ = ["KeptRun", "case_digests", "program_of", "run_key"]


@dataclass(frozen=True)
class KeptRun:
    """A run that need not be made again.

    Attributes:
        recording: `recording.Recording`, packed; hostile.
        execution: How it went, with the cells' outputs.
        standing: Question and case → the outcome, of the cases that have not changed since.
    """

    recording: bytes
    execution: Execution
    standing: Mapping[tuple[str, str], Outcome]


def program_of(submission: Submission) -> str:
    """A digest of what is executed of a submission; empty where nothing is.

    White space at the end of a cell is left aside. Files that were handed in with the notebook are not: it may read
    them, and the reasons that a student reads may name those that are left out.
    """
    if submission.problem or not any(cell.kind == "code" for cell in submission.cells):
        return ""
    parts = [
        (cell.kind, cell.source.rstrip() if cell.kind == "code" else "", sorted(cell.tags))
        for cell in submission.cells
        if cell.kind == "code" or cell.answers
    ]
    files = [(file.name, file.left_out, hashlib.sha256(file.content).hexdigest()) for file in submission.files]
    return _digest([parts, files])


def run_key(bundle: Bundle, submission: Submission) -> str:
    """A digest of all that a run depends on: equal ones give equal runs. Empty where nothing is executed."""
    program = program_of(submission)
    limits = bundle.assignment.limits
    given = [(cell.kind, cell.source, cell.tags) for cell in bundle.given]
    names = [(question.name, question.manual, question.answer_cells) for question in bundle.assignment.questions]
    files = {name: hashlib.sha256(content).hexdigest() for name, content in bundle.files.items()}
    return program and _digest([program, limits, environment(limits.threads), given, names, files])


def case_digests(bundle: Bundle) -> dict[str, str]:
    """`question/case` → a digest of all that its outcome depends on beside the submission."""
    files = {name: hashlib.sha256(content).hexdigest() for name, content in bundle.files.items()}
    found = {}
    for question in bundle.assignment.questions:
        if not question.manual:
            source = (bundle.path / "tests" / f"{question.name}.py").read_text(encoding="utf-8")
            functions, rest = _parts(source)
            for loaded in bundle.cases[question.name]:
                data = {name: _data_digest(bundle.data[name]) for name in loaded.case.parameters if name in bundle.data}
                own = functions.get(loaded.function.__name__, "")
                found[f"{question.name}/{loaded.case.name}"] = _digest(
                    [own, rest, _said(loaded), data, files, bundle.assignment.limits, sorted(question.names)]
                )
    return found


def _parts(source: str) -> tuple[dict[str, str], str]:
    """Name → text of each case in a test file; what else is in it, which all of them may use."""
    functions: dict[str, str] = {}
    rest = []
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef) and statement.name.startswith("test_"):
            functions[statement.name] = ast.unparse(statement)
        elif not {*_assigned(statement)} & {RECORDS, "points"}:  # each case has its own part of these
            rest.append(ast.unparse(statement))
    return functions, "\n".join(rest)


def _assigned(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Assign):
        yield from (target.id for target in statement.targets if isinstance(target, ast.Name))


def _said(loaded: LoadedCase) -> list[Any]:
    record = "" if loaded.record is None else loaded.record.to_text()
    return [loaded.case, loaded.success_message, loaded.failure_message, loaded.accept, record]


def _data_digest(data: np.ndarray[Any, Any] | Path) -> str:
    if isinstance(data, Path):
        return hashlib.sha256(data.read_bytes()).hexdigest()
    described = f"{data.dtype.str} {data.shape} ".encode()
    return hashlib.sha256(described + np.ascontiguousarray(data).tobytes()).hexdigest()


def _digest(record: Any) -> str:
    return hashlib.sha256(to_json(record)).hexdigest()
