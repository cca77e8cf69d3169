"""`grades.json`, as it is written and read back: a head, a grade a line, and how many these were. Trusted side."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from autograder.errors import UsageError
from autograder.grading.results.entries import GradeEntry, decoded

__all__ = ["NAME", "SCHEMA", "grade_lines", "load_grades", "read_head"]

NAME: Final = "grades.json"
SCHEMA: Final = 1
_REPAIR: Final = "Put back a copy of it, or grade everybody into another folder (-o) and copy manual.csv there."


def grade_lines(assignment: str, bundle: str, stored: Iterable[bytes], parts: Sequence[str] = ()) -> Iterator[bytes]:
    """The file in pieces.

    Args:
        assignment: The exercise's slug.
        bundle: The digest of its bundle.
        stored: The grades as JSON.
        parts: Which parts of the class they are, as `--shard` has them; empty for all of it.
    """
    digest, count = hashlib.sha256(), 0
    head = {"schema": SCHEMA, "assignment": assignment, "bundle": bundle, **({"parts": parts} if parts else {})}
    line = json.dumps(head).encode()[:-1] + b', "grades": ['
    for grade in stored:
        line += b",\n" if count else b"\n"
        digest.update(line)
        yield line
        line, count = grade, count + 1
    digest.update(line + b"\n")
    yield line + b"\n" + _last_line(count, digest.hexdigest())


def _last_line(count: int, digest: str) -> bytes:
    return f'], "count": {count}, "sha256": "{digest}"}}\n'.encode()


def load_grades(out: Path) -> Iterator[GradeEntry]:
    """The grades of a finished run, one in memory at a time; whether they are whole is known with the last.

    Raises:
        UsageError: There are none, or the file is not as it was written, to its last line.
    """
    path = out / NAME
    if not read_head(out):
        raise UsageError(f"{path} holds no grades. Run `autograder grade` first.")
    digest, count = hashlib.sha256(), 0
    try:
        with path.open("rb") as lines:
            digest.update(next(lines))
            for line in lines:
                if line.startswith(b"]"):
                    break
                digest.update(line)
                count += 1
                yield decoded(line.removesuffix(b"\n").removesuffix(b","))
            else:
                raise ValueError("its closing line is missing, as after a copy that broke off")
            if line != _last_line(count, digest.hexdigest()) or next(lines, b""):
                raise ValueError(f"its {count} grades are not those that its closing line counts")
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise UsageError(f"{path} was changed or is damaged ({error}). {_REPAIR}") from error


def read_head(out: Path) -> dict[str, Any]:
    """What the first line says (`assignment`, `bundle`, perhaps `parts`); empty where there is no finished report."""
    try:
        with (out / NAME).open("rb") as lines:
            head = json.loads(lines.readline(4096) + b"]}")
    except (OSError, ValueError):
        return {}
    ours = isinstance(head, dict) and head.get("schema") == SCHEMA and isinstance(head.get("assignment"), str)
    return head if ours else {}
