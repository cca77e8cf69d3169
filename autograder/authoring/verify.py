"""The proof of a build: graded as students are, the stub scores 0 and the reference full marks. Trusted side."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import keras_runtime
from autograder.authoring.calibration import floors_of
from autograder.authoring.case_helpers import Records
from autograder.authoring.master import Master, MasterQuestion
from autograder.authoring.needs import needed
from autograder.errors import AutograderError, BuildError
from autograder.expect.reference_record import collecting
from autograder.grading.cases.bundle import beside
from autograder.language import in_language
from autograder.records import Grade, Measurement, Outcome, QuestionGrade, rounded
from autograder.wording import listed, one_line

if TYPE_CHECKING:
    from autograder.grading.execution.submission_grading import GradedSubmission

__all__ = ["Grader", "Proof", "grade_notebook", "prove", "refuse_undefined", "refuse_unimportable"]


@dataclass(frozen=True)
class Proof:
    """What the grader gave to stub and reference.

    Attributes:
        stub: The stub's score; `reference` is that of the reference.
        possible: Points of the questions that cases grade.
        by_hand: Points of those that a person grades.
        floors: `question.case` → each demand of an accuracy, and what the reference reached.
        folder: Where the stub and the bundle are that were graded.
        claims: Cases (`question.case`) that rest on what the notebook says of itself, as they do for the reference; and
            whether their points wait for a person.
        needs: See `needs.needed`; of the solution.
    """

    stub: float
    reference: float
    possible: float
    by_hand: float
    floors: dict[str, Measurement]
    folder: Path
    claims: dict[str, bool]
    needs: dict[str, float]


Grader = Callable[[Path, Path, str], "GradedSubmission"]
"""Grades a notebook, the second path, with the bundle, the first, under a name."""


def prove(
    master: Master, make: Callable[[Records], Path], say: Callable[[str], object], grade: Grader | None = None
) -> Proof:
    """Grade the stub and the reference as a student's notebook would be graded.

    Args:
        master: The master, for places in messages.
        make: Writes the bundle and the students' notebook with what the reference gave to the cases, and says where.
        say: Prints what is done next, as that takes time.
        grade: Grades them; `grade_notebook` by default.

    Raises:
        BuildError: The stub earns points, the reference misses some, or a case breaks.
        SandboxUnavailable: This machine cannot run a sandbox, so stub and reference cannot be graded.
    """
    grade = grade or grade_notebook
    folder = make({})
    say("grading the solution")
    with collecting() as collected:
        reference_graded = grade(folder / "bundle", folder / "bundle" / "reference.ipynb", "reference")
    folder = make({(Path(path).stem, case): record for (path, case), record in collected.items()})
    say("grading the students' notebook")
    stub_graded = grade(folder / "bundle", folder / "stub" / f"{master.slug}.ipynb", "stub")
    _refuse(master, stub_graded, reference_graded)
    return Proof(
        stub=stub_graded.grade.score,
        reference=reference_graded.grade.score,
        possible=rounded(reference_graded.grade.possible - reference_graded.grade.pending),
        by_hand=rounded(reference_graded.grade.pending),
        floors=floors_of(reference_graded.grade),
        folder=folder,
        claims={
            f"{question.name}.{outcome.name}": outcome.proposed is not None
            for question in reference_graded.grade.questions
            for outcome in question.cases
            if outcome.evidence == "claimed"
        },
        needs=needed(reference_graded.execution),
    )


def refuse_undefined(master: Master, data: frozenset[str]) -> None:
    """Refuse a case that asks for a name which neither the reference nor the hidden data define.

    Args:
        master: The master.
        data: Names of the hidden arrays.

    Raises:
        BuildError: Such a case exists.
    """
    defined = set(data)
    for index, (role, cell) in enumerate(zip(master.roles, master.source.cells, strict=True)):
        if cell.cell_type == "code" and role in {"prose", "answer"}:
            defined |= _defined(master, index, cell.source)
    fix = "Define it in the question's solution, or correct the parameter."
    lacking = [
        f"case `{case.function}` needs `{name}`, which is not defined in reference or data. "
        f"{master.source.at(case.cell, case.offset)}. {fix}"
        for question in master.questions
        for case in question.cases
        for name in case.parameters
        if name not in defined
    ]
    if lacking:
        raise BuildError("\n".join(lacking))


def refuse_unimportable(master: Master) -> None:
    """Refuse a case that imports what is not here, before anything takes time.

    What a case imports inside `try` may lack.

    Raises:
        BuildError: Such a case exists.
    """
    keras_runtime.share(master.config.limits.threads)
    parts = [
        (f"case `{case.function}`", case.code, case.cell, case.offset)
        for each in master.questions
        for case in each.cases
    ]
    parts += [("a helper", helper.text, helper.cell, helper.offset) for helper in master.helpers]
    for part, code, cell, offset in parts:
        for statement in _imports(ast.parse(code)):
            line = ast.unparse(statement)
            if "keras" in line or "tensorflow" in line:
                keras_runtime.load()
            try:
                with beside(master.source.path.parent):
                    exec(line, {})  # noqa: S102 - the author's own line, which the case is to run anyway
            except Exception as error:  # a package may raise anything when it is imported
                what = f"{part} cannot `{line}`: {type(error).__name__}: {one_line(str(error))}"
                fix = "Install it here, and for students if the case is public; or correct the line."
                place = offset + statement.lineno - 1
                raise master.source.refuse(cell, what.rstrip("."), fix, place) from error


def _imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child
        elif not isinstance(child, ast.Try):
            yield from _imports(child)


def _defined(master: Master, index: int, source: str) -> set[str]:
    """Names that a cell may define."""
    python = re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)
    try:
        tree = ast.parse(python)
    except SyntaxError as error:
        fix = "Correct it."
        raise master.source.refuse(index, f"a syntax error: {error.msg}", fix, (error.lineno or 1) - 1) from error
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
    return names


def grade_notebook(bundle: Path, notebook: Path, student: str) -> GradedSubmission:
    """Grade a notebook as a student's, in this process."""
    from autograder.grading.cases.bundle import load_bundle
    from autograder.grading.execution.submission_grading import grade_one
    from autograder.grading.intake.submissions import read_notebook

    loaded = load_bundle(bundle)
    keras_runtime.share(loaded.assignment.limits.threads)
    with in_language(loaded.assignment.language):
        return grade_one(loaded, read_notebook(notebook, student=student))


