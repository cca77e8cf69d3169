"""Runs a notebook, and again without a cell in which the run ended early, so that the rest is graded. Trusted side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from autograder.grading.execution.causes import stopped, without_ended
from autograder.language import gettext as _
from autograder.records import Cell, Execution, Limits
from autograder.sandbox.host.session import Session
from autograder.wording import cell_name, listed

__all__ = ["MAX_RUNS", "run_notebook"]

MAX_RUNS = 3


@contextmanager
def run_notebook(
    limits: Limits,
    cells: Sequence[Cell],
    takes: Mapping[int, Sequence[tuple[str, Sequence[str]]]],
    *,
    slot: int,
    files: Mapping[str, bytes],
    modules: Sequence[str] | None,
    keeps: bool,
    single: bool,
) -> Iterator[tuple[Session, Execution]]:
    """Run a notebook until it gets to its end: at most three times, each time without the cell that ended the last.

    No run begins after the time of two.

    A cell that is left out counts as one that raised. It keeps what it had shown.

    Args:
        limits: What each run may use.
        cells: The submission's cells.
        takes: Position in `cells` → the questions, with their names, to take when that cell has run.
        slot: Number of the grader's worker.
        files: Relative path → content of what lies beside the notebook.
        modules: Are imported already; None for new processes.
        keeps: Whether what it sends is to be kept.
        single: Whether nothing is to be imported for several.

    Yields:
        The last run, whose functions can be called, and what all of them gave; how it ended and what the student reads
        of that is the first's.

    Raises:
        SandboxUnavailable: This machine cannot run a sandbox.
    """
    ended: dict[int, Cell] = {}
    runs: list[Execution] = []
    while True:
        left = without_ended([ended.get(at, cell) for at, cell in enumerate(cells)])
        with Session(limits, slot=slot, files=files, modules=modules, keeps=keeps, single=single) as session:
            run = session.run(left, takes)
            runs.append(run)
            at = _ended_in(run)
            spent = len(runs) == MAX_RUNS or sum(each.wall_seconds for each in runs) > 2 * limits.wall_seconds
            if session.broken or at is None or at in ended or spent:
                yield session, _merged(runs, cells, ended)
                return
            ended[at] = stopped(run.cells[at], run)


def _ended_in(run: Execution) -> int | None:
    """Where a run ended early: in a cell, or through what the last one left behind; None where it got to its end."""
    if run.status == "completed" or run.stopped_in is not None:
        return run.stopped_in
    return max((at for at, cell in enumerate(run.cells) if cell.execution_count is not None), default=None)


def _merged(runs: Sequence[Execution], cells: Sequence[Cell], ended: Mapping[int, Cell]) -> Execution:
    first, last = runs[0], runs[-1]
    shown = [replace(ended[at], source=cells[at].source) if at in ended else cell for at, cell in enumerate(last.cells)]
    message = first.message
    if ended:
        without = listed([cell_name(cells, at) for at in sorted(ended)])
        message += _(" It was run again without {without}, and graded by that.").format(without=without)
    if ended and last.status != "completed":
        message += _(" That run did not get to its end either. {message}").format(message=last.message)
    at = _ended_in(last)
    if at is not None and at not in ended:
        shown[at] = stopped(shown[at], last)
    return replace(
        first,
        message=message,
        cells=tuple(shown),
        wall_seconds=sum(run.wall_seconds for run in runs),
        cpu_seconds=sum(run.cpu_seconds for run in runs),
        unjustified=any(run.unjustified for run in runs),
        phases=last.phases,
    )
