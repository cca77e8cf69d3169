"""Why a value is missing or points are lost: the first cause, once, with its cell. Trusted side.

What a notebook says of itself is hostile text: it is read by patterns, cut, and never parsed or evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from importlib import metadata, util
from pathlib import PurePosixPath

from autograder.expect.keras1_names import modern_spelling
from autograder.grading.execution.given_cells import Change, GivenCells, defined, names_read
from autograder.language import N_, spellings
from autograder.language import gettext as _
from autograder.records import Cause, CauseKind, Cell, Execution, ExecutionStatus, Question, QuestionGrade
from autograder.wording import cell_name, one_line, parted_at_error, raised

__all__ = ["ENDED", "causes_of", "doubtful", "explained", "stopped", "why_missing", "why_wrong", "without_ended"]

MAX_SHOWN = 200
MAX_NAME = 80
MAX_CAUSES = 40

_STOPPED = "Stopped: "
_TIMEOUT = "CellTimeout: "
_ENDINGS: dict[ExecutionStatus, str] = {
    "timed_out": N_("the time limit was reached in it"),
    "out_of_memory": N_("the memory limit was reached in it"),
    "crashed": N_("Python ended in it"),
}
ENDED: tuple[CauseKind, ...] = ("time", "memory", "crash")
"""Causes that ended a cell."""
_KINDS: dict[ExecutionStatus, CauseKind] = {"timed_out": "time", "out_of_memory": "memory", "crashed": "crash"}
_TEXT = N_("It is no code cell, so it was not run. In Jupyter, click it, press Esc, then Y, and hand it in again.")
_LACKING: tuple[tuple[CauseKind, re.Pattern[str]], ...] = (
    ("version", re.compile(r"ModuleNotFoundError: No module named '(autograder[\w.]*)'")),
    ("version", re.compile(r"ImportError: cannot import name '\w+' from '(autograder[\w.]*)'")),
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
    "module": N_(
        "It uses {name}, which is not installed where it was graded. If that is a file beside the notebook, "
        "hand it in, too."
    ),
    "file": N_("It reads {name}, which was not there where it was graded."),
    "host": N_("It needs {name}, and nothing of the network can be reached where it was graded."),
    "version": N_(
        "The notebook was handed out with another version of the package, which is no fault of the student's. "
        "Whoever set the exercise should build it again, and hand that out."
    ),
}
_GIVEN = N_(
    "This cell is as it came with the exercise: that is no fault of the student's. "
    "Whoever set the exercise should {do}."
)
_CHANGED = N_("This cell came with the exercise, and is different there: {change}. Put that back.")
_WAITS = N_(
    "Take out what waits there, such as `sleep`, an input or a lock; if nothing in it waits, tell who grades it."
)


def _any(text: str) -> str:
    """A pattern for a text in any language: what ended a cell is said in that of its exercise."""
    return f"(?:{'|'.join(map(re.escape, spellings(text)))})"


# Parts of the texts in `sandbox.host.endings`.
_ONE_CELL, _ALL_CELLS = N_("limit for one cell"), N_("limit for all cells together")
_RAN_LONGER, _SLEPT = N_("ran longer than"), N_("slept")
_WAITED = re.compile(f"{_any(_RAN_LONGER)}|{_any(_SLEPT)}")
_TO_DO: tuple[tuple[str, re.Pattern[str]], ...] = (
    (N_("raise `cell_seconds`"), re.compile(rf"(?:{_TIMEOUT}|{_STOPPED}).*{_any(_ONE_CELL)}")),
    (N_("raise `cpu_seconds`"), re.compile(rf"{_STOPPED}.*{_any(_ALL_CELLS)}")),
    (N_("raise `wall_seconds`"), re.compile(rf"{_STOPPED}.*{_any(_RAN_LONGER)}")),
    (N_("raise `memory_mb`"), re.compile(rf"{_STOPPED}{_any(_ENDINGS['out_of_memory'])}")),
    (N_("install `{}` where it is graded"), re.compile(r"ModuleNotFoundError: No module named '([\w.]{1,80})'")),
    (N_("put what it downloads into the cache, as `autograder fetch` says"), re.compile(r"\w+: URL fetch failure on")),
    (N_("see that it runs where it is graded"), re.compile("")),
)
"""What to do about a cell that came with the exercise, by its error. The first that fits counts."""
_UNDEFINED = re.compile(r"NameError: name '(\w+)' is not defined")


def stopped(cell: Cell, run: Execution) -> Cell:
    """A cell in which a run ended, with what ended it as its error."""
    reason = _(_ENDINGS[run.status]) if run.status in _ENDINGS else _("the run ended in it")
    if run.status == "timed_out":  # which time, and whether it worked or waited
        reason = one_line(run.message.partition(". ")[0], MAX_SHOWN)
        reason = reason[:1].lower() + reason[1:]
    return replace(cell, error=f"{_STOPPED}{reason}")


def without_ended(cells: Sequence[Cell]) -> list[Cell]:
    """The cells with nothing to run in those in which a run ended."""
    return [replace(cell, source="pass") if cell.error.startswith(_STOPPED) else cell for cell in cells]


def explained(
    execution: Execution,
    questions: Sequence[Question],
    given: GivenCells | None = None,
    beside: Sequence[str] = (),
    files: Iterable[str] = (),
) -> Execution:
    """The run with its failed cells explained: the first causes, and what only follows from another cell's failure.

    A text cell that should be code counts as failed.

    Args:
        execution: The run.
        questions: The exercise's.
        given: The cells that came with it.
        beside: Names of the files that were handed in with the notebook, and left out.
        files: Paths of those that lie beside the notebook.
    """
    places = _places(files, beside)
    given = given or GivenCells()
    automatic = {question.name for question in questions if not question.manual}
    failed: dict[str, int] = {}  # name → the cell that was to define it
    cells: list[Cell] = []
    ended_in = None
    for at, (cell, innocent) in enumerate(zip(execution.cells, given.innocent(execution.cells), strict=True)):
        if cell.kind != "code":
            error = _(_TEXT) if automatic.intersection(cell.answers) else ""
            cell = replace(cell, error=error)
        needed = _UNDEFINED.match(cell.error)
        due_to = failed.get(needed[1]) if needed else None
        innocent = innocent and (needed is None or given.defines(needed[1]))  # else an answer was to define it
        if cell.kind == "code" and cell.execution_count is None:
            due_to = ended_in
        elif cell.error.startswith(_STOPPED):
            ended_in = at
        names = defined(cell.source) if cell.kind == "code" or cell.error else frozenset()
        if cell.kind == "code" and not cell.error and due_to is None:  # such as a function that will need it
            due_to = min((failed[name] for name in names_read(cell.source) - names if name in failed), default=None)
        for name in names:
            if cell.error or due_to is not None:
                failed[name] = at if due_to is None else due_to
            else:
                failed.pop(name, None)
        cell = replace(cell, due_to=due_to)
        if cell.kind == "code" and cell.error and due_to is None:
            change = given.change(cell, execution.cells)
            cell = _with_origin(cell, is_given=given.has(cell), innocent=innocent, change=change, places=places)
        cells.append(cell)
    return replace(execution, cells=tuple(cells))


def _with_origin(
    cell: Cell, *, is_given: bool, innocent: bool, change: Change | None, places: Mapping[str, str]
) -> Cell:
    """A cell whose failure is a first cause, with where it comes from and what to say of that."""
    ended = cell.error.startswith((_STOPPED, _TIMEOUT))
    lacking = _lacking(cell.error)
    if lacking and lacking[0] == "version" and not cell.answers:
        return cell
    if innocent or (is_given and ended):
        do, found = next((do, match) for do, pattern in _TO_DO if (match := pattern.match(cell.error)))
        return replace(cell, origin="given", note=_(_GIVEN).format(do=_(do).format(*found.groups())))
    misspelt = lacking is not None and lacking[0] == "module" and change is not None and change.misspelt(lacking[1])
    if change and not ended and (lacking is None or misspelt):  # else it may be there for the student
        return replace(cell, origin="changed", note=_(_CHANGED).format(change=change.said))
    if lacking:
        return replace(cell, note=_where_it_is(*lacking, places))
    waits = cell.error.startswith(_STOPPED) and _WAITED.search(cell.error)
    return replace(cell, note=_(_WAITS) if waits else "")


def _places(files: Iterable[str], beside: Sequence[str]) -> dict[str, str]:
    """Name of a file → its path beside the notebook, or empty for one that was handed in and left out."""
    return {PurePosixPath(each).name: "" for each in beside} | {PurePosixPath(each).name: each for each in files}


def _where_it_is(kind: CauseKind, name: str, places: Mapping[str, str]) -> str:
    """What to say where what lacks is elsewhere, or was handed in and left out; else empty."""
    last = re.split(r"[/\\]", name)[-1]  # also of a path of Windows
    file = f"{name}.py" if kind == "module" else last if kind == "file" else ""
    if file not in places:
        return ""
    if path := places[file]:
        path = one_line(path, MAX_NAME)
        if kind == "file":
            return _("`{path}` lies beside the notebook: use it by that name.").format(path=path)
        return _("`{path}` lies in another folder: import it from there.").format(path=path) if path != file else ""
    file = one_line(file, MAX_NAME)
    handed_in = _("`{file}` was handed in, and left out; the page says why.").format(file=file)
    if kind == "module":
        do = _(
            "Put its code into a cell of the notebook that begins with `%%writefile {file}`, above this one."
        ).format(file=file)
    else:
        do = _("Have a cell of the notebook make what is in it.")
    return f"{handed_in} {do}"


def why_missing(name: str, answers: Sequence[int], execution: Execution) -> str:
    """What to tell of a name that is not there after a question.

    Args:
        name: The name.
        answers: Where the question's answer cells are.
        execution: The run, `explained`.
    """
    cells = execution.cells
    for at in range(answers[-1] if answers else len(cells) - 1, -1, -1):
        if name in defined(cells[at].source) and (cells[at].kind == "code" or cells[at].error):
            if said := _described(cells, at):
                return said
            break
    if said := why_wrong(answers, execution):
        return said
    if not answers:
        return _("Its answer cell is gone, too.")
    return execution.message if cells[answers[-1]].execution_count is None else ""


def why_wrong(answers: Sequence[int], execution: Execution) -> str:
    """The error of a question's last answer cell that has one, or of the cell behind that; empty if none has."""
    return next(filter(None, (_described(execution.cells, at) for at in reversed(answers))), "")


