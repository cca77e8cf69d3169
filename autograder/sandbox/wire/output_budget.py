"""What the cells may show: the worker cuts there, the host refuses, and both count alike. Both sides."""

from __future__ import annotations

from collections import Counter

from autograder.sandbox.wire.messages import Display, Error, Stream

__all__ = ["NOTE", "NOTE_BYTES", "OutputBudget"]

NOTE = Stream("stderr", "\n[grader] Output limit reached; the rest is not shown.\n")
NOTE_BYTES = 1_000
"""What the host allows for the worker's note, on top of the limit."""

_STREAM_BYTES = 100  # an empty one, in memory and on the wire
_DISPLAY_BYTES = 500


class OutputBudget:
    """How much may still be shown.

    Attributes:
        left: In bytes.
    """

    def __init__(self, output_bytes: int) -> None:
        """Allow so much in all, text and pictures together."""
        self.left = output_bytes
        self._shown: Counter[str] = Counter()

    def admit(self, output: Stream | Display | Error) -> bool:
        """Count an output: an update once for each display that it changes. False if that is too much."""
        named = isinstance(output, Display) and output.display_id
        updates = isinstance(output, Display) and output.kind == "update_display_data"
        size = _size(output) * (max(1, self._shown[output.display_id]) if named and updates else 1)  # type: ignore[union-attr]
        if size > self.left:
            return False
        self.left -= size
        if named and not updates:
            self._shown[output.display_id] += 1  # type: ignore[union-attr]
        return True

    def head(self, output: Stream | Display | Error) -> Stream | None:
        """The part of a text that may still be shown, if there is one."""
        if isinstance(output, Stream) and self.left > _STREAM_BYTES:
            return Stream(
                output.name, output.text[: (self.left - _STREAM_BYTES) // 4]
            )  # UTF-8 takes four bytes at most
        return None


def _size(output: Stream | Display | Error) -> int:
    if isinstance(output, Stream):
        return _STREAM_BYTES + len(output.text.encode(errors="replace"))
    texts = output.data.values() if isinstance(output, Display) else (output.evalue, *output.traceback)
    return _DISPLAY_BYTES + sum(len(text.encode(errors="replace")) for text in texts)
