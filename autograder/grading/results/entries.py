"""What an output folder keeps of each student, as bytes: the grade, and the run that its page shows. Trusted side."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import zlib
from dataclasses import dataclass, field, fields
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from autograder.errors import UsageError
from autograder.files import write_whole
from autograder.records import Execution, ExecutionStatus, Grade, from_json, to_json

__all__ = ["ExecutionSummary", "GradeEntry", "decoded", "encoded", "entry", "read_run", "run_file", "write_run"]

MAX_RUN: Final = 2**30
"""Of a run, unpacked, in bytes: notebook and outputs are bounded, so only what is not ours is larger."""
CHUNK: Final = 2**20


@dataclass(frozen=True)
class ExecutionSummary:
    """What `grades.json` keeps of a run, under `execution`.

    Attributes:
        status: How it ended.
        wall_seconds: From launch to end.
        cells: Number of code cells.
        message: One line where it did not complete.
        phases: Where the time went, in seconds.
        environment: What the grade depends on besides notebook and bundle: versions, processor, threads, seeds.
            Equal ones give equal grades. Empty if nothing ran.
        key: Digest of all that the run depended on; empty where what it sent is not kept.
        recording: Name of the file in `runs/` that holds what it sent; empty likewise.
        files: Number of files that were handed in with the notebook.
    """

    status: ExecutionStatus = "refused"
    wall_seconds: float = 0.0
    cells: int = 0
    message: str = ""
    phases: dict[str, float] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    key: str = ""
    recording: Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{64}\.kept)?\Z")] = ""
    files: int = 0

    @property
    def is_kept(self) -> bool:
        """Whether the run has a file of its own: it has more than this says."""
        return bool(self.cells or self.files)


@dataclass(frozen=True)
class GradeEntry(Grade):
    """A grade as it is stored: with what is kept of the run behind it.

    Attributes:
        bundle: Digest of the bundle that it was made with.
    """

    bundle: str = ""
    execution: ExecutionSummary = field(default_factory=ExecutionSummary)


def entry(grade: Grade, execution: Execution, bundle: str, key: str = "", recording: bytes = b"") -> GradeEntry:
    """A grade and the run behind it as they are stored; `recording` is what the run sent, packed."""
    summary = ExecutionSummary(
        execution.status,
        round(execution.wall_seconds, 2),
        sum(cell.kind == "code" for cell in execution.cells),
        execution.message,
        {phase: round(seconds, 3) for phase, seconds in execution.phases.items()},
        execution.environment,
        key if recording else "",
        f"{hashlib.sha256(recording).hexdigest()}.kept" if recording else "",
        len(execution.files),
    )
    given = {each.name: getattr(grade, each.name) for each in fields(Grade)}
    return GradeEntry(**given, bundle=bundle, execution=summary)


def encoded(record: Any) -> bytes:
    """One line of JSON, in UTF-8 and without NaN, whatever a student's process sent."""
    try:
        return to_json(record)
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(record), ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


def decoded(line: bytes) -> GradeEntry:
    """The grade in a line. JSON has no NaN: what is null in a history was a number no more.

    Raises:
        ValueError: It is no grade; `msgspec`'s errors are such.
    """
    values: Any = msgspec.json.decode(line)
    try:
        for question in values["questions"]:
            for curves in question["histories"].values():
                for metric, curve in curves.items():
                    curves[metric] = [math.nan if value is None else value for value in curve]
    except (AttributeError, LookupError, TypeError):
        raise ValueError("not a grade") from None
    return msgspec.convert(values, GradeEntry)


def run_file(folder: Path, student: str) -> Path:
    """Where a student's run is kept in a folder of runs."""
    return folder / f"{student}.json.gz"


def write_run(folder: Path, student: str, execution: Execution) -> None:
    """Keep a run with its cells, outputs and files; of one without these, its summary says all.

    Raises:
        AutograderError: It cannot be written.
    """
    if execution.files or any(cell.kind == "code" for cell in execution.cells):
        write_whole(run_file(folder, student), [gzip.compress(encoded(execution), 6, mtime=0)])


def read_run(folder: Path, stored: GradeEntry) -> Execution:
    """The run behind a grade, as it was when the page was made.

    Raises:
        UsageError: It is not there or damaged.
    """
    summary = stored.execution
    path = run_file(folder, stored.student)
    if not summary.is_kept:  # a file that is there is of an earlier submission
        return Execution(
            summary.status,
            summary.message,
            wall_seconds=summary.wall_seconds,
            phases=summary.phases,
            environment=summary.environment,
        )
    try:
        with gzip.open(path) as packed:
            chunks = iter(lambda: packed.read(CHUNK), b"")  # a longer one would be allocated before it is read
            return from_json(b"".join(islice(chunks, MAX_RUN // CHUNK)), Execution)
    except (OSError, EOFError, zlib.error, msgspec.MsgspecError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UsageError(f"{path}: cannot be read ({reason}). Run `autograder grade` again.") from error
