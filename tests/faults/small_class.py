"""A class of four that is graded in seconds, and what an output folder says of it, timings apart."""

from __future__ import annotations

import csv
import difflib
import gzip
import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.records import Limits, Question
from tests import notebooks as nb

WHY = Question("why", 2, "Why?", manual=True, rubric="Names a reason.")
TIMINGS = ("wall_seconds", "cpu_seconds", "seconds", "phases")
_SHOWN_SECONDS = re.compile(r"\d+\.\d(?=(&nbsp;| )s(econds)?\b)")
_OF_A_SLOW_CELL = re.compile(r"<p>\d+\.\d s</p>\n")


@dataclass(frozen=True)
class SmallClass:
    """A bundle and what was handed in; nothing of it is changed by a run."""

    bundle: Path
    source: Path

    def command(self, out: Path, *options: object) -> list[str]:
        words = ["grade", self.bundle, self.source, "-o", out, "--workers", 2, *options]
        return [sys.executable, "-m", "autograder", *map(str, words)]

    def grade(self, out: Path, *options: object, **popen: Any) -> subprocess.CompletedProcess[str]:
        """Grade to the end."""
        command = self.command(out, *options)
        return subprocess.run(command, capture_output=True, text=True, timeout=500, check=False, **popen)


def write_class(root: Path) -> SmallClass:
    """A right answer, half of one, a run that ends early, and a file that is no notebook."""
    data = {"probabilities": nb.np.random.default_rng(20).random((50, 7))}
    tests = {"number": nb.NUMBER_TESTS, "labels": nb.LABELS_TESTS}
    bundle = nb.write_bundle(root / "small", tests, limits=Limits(memory_mb=700), data=data, manual=[WHY])
    source = root / "class"
    reason = nb.markdown("Because.", "answer:why")
    slow = nb.code("import time\nfor step in range(10):\n    print(step); time.sleep(0.05)")
    nb.write_notebook(source / "ada.ipynb", *nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS), reason)
    nb.write_notebook(source / "bob.ipynb", *nb.answers(nb.RIGHT_NUMBER), slow)
    nb.write_notebook(source / "cyn.ipynb", *nb.answers(nb.RIGHT_NUMBER), nb.code("import os; os._exit(3)"), reason)
    (source / "dan.ipynb").write_text("This is no JSON {")
    return SmallClass(bundle, source)


def outcome(out: Path) -> dict[str, Any]:
    """Each file of an output folder by name, as it is on the disk but for timings.

    Two runs that give equal outcomes have the same grades, pages and tables, byte for byte. What digests of pages say,
    timings included, the pages say themselves.
    """
    files = {path.relative_to(out).as_posix(): path for path in sorted(out.rglob("*")) if path.is_file()}
    return {name: _content(path) for name, path in files.items() if name != "runs/pages.json"}


def _content(path: Path) -> Any:
    if path.suffix == ".html":
        return _SHOWN_SECONDS.sub("…", _OF_A_SLOW_CELL.sub("", path.read_text(encoding="utf-8")))
    if path.name == "grades.json":
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        return [_untimed(line) for line in lines]
    if path.suffix == ".gz":
        return _untimed(gzip.decompress(path.read_bytes()).decode())
    return path.read_bytes()


def _untimed(line: str) -> str:
    """A line of JSON without timings, and else with every byte that it has: keys keep their order."""
    line, comma, _ = line.rpartition(",\n") if line.endswith(",\n") else (line, "", "")
    try:
        record = json.loads(line)
    except ValueError:  # the first line of `grades.json`, and the last one, whose digest is of timings, too
        return line.partition(', "sha256": ')[0]
    return json.dumps(_without_timings(record), ensure_ascii=False) + comma


def _without_timings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_timings(part) for key, part in value.items() if key not in TIMINGS}
    return [_without_timings(part) for part in value] if isinstance(value, list) else value


def differences(out: Path, expected: dict[str, Any]) -> list[str]:
    """What an output folder has, lacks, or says otherwise than another one's `outcome`; empty where they agree."""
    received = outcome(out)
    found = [f"{name} is there" for name in received.keys() - expected.keys()]
    found += [f"{name} is missing" for name in expected.keys() - received.keys()]
    for name in received.keys() & expected.keys():
        found += (
            f"{name}: {line}" for line in difflib.unified_diff(_lines(expected[name]), _lines(received[name]), n=0)
        )
    return found


def _lines(content: Any) -> list[str]:
    text = "".join(content) if isinstance(content, list) else content if isinstance(content, str) else repr(content)
    return re.split(r"\n|(?<=}),|(?<=[]}])", text)


def half_written(out: Path) -> list[str]:
    """The files that have their final name and are not whole; `.partial` is ours, but must be whole as well."""
    return [path.relative_to(out).as_posix() for path in _named(out) if not _is_whole(path)]


def _named(out: Path) -> Iterator[Path]:
    """The files of a folder that the grader may be writing to this moment, without those that have no name yet."""
    for folder, _, names in os.walk(out):
        yield from (Path(folder, name) for name in names if not name.endswith(".tmp") and name != "lock")


def _is_whole(path: Path) -> bool:
    data = path.read_bytes()
    try:
        if path.suffix == ".gz":
            json.loads(gzip.decompress(data))
        elif path.suffix == ".json":
            json.loads(data)
        elif path.suffix == ".kept":
            zlib.decompress(data)
        elif path.suffix == ".csv":
            rows = list(csv.reader(data.decode("utf-8-sig").splitlines(keepends=True), strict=True))
            return data.endswith(b"\n") and len({len(row) for row in rows}) == 1
        else:
            return data.rstrip().endswith(b"</html>")
    except (ValueError, OSError, EOFError, csv.Error, zlib.error):
        return False
    return True
