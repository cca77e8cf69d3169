"""`autograder build`: a master → the students' notebook and the grader's bundle, or one line of error. Trusted side.

The outputs are searched for leaks and graded from a temporary folder beside the bundle, and only then moved into place.
A build that fails leaves the old files as they were.
"""

from __future__ import annotations

import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring import calibration, needs
from autograder.authoring.assign import Assigned, assign
from autograder.authoring.case_helpers import Records, complete, recorded_in
from autograder.authoring.given_files import given_files
from autograder.authoring.leaks import refuse_leaks
from autograder.authoring.master import MASTERS, Master, MasterQuestion, read_master
from autograder.authoring.stub import make_reference, make_stub
from autograder.authoring.verify import Grader, Proof, prove, refuse_undefined, refuse_unimportable
from autograder.errors import BuildError, UsageError
from autograder.grading.cases.bundle import FILES, copy_bundle, hidden_name, sha256_of
from autograder.grading.intake.notebook_reader import parse
from autograder.grading.requirements import installable, refuse_lacking
from autograder.language import spellings
from autograder.notebook.selfcheck import PACKAGE
from autograder.records import SELF_CHECK, Assignment, Question, to_json

__all__ = ["BuildReport", "build", "build_all", "find_master", "find_root", "find_slugs", "hidden_data"]

HEAD_BYTES, TELLING_BYTES = 1024, 24
_OF_A_MODEL = "a model that cannot be rebuilt; a person confirms its points"


@dataclass(frozen=True)
class BuildReport:
    """What one build did.

    Attributes:
        files: All files of the stub and the bundle, relative to the repository.
        drift: With `check`: what differs from the master, one line each.
        proof: What the grader gave to stub and reference; `None` without a proof.
        seconds: How long the build took.
        done: What became of the files: `built`, `is up to date`, or `tried` where none was written.
    """

    slug: str
    files: tuple[Path, ...]
    drift: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    proof: Proof | None = None
    seconds: float = 0.0
    done: str = "built"

    @property
    def summary(self) -> str:
        """A line on the build and its proof, and one for each case that rests on claims; or the files that drifted."""
        if self.drift:
            return "\n".join(self.drift)
        verb = f"built: {len(self.files)} files" if self.done == "built" else self.done
        proved = ""
        if self.proof:
            proved = f"; stub {self.proof.stub}, reference {self.proof.reference} of {self.proof.possible} points"
            if self.proof.by_hand:
                proved += f", and {self.proof.by_hand} that a person gives"
        lines = [f"{self.slug} {verb}{proved} ({self.seconds:.0f} s)"]
        for name, waits in self.proof.claims.items() if self.proof else ():
            lines.append(f"  {name} rests on what a notebook says of {_OF_A_MODEL if waits else 'itself'}")
        return "\n".join(lines)


Say = Callable[[str], object]
"""Prints an exercise and what is done with it next, as that takes time."""


def build_all(
    start: Path, slugs: Iterable[str], *, check: bool, to: Path | None = None, say: Say = lambda _: None
) -> Iterator[BuildReport]:
    """Build the named exercises, or all of the repository around `start`.

    Args:
        start: Where to look for the repository: here or above.
        slugs: Names of exercises, or paths to masters; none means all.
        check: Change nothing in the repository, report drift.
        to: A folder that gets a copy of each bundle, with its hidden data, below the exercise's name.
        say: See `Say`.

    Yields:
        A report for each exercise as it is done.

    Raises:
        BuildError: A master must not be handed out; or, with `check`, after the last report: something drifted.
        UsageError: There is no such exercise, or a copy cannot be written.
    """
    root = find_root(start)
    drifted = []
    for slug in list(slugs) or find_slugs(root):
        report = build(slug, root, check=check, say=say)
        yield report
        if report.drift:
            drifted.append(report.slug)
        elif to:
            copy_bundle(root / "reference" / report.slug / "bundle", to / report.slug)
    if drifted:
        raise BuildError(f"{', '.join(drifted)}: not what the master says. Run `autograder build {' '.join(drifted)}`.")


