"""Run a few lines of Python in a real sandbox, and get what they report.

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
from autograder.sandbox.host import endings, launch, running

MARK = "@report "
REPORT = f"import json, os, sys\ndef report(value): os.write(1, ('\\n{MARK}' + json.dumps(value) + '\\n').encode())\n"


@dataclass(frozen=True)
class Answer:
    """What the lines gave to `report`, in order, and how the sandbox ended."""

    reported: list[Any]
    ending: endings.Ending


def run_lines(sandbox: running.Sandbox, lines: str) -> None:
    """Have the console in a sandbox (`module="code"`) run some lines."""
    os.write(sandbox.requests, f"exec({REPORT + lines!r})\n".encode())


def read_reports(sandbox: running.Sandbox) -> list[Any]:
    """Everything that is reported until the sandbox is dead."""
    output = bytearray()
    while chunk := os.read(sandbox.results, 1 << 16):
        output += chunk
    marked = [line for line in output.decode().splitlines() if line.startswith(MARK)]
    return [json.loads(line.removeprefix(MARK)) for line in marked]


def run_in_sandbox(lines: str, *, slot: int = 7, **limits: Any) -> Answer:
    """Run some lines in a fresh sandbox until they end; `sys.exit` and exceptions end with status 1 at the latest."""
    with launch.open_sandbox(Limits(**{"wall_seconds": 60, **limits}), module="code", slot=slot) as sandbox:
        run_lines(sandbox, lines)
        run_lines(sandbox, "os._exit(0)")
        reported = read_reports(sandbox)
        return Answer(reported, sandbox.close())


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


def wait_for(sandbox: running.Sandbox, text: str) -> None:
    """Read until the sandbox has written a text."""
    seen = b""
    while text.encode() not in seen:
        chunk = os.read(sandbox.results, 4096)
        assert chunk
        seen += chunk


if __name__ == "__main__":
    answer = run_in_sandbox(**json.load(sys.stdin))
    json.dump(asdict(answer), sys.stdout)
