"""The bundle: all that the grader needs of one exercise, in one folder; secret from students. Trusted side.

assignment.json    records.Assignment: questions, cases, points, limits, and the digests of the hidden data
tests/<question>.py    Otter exception-format test files, hidden cases included
files/*            what students get beside the notebook; beside it in the sandbox, too, and beside the cases
data/*.npz         hidden arrays; each key is a name that a case may ask for
data/*             hidden files of other kinds; a case asks for one by its name up to the first dot, and gets its path
reference.ipynb    the instructor's solution; its other cells are those that students got

In its repository a bundle has no `data/`: exercises share the files below `reference/`, which are found from there.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np

from autograder.errors import BuildError, IntakeError, UsageError
from autograder.expect.test_files import LoadedCase, load
from autograder.grading.intake.notebook_reader import parse
from autograder.records import Assignment, Cell, from_json
from autograder.wording import one_line

__all__ = [
    "FILES",
    "Bundle",
    "beside",
    "copy_bundle",
    "find_bundle",
    "hidden_name",
    "load_bundle",
    "packed_bundle",
    "sha256_of",
    "unpack_bundle",
]

FILES = "files"
"""The bundle's folder of what students get beside the notebook."""

MAX_REASON = 400

_KERAS = ("tensorflow", "keras")
PRELOADED = {
    "numpy": ("numpy",),
    "matplotlib": ("matplotlib.pyplot",),  # its inline backend shows figures only where the notebook imports it
    "pandas": ("pandas",),
    "keras": _KERAS,
    "tensorflow": _KERAS,
}
"""Package → what to import for it before a notebook runs. None of these starts a thread then, nor draws a number."""


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle; trusted.

    Attributes:
        cases: Question name → its cases, ready to run.
        data: Name → hidden array, or the path of a hidden file.
        files: Relative path → content of each file that students get beside the notebook.
        given: The cells that came with the exercise and are no answers, as students got them; none if not known.
        imports: Modules that the reference imports, those that can be imported before a notebook runs.
        digest: `sha256:` and a digest of all files, hidden data included, so that grades can say what they were made
            with. A copy of a bundle has the same one.
    """

    path: Path
    assignment: Assignment
    cases: dict[str, list[LoadedCase]]
    data: dict[str, np.ndarray[Any, Any] | Path]
    digest: str
    given: tuple[Cell, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    imports: tuple[str, ...] = ()


@contextmanager
def beside(folder: Path) -> Iterator[None]:
    """Have `folder` as the working folder for a while, as a case has it in a notebook; nothing where it is not there.

    Modules that are imported from there are forgotten afterwards: another exercise may have some of the same names.
    """
    if not folder.is_dir():
        yield
        return
    folder, before, writes = folder.resolve(), Path.cwd(), sys.dont_write_bytecode
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        sys.dont_write_bytecode = writes
        sys.path.remove(str(folder))
        for name, module in [*sys.modules.items()]:
            if str(getattr(module, "__file__", None) or "").startswith(f"{folder}{os.sep}"):
                del sys.modules[name]


def find_bundle(slug: str, start: Path) -> Path:
    """The bundle's folder for a slug of this repository, or for a path to a bundle.

    Raises:
        UsageError: There is no such exercise; the text lists those that exist.
    """
    given = Path(slug)
    if (given / "assignment.json").is_file():
        return given
    for folder in (start, *start.parents):
        reference = folder / "reference"
        if not reference.is_dir():
            continue
        bundle = reference / slug / "bundle"
        if "/" not in slug and (bundle / "assignment.json").is_file():
            return bundle
        known = sorted(path.parent.parent.name for path in reference.glob("*/bundle/assignment.json"))
        built = any((reference / slug / f"master{ending}").is_file() for ending in (".py", ".ipynb"))
        if built and "/" not in slug:
            raise UsageError(f"{slug} has a master but no bundle yet. Run `autograder build {slug}`.")
        raise UsageError(f"no exercise {slug!r}: give one of {', '.join(known) or 'none yet'}, or a path to a bundle.")
    raise UsageError(f"no exercise {slug!r}: there is no reference/ folder here or above; give a path to a bundle.")


@lru_cache(maxsize=4)
def load_bundle(path: Path) -> Bundle:
    """Read and check a bundle.

    Raises:
        UsageError: A file is missing, does not have the shape it must have, or is other data than the bundle was built
            with.
    """
    try:
        assignment = from_json((path / "assignment.json").read_bytes(), Assignment)
        loaded = {}
        for question in assignment.questions:
            if not question.manual:
                source = f"tests/{question.name}.py"
                loaded[question.name] = load((path / source).read_text(encoding="utf-8"), source)
        data: dict[str, np.ndarray[Any, Any] | Path] = {}
        for file, digest in assignment.data.items():
            found, content = _hidden(path, file, digest)
            if found.suffix == ".npz":
                with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                    data.update({name: _read_only(arrays[name]) for name in arrays.files})
            else:
                data[hidden_name(file)] = found.resolve()
        reference = _cells(path / "reference.ipynb")
    except (OSError, ValueError, msgspec.ValidationError, msgspec.DecodeError, BuildError, IntakeError) as error:
        again = path.parent.name if path.name == "bundle" else "SLUG --to FOLDER"
        reason = _reason(error)
        raise UsageError(f"{path} is not a usable bundle: {reason}. Run `autograder build {again}`.") from error
    given = tuple(cell for cell in reference if not cell.answers)
    files = dict(_files(path / FILES))
    return Bundle(path, assignment, loaded, data, _digest(path), given, files, _imports(reference))


def hidden_name(file: str) -> str:
    """The name by which a case asks for a hidden file that is no `.npz`: the file's own, up to the first dot."""
    return Path(file).name.partition(".")[0]


