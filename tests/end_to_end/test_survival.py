"""What a class really hands in: one command over all of it, each graded sensibly, none stopping the others."""

from __future__ import annotations

import copy
import csv
import json
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import notebooks as nb
from tests.notebooks import RIGHT_LABELS, RIGHT_NUMBER, answers, code, markdown, notebook

PERFECT = answers(RIGHT_NUMBER, RIGHT_LABELS)
SUM_TESTS = '''
from otter.test_files import test_case

OK_FORMAT = False

name = "sum"
points = 10

@test_case(points=10, hidden=False)
def test_sum(parts, total):
    """`total` is the sum of `parts`."""
    assert parts and total == sum(parts)
'''


def old_notebook(minor: int) -> dict[str, Any]:
    """nbformat 4.`minor`: no cell ids before 4.5."""
    made = notebook(*copy.deepcopy(PERFECT))
    made["nbformat_minor"] = minor
    if minor < 5:
        for cell in made["cells"]:
            del cell["id"]
    return made


def nbformat_3() -> dict[str, Any]:
    cells = []
    for cell in PERFECT:
        if cell["cell_type"] == "code":
            cells.append(
                {
                    "cell_type": "code",
                    "input": cell["source"],
                    "language": "python",
                    "metadata": cell["metadata"],
                    "outputs": [],
                    "collapsed": False,
                }
            )
        else:
            cells.append({"cell_type": "markdown", "source": cell["source"], "metadata": {}})
    return {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }


