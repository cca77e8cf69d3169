"""What must not reach a student, and the search for it in the bytes that a student gets. Trusted side.

The secrets are taken from the master itself, line by line, not from what Otter Assign says it removed. A line, number
or word that the master shows to students anyway (in prose, given code or a public case) is no secret.
"""

from __future__ import annotations

import ast
import base64
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring.case_helpers import Helper, needed_helpers
from autograder.authoring.master import Master
from autograder.authoring.stub import embedded_tests
from autograder.errors import BuildError

__all__ = ["Secret", "refuse_leaks", "secrets_of", "texts_of"]

LINE_CHARACTERS = 4  # a shorter line of code is no secret
TEXT_CHARACTERS = 12  # from here on, a line is also searched for inside other lines
WINDOW_BYTES = 48
WINDOWS = 32  # of each hidden array, spread over it
WINDOW_VALUES = 6  # distinct bytes in a window; blank image rows occur in all data
_BOILERPLATE = """OK_FORMAT answer attachments cell_type cells code deletable display_name editable execution_count
grader hidden hide-input jupyter kernelspec language language_info markdown metadata name nbformat nbformat_minor
otter.test_files outputs points python python3 slideshow source source_hidden tags test_case"""
# Otter strips lines marked in capitals; a mark in other letters was meant as one.
_MARK = re.compile(r"\s*#\s?(?:SOLUTION\b.*|(?i:solution(?:\s+no\s+prompt)?)\s*)$")
_BEGIN = re.compile(r"\s*#\s*BEGIN\s+SOLUTION", re.IGNORECASE)
_END = re.compile(r"#\s*END\s+SOLUTION\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Secret:
    """One thing that a student must not find.

    Attributes:
        kind: What it is, in words.
        where: Where the master says it.
        text: What to look for in texts, its white space normalised; empty for data.
        whole: Whether a text must have it as a line or word of its own.
        windows: What to look for in bytes.
    """

    kind: str
    where: str
    text: str = ""
    whole: bool = False
    windows: tuple[bytes, ...] = ()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(rf"(?<![\w.]){re.escape(self.text)}(?![\w.]*\w)")

    def is_in(self, texts: Texts) -> bool:
        """Whether a student can find it."""
        if self.windows:
            return any(window in data for window in self.windows for data in texts.raw)
        if self.text in texts.lines:
            return True
        if self.whole:
            return any(self._pattern.search(text) for text in texts.normal)
        return len(self.text) >= TEXT_CHARACTERS and any(self.text in text for text in texts.normal)


@dataclass(frozen=True)
class Texts:
    """All that can be read out of a file: its strings, the strings in its code, its bytes, what its archives hold."""

    normal: tuple[str, ...]
    lines: frozenset[str]
    raw: tuple[bytes, ...]


def refuse_leaks(master: Master, data: Mapping[str, np.ndarray[Any, Any]], files: Mapping[str, bytes]) -> None:
    """Search what students get.

    Args:
        master: The master.
        data: Name → hidden array.
        files: Path, as messages show it, → content.

    Raises:
        BuildError: A student would get a secret.
    """
    secrets = secrets_of(master, data)
    for path, content in files.items():
        texts = texts_of(content)
        sought = secrets if path.endswith(".ipynb") else list(filter(_is_long, secrets))
        found = [secret for secret in sought if secret.is_in(texts)]
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            shown = f" `{found[0].text[:60]}`" if found[0].text else ""
            fix = "Take it out of what students see: prose, given code, public cases, cell metadata."
            raise BuildError(f"{path} would give away {found[0].kind}{shown}{more}. {found[0].where}. {fix}")
        if path.endswith(".ipynb"):
            _refuse_cases(master, path, content)


def _is_long(secret: Secret) -> bool:
    """Whether a secret tells something in any file: in a table stands every number, in a module every import."""
    return bool(secret.windows) or (
        len(secret.text) >= TEXT_CHARACTERS and not secret.text.startswith(("import ", "from "))
    )


def _refuse_cases(master: Master, path: str, content: bytes) -> None:
    """The embedded test files must hold the public cases, each of them and no other."""
    embedded = {
        (question, node.name)
        for question, source in embedded_tests(json.loads(content)["cells"]).items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    for question in master.questions:
        for case in question.cases:
            if case.hidden == ((question.name, case.function) in embedded):
                what = "holds the hidden case" if case.hidden else "lacks the public case"
                fix = "Build again; if it stays so, mark the case by `hidden:` in its `# BEGIN TEST CONFIG`."
                raise BuildError(f"{path} {what} `{case.function}`. {master.source.at(case.cell, case.offset)}. {fix}")


def secrets_of(master: Master, data: Mapping[str, np.ndarray[Any, Any]]) -> list[Secret]:
    """What a master keeps from students: hidden cases, solutions, rubrics, hidden data and their files' names."""
    public = _texts(_public_parts(master), ())
    secrets = [secret for secret in _written(master) if not secret.is_in(public)]
    where = master.source.at(master.config_cell)
    secrets += [Secret("the hidden data's file", where, Path(name).name, whole=True) for name in master.config.data]
    for name, array in data.items():
        if windows := tuple(_windows(array)):
            secrets.append(Secret("hidden data", f"`{name}` of {where}", windows=windows))
    return secrets


def _written(master: Master) -> Iterator[Secret]:
    at = master.source.at
    for question in master.questions:
        for line in question.rubric.splitlines():
            if len(_normal(line)) >= TEXT_CHARACTERS:
                yield Secret("a rubric", at(question.cell), _normal(line))
        for case in question.cases:
            if not case.hidden:
                continue
            where = at(case.cell, case.offset)
            yield Secret("the hidden case", where, case.function, whole=True)
            for text in (case.title, *case.messages):
                yield Secret("the words of a hidden case,", where, _normal(text))
            yield from _body(case.source, where)
    for helper in master.helpers:
        if helper not in _public_helpers(master):
            yield from _body(helper.text, at(helper.cell, helper.offset))
    for index, (role, cell) in enumerate(zip(master.roles, master.source.cells, strict=True)):
        for offset, line in _solution_lines(cell, role):
            if len(_normal(line)) >= LINE_CHARACTERS and any(map(str.isalnum, line)):
                yield Secret("a solution", at(index, offset), _normal(line))
            value = _normal(line.partition(" = ")[2])
            if len(value) >= TEXT_CHARACTERS:
                yield Secret("a solution", at(index, offset), value)


def _body(source: str, where: str) -> Iterator[Secret]:
    """The lines of a hidden case, as written and as Otter writes them, and the constants that tell it apart."""
    tree = ast.parse(source)
    lines = {_normal(line) for line in (*source.splitlines(), *ast.unparse(tree).splitlines())}
    for line in sorted(lines):
        if len(line) >= LINE_CHARACTERS and any(map(str.isalnum, line)):
            yield Secret("a line of a hidden case,", where, line)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or isinstance(node.value, (bool, bytes)):
            continue
        value = node.value
        telling = len(repr(value).strip("0").replace(".", "")) >= 3
        if isinstance(value, (int, float)) and telling:
            yield Secret("a hidden case's number", where, repr(value), whole=True)
        elif isinstance(value, str) and len(_normal(value)) >= 6:
            yield Secret("a hidden case's text", where, _normal(value), whole=True)


def _solution_lines(cell: Any, role: str) -> Iterator[tuple[int, str]]:
    """The lines of a cell that only the reference has: number in the cell, from 0, and text without its mark."""
    lines = cell.source.split("\n")
    if role == "answer" and cell.cell_type == "markdown":
        yield from enumerate(lines)
    elif cell.cell_type == "code" and role != "tests":
        for number, (line, secret) in enumerate(_marked(lines)):
            if secret and not _BEGIN.match(line) and not _END.search(line):
                yield number, _MARK.sub("", line)


def _marked(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each line of a code cell, and whether its marks make it the reference's alone."""
    inside = False
    for line in lines:
        inside = inside or bool(_BEGIN.match(line))
        yield line, inside or bool(_MARK.search(line))
        inside = inside and not _END.search(line)


def _public_parts(master: Master) -> Iterator[str]:
    """What the master shows to students, and what every notebook has."""
    yield _BOILERPLATE
    for question in master.questions:
        yield f"{question.title}\n{question.name}"
        yield from (case.source for case in question.cases if not case.hidden)
        yield from (ast.unparse(ast.parse(case.source)) for case in question.cases if not case.hidden)
        yield from (text for case in question.cases if not case.hidden for text in case.messages)
    for helper in _public_helpers(master):
        yield from (helper.text, ast.unparse(ast.parse(helper.text)))
    for role, cell in zip(master.roles, master.source.cells, strict=True):
        if role in {"prose", "prompt"} or (role == "answer" and cell.cell_type == "code"):
            shown = (line for line, secret in _marked(cell.source.split("\n")) if not secret)
            yield "\n".join(shown) if cell.cell_type == "code" else cell.source


def _public_helpers(master: Master) -> list[Helper]:
    """Those that students get, as public cases need them."""
    cases = [case for question in master.questions for case in question.cases if not case.hidden]
    return needed_helpers(master.helpers, cases)


def texts_of(content: bytes) -> Texts:
    """A file as text, as JSON, as Python and as an archive, whichever it is."""
    raw = [content]
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            raw += [archive.read(name) for name in archive.namelist()]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return _texts((), raw)
    strings = [text]
    try:
        strings += _strings(json.loads(text))
    except ValueError:
        strings += _literals(text)
    return _texts(strings, raw)


def _texts(strings: Iterable[str], raw: Iterable[bytes]) -> Texts:
    strings = list(strings)
    lines = {_normal(part) for text in strings for line in text.splitlines() for part in (line, _MARK.sub("", line))}
    return Texts(tuple(_normal(text) for text in strings), frozenset(lines - {""}), tuple(raw))


def _strings(node: Any) -> Iterator[str]:
    """Every string of a JSON document, keys too; a cell's lines also as one text, and the strings in its code."""
    if isinstance(node, str):
        yield node
        yield from _literals(node)
    elif isinstance(node, list):
        if node and all(isinstance(item, str) for item in node):
            yield from _strings("".join(node))
        for item in node:
            yield from _strings(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _strings(value)


def _literals(code: str) -> Iterator[str]:
    """The string constants of a text, if it is Python; a notebook holds its test files in this form."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
            yield from _literals(node.value)


def _normal(text: str) -> str:
    return " ".join(text.split()).rstrip(",")


def _windows(array: np.ndarray[Any, Any]) -> Iterator[bytes]:
    """Pieces of an array that no other data would have: as bytes, as hex, as base64 and as decimal numbers."""
    data = np.ascontiguousarray(array).tobytes()
    part = max(WINDOW_BYTES, len(data) // WINDOWS)
    for start in range(0, max(1, len(data) - WINDOW_BYTES), part):
        pieces = (data[at : at + WINDOW_BYTES] for at in range(start, start + part, 8))
        piece = next((piece for piece in pieces if len(set(piece)) >= WINDOW_VALUES), None)
        if piece is None:
            continue
        yield piece
        yield piece.hex().encode()
        for shift in range(3):
            yield base64.b64encode(piece[shift : shift + 42])
        if array.dtype == np.uint8:
            yield ", ".join(map(str, piece)).encode()
