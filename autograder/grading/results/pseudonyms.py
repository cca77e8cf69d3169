"""Pseudonyms for a copy that may be shared: random, in a key beside the grades, the same each time. Trusted side.

What a notebook itself says is not looked at: a name in a text, an output or a comment stays.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from autograder.errors import UsageError
from autograder.files import write_whole
from autograder.grading.intake.student_ids import student_id
from autograder.grading.results.entries import GradeEntry
from autograder.records import Execution, to_json

__all__ = ["KEY", "anonymous", "pseudonyms"]

KEY: Final = "pseudonyms.json"
SUBMISSION: Final = "notebook.ipynb"
"""In place of the path of what was handed in."""
_FILE: Final = re.compile(r"`[^`]*[./\\][^`]*`")
_UNNAMED: Final = "(a file)"
_TEXTS: Final = frozenset({"message", "detail", "comment", "answer", "notice", "received", "hint"})


@dataclass(frozen=True)
class _Key:
    """Student → pseudonym, and of how many, so that a lost line is noticed: its student would get another name."""

    count: int
    names: dict[str, str]


def pseudonyms(out: Path, students: Iterable[str]) -> Mapping[str, str]:
    """Student → pseudonym, of everybody who ever was in an output folder; who is new gets one, and the key is written.

    Raises:
        UsageError: The key that is there was changed or is damaged.
        AutograderError: It cannot be written.
    """
    path = out / KEY
    key = _Key(0, {})
    try:
        key = msgspec.json.decode(path.read_bytes(), type=_Key)
    except FileNotFoundError:
        pass
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise UsageError(f"{path} cannot be read ({error}). Put back a copy, or delete it to get new names.") from error
    known = key.names
    if key.count != len(set(known.values())) or any(name != student_id(name) for name in known.values()):
        raise UsageError(
            f"{path} was changed: a pseudonym is gone, there twice, or no name for a file. Put back a copy."
        )
    new = [student for student in students if student not in known]
    for student in new:
        name = f"student-{secrets.token_hex(5)}"
        while name in known.values():  # pragma: no cover - one in 10^12
            name = f"student-{secrets.token_hex(5)}"
        known[student] = name
    if new:
        write_whole(path, [to_json(_Key(len(known), known), indent=1), b"\n"], durable=True)
    return known


def anonymous(stored: GradeEntry, execution: Execution, names: Mapping[str, str]) -> tuple[GradeEntry, Execution]:
    """A grade and its run without id, digest and file names; cells and outputs are as they were."""
    name = names[stored.student]
    path = Path(stored.submission)
    own = {stored.student, stored.submission, path.stem, *path.parts, stored.name, stored.id, stored.email} - {""}
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in sorted(own, key=len, reverse=True)))

    def unnamed(text: str) -> str:
        return pattern.sub(name, _FILE.sub(_UNNAMED, text))

    cleared = msgspec.convert(_with_texts(msgspec.to_builtins(stored), pattern, name), GradeEntry)
    questions = tuple(
        replace(
            question,
            pictures=(),
            weights={},
            cases=tuple(
                replace(case, message=unnamed(case.message)) if case.status == "skipped" else case
                for case in question.cases
            ),
        )
        for question in cleared.questions
    )
    changed = replace(
        cleared,
        student=name,
        submission=stored.submission and SUBMISSION,
        digest="",
        bundle="",
        name="",
        id="",
        email="",
        handed_in="",
        message=unnamed(stored.message),
        review=unnamed(stored.review),
        warnings=tuple(map(unnamed, stored.warnings)),
        questions=questions,
        causes=tuple(
            replace(cause, name=_UNNAMED if cause.kind == "file" else cause.name, message=unnamed(cause.message))
            for cause in stored.causes
        ),
    )
    files = tuple(
        replace(file, name=f"file-{number}{Path(file.name).suffix}") for number, file in enumerate(execution.files, 1)
    )
    return changed, replace(execution, message=unnamed(execution.message), files=files)


def _with_texts(value: Any, pattern: re.Pattern[str], name: str) -> Any:
    """Plain data with the name in place of the pattern in all that is text for people."""
    if isinstance(value, dict):
        return {
            key: pattern.sub(name, part)
            if key in _TEXTS and isinstance(part, str)
            else _with_texts(part, pattern, name)
            for key, part in value.items()
        }
    return [_with_texts(part, pattern, name) for part in value] if isinstance(value, (list, tuple)) else value
