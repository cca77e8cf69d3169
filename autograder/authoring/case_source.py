"""A case as its author wrote it: one cell with a function and its settings in `# BEGIN TEST CONFIG`. Trusted side."""

from __future__ import annotations

import ast
import json
import math
import re
from dataclasses import dataclass

import yaml

from autograder.authoring.source import Source
from autograder.records import Case, rounded

__all__ = ["CaseCell", "as_otter_reads", "read_case"]

_BEGIN = re.compile(r'(?:.\s*=\s*)?""?"?\s*#\s*BEGIN\s*TEST\s*CONFIG', re.IGNORECASE)
_END = re.compile(r'""?"?\s*#\s*END\s*TEST\s*CONFIG', re.IGNORECASE)
_OF_HISTORIES = {"history": "history", "record": "given"}  # check of `autograder.expect` → its first argument
MESSAGES = ("success_message", "failure_message")
_SETTINGS = {"points", "hidden", *MESSAGES}


@dataclass(frozen=True)
class CaseCell:
    """A case in the master.

    Attributes:
        function: The function's name, `test_…`.
        title: First line of its docstring.
        source: The text of its cell, without the settings.
        code: The function's text alone, as it was written.
        cell: Index of its cell.
        offset: Line of `def` in the cell, from 0.
        histories: The parameters that the case reads as training histories.
        messages: What students may read beside the title: Otter's success and failure messages.
    """

    function: str
    title: str
    points: float
    hidden: bool
    parameters: tuple[str, ...]
    source: str
    code: str
    cell: int
    offset: int
    histories: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    @property
    def case(self) -> Case:
        """The record that the grader uses."""
        name = self.function.removeprefix("test_")
        return Case(name, self.title, self.points, self.hidden, self.parameters)


def read_case(source: Source, cell: int) -> CaseCell:
    """Read one cell of a tests block.

    Raises:
        BuildError: The cell is not one documented function with its points.
    """
    text: str = source.cells[cell].source
    settings, start = _settings(source, cell, text)
    try:
        statements = ast.parse("\n".join(["" for _ in range(start)] + text.split("\n")[start:])).body
    except SyntaxError as error:
        at = (error.lineno or 1) - 1
        raise source.refuse(cell, f"a case with a syntax error: {error.msg}", "Correct it.", at) from error
    function = statements[0] if len(statements) == 1 else None
    if not isinstance(function, ast.FunctionDef):
        fix = "Give each case a cell of its own: the settings, then one function `test_…`."
        raise source.refuse(cell, "a test cell holds exactly one function", fix, start)
    offset, name = function.lineno - 1, function.name
    if function.decorator_list:
        fix = (
            "Take the decorator out and write `hidden: true` into `# BEGIN TEST CONFIG`: Otter Assign hands hidden "
            "cases that were decorated by hand to the students."
        )
        raise source.refuse(cell, f"`{name}` is decorated by hand", fix, function.decorator_list[0].lineno - 1)
    if not name.startswith("test_") or not name.removeprefix("test_").isidentifier():
        raise source.refuse(cell, f"`{name}` is no name for a case", "Begin it with `test_`.", offset)
    title = (ast.get_docstring(function) or "").split("\n", 1)[0].strip()
    if not title:
        fix = "Its first line is what the student reads: write one."
        raise source.refuse(cell, f"`{name}` has no docstring", fix, offset)
    arguments = function.args
    others = arguments.posonlyargs or arguments.vararg or arguments.kwonlyargs or arguments.kwarg or arguments.defaults
    if others or any(argument.arg == "env" for argument in arguments.args):
        fix = "A case's parameters are the names it needs, without defaults, stars or `env`."
        raise source.refuse(cell, f"`{name}` has parameters that are no names of values", fix, offset)
    points = settings.get("points")
    if isinstance(points, bool) or not isinstance(points, (int, float)) or points < 0:
        what = f"`{name}` does not say what it is worth" if points is None else f"`{name}` is worth `points: {points}`"
        fix = 'Write `points: …` between `""" # BEGIN TEST CONFIG` and `""" # END TEST CONFIG`, a number from 0 on.'
        raise source.refuse(cell, what, fix)
    hidden = settings.get("hidden", False)
    if not isinstance(hidden, bool):
        raise source.refuse(cell, f"`{name}` has `hidden: {hidden!r}`", "Write `hidden: true` or `hidden: false`.")
    return CaseCell(
        function=name,
        title=title,
        points=rounded(points),
        hidden=hidden,
        parameters=tuple(argument.arg for argument in arguments.args),
        source="\n".join(text.split("\n")[start:]),
        code="\n".join(text.split("\n")[offset : function.end_lineno]),
        cell=cell,
        offset=offset,
        histories=tuple(each.arg for each in arguments.args if each.arg in _read_as_histories(function)),
        messages=tuple(str(settings[key]) for key in MESSAGES if key in settings),
    )


def _read_as_histories(function: ast.FunctionDef) -> set[str]:
    """Names that a function hands to `expect.history` or `expect.record`, or whose `.history` it takes."""
    found: set[str] = set()
    for node in ast.walk(function):
        given: list[ast.expr] = []
        if isinstance(node, ast.Attribute) and node.attr == "history":
            given = [node.value]
        elif isinstance(node, ast.Call):
            keyword = _OF_HISTORIES.get(ast.unparse(node.func).rpartition(".")[2])
            given = [*node.args[:1], *(each.value for each in node.keywords if each.arg == keyword)] if keyword else []
        found |= {each.id for each in given if isinstance(each, ast.Name)}
    return found


def _settings(source: Source, cell: int, text: str) -> tuple[dict[str, object], int]:
    """A case's settings, and the line of the cell on which its code begins."""
    lines = text.split("\n")
    if not _BEGIN.match(lines[0]):
        return {}, 0
    end = next((at for at, line in enumerate(lines) if at and _END.match(line)), None)
    if end is None:
        raise source.refuse(cell, "the test's settings never end", 'Add `""" # END TEST CONFIG`.')
    settings = source.settings(cell, slice(1, end))
    if unknown := sorted(set(settings) - _SETTINGS):
        what, fix = f"a test setting `{unknown[0]}` that does not exist", ", ".join(sorted(_SETTINGS))
        raise source.refuse(cell, what, f"There are {fix}.", source.find(cell, unknown[0]))
    for key in MESSAGES:
        if key in settings:
            settings[key] = str(settings[key]).strip()
            if "\n" in settings[key]:
                raise source.refuse(cell, f"{key} has a line break", "Write it in one line.", source.find(cell, key))
    return settings, end + 1


def as_otter_reads(source: Source, cell: int) -> str:
    """A case's cell with its messages as Otter needs them, which writes them between double quotes as they are."""
    text: str = source.cells[cell].source
    settings, start = _settings(source, cell, text)
    escaped = {key: json.dumps(settings[key], ensure_ascii=False)[1:-1] for key in MESSAGES if key in settings}
    if all(settings[key] == message for key, message in escaped.items()):
        return text
    written = yaml.safe_dump(settings | escaped, allow_unicode=True, width=math.inf)
    lines = text.split("\n")
    return "\n".join([lines[0], written, *lines[start - 1 :]])
