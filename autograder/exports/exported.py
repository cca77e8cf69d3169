"""What an export makes: files, and what will be missing in the other system. Trusted side."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Exported", "zip_bytes"]


@dataclass(frozen=True)
class Exported:
    """Files for another system.

    Attributes:
        content: The file itself.
        suffix: Its ending.
        feedback: Beside it: a zip of feedback, named as that system wants it; empty for none.
        skipped: A line for each that will be missing there, with the reason.
    """

    content: bytes
    suffix: str
    feedback: bytes = b""
    skipped: list[str] = field(default_factory=list)


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """A zip of files by name; equal ones give equal bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return content.getvalue()
