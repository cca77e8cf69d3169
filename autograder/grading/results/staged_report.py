"""A report being made in `OUT/.partial`: of which run it is, and how it replaces the one before. Trusted side."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from autograder.errors import UsageError
from autograder.grading.results.grades_file import read_head

__all__ = ["FOLDERS", "Finish", "RunIdentity"]
__all__ += ["explained_errors", "interrupted", "locked", "put_in_place", "refuse_foreign"]

FOLDERS: Final = ("feedback", "runs", "history", ".partial")
"""Folders of ours in an output folder."""


@dataclass(frozen=True)
class RunIdentity:
    """Which run a `.partial` folder belongs to; only the very same one goes on where it stopped."""

    schema: int
    assignment: str
    again: bool


@dataclass(frozen=True)
class Finish:
    """What is to be done, beside moving what is staged, to put a report in its place: names of files to delete."""

    delete: tuple[str, ...]


def put_in_place(out: Path) -> None:
    """Put the report in its place for which all is staged, by this run or by one that was interrupted there.

    Raises:
        UsageError: What is staged is damaged.
        OSError: The folder cannot be written.
    """
    for staged in (out / ".partial", out / ".partial" / "report"):
        plan = _plan(staged)
        if plan is None:
            continue
        for name in ("feedback", "runs"):
            (out / name).mkdir(mode=0o700, exist_ok=True)
            for path in sorted((staged / name).iterdir()):
                path.replace(out / name / path.name)
        for path in sorted((staged / "history").glob("*/grades.json")):
            (out / "history" / path.parent.name).mkdir(mode=0o700, parents=True, exist_ok=True)
            path.replace(out / "history" / path.parent.name / path.name)
        for name in plan.delete:
            (out / name).unlink(missing_ok=True)
        for name in ("grades.csv", "index.html", "grades.json"):
            if (staged / name).exists():
                (staged / name).replace(out / name)
        for name in ("run.json", "finish.json"):  # without the first, nothing in the folder is gone on with
            (staged / name).unlink(missing_ok=True)


def _plan(staged: Path) -> Finish | None:
    """What is left to do to put a staged report in its place; None where it is not complete, or there is none."""
    try:
        plan = msgspec.json.decode((staged / "finish.json").read_bytes(), type=Finish)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, ValueError) as error:
        raise UsageError(f"{staged / 'finish.json'} is damaged ({error}). Delete it, then run it again.") from error
    places = [name.split("/") for name in plan.delete]
    if not all(len(parts) == 2 and parts[0] in ("feedback", "runs") and parts[1] not in ("", "..") for parts in places):
        raise UsageError(f"{staged / 'finish.json'} was changed: it names other files than a report's. Delete it.")
    return plan


def interrupted(out: Path) -> RunIdentity | None:
    """The run that stopped in an output folder before it was finished."""
    try:
        return msgspec.json.decode((out / ".partial" / "run.json").read_bytes(), type=RunIdentity)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None


def refuse_foreign(out: Path, slug: str) -> None:
    """Refuse a folder in which a run could destroy something.

    Raises:
        UsageError: It is a file, holds something that is not ours, or grades of another exercise.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise UsageError(f"{out} is a file: expected a folder. Choose another with -o.")
    for path in (out / name for name in FOLDERS):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise UsageError(f"{path} is not a folder of its own. Choose another output folder with -o.")
    run = interrupted(out)
    written = [
        known for known in (read_head(out).get("assignment"), run.assignment if run else None) if known is not None
    ]
    partial = out / ".partial"
    ours = not partial.is_dir() or (partial / "lock").exists()  # the first thing that is made in it
    others = [*(path for path in out.iterdir() if path != partial), *(() if ours else partial.iterdir())]
    if not written and others:
        raise UsageError(f"{out} is not empty and holds no grades. Choose another folder with -o.")
    for known in written:
        if known != slug:
            raise UsageError(f"{out} holds grades of {known}. Choose another folder with -o.")


@contextlib.contextmanager
def explained_errors(out: Path, advice: str) -> Iterator[None]:
    """Says of an `OSError` in its body that the output folder cannot be written, and what to do."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}. {advice}") from error


def locked(out: Path) -> int:
    """A descriptor that holds the lock of an output folder; close it to let go.

    Raises:
        UsageError: Another process has it.
        OSError: The folder cannot be written.
    """
    path = out / ".partial" / "lock"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if isinstance(error, BlockingIOError):
            raise UsageError(f"{out} is being written by another run. Wait for it, or choose another -o.") from None
        raise
    if not os.fstat(lock).st_nlink:  # who had it has deleted the file meanwhile
        os.close(lock)
        return locked(out)
    return lock
