"""What an output folder keeps of runs, so that cases can run on it again, and of the grades before. Trusted side.

OUT/runs/<digest>.kept     what a run sent, packed; hostile, and named by the digest of its content
OUT/runs/cases.json        bundle → `question/case` → digest of what the outcome depends on beside the submission
OUT/history/<time>/        grades.json as it was before a report that moved a grade
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import msgspec

from autograder.errors import UsageError
from autograder.grading.results.entries import GradeEntry, encoded, read_run, run_file
from autograder.grading.results.grades_file import grade_lines, load_grades, read_head
from autograder.records import Assignment, Execution, Outcome, from_json, to_json

__all__ = ["RunStore", "exercise_of", "grades_before", "history_files"]

MAX_STORE_BYTES: Final = 4 * 2**30
"""Of what runs sent, in one folder; the largest are not kept where all would be more."""


class RunStore:
    """What is kept of runs in a finished output folder.

    Attributes:
        dropped: How many are not kept, for all would be too much.
        cases: `question/case` → digest of what its outcome depends on, in the bundle of the folder; empty where that is
            not known.
    """

    def __init__(self, out: Path, bundle: str, cases: Mapping[str, str] | None = None) -> None:
        """Read which cases there were.

        Args:
            out: The output folder.
            bundle: Digest of the bundle that the class is graded with.
            cases: Its cases; by default those that the folder has for it.
        """
        self.dropped = 0
        self._runs = out / "runs"
        self._bundle = bundle
        self._cases = _cases_of(out)
        if cases is not None:
            self._cases[bundle] = dict(cases)
        self.cases: Mapping[str, str] = self._cases.get(bundle, {})

    @property
    def size_bytes(self) -> int:
        """Size of what runs sent, and is kept."""
        return sum(path.stat().st_size for path in self._runs.glob("*.kept"))

    def beyond_bound(self, staged: Path, recordings: Collection[str]) -> set[str]:
        """Which of these recordings are too much to be kept; they are in the folder, or staged for it."""
        sizes = {path.name: path.stat().st_size for runs in (self._runs, staged) for path in runs.glob("*.kept")}
        total = sum(size for name, size in sizes.items() if name in recordings)
        beyond: set[str] = set()
        for name in sorted(sizes.keys() & set(recordings), key=lambda each: (-sizes[each], each)):
            if total <= MAX_STORE_BYTES:
                break
            total -= sizes[name]
            beyond.add(name)
        self.dropped = len(beyond)
        return beyond

    def recording(self, stored: GradeEntry) -> bytes:
        """What a student's run sent, packed; empty where that is not kept, or damaged."""
        name = stored.execution.recording
        try:
            content = (self._runs / name).read_bytes() if name else b""
        except OSError:
            return b""
        return content if f"{hashlib.sha256(content).hexdigest()}.kept" == name else b""

    def kept_run(self, stored: GradeEntry, key: str) -> tuple[bytes, Execution, dict[tuple[str, str], Outcome]] | None:
        """What is kept of a run: what it sent, how it went, and outcomes that still stand.

        Args:
            stored: The grade that was made of it.
            key: Digest of what the run depends on; None is returned for another one's.

        Raises:
            UsageError: How it went cannot be read.
        """
        summary = stored.execution
        if not key or summary.key != key or not summary.recording:
            return None
        recording = self.recording(stored)
        if not recording:
            return None
        execution = read_run(self._runs, stored)
        before, now = self._cases.get(stored.bundle, {}), self.cases
        standing = {
            (question.name, outcome.name): outcome
            for question in stored.questions
            for outcome in question.cases
            for name in [f"{question.name}/{outcome.name}"]
            if not outcome.by_hand and name in now and before.get(name) == now[name]
        }
        return recording, execution, standing

    def check(self, stored: Iterable[GradeEntry]) -> None:
        """Refuse a folder in which something is missing of what its grades were made of.

        Raises:
            UsageError: It is.
        """
        path = self._runs / "cases.json"
        if path.exists() and not self._cases:
            raise UsageError(f"{path} is damaged. Run `autograder grade` again into this folder, or delete the file.")
        for each in stored:
            path = run_file(self._runs, each.student)
            if each.execution.is_kept and not path.is_file():
                raise UsageError(f"{path} is not there. Run `autograder grade` again.")

    def cases_file(self, bundles: Collection[str]) -> bytes:
        """`cases.json` for grades that were made with these bundles; empty where no case is known."""
        cases = {bundle: names for bundle, names in self._cases.items() if names and bundle in bundles}
        return to_json(cases) if cases else b""


def exercise_of(out: Path, slug: str) -> Assignment:
    """The exercise as it was when the class was graded.

    Raises:
        UsageError: It is not there, damaged, or another one.
    """
    path = out / "runs" / "assignment.json"
    again = "Run `autograder grade` again into this folder; what was graded by hand stays."
    try:
        assignment = from_json(path.read_bytes(), Assignment)
    except FileNotFoundError:
        raise UsageError(f"{path} is not there: the folder is incomplete or of an older version. {again}") from None
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise UsageError(f"{path} cannot be read ({error}). {again}") from error
    if assignment.slug != slug:
        raise UsageError(f"{path} is of {assignment.slug}, and grades.json beside it of {slug}. {again}")
    return assignment


def _cases_of(out: Path) -> dict[str, dict[str, str]]:
    try:
        return msgspec.json.decode((out / "runs" / "cases.json").read_bytes(), type=dict[str, dict[str, str]])
    except (OSError, msgspec.MsgspecError, ValueError):  # of an older version, or damaged: all cases run again
        return {}


def grades_before(out: Path) -> Iterator[GradeEntry]:
    """The grades before the last report that moved one; nothing where none did.

    Raises:
        UsageError: They are damaged.
    """
    kept = sorted(path.parent for path in (out / "history").glob("*/grades.json"))
    yield from load_grades(kept[-1]) if kept else ()


def history_files(
    out: Path, slug: str, earlier: Iterator[GradeEntry], removed: Collection[str], *, moved: bool
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """What is to be written into `history/`: name of each file in the output folder, and its content in pieces.

    Args:
        out: The output folder.
        slug: Of its exercise.
        earlier: The grades of the report that is about to be replaced.
        removed: Students who are to be in no report any more, earlier ones included.
        moved: Whether those grades are to be kept.
    """
    if moved:
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H-%M-%S.%fZ")
        stored = (encoded(each) for each in earlier if each.student not in removed)
        yield f"history/{now}/grades.json", grade_lines(slug, read_head(out).get("bundle", ""), stored)
    for path in (out / "history").glob("*/grades.json") if removed else ():
        stored = (encoded(each) for each in load_grades(path.parent) if each.student not in removed)
        bundle = read_head(path.parent).get("bundle", "")
        yield f"history/{path.parent.name}/grades.json", grade_lines(slug, bundle, stored)
