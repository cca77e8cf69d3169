"""`autograder try`: an exercise as it is now; only what changed since an earlier try is run again. Trusted side.

What a notebook earned is stored under a digest of everything that it follows from: the notebook's cells, the cases,
files, hidden data and limits, the cells that students have, this package's own code, the versions of all packages, and
the environment. What has another digest is run.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from autograder.authoring import verify
from autograder.authoring.build import BuildReport, Say, build
from autograder.errors import IntakeError, UsageError
from autograder.expect.reference_record import CaseRecord, collecting, note_collected
from autograder.files import write_whole
from autograder.grading.cases.bundle import load_bundle, sha256_of
from autograder.grading.execution.environment import environment
from autograder.grading.execution.submission_grading import GradedSubmission
from autograder.grading.intake.notebook_reader import parse
from autograder.language import spellings
from autograder.records import SELF_CHECK, Cell, Grade, from_json, to_json
from autograder.sandbox.host.keras_cache import cache_folder

__all__ = ["Tried", "try_exercise"]

PACKAGE = Path(__file__).parents[1]
MAX_STORED = 60
"""Results that are kept; the oldest go."""


@dataclass(frozen=True)
class Tried:
    """What a try gave.

    Attributes:
        report: Of the build that wrote nothing.
        grades: `reference`, `stub`, and the notebook that was tried, if one was, under its path → its grade.
        unchanged: Those of them that were not run, as nothing that they follow from has changed.
    """

    report: BuildReport
    grades: Mapping[str, Grade]
    unchanged: tuple[str, ...]


@dataclass(frozen=True)
class _Result:
    """What is stored of one notebook: what it earned, and what its cases were given, as the build records it."""

    graded: GradedSubmission
    records: list[tuple[str, str, CaseRecord]]


@dataclass
class _Stored:
    """Grades notebooks, and keeps what they earned."""

    folder: Path
    grades: dict[str, Grade] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)

    def grade(self, bundle: Path, notebook: Path, student: str) -> GradedSubmission:
        """A notebook's grade: the stored one where nothing that it follows from has changed."""
        path = self.folder / f"{_digest(bundle, notebook).removeprefix('sha256:')}.json"
        try:
            result = from_json(path.read_bytes(), _Result)
            path.touch()
            self.unchanged.append(student)
        except (OSError, ValueError):
            context: AbstractContextManager[dict[tuple[str, str], CaseRecord]]
            context = collecting() if student == "reference" else nullcontext({})
            with context as records:
                graded = verify.grade_notebook(bundle, notebook, student)
            result = _Result(graded, [(*case, record) for case, record in records.items()])
            if graded.grade.status == "graded":  # what needs a look may come out otherwise the next time
                self._keep(path, result)
        note_collected({(path, case): record for path, case, record in result.records})
        self.grades[student] = result.graded.grade
        return result.graded

    def _keep(self, path: Path, result: _Result) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, [to_json(result)])
        stored = sorted(self.folder.glob("*.json"), key=lambda each: each.stat().st_mtime)
        for old in stored[:-MAX_STORED]:
            old.unlink(missing_ok=True)


def try_exercise(slug: str, root: Path, notebook: Path | None, say: Say) -> Tried:
    """Build without writing, with stored grades where nothing has changed; then grade a notebook, if one is given.

    Args:
        slug: The exercise.
        root: The repository.
        notebook: A try at the exercise.
        say: Prints what is done next, as that takes time.

    Raises:
        BuildError: As `build`.
        UsageError: There is no such exercise, or the notebook cannot be read.
        SandboxUnavailable: This machine cannot run a sandbox.
    """
    stored = _Stored(cache_folder().parent / "tries")

    def then(bundle: Path) -> None:
        if notebook is not None:
            say(f"{slug}: grading {notebook} …")
            stored.grade(bundle, notebook, str(notebook))

    if notebook is not None:
        _cells(notebook)  # before anything takes time
    report = build(slug, root, check=False, say=say, grade=stored.grade, instead=then)
    return Tried(report, stored.grades, tuple(stored.unchanged))


def _digest(bundle: Path, notebook: Path) -> str:
    """Of all that a notebook's grade follows from."""
    loaded = load_bundle(bundle)
    parts: list[str | bytes] = [to_json(loaded.assignment)]
    parts += [repr((cell.source, cell.tags)) for cell in loaded.given if cell.kind == "code"]
    parts += [path.read_bytes() for path in sorted((bundle / "tests").glob("*.py"))]
    for name, content in loaded.files.items():
        parts += [name, content]
    parts += [repr((cell.kind, cell.source, cell.tags)) for cell in _cells(notebook) if _counts(cell)]
    parts += [repr(sorted(environment(loaded.assignment.limits.threads).items())), *_surroundings()]
    whole = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        whole.update(b"%d\n" % len(content) + content)
    return f"sha256:{whole.hexdigest()}"


def _cells(notebook: Path) -> tuple[Cell, ...]:
    try:
        return parse(notebook.read_bytes()).cells
    except OSError as error:
        raise UsageError(f"{notebook} cannot be read: {error.strerror}. Give a notebook.") from error
    except IntakeError as error:
        raise UsageError(f"{notebook} is no notebook: {error}. Give a notebook.") from error


def _counts(cell: Cell) -> bool:
    """Whether a cell is run, or is an answer. The self-check does nothing there, and its cases are in the bundle."""
    return bool(cell.answers) or (cell.kind == "code" and not cell.source.startswith(spellings(SELF_CHECK)))


@functools.cache
def _surroundings() -> tuple[str, ...]:
    """This package's code, the versions of all packages, and what is in Keras's cache."""
    return (
        *(sha256_of(path.read_bytes()) for path in sorted(PACKAGE.rglob("*.py"))),
        *sorted(f"{each.name} {each.version}" for each in metadata.distributions()),
        *(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in sorted(cache_folder().rglob("*"))),
    )
