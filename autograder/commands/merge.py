"""`autograder merge`: output folders of parts of a class, graded on several machines, become one. Trusted side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from autograder.commands.progress import progress
from autograder.errors import UsageError
from autograder.grading.results.late_work import ALLOWANCES
from autograder.grading.results.output_folder import OutputFolder
from autograder.publishing import ClassReport, publish

__all__ = ["run"]


def run(parts: Sequence[Path], out: Path | None, *, console: Console) -> ClassReport:
    """Put the grades of some folders together, and write the report of all.

    Args:
        parts: Output folders of `autograder grade`, each of other students; they stay as they are.
        out: The folder of all; by default the exercise's name with `-grades`.
        console: Where the progress is shown.

    Raises:
        AutograderError: See the errors' own texts; nothing that was there is lost.
    """
    for place, times in Counter(part.resolve() for part in parts).items():
        if times > 1:
            raise UsageError(f"{place} is given {times} times. Give each part once.")
    with ExitStack() as opened:
        folders = [opened.enter_context(OutputFolder.reopen(part)) for part in parts]
        first = folders[0]
        whose: dict[str, Path] = {}
        for folder in folders:
            if (folder.assignment.slug, folder.bundle) != (first.assignment.slug, first.bundle):
                raise UsageError(
                    f"{folder.out} holds grades of another exercise, or of another version of it, than {first.out}. "
                    "Grade all parts with one bundle."
                )
            if (folder.out / ALLOWANCES).exists():
                raise UsageError(f"{folder.out / ALLOWANCES} is of a part. Merge first, then put it beside the whole.")
            for stored in folder.entries():
                if stored.student in whose:
                    raise UsageError(f"{stored.student} is in {whose[stored.student]} and in {folder.out}. Remove one.")
                whose[stored.student] = folder.out
                if any(outcome.by_hand for question in stored.questions for outcome in question.cases):
                    raise UsageError(f"{folder.out} has points given by hand. Merge first, then grade by hand.")
        _require_all(folders)
        target = OutputFolder.start(
            out or Path(f"{first.assignment.slug}-grades"), first.assignment, first.bundle, {}, cases=first.store.cases
        )
        with target:
            if taken := sorted(whose.keys() & set(target.students)):
                raise UsageError(f"{target.out} holds a grade of {taken[0]} already. Choose another folder with -o.")
            for folder in folders:
                for stored in folder.entries():
                    recording = folder.store.recording(stored)
                    target.add(stored, folder.run(stored), key=stored.execution.key, recording=recording)
            with progress(console, "Writing pages") as bar:
                return publish(target, {}, bar)


def _require_all(folders: Sequence[OutputFolder]) -> None:
    """Refuse a class of which a part is missing."""
    graded = [part.split("/") for folder in folders for part in folder.parts]
    for total in sorted({total for _, total in graded}):
        missing = {*range(1, int(total) + 1)} - {int(part) for part, of in graded if of == total}
        if missing:
            raise UsageError(f"Part {min(missing)}/{total} is in none of these folders. Give its folder, too.")
