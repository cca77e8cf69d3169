"""Runs another grader, and writes when each cell of the notebook began and ended: for `tests.bench.time_spent`.

    python timed_cells.py FILE MODULE [ARGUMENT ...]

It runs in the environment of that grader, which executes notebooks by nbclient.
"""

import json
import runpy
import sys
import time
from pathlib import Path

from nbclient import NotebookClient


def main() -> None:
    """Run `python -m MODULE ARGUMENT ...`; FILE gets a line for each cell: source, begin and end in seconds."""
    _, log, module, *arguments = sys.argv
    execute_cell = NotebookClient.execute_cell

    def timed(self, cell, *args, **options):
        source, began = cell.source, time.time()
        try:
            return execute_cell(self, cell, *args, **options)
        finally:
            with Path(log).open("a", encoding="utf-8") as file:
                file.write(json.dumps([source, began, time.time()]) + "\n")

    NotebookClient.execute_cell = timed
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
