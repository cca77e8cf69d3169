"""How fast a class is graded: beside `otter run`, against the processor time of its own code, and once more.

Every figure is a ratio or a median of one run on one machine, with both sides measured in turn; the machine is named.
Submissions are distinct programs (`--no-share`), but where a figure is about sharing. Figures go to `bench.json`.

    python -m tests.bench.pace [smoke|full]

    throughput_plain, throughput_keras   submissions a second, in times of `otter run` with as many at a time
    own_cpu_ms                           processor time of a submission beyond its cells, in ms
    shared_class_wall_over_cpu           wall time of a class that shares programs, over the processor seconds of the
                                         distinct ones divided by the cores
    class_wall_over_cpu                  the same of the sample class of cnn2_mnist; full size only
    recheck_seconds_1000                 applying one edited case to 1,000 kept submissions; in the smoke size
                                         extrapolated from fewer
    recheck_executed, recheck_moved      how many of them ran for it, and whose grade moved
    coordinator_growth_mb                of the command's memory between a tenth of a class and all of it
    store_kb_per_submission              what is kept of one
"""

from __future__ import annotations

import json
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import psutil
from rich.console import Console
from rich.table import Table

from autograder.grading.results.entries import read_run
from autograder.grading.results.grades_file import load_grades

HERE = Path(__file__).parent
AUTOGRADER = [sys.executable, "-m", "autograder"]
OTTER = [sys.executable, "-m", "otter"]
OTTER_CONFIG = "# ASSIGNMENT CONFIG\ninit_cell: true\nexport_cell: false\ntests:\n  files: true\n  ok_format: false\n"
WORKERS = 2
MARKER = "# SUBMISSION"
MOVED = 5
"""Whose grade an edited case moves."""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    submissions: int
    otter: int
    shared: int
    programs: int
    recheck: int
    many: int
    class_of_cnn2: bool


SIZES = {
    "smoke": Size(submissions=6, otter=2, shared=6, programs=2, recheck=20, many=20, class_of_cnn2=False),
    "full": Size(submissions=50, otter=6, shared=60, programs=32, recheck=1000, many=5000, class_of_cnn2=True),
}


@dataclass(frozen=True)
class Spent:
    """What a command took: wall time, processor time with all that it started, memory over time in MiB, and output."""

    wall: float
    cpu: float
    memory: Sequence[float]
    said: str


