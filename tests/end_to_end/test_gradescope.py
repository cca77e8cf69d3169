"""The zip for Gradescope, run in the folders that Gradescope documents: /autograder/{source,submission,results}."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import SandboxUnavailable
from tests import notebooks as nb
from tests.masters import WHOLE, write_repository

LATE = "# late: {due: 2026-11-05 23:59, zone: America/Los_Angeles, percent: 10}\n# title: A small exercise"
CREATED = "2026-11-06T00:00:00.365935-08:00"
VISIBILITY = {"hidden", "after_due_date", "after_published", "visible"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    write_repository(root, WHOLE.replace("# title: A small exercise", LATE))
    built = nb.autograder("build", "small", "--gradescope", "--to", "away", cwd=root)
    assert built.returncode == 0, built.stderr
    assert "Written: away/small-gradescope.zip. It is secret." in built.stdout
    return root / "away" / "small-gradescope.zip"


def container(folder: Path, archive: Path, files: dict[str, bytes]) -> Path:
    """What Gradescope makes of the zip, but for what `setup.sh` installs: that is this environment."""
    root = folder / "autograder"
    for name in ("submission", "results", "venv/bin"):
        (root / name).mkdir(parents=True)
    with zipfile.ZipFile(archive) as made:
        for entry in made.infolist():
            Path(made.extract(entry, root / "source")).chmod(entry.external_attr >> 16 & 0o777)
    shutil.copy(root / "source" / "run_autograder", root)
    python = root / "venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    for name, content in files.items():
        path = root / "submission" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    metadata = {"id": 123, "created_at": CREATED, "users": [{"id": 1, "email": "ada@x", "name": "Ada"}]}
    (root / "submission_metadata.json").write_text(json.dumps(metadata))
    return root


def run(root: Path) -> tuple[dict[str, Any], str]:
    repository = str(Path(__file__).parents[2])
    done = subprocess.run(
        [root / "run_autograder"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": repository},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((root / "results" / "results.json").read_bytes()), done.stdout + done.stderr


def notebook(archive: Path) -> list[dict[str, Any]]:
    """The cells of the students' notebook, with one answer filled in."""
    stub = archive.parents[1] / "assignments" / "small" / "small.ipynb"
    cells: list[dict[str, Any]] = json.loads(stub.read_text())["cells"]
    for cell in cells:
        if "answer:total" in cell["metadata"].get("tags", []):
            cell["source"] = "import helper\ntotal = helper.add(numbers)"
    return cells


def test_a_submission_is_graded_as_gradescope_runs_it(archive: Path, tmp_path: Path) -> None:
    files = {
        "any name.ipynb": json.dumps(nb.notebook(*notebook(archive))).encode(),
        "helper.py": b"def add(numbers):\n    return sum(numbers)\n",
    }
    root = container(tmp_path, archive, files)
    assert os.access(root / "source" / "setup.sh", os.X_OK)
    results, printed = run(root)
    assert results["score"] == 4, printed  # 5, and a tenth of 10 points for being late
    assert "It counts as handed in 2026-11-06 00:00. 1 day has begun since" in results["output"]
    assert results["extra_data"] == {"student": "student", "pending": 0, "penalty": 1}
    passed = {
        test["name"]: (test["score"], test["max_score"]) for test in results["tests"] if test["status"] == "passed"
    }
    assert passed == {"total: `total` is a number.": (2, 2), "total: The sum is the right one.": (3, 3)}
    for test in results["tests"]:
        assert {"score", "max_score", "name", "status", "output", "visibility"} <= test.keys()
        assert test["status"] in ("passed", "failed") and test["visibility"] in VISIBILITY
    assert "allowance" not in json.dumps(results)  # a hidden case's source


def test_there_is_a_result_whatever_was_handed_in(archive: Path, tmp_path: Path) -> None:
    results, _ = run(container(tmp_path, archive, {"x.pdf": b"%PDF"}))
    assert results["score"] == 0
    assert "No notebook was found: expected an .ipynb file, received `x.pdf`" in results["output"]


def test_without_a_sandbox_nothing_runs_and_that_is_said(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise SandboxUnavailable("no user namespaces here")

    monkeypatch.setattr("autograder.commands.grade.check_sandbox", refuse)
    root = container(tmp_path, archive, {"x.ipynb": json.dumps(nb.notebook(*notebook(archive))).encode()})
    done = nb.autograder("gradescope", root)
    results = json.loads((root / "results" / "results.json").read_bytes())
    assert "Not graded: no user namespaces here" in done.stdout
    assert (results["score"], results["tests"]) == (0, [])
    assert "not graded here: the grader cannot isolate it" in results["output"]


def test_the_zip_has_what_its_scripts_name_and_a_wheel_that_installs(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as made:
        names = made.namelist()
        setup, constraints = made.read("setup.sh").decode(), made.read("constraints.txt").decode()
        (wheel,) = (name for name in names if name.endswith(".whl"))
        made.extract(wheel, tmp_path)
    assert {"setup.sh", "run_autograder", "bundle/assignment.json", "bundle/data/secrets.npz"} <= {*names}
    assert f"./{wheel}[grade]" in setup and "msgspec==" in constraints and "keras" not in wheel.partition("_")[2]
    assert subprocess.run(["bash", "-n"], input=setup, text=True, check=False).returncode == 0
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", tmp_path / "site"]
    subprocess.run([*install, tmp_path / wheel], check=True)
    imported = "import autograder.records, sys; print(autograder.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    found = subprocess.run(
        [sys.executable, "-c", imported], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert found.stdout.startswith(str(tmp_path / "site"))