def build(
    slug_or_master: str | Path,
    root: Path,
    *,
    check: bool,
    proof: bool = True,
    say: Say = lambda _: None,
    grade: Grader | None = None,
    instead: Callable[[Path], object] | None = None,
) -> BuildReport:
    """Build one exercise.

    Args:
        slug_or_master: A folder's name below `reference/`, or the path of a master there.
        root: The repository.
        check: Write nothing; compare with what is there.
        proof: Grade stub and reference as students' notebooks are graded.
        say: See `Say`.
        grade: Grades them; in this process by default.
        instead: Called with the proven bundle in place of writing anything; it is gone afterwards.

    Raises:
        BuildError: The master must not be handed out.
        UsageError: There is no such exercise.
        SandboxUnavailable: This machine cannot run a sandbox, so stub and reference cannot be graded.
    """
    started = time.monotonic()
    root = root.resolve()
    path = find_master(slug_or_master, root)

    def begin(stage: str) -> None:
        say(f"{path.parent.name}: {stage} …")

    begin("reading the master and its data")
    master = read_master(path, root)
    if proof:
        refuse_lacking(master.slug, master.config.requires)
    data = hidden_data(master, root)
    files = given_files(master)
    refuse_undefined(master, frozenset(data))
    if proof:
        refuse_unimportable(master)
    public, secret = Path("assignments", master.slug), Path("reference", master.slug, "bundle")
    _refuse_strays(master, root / public, {*files, *_present(root / secret / FILES)})
    try:
        temporary = tempfile.TemporaryDirectory(prefix=".build-", dir=path.parent)
    except OSError as error:
        raise BuildError(f"{path.parent} cannot be written: {error.strerror}. Make it writable.") from error
    with temporary:
        work = Path(temporary.name)
        begin("making the students' notebook and the bundle")
        (work / "otter").mkdir()
        assigned = assign(master, work / "otter")
        stub: dict[str, bytes] = {}
        bundle: dict[str, bytes] = {}

        def make(records: Records) -> Path:
            made = complete(master, assigned, records)
            stub.update({f"{master.slug}.ipynb": make_stub(master, made), **files})
            refuse_leaks(master, data, {(public / name).as_posix(): content for name, content in stub.items()})
            bundle.update(_bundle(master, made, frozenset(data), root, stub[f"{master.slug}.ipynb"]))
            bundle.update({f"{FILES}/{name}": content for name, content in files.items()})
            folder = work / ("recorded" if records else "unrecorded")
            _write(folder / "stub", stub)
            _write(folder / "bundle", bundle)
            return folder

        begin("looking for what the students' notebook gives away")
        proved = prove(master, make, begin, grade) if proof else None
        folder = proved.folder if proved else make(recorded_in(root / secret))
        drift: tuple[str, ...] = ()
        if instead:
            instead(folder / "bundle")
        elif check:
            begin("comparing")
            drift = (*_drift(root, public, stub), *_drift(root, secret, bundle))
        else:
            begin("writing")
            _move(work, (folder / "stub", root / public), (folder / "bundle", root / secret))
            if proved:
                needs.keep_needs(path.parent, proved.needs)
    return BuildReport(
        slug=master.slug,
        files=tuple(sorted([public / name for name in stub] + [secret / name for name in bundle])),
        drift=drift,
        warnings=(
            *master.warnings,
            *_unpublished(master),
            *(_doubts(master, root, proved) if proved else ()),
            *_tight(master, proved),
        ),
        proof=proved,
        seconds=time.monotonic() - started,
        done="tried" if instead else "is up to date" if check else "built",
    )


