"""`autograder export`: from a finished report to a file that another system takes. Trusted side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from autograder.errors import UsageError
from autograder.exports import canvas, gradescope, junit, moodle, nbgrader, plain_csv, plain_json
from autograder.exports.exported import Exported, FinishedReport
from autograder.files import write_whole
from autograder.grading.results.output_folder import OutputFolder
from autograder.wording import counted, listed, one_line, shortened

__all__ = ["FORMATS", "run"]

FORMATS: Mapping[str, Callable[[FinishedReport], Exported]] = {
    "moodle": moodle.to_moodle,
    "canvas": canvas.to_canvas,
    "gradescope": gradescope.to_gradescope,
    "nbgrader": nbgrader.to_nbgrader,
    "csv": plain_csv.to_plain_csv,
    "json": plain_json.to_plain_json,
    "junit": junit.to_junit,
}
FILLED = ("moodle", "canvas")
"""Those that fill a file of the instructor's, and make feedback beside it."""
MAX_NAMED = 8


def run(out: Path, *, to: str, template: Path | None, target: Path | None, with_pending: bool, screen: Console) -> None:
    """Write grades and feedback for another system.

    Args:
        out: The output folder.
        to: A name of `FORMATS`.
        template: What that system exported, to be filled.
        target: The file to write; by default the exercise's name and the format's, here.
        with_pending: Whether to export scores to which points are still to come.
        screen: Where it is said what was written, and who is missing.

    Raises:
        UsageError: The format is not known, points are pending, or the template cannot be used.
    """
    if to not in FORMATS:
        raise UsageError(f"--to {one_line(to)}: give one of {', '.join(FORMATS)}.")
    if template is not None and to not in FILLED:
        raise UsageError(f"--template is for {listed(FILLED)}: --to {to} fills no file. Leave it out.")
    with OutputFolder.reopen(out) as folder:
        assignment, grades = folder.assignment, list(folder.entries())
    pending = [grade.student for grade in grades if grade.pending]
    if pending and not with_pending:
        raise UsageError(
            f"{counted(len(pending), 'student')} still wait for points by hand: {shortened(pending, MAX_NAMED)}. Fill "
            f"in {out / 'manual.csv'} and run `autograder report {out}`, or export with --with-pending."
        )

    def page(student: str) -> bytes | None:
        path = out / "feedback" / f"{student}.html"
        return path.read_bytes() if path.is_file() else None

    made = FORMATS[to](FinishedReport(assignment, grades, page, template))
    path = target or Path(f"{assignment.slug}-{to}{made.suffix}")
    if template is not None and path.resolve() == template.resolve():
        raise UsageError(f"{path} is the template: give another file with -o.")
    write_whole(path, [made.content])
    screen.print(f"Written: {path}", soft_wrap=True, markup=False, highlight=False)
    if made.feedback:
        beside = path.with_name(f"{path.stem}-feedback.zip")
        write_whole(beside, [made.feedback])
        screen.print(f"Feedback: {beside}", soft_wrap=True, markup=False, highlight=False)
    notes = list(made.skipped)
    if review := [grade.student for grade in grades if grade.needs_look]:
        notes.append(f"{counted(len(review), 'grade')} still to be looked at: {shortened(review, MAX_NAMED)}")
    if pending:
        notes.append(f"{counted(len(pending), 'score')} with points to come: {shortened(pending, MAX_NAMED)}")
    for line in notes:
        screen.print(f"Note: {line}.", soft_wrap=True, markup=False, highlight=False)
