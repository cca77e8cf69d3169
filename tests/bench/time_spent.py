"""Where the time of one submission goes: in this grader, in `otter run`, and in `nbgrader autograde`.

`start` is all before the notebook's first cell, `cells` what the student's own cells take, `wire` what brings values
out of the sandbox, `cases` the checks, `page` a student's feedback (of the others all that comes after the last cell),
`rest` a submission's share of what the whole command takes beside. Seconds; medians.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.feedback import student_page
from autograder.grading.results.output_folder import OutputFolder
from tests.bench.exercise import PEERS, PEERS_VARIABLES, WORKERS, Exercise
from tests.bench.measured import Spent, run

COLUMNS = ("start", "cells", "wire", "cases", "page", "rest", "total")
DRIVER = Path(__file__).with_name("timed_cells.py")


def of_ours(out: Path, spent: Spent, *, workers: int = WORKERS) -> dict[str, float]:
    """Of the submissions in an output folder, and of the command that graded them at a time for each worker."""
    rows, pages = [], []
    with OutputFolder.reopen(out) as folder:
        for stored in folder.entries():
            execution = folder.run(stored)
            began = time.perf_counter()
            student_page.render(folder.assignment, stored, execution)
            pages.append(time.perf_counter() - began)
            phases = execution.phases
            known = [phases.get(name, 0.0) for name in ("start", "cells", "cases")]
            rows.append([*known[:2], execution.wall_seconds - sum(known), known[2]])
    found = dict(zip(("start", "cells", "wire", "cases"), map(statistics.median, zip(*rows, strict=True)), strict=True))
    found["page"] = statistics.median(pages)
    found["total"] = spent.wall * workers / len(rows)
    found["rest"] = found["total"] - sum(found[name] for name in COLUMNS[:5])
    return found


def of_otter(exercise: Exercise, notebook: Path) -> dict[str, float]:
    """Of `otter run` of a submission."""
    return _timed(exercise, [sys.executable, *exercise.otter(notebook)], exercise.work, {}, notebook.stem)


def of_nbgrader(exercise: Exercise, times: int) -> dict[str, float]:
    """Of `nbgrader autograde`, which is installed."""
    course = exercise.nbgrader()
    command = [PEERS / "bin" / "python", "nbgrader", "autograde", "ps1", "--force"]
    variables = {**PEERS_VARIABLES, "JUPYTER_PATH": str(course / "jupyter")}
    return medians([_timed(exercise, command, course, variables, str(number)) for number in range(times)])


def _timed(
    exercise: Exercise, command: Sequence[object], work: Path, variables: Mapping[str, str], name: str
) -> dict[str, float]:
    python, module, *arguments = command
    log = exercise.work / f"{module}-{name}.jsonl"
    began = time.time()
    run([python, DRIVER, log, module, *arguments], work, environment=variables)
    ended = time.time()
    cells = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    own = {cell.source for cell in exercise.solution.cells}
    seconds = {True: 0.0, False: 0.0}
    for source, cell_began, cell_ended in cells:
        seconds[source.partition("\n# SUBMISSION")[0] in own] += cell_ended - cell_began
    found = {
        "start": cells[0][1] - began,
        "cells": seconds[True],
        "cases": seconds[False],
        "page": ended - cells[-1][2],
    }
    rest = ended - began - sum(found.values())
    return {**found, "rest": rest, "total": ended - began}


def medians(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Of several submissions."""
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}
