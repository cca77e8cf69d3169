"""Why a value is missing or points are lost: the first cause, once, with its cell. Trusted side.

What a notebook says of itself is hostile text: it is read by patterns, cut, and never parsed or evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from importlib import metadata, util

from autograder.expect.keras1_names import modern_spelling
from autograder.records import Cause, CauseKind, Cell, Execution, ExecutionStatus, Question, QuestionGrade
from autograder.wording import cell_name, one_line

__all__ = ["causes_of", "doubtful", "explained", "stopped", "why_missing", "why_wrong", "without_ended"]

MAX_SHOWN = 200
MAX_NAME = 80
MAX_CAUSES = 40

_STOPPED = "Stopped: "
_ENDINGS: dict[ExecutionStatus, str] = {
    "timed_out": "the time limit was reached",
    "out_of_memory": "the memory limit was reached",
    "crashed": "Python ended",
}
_KINDS: dict[ExecutionStatus, CauseKind] = {"timed_out": "time", "out_of_memory": "memory", "crashed": "crash"}
_TEXT = "It is no code cell, so it was not run. In Jupyter, click it, press Esc, then Y, and hand it in again."
_LACKING: tuple[tuple[CauseKind, re.Pattern[str]], ...] = (
    ("module", re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")),
    ("module", re.compile(r"ImportError: .*?(?:pip install |requires the |(?:quires|stall|dency) [`'])([\w.-]+)")),
    ("file", re.compile(r"FileNotFoundError: .*?'([^']+)'")),
    ("file", re.compile(r"\w+: File not found: filepath=(\S+?)\.? ")),
    ("host", re.compile(r"\w+: URL fetch failure on (?:\w+://)?([\w.-]+)")),
    ("host", re.compile(r"\w+: .*?Connection.*?\(host='([\w.-]+)'")),
    ("host", re.compile(r"(?:URLError|gaierror|\w*ConnectionError|ConnectError): ()")),
)
"""What lacks, by the error that says so, and where in it the name stands. The first that fits counts."""

_WORDS: dict[CauseKind, str] = {
    "module": "It uses {0}, which is not installed where it was graded. If that is a file beside the notebook, "
    "its code belongs in the notebook.",
    "file": "It reads {0}, which was not there where it was graded.",
    "host": "It needs {0}, and nothing of the network can be reached where it was graded.",
}
_TARGETS = re.compile(r"[\w \t,()\[\]*.:]+")
_DEFINED = re.compile(r"[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")
_IMPORTED = re.compile(r"[ \t]*(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+(.+)")
_INDEXED = re.compile(r"\w+\[[^\]]*\]?")
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*(?![\w.(\[])")
_UNDEFINED = re.compile(r"NameError: name '(\w+)' is not defined")


def stopped(cell: Cell, status: ExecutionStatus) -> Cell:
    """A cell in which a run ended, with what ended it as its error."""
    return replace(cell, error=f"{_STOPPED}{_ENDINGS.get(status, 'the run ended')} in it")


def without_ended(cells: Sequence[Cell]) -> list[Cell]:
    """The cells with nothing to run in those in which a run ended."""
    return [replace(cell, source="pass") if cell.error.startswith(_STOPPED) else cell for cell in cells]


def explained(execution: Execution, questions: Sequence[Question]) -> Execution:
    """The run with text cells that should be code as errors, and each error that another one caused as due to that."""
    automatic = {question.name for question in questions if not question.manual}
    failed: dict[str, int] = {}  # name → the cell that was to define it
    cells: list[Cell] = []
    ended_in = None
    for at, cell in enumerate(execution.cells):
        if cell.kind != "code":
            error = _TEXT if automatic.intersection(cell.answers) else ""
            cell = replace(cell, error=error)
        needed = _UNDEFINED.match(cell.error)
        due_to = failed.get(needed[1]) if needed else None
        if cell.kind == "code" and cell.execution_count is None:
            due_to = ended_in
        elif cell.error.startswith(_STOPPED):
            ended_in = at
        names = _defined(cell.source) if cell.kind == "code" or cell.error else ()
        for name in names:
            if cell.error or due_to is not None:
                failed[name] = at if due_to is None else due_to
            else:
                failed.pop(name, None)
        cells.append(replace(cell, due_to=due_to))
    return replace(execution, cells=tuple(cells))


def why_missing(name: str, answers: Sequence[int], execution: Execution) -> str:
    """What to tell of a name that is not there after a question.

    Args:
        name: The name.
        answers: Where the question's answer cells are.
        execution: The run, `explained`.
    """
    cells = execution.cells
    for at in range(answers[-1] if answers else len(cells) - 1, -1, -1):
        if name in _defined(cells[at].source) and (cells[at].kind == "code" or cells[at].error):
            if said := _described(cells, at):
                return said
            break
    if said := why_wrong(answers, execution):
        return said
    if not answers:
        return "Its answer cell is gone, too."
    return execution.message if cells[answers[-1]].execution_count is None else ""


def why_wrong(answers: Sequence[int], execution: Execution) -> str:
    """The error of a question's last answer cell that has one, or of the cell behind that; empty if none has."""
    return next(filter(None, (_described(execution.cells, at) for at in reversed(answers))), "")


