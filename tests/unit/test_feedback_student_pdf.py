"""What is said when the browser prints nothing; `tests/browser` has a real one."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from autograder.errors import AutograderError
from autograder.feedback import student_pdf
from autograder.records import Assignment, Execution, Grade


def printed(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> str:
    """The error of a browser that is this script."""
    browser = folder / "chromium"
    browser.write_text(f"#!/bin/sh\n{script}\n")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    grade = Grade("ada", "a.ipynb", "sha256:1", "graded", 2, 4)
    with pytest.raises(AutograderError) as caught:
        student_pdf.prepare()(Assignment("a", "A", ()), grade, Execution("completed"), "<p>")
    return str(caught.value).removeprefix(f"{browser} printed no page: ")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo first >&2; printf 'no \\033[1mdisplay\\n' >&2; exit 3", "exit status 3, no �[1mdisplay"),
        ("exit 0", "exit status 0, without a word"),
        ("kill -9 $$", "exit status -9, without a word"),
    ],
)
def test_the_last_line_of_the_browser_is_the_reason(tmp_path, monkeypatch, script, reason):
    assert printed(tmp_path, monkeypatch, script) == reason


def test_a_browser_that_does_not_end_is_killed_with_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(student_pdf, "_SECONDS", 0.5)
    started = time.monotonic()
    script = f"sleep 60 & echo $! > {tmp_path}/child; sleep 60"
    assert printed(tmp_path, monkeypatch, script) == "it was not done after 0.5 s"
    assert time.monotonic() - started < 30
    child = int((tmp_path / "child").read_text())
    stat = Path(f"/proc/{child}/stat")
    for _ in range(100):
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("a child of the browser goes on")
