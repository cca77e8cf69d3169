"""Names and texts in the field's own terms: no metaphor comes back, and no name means two things."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "autograder"
MODULES = sorted(PACKAGE.rglob("*.py"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml"])
COOKBOOK = sorted((ROOT / "tests" / "cookbook").glob("*/*.*"))  # pages of the documentation are made from these
TEMPLATES = sorted([*PACKAGE.rglob("*.j2"), *(PACKAGE / "feedback").rglob("*.css")])

INSTEAD = {
    "sandbox": r"wall(s|ed)?|box(es|ed)?",
    "package, module or program": r"houses?|rooms?|classroom",
    "serialise, send or receive": r"cross(es|ed|ing|ings)?|travel(s|led)?",
    "info, message or report": r"news|told",
    "in the notebook": r"at home",
    "sender, receiver, guest or host": r"the other side",
    "the student, the instructor, they": r"he|his|him|himself|she|her|hers|herself",
    "the package's, or the name of the module": r"our own",
}
ALLOWED = re.compile(
    r"wall[ _-](seconds|clock|time|over)"  # elapsed time, as opposed to processor time
    r"|he_normal"  # an initialiser of Keras
    r"|cross-entropy"
    r"|Cross-Origin-\w+-Policy"  # headers of HTTP
    r"|(GitHub|Google)[-\s#]+Classroom"
    r"|box-sizing|border-box"  # CSS
    r"|box = \(\(|box=box|bounding_box",  # the part of an image or a page
    re.IGNORECASE,
)
METAPHOR = re.compile("|".join(rf"(?<![A-Za-z])({words})(?![A-Za-z])" for words in INSTEAD.values()), re.IGNORECASE)

SIDES = ("Trusted side.", "Untrusted side.", "Student's side.", "Both sides.")
"""Of the trust boundary; CONTRIBUTING.md says what each means."""

ONE_INTERFACE = {"main", "run", "show", "render", "prepare", "load", "parse"}
"""Functions of modules that do the same for different things; they are called with the module's name before them."""


def _metaphors(text: str) -> list[str]:
    kept = ALLOWED.sub("", text)
    return [line.strip() for line in kept.splitlines() if METAPHOR.search(line)]


@pytest.mark.parametrize(
    "path", [*MODULES, *DOCUMENTS, *COOKBOOK, *TEMPLATES], ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_metaphors(path):
    assert _metaphors(path.read_text(encoding="utf-8")) == [], f"say it plainly: {', '.join(INSTEAD)}"


@pytest.mark.parametrize(("text", "found"), [("a box", 1), ("_as_crossed", 1), ("`wall_seconds`, a boxplot", 0)])
def test_metaphors_are_found_as_words_and_in_names(text, found):
    assert len(_metaphors(text)) == found


def test_no_metaphors_in_names_of_tests():
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = {path.stem for path in (ROOT / "tests").rglob("*.py")}
    for path in (ROOT / "tests").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names |= {node.name for node in ast.walk(tree) if isinstance(node, definitions)}
    assert [name for name in sorted(names) if _metaphors(name)] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_begins_with_what_it_is_for_and_its_side(path):
    purpose, side = _purpose_and_side(path)
    assert purpose.endswith("."), "say what it is for, and then on which side of the trust boundary it runs"
    if path.parent != PACKAGE:
        _, folder = _purpose_and_side(path.with_name("__init__.py"))
        assert side == folder, "a folder's modules run on the folder's side"


def _purpose_and_side(path: Path) -> tuple[str, str]:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = docstring.partition("\n")[0]
    side = next((side for side in SIDES if first.endswith(f" {side}")), "")
    return first.removesuffix(f" {side}") if side else "", side


def _names(path: Path) -> Iterator[str]:
    """Public classes and exported functions that a module defines itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lists = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
    ]
    exported = {name for names in lists for name in names} - ONE_INTERFACE
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        if isinstance(node, ast.FunctionDef) and node.name in exported:
            yield node.name


def test_names_are_unique_across_the_package():
    modules, names = defaultdict(list), defaultdict(list)
    for path in MODULES:
        where = str(path.relative_to(PACKAGE))
        if path.name not in ("__init__.py", "__main__.py") and path.parent.name != "commands":
            modules[path.stem].append(where)  # a command's module is named after the command
        if path.name != "keras1.py":  # it has Keras's names for Keras's layers, as the catalogue has
            for name in _names(path):
                names[name].append(where)
    assert {name: where for name, where in (modules | names).items() if len(where) > 1} == {}
