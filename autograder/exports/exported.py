"""What an export is made from, and what it makes. Trusted side."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.grading.results.entries import GradeEntry
from autograder.records import Assignment

__all__ = ["Exported", "FinishedReport", "zip_bytes"]


@dataclass(frozen=True)
class FinishedReport:
    """A finished report.

    Attributes:
        assignment: The exercise.
        grades: Everybody's.
        page: Reads the feedback page of a student; None where there is none.
        template: What the other system exported, to be filled; None where nothing is given.
    """

    assignment: Assignment
    grades: Sequence[GradeEntry]
    page: Callable[[str], bytes | None]
    template: Path | None = None


@dataclass(frozen=True)
class Exported:
    """Files for another system.

    Attributes:
        content: The file itself.
        suffix: Its ending.
        feedback: Beside it: a zip of feedback, named as that system wants it; empty for none.
        skipped: A line for each that will be missing there, with the reason.
    """

    content: bytes
    suffix: str
    feedback: bytes = b""
    skipped: list[str] = field(default_factory=list)


def zip_bytes(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip of files, each with its name, one in memory at a time; equal ones give equal bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files:
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return content.getvalue()
