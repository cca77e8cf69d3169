"""Writes the sample class: notebooks made from the stub and from what each student answers.

    python -m tests.golden.make [--check]

The notebooks are committed, so that `make demo` grades files as a class hands them in; a test holds them to this.
"""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent
SLUGS = sorted(path.parent.name for path in GOLDEN.glob("*/answers.py"))


@dataclass(frozen=True)
class Expected:
    """What the grader should say.

    Attributes:
        score: The automatic score, if all of it is sure; `None` where it depends on how a short training went.
        messages: `question.case` that must not pass → a piece of its message.
        full: Whether every automatic case passes.
        rejected: Whether it is no notebook.
    """

    score: float | None
    messages: dict[str, str] = field(default_factory=dict)
    full: bool = False
    rejected: bool = False


@dataclass(frozen=True)
class Student:
    """One submission: question → the whole answer cell, or pieces of the stub's own cell → new text.

    A question that is not there keeps the stub's cell. With `cut_off`, half of the file is missing.
    """

    name: str
    story: str
    answers: dict[str, str | dict[str, str]]
    expected: Expected
    cut_off: bool = False

    def fill(self, stub: dict[str, Any]) -> dict[str, Any]:
        """The stub with this student's answers."""
        notebook: dict[str, Any] = json.loads(json.dumps(stub))
        for question, answer in self.answers.items():
            cell = next(c for c in notebook["cells"] if f"answer:{question}" in c["metadata"].get("tags", []))
            source = "".join(cell["source"])
            if isinstance(answer, dict):
                for old, new in answer.items():
                    if old not in source:
                        raise ValueError(f"{self.name}: {old!r} is not in the stub's cell of {question}")
                    source = source.replace(old, new)
            else:
                source = answer.strip("\n")
            cell["source"] = source.splitlines(keepends=True)
        return notebook


def students(slug: str) -> list[Student]:
    """The sample class of an exercise."""
    found: list[Student] = importlib.import_module(f"tests.golden.{slug}.answers").STUDENTS
    return found


def quick(slug: str) -> set[str]:
    """Those of them who train little or nothing."""
    names: set[str] = importlib.import_module(f"tests.golden.{slug}.answers").QUICK
    unknown = names - {student.name for student in students(slug)}
    if unknown:
        raise ValueError(f"{slug}: QUICK names {sorted(unknown)}, who hand in nothing")
    return names


def notebooks(slug: str) -> dict[str, str]:
    """File name → text of the notebook, for the whole class."""
    stub = json.loads((ROOT / "assignments" / slug / f"{slug}.ipynb").read_text(encoding="utf-8"))
    made = {}
    for student in students(slug):
        text = json.dumps(student.fill(stub), indent=1, ensure_ascii=False) + "\n"
        made[f"{student.name}.ipynb"] = text[: len(text) // 2] if student.cut_off else text
    return made


def main() -> None:
    """Write the class of every exercise, or check it."""
    drift = []
    for slug in SLUGS:
        folder = GOLDEN / slug / "class"
        folder.mkdir(exist_ok=True)
        for name, text in notebooks(slug).items():
            path = folder / name
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                drift.append(str(path.relative_to(ROOT)))
                if "--check" not in sys.argv:
                    path.write_text(text, encoding="utf-8")
    print("\n".join(drift) or "up to date")
    if drift and "--check" in sys.argv:
        sys.exit("Run `python -m tests.golden.make`.")


if __name__ == "__main__":
    main()
