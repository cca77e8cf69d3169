"""Reads Otter's exception-format test files, without Otter. Both sides.

A case is a function in such a file, decorated with Otter's `@test_case(…)`; its parameters name the values it needs.
"""

from __future__ import annotations

import ast
import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.errors import BuildError
from autograder.expect.reference_record import CaseRecord
from autograder.records import Case
from autograder.wording import one_line

__all__ = ["RECORDS", "LoadedCase", "load", "resolve_points"]

RECORDS = "recorded"
"""In a test file: name of a case → `CaseRecord` as text."""

_OTTER = "otter.test_files"


@dataclass(frozen=True)
class LoadedCase:
    """A case with its function.

    Attributes:
        path: The test file, as given to `load`.
        success_message: What the student reads when it passes; may be empty.
        failure_message: Advice for the student when it fails; may be empty.
        record: What the reference gave to it; None where that was not recorded.
        accept: What its question takes of a model that cannot be rebuilt: `claimed`, what is said of it earns points at
            once; `rebuilt`, nothing; by default, what is said of it earns points once a person confirms it.
        foreign: Whether the case was written for another grader, which runs it beside the student's code. Then any
            exception fails it, as there; but what cannot be sent, or seen of an object, is no fault of the student's.
    """

    case: Case
    function: Callable[..., object]
    path: str
    success_message: str = ""
    failure_message: str = ""
    record: CaseRecord | None = None
    accept: str = ""
    foreign: bool = False


@dataclass(eq=False)
class _Decorated:
    """Stands for Otter's decorator `test_case`, with the same arguments in the same order."""

    name: str | None = None
    points: float | None = None
    hidden: bool = False
    success_message: str | None = None
    failure_message: str | None = None

    def __call__(self, function: Callable[..., object]) -> _Decorated:
        self.function = function
        return self


def load(source: str, path: str) -> list[LoadedCase]:
    """The cases of a test file, in their order, with the points that Otter resolves.

    Args:
        source: The file's text; trusted, it is executed.
        path: What to call it in messages and tracebacks.

    Raises:
        BuildError: It is no exception-format test file, or a case in it would be lost or could not be run.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise BuildError(f"{path}:{error.lineno}: a syntax error: {error.msg}. Correct it.") from error
    functions = [each for each in tree.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
    names = Counter(function.name for function in functions)
    for function in functions:
        if names[function.name] > 1:  # Python keeps the last one
            where, count = f"{path}:{function.lineno}", names[function.name]
            raise BuildError(f"{where}: {count} functions are called {function.name}. Rename all but one.")
    try:
        namespace = _executed(tree, path)
        decorated = [value for value in namespace.values() if isinstance(value, _Decorated)]
        points = resolve_points(namespace.get("points"), [each.points for each in decorated])
        records = {name: CaseRecord.from_text(text) for name, text in namespace.get(RECORDS, {}).items()}
        accept, foreign = str(namespace.get("accept", "")), bool(namespace.get("foreign"))
    except Exception as error:  # a test file may raise anything
        reason = f"{type(error).__name__}: {one_line(str(error))}"
        raise BuildError(f"{path} cannot be loaded: {reason}. Correct it.") from error
    for function in functions:
        if function.name.startswith("test_") and not isinstance(namespace.get(function.name), _Decorated):
            where = f"{path}:{function.lineno}"
            raise BuildError(f"{where}: {function.name} would never run. Decorate it with `@test_case(…)`.")
    cases = [_loaded(each, worth, path) for each, worth in zip(decorated, points, strict=True)]
    return [replace(each, record=records.get(each.case.name), accept=accept, foreign=foreign) for each in cases]


def resolve_points(total: float | list[float | None] | None, given: Sequence[float | None]) -> list[float]:
    """What each case is worth, as Otter's `TestFile.resolve_test_file_points` says.

    Args:
        total: The file's `points`: of the question, or of each case in turn; None if it has none.
        given: What each case says of itself; None where it says nothing.

    Raises:
        TypeError: Points that are no numbers.
        ValueError: A list of another length than there are cases, or cases worth more than their question.
    """
    if isinstance(total, list):
        if len(total) != len(given):
            raise ValueError("Points specified in test has different length than number of test cases")
        given, total = total, None
    elif total is not None and not isinstance(total, (int, float)):
        raise TypeError(f"Test spec points has invalid type: {type(total)}")
    for points in given:
        if points is not None and type(points) not in (int, float):
            raise TypeError(f"Invalid point type: {type(points)}")
    fixed = sum(points for points in given if points is not None)
    if total is None:
        rest: float = 0 if any(given) else 1  # a question for which no case says anything is worth 1 point
    elif fixed > total:
        raise ValueError("More points specified in test cases than allowed for test")
    else:
        rest = total - fixed
    unsaid = sum(points is None for points in given)
    return [rest / unsaid if points is None else points for points in given]


def _executed(tree: ast.Module, path: str) -> dict[str, Any]:
    """The names that a test file defines; `_Decorated` replaces Otter's `test_case`, whatever its imported name."""
    namespace: dict[str, Any] = {}
    body = []
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == _OTTER:
            for alias in statement.names:
                if alias.name != "test_case":
                    raise ImportError(f"cannot import name {alias.name!r} from {_OTTER!r}: there is only `test_case`")
                namespace[alias.asname or alias.name] = _Decorated
        else:
            body.append(statement)
    exec(compile(ast.Module(body, tree.type_ignores), path, "exec", dont_inherit=True), namespace)  # noqa: S102
    if "name" not in namespace:
        raise ValueError(f"Test file {path} does not define 'name'")
    return namespace


def _loaded(decorated: _Decorated, points: float, path: str) -> LoadedCase:
    function, name = decorated.function, decorated.function.__name__
    where = f"{path}:{function.__code__.co_firstlineno}"
    title = (inspect.getdoc(function) or "").partition("\n")[0].strip()
    if not title:
        raise BuildError(f"{where}: {name} has no docstring. Its first line is what the student reads: write one.")
    # Calling one of these runs nothing, so the case would always pass.
    not_plain = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    if any(is_kind(function) for is_kind in not_plain):
        raise BuildError(f"{where}: {name} is no plain function. Take out `async` and `yield`.")
    parameters = inspect.signature(function).parameters.values()
    if any(each.kind is not each.POSITIONAL_OR_KEYWORD or each.default is not each.empty for each in parameters):
        raise BuildError(f"{where}: a parameter of {name} is not the plain name of a value. Make it one.")
    if "env" in inspect.signature(function).parameters:
        raise BuildError(f"{where}: {name} asks for `env`, which is no value of the student's. Name the values.")
    names = tuple(each.name for each in parameters)
    case = Case(name.removeprefix("test_"), title, points, bool(decorated.hidden), names)
    return LoadedCase(case, function, path, decorated.success_message or "", decorated.failure_message or "")
