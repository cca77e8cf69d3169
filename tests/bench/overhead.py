"""Seconds per submission, `autograder grade` beside `otter run`, on the same notebook in one run.

Overhead is what a submission costs beyond its own cells (the import of TensorFlow is one of its cells). Both tools
grade the same notebook, made by Otter Assign from the same master, in turn: A B A B ... Medians and ratios; machines
are shared and noisy.

    python tests/bench/overhead.py [ROUNDS]
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jupytext
from rich.console import Console
from rich.table import Table

MASTER = Path(__file__).with_name("master.py")
AUTOGRADER = [sys.executable, "-m", "autograder"]
OTTER_CONFIG = "# ASSIGNMENT CONFIG\ninit_cell: true\nexport_cell: false\ntests:\n  files: true\n  ok_format: false\n"
OTTER = [sys.executable, "-m", "otter"]


def run(command: list[object], cwd: Path) -> float:
    """Run a command; returns its wall time in seconds."""
    started = time.perf_counter()
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - started


def prepare(work: Path) -> tuple[Path, Path, Path]:
    """Build the exercise with both tools; returns our bundle, Otter's zip and the submission."""
    exercise = work / "reference" / "tiny"
    exercise.mkdir(parents=True)
    shutil.copy(MASTER, exercise / "master.py")
    run([*AUTOGRADER, "build", "tiny"], work)
    bundle = exercise / "bundle"
    master = jupytext.read(MASTER)
    config = next(cell for cell in master.cells if "AUTOGRADER CONFIG" in cell.source)
    config.source = OTTER_CONFIG
    jupytext.write(master, work / "tiny.ipynb")
    run([*OTTER, "assign", "--no-run-tests", "--no-pdfs", work / "tiny.ipynb", work / "otter"], work)
    archive = next((work / "otter" / "autograder").glob("*autograder*.zip"))
    return bundle, archive, bundle / "reference.ipynb"


def grade(bundle: Path, notebooks: Path, work: Path, index: int) -> tuple[float, list[dict[str, float]]]:
    """Grade a folder; returns the wall time of the command and each submission's phases."""
    out = work / f"out-{index}"
    wall = run([*AUTOGRADER, "grade", bundle, notebooks, "-o", out, "--workers", 1], work)
    entries = json.loads((out / "grades.json").read_text())["grades"]
    if any(entry["score"] != entry["possible"] for entry in entries):
        sys.exit("the benchmark's submission does not get full marks")
    return wall, [{**entry["execution"]["phases"], "wall": entry["execution"]["wall_seconds"]} for entry in entries]


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        bundle, archive, notebook = prepare(work)
        one, many = work / "one", work / "many"
        one.mkdir()
        many.mkdir()
        shutil.copy(notebook, one / "a.ipynb")
        for student in "abcd":
            shutil.copy(notebook, many / f"{student}.ipynb")
        ours, others, phases, marginal = [], [], [], []
        for index in range(rounds + 1):
            single, spent = grade(bundle, one, work, 2 * index)
            four, more = grade(bundle, many, work, 2 * index + 1)
            other = run([*OTTER, "run", "-a", archive, "--no-logo", notebook], work)
            if index:  # the first round warms the caches
                ours.append(single)
                others.append(other)
                marginal.append((four - single) / 3)
                phases += spent + more[1:]
    report(ours, others, marginal, phases)


def report(ours: list[float], others: list[float], marginal: list[float], phases: list[dict[str, float]]) -> None:
    """Print two tables: whole commands, and where a submission's time goes."""
    cells = statistics.median(phase["cells"] for phase in phases)
    table = Table(title=f"Seconds per submission, medians of {len(ours)}")
    for heading in ("", "total", "beyond the student's cells", "ratio to otter run"):
        table.add_column(heading, justify="left" if not heading else "right")
    other = statistics.median(others)
    for name, seconds in (
        ("otter run", other),
        ("autograder grade, one notebook", statistics.median(ours)),
        ("autograder grade, each further one", statistics.median(marginal)),
    ):
        table.add_row(name, f"{seconds:.2f}", f"{seconds - cells:.2f}", f"{seconds / other:.2f}")
    console = Console()
    console.print(table)
    console.print(f"The student's cells take {cells:.2f} s, most of it the import of TensorFlow.")
    table = Table(title="Where autograder's time goes (median seconds of one submission)")
    names = [name for name in phases[-1] if name != "wall"]
    for name in (*names, "rest"):
        table.add_column(name, justify="right")
    medians = [statistics.median(phase.get(name, 0) for phase in phases) for name in names]
    rest = statistics.median(phase["wall"] - sum(phase.get(name, 0) for name in names) for phase in phases)
    table.add_row(*(f"{seconds:.3f}" for seconds in (*medians, rest)))
    console.print(table)


if __name__ == "__main__":
    main()