def fat_notebook() -> dict[str, Any]:
    made = notebook(*copy.deepcopy(PERFECT))
    made["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 50_000_000}]
    return made


def lost_tags() -> list[dict[str, Any]]:
    return [{**cell, "metadata": {}} for cell in PERFECT]


NUMBER_ONLY = answers(RIGHT_NUMBER)
GOOD_LABELS = code(RIGHT_LABELS, "answer:labels")


def cells(*between: dict[str, Any]) -> list[dict[str, Any]]:
    """A right number, something odd, and a right function after it."""
    return [code("import numpy as np"), code(RIGHT_NUMBER, "answer:number"), *between, GOOD_LABELS]


# student → (what is handed in, status, score, execution status, a piece of some message or warning)
CLASS: dict[str, tuple[Any, str, float, str, str]] = {
    "perfect": (PERFECT, "graded", 10, "completed", ""),
    "blank": (answers(), "graded", 0, "completed", "`answer` is still `...`"),
    "not-json": ("This is no JSON {", "rejected", 0, "refused", ""),
    "not-a-notebook": ('{"hello": [1, 2]}', "rejected", 0, "refused", ""),
    "a-list": ("[1, 2, 3]", "rejected", 0, "refused", ""),
    "empty-file": ("", "rejected", 0, "refused", ""),
    "deeply-nested": ("[" * 200_000, "rejected", 0, "refused", ""),
    "no-code": ([markdown("# Only words")], "rejected", 0, "refused", ""),
    "no-cells": ([], "rejected", 0, "refused", ""),
    "nbformat-3": (nbformat_3(), "graded", 10, "completed", ""),
    **{f"nbformat-4-{minor}": (old_notebook(minor), "graded", 10, "completed", "") for minor in range(6)},
    "fat": (fat_notebook(), "graded", 10, "completed", ""),
    "answer-cell-deleted": (
        [code("import numpy as np"), GOOD_LABELS],
        "graded",
        6,
        "completed",
        "`answer` is not defined after this question",
    ),
    "answer-cell-duplicated": (
        [
            code("import numpy as np"),
            code("answer = 1", "answer:number"),
            code(RIGHT_NUMBER, "answer:number"),
            GOOD_LABELS,
        ],
        "graded",
        10,
        "completed",
        "2 answer cells",
    ),
    "tags-lost": (lost_tags(), "graded", 10, "completed", "lost its tag"),
    "overwritten-later": ([*PERFECT, code("answer = 0"), code("del to_labels")], "graded", 10, "completed", ""),
    "answered-one-cell-later": (
        [code("import numpy as np"), code("", "answer:number"), code(RIGHT_NUMBER), GOOD_LABELS],
        "graded",
        10,
        "completed",
        "`answer` came after the answer cell",
    ),
    "gaps-left-and-answered-below": (
        [
            code("import numpy as np"),
            code("answer = ...", "answer:number"),
            code(RIGHT_NUMBER),
            code("def to_labels(probabilities):\n    return ...", "answer:labels"),
            GOOD_LABELS | {"metadata": {}},
        ],
        "graded",
        10,
        "completed",
        "`to_labels` came after the answer cell",
    ),
    "another-exercise": (
        [code("import numpy as np"), code("history = 1", "answer:train"), markdown("Because.", "answer:why")],
        "needs_review",
        0,
        "refused",
        "it answers `train`, `why`, and none of the questions here",
    ),
    "syntax-error": (cells(code("if True print(1)")), "graded", 10, "completed", ""),
    "syntax-error-in-answer": (
        [code("import numpy as np"), code("answer = = 1", "answer:number"), GOOD_LABELS],
        "graded",
        6,
        "completed",
        "SyntaxError",
    ),
    "exception": (cells(code("1 / 0")), "graded", 10, "completed", ""),
    "exception-in-answer": (
        [code("import numpy as np"), code("answer = missing + 1", "answer:number"), GOOD_LABELS],
        "graded",
        6,
        "completed",
        "NameError: name 'missing' is not defined",
    ),
    "sys-exit": (cells(code("import sys; sys.exit()")), "graded", 10, "completed", ""),
    "exit": (cells(code("exit()"), code("quit()")), "graded", 10, "completed", ""),
    "os-exit": (cells(code("import os; os._exit(0)")), "graded", 10, "crashed", "run again without code cell 3"),
    "segfault": (
        cells(code("import ctypes; ctypes.string_at(0)")),
        "graded",
        10,
        "crashed",
        "Code cell 3 was stopped: Python ended in it.",
    ),
    "input": (cells(code("input('Name? ')")), "graded", 10, "completed", ""),
    "while-true": (cells(code("while True:\n    pass")), "graded", 10, "completed", ""),
    "while-true-stubborn": (
        cells(code("import time\nwhile True:\n    try:\n        time.sleep(99)\n    except BaseException: pass")),
        "graded",
        10,
        "timed_out",
        "run again without code cell 3",
    ),
    "pip-and-colab": (
        cells(
            code("!pip install keras-autograder\n%pip install numpy\n!apt-get install graphviz"),
            code("from google.colab import drive, files\ndrive.mount('/content/drive')\nx = 1"),
            code("%tensorflow_version 2.x\n%matplotlib inline\n!ls /nowhere"),
        ),
        "graded",
        10,
        "completed",
        "",
    ),
    "no-labels-returned": (answers(RIGHT_NUMBER, "def to_labels(p):\n    print(p)"), "graded", 4, "completed", ""),
    "function-raises": (
        answers(RIGHT_NUMBER, "def to_labels(p):\n    raise ValueError('no idea')"),
        "graded",
        4,
        "completed",
        "",
    ),
    "a-string": (answers("answer = '7919'"), "graded", 0, "completed", "`answer` should be a number"),
    "generator": (
        answers("answer = (i for i in range(3))"),
        "graded",
        0,
        "completed",
        "`answer` should be a number, received generator",
    ),
    "top-level-await": (cells(code("import asyncio\nawait asyncio.sleep(0)")), "graded", 10, "completed", ""),
    "r-kernel": (
        {**notebook(*PERFECT), "metadata": {"kernelspec": {"name": "ir", "language": "R"}}},
        "rejected",
        0,
        "refused",
        "",
    ),
}


@dataclass
class Graded:
    out: Path
    entries: dict[str, dict[str, Any]]
    status: int
    stdout: str


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    root = tmp_path_factory.mktemp("survival")
    source = root / "class"
    source.mkdir()
    for student, (content, *_) in CLASS.items():
        if isinstance(content, list):
            content = notebook(*content)
        text = content if isinstance(content, str) else json.dumps(content)
        (source / f"{student}.ipynb").write_text(text, encoding="utf-8")
    out = root / "out"
    run = nb.autograder("grade", nb.small_bundle(root / "small"), source, "-o", out, "--workers", 2)
    assert (out / "grades.json").exists(), run.stdout + run.stderr
    return Graded(out, nb.grades(out), run.returncode, run.stdout)


@pytest.mark.parametrize("student", CLASS)
def test_each_is_graded_sensibly(graded: Graded, student: str) -> None:
    _, status, score, execution, text = CLASS[student]
    entry = graded.entries[student]
    received = (entry["status"], entry["score"], entry["execution"]["status"])
    assert received == (status, score, execution), json.dumps(entry, indent=1)[:3000]
    assert text in json.dumps(entry, ensure_ascii=False)
    page = (graded.out / "feedback" / f"{student}.html").read_text()
    assert "Traceback (most recent call last)" not in page.split("<h2", 2)[1], "no traceback of ours"
    if status == "rejected":
        assert entry["message"] and "\n" not in entry["message"]


def test_a_gap_that_nobody_filled_did_not_come_later(graded: Graded) -> None:
    assert "came after the answer cell" not in json.dumps(graded.entries["blank"])


def test_values_are_those_that_the_self_check_saw(tmp_path: Path) -> None:
    """As when a network is built in the answer cell and trained in the next one: the two values belong together."""
    answer, check = "answer:sum", code('grader.check("sum")')
    handed_in = {
        "in_its_cell": [code("parts = [3]; total = 3", answer), check, code("parts = []")],
        "in_its_cell_without_a_check": [code("parts = [3]; total = 3", answer), code("parts = []")],
        "before_the_check": [code("parts, total = [1, 2], 4", answer), code("total = 3"), check, code("total = 4")],
        "in_the_cell_of_the_check": [code("parts, total = [1, 2], 4", answer), code(f"total = 3\n{check['source']}")],
        "gone_on_with": [code("parts = []", answer), check, code("parts += [1, 2]; total = 3")],
        "never_complete": [code("parts = [3]", answer), check, code("parts = []")],
        "spoilt_before_the_check": [code("parts = [3]; total = 3", answer), code("total = 4"), check],
        "only_after_the_check": [code("parts, total = [1, 2], 4", answer), check, code("total = 3"), check],
        "ended_before_the_check": [code("parts = [3]; total = 3", answer), code("import os; os._exit(0)"), check],
    }
    for student, notebook_cells in handed_in.items():
        nb.write_notebook(tmp_path / "class" / f"{student}.ipynb", *notebook_cells)
    nb.autograder(
        "grade", nb.write_bundle(tmp_path / "sums", {"sum": SUM_TESTS}), tmp_path / "class", "-o", tmp_path / "out"
    )
    entries = nb.grades(tmp_path / "out")
    wrong = {"never_complete", "spoilt_before_the_check", "only_after_the_check"}
    assert {student for student, entry in entries.items() if entry["score"] == 10} == handed_in.keys() - wrong
    assert "`total` came after the answer cell" in json.dumps(entries["gone_on_with"])


def test_contract_of_the_output_folder(graded: Graded) -> None:
    data = json.loads((graded.out / "grades.json").read_text())
    assert (data["schema"], data["assignment"]) == (1, "small")
    entry = graded.entries["perfect"]
    assert {"student", "submission", "digest", "status", "score", "possible", "questions", "execution"} <= set(entry)
    assert entry["submission"] == "perfect.ipynb" and entry["digest"].startswith("sha256:")
    question = entry["questions"][0]
    assert {"name", "score", "possible", "cases"} <= set(question)
    assert {"name", "hidden", "status", "points", "possible", "message"} <= set(question["cases"][0])
    assert {"status", "wall_seconds", "cells", "message"} <= set(entry["execution"])
    assert entry["execution"]["cells"] == sum(cell["cell_type"] == "code" for cell in PERFECT)
    with (graded.out / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    columns = ["student", "submission", "status", "score", "possible", "number", "labels"]
    late = ["raw_score", "penalty", "handed_in"]
    assert rows[0] == [*columns, "pending", "name", "id", "email", *late]
    assert [row for row in rows if row[0] == "perfect"] == [
        ["perfect", "perfect.ipynb", "graded", "10", "10", "4", "6", "0", "perfect", "", "", "10", "0", ""]
    ]
    assert len(rows) == len(CLASS) + 1
    assert (graded.out / "index.html").is_file()
    assert graded.status == 1
    assert "index.html" in graded.stdout
    assert "run stopped os-exit: " in graded.stdout and "rejected not-json: " in graded.stdout
    assert not (graded.out / ".partial").exists()


def test_the_same_class_as_a_zip_in_folders(tmp_path: Path) -> None:
    archive = tmp_path / "submissions.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("Ada Lovelace_101_assignsubmission_file/jdoe_12345_x.ipynb", json.dumps(notebook(*PERFECT)))
        zipped.writestr("Alan Turing_102_assignsubmission_file/small.ipynb", json.dumps(notebook(*answers())))
        zipped.writestr("../../outside.ipynb", json.dumps(notebook(*PERFECT)))
    run = nb.autograder("grade", nb.small_bundle(tmp_path / "small"), archive, "-o", tmp_path / "out")
    entries = nb.grades(tmp_path / "out")
    assert sorted(entry["score"] for entry in entries.values())[-1] == 10, run.stderr
    ada = next(entry for student, entry in entries.items() if "Ada" in student)
    alan = next(entry for student, entry in entries.items() if "Alan" in student)
    assert (ada["score"], alan["score"]) == (10, 0)
    assert not (tmp_path.parent / "outside.ipynb").exists()


def test_a_single_notebook_and_exit_status_0(tmp_path: Path) -> None:
    submission = nb.write_notebook(tmp_path / "jdoe_12345_x.ipynb", *PERFECT)
    run = nb.autograder("grade", nb.small_bundle(tmp_path / "small"), submission, "-o", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    assert [entry["score"] for entry in nb.grades(tmp_path / "out").values()] == [10]


@pytest.mark.parametrize(
    ("arguments", "piece"),
    [
        (("no-such-exercise", "."), "no exercise 'no-such-exercise'"),
        (("{bundle}", "nowhere"), "nowhere"),
        (("{bundle}", "ada.ipynb", "--executor", "ftp://127.0.0.1:1"), "--executor"),
        (("{bundle}", "ada.ipynb", "--executor", "tcp://[::1:8786"), "give `local`"),
        (("{bundle}", "ada.ipynb", "--executor", "tcp://127.0.0.1:99999"), "give `local`"),
        (("{bundle}", "ada.ipynb", "--executor", "tls://scheduler.example"), "give `local`"),
        (("{bundle}", "ada.ipynb", "--roster", "missing.csv"), "missing.csv"),
        (("{bundle}", "ada.ipynb", "-o", "a-file"), "a-file"),
        (("{bundle}", "."), "small-grades lies in ."),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(tmp_path: Path, arguments: tuple[str, ...], piece: str) -> None:
    bundle = nb.small_bundle(tmp_path / "small")
    (tmp_path / "a-file").write_text("precious")
    nb.write_notebook(tmp_path / "ada.ipynb", *PERFECT)
    filled = [argument.replace("{bundle}", str(bundle)) for argument in arguments]
    run = nb.autograder("grade", *filled, cwd=tmp_path)
    assert run.returncode == 2
    assert piece in run.stderr and run.stderr.count("\n") == 1, run.stderr
    assert (tmp_path / "a-file").read_text() == "precious"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
def test_goes_on_after_a_crash(tmp_path: Path, how: signal.Signals) -> None:
    """A run that is killed is finished by the same command, which does not run again what was graded."""
    bundle, source, out = nb.small_bundle(tmp_path / "small"), tmp_path / "class", tmp_path / "out"
    nb.write_notebook(source / "ada.ipynb", *PERFECT)
    nb.write_notebook(source / "bob.ipynb", *PERFECT, code("import time; time.sleep(4)"))
    command = [sys.executable, "-m", "autograder", "grade", bundle, source, "-o", out, "--workers", 1]
    killed = subprocess.Popen([str(part) for part in command], stderr=subprocess.DEVNULL)
    first = out / ".partial" / "grades" / "ada.json"
    while not first.exists():
        assert killed.poll() is None
        time.sleep(0.02)
    pool = psutil.Process(killed.pid).children(recursive=True)
    killed.send_signal(how)
    assert killed.wait() == (143 if how == signal.SIGTERM else -how)
    assert pool and psutil.wait_procs(pool, timeout=30)[1] == [], "a killed grader leaves processes behind"
    assert not (out / "grades.json").exists()
    kept = json.loads(first.read_text())["execution"]
    run = nb.autograder("grade", bundle, source, "-o", out)
    assert run.returncode == 0, run.stderr
    entries = nb.grades(out)
    assert [entries[student]["score"] for student in ("ada", "bob")] == [10, 10]
    assert entries["ada"]["execution"] == kept, "ada ran again"
    assert not (out / ".partial").exists()
