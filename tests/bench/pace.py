"""How fast a class is graded: beside `otter run`, against the processor time of its own code, and once more.

Every figure is a ratio or a median of one run on one machine, with both sides measured in turn; the machine is named.
Submissions are distinct programs (`--no-share`), but where a figure is about sharing. Figures go to `bench.json`; with
some PARTS, into what is there of the same size.

    python -m tests.bench.pace [smoke|full] [PART ...]

    plain, keras   throughput_plain, throughput_keras: submissions a second, in times of `otter run` with as many at a
                   time; own_cpu_ms, own_cpu_ms_keras: processor time of a submission beyond its cells, in ms;
                   time_spent: where it goes, see `time_spent`
    shared         shared_class_wall_over_cpu: wall time of a class that shares programs, over the processor seconds of
                   the distinct ones divided by the cores; in the smoke size without Keras
    cnn2           class_wall_over_cpu: the same of the sample class of cnn2_mnist; full size only
    recheck        recheck_seconds_1000: applying one edited case to 1,000 kept submissions, in the smoke size
                   extrapolated from fewer; recheck_executed, recheck_moved, recheck_pages: how many of them ran for it,
                   whose grade moved, and whose page was made again; store_kb_per_submission: what is kept of one
    many           coordinator_growth_mb: of the command's memory between a tenth of a class and all of it;
                   many_slowdown: seconds of the second half of the class over those of the first; many_cpu_ms:
                   processor time of each
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import time_spent
from tests.bench.exercise import AUTOGRADER, ROOT, WORKERS, Exercise, cells_of, install_nbgrader
from tests.bench.measured import cores, run

HERE = Path(__file__).parent
FIGURES = Path("bench.json")
MOVED = 5
"""Whose grade an edited case moves."""


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        submissions: Of each of the two small exercises.
        otter: How many of them `otter run` grades; nbgrader grades the solution half as often.
        shared: A class, of which so many as are `sharing` have one of so many `programs`.
        recheck: Kept submissions to which an edited case is applied.
        many: A class whose memory and pace are looked at.
        whole: Whether the sample class of cnn2_mnist is graded, and nbgrader installed.
    """

    submissions: int
    otter: int
    shared: int
    sharing: int
    programs: int
    recheck: int
    many: int
    whole: bool


SIZES = {
    "smoke": Size(submissions=2, otter=2, shared=4, sharing=3, programs=1, recheck=12, many=12, whole=False),
    "full": Size(submissions=50, otter=6, shared=60, sharing=40, programs=12, recheck=1000, many=5000, whole=True),
}


