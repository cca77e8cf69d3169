"""Numbers, lists, cells and calls as messages name them. Both sides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from autograder.language import N_, spellings
from autograder.language import gettext as _
from autograder.records import Cell, rounded

__all__ = [
    "cell_name",
    "cell_names",
    "counted",
    "listed",
    "one_line",
    "parted_at_error",
    "printable",
    "raised",
    "shortened",
]


_CELLS = {"code": N_("code cell {number}"), "markdown": N_("text cell {number}"), "raw": N_("raw cell {number}")}
_RAISED = N_("` raised ")
"""As it is in `raised`."""


def cell_name(cells: Sequence[Cell], position: int) -> str:
    """What every page and message calls a cell; see `cell_names`."""
    return cell_names(cells[: position + 1])[-1]


def cell_names(cells: Sequence[Cell]) -> list[str]:
    """What every page and message calls the cells: `code cell 5`, counted among its kind from the notebook's top."""
    seen: Counter[str] = Counter()
    names = []
    for cell in cells:
        seen[cell.kind] += 1
        names.append(_(_CELLS[cell.kind]).format(number=seen[cell.kind]))
    return names


def counted(number: float, noun: str) -> str:
    """`1 point`, `2 points`, `0.5 points`; in English, for instructors and authors."""
    return f"{rounded(number)} {noun}" if number == 1 else f"{rounded(number)} {noun}s"


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return _(" and ").join([*([", ".join(items[:-1])] if len(items) > 1 else []), *items[-1:]])


def one_line(text: str, most: int = 200) -> str:
    """A foreign text, of an exception or a student, for a message or a terminal: printable, and with `…` where cut."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return printable(" ".join(cut.split()))


def printable(line: str) -> str:
    """A line of a foreign text for a terminal, with its spaces."""
    return "".join(letter if letter.isprintable() else "�" for letter in line)


def raised(call: str, error: str) -> str:
    """What is said of a student's function that raised; `parted_at_error` finds it again."""
    return _("`{call}` raised {error}").format(call=call, error=error)


def parted_at_error(message: str) -> tuple[str, str]:
    """A message parted at what `raised` has between call and error, in any language; the error is empty in others."""
    found = re.search("|".join(map(re.escape, spellings(_RAISED))), message)
    return (message[: found.start()], message[found.end() :]) if found else (message, "")


def shortened(items: Sequence[str], most: int) -> str:
    """`a, b, c`, of which no more than `most` are named: `a, b, …`."""
    return ", ".join([*items[:most], *(["…"] if len(items) > most else [])])
