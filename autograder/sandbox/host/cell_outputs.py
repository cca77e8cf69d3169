"""Merges the worker's output messages into nbformat 4 outputs, as a notebook front end would. Trusted side."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from autograder.errors import WireError
from autograder.sandbox.wire.messages import Display, Error, Stream
from autograder.sandbox.wire.output_budget import NOTE_BYTES, OutputBudget

__all__ = ["CellOutputs", "Displays", "settle_error", "settle_text"]

_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_WRAPPED = ": Exception encountered when calling "


class Displays:
    """What is shared by the cells of one notebook: displays that may be updated, and how much all of it may be.

    Attributes:
        of: Display id → the outputs that show it.
        budget: What may still be shown.
    """

    def __init__(self, output_bytes: int) -> None:
        """Allow what the worker allows, which cuts there, and its note that it did."""
        self.of: dict[str, list[dict[str, Any]]] = {}
        self.budget = OutputBudget(output_bytes + NOTE_BYTES)


class CellOutputs:
    """Collects the outputs of one cell."""

    def __init__(self, displays: Displays) -> None:
        """Start empty; `displays` is shared by all cells, since one cell may update what another displayed."""
        self._outputs: list[dict[str, Any]] = []
        self._displays = displays
        self._clear_on_next = False

    def add(self, output: Stream | Display | Error, execution_count: int) -> None:
        """Add one message, in the order it came.

        Raises:
            WireError: The cells show more than an honest worker sends.
        """
        if not self._displays.budget.admit(output):
            raise WireError("more output than the worker may send")
        if isinstance(output, Display) and output.kind == "update_display_data":
            for shown in self._displays.of.get(output.display_id, []):
                shown["data"] = output.data
            return
        if isinstance(output, Display) and output.kind == "clear_output":
            self._clear_on_next = output.wait
            if not output.wait:
                self._outputs.clear()
            return
        if self._clear_on_next:
            self._outputs.clear()
            self._clear_on_next = False
        if isinstance(output, Stream):
            last = self._outputs[-1] if self._outputs else None
            if last and last["output_type"] == "stream" and last["name"] == output.name:
                last["text"].append(output.text)
            else:
                self._outputs.append({"output_type": "stream", "name": output.name, "text": [output.text]})
        elif isinstance(output, Error):
            self._outputs.append({"output_type": "error", **msgspec.structs.asdict(output)})
        else:
            shown = {"output_type": output.kind, "data": output.data, "metadata": {}}
            if output.kind == "execute_result":
                shown["execution_count"] = execution_count
            self._outputs.append(shown)
            if output.display_id:
                self._displays.of.setdefault(output.display_id, []).append(shown)

    def close(self) -> tuple[dict[str, Any], ...]:
        """All outputs, stream texts joined and settled."""
        return tuple(
            {**shown, "text": settle_text("".join(shown["text"]))} if shown["output_type"] == "stream" else shown
            for shown in self._outputs
        )


def settle_text(text: str) -> str:
    r"""Text as a terminal would show it in the end: what `\r` and backspaces overwrote is gone.

    Keras redraws its progress bar some hundred times an epoch; only the last drawing of a line is kept.
    """
    if "\r" not in text and "\b" not in text:
        return text
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        drawings = [drawing for drawing in line.replace("\b", "").split("\r") if drawing]
        lines.append(drawings[-1] if drawings else "")
    return "\n".join(lines)


def settle_error(text: str) -> str:
    """A cell's error without colours, and with the reason first where Keras wraps it into `Exception encountered …`."""
    text = _ESCAPE.sub("", text)
    kind, wrapped, rest = text.partition(_WRAPPED)
    where, _, rest = rest.partition("\n")
    reason = rest.partition("\nArguments received by ")[0].strip()
    return f"{kind}: {reason} (in {where.strip().rstrip('.')})" if wrapped and kind.isidentifier() and reason else text
