"""The cache of what Keras would download: the instructor fills it, sandboxes read it. Trusted side.

It has the folders that Keras's own cache has, `datasets/` and `models/`. A sandbox sees them read-only, with a link to
each entry where Keras looks for it: Keras finds the file, and what it extracts goes into the sandbox's own folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["KERAS_FOLDERS", "binds", "cache_folder", "links"]

KERAS_FOLDERS = ("datasets", "models")
IN_SANDBOX = Path("/opt/sandbox/keras")
MAX_ENTRIES = 500


def cache_folder() -> Path:
    """The folder: `$XDG_CACHE_HOME/autograder/keras`, by default below `~/.cache`."""
    home = Path(os.environ.get("HOME") or "/")
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "autograder" / "keras"


def binds() -> dict[Path, Path]:
    """Path in the sandbox → path here, of the folders that are there."""
    folders = {name: cache_folder() / name for name in KERAS_FOLDERS}
    return {IN_SANDBOX / name: folder.resolve() for name, folder in folders.items() if _is_there(folder)}


def _is_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError:  # another user's home
        return False


def links(keras_home: Path) -> Iterator[str]:
    """Bubblewrap's options that make Keras find what is there.

    Args:
        keras_home: The folder in the sandbox that Keras takes for its own; not there yet.
    """
    bound = binds()
    for folder in (keras_home, *(keras_home / inside.name for inside in bound)) if bound else ():
        yield from ("--perms", "0777", "--dir", str(folder))
    for inside, source in bound.items():
        for name in sorted(entry.name for entry in source.iterdir())[:MAX_ENTRIES]:
            yield from ("--symlink", str(inside / name), str(keras_home / inside.name / name))
