"""Which cells of a notebook are as they came with the exercise, and what was changed in one. Trusted side.

A student's cells are hostile text: they are read by patterns, cut, and never parsed or evaluated.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from autograder.language import gettext as _
from autograder.language import spellings
from autograder.records import SELF_CHECK, Cell
from autograder.wording import one_line

__all__ = ["Change", "GivenCells", "defined", "names_read"]

MAX_COMPARED = 2_000
"""Characters of a cell that are compared with others: the time for that grows with their square."""
MAX_SOURCE = 100_000
MAX_LINE = 80
ALIKE = 0.6
"""From which share of equal characters on, a cell is another one with changes, and a name another one misspelt."""

_CHECK = re.compile(r"grader\.(?:check(?:_all)?|export)\([^()\n]*\)$")
_SECRET = re.compile(r"#\s*(?:BEGIN\s+)?SOLUTION\b", re.IGNORECASE)
_TARGETS = re.compile(r"[\w \t,()\[\]*.:]+")
_DEFINED = re.compile(r"[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")
_IMPORTED = re.compile(r"[ \t]*(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+(.+)")
_INDEXED = re.compile(r"\w+\[[^\]]*\]?")
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*(?![\w.(\[])")
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_READ = re.compile(r"(?<![\w.])[^\W\d]\w*\b(?!\s*=(?!=))")
_LITERAL = re.compile(
    r"""#[^\n]*|(?:\b[rbfu]{1,2})?(?:(\"{3}|'{3})(?s:.*?)(?:\1|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)""",
    re.IGNORECASE,
)
"""Comments and texts. A text that nobody ends goes to the end of its line, so that each character is read once."""
_BOUND = re.compile(r"\bfor\b([\w\s,()*]{1,80}?)\bin\b")
_PARAMETERS = re.compile(r"(?:\bdef[ \t]+\w+[ \t]*\(|\blambda\b)([^():\n]*)")
_PYTHON = frozenset([*keyword.kwlist, *keyword.softkwlist, *dir(builtins)])


@dataclass(frozen=True)
class Change:
    """What a student changed in a cell that came with the exercise.

    Attributes:
        given: The cell as it came.
        said: What changed, in words; with a line of the student's in it.
        lost: Whether a line that was there is gone.
    """

    given: str
    said: str
    lost: bool

    def misspelt(self, name: str) -> bool:
        """Whether a name that the change brought in is one of the given cell's, misspelt."""
        words = set(re.findall(r"[\w.]+", self.given))
        return self.lost and name not in words and bool(get_close_matches(name, words, 1, ALIKE))


class GivenCells:
    """The cells that came with an exercise and are no answers, and what became of them in a notebook."""

    def __init__(self, cells: Iterable[Cell] = ()) -> None:
        """Keep the cells' sources, of code and of text; none are known where there are no cells."""
        self._sources = {(cell.kind, _settled(cell.source)): None for cell in cells}

    def has(self, cell: Cell) -> bool:
        """Whether a cell is as it came with the exercise."""
        if cell.answers:
            return False
        of_the_build = cell.kind == "code" and (
            _is_check(cell) or cell.source.strip().startswith(spellings(SELF_CHECK))
        )
        return of_the_build or (cell.kind, _settled(cell.source)) in self._sources

    def defines(self, name: str) -> bool:
        """Whether a cell that came with the exercise, and is no answer, seems to define a name."""
        return any(kind == "code" and name in defined(source) for kind, source in self._sources)

    def change(self, cell: Cell, cells: Sequence[Cell]) -> Change | None:
        """What was changed in a cell that came with the exercise; None if it is as it came, or of the student's own.

        Args:
            cell: The cell.
            cells: All of the notebook's. What is there as it came, this one cannot have been.
        """
        if cell.answers or cell.kind != "code" or self.has(cell):
            return None
        there = {_settled(each.source) for each in cells}
        gone = [each for kind, each in self._sources if kind == "code" and each not in there]
        heads = {each[:MAX_COMPARED]: each for each in gone if not _SECRET.search(each)}
        now = _settled(cell.source)
        found = get_close_matches(now[:MAX_COMPARED], heads, 1, ALIKE)
        if not found:
            return None
        was = heads[found[0]]
        before, after = _first_other_line(was, now), _first_other_line(now, was)
        if before and after:
            said = _("`{before}`, and not `{after}`").format(before=before, after=after)
        elif before:
            said = _("it has `{before}`").format(before=before)
        else:
            said = _("`{after}` is not in it").format(after=after)
        return Change(was, said, bool(before))

    def innocent(self, cells: Sequence[Cell]) -> Iterator[bool]:
        """For each cell, whether it came with the exercise and uses nothing that a student's cell before it touched.

        A check never is: it gives nothing that an answer needs, and a student's code may have broken it.
        Approximate, and on the safe side: a name that only occurs in a student's cell counts as touched, unless it is
        that of a module.
        """
        touched: set[str] = set()
        modules: set[str] = set()
        for cell in cells:
            if cell.kind != "code":
                yield False
                continue
            names = defined(cell.source)
            own = self.has(cell)
            clean = own and not _is_check(cell) and not mentioned(cell.source) & touched
            if clean:
                modules |= _imported(cell.source)
            else:
                touched |= names if own else names | (mentioned(cell.source) - modules)
            yield clean


def _is_check(cell: Cell) -> bool:
    return bool(_CHECK.match(cell.source.strip()))


@lru_cache(4096)
def defined(source: str) -> frozenset[str]:
    """The names that a cell's lines seem to define. Approximate, and only to say whose error is behind another."""
    names = set(_imported(source))
    for line in source[:MAX_SOURCE].splitlines():
        if _IMPORTED.match(line):
            continue
        if match := _DEFINED.match(line):
            names.add(match[1])
        else:
            targets, _equals, value = line.partition("=")
            if value[:1] not in ("", "=") and _TARGETS.fullmatch(targets) and targets.count("(") == targets.count(")"):
                names.update(_NAME.findall(_INDEXED.sub("", targets)))
    return frozenset(names)


@lru_cache(4096)
def mentioned(source: str) -> frozenset[str]:
    """The names that occur in a cell; neither Python's own nor its functions' parameters."""
    text = source[:MAX_SOURCE]
    parameters = {name for listed in _PARAMETERS.findall(text) for name in _WORD.findall(listed)}
    return frozenset(_WORD.findall(text)) - _PYTHON - parameters


@lru_cache(4096)
def names_read(source: str) -> frozenset[str]:
    """The names that a cell's code seems to read: none in comments and texts, of keyword arguments or of loops."""
    code = _LITERAL.sub(" ", source[:MAX_SOURCE])
    bound = {name for targets in _BOUND.findall(code) for name in _WORD.findall(targets)}
    return mentioned(code) & frozenset(_READ.findall(code)) - bound


def _imported(source: str) -> frozenset[str]:
    names: set[str] = set()
    for line in source[:MAX_SOURCE].splitlines():
        if match := _IMPORTED.match(line):
            parts = (part.split() for part in match[1].partition("#")[0].split(","))
            names.update(part[-1].strip("()").partition(".")[0] for part in parts if part)
    return frozenset(names)


def _settled(source: str) -> str:
    """The source without what editors add: white space at line ends, empty lines around it."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _first_other_line(one: str, other: str) -> str:
    """The first line of one text that the other lacks, for a message; empty if there is none."""
    others = {line.strip() for line in other.splitlines()}
    line = next((line.strip() for line in one.splitlines() if line.strip() and line.strip() not in others), "")
    return one_line(line, MAX_LINE).replace("`", "'")
