"""`autograder gradescope`: one submission where Gradescope runs autograders; always leaves a result. Trusted side."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from autograder.commands import grade, report
from autograder.commands.progress import events
from autograder.errors import AutograderError, SandboxUnavailable
from autograder.exports.gradescope import gradescope_results
from autograder.files import write_whole
from autograder.grading.cases.bundle import load_bundle
from autograder.grading.intake.times import iso_time
from autograder.grading.results.entries import GradeEntry
from autograder.grading.results.late_work import ALLOWANCES
from autograder.grading.results.output_folder import OutputFolder
from autograder.language import N_, in_language
from autograder.language import gettext as _

__all__ = ["run"]

STUDENT = "student"
NOT_GRADED = N_(
    "This was received, and not graded here: {why}. That is no fault of yours, and the 0 is no grade. Whoever set the "
    "exercise has been given the reason, and grades it elsewhere."
)


def run(root: Path, console: Console) -> None:
    """Grade what is in `root/submission` with `root/source/bundle`, and write `root/results/results.json`.

    Whatever happens, there is a result: where this machine cannot open a sandbox, nothing of a student's is run, and
    the result says that it is no grade.

    Args:
        root: `/autograder` there.
        console: Where the reason is printed; Gradescope shows it to instructors.
    """
    language = "en"
    try:
        language = load_bundle(root / "source" / "bundle").assignment.language
        results = gradescope_results(_graded(root, console), language)
    except Exception as error:  # noqa: BLE001 - without a result, Gradescope shows students its own error
        console.print(f"Not graded: {error}", soft_wrap=True, markup=False, highlight=False)
        if not isinstance(error, AutograderError):
            console.print_exception()
        with in_language(language):
            why = _("the grader cannot isolate it") if isinstance(error, SandboxUnavailable) else _("the grader failed")
            output = _(NOT_GRADED).format(why=why)
        results = {"score": 0, "output": output, "output_format": "text", "tests": []}
    (root / "results").mkdir(exist_ok=True)
    write_whole(root / "results" / "results.json", [json.dumps(results, indent=1).encode()], shared=True)


def _graded(root: Path, console: Console) -> GradeEntry:
    with tempfile.TemporaryDirectory() as temporary:
        source, out = Path(temporary, "in"), Path(temporary, "out")
        shutil.copytree(root / "submission", source / STUDENT, symlinks=True)  # a link stays one, and is not followed
        grade.run(
            str(root / "source" / "bundle"),
            source,
            grade.GradeOptions(out, rf"(?P<id>{STUDENT})/.*", workers=1, keep="none"),
            console=console,
            emit=events(None),
        )
        if time := iso_time(str(_metadata(root).get("created_at", ""))):
            (out / ALLOWANCES).write_text(f"student,handed_in\n{STUDENT},{time}\n")
            report.run(out, also=[], console=console)
        with OutputFolder.reopen(out) as folder:
            (entry,) = folder.entries()
        return entry


def _metadata(root: Path) -> Mapping[str, Any]:
    """What Gradescope says of the submission; nothing where it says that in another way."""
    try:
        found = json.loads((root / "submission_metadata.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
