"""Says why a case that was written for Otter cannot be graded on what a sandbox sends. Trusted side.

Otter runs cases beside the student's code, where a case can do anything. Here a case has copies of data, and functions
and objects of the student's that it may call. What needs more than that is found in the case's text, before anything
runs. A case may still fail to be graded: then it ends in an error, and a person looks at it.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Collection, Iterator
from importlib import import_module
from importlib.util import find_spec

__all__ = ["bound_names", "free_names", "modules_among", "obstacle"]

MODULES = {
    **{"np": "numpy", "pd": "pandas", "plt": "matplotlib.pyplot", "mpl": "matplotlib", "sns": "seaborn", "sp": "scipy"},
    **{"stats": "scipy.stats", "tf": "tensorflow", "nx": "networkx", "sm": "statsmodels.api"},
    **{name: name for name in ("numpy", "pandas", "matplotlib", "scipy", "sklearn", "keras", "tensorflow", "torch")},
    **{name: name for name in ("math", "random", "re", "os", "sys", "json", "itertools", "functools", "collections")},
    **{name: name for name in ("statistics", "time", "copy", "warnings", "inspect", "io", "unittest", "builtins")},
}
"""What notebooks call a module → the module: a case gets the grader's own, whatever the notebook has under the name."""

_SHELL = "it asks for the notebook's shell"
_TEXT_AS_CODE = "it runs text as code"
_VARIABLES = "it looks through the notebook's variables"
_SOURCE = "it reads the student's code"
_PRINTED = "it compares what the student's code prints"
_REPLACED = "it replaces a part of Python while the student's code runs"
_FILE = "it reads a file that the notebook may have written"
_MACHINE = "it uses another program, the network, or pickled files"
_CLASS = "it compares with a class that the student's process has"
_CHANGES = "it looks at what a call changes, and gets a copy of that"
_FIGURE = "it looks at the notebook's current figure"
_TRAINS = "it trains, saves or evaluates the student's model itself"

_NAMES = {
    **dict.fromkeys(("get_ipython", "In", "Out", "grader"), _SHELL),
    **dict.fromkeys(("eval", "exec", "compile", "__import__"), _TEXT_AS_CODE),
    **dict.fromkeys(("globals", "locals", "vars"), _VARIABLES),
    **dict.fromkeys(("redirect_stdout", "redirect_stderr", "capture_output"), _PRINTED),
    **dict.fromkeys(("input", "breakpoint", "setattr", "delattr"), _REPLACED),
}
_ATTRIBUTES = {
    **dict.fromkeys(("getsource", "getsourcelines"), _SOURCE),
    **dict.fromkeys(("redirect_stdout", "redirect_stderr", "stdout", "stderr"), _PRINTED),
    **dict.fromkeys(("mock", "setattr"), _REPLACED),
    **dict.fromkeys(("system", "popen", "read_pickle", "urlopen"), _MACHINE),
    **dict.fromkeys(("gcf", "gca"), _FIGURE),
}
_EVALUATING = ("eval", "query", "sympify", "parse_expr")
_OF_MODELS = ("fit", "compile", "evaluate", "train_on_batch", "save")
_IMPORTED = {
    **dict.fromkeys(("IPython", "ipykernel", "otter"), _SHELL),
    **dict.fromkeys(("inspect", "dis"), _SOURCE),
    **dict.fromkeys(("mock", "builtins"), _REPLACED),
    **dict.fromkeys(("code", "codeop", "importlib", "runpy"), _TEXT_AS_CODE),
    **dict.fromkeys(("__main__", "gc"), _VARIABLES),
    **dict.fromkeys(("subprocess", "pickle", "dill", "joblib", "shelve", "socket", "requests", "urllib"), _MACHINE),
    **dict.fromkeys(("multiprocessing", "ctypes", "shutil", "tempfile"), _MACHINE),
}
_READERS: tuple[str, ...] = (
    "open",
    "Path",
    "exists",
    "isfile",
    "isdir",
    "listdir",
    "glob",
    "loadtxt",
    "genfromtxt",
    "imread",
    "load",
)
_READERS += ("read_csv", "read_json", "read_excel", "read_parquet", "read_table", "load_model", "load_img", "connect")
_OF_KERAS = ("keras", "tensorflow", "torch", "sklearn")


def free_names(tree: ast.Module) -> list[str]:
    """The names that code takes from around it, in order; Python's own are left out."""
    bound: set[str] = set()
    found: dict[str, None] = {}
    for statement in tree.body:
        inner = bound_names(statement)
        if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and statement.value is not None:
            inner = bound_names(statement.value)  # what stands on its left is there only afterwards
        for node in ast.walk(statement):
            read = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
            if isinstance(statement, ast.AugAssign) and node is statement.target:
                read = True
            if read and isinstance(node, ast.Name) and node.id not in bound | inner and not hasattr(builtins, node.id):
                found[node.id] = None
        bound |= bound_names(statement)
    return list(found)


def modules_among(names: Collection[str], tree: ast.AST) -> dict[str, str]:
    """Those of the names that code has for modules → the module; a value of a module's name, such as `time`, is none.

    Args:
        names: What the code takes from around it.
        tree: The code.
    """
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    owners = {id(node.value) for node in attributes}
    alone = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in owners}
    found = {name: MODULES[name] for name in names if name in MODULES and name not in alone}
    for node in attributes:
        module = found.get(getattr(node.value, "id", ""), "")
        if module in sys.stdlib_module_names and not hasattr(import_module(module), node.attr):
            del found[getattr(node.value, "id", "")]
    return found


