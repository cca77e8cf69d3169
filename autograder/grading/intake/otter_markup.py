"""Which question a cell answers, in a notebook that Otter Assign made: it has no tags that say so. Trusted side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from autograder.records import ANSWER_TAG, Cell

__all__ = ["with_answers"]

ANSWERS = frozenset({"otter_answer_cell", "otter_assign_solution_cell"})
"""Tags of the students' notebook, and of that with the solution."""
IGNORED = "otter_ignore"
_BEGIN = re.compile(r"^\s*(?:import|from)\s+otter\b", re.MULTILINE)
_CHECK = re.compile(r"""grader\.check\(\s*(?:question\s*=\s*)?(["'])([\w.-]{1,100})\1\s*\)""")


def with_answers(cells: Sequence[Cell]) -> list[Cell]:
    """The cells of a notebook with tags for those that answer a question; as they are, if it is none of Otter's.

    A question's answer cells are those that Otter Assign marked, between the check before its own and its own; where
    none is marked, the code cell above its check, or that of the check itself. What is checked twice counts as it was
    the last time, as with Otter. A cell that Otter leaves out is raw text.
    """
    code = [cell for cell in cells if cell.kind == "code"]
    if any(cell.answers for cell in cells) or not any(_BEGIN.search(cell.source) for cell in code):
        return list(cells)
    found = [replace(cell, kind="raw") if IGNORED in cell.tags else cell for cell in cells]
    since = 0
    for at, cell in enumerate(found):
        checks = [match[2] for match in _CHECK.finditer(cell.source)] if cell.kind == "code" else []
        for place in _answers(found, since, at) if checks else ():
            tags = (f"{ANSWER_TAG}{question}" for question in dict.fromkeys(checks))
            found[place] = replace(found[place], tags=(*found[place].tags, *tags))
        since = at + 1 if checks else since
    return found


def _answers(cells: Sequence[Cell], since: int, check: int) -> list[int]:
    """Where the answer is to what is checked in a cell."""
    code = (at for at in range(since, check) if cells[at].kind == "code")
    above = [at for at in code if not _BEGIN.search(cells[at].source)]
    marked = [at for at in above if not ANSWERS.isdisjoint(cells[at].tags)]
    alone = not _CHECK.sub("", cells[check].source).strip()
    found = marked or (above[-1:] if alone else [])
    return found if alone and found else [*found, check]