def _refuse(master: Master, stub: GradedSubmission, reference: GradedSubmission) -> None:
    """Refuse with all faults, a line for each; beside that of a case, what it got from solution and students' notebook.

    Raises:
        BuildError: There is one.
    """
    lines = []
    for (question, names), fault in (*_faults_of_stub(master, stub), *_faults_of_reference(master, reference)):
        solution, untouched = reference.values.get(question, {}), stub.values.get(question, {})
        given = [
            f"`{name}` is {solution[name]} in the solution, {untouched.get(name, 'not there')} in the stub"
            for name in names
            if name in solution
        ]
        lines.append(f"{fault}{f' ({listed(given)}.)' if given else ''}")
    if lines:
        raise BuildError("\n".join(lines))


_Fault = tuple[tuple[str, tuple[str, ...]], str]
"""The question and the names of the case that it is about, empty if it is about none; and what to say."""
_NO_CASE: tuple[str, tuple[str, ...]] = ("", ())


def _faults_of_stub(master: Master, graded: GradedSubmission) -> Iterator[_Fault]:
    fix = "Make the gap break what the case needs, or the case ask for more than the gap gives."
    for question, graded_question, outcome in _outcomes(master, graded.grade):
        case = _case(question, outcome)
        if outcome.status == "error":
            yield case, _broken(master, question, outcome, "stub")
        elif points := outcome.points or outcome.proposed:
            what = f"`{question.name}` gives the untouched stub {points} of {_points(graded_question)}"
            yield case, f"{what} (case `{outcome.name}`). {_where(master, question, outcome)}. {fix}"
    yield from _faults_of_run(master, graded, "stub")


def _faults_of_reference(master: Master, graded: GradedSubmission) -> Iterator[_Fault]:
    for question, graded_question, outcome in _outcomes(master, graded.grade):
        case = _case(question, outcome)
        if outcome.status == "error":
            yield case, _broken(master, question, outcome, "reference")
        elif outcome.proposed != outcome.possible and (outcome.points < outcome.possible or outcome.status != "pass"):
            earned = f"`{question.name}` gives the reference {graded_question.score} of {_points(graded_question)}"
            why = f"(case `{outcome.name}`: {_reason(outcome)})"
            fix = f"Correct the solution or the case, then run `autograder build {master.slug}`."
            if any(measured.at_least > 0 for measured in outcome.measurements):
                fix += f" What floor the reference can hold, `autograder calibrate {master.slug}` says."
            yield case, f"{earned} {why}. {_where(master, question, outcome)}. {fix}"
    for cell in graded.execution.cells:
        if cell.error:
            first = cell.source.strip().split("\n", 1)[0][:60]
            fix = "Every cell of the reference must run."
            yield (
                _NO_CASE,
                f"a cell of the reference (`{first}`) raises {cell.error[:200]}. {master.source.shown}. {fix}",
            )
    yield from _faults_of_run(master, graded, "reference")


def _faults_of_run(master: Master, graded: GradedSubmission, side: str) -> Iterator[_Fault]:
    broken = any(outcome.status == "error" for question in graded.grade.questions for outcome in question.cases)
    if graded.execution.status != "completed" or (graded.grade.status != "graded" and not broken):
        reason = graded.execution.message or graded.grade.message or graded.execution.status
        fix = "Let it do less, or raise the limits in `# AUTOGRADER CONFIG`."
        place = master.source.at(master.config_cell)
        yield _NO_CASE, f"the {side} does not run to its end: {reason.rstrip('.')}. {place}. {fix}"


def _broken(master: Master, question: MasterQuestion, outcome: Outcome, side: str) -> str:
    what = f"case `{outcome.name}` of `{question.name}` breaks on the {side}: {_reason(outcome)}"
    fix = "A case passes, or raises AssertionError; `autograder.expect` does so."
    return f"{what}. {_where(master, question, outcome)}. {fix}"


def _case(question: MasterQuestion, outcome: Outcome) -> tuple[str, tuple[str, ...]]:
    names = next((case.parameters for case in question.cases if case.case.name == outcome.name), ())
    return question.name, names


def _outcomes(master: Master, grade: Grade) -> list[tuple[MasterQuestion, QuestionGrade, Outcome]]:
    if grade.status == "rejected":
        raise AutograderError(f"the grader rejects what the build wrote: {grade.message}")
    by_name = {question.name: question for question in master.questions}
    return [
        (by_name[graded.name], graded, outcome)
        for graded in grade.questions
        if not graded.manual
        for outcome in graded.cases
    ]


def _where(master: Master, question: MasterQuestion, outcome: Outcome) -> str:
    for case in question.cases:
        if case.case.name == outcome.name:
            return master.source.at(case.cell, case.offset)
    return master.source.at(question.cell)


def _points(question: QuestionGrade) -> str:
    return f"{rounded(question.possible)} points"


def _reason(outcome: Outcome) -> str:
    said, _, _ = (outcome.detail or outcome.message or outcome.status).partition("\n\n")  # a table may follow
    return " ".join(said.split())[:300].rstrip(".")
