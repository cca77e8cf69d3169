"""The bundle: all that the grader needs of one exercise, in one folder, and nothing that a student may see.

assignment.json    records.Assignment: questions, cases, points, limits
tests/<question>.py    Otter exception-format test files, hidden cases included
data/*.npz         hidden arrays; each key is a name that a case may ask for
reference.ipynb    the instructor's solution, for `autograder build --check`
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from autograder.errors import BuildError, UsageError
from autograder.expect.test_files import LoadedCase, load
from autograder.records import Assignment, from_json

__all__ = ["Bundle", "find_bundle", "load_bundle"]


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle; trusted.

    Attributes:
        cases: Question name → its cases, ready to run.
        data: Name → hidden array.
        digest: `sha256:` and a digest of all files, so that grades can say what they were made with.
    """

    path: Path
    assignment: Assignment
    cases: dict[str, list[LoadedCase]]
    data: dict[str, np.ndarray[Any, Any]]
    digest: str


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
        UsageError: A file is missing or does not have the shape it must have.
    """
    try:
        assignment = from_json((path / "assignment.json").read_bytes(), Assignment)
        loaded = {}
        for question in assignment.questions:
            if question.manual:
                continue
            source = Path("tests", f"{question.name}.py")
            loaded[question.name] = load((path / source).read_text(encoding="utf-8"), source.as_posix())
        data: dict[str, np.ndarray[Any, Any]] = {}
        for file in sorted((path / "data").glob("*.npz")):
            with np.load(file, allow_pickle=False) as arrays:
                data.update({name: arrays[name] for name in arrays.files})
    except (OSError, ValueError, msgspec.ValidationError, msgspec.DecodeError, BuildError) as error:
        raise UsageError(
            f"{path} is not a usable bundle: {error}. Run `autograder build {path.parent.name}`."
        ) from error
    for array in data.values():
        array.setflags(write=False)
    return Bundle(path, assignment, loaded, data, _digest(path))


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            name = file.relative_to(path).as_posix().encode()
            content = file.read_bytes()
            digest.update(b"%d %s %d\n" % (len(name), name, len(content)) + content)
    return f"sha256:{digest.hexdigest()}"
