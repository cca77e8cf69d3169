"""Reads a test file of Otter's, of either format, as cases that run on what a sandbox sends. Trusted side."""

from __future__ import annotations

import ast
import builtins
import doctest
import textwrap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.errors import UsageError
from autograder.expect.test_files import resolve_points
from autograder.grading.cases.otter_obstacles import bound_names, free_names, modules_among, obstacle
from autograder.wording import one_line

__all__ = ["OtterCase", "OtterQuestion", "read_question"]

_CASE = "test_case"
_SETTINGS = ("name", "points", "all_or_nothing", "OK_FORMAT")


@dataclass(frozen=True)
class OtterCase:
    """A case.

    Attributes:
        title: Its name.
        text: Its code, as it stands in the file.
        function: The same as a function, whose parameters are what it needs of the student's.
        needs: Those parameters.
        modules: The modules that it uses.
        obstacle: Why it cannot be graded on what is sent; empty if it can.
        points: What it is worth, or None where the file's own points decide.
    """

    title: str
    text: str
    function: ast.FunctionDef
    needs: tuple[str, ...]
    modules: tuple[str, ...]
    obstacle: str
    hidden: bool
    points: float | None
    success_message: str
    failure_message: str


@dataclass(frozen=True)
class OtterQuestion:
    """A question: the cases of one file.

    Attributes:
        around: What else is in the file, for the cases to use.
    """

    name: str
    cases: tuple[OtterCase, ...]
    all_or_nothing: bool = False
    around: tuple[ast.stmt, ...] = ()


def read_question(name: str, source: str, files: Collection[str]) -> OtterQuestion:
    """A question, with the points that Otter gives to its cases.

    Args:
        name: The file's name without its ending, by which notebooks check it.
        source: The file; trusted.
        files: Names of the files that come with the exercise.

    Raises:
        UsageError: It is no test file that Otter reads.
    """
    where = f"tests/{name}.py"
    try:
        tree = ast.parse(source)
        settings = dict(_assigned(tree))
        spec = settings.get("test")
        question = _doctests(name, spec, files) if isinstance(spec, ast.Dict) else _functions(name, tree, files)
        total = ast.literal_eval(spec).get("points") if isinstance(spec, ast.Dict) else _value(settings.get("points"))
        points = resolve_points(total, [case.points for case in question.cases])
    except (SyntaxError, ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"{type(error).__name__}: {one_line(str(error))}"
        raise UsageError(f"{where} is no test file of Otter's that can be read ({reason}). Correct it.") from error
    cases = (replace(case, points=worth) for case, worth in zip(question.cases, points, strict=True))
    return replace(question, cases=tuple(cases))


# ---------------------------------------------------------------- OK format


def _doctests(name: str, spec: ast.Dict, files: Collection[str]) -> OtterQuestion:
    test = ast.literal_eval(spec)
    (suite,) = test["suites"]
    if suite.get("type", "doctest") != "doctest" or suite.get("setup") or suite.get("teardown"):
        raise ValueError("a suite of another type than doctest, or with `setup` or `teardown`")
    title = str(test.get("name", name))
    cases = [_doctest(f"{title} - {at}", at, case, files) for at, case in enumerate(suite["cases"], 1)]
    return OtterQuestion(name, tuple(cases), bool(test.get("all_or_nothing", False)))


def _doctest(title: str, at: int, case: dict[str, Any], files: Collection[str]) -> OtterCase:
    code = textwrap.dedent(case["code"])
    title = str(case.get("name", title))
    tree, why = _examples(code)
    names = free_names(tree)
    uses = modules_among(names, tree)
    needs = [each for each in names if each not in uses]
    call = f"check_doctest({code!r}, locals())"
    function = _function(f"test_{at}", title, needs, uses, ast.parse(call).body)
    return OtterCase(
        title,
        code,
        function,
        tuple(needs),
        tuple(uses.values()),
        why or obstacle(tree, needs, uses, files),
        bool(case.get("hidden", True)),
        case.get("points"),
        _text(case.get("success_message")),
        _text(case.get("failure_message")),
    )


def _examples(code: str) -> tuple[ast.Module, str]:
    """A doctest's statements, and why it cannot be graded, if that is plain already."""
    tree = ast.Module([], [])
    try:
        for example in doctest.DocTestParser().get_examples(code):
            statements = ast.increment_lineno(ast.parse(example.source), example.lineno).body
            for statement in statements:
                if example.want and example.exc_msg is None and isinstance(statement, ast.Expr):
                    if _calls_a_students(statement.value) and not _is_value(example.want):
                        return tree, "its expected output is what the student's code prints, or how it shows a value"
                    shown = ast.Assign([ast.Name("_", ast.Store())], statement.value)  # its value is looked at
                    statement = ast.fix_missing_locations(ast.copy_location(shown, statement))
                tree.body.append(statement)
    except (SyntaxError, ValueError) as error:
        return ast.Module([], []), f"it is no plain Python ({one_line(str(error))})"
    return tree, ""


def _calls_a_students(value: ast.expr) -> bool:
    function = value.func if isinstance(value, ast.Call) else None
    return isinstance(function, ast.Name) and not hasattr(builtins, function.id)


def _is_value(output: str) -> bool:
    """Whether an output reads as Python shows a value, and not as what was printed."""
    try:
        shown = ast.parse(output.strip(), mode="eval").body
    except SyntaxError:
        return False
    return not isinstance(shown, ast.Name)


# ---------------------------------------------------------------- exception format


def _functions(name: str, tree: ast.Module, files: Collection[str]) -> OtterQuestion:
    settings = {target: _value(value) for target, value in _assigned(tree) if target in _SETTINGS}
    title = str(settings["name"])
    decorators = {_CASE} | {
        alias.asname or alias.name
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom) and statement.module == "otter.test_files"
        for alias in statement.names
    }
    last = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}  # Python keeps the last one
    own = [each for each in last.values() if _decorator(each, decorators)]
    around = tuple(each for each in tree.body if each not in own and not _is_setting(each))
    cases = []
    for at, function in enumerate(own, 1):
        arguments = _arguments(_decorator(function, decorators))
        cases.append(_case(f"{title} - {at}", function, arguments, around, files))
    if not cases:
        raise ValueError("no case in it")
    return OtterQuestion(name, tuple(cases), bool(settings.get("all_or_nothing", False)), around)