def run(command: Sequence[object], cwd: Path) -> Spent:
    """Run a command; ends the benchmark where it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started, memory = time.perf_counter(), []
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([str(part) for part in command], cwd=cwd, stdout=said, stderr=said)
        watching = threading.Event()

        def watch() -> None:
            while not watching.wait(0.2):
                try:
                    memory.append(psutil.Process(process.pid).memory_info().rss / 2**20)
                except psutil.Error:
                    return

        watcher = threading.Thread(target=watch)
        watcher.start()
        status = process.wait()
        wall = time.perf_counter() - started
        watching.set()
        watcher.join()
        said.seek(0)
        text = said.read()
        if status not in (0, 1):
            sys.exit(f"{' '.join(map(str, command))} failed:\n{text}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(wall, cpu, memory, text)


class Exercise:
    """An exercise built with both tools, and as many different submissions of it as one likes."""

    def __init__(self, work: Path, name: str, master: Path) -> None:
        self.work, self.name = work / name, name
        folder = self.work / "reference" / name
        folder.mkdir(parents=True)
        shutil.copy(master, folder / "master.py")
        run([*AUTOGRADER, "build", name], self.work)
        self.bundle = folder / "bundle"
        notebook = jupytext.read(master)
        config = next(cell for cell in notebook.cells if "AUTOGRADER CONFIG" in cell.source)
        config.source = OTTER_CONFIG
        jupytext.write(notebook, self.work / f"{name}.ipynb")
        run([*OTTER, "assign", "--no-run-tests", "--no-pdfs", f"{name}.ipynb", "otter"], self.work)
        self.archive = next((self.work / "otter" / "autograder").glob("*autograder*.zip"))

    def submissions(self, count: int, programs: int | None = None) -> Path:
        """A folder of so many notebooks, of so many different programs; all different by default."""
        folder = self.work / f"class-{count}-{programs}"
        if not folder.exists():
            folder.mkdir()
            solved = nbformat.read(self.bundle / "reference.ipynb", as_version=4)
            cell = next(each for each in solved.cells if each.cell_type == "code")
            source = cell.source
            for number in range(count):
                cell.source = f"{source}\n{MARKER} {number % (programs or count)}"
                nbformat.write(solved, folder / f"s{number:05d}.ipynb")
        return folder

    def grade(self, folder: Path, out: str, *options: str) -> Spent:
        """Grade a folder of submissions."""
        return run([*AUTOGRADER, "grade", self.bundle, folder, "-o", out, "--workers", WORKERS, *options], self.work)

    def cells(self, out: str) -> list[float]:
        """See `cells_of`."""
        return cells_of(self.work / out)


def cells_of(out: Path) -> list[float]:
    """Processor seconds of the cells of each program in an output folder."""
    seen = {}
    for entry in load_grades(out):
        code = [cell for cell in read_run(out / "runs", entry).cells if cell.kind == "code"]
        seen["\n".join(cell.source for cell in code)] = sum(cell.cpu_seconds for cell in code)
    return list(seen.values())


def throughput(exercise: Exercise, size: Size) -> tuple[float, float]:
    """Submissions a second in times of `otter run`'s, and our own processor time for each, in ms."""
    folder = exercise.submissions(size.submissions)
    half = exercise.work / "half"
    half.mkdir()
    for path in sorted(folder.iterdir())[: size.submissions // 2]:
        shutil.copy(path, half)
    exercise.grade(half, "warm", "--no-share")  # caches of files
    ours = exercise.grade(folder, "all", "--no-share")
    less = exercise.grade(half, "half-out", "--no-share")
    notebooks = sorted(folder.iterdir())[: size.otter]
    started = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as threads:
        list(
            threads.map(
                lambda path: subprocess.run(
                    [*map(str, OTTER), "run", "-a", exercise.archive, "--no-logo", "-o", path.parent.parent, path],
                    cwd=exercise.work,
                    capture_output=True,
                    check=True,
                ),
                notebooks,
            )
        )
    otter = (time.perf_counter() - started) / len(notebooks)
    marginal = (ours.cpu - less.cpu) / (size.submissions - size.submissions // 2)
    own = 1000 * (marginal - statistics.fmean(exercise.cells("all")))
    return otter / (ours.wall / size.submissions), own


def shared(exercise: Exercise, size: Size) -> float:
    """Wall time of a class of which many share programs, over what the distinct ones cost."""
    spent = exercise.grade(exercise.submissions(size.shared, size.programs), "shared")
    return spent.wall / (sum(exercise.cells("shared")) / cores())


def checked_again(exercise: Exercise, size: Size) -> dict[str, Any]:
    """One case edited: seconds, how many ran, who moved, and what is kept of each."""
    folder = exercise.submissions(size.recheck)
    for path in sorted(folder.iterdir())[:MOVED]:
        path.write_text(path.read_text().replace("answer = means(numbers)", "answer = means(numbers) + 0.2"))
    exercise.grade(folder, "kept")
    kept = sum(path.stat().st_size for path in (exercise.work / "kept" / "runs").glob("*.kept"))
    tests = exercise.bundle / "tests" / "means.py"
    before = tests.read_text()
    tests.write_text(before.replace("[1.5, 5.5, 9.5])", "[1.5, 5.5, 9.5], atol=0.5)"))
    spent = exercise.grade(folder, "kept")
    tests.write_text(before)
    checked = re.search(r"Checked again without running: (\d+)", spent.said)
    return {
        "recheck_seconds_1000": spent.wall * 1000 / size.recheck,
        "recheck_executed": size.recheck - int(checked[1] if checked else 0),
        "recheck_moved": len(re.findall(r"means/answer: fail 0 → pass", spent.said)),
        "store_kb_per_submission": kept / 1024 / size.recheck,
    }


def class_of_cnn2(work: Path) -> float:
    """Wall time of the sample class, over what its distinct programs cost; trains some minutes."""
    repository = HERE.parents[1]
    sample = repository / "tests" / "golden" / "cnn2_mnist" / "class"
    out = work / "cnn2"
    command = [*AUTOGRADER, "grade", "cnn2_mnist", sample, "-o", out, "--workers", WORKERS]
    spent = run(command, repository)
    return spent.wall / (sum(cells_of(out)) / cores())


def growth(exercise: Exercise, size: Size) -> float:
    """Of the command's memory between a tenth of a class and all of it, in MiB."""
    memory = exercise.grade(exercise.submissions(size.many), "many", "--no-share", "--keep", "none").memory
    return max(memory) - memory[len(memory) // 10]


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0))


def main() -> None:
    """Measure, print, and write `bench.json`."""
    name = sys.argv[1] if len(sys.argv) > 1 else "full"
    size = SIZES[name]
    figures: dict[str, Any] = {"size": name, "machine": f"{platform.machine()}, {cores()} cores"}
    with tempfile.TemporaryDirectory() as folder:
        plain = Exercise(Path(folder), "plain", HERE / "plain.py")
        keras = Exercise(Path(folder), "tiny", HERE / "master.py")
        figures["throughput_plain"], figures["own_cpu_ms"] = throughput(plain, size)
        figures["throughput_keras"], figures["own_cpu_ms_keras"] = throughput(keras, size)
        figures["shared_class_wall_over_cpu"] = shared(keras, size)
        figures |= checked_again(plain, size)
        figures["coordinator_growth_mb"] = growth(plain, size)
        if size.class_of_cnn2:
            figures["class_wall_over_cpu"] = class_of_cnn2(Path(folder))
    Path("bench.json").write_text(json.dumps(figures, indent=2) + "\n")
    table = Table(title=f"Pace of a class ({name} size; {figures['machine']})")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for figure, value in figures.items():
        if isinstance(value, (int, float)):
            table.add_row(figure, f"{value:,.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