def _read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array.setflags(write=False)
    return array


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def copy_bundle(path: Path, folder: Path) -> None:
    """Copy a bundle together with its hidden data: the copy can be used anywhere.

    Args:
        path: The bundle.
        folder: Where the copy goes; it must not be there yet.

    Raises:
        UsageError: The bundle cannot be read, or the folder is there already or cannot be written.
    """
    try:
        data = from_json((path / "assignment.json").read_bytes(), Assignment).data
        hidden = {Path(file).name: _hidden(path, file, digest)[1] for file, digest in data.items()}
        shutil.copytree(path, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "data").mkdir(exist_ok=True)
        for name, content in hidden.items():
            (folder / "data" / name).write_bytes(content)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be copied: {_reason(error)}. Choose another folder.") from error


def packed_bundle(path: Path) -> bytes:
    """A bundle with its hidden data as bytes, for another machine; `unpack_bundle` takes them there.

    Raises:
        UsageError: The bundle cannot be read.
    """
    content = io.BytesIO()
    with TemporaryDirectory() as temporary, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        folder = Path(temporary) / "bundle"
        copy_bundle(path, folder)
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return content.getvalue()


def unpack_bundle(content: bytes, folder: Path, digest: str) -> None:
    """Write what `packed_bundle` gave into a folder.

    Raises:
        UsageError: It is another bundle than the digest says.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    if (found := load_bundle(folder).digest) != digest:
        raise UsageError(f"The bundle that was sent is {found}, and {digest} was wanted. Start the grader again.")


def _reason(error: Exception) -> str:
    """What went wrong, in words: `FILE: no such file or directory`."""
    if isinstance(error, OSError) and error.strerror and not isinstance(error, shutil.Error):
        return one_line(f"{error.filename}: {error.strerror.lower()}", MAX_REASON)
    return one_line(str(error), MAX_REASON)


def _cells(reference: Path) -> tuple[Cell, ...]:
    return tuple(parse(reference.read_bytes()).cells) if reference.is_file() else ()


def _imports(cells: Iterable[Cell]) -> tuple[str, ...]:
    sources = "\n".join(cell.source for cell in cells if cell.kind == "code")
    named = {name.partition(".")[0] for name in re.findall(r"^\s*(?:import|from)\s+([\w.]+)", sources, re.MULTILINE)}
    return tuple(module for package, modules in PRELOADED.items() if package in named for module in modules)


def sha256_of(content: bytes) -> str:
    """`sha256:` and the hex digest."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _hidden(path: Path, file: str, digest: str) -> tuple[Path, bytes]:
    """A hidden file and its content: the bundle's own, or that below the `reference/` around the bundle."""
    found = path / "data" / Path(file).name
    if not found.is_file():
        found = next((folder for folder in path.resolve().parents if folder.name == "reference"), path) / file
    content = found.read_bytes()
    if sha256_of(content) != digest:
        raise ValueError(f"{found} is another file than the bundle was built with")
    return found, content


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        # `assignment.json` has the digests of the data, which may lie elsewhere.
        if file.is_file() and "__pycache__" not in file.parts and file.parent != path / "data":
            name = file.relative_to(path).as_posix().encode()
            content = file.read_bytes()
            digest.update(b"%d %s %d\n" % (len(name), name, len(content)) + content)
    return f"sha256:{digest.hexdigest()}"
