"""Attacks as files: a docstring, what must come of it, and the cells of a notebook or a function that writes an upload.

The first line of the docstring says what the cheater hopes for. Above the first `# %%` an attack is a Python module,
whose capital names say what is expected; see `Attack`. Below it are cells: what stands behind `# %%` are the tags.
`@mark@` and other words between `@` are filled in: see `runner.Run.fills`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import notebooks as nb

HERE = Path(__file__).parent
GROUPS = {
    "grade": "change a grade from inside",
    "secret": "read a secret",
    "harm": "harm the machine or other students",
    "poison": "poison what people open",
    "uploads": "hostile uploads",
    "faults": "faults, claims and broken protocols",
}


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        hope: What the cheater hopes for.
        cells: The notebook's cells that differ from the stub; those with the tag of a question replace its answer.
        STATUS: What the submission's status must be; None where it must not be listed; several where any is right.
        ENDED: What `execution.status` must be, if it matters.
        SHOWN: Texts that must be on the student's page.
        HIDDEN: Texts that must not be on any student's page.
        MENTIONED: Texts that must be in `grades.json` or on the terminal, such as names of files.
        HONEST: Points that the notebook earns honestly.
        STUDENT: The student's id; by default the attack's name with hyphens.
        ALONE: Whether it is graded in a class of its own, with two honest students at the same time.
        upload: Writes what is handed in: `upload(folder, name, blank)` with the blank notebook's bytes.
        entries: Writes into a class's zip: `entries(archive, name, blank)`.
        beside: A context manager that is open while the class is graded.
        check: Further assertions: `check(entry, page)`, with the entry of `grades.json`.
    """

    group: str
    name: str
    hope: str
    cells: tuple[dict[str, Any], ...] = ()
    STATUS: str | tuple[str, ...] | None = "graded"
    ENDED: str = ""
    SHOWN: tuple[str, ...] = ()
    HIDDEN: tuple[str, ...] = ()
    MENTIONED: tuple[str, ...] = ()
    HONEST: float = 0
    STUDENT: str = ""
    ALONE: bool = False
    upload: Callable[..., None] | None = field(default=None, compare=False)
    entries: Callable[..., None] | None = field(default=None, compare=False)
    beside: Callable[..., Any] | None = field(default=None, compare=False)
    check: Callable[..., None] | None = field(default=None, compare=False)

    @property
    def student(self) -> str:
        return self.STUDENT or self.name.replace("_", "-")


def read(path: Path) -> Attack:
    """The attack in a file."""
    head, *parts = re.split(r"^# %%", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    module: dict[str, Any] = {}
    exec(compile(head, path, "exec"), module)
    cells = []
    for part in parts:
        first, _, source = part.partition("\n")
        words = first.split()
        source = source.strip("\n")
        if "[markdown]" in words:
            source = re.sub("^# ?", "", source, flags=re.MULTILINE)
        make = nb.markdown if "[markdown]" in words else nb.code
        cells.append(make(source, *(word for word in words if word != "[markdown]")))
    known = Attack.__dataclass_fields__.keys() - {"group", "name", "hope", "cells"}
    unknown = {name for name in module if name.isupper()} - known
    assert not unknown, f"{path}: {unknown}"
    hope = module["__doc__"].splitlines()[0]
    given = {name: module[name] for name in known if name in module}
    return Attack(path.parent.name, path.stem, hope, tuple(cells), **given)


def all_attacks() -> list[Attack]:
    """All attacks, group by group."""
    return [read(path) for group in GROUPS for path in sorted((HERE / group).glob("[!_]*.py"))]


def notebook(stub: list[dict[str, Any]], attack: Attack) -> list[dict[str, Any]]:
    """The stub's cells with those of an attack: tagged ones in place of an answer, others before the next such."""
    cells = list(stub)
    waiting: list[dict[str, Any]] = []
    replaced: set[str] = set()
    at = 0
    for cell in attack.cells:
        tags = [tag for tag in cell["metadata"].get("tags", ()) if tag.startswith("answer:")]
        waiting.append(cell)
        places = [i for i, each in enumerate(cells) if set(each["metadata"].get("tags", ())) & set(tags)]
        if not places:
            continue
        if tags[0] not in replaced:
            at = places[0]
            cells[at : at + 1] = waiting
        else:
            at = places[-1] + 1
            cells[at:at] = waiting
        replaced.update(tags)
        waiting = []
    return cells + waiting
