"""Whether a class gets the same grades on a busy machine as on an idle one.

    python -m tests.bench.load [PROCESSES]

A small class is graded alone, then beside PROCESSES (20) processes that compute without end, at normal priority. Exit
status 1 where a status or a point differs.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from autograder.records import Limits
from tests import notebooks as nb
from tests.busy import busy_machine
from tests.golden.snapshot import reduced

# The import takes most of a cell's limit, so that a limit in wall-clock time would be reached beside few processes.
LIMITS = Limits(cell_seconds=20, call_seconds=2)
KERAS = nb.code("import keras\nimport numpy as np")
SLOW_LABELS = nb.RIGHT_LABELS.replace("return", "sum(range(20_000_000)); return")
WORK = f"total = sum(range(60_000_000))\n{nb.RIGHT_NUMBER}"
CLASS = {
    "perfect": nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS),
    "blank": nb.answers(),
    "imports_keras": [KERAS, nb.code(nb.RIGHT_NUMBER, "answer:number"), nb.code(nb.RIGHT_LABELS, "answer:labels")],
    "computes": nb.answers(WORK, nb.RIGHT_LABELS),
    "calls_compute": nb.answers(
        nb.RIGHT_NUMBER, f"{nb.RIGHT_LABELS.replace('return', 'sum(range(20_000_000)); return')}"
    ),
    "endless": nb.answers("while True:\n    pass", nb.RIGHT_LABELS),
    "crashes": nb.answers("import os; os._exit(1)", nb.RIGHT_LABELS),
    "lacks_a_package": nb.answers(f"import nopackage_of_this_name\n{nb.RIGHT_NUMBER}", nb.RIGHT_LABELS),
}


def grade(bundle: Path, source: Path, out: Path) -> tuple[dict[str, dict[str, Any]], float]:
    """What everybody got, and how many seconds it took."""
    began = time.perf_counter()
    done = nb.autograder("grade", bundle, source, "-o", out, "--workers", 2, env={**os.environ})
    if not (out / "grades.json").exists():
        sys.exit(done.stderr)
    return nb.grades(out), time.perf_counter() - began


def main() -> None:
    """Grade twice, compare, and print what came out."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        bundle = nb.small_bundle(root / "small", LIMITS)
        for student, cells in CLASS.items():
            nb.write_notebook(root / "class" / f"{student}.ipynb", *cells)
        alone, seconds_alone = grade(bundle, root / "class", root / "alone")
        with busy_machine(count):
            loaded, seconds_loaded = grade(bundle, root / "class", root / "loaded")
    differ = [student for student in CLASS if reduced(alone)[student] != reduced(loaded)[student]]
    table = Table(title=f"Alone ({seconds_alone:.0f} s) and beside {count} busy processes ({seconds_loaded:.0f} s)")
    for header in ("student", "alone", "busy", ""):
        table.add_column(header)
    for student in CLASS:
        results = [f"{entry['score']:g} {entry['status']}" for entry in (alone[student], loaded[student])]
        table.add_row(student, *results, "differs" if student in differ else "")
    Console().print(table)
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
