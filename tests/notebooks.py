"""Notebooks and small exercises for the tests, written as data."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from autograder.records import Assignment, Limits, Question, to_json

CANARY = "CANARY-7f3a91"
SECRET_NUMBER = 7919

NUMBER_TESTS = f'''
from otter.test_files import test_case

OK_FORMAT = False

name = "number"
points = 4

@test_case(points=1, hidden=False)
def test_type(answer):
    """`answer` is a number."""
    from autograder import expect

    expect.number(answer, name="answer")

@test_case(points=3, hidden=True)
def test_value(answer):
    """`answer` is right."""
    from autograder import expect

    expect.number(answer, equal_to={SECRET_NUMBER}, name="answer")  # {CANARY}
'''

LABELS_TESTS = '''
from otter.test_files import test_case

OK_FORMAT = False

name = "labels"
points = 6

@test_case(points=6, hidden=True)
def test_argmax(to_labels, probabilities):
    """`to_labels` gives the class of the largest probability."""
    import numpy as np

    labels = np.asarray(to_labels(probabilities))
    assert labels.shape == (len(probabilities),), f"the labels have shape {labels.shape}"
    assert (labels == probabilities.argmax(axis=1)).all(), "some labels are not the largest probability's class"
'''


def code(source: str, *tags: str) -> dict[str, Any]:
    """A code cell."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": f"c{abs(hash((source, tags))):x}"[:32],
        "metadata": {"tags": list(tags)} if tags else {},
        "outputs": [],
        "source": source,
    }


def markdown(source: str, *tags: str) -> dict[str, Any]:
    """A Markdown cell."""
    return {
        "cell_type": "markdown",
        "id": f"m{abs(hash((source, tags))):x}"[:32],
        "metadata": {"tags": list(tags)},
        "source": source,
    }


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    """A notebook in nbformat 4.5."""
    return {
        "cells": list(cells),
        "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def write_notebook(path: Path, *cells: dict[str, Any]) -> Path:
    """Write a notebook of these cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook(*cells)), encoding="utf-8")
    return path


def answers(number: str | None = None, labels: str | None = None) -> list[dict[str, Any]]:
    """The cells of the small exercise with these answers; `None` leaves the stub's gap."""
    return [
        markdown("# A small exercise"),
        code("import numpy as np"),
        code("answer = ..." if number is None else number, "answer:number"),
        code("def to_labels(probabilities):\n    ..." if labels is None else labels, "answer:labels"),
    ]


RIGHT_NUMBER = f"answer = {SECRET_NUMBER}"
RIGHT_LABELS = "def to_labels(probabilities):\n    return np.argmax(probabilities, axis=1)"


def write_bundle(
    path: Path,
    tests: dict[str, str],
    *,
    limits: Limits | None = None,
    data: dict[str, Any] | None = None,
    manual: Sequence[Question] = (),
) -> Path:
    """Write a bundle by hand: the questions and cases follow from the test files."""
    from autograder.expect import test_files
    from autograder.grading.cases.bundle import sha256_of

    questions = []
    for name, source in tests.items():
        loaded = [each.case for each in test_files.load(source, f"{name}.py")]
        names = sorted({parameter for case in loaded for parameter in case.parameters} - set(data or {}))
        questions.append(
            Question(name, sum(case.points for case in loaded), name, cases=tuple(loaded), names=tuple(names))
        )
    (path / "tests").mkdir(parents=True)
    (path / "data").mkdir()
    digests = {}
    if data:
        hidden = path / "data" / "hidden.npz"
        np.savez_compressed(hidden, **data)
        digests["data/hidden.npz"] = sha256_of(hidden.read_bytes())
    assignment = Assignment(path.name, "A small exercise", (*questions, *manual), limits or Limits(), digests)
    (path / "assignment.json").write_bytes(to_json(assignment, indent=2))
    for name, source in tests.items():
        (path / "tests" / f"{name}.py").write_text(source, encoding="utf-8")
    return path


def small_bundle(path: Path, limits: Limits | None = None) -> Path:
    """The bundle of the small exercise: a number (4 points) and a function (6 points)."""
    probabilities = np.random.default_rng(20).random((50, 7))
    return write_bundle(
        path,
        {"number": NUMBER_TESTS, "labels": LABELS_TESTS},
        limits=limits or Limits(wall_seconds=120, cell_seconds=3, memory_mb=700, call_seconds=2),
        data={"probabilities": probabilities, "canary": np.array([ord(letter) for letter in CANARY])},
    )


def autograder(
    *arguments: object, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line tool as a user would.

    In this process, which has imported it already: what a command prints and its exit status are those of a process of
    its own. Only for another environment it is given one. Classes here are small: where the arguments do not say how
    many work on one, a second one would take longer to start than it saves.
    """
    words = ["autograder", *map(str, arguments)]
    if arguments[0] in ("grade", "calibrate") and "--workers" not in words:
        words += ["--workers", "1"]
    if env is not None:
        command = [sys.executable, "-m", *words]
        return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=7_200, check=False)
    import pytest

    from autograder.cli import main
    from autograder.grading.cases.bundle import load_bundle
    from autograder.sandbox.host import preloading

    load_bundle.cache_clear()  # each command reads its bundle
    terminated = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", words)
        patch.chdir(cwd or Path.cwd())
        with redirected(1, "stdout") as printed, redirected(2, "stderr") as said, pytest.raises(SystemExit) as ending:
            main()
    signal.signal(signal.SIGTERM, terminated)
    while len(preloading._kept) > 2:  # those of the last exercise may serve the next one; each takes half a GiB
        preloading._kept.pop(next(iter(preloading._kept))).close()
    return subprocess.CompletedProcess(words, ending.value.code or 0, "".join(printed), "".join(said))


@contextmanager
def redirected(descriptor: int, stream: str) -> Iterator[list[str]]:
    """What is written to a stream meanwhile, by processes that are started, too; it is there at the end."""
    written: list[str] = []
    kept, before = os.dup(descriptor), getattr(sys, stream)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as file:
        before.flush()
        os.dup2(file.fileno(), descriptor)
        setattr(sys, stream, file)
        try:
            yield written
        finally:
            setattr(sys, stream, before)
            os.dup2(kept, descriptor)
            os.close(kept)
            file.seek(0)
            written.append(file.read())


def grades(out: Path) -> dict[str, dict[str, Any]]:
    """Student → entry of grades.json."""
    return {entry["student"]: entry for entry in json.loads((out / "grades.json").read_text())["grades"]}


def untimed(out: Path) -> str:
    """All grades of an output folder as JSON, without what takes another time in each run."""
    entries = grades(out)
    for entry in entries.values():
        for timing in ("wall_seconds", "phases"):
            entry["execution"].pop(timing)
    return json.dumps(entries, sort_keys=True)


def cases_of(entry: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """`question.case` → case of a grade entry."""
    return {f"{question['name']}.{case['name']}": case for question in entry["questions"] for case in question["cases"]}