def _described(cells: Sequence[Cell], at: int) -> str:
    """One sentence on a cell's error; where another cell's is the cause, on that. Empty if there is none."""
    cell = cells[at]
    name = cell_name(cells, at).capitalize()
    if cell.due_to is not None:
        return f"{name} {_needs(cell, cells[cell.due_to])}: {_described(cells, cell.due_to)}"
    if not cell.error:
        return ""
    error = one_line(cell.error, MAX_SHOWN).rstrip(": ")
    if cell.kind != "code":
        return f"{name}: {error}"
    note = cell.note or modern_spelling(cell.error, cell.source)
    if error.startswith((_STOPPED, _TIMEOUT)):
        said = _("{name} was stopped: {reason}.").format(name=name, reason=error.partition(": ")[2])
    elif "llipsis" in error and "..." in cell.source:  # a word that students need not know
        line = next(number for number, line in enumerate(cell.source.splitlines(), start=1) if "..." in line)
        return _("{name} still holds a gap, `...`, in line {line}: {error}").format(name=name, line=line, error=error)
    else:
        said = (
            _("{name} raised {error}.").format(name=name, error=error.rstrip("."))
            if note
            else _("{name} raised {error}").format(name=name, error=error)
        )
    return f"{said} {note}".rstrip()


def _needs(cell: Cell, cause: Cell) -> str:
    """What a cell misses of the one that failed."""
    if needed := _UNDEFINED.match(cell.error):
        return _("needs `{name}`").format(name=needed[1])
    names = sorted(names_read(cell.source) & defined(cause.source))
    if names and not cell.error and cell.execution_count is not None:
        return _("needs `{name}`").format(name=names[0])
    return _("did not run")


