"""From the worker's output messages to nbformat 4 outputs, merged as a notebook front end would."""

from __future__ import annotations

import re
from typing import Any

from autograder.sandbox.protocol import Display, Error, Stream

__all__ = ["CellOutputs", "settle_error", "settle_text"]

_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_WRAPPED = ": Exception encountered when calling "


class CellOutputs:
    """Collects the outputs of one cell."""

    def __init__(self, displays: dict[str, list[dict[str, Any]]]) -> None:
        """Start empty; `displays` is shared by all cells, since one cell may update what another displayed."""
        self._outputs: list[dict[str, Any]] = []
        self._displays = displays
        self._clear_on_next = False

    def add(self, output: Stream | Display | Error, execution_count: int) -> None:
        """Add one message, in the order it came."""
        if isinstance(output, Display) and output.kind == "update_display_data":
            for shown in self._displays.get(output.display_id, ()):
                shown["data"] = dict(output.data)
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
            self._outputs.append(
                {
                    "output_type": "error",
                    "ename": output.ename,
                    "evalue": output.evalue,
                    "traceback": list(output.traceback),
                }
            )
        else:
            shown = {"output_type": output.kind, "data": dict(output.data), "metadata": {}}
            if output.kind == "execute_result":
                shown["execution_count"] = execution_count
            self._outputs.append(shown)
            if output.display_id:
                self._displays.setdefault(output.display_id, []).append(shown)

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
