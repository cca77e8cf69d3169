"""Numbers, lists and cells in the English of messages. Both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from autograder.records import Cell, rounded

__all__ = ["cell_name", "cell_names", "counted", "listed", "one_line", "printable", "shortened"]


_KINDS = {"code": "code cell", "markdown": "text cell", "raw": "raw cell"}


def cell_name(cells: Sequence[Cell], position: int) -> str:
    """What every page and message calls a cell; see `cell_names`."""
    return cell_names(cells[: position + 1])[-1]


def cell_names(cells: Sequence[Cell]) -> list[str]:
    """What every page and message calls the cells: `code cell 5`, counted among its kind from the notebook's top."""
    seen: Counter[str] = Counter()
    names = []
    for cell in cells:
        seen[cell.kind] += 1
        names.append(f"{_KINDS[cell.kind]} {seen[cell.kind]}")
    return names


def counted(number: float, noun: str) -> str:
    """`1 point`, `2 points`, `0.5 points`."""
    return f"{rounded(number)} {noun}" if number == 1 else f"{rounded(number)} {noun}s"


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([*([", ".join(items[:-1])] if len(items) > 1 else []), *items[-1:]])


def one_line(text: str, most: int = 200) -> str:
    """A foreign text, of an exception or a student, for a message or a terminal: printable, and with `…` where cut."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return printable(" ".join(cut.split()))


def printable(line: str) -> str:
    """A line of a foreign text for a terminal, with its spaces."""
    return "".join(letter if letter.isprintable() else "�" for letter in line)


def shortened(items: Sequence[str], most: int) -> str:
    """`a, b, c`, of which no more than `most` are named: `a, b, …`."""
    return ", ".join([*items[:most], *(["…"] if len(items) > most else [])])