def _described(cells: Sequence[Cell], at: int) -> str:
    """One sentence on a cell's error; where another cell's is the cause, on that. Empty if there is none."""
    cell = cells[at]
    name = cell_name(cells, at).capitalize()
    if cell.due_to is not None:
        needed = _UNDEFINED.match(cell.error)
        what = f"needs `{needed[1]}`" if needed else "did not run"
        return f"{name} {what}: {_described(cells, cell.due_to)}"
    if not cell.error:
        return ""
    error = one_line(cell.error, MAX_SHOWN).rstrip(": ")
    if cell.kind != "code":
        return f"{name}: {error}"
    if error.startswith((_STOPPED, "CellTimeout: ")):
        return f"{name} was stopped: {error.partition(': ')[2]}."
    if "llipsis" in error and "..." in cell.source:  # a word that students need not know
        line = next(number for number, line in enumerate(cell.source.splitlines(), start=1) if "..." in line)
        return f"{name} still holds a gap, `...`, in line {line}: {error}"
    hint = modern_spelling(cell.error, cell.source)
    return f"{name} raised {error.rstrip('.')}. {hint}" if hint else f"{name} raised {error}"


def causes_of(execution: Execution, questions: Sequence[QuestionGrade]) -> tuple[Cause, ...]:
    """What may have cost points although no answer is wrong, in the order of the notebook; calls last.

    Args:
        execution: The run, `explained`.
        questions: What the questions gave.
    """
    found: list[Cause] = []
    number = 0
    for at, cell in enumerate(execution.cells):
        number += cell.kind == "code"
        if cell.kind == "code" and cell.due_to is None and cell.error:
            lacking = _lacking(cell.error, cell_name(execution.cells, at).capitalize(), number)
            found.extend(lacking or _limit(execution.cells, at, number))
    for question in questions:
        for outcome in question.cases:
            called, raised, error = (outcome.detail or outcome.message).partition("` raised ")
            if raised and outcome.status != "pass":
                function = f"`{one_line(called.rpartition('`')[2], MAX_NAME)}`"
                found += [replace(cause, hidden=outcome.hidden) for cause in _lacking(error, function, 0)]
    return tuple(dict.fromkeys(found))[:MAX_CAUSES]


def doubtful(cause: Cause, execution: Execution, questions: Sequence[QuestionGrade]) -> bool:
    """Whether a cell may have been ended through no fault of the student's.

    So it is with a cell that is no answer, which came with the exercise, and where the run's own processor time and
    memory do not explain it.
    """
    cell = [cell for cell in execution.cells if cell.kind == "code"][cause.cell - 1]
    given = not any(question.name in cell.answers for question in questions)
    return given or (cause.kind in ("time", "memory", "crash") and execution.unjustified)


def _limit(cells: Sequence[Cell], at: int, number: int) -> Iterator[Cause]:
    error = cells[at].error
    if error.startswith("CellTimeout: "):
        yield Cause("time", cell=number, message=_described(cells, at))
    for status, ending in _ENDINGS.items():
        if error.startswith(f"{_STOPPED}{ending}"):
            yield Cause(_KINDS[status], cell=number, message=_described(cells, at))


def _lacking(error: str, where: str, number: int) -> list[Cause]:
    for kind, pattern in _LACKING:
        if match := pattern.match(error[:2000]):
            name = one_line(match[1], MAX_NAME)
            if kind == "module":
                name = name.partition(".")[0].rstrip(".-")
                if _installed(name):
                    continue
            shown = _WORDS[kind].format(f"`{name}`" if name else "the network")
            raised = one_line(error, MAX_SHOWN)
            return [Cause(kind, name, number, f"{where} raised {raised}. {shown}")]
    return []


@lru_cache(1024)
def _installed(name: str) -> bool:
    """Whether a module or a package of this name is here; the sandbox has the same ones."""
    if name in _distributions():
        return True
    try:
        return util.find_spec(name.replace("-", "_")) is not None
    except (ImportError, ValueError):  # `__main__` has none
        return True


@cache
def _distributions() -> frozenset[str]:
    return frozenset(each.metadata["Name"] for each in metadata.distributions())


@lru_cache(4096)
def _defined(source: str) -> frozenset[str]:
    """The names that a cell's lines seem to define. Approximate, and only to say whose error is behind another."""
    names: set[str] = set()
    for line in source[:100_000].splitlines():
        if match := _IMPORTED.match(line):
            parts = (part.split() for part in match[1].partition("#")[0].split(","))
            names.update(part[-1].strip("()").partition(".")[0] for part in parts if part)
        elif match := _DEFINED.match(line):
            names.add(match[1])
        else:
            targets, _, value = line.partition("=")
            if value[:1] not in ("", "=") and _TARGETS.fullmatch(targets) and targets.count("(") == targets.count(")"):
                names.update(_NAME.findall(_INDEXED.sub("", targets)))
    return frozenset(names)
