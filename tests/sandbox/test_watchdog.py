"""Memory of a whole process tree, with real trees."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from autograder.sandbox.host import launch, watchdog
from tests.normal_user import RunInSandbox
from tests.sandboxes import run_in_sandbox

HOLD = """
import time
def hold(mib):
    block = bytearray(mib << 20)
    block[::4096] = b"x" * len(block[::4096])
    return block
"""


def memory_mb(first: int, limit_mb: float) -> float:
    tree = watchdog.ProcessTree(first)
    tree.measure(limit_mb)
    return tree.memory_mb


def test_memory_of_a_tree(anyone: RunInSandbox) -> None:
    """Four processes that are each within the limit."""
    answer = anyone(
        HOLD
        + """
for _ in range(3):
    if os.fork() == 0:
        break
block = hold(120)
time.sleep(60)
""",
        memory_mb=300,
    )
    assert answer.ending.status == "out_of_memory"
    assert answer.ending.code is None
    assert "the limit is 300 MiB" in answer.ending.message
    assert 300 < answer.ending.peak_memory_mb < 560


def test_shared_memory_counts_once(anyone: RunInSandbox) -> None:
    answer = anyone(
        HOLD
        + """
block = hold(150)
for _ in range(3):
    if os.fork() == 0:
        time.sleep(30)
time.sleep(0.6)
report("alive")
""",
        memory_mb=300,
    )
    assert (answer.reported, answer.ending.status) == (["alive"], "exited")


def test_a_process_that_hides_its_memory_is_counted(anyone: RunInSandbox) -> None:
    answer = anyone(
        HOLD
        + """
import ctypes
ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: others of the same user cannot read its /proc
block = hold(200)
time.sleep(30)
""",
        memory_mb=100,
    )
    assert answer.ending.status == "out_of_memory"


def test_memory_of_a_process_whose_main_thread_has_ended_is_counted(anyone: RunInSandbox) -> None:
    answer = anyone(
        HOLD
        + """
import ctypes, threading
if os.fork() == 0:
    def go_on():
        block = hold(200)
        time.sleep(30)
    threading.Thread(target=go_on).start()
    ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0)  # exit, of this thread alone
time.sleep(30)
""",
        memory_mb=100,
    )
    assert answer.ending.status == "out_of_memory"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(
            "import mmap\nkept = [mmap.mmap(-1, 4096, prot=1 + number % 2) for number in range(60_000)]\n"
            "for _ in range(8):\n    if os.fork() == 0: break",
            id="mappings",
        ),
        pytest.param("for number in range(40_000): open(f'/tmp/{number}', 'w').close()", id="empty files"),
        pytest.param("import socket\npairs = [socket.socketpair() for _ in range(240)]", id="sockets"),
    ],
)
def test_memory_of_the_kernel_is_counted(anyone: RunInSandbox, lines: str) -> None:
    answer = anyone(f"{lines}\nimport time\ntime.sleep(30)", memory_mb=80)
    assert answer.ending.status == "out_of_memory"


def test_a_machine_that_runs_out_of_memory_is_not_the_notebooks_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    launch.check_sandbox()
    monkeypatch.setattr(watchdog, "available_mb", lambda: (90.0, 16_000.0))
    ending = run_in_sandbox(HOLD + "block = hold(200)\ntime.sleep(30)", memory_mb=1000).ending
    assert (ending.status, ending.unjustified) == ("out_of_memory", True)
    assert "The grader's machine ran out of memory" in ending.message
    small = run_in_sandbox("report(1)\nimport time; time.sleep(0.5)", memory_mb=1000)
    assert (small.reported, small.ending.status) == ([1], "exited"), "what uses little of its limit goes on"


def test_an_absurd_array_is_an_exception_in_the_cell(anyone: RunInSandbox) -> None:
    answer = anyone(
        """
try:
    bytearray(10 << 30)
except MemoryError:
    report("MemoryError")
""",
        memory_mb=500,
    )
    assert (answer.reported, answer.ending.status) == (["MemoryError"], "exited")


def test_unreadable_shares_are_counted_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = memory_mb(os.getpid(), 0)
    read = Path.read_text

    def refuse(path: Path, **options: str) -> str:
        if path.name == "smaps_rollup":
            raise PermissionError
        return read(path, **options)

    monkeypatch.setattr(Path, "read_text", refuse)
    assert memory_mb(os.getpid(), 0) >= exact > 5


def test_inodes_outside_of_the_sandbox_do_not_count() -> None:
    """A sandbox that is not set up yet still has this machine's root."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as alone:
        alone.stdin.write(b"x")
        assert alone.stdout.read(1) == b"x", "it runs by now, and has memory"
        assert 0 < memory_mb(alone.pid, 10**6) < 30


def test_a_process_that_has_ended_uses_nothing() -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    assert memory_mb(ended.pid, 1) == 0


@pytest.mark.parametrize("error", [PermissionError("no"), ValueError("a bug of ours")])
def test_a_tree_that_cannot_be_measured_ends(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(tree: watchdog.ProcessTree, limit_mb: float) -> None:
        raise error

    launch.check_sandbox()
    monkeypatch.setattr(watchdog.ProcessTree, "measure", refuse)
    ending = run_in_sandbox("import time; time.sleep(30)").ending
    assert ending.status == "crashed"
    assert "could not measure" in ending.message
