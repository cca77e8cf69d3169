"""Run a few lines of Python behind the real wall, and get told what they found.

The lines run in the standard library's interactive console (`python -m code`), which reads them from stdin, so that the
product needs no option for tests. `python sandboxes.py` does the same for a job in JSON on stdin: how a test becomes
another user first.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.records import Limits
from autograder.sandbox.host import launch

MARK = "@told "
TELL = f"import json, os, sys\ndef tell(value): os.write(1, ('\\n{MARK}' + json.dumps(value) + '\\n').encode())\n"


@dataclass(frozen=True)
class Answer:
    """What the lines gave to `tell`, in order, and how the box ended."""

    told: list[Any]
    ending: launch.Ending


def say(box: launch.Box, lines: str) -> None:
    """Have the console in a box (`module="code"`) run some lines."""
    os.write(box.requests, f"exec({TELL + lines!r})\n".encode())


def listen(box: launch.Box) -> list[Any]:
    """Everything that is told until the box is dead."""
    output = bytearray()
    while chunk := os.read(box.results, 1 << 16):
        output += chunk
    marked = [line for line in output.decode().splitlines() if line.startswith(MARK)]
    return [json.loads(line.removeprefix(MARK)) for line in marked]


def probe(lines: str, *, slot: int = 7, **limits: Any) -> Answer:
    """Run some lines in a fresh box until they end; `sys.exit` and exceptions end with status 1 at the latest."""
    with launch.open_box(Limits(**{"wall_seconds": 60, **limits}), module="code", slot=slot, threads=1) as box:
        say(box, lines)
        say(box, "os._exit(0)")
        told = listen(box)
        return Answer(told, box.close())


def processes(marker: str) -> list[str]:
    """Command lines that contain a marker, of all processes of this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if marker.encode() in line:
            found.append(line.replace(b"\0", b" ").decode())
    return found


def wait_for(box: launch.Box, text: str) -> None:
    """Read until the box has written a text."""
    seen = b""
    while text.encode() not in seen:
        chunk = os.read(box.results, 4096)
        assert chunk
        seen += chunk


if __name__ == "__main__":
    answer = probe(**json.load(sys.stdin))
    json.dump(asdict(answer), sys.stdout)