def causes_of(
    execution: Execution, questions: Sequence[QuestionGrade], beside: Sequence[str] = (), files: Iterable[str] = ()
) -> tuple[Cause, ...]:
    """What may have cost points although no answer is wrong, in the order of the notebook; calls last.

    Args:
        execution: The run, `explained`.
        questions: What the questions gave.
        beside: Names of the files that were handed in with the notebook, and left out.
        files: Paths of those that came with the exercise.
    """
    places = _places(files, beside)
    found: list[Cause] = []
    number = 0
    for at, cell in enumerate(execution.cells):
        number += cell.kind == "code"
        if cell.kind == "code" and cell.due_to is None and cell.error:
            kind, name = _kind(cell)
            if kind:
                message = _described(execution.cells, at)
                if not cell.note and kind in _WORDS:
                    message = f"{message.rstrip('.')}. {_shown(kind, name)}"
                found.append(Cause(kind, name, number, message, given=cell.origin == "given"))
    for question in questions:
        for outcome in question.cases:
            called, error = parted_at_error(outcome.detail or outcome.message)
            lacking = _lacking(error) if error and outcome.status != "pass" else None
            if lacking and lacking[0] != "version":
                said = f"{raised(one_line(called.rpartition('`')[2], MAX_NAME), one_line(error, MAX_SHOWN))}."
                shown = _where_it_is(*lacking, places) or _shown(*lacking)
                found.append(Cause(*lacking, 0, f"{said} {shown}", hidden=outcome.hidden))
    return tuple(dict.fromkeys(found))[:MAX_CAUSES]


