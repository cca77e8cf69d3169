"""A master's cells, and the line of its file on which each begins. Trusted side."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from autograder.errors import BuildError
from autograder.wording import one_line

__all__ = ["SLOW_FORMATS", "Source", "read_source"]

SLOW_FORMATS = "rfc3987_syntax"
"""A package for jsonschema, which nbformat uses: on import it compiles forty grammars, which takes seconds, to check
addresses that no notebook has. Where `sys.modules` says that it is not there, jsonschema goes without it."""
sys.modules.setdefault(SLOW_FORMATS, None)  # type: ignore[arg-type]

import jupytext  # noqa: E402
import nbformat  # noqa: E402


@dataclass(frozen=True)
class Source:
    """A master as a notebook.

    Attributes:
        shown: The path as messages show it: relative to the repository.
        cells: nbformat cells.
        lines: The line on which each cell's source begins, from 1; empty for `.ipynb` masters, which authors do not
            read as text.
    """

    path: Path
    shown: str
    cells: tuple[Any, ...]
    lines: tuple[int, ...]

    def at(self, cell: int, offset: int = 0) -> str:
        """Where a line of a cell is: `reference/x/master.py:88`, or `reference/x/master.ipynb, cell 7`."""
        if self.lines:
            return f"{self.shown}:{self.lines[cell] + offset}"
        return f"{self.shown}, cell {cell + 1}"

    def refuse(self, cell: int, what: str, fix: str, offset: int = 0) -> BuildError:
        """The error that says what is wrong, where it is, and what to do."""
        return BuildError(f"{what}. {self.at(cell, offset)}. {fix}")

    def find(self, cell: int, word: str) -> int:
        """The line of a cell, from 0, that begins with a word; 0 if none does."""
        lines = self.cells[cell].source.split("\n")
        return next((at for at, line in enumerate(lines) if line.strip().startswith(word)), 0)

    def settings(self, cell: int, lines: slice = slice(None)) -> dict[str, Any]:
        """The YAML mapping that a cell, or some of its lines, holds; comments are no settings.

        Raises:
            BuildError: It is no mapping of words.
        """
        offset, fix = lines.start or 0, "Write `key: value` lines, and quotation marks around a text with `: ` in it."
        try:
            settings = yaml.safe_load("\n".join(self.cells[cell].source.split("\n")[lines])) or {}
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or "no YAML"
            where = offset + (mark.line if mark else 0)
            raise self.refuse(cell, f"the settings cannot be read: {problem}", fix, where) from error
        if not isinstance(settings, dict) or not all(isinstance(key, str) for key in settings):
            raise self.refuse(cell, "the settings are no `key: value` lines", fix, offset)
        return settings


def read_source(path: Path, root: Path) -> Source:
    """Read a master's cells.

    Raises:
        BuildError: It is no notebook.
    """
    try:
        shown = path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        shown = str(path)
    try:
        text = path.read_text(encoding="utf-8")
        as_text = path.suffix != ".ipynb"
        notebook = jupytext.reads(text, fmt="py:percent") if as_text else nbformat.reads(text, as_version=4)
        cells = _unfenced(notebook.cells)
        lines = _lines(text, [cell.source for cell in cells]) if as_text else ()
    except (OSError, ValueError, AttributeError, TypeError, KeyError) as error:
        first = one_line(str(error)) or type(error).__name__
        raise BuildError(f"{shown} cannot be read as a notebook: {first}. Open and save it with Jupyter.") from error
    if not cells:
        raise BuildError(f"{shown} has no cells. Write it as a notebook, or as text with `# %%` before each cell.")
    return Source(path, shown, tuple(cells), lines)


def _unfenced(cells: list[Any]) -> list[Any]:
    """Markdown cells that are one fence ```` ```otter ```` count as raw cells: Colab has no raw cells."""
    for cell in cells:
        text = cell.source.strip()
        if cell.cell_type == "markdown" and text.startswith("```otter\n") and text.endswith("\n```"):
            cell.cell_type = "raw"
            cell.source = text[len("```otter\n") : -len("\n```")]
    return cells


def _lines(text: str, sources: list[str]) -> tuple[int, ...]:
    """The line on which each source begins, from 1: the next line of the file that holds the source's first line."""
    lines = text.splitlines()
    found, position = [], 0
    for source in sources:
        wanted = source.split("\n")
        forms = {wanted[0], f"# {wanted[0]}".rstrip()}
        start = next((at for at in range(position, len(lines)) if lines[at].rstrip() in forms), position)
        found.append(min(start, len(lines) - 1) + 1)
        if source:
            position = start + len(wanted)
    return tuple(found)