def bound_names(tree: ast.AST) -> set[str]:
    """The names that code gives a value to: assigned, imported, or a parameter."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
    return names


def obstacle(tree: ast.AST, students: Collection[str], imported: dict[str, str], files: Collection[str]) -> str:
    """Why code cannot be graded; empty where nothing in its text stands against that.

    Args:
        tree: A case, or a function that it calls.
        students: The names that it gets from the student.
        imported: Name → module, of what the code around it imports.
        files: Names of the files that come with the exercise.
    """
    modules = {**imported, **_imports(tree)}
    reasons = [*_unreadable(tree, set(students), modules, files), *_changes(tree, set(students))]
    return reasons[0] if reasons else ""


def _imports(tree: ast.AST) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name.partition(".")[0]: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _unreadable(tree: ast.AST, students: set[str], modules: dict[str, str], files: Collection[str]) -> Iterator[str]:
    """Reasons that lie in single names, attributes and calls."""
    own = bound_names(tree) - modules.keys()
    for name in {_root(node) for node in ast.walk(tree) if isinstance(node, ast.Name)} & modules.keys():
        yield from _of_module(modules[name], files)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for name in (each.asname or each.name.partition(".")[0] for each in node.names):
                yield from _of_module(modules[name], files)
        elif isinstance(node, ast.Name) and node.id in _NAMES and node.id not in own:
            yield _NAMES[node.id]
        elif isinstance(node, ast.Attribute):
            yield from _of_attribute(node, students)
        elif isinstance(node, ast.Call):
            yield from _of_call(node, students, modules, files)
        elif isinstance(node, ast.Compare) and _is_call_of(node.left, ("type",)):
            yield from _of_classes(node.comparators, students, modules)
        elif isinstance(node, ast.ExceptHandler) and node.type is not None and _roots([node.type]) & students:
            yield _CLASS
        elif isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            yield "it awaits something"


def _of_module(module: str, files: Collection[str]) -> Iterator[str]:
    root = module.partition(".")[0]
    if module.startswith("unittest.mock") or root in _IMPORTED:
        yield _IMPORTED.get(root, _REPLACED)
    elif f"{root}.py" not in files and f"{root}/__init__.py" not in files and find_spec(root) is None:
        yield f"it needs the package {root}, which is not installed here"


def _of_attribute(node: ast.Attribute, students: set[str]) -> Iterator[str]:
    if node.attr in _ATTRIBUTES:
        yield _ATTRIBUTES[node.attr]
    root = _root(node)
    if root in students and node.attr[:2] == "__" and node.attr != "__name__":
        yield _SOURCE
    if root in students and node.attr in _OF_MODELS:
        yield _TRAINS


def _of_call(node: ast.Call, students: set[str], modules: dict[str, str], files: Collection[str]) -> Iterator[str]:
    if _is_call_of(node, ("isinstance", "issubclass")) and len(node.args) == 2:
        yield from _of_classes(node.args[1:], students, modules)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in _EVALUATING and node.args and not isinstance(node.args[0], ast.Constant):
        yield _TEXT_AS_CODE
    if name in _READERS and name not in students and _root(node.func) not in students:
        given = node.args[0] if node.args else None
        known = isinstance(given, ast.Constant) and str(given.value).removeprefix("./") in files
        if not known and not (name == "load" and isinstance(given, (ast.Call, ast.Name))):
            yield _FILE


def _of_classes(nodes: Collection[ast.expr], students: set[str], modules: dict[str, str]) -> Iterator[str]:
    for root in _roots(nodes):
        if root in students or modules.get(root, "").partition(".")[0] in _OF_KERAS:
            yield _CLASS


def _changes(tree: ast.AST, students: set[str]) -> Iterator[str]:
    """Whether a call may change what the case looks at afterwards: values that it has do not change with it."""
    made = _made_by(tree, students)
    seen = students | made.keys() | bound_names(tree)
    for body in (getattr(node, "body", None) for node in ast.walk(tree)):
        if not isinstance(body, list):
            continue
        for at, statement in enumerate(body[:-1]):
            call = statement.value if isinstance(statement, ast.Expr) else None
            if not isinstance(call, ast.Call) or (root := _root(call.func)) not in students | made.keys():
                continue
            touched = {root} if isinstance(call.func, ast.Attribute) else students - {root}
            touched |= _roots([*call.args, *(each.value for each in call.keywords)])
            if touched & _roots(body[at + 1 :]) & seen:
                yield _CHANGES
    methods = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    called = {_root(node): node.lineno for node in methods if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (root := _root(node)) in students | made.keys():
            of_object = made.get(root, "")[:1].isupper()
            later = node not in methods and root in called and node.lineno > called[root]
            if isinstance(node.ctx, ast.Store) or (of_object and later):
                yield _CHANGES


def _made_by(tree: ast.AST, students: set[str]) -> dict[str, str]:
    """Name under which a case keeps what a student's function or class gave → the name of that."""
    return {
        target.id: root
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if (root := _root(node.value.func)) in students
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _is_call_of(node: ast.AST, names: Collection[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _root(node: ast.AST) -> str:
    """The name at the front of `name.attribute[…](…)`; empty where there is none."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _roots(nodes: Collection[ast.AST]) -> set[str]:
    return {each.id for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name)}