def _kind(cell: Cell) -> tuple[CauseKind | None, str]:
    """What kind of cause a cell's error is, and the name of what lacks; None where the answer is just wrong."""
    if cell.error.startswith((_STOPPED, _TIMEOUT)):
        return next(
            (_KINDS[each] for each in _KINDS if cell.error.removeprefix(_STOPPED) in spellings(_ENDINGS[each])), "time"
        ), ""
    lacking = _lacking(cell.error) if cell.origin != "changed" else None
    if lacking and not (lacking[0] == "version" and cell.answers):
        return lacking
    return cell.origin or None, ""


def doubtful(cause: Cause, execution: Execution, questions: Sequence[QuestionGrade]) -> bool:
    """Whether no fault of the student's may be behind a cause.

    So it is with what lacks where it was graded; with a cell that came with the exercise and raised; and where a cell
    was ended that is no answer, or for what the run's own processor time and memory do not explain.
    """
    if cause.kind not in ENDED:
        return cause.kind != "changed"
    cell = [cell for cell in execution.cells if cell.kind == "code"][cause.cell - 1]
    return execution.unjustified or not any(question.name in cell.answers for question in questions)


def _shown(kind: CauseKind, name: str) -> str:
    return _(_WORDS[kind]).format(name=f"`{name}`" if name else _("the network"))


def _lacking(error: str) -> tuple[CauseKind, str] | None:
    """What is not there, by the error that says so."""
    for kind, pattern in _LACKING:
        if match := pattern.match(error[:2000]):
            name = match[1]
            if kind == "file" and len(name) > MAX_NAME:  # its end says which file it is
                name = f"…{name[1 - MAX_NAME :]}"
            name = one_line(name, MAX_NAME)
            if kind == "module":
                name = name.partition(".")[0].rstrip(".-")
                if _installed(name):
                    continue
            return kind, name
    return None


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
