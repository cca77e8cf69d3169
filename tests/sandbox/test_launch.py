"""Starting and ending sandboxes: limits of time, reasons, and nothing that survives."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import autograder
from autograder.errors import SandboxUnavailable
from autograder.records import Limits
from autograder.sandbox.host import bubblewrap, launch, running
from tests.normal_user import ROOT, RunInSandbox
from tests.sandboxes import processes, read_reports, run_in_sandbox, run_lines, wait_for

REPOSITORY = Path(autograder.__file__).parents[1]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_processor_time(anyone: RunInSandbox) -> None:
    ending = anyone("while True: pass", cpu_seconds=1).ending
    assert ending.status == "timed_out"
    assert "more than 1 s of processor time" in ending.message


@pytest.mark.parametrize("lines", ["while True: pass", "import time\nwhile True: time.sleep(1)"])
def test_wall_clock(monkeypatch: pytest.MonkeyPatch, lines: str) -> None:
    launch.check_sandbox()
    monkeypatch.setattr(running, "START_SECONDS", 0.0)
    started = time.monotonic()
    ending = run_in_sandbox(lines, wall_seconds=0.5).ending
    assert ending.status == "timed_out"
    assert ending.message.startswith("The notebook ran longer than 0.5 s")
    assert 0.5 < time.monotonic() - started < 5


def test_the_wall_clock_gives_python_time_to_start() -> None:
    assert run_in_sandbox("report(1)", wall_seconds=0.001).reported == [1]


def test_sleep_counts_only_while_the_grader_waits_for_an_answer() -> None:
    with launch.open_sandbox(Limits(), module="code", slot=1) as sandbox:
        run_lines(sandbox, "report('here')")
        wait_for(sandbox, "here")
        sandbox.begin("one cell", 0.3, 0)
        run_lines(sandbox, "report('answered')")
        time.sleep(1.5)  # a grader that is too busy to read
        wait_for(sandbox, "answered")
        sandbox.begin("one cell", 0.3, 0)
        sandbox.pause()
        time.sleep(1.5)  # a grader that runs a case
        run_lines(sandbox, "report('alive')")
        wait_for(sandbox, "alive")
        assert sandbox.close().status == "exited"
    with launch.open_sandbox(Limits(), module="code", slot=1) as sandbox:
        sandbox.begin("one cell", 0.3, 0)
        run_lines(sandbox, "import time; time.sleep(60)")
        assert read_reports(sandbox) == []
        assert "slept for more than 0.3 s" in sandbox.close().message


def test_a_writer_is_released_when_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    launch.check_sandbox()
    monkeypatch.setattr(running, "START_SECONDS", 0.0)
    with launch.open_sandbox(Limits(wall_seconds=0.5), module="code", slot=1) as sandbox:
        run_lines(sandbox, "import time; time.sleep(30)")
        with pytest.raises(BrokenPipeError):
            while True:
                os.write(sandbox.requests, bytes(1 << 20))
    assert sandbox.close().status == "timed_out"


# ------------------------------------------------------------ ends


@pytest.mark.parametrize(
    ("lines", "status", "code", "message"),
    [
        ("os._exit(0)", "exited", 0, ""),
        ("os._exit(3)", "exited", 3, "Python ended with exit status 3."),
        ("import ctypes; ctypes.string_at(0)", "crashed", 139, "Python was ended by SIGSEGV."),
        ("os.abort()", "crashed", 134, "Python was ended by SIGABRT."),
        ("os.kill(os.getpid(), 9)", "crashed", 137, "Python was killed, and not by the grader"),
    ],
)
def test_how_it_ended(anyone: RunInSandbox, lines: str, status: str, code: int, message: str) -> None:
    ending = anyone(lines).ending
    assert (ending.status, ending.code) == (status, code)
    assert ending.message.startswith(message) and (message or not ending.message)


def test_closing_a_sandbox_in_use() -> None:
    with launch.open_sandbox(Limits(), module="code", slot=1) as sandbox:
        run_lines(sandbox, "report('here')\nimport time\ntime.sleep(60)")
        wait_for(sandbox, "here")
        assert sandbox.ending is None
        started = time.monotonic()
        ending = sandbox.close()
    assert time.monotonic() - started < 1
    assert (ending.status, ending.code, ending.message) == ("exited", None, "")
    assert sandbox.ending is ending
    assert sandbox.close() is ending


def test_a_sandbox_that_cannot_be_killed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = launch.open_sandbox(Limits(), module="code", slot=1)
    run_lines(sandbox, "report('busy')\nimport time; time.sleep(60)")
    wait_for(sandbox, "busy")
    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "_kill_tree", lambda: None)
        patched.setattr(running, "KILL_SECONDS", 0.1)
        with pytest.raises(SandboxUnavailable, match="outlived SIGKILL"):
            sandbox.close()
    assert sandbox.ending is None
    sandbox.close()


def test_the_first_reason_counts() -> None:
    with launch.open_sandbox(Limits(), module="code", slot=1) as sandbox:
        run_lines(sandbox, "import time; time.sleep(60)")
        sandbox.kill("crashed", "too much output")
        sandbox.kill("timed_out", "later")
        assert read_reports(sandbox) == []
        ending = sandbox.close()
    assert (ending.status, ending.code, ending.message) == ("crashed", None, "too much output")


def test_a_gigabyte_on_stderr_changes_nothing(anyone: RunInSandbox) -> None:
    answer = anyone(
        """
