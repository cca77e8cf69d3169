"""Of what the pages in an output folder were made, so that an unchanged one is not made again. Trusted side.

OUT/runs/pages.json     student → digest of what the page was made of, and digest of the page
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from autograder.records import to_json

__all__ = ["PageDigests"]


class PageDigests:
    """The pages of a finished report, and those of the one that takes its place.

    Attributes:
        standing: Whose pages are not made again.
    """

    def __init__(self, out: Path) -> None:
        """Read of what the pages of an output folder were made; without that, each is made again."""
        self._feedback = out / "feedback"
        self.standing: set[str] = set()
        self._now: dict[str, tuple[str, str]] = {}
        self._before: dict[str, tuple[str, str]] = {}
        try:
            content = (out / "runs" / "pages.json").read_bytes()
            self._before = msgspec.json.decode(content, type=dict[str, tuple[str, str]])
        except (OSError, msgspec.MsgspecError, ValueError):
            pass  # of an older version, or damaged

    def stands(self, student: str, made_of: str) -> bool:
        """Whether the page that is there was made of the same, and is as it was made; then it is one of the new report.

        Args:
            student: Whose.
            made_of: Digest of all that the page depends on.
        """
        known = self._before.get(student)
        if known is None or known[0] != made_of:
            return False
        try:
            page = (self._feedback / f"{student}.html").read_bytes()
        except OSError:
            return False
        if known[1] != hashlib.sha256(page).hexdigest():
            return False
        self._now[student] = known
        self.standing.add(student)
        return True

    def add(self, student: str, made_of: str, page: bytes) -> None:
        """Note of what a page was made."""
        self._now[student] = (made_of, hashlib.sha256(page).hexdigest())

    def file(self, students: Iterable[str]) -> bytes:
        """`pages.json` for these students; empty where there is nothing to say, and was nothing."""
        known = {student: self._now[student] for student in students if student in self._now}
        return to_json(known) if known or self._before else b""
