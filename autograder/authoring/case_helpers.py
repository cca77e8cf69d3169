"""What the cases of an exercise share, and what the reference gave to them: put into their test files. Trusted side.

Helpers are written once in the master, between raw cells `# BEGIN HELPERS` and `# END HELPERS`. A test file gets those
that its cases use, and what these use; so students get what public cases need, and nothing else.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.authoring.source import Source
from autograder.errors import BuildError
from autograder.expect.reference_record import CaseRecord
from autograder.expect.test_files import RECORDS, load

if TYPE_CHECKING:
    from autograder.authoring.assign import Assigned
    from autograder.authoring.case_source import CaseCell
    from autograder.authoring.master import Master

__all__ = ["Helper", "Records", "complete", "needed_helpers", "read_helpers", "recorded_in"]

_RESERVED = {"OK_FORMAT", "accept", "name", "points", "test_case", RECORDS}

Records = Mapping[tuple[str, str], CaseRecord]
"""Question and case → what the reference gave to it."""


@dataclass(frozen=True)
class Helper:
    """A statement of a cell of helpers.

    Attributes:
        defines: The names that it defines.
        uses: The names that occur in it.
        text: As it was written.
        cell: Index of its cell.
        offset: Its line in the cell, from 0.
    """

    defines: frozenset[str]
    uses: frozenset[str]
    text: str
    cell: int
    offset: int


def read_helpers(source: Source, cell: int) -> list[Helper]:
    """The helpers of one cell.

    Raises:
        BuildError: It holds something else than functions, classes, imports and constants.
    """
    text = source.cells[cell].source
    try:
        statements = ast.parse(text).body
    except SyntaxError as error:
        what = f"a syntax error in the helpers: {error.msg}"
        raise source.refuse(cell, what, "Correct it.", (error.lineno or 1) - 1) from error
    helpers = []
    for statement in statements:
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(each.lineno for each in decorators)]) - 1
        defines = _defined_by(statement)
        if wrong := sorted(name for name in defines if name in _RESERVED or name.startswith("test_")):
            raise source.refuse(cell, f"a helper is called `{wrong[0]}`, as what a test file has", "Rename it.", first)
        if not defines:
            fix = "Keep functions, classes, imports and constants there; all else goes into a case or a function."
            raise source.refuse(cell, "a helper that defines no name", fix, first)
        uses = frozenset(node.id for node in ast.walk(statement) if isinstance(node, ast.Name))
        lines = text.split("\n")[first : statement.end_lineno]
        helpers.append(Helper(defines, uses, "\n".join(lines), cell, first))
    return helpers


def needed_helpers(helpers: Sequence[Helper], cases: Iterable[CaseCell]) -> list[Helper]:
    """Those that these cases use, and what those use, in the master's order."""
    names = {node.id for case in cases for node in ast.walk(ast.parse(case.code)) if isinstance(node, ast.Name)}
    before = -1
    while len(names) != before:
        before = len(names)
        names.update(*(helper.uses for helper in helpers if helper.defines & names))
    return [helper for helper in helpers if helper.defines & names]


def complete(master: Master, assigned: Assigned, records: Records) -> Assigned:
    """Otter's test files with the helpers that they need, and with what the reference gave to their cases."""
    public, tests = dict(assigned.public_tests), dict(assigned.tests)
    for question in master.questions:
        for files, cases in ((tests, question.cases), (public, [case for case in question.cases if not case.hidden])):
            if question.name in files:
                text = _with_helpers(files[question.name], needed_helpers(master.helpers, cases))
                of_case = {case.case.name: records.get((question.name, case.case.name)) for case in cases}
                files[question.name] = text + _records_text(of_case)
    # Of copies of the cells: a stub and a reference are made of them more than once.
    return replace(copy.deepcopy(assigned), public_tests=public, tests=tests)


def recorded_in(bundle: Path) -> Records:
    """What the test files of a bundle say that the reference gave; nothing where there is none that can be read."""
    records = {}
    for file in sorted(bundle.glob("tests/*.py")):
        with suppress(BuildError):
            cases = load(file.read_text(encoding="utf-8"), file.name)
            records.update({(file.stem, each.case.name): each.record for each in cases if each.record})
    return records


def _with_helpers(text: str, helpers: Sequence[Helper]) -> str:
    if not helpers:
        return text
    lines = text.split("\n")
    first = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    at = min([first.lineno, *(each.lineno for each in first.decorator_list)]) - 1
    return "\n".join([*lines[:at], *(f"{helper.text}\n" for helper in helpers), *lines[at:]])


def _records_text(records: Mapping[str, CaseRecord | None]) -> str:
    known = [f"    {name!r}: {record.to_text()!r},\n" for name, record in records.items() if record]
    return f"\n{RECORDS} = {{\n{''.join(known)}}}\n" if known else ""


def _defined_by(statement: ast.stmt) -> frozenset[str]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return frozenset({statement.name})
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return frozenset((each.asname or each.name).split(".")[0] for each in statement.names)
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return frozenset(node.id for each in targets for node in ast.walk(each) if isinstance(node, ast.Name))
    return frozenset()
