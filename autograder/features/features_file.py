"""The `.npz` of an exercise: features of images in three parts, one byte for each number. Trusted side."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import UsageError

__all__ = ["Scale", "npz_bytes", "write"]

Array = np.ndarray[Any, Any]

_REACH = 6.0  # deviations; what lies beyond is cut off


class Scale:
    """How features become int8: centred on the training images, one deviation for all features.

    One deviation for all: a feature that hardly varies must not be scaled up to the size of the others.
    """

    def __init__(self, training: Array) -> None:
        """Take mean `(length,)` and deviation from training features `(n, length)`."""
        self._mean = training.mean(axis=0, dtype="float64")
        self._std = float((training - self._mean).std()) or 1.0

    @property
    def step(self) -> np.float32:
        """The size of one step of int8, in deviations."""
        return np.float32(_REACH / 127)

    def int8(self, features: Array) -> Array:
        """Features `(n, length)` as int8; times `step`, they are in deviations from the training mean."""
        deviations = (features - self._mean) / self._std
        rounded: Array = np.clip(np.rint(deviations / float(self.step)), -127, 127).astype("int8")
        return rounded


def npz_bytes(arrays: Mapping[str, Array]) -> bytes:
    """What `np.savez_compressed` writes, but without the time of day: equal arrays give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3  # the same on every system
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(array, order="C"), version=(1, 0), allow_pickle=False)
            archive.writestr(member, content.getvalue(), compresslevel=9)
    return buffer.getvalue()


def write(path: Path, content: bytes) -> None:
    """Put a file in its place in one step: it is there whole, or the old one is still there.

    Raises:
        UsageError: It cannot be written there.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        why = error.strerror or error
        raise UsageError(f"{path} cannot be written: {why}. Choose another place with -o.") from error
