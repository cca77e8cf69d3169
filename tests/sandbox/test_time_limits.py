"""Limits of time: they count what the notebook's own processes use, whatever else the machine does."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.grading.cases.bundle import load_bundle
from autograder.grading.execution.submission_grading import grade_one
from autograder.grading.intake.submissions import read_notebook
from autograder.records import Cell, Execution, Limits
from autograder.sandbox.host import watchdog
from autograder.sandbox.host.session import CallFailed, Session
from autograder.sandbox.wire.values import Function
from tests import notebooks as nb

BUSY = "import time\nstarted = time.process_time()\nwhile time.process_time() - started < {}: pass"


def run(*sources: str, during: Callable[[Session], None] = lambda session: None, **limits: float) -> Execution:
    """Run cells in a real sandbox; `during` is called beside it."""
    with Session(Limits(**{"memory_mb": 700, "cell_seconds": 1, **limits}), slot=3) as session:
        beside = threading.Thread(target=during, args=(session,))
        beside.start()
        execution = session.run([Cell("code", source) for source in sources], {})
        beside.join()
    return execution


def test_a_cell_that_computes_too_long_is_interrupted_and_the_next_one_runs() -> None:
    execution = run("x = 1", BUSY.format(60), "print(x)")
    x, busy, shown = execution.cells
    assert busy.error == "CellTimeout: more than 1 s of processor time, the limit for one cell"
    assert 0.8 < busy.cpu_seconds < 3
    assert x.cpu_seconds < 0.5
    assert shown.outputs[0]["text"] == "1\n"
    assert (execution.status, execution.stopped_in, execution.unjustified) == ("completed", None, False)
    assert execution.cpu_seconds >= busy.cpu_seconds


def test_processor_time_of_child_processes_counts() -> None:
    """Here in many short ones, of which the watchdog sees few alive."""
    child = "[sys.executable, '-Sc', 'for _ in range(900_000): pass']"
    execution = run("x = 1", f"import subprocess, sys\nwhile True: subprocess.run({child})", "y = 2")
    assert execution.status == "timed_out"
    assert execution.stopped_in == 1
    assert not execution.unjustified
    assert "more than 1 s of processor time, the limit for one cell" in execution.message
    assert execution.message.endswith("The notebook was stopped in code cell 2 of 3.")
    assert execution.cpu_seconds > 3


def test_all_cells_have_a_limit_together() -> None:
    execution = run(*[BUSY.format(1)] * 4, cpu_seconds=3, cell_seconds=9)
    assert execution.status == "timed_out"
    assert "more than 3 s of processor time, the limit for all cells together" in execution.message
    assert not execution.unjustified


@pytest.mark.parametrize(
    "waits", ["import threading\nthreading.Event().wait()", "import os\nos.kill(os.getpid(), 19)  # SIGSTOP"]
)
def test_a_cell_that_sleeps_for_ever_is_ended_and_asks_for_a_look(waits: str) -> None:
    execution = run("x = 1", waits)
    assert (execution.status, execution.stopped_in) == ("timed_out", 1)
    assert "slept for more than 1 s, the limit for one cell" in execution.message
    assert execution.unjustified


def test_time_in_which_the_machine_does_something_else_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is suspended for longer than any limit, which stands for a machine that is busy for a long time."""
    monkeypatch.setattr(watchdog, "ASLEEP", "SZX")

    def suspend(session: Session) -> None:
        while session._current != 1:
            time.sleep(0.01)
        first = session._sandbox._tree._first
        (worker,) = map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())
        os.kill(worker, signal.SIGSTOP)
        time.sleep(4.5)
        os.kill(worker, signal.SIGCONT)

    execution = run("x = 1", BUSY.format(0.3), "x = 2", during=suspend)
    assert (execution.status, execution.message, execution.unjustified) == ("completed", "", False)
    assert [cell.error for cell in execution.cells] == ["", "", ""]
    assert execution.wall_seconds > 4.5 > 3 > execution.cpu_seconds


def test_a_time_out_that_the_host_did_not_see_is_doubted() -> None:
    execution = run("class CellTimeout(Exception): pass\nraise CellTimeout('so long')")
    assert execution.cells[0].error == "CellTimeout: so long"
    assert execution.unjustified


CALLED = """
def forever(x):
    while True: pass

def in_a_child(x):
    import subprocess
    subprocess.run(["/bin/sh", "-c", "while true; do true; done"])

def sleeps(x):
    import time
    time.sleep(3600)
"""


@pytest.mark.parametrize(
    ("function", "message", "unjustified"),
    [
        (
            "forever",
            "`forever` used more than 1 s of processor time in one call.",
            False,
        ),
        (
            "in_a_child",
            "`in_a_child` did not return. The notebook used more than 1 s of processor time, the limit for one call",
            False,
        ),
        ("sleeps", "`sleeps` did not return. The notebook slept for more than 1 s, the limit for one call", True),
    ],
)
def test_calls_have_a_limit_of_their_own(function: str, message: str, unjustified: bool) -> None:
    with Session(Limits(memory_mb=700, cell_seconds=3, call_seconds=1), slot=3) as session:
        session.run([Cell("code", CALLED)], {0: [("q", [function])]})
        taken = session.taken("q", [function])[function]
        assert isinstance(taken, Function)
        with pytest.raises(CallFailed) as failed:
            session.call(taken.id, taken.name, [1], lambda part: part)
        assert str(failed.value).startswith(message)
        assert session.unjustified is unjustified
        assert not session.broken


def test_a_call_that_only_sleeps_asks_for_a_look(tmp_path: Path) -> None:
    bundle = load_bundle(nb.small_bundle(tmp_path / "small"))
    source = nb.write_notebook(
        tmp_path / "ada.ipynb", *nb.answers(nb.RIGHT_NUMBER, "import time\ndef to_labels(p): time.sleep(999)")
    )
    graded = grade_one(bundle, read_notebook(source, student="ada"), slot=3)
    assert (graded.grade.status, graded.again) == ("needs_review", True)
    assert graded.execution.status == "completed"
    assert "although it had used little processor time" in graded.grade.message
