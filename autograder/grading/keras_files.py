"""Which files Keras's datasets and pretrained networks download, and whether they are in the cache. Trusted side.

The names, addresses and hashes are those of the Keras that is installed: its functions are called with a download that
only notes what it is asked for.
"""

from __future__ import annotations

import hashlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np

from autograder.errors import UsageError
from autograder.sandbox.host.keras_cache import cache_folder

__all__ = ["KerasFile", "files_of", "keras_names"]

NO_FILE = "/nonexistent"


@dataclass(frozen=True)
class KerasFile:
    """A file that Keras downloads.

    Attributes:
        path: Where it belongs, relative to the cache.
        url: Where Keras gets it.
        digest: Hex digest that Keras compares: SHA-256, or MD5 where it is shorter; empty where it compares none.
    """

    path: str
    url: str
    digest: str

    @property
    def algorithm(self) -> str:
        """The hash's name, as hashlib has it."""
        return "sha256" if len(self.digest) == 64 else "md5"

    @property
    def problem(self) -> str:
        """What is wrong with what the cache has of it; empty where a sandbox can use it."""
        path = cache_folder() / self.path
        if path.is_symlink():
            return "a link; put the file itself there"
        if not path.is_file():
            return "missing"
        if self.digest:
            with path.open("rb") as file:
                found = hashlib.new(self.algorithm, usedforsecurity=False)
                while chunk := file.read(1 << 20):
                    found.update(chunk)
            if found.hexdigest() != self.digest:
                return "another file, or not all of it; get it again"
        folders = [folder for folder in path.parents if folder.is_relative_to(cache_folder())]
        if os.geteuid() == 0 and not (path.stat().st_mode & 0o4 and all(each.stat().st_mode & 0o1 for each in folders)):
            return f"closed to the sandbox's user; run `chmod -R go+rX {cache_folder()}`"
        return ""


def keras_names() -> tuple[list[str], list[str]]:
    """The names of Keras's datasets, and of its pretrained networks."""
    import keras

    datasets = [name for name in dir(keras.datasets) if hasattr(getattr(keras.datasets, name), "load_data")]
    return datasets, [name for name in dir(keras.applications) if name[:1].isupper()]


def files_of(name: str) -> list[KerasFile]:
    """What Keras downloads for a dataset, or a pretrained network with and without its top.

    Raises:
        UsageError: Keras has neither of this name.
    """
    import keras

    datasets, networks = keras_names()
    if name in datasets:
        module = getattr(keras.datasets, name)
        return _asked_for(*(getattr(module, each) for each in ("load_data", "get_word_index") if hasattr(module, each)))
    if name in networks:
        build = getattr(keras.applications, name)
        decode = keras.applications.imagenet_utils.decode_predictions
        return _asked_for(build, lambda: build(include_top=False), lambda: decode(np.zeros((1, 1000))))
    listed = f"{', '.join(datasets)}, and the networks {', '.join(networks)}"
    raise UsageError(f"Keras has no dataset or pretrained network {name!r}. There are {listed}.")


def _asked_for(*functions: Callable[[], Any]) -> list[KerasFile]:
    """What functions of Keras ask to be downloaded."""
    import keras

    found: dict[str, KerasFile] = {}

    def note(fname: str, origin: str, **options: Any) -> str:
        folder, digest = options.get("cache_subdir", "datasets"), options.get("file_hash") or options.get("md5_hash")
        archive = "_archive" if options.get("extract") and "." not in fname else ""
        file = KerasFile(f"{folder}/{fname}{archive}", origin, digest or "")
        found[file.path] = file
        return NO_FILE

    with ExitStack() as patched:
        for module in _downloading(keras.utils.get_file):
            patched.enter_context(patch.object(module, "get_file", note))
        patched.enter_context(keras.StatelessScope())  # no weight gets memory
        patched.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for function in functions:
            try:
                function()
            except Exception as error:  # there is no file to read
                if not found:
                    raise UsageError(f"Keras says of no file that it downloads it: {error}.") from error
    return list(found.values())


def _downloading(download: object) -> Iterator[Any]:
    """The modules that have Keras's `get_file` under its own name."""
    for module in [*sys.modules.values()]:
        if getattr(module, "__name__", "").startswith("keras.") and vars(module).get("get_file") is download:
            yield module