for _ in range(1024):
    os.write(2, b"noise\\n" * 174763)
os.write(2, b"the very end")
report("done")
"""
    )
    assert answer.reported == ["done"]
    assert answer.ending.status == "exited"
    assert len(answer.ending.stderr_tail) <= 4096
    assert "the very end" in answer.ending.stderr_tail


@pytest.mark.parametrize("parent_lives", [True, False])
def test_daemons_die_with_the_sandbox(marker: str, parent_lives: bool) -> None:
    with launch.open_sandbox(Limits(), module="code", slot=1) as sandbox:
        run_lines(
            sandbox,
            f"""
import signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.closerange(0, 100)
    os.execv("/usr/bin/sleep", ["sleep", "{marker}"])
time.sleep(0.3)
report("ready")
if {parent_lives}:
    time.sleep(60)
os._exit(0)
""",
        )
        if parent_lives:
            wait_for(sandbox, "ready")
            assert len(processes(f"sleep\0{marker}")) == 1
        else:
            assert read_reports(sandbox) == ["ready"]
        sandbox.close()
    assert processes(marker) == []


def test_killed_while_it_starts(marker: str) -> None:
    """Bubblewrap takes some 12 ms to start; killed meanwhile, it must not leave a half-made sandbox behind."""
    for number in range(60):
        sandbox = launch.open_sandbox(Limits(), module=f"nothing_{marker}", slot=1)
        time.sleep(number * 0.0002)
        sandbox.close()
        assert processes(marker) == []


def test_an_exception_while_it_starts_leaves_nothing(marker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    launch.check_sandbox()

    def interrupt(text: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(launch.json, "loads", interrupt)
    before = open_files()
    with pytest.raises(KeyboardInterrupt):
        launch.open_sandbox(Limits(), module=f"nothing_{marker}", slot=1)
    deadline = time.monotonic() + 2
    while processes(marker) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes(marker) == []
    assert open_files() == before


def test_the_sandbox_dies_with_the_grader(marker: str) -> None:
    grader = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"""
