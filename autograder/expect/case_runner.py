"""The one runner of cases: the same in the student's notebook and in the grader.

A case is a function in one of Otter's exception-format test files; its parameters name the values that it needs.
"""

from __future__ import annotations

import ast
import inspect
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from autograder.errors import BuildError
from autograder.expect.measurements import recording
from autograder.expect.mismatch import Mismatch, Undecided
from autograder.records import Case, CaseStatus, Outcome, rounded

__all__ = ["LoadedCase", "load", "run", "values_of"]

_MAX_TEXT = 8_000


@dataclass(frozen=True)
class LoadedCase:
    """A case with its function.

    Attributes:
        path: The test file, as `load` was told.
        success_message: What the student reads when it passes; may be empty.
        failure_message: Advice for the student when it fails; may be empty.
    """

    case: Case
    function: Callable[..., object]
    path: str
    success_message: str = ""
    failure_message: str = ""


def load(source: str, path: str) -> list[LoadedCase]:
    """The cases of a test file, in their order, with the points that Otter resolves.

    Args:
        source: The file's text; trusted, it is executed.
        path: What to call it in messages and tracebacks.

    Raises:
        BuildError: It is no exception-format test file, or a case in it would be lost or could not be run.
    """
    _require_all_found(source, path)
    from otter.test_files import ExceptionTestFile

    try:
        file = ExceptionTestFile.from_string(source, path)
    except Exception as error:  # a test file may raise anything
        raise BuildError(f"{path} cannot be loaded: {type(error).__name__}: {error}. Correct it.") from error
    return [_loaded(test_case, path) for test_case in file.test_cases]


def values_of(case: Case, namespace: Mapping[str, Any], missing: str = "") -> dict[str, Any]:
    """The values that a case asks for.

    Args:
        case: The case.
        namespace: Name → value. Looking one up may raise a `Mismatch`, for a value that is none to be judged.
        missing: What to add for the student when a name is not there (`Its cell raised NameError: …`).

    Raises:
        Mismatch: One of them is not there, or cannot be judged.
    """
    values = {}
    for name in case.parameters:
        try:
            values[name] = namespace[name]
        except KeyError:
            raise Mismatch(f"`{name}` is not defined after this question. {missing}".rstrip()) from None
    return values


def run(loaded: LoadedCase, namespace: Mapping[str, Any]) -> Outcome:
    """What a case says about these values. A hidden case's outcome tells all; what to keep back is the grader's matter.

    Args:
        loaded: The case.
        namespace: Name → value, for all of the case's parameters that there are; see `values_of`.
    """
    with recording() as measured:
        outcome = _run(loaded, namespace)
    return replace(outcome, measurements=tuple(measured))


def _run(loaded: LoadedCase, namespace: Mapping[str, Any]) -> Outcome:
    try:
        values = values_of(loaded.case, namespace, "Run the cell that assigns it, and see whether it raises an error.")
        loaded.function(**values)
    except Undecided as near:
        return _outcome(loaded, "manual", str(near))
    except Mismatch as mismatch:
        return replace(_outcome(loaded, "fail", str(mismatch), credit=mismatch.credit), diff=mismatch.diff)
    except AssertionError as error:
        return _outcome(loaded, "fail", str(error).strip())
    except Exception as error:  # noqa: BLE001 - whatever else a case raises is a bug of ours until a person has looked
        what = f"{type(error).__name__}: {error}".strip(": ")
        return _outcome(
            loaded, "error", f"This check could not be run: {what}", detail=f"{what} ({_where(error, loaded)})"
        )
    return _outcome(loaded, "pass", loaded.success_message, credit=1.0)


# ---------------------------------------------------------------- loading


def _require_all_found(source: str, path: str) -> None:
    """Refuse what Otter loses without a word: it keeps the last of equal names, and skips what is not decorated."""
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise BuildError(f"{path}:{error.lineno}: a syntax error: {error.msg}. Correct it.") from error
    functions = [each for each in statements if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
    names = Counter(function.name for function in functions)
    for function in functions:
        where = f"{path}:{function.lineno}"
        if names[function.name] > 1:
            raise BuildError(
                f"{where}: {names[function.name]} functions are called {function.name}. Rename all but one."
            )
        if function.name.startswith("test_") and not function.decorator_list:
            raise BuildError(f"{where}: {function.name} would never run. Decorate it with `@test_case(…)`.")


def _loaded(test_case: Any, path: str) -> LoadedCase:
    function = test_case.body.test_func
    where = f"{path}:{function.__code__.co_firstlineno}"
    title = (inspect.getdoc(function) or "").partition("\n")[0].strip()
    if not title:
        raise BuildError(
            f"{where}: {function.__name__} has no docstring. Its first line is what the student reads: write one."
        )
    # Calling one of these runs nothing, so the case would always pass.
    if (
        inspect.iscoroutinefunction(function)
        or inspect.isgeneratorfunction(function)
        or inspect.isasyncgenfunction(function)
    ):
        raise BuildError(f"{where}: {function.__name__} is no plain function. Take out `async` and `yield`.")
    parameters = inspect.signature(function).parameters.values()
    if any(each.kind is not each.POSITIONAL_OR_KEYWORD or each.default is not each.empty for each in parameters):
        raise BuildError(f"{where}: a parameter of {function.__name__} is not the plain name of a value. Make it one.")
    if "env" in inspect.signature(function).parameters:
        raise BuildError(
            f"{where}: {function.__name__} asks for `env`, which is no value of the student's. Name the values."
        )
    case = Case(
        name=function.__name__.removeprefix("test_"),
        title=title,
        points=test_case.points,
        hidden=bool(test_case.hidden),
        parameters=tuple(each.name for each in parameters),
    )
    return LoadedCase(case, function, path, test_case.success_message or "", test_case.failure_message or "")


# ---------------------------------------------------------------- outcomes


def _outcome(loaded: LoadedCase, status: CaseStatus, message: str, *, credit: float = 0.0, detail: str = "") -> Outcome:
    case = loaded.case
    if status == "fail":
        message = _with_advice(message, loaded)
    return Outcome(
        name=case.name,
        status=status,
        points=rounded(case.points * credit),
        possible=case.points,
        hidden=case.hidden,
        title=case.title,
        message=_cut(message),
        detail=_cut(detail),
    )


def _with_advice(message: str, loaded: LoadedCase) -> str:
    """The author's advice behind the message's first line, which is all that some pages show."""
    first, break_, rest = message.partition("\n")
    if not first:
        return loaded.failure_message or f"Not met: {loaded.case.title}"
    return f"{first} {loaded.failure_message}".rstrip() + break_ + rest


def _where(error: BaseException, loaded: LoadedCase) -> str:
    """The case's own line that raised, as `file:line`."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == loaded.path]
    return f"{loaded.path}:{lines[-1] if lines else loaded.function.__code__.co_firstlineno}"


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}\n…"