def find_root(start: Path) -> Path:
    """The repository around `start`: the nearest folder, here or above, with `reference/` in it.

    Raises:
        UsageError: There is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / "reference").is_dir():
            return folder
    raise UsageError(f"no reference/ folder in {start} or above it. Change into the repository of the exercises.")


def find_slugs(root: Path) -> list[str]:
    """The exercises of a repository: folders below `reference/` that hold a master."""
    return sorted({path.parent.name for name in MASTERS for path in (root / "reference").glob(f"*/{name}")})


def find_master(slug_or_master: str | Path, root: Path) -> Path:
    """The master of an exercise.

    Raises:
        UsageError: There is none.
        BuildError: There are two.
    """
    given = Path(slug_or_master)
    if given.name in MASTERS:
        folder = given.resolve().parent
        if folder.parent != (root / "reference").resolve():
            raise UsageError(f"{given} does not lie in a folder below {root / 'reference'}. Move it there.")
    else:
        folder = root / "reference" / given
        if len(given.parts) != 1 or str(slug_or_master) not in find_slugs(root):
            if len(given.parts) == 1 and folder.is_dir():
                raise UsageError(f"{folder} has no master. Write {folder / MASTERS[0]}, or {MASTERS[1]} with Jupyter.")
            known = ", ".join(find_slugs(root)) or "none yet"
            raise UsageError(f"no exercise {str(slug_or_master)!r} below {root / 'reference'}. There is: {known}.")
    masters = [folder / name for name in MASTERS if (folder / name).is_file()]
    if len(masters) == 2:
        raise BuildError(f"{folder} has two masters, master.py and master.ipynb. Remove one of them.")
    if not masters:
        raise UsageError(f"{given} does not exist. Give the name of an exercise, or the path of its master.")
    return masters[0]


def hidden_data(master: Master, root: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Name → hidden array, of all `.npz` files that the master names; of files of other kinds, their telling bytes.

    Raises:
        BuildError: One cannot be read, or a name is there twice.
    """
    data: dict[str, np.ndarray[Any, Any]] = {}
    fix = "Name a file relative to reference/ under `data:`; `.npz` for plain arrays."
    reference = (root / "reference").resolve()
    for name in master.config.data:
        path = (reference / name).resolve()
        if not path.is_relative_to(reference):
            raise master.source.refuse(master.config_cell, f"{name} is no file below reference/", fix)
        try:
            if path.suffix == ".npz":
                with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                    loaded = {key: arrays[key] for key in arrays.files}
            else:
                loaded = {hidden_name(name): _telling(path.read_bytes())}
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise master.source.refuse(master.config_cell, f"{name} cannot be read: {reason}", fix) from error
        if twice := sorted(set(data) & set(loaded)):
            fix = "Rename it in one of the files."
            raise master.source.refuse(master.config_cell, f"two data files hold `{twice[0]}`", fix)
        if no_name := [key for key in loaded if not key.isidentifier()]:
            fix = "Rename it: a case asks for it by that name, and a file's name counts up to its first dot."
            raise master.source.refuse(master.config_cell, f"{name} holds `{no_name[0]}`, which is no name", fix)
        data.update(loaded)
    return data