import os, time
from autograder.records import Limits
from autograder.sandbox.host import launch
sandbox = launch.open_sandbox(Limits(), module="code", slot=1)
os.write(sandbox.requests, b"import os; os.execv('/usr/bin/sleep', ['sleep', '{marker}'])\\n")
time.sleep(60)
""",
        ],
        cwd=REPOSITORY,
    )
    deadline = time.monotonic() + 20
    while not processes(f"sleep\0{marker}"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    deadline = time.monotonic() + 5
    while processes(f"sleep\0{marker}") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes(f"sleep\0{marker}") == []


def test_a_grader_that_is_killed_while_it_starts_a_sandbox_leaves_nothing(marker: str) -> None:
    """Killed at any moment of the start, at which the sandbox is not yet set up to die with its grader."""
    script = f"""
from autograder.records import Limits
from autograder.sandbox.host import launch
launch.bubblewrap.find_bubblewrap()
print(flush=True)
launch._open(Limits(), module="nothing_{marker}", slot=1)
"""
    for number in range(40):
        with subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE) as grader:
            grader.stdout.readline()
            time.sleep(number * 0.0005)
            grader.kill()
    deadline = time.monotonic() + 60
    while processes(marker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes(marker) == []


def kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def test_bubblewrap_that_is_killed_while_it_starts_is_noticed(marker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at any moment of the start, in some of which its child would wait for it for ever."""
    launch.check_sandbox()
    guard = launch._guard
    for number in range(60):

        def guard_and_kill(group: int, seconds: float = number * 0.0003) -> subprocess.Popen[bytes]:
            threading.Timer(seconds, kill, (group,)).start()
            return guard(group)

        monkeypatch.setattr(launch, "_guard", guard_and_kill)
        with launch._open(Limits(), module=f"nothing_{marker}", slot=1) as sandbox:
            while os.read(sandbox.results, 4096):
                pass
            assert sandbox.close().status in ("crashed", "exited")  # the latter if it ended before
    assert processes(marker) == []


@pytest.mark.parametrize("message", ["", '{"child-pid":', '{"child-pid": %d}'])
def test_what_bubblewrap_leaves_behind_ends_with_it(
    marker: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died when its child had not yet asked to die with it, before or after it said who its child is."""
    launch.check_sandbox()
    fake = tmp_path / "bwrap"
    fake.write_text(
        f"#!{sys.executable}\nimport os, subprocess, sys\n"
        "words = open(int(sys.argv[2])).read().split(chr(0))\n"
        f"child = subprocess.Popen(['sleep', '{marker}'], close_fds=False).pid\n"
        "info = int(words[words.index('--info-fd') + 1])\n"
        f"os.write(info, {message!r}.replace('%d', str(child)).encode())\n"
        "os.kill(os.getpid(), 9)\n"
    )
    fake.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "find_bubblewrap", lambda: fake)
    with launch._open(Limits(), module="code", slot=1) as sandbox:
        assert os.read(sandbox.results, 4096) == b""
        assert sandbox.close().status == "crashed"
    assert processes(f"sleep\0{marker}") == []


def test_a_grader_keeps_no_file_descriptors_or_threads() -> None:
    run_in_sandbox("pass")
    before = open_files(), threading.active_count()
    for _ in range(5):
        run_in_sandbox("pass")
    assert (open_files(), threading.active_count()) == before


def test_many_sandboxes_at_once() -> None:
    opened = [launch.open_sandbox(Limits(), module="code", slot=slot) for slot in range(6)]
    for sandbox in opened:
        run_lines(sandbox, "report(os.getuid())\nos._exit(0)")
    uids = [read_reports(sandbox)[0] for sandbox in opened]
    assert [sandbox.close().code for sandbox in opened] == [0] * 6
    assert len(set(uids)) == (6 if ROOT else 1), "as root each sandbox has a user of its own"
    assert all(60000 <= uid < 65000 for uid in uids) if ROOT else uids == [1000] * 6


@pytest.mark.parametrize("slot", [-1, 5000])
def test_slots_are_bounded(slot: int) -> None:
    with pytest.raises(ValueError, match="slot must be from 0 to 4999"):
        launch.open_sandbox(Limits(), module="code", slot=slot)