class Bench:
    """The parts, each of which gives some figures."""

    def __init__(self, size: Size, work: Path) -> None:
        self.size, self.work = size, work
        self._built: dict[str, Exercise] = {}
        self._peer = install_nbgrader() if size.whole else "nbgrader is measured in the full size only."

    def exercise(self, name: str) -> Exercise:
        """An exercise, built when it is first asked for."""
        if name not in self._built:
            self._built[name] = Exercise(self.work, name, HERE / {"plain": "plain.py", "keras": "master.py"}[name])
        return self._built[name]

    def throughput(self, name: str) -> dict[str, Any]:
        """Ours and Otter's in turn."""
        size, exercise = self.size, self.exercise(name)
        folder, half = exercise.submissions(size.submissions), exercise.work / "half"
        half.mkdir()
        for path in sorted(folder.iterdir())[: size.submissions // 2]:
            shutil.copy(path, half)
        less = exercise.grade(half, "half-out", "--no-share")  # also fills the system's cache of files
        ours = exercise.grade(folder, "all", "--no-share")
        notebooks = sorted(folder.iterdir())[: size.otter]
        began = time.perf_counter()
        with ThreadPoolExecutor(WORKERS) as threads:
            runs = list(threads.map(lambda notebook: time_spent.of_otter(exercise, notebook), notebooks))
        otter = (time.perf_counter() - began) / len(notebooks)
        suffix = "" if name == "plain" else f"_{name}"
        found: dict[str, Any] = {f"throughput_{name}": otter / (ours.wall / size.submissions)}
        if ours.cpu is not None and less.cpu is not None:
            marginal = (ours.cpu - less.cpu) / (size.submissions - size.submissions // 2)
            found[f"own_cpu_ms{suffix}"] = 1000 * (marginal - statistics.fmean(cells_of(exercise.work / "all")))
        spent = {"autograder grade": time_spent.of_ours(exercise.work / "all", ours)}
        spent["otter run"] = time_spent.medians(runs)
        if not self._peer:
            spent["nbgrader autograde"] = time_spent.of_nbgrader(exercise, len(notebooks) // 2)
        _print_times(name, spent, self._peer)
        return {**found, f"time_spent{suffix}": spent}

    def plain(self) -> dict[str, Any]:
        """A notebook without TensorFlow."""
        return self.throughput("plain")

    def keras(self) -> dict[str, Any]:
        """A notebook with a small fit."""
        return self.throughput("keras")

    def shared(self) -> dict[str, Any]:
        """A class of which many share programs."""
        exercise = self.exercise("keras" if self.size.whole else "plain")
        spent = exercise.grade(exercise.submissions(self.size.shared, self.size.sharing, self.size.programs), "shared")
        return {"shared_class_wall_over_cpu": spent.wall / (sum(cells_of(exercise.work / "shared")) / cores())}

    def cnn2(self) -> dict[str, Any]:
        """The sample class; trains some minutes."""
        if not self.size.whole:
            return {}
        sample, out = ROOT / "tests" / "golden" / "cnn2_mnist" / "class", self.work / "cnn2"
        spent = run(
            [*AUTOGRADER, "grade", "cnn2_mnist", sample, "-o", out, "--workers", WORKERS], ROOT, statuses=(0, 1)
        )
        return {"class_wall_over_cpu": spent.wall / (sum(cells_of(out)) / cores())}

    def recheck(self) -> dict[str, Any]:
        """One case edited: seconds, how many ran, who moved, and what is kept of each."""
        exercise, count = self.exercise("plain"), self.size.recheck
        folder = exercise.submissions(count)
        changed = sorted(folder.iterdir())[:MOVED]
        for path in changed:
            path.write_text(path.read_text().replace("answer = means(numbers)", "answer = means(numbers) + 0.2"))
        out = exercise.work / "kept"
        exercise.grade(folder, out.name)
        kept = sum(path.stat().st_size for path in (out / "runs").iterdir())
        pages = {path: path.stat().st_ino for path in (out / "feedback").iterdir()}
        tests = exercise.bundle / "tests" / "means.py"
        before = tests.read_text()
        tests.write_text(before.replace("[1.5, 5.5, 9.5])", "[1.5, 5.5, 9.5], atol=0.5)"))
        spent = exercise.grade(folder, out.name)
        tests.write_text(before)
        shutil.rmtree(folder)
        named = re.findall(r"^(s\d+): .*means/answer: fail 0 → pass", spent.said, re.MULTILINE)
        if named != [path.stem for path in changed]:
            sys.exit(f"expected that the grades of {len(changed)} move, and that they are named:\n{spent.said}")
        checked = re.search(r"Checked again without running: (\d+)", spent.said)
        return {
            "recheck_seconds_1000": spent.wall * 1000 / count,
            "recheck_executed": count - int(checked[1] if checked else 0),
            "recheck_moved": len(named),
            "recheck_pages": sum(path.stat().st_ino != pages[path] for path in (out / "feedback").iterdir()),
            "store_kb_per_submission": kept / 1024 / count,
        }

    def many(self) -> dict[str, Any]:
        """A large class."""
        exercise, count = self.exercise("plain"), self.size.many
        spent = exercise.grade(exercise.submissions(count), "many", "--no-share", "--keep", "none")
        ended = sorted(path.stat().st_mtime for path in (exercise.work / "many" / "runs").glob("*.json.gz"))
        first, middle, last = ended[0], ended[len(ended) // 2], ended[-1]
        found: dict[str, Any] = {
            "coordinator_growth_mb": max(spent.memory) - spent.memory[len(spent.memory) // 10],
            "many_slowdown": (last - middle) / (middle - first),
        }
        return found if spent.cpu is None else {**found, "many_cpu_ms": 1000 * spent.cpu / count}

    @property
    def parts(self) -> Mapping[str, Callable[[], dict[str, Any]]]:
        """What can be measured, by name."""
        return {name: getattr(self, name) for name in ("plain", "keras", "shared", "cnn2", "recheck", "many")}


def _print_times(name: str, spent: Mapping[str, Mapping[str, float]], remark: str) -> None:
    table = Table(title=f"Where the time goes: seconds of one submission ({name})", caption=remark)
    table.add_column("")
    for column in time_spent.COLUMNS:
        table.add_column(column, justify="right")
    for grader, seconds in spent.items():
        cells = (f"{seconds[column]:.3f}" if column in seconds else "" for column in time_spent.COLUMNS)
        table.add_row(grader, *cells)
    Console().print(table)


def main() -> None:
    """Measure, print, and write `bench.json`."""
    name, *parts = sys.argv[1:] or ["full"]
    head = {"size": name, "machine": f"{platform.machine()}, {cores()} cores"}
    before = json.loads(FIGURES.read_text()) if parts and FIGURES.exists() else {}
    figures: dict[str, Any] = {**before, **head} if before.get("size") == name else head
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(SIZES[name], Path(folder))
        if unknown := set(parts) - set(bench.parts):
            sys.exit(f"there is no part {', '.join(sorted(unknown))}: expected some of {', '.join(bench.parts)}")
        for part, measure in bench.parts.items():
            if not parts or part in parts:
                figures |= measure()
                FIGURES.write_text(json.dumps(figures, indent=2) + "\n")  # so that an interrupted run keeps what it has
    table = Table(title=f"Pace of a class ({name} size; {head['machine']})")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for figure, value in figures.items():
        if isinstance(value, (int, float)):
            table.add_row(figure, f"{value:,.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