def _case(
    title: str, function: ast.FunctionDef, said: dict[str, Any], around: Sequence[ast.stmt], files: Collection[str]
) -> OtterCase:
    text = ast.unparse(function)
    title = str(said.get("name") or (ast.get_docstring(function) or "").partition("\n")[0] or title)
    body = ast.Module([*_without_docstring(function.body)], [])
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    why = "" if arguments.vararg is None and arguments.kwarg is None else "it takes any number of values"
    if "env" in names:
        taken = _Taken()
        body = ast.fix_missing_locations(taken.visit(body))
        names = [*dict.fromkeys([*(each for each in names if each != "env"), *taken.names])]
        if any(isinstance(node, ast.Name) and node.id == "env" for node in ast.walk(body)):
            why = "it looks through the notebook's variables"
    uses = modules_among(names, body)
    needs = [each for each in names if each not in uses]
    name = function.name if function.name.startswith("test_") else f"test_{function.name}"
    made = _function(name, title, needs, uses, body.body)
    imported = {key: value for each in around for key, value in _imported(each)}
    helpers = _helpers(body, around)
    reasons = [obstacle(body, needs, {**imported, **uses}, files)]
    reasons += [obstacle(each, bound_names(each.args), imported, files) for each in helpers]
    modules = {*uses.values(), *imported.values(), *(value for each in body.body for _, value in _imported(each))}
    return OtterCase(
        title,
        text,
        made,
        tuple(needs),
        tuple(sorted(modules)),
        why or next(filter(None, reasons), ""),
        bool(said.get("hidden", False)),
        said.get("points"),
        _text(said.get("success_message")),
        _text(said.get("failure_message")),
    )


class _Taken(ast.NodeTransformer):
    """Replaces `env["name"]` and `env.get("name")` by the name, and keeps which they are."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """`env["name"]`."""
        return self._name(node.value, node.slice) or self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`env.get("name")`."""
        got = isinstance(node.func, ast.Attribute) and node.func.attr == "get" and len(node.args) == 1
        found = self._name(node.func.value, node.args[0]) if got and isinstance(node.func, ast.Attribute) else None
        return found or self.generic_visit(node)

    def _name(self, of: ast.expr, key: ast.expr) -> ast.Name | None:
        if not (isinstance(of, ast.Name) and of.id == "env" and isinstance(key, ast.Constant)):
            return None
        if not (isinstance(key.value, str) and key.value.isidentifier()):
            return None
        self.names.append(key.value)
        return ast.Name(key.value, ast.Load())


def _helpers(body: ast.AST, around: Sequence[ast.stmt]) -> list[ast.FunctionDef]:
    """The functions of the file that code calls, and those that they call."""
    there = {each.name: each for each in around if isinstance(each, ast.FunctionDef)}
    found: dict[str, ast.FunctionDef] = {}
    waiting = [body]
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Name) and node.id in there and node.id not in found:
                found[node.id] = there[node.id]
                waiting.append(there[node.id])
    return list(found.values())


def _decorator(function: ast.FunctionDef, decorators: Collection[str]) -> ast.Call | None:
    for each in function.decorator_list:
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id in decorators:
            return each
    return None


def _arguments(decorator: ast.Call | None) -> dict[str, Any]:
    assert decorator is not None
    order = ("name", "points", "hidden", "success_message", "failure_message")
    positional = zip(order, map(ast.literal_eval, decorator.args), strict=False)
    return {**dict(positional), **{each.arg or "": ast.literal_eval(each.value) for each in decorator.keywords}}


# ---------------------------------------------------------------- both


def _function(
    name: str, title: str, needs: Sequence[str], uses: dict[str, str], body: Sequence[ast.stmt]
) -> ast.FunctionDef:
    """A function with these parameters, and the modules under the names that the notebook has for them."""
    parameters = [ast.arg(each) for each in needs]
    imports = [ast.parse(f"import {module} as {alias}").body[0] for alias, module in uses.items()]
    statements = [ast.Expr(ast.Constant(one_line(title) or name)), *imports, *body]
    made = ast.FunctionDef(name, ast.arguments([], parameters, None, [], [], None, []), statements, [])
    return ast.fix_missing_locations(made)


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            yield statement.targets[0].id, statement.value


def _is_setting(statement: ast.stmt) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return any(isinstance(each, ast.Name) and each.id in _SETTINGS for each in targets)


def _imported(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    if isinstance(statement, ast.Import):
        yield from ((alias.asname or alias.name.partition(".")[0], alias.name) for alias in statement.names)
    elif isinstance(statement, ast.ImportFrom) and statement.module not in (None, "otter.test_files"):
        yield from ((alias.asname or alias.name, f"{statement.module}.{alias.name}") for alias in statement.names)


def _without_docstring(body: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return [*body[1:]] or [ast.Pass()] if documented else body


def _value(node: ast.expr | None) -> Any:
    return None if node is None else ast.literal_eval(node)


def _text(message: object) -> str:
    return "" if message is None else str(message)
