"""Writes files whole or not at all. Both sides."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.errors import AutograderError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["npz_bytes", "write_whole"]


def write_whole(
    path: Path,
    chunks: Iterable[bytes],
    *,
    durable: bool = False,
    shared: bool = False,
    check: Callable[[], None] | None = None,
) -> None:
    """Write a file in one step, in place of what is there, be that a link: until then what was there stays.

    Args:
        path: The file.
        chunks: Its bytes, in pieces.
        durable: Whether it must be on the disk, not only with the system, when this returns.
        shared: Whether others may read it, as far as the user's umask lets them, and missing folders are made. Else
            only its owner may (0600), and its folder must be there.
        check: Called when all is written and only has to take its place; what it raises leaves what was there.

    Raises:
        AutograderError: It cannot be written.
    """
    temporary = None
    try:
        if shared:
            path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(chunks)
            if durable:
                file.flush()
                os.fsync(descriptor)
        if shared:
            mask = os.umask(0)
            os.umask(mask)
            Path(temporary).chmod(0o666 & ~mask)
        if check is not None:
            check()
        Path(temporary).replace(path)
    except BaseException as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            why = error.strerror or error
            raise AutograderError(f"{path} cannot be written: {why}. Put that right, then run it again.") from error
        raise


def npz_bytes(arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """What `np.savez_compressed` writes, but without the time of day: equal arrays give equal bytes."""
    import numpy as np  # what writes no arrays goes without it

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