def _telling(content: bytes) -> np.ndarray[Any, Any]:
    """The bytes of a hidden file but for its head, which all tables and pictures of its kind may have."""
    tail = content[min(HEAD_BYTES, len(content) // 2) :]
    return np.array(bytearray(tail if len(tail) >= TELLING_BYTES else b""), np.uint8)


def _bundle(master: Master, assigned: Assigned, data: frozenset[str], root: Path, stub: bytes) -> dict[str, bytes]:
    """Name → content of the bundle's files."""
    given = (cell for cell in parse(stub).cells if cell.kind == "code" or cell.answers)
    sources = tuple(cell.source for cell in given if not cell.source.startswith(spellings(SELF_CHECK)))
    questions = tuple(_question(master, question, data) for question in master.questions)
    digests = {name: sha256_of((root / "reference" / name).read_bytes()) for name in master.config.data}
    config = master.config
    requires = tuple(map(installable, config.requires))
    assignment = Assignment(
        slug=master.slug,
        title=config.title,
        questions=questions,
        limits=config.limits,
        data=digests,
        requires=requires,
        late=config.late,
        stub=sources,
        language=config.language,
    )
    if len({Path(name).name for name in digests}) < len(digests):
        fix = "Rename one: a copy of the bundle holds them side by side."
        raise master.source.refuse(master.config_cell, "two data files have the same name", fix)
    files = {
        "assignment.json": to_json(assignment, indent=2) + b"\n",
        "reference.ipynb": make_reference(master, assigned),
    }
    for question in questions:
        if not question.manual:
            source = assigned.tests[question.name]
            _refuse_other_cases(master, question, source)
            files[f"tests/{question.name}.py"] = source.encode()
    return files


def _unpublished(master: Master) -> Iterator[str]:
    """A stub that has students install what no index holds."""
    if not master.config.install and any(not case.hidden for question in master.questions for case in question.cases):
        yield (
            f"the stub has students run `%pip install {PACKAGE}`, which is not on PyPI yet. Hand out the wheel that "
            "`make wheel` writes beside the notebook, and write `install: ./` and its name into `# AUTOGRADER CONFIG`. "
            f"{master.source.at(master.config_cell)}."
        )


def _doubts(master: Master, root: Path, proved: Proof) -> Iterator[str]:
    """Floors that do not follow from the calibration, one line each."""
    now = calibration.fresh(master, [root / "reference" / name for name in master.config.data])
    measured = calibration.read(root / "reference" / master.slug / calibration.CALIBRATION)
    seeded = any(calibration.SEED.search(cell.source) for cell in master.source.cells if cell.cell_type == "code")
    return calibration.doubts(proved.floors, measured, now, master.slug, seeded=seeded)


def _tight(master: Master, proved: Proof | None) -> Iterator[str]:
    """Limits that the solution nearly needs, one line each."""
    for warning in needs.tight(proved.needs, master.config.limits) if proved else ():
        yield f"{warning} {master.source.at(master.config_cell)}."


def _question(master: Master, question: MasterQuestion, data: frozenset[str]) -> Question:
    names = {name: None for case in question.cases for name in case.parameters if name not in data}
    return Question(
        name=question.name,
        points=question.points,
        title=question.title,
        manual=question.manual,
        cases=tuple(case.case for case in question.cases),
        names=tuple(names),
        histories=tuple(name for name in names if any(name in case.histories for case in question.cases)),
        answer_cells=max(1, len(question.answers)),
        rubric=question.rubric,
    )


def _refuse_other_cases(master: Master, question: Question, source: str) -> None:
    """Refuse a test file whose cases, as the grader loads them, are not those of the master."""
    from autograder.expect.test_files import load

    written = tuple(loaded.case for loaded in load(source, f"tests/{question.name}.py"))
    if written != question.cases:
        cell = next(each.cell for each in master.questions if each.name == question.name)
        fix = "Report this with the master: the cases that Otter Assign wrote are not those of the master."
        raise master.source.refuse(cell, f"`{question.name}` came out of Otter Assign changed", fix)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _present(folder: Path) -> Iterator[str]:
    """Files below a folder, relative to it; caches and hidden files of Jupyter, Python and the desktop left out."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield Path(*parts).as_posix()


def _refuse_strays(master: Master, folder: Path, files: set[str]) -> None:
    for name in _present(folder):
        if name not in {f"{master.slug}.ipynb", *files}:
            raise BuildError(f"{folder / name} is not made by the build. Move it away: this folder goes to students.")


def _drift(root: Path, folder: Path, files: Mapping[str, bytes]) -> Iterator[str]:
    fix = f"Run `autograder build {folder.parts[1]}`."
    present = set(_present(root / folder))
    for name, content in sorted(files.items()):
        if name not in present:
            yield f"{folder / name} is missing. {fix}"
        elif (root / folder / name).read_bytes() != content:
            yield f"{folder / name} is not what the master says. {fix}"
    for name in sorted(present - set(files)):
        yield f"{folder / name} is not made by the build. {fix}"


def _move(work: Path, *moves: tuple[Path, Path]) -> None:
    """Put new folders in the place of old ones: all of them, or none."""
    done: list[tuple[Path, Path | None]] = []
    try:
        for number, (new, target) in enumerate(moves):
            old = work / f"old-{number}" if target.exists() else None
            target.parent.mkdir(parents=True, exist_ok=True)
            if old:
                target.rename(old)
            done.append((target, old))
            new.rename(target)
    except OSError as error:
        for target, old in reversed(done):
            shutil.rmtree(target, ignore_errors=True)
            if old:
                old.rename(target)
        raise BuildError(f"cannot write {error.filename}: {error.strerror}. The old files are as they were.") from error
