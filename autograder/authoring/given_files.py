"""The files that students get beside their notebook, as the master names them under `files:`. Trusted side.

They lie beside the master, go to the students and into the bundle as they are, and are put beside the notebook in the
sandbox.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from autograder.authoring.master import MASTERS, Master
from autograder.errors import BuildError
from autograder.records import MAX_GIVEN_BYTES

__all__ = ["given_files"]

MAX_FILES = 2_000
_PART = re.compile(r"(?!\.)[\w .,()+@=-]{1,100}(?<![ .])")
_OWN = frozenset([*MASTERS, "bundle", "calibration.json"])
"""What lies beside a master and is secret."""


def given_files(master: Master) -> dict[str, bytes]:
    """Relative path → content of each file for the students; of a folder, all files in it.

    Raises:
        BuildError: One is not there, may not be given, or all together are too large.
    """
    folder = master.source.path.resolve().parent
    paths = {path: name for name in master.config.files for path in _paths(master, folder, name)}
    if len(paths) > MAX_FILES:
        raise _refuse(master, "", f"`files` are {len(paths):,} files", f"Give at most {MAX_FILES:,}.")
    size = sum((folder / path).stat().st_size for path in paths)
    if size > MAX_GIVEN_BYTES:
        most = f"Give at most {MAX_GIVEN_BYTES >> 20} MiB."
        raise _refuse(master, "", f"`files` have {size / 2**20:,.0f} MiB together", most)
    try:
        return {path: (folder / path).read_bytes() for path in sorted(paths)}
    except OSError as error:
        raise BuildError(f"{error.filename} cannot be read: {error.strerror}. Make it readable.") from error


def _paths(master: Master, folder: Path, name: str) -> Iterator[str]:
    """The files that a name stands for, relative to the master's folder."""
    parts = PurePosixPath(name).parts
    if not parts or not all(map(_PART.fullmatch, parts)):
        fix = "Name a file or folder beside the master, without `..`, a leading `/` or `.`, or special characters."
        raise _refuse(master, name, f"`{name}` cannot be given to students", fix)
    if parts[0] in _OWN or parts == (f"{master.slug}.ipynb",):
        raise _refuse(master, name, f"`{name}` is no file for students", "Take it out of `files`.")
    path = folder.joinpath(*parts)
    links = [each for each in (path, *path.parents) if each.is_relative_to(folder) and each.is_symlink()]
    if links:
        raise _refuse(master, name, f"`{name}` is or goes through a symbolic link", "Put the file itself there.")
    if path.is_file():
        yield "/".join(parts)
    elif path.is_dir():
        for inner in sorted(each.name for each in path.iterdir()):
            if not inner.startswith(".") and inner != "__pycache__":
                yield from _paths(master, folder, f"{name.rstrip('/')}/{inner}")
    else:
        raise _refuse(master, name, f"there is no file `{name}` beside the master", "Put it there, or correct `files`.")


def _refuse(master: Master, name: str, what: str, fix: str) -> BuildError:
    cell, source = master.config_cell, master.source
    lines = source.cells[cell].source.split("\n")
    at = next((at for at, line in enumerate(lines) if name and name.split("/")[0] in line), source.find(cell, "files"))
    return source.refuse(cell, what, fix, at)
