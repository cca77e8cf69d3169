"""Sandboxes that are forked from one process: apart from each other, from that process, and from this machine."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import autograder
from autograder.errors import SandboxUnavailable
from autograder.records import Limits
from autograder.sandbox.host import bubblewrap, launch, running, seccomp
from autograder.sandbox.host.fork_server import ForkServer
from tests.sandboxes import read_reports, run_lines, wait_for

REPOSITORY = Path(autograder.__file__).parents[1]
LIMITS = Limits(wall_seconds=300)


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    launch.check_sandbox()
    server = ForkServer(LIMITS, slot=5, profile=bubblewrap.EVALUATION, preload=["code", "numpy"])
    yield server
    server.close()


def fork(server: ForkServer, limits: Limits = LIMITS) -> running.Sandbox:
    return launch.watched(limits, lambda group: server.fork(limits, program="code:interact", group=group))


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def answers(server: ForkServer, lines: str) -> list[object]:
    with fork(server) as sandbox:
        run_lines(sandbox, lines)
        run_lines(sandbox, "os._exit(0)")
        return read_reports(sandbox)


def test_what_a_forked_process_sees(server: ForkServer, tmp_path: Path) -> None:
    """No process, no network, no file of the grader's, nothing to write to, no rights, and no way to get some."""
    (tmp_path / "canary").write_text("a hidden label")
    report = answers(
        server,
        f"""
import ctypes, socket
def outcome(do):
    try:
        return do() and "possible"
    except OSError as error:
        return error.strerror
    except ImportError as error:
        return "no such module"
libc = ctypes.CDLL(None, use_errno=True)
report(os.getpid())
report([os.listdir("/proc"), os.listdir("/proc/self")])
report(sorted(os.listdir("/opt/sandbox/autograder")))
report(outcome(lambda: open({str(tmp_path / "canary")!r})))
folders = ("/", "/tmp", "/dev/shm", "/dev", "/proc", "/etc")
report(sorted({{outcome(lambda: open(folder + "/new", "w")) for folder in folders}}))
report(outcome(lambda: socket.socket(socket.AF_INET)))
report([fd for fd in range(100) if outcome(lambda: os.fstat(fd)) == "possible"])
namespaces = [libc.unshare(0x10000000), libc.unshare(0x00020000)]
report([*namespaces, libc.mount(b"none", b"/tmp", b"tmpfs", 0, None), libc.ptrace(16, 1, 0, 0)])
report(outcome(lambda: __import__("autograder.grading")))
report(sorted(os.environ))
""",
    )
    pid, proc, parts, canary, writing, network, files, calls, module, environment = report
    assert pid == 2
    assert proc == [["self"], ["exe"]]
    modules = ["__init__.py", "errors.py", "evidence.py", "language.py", "object_view.py", "records.py", "wording.py"]
    assert parts == sorted([*modules, "locale", "networks", "sandbox"])
    assert canary == "No such file or directory"
    assert writing == ["No such file or directory", "Read-only file system"] or writing == ["Read-only file system"]
    assert network == "Address family not supported by protocol"
    assert files == [0, 1, 2]
    assert calls == [-1, -1, -1, -1]
    assert module == "no such module"
    assert "PYTHONPATH" in environment
    assert not {"HOSTNAME", "USER", "VIRTUAL_ENV"} & set(environment)


def test_forked_processes_are_apart(server: ForkServer) -> None:
    """One can neither signal nor outlive another; the end of one changes nothing for the next."""
    with fork(server) as one, fork(server) as other:
        run_lines(other, "report('here')")
        wait_for(other, "here")
        run_lines(
            one,
            """
import signal
reached = []
for pid in [-1, 1, *range(3, 200)]:
    try:
        os.kill(pid, signal.SIGKILL)
        reached.append(pid)
    except (ProcessLookupError, PermissionError):
        pass
report(reached)
if os.fork() == 0:
    os.setsid()
    os.closerange(0, 3)
    import time
    time.sleep(600)
os._exit(3)
""",
        )
        assert read_reports(one) in ([[1]], [[-1, 1]])  # its own init, which the kernel protects
        ending = one.close()
        assert (ending.status, ending.code) == ("exited", 3)
        run_lines(other, "report('still here')")
        wait_for(other, "still here")
    assert answers(server, "report(os.getpid())") == [2]


def test_how_a_forked_process_ended(server: ForkServer) -> None:
    for lines, status, code in (
        ("os._exit(0)", "exited", 0),
        ("import ctypes; ctypes.string_at(0)", "crashed", 139),
        ("os.abort()", "crashed", 134),
    ):
        with fork(server) as sandbox:
            run_lines(sandbox, lines)
            assert read_reports(sandbox) == []
            ending = sandbox.close()
        assert (ending.status, ending.code) == (status, code)


def test_limits_of_a_forked_process(server: ForkServer) -> None:
    with fork(server, Limits(cpu_seconds=1)) as sandbox:
        run_lines(sandbox, "while True: pass")
        read_reports(sandbox)
        assert "more than 1 s of processor time" in sandbox.close().message
    with fork(server, Limits(memory_mb=200)) as sandbox:
        run_lines(sandbox, "kept = bytes(range(256)) * (1 << 21)\nimport time; time.sleep(600)")
        read_reports(sandbox)
        assert sandbox.close().status == "out_of_memory"
    with fork(server, Limits(processes=8)) as sandbox:
        run_lines(
            sandbox,
            """
started = 0
import time
try:
    while started < 50:
        if os.fork() == 0:
            time.sleep(600)
        started += 1
except BlockingIOError:
    report(started)
os._exit(0)
""",
        )
        (started,) = read_reports(sandbox)
        assert started < 8


def test_where_nesting_is_refused_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    filter_of_a_notebook = seccomp.program()
    monkeypatch.setattr(seccomp, "program", lambda **_: filter_of_a_notebook)
    server = ForkServer(LIMITS, slot=5, profile=bubblewrap.EVALUATION, preload=["code"])
    with pytest.raises(SandboxUnavailable, match=r"cannot be nested here: PermissionError: .* unshare"):
        server.fork(LIMITS, program="code:interact", group=None)
    server.close()


def test_a_server_with_threads_does_not_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """What they hold would be held for ever in the forked process."""
    environment = bubblewrap._environment
    many = ("--setenv", "OPENBLAS_NUM_THREADS", "4")
    monkeypatch.setattr(bubblewrap, "_environment", lambda *given: [*environment(*given), *many])
    server = ForkServer(LIMITS, slot=5, profile=bubblewrap.EVALUATION, preload=["code", "numpy"])
    with pytest.raises(SandboxUnavailable, match=r"the fork server has \d+ threads"):
        server.fork(LIMITS, program="code:interact", group=None)
    server.close()


def test_a_server_that_does_not_start_says_why() -> None:
    server = ForkServer(LIMITS, slot=5, profile=bubblewrap.EVALUATION, preload=["no_such_module"])
    with pytest.raises(SandboxUnavailable, match="No module named 'no_such_module'"):
        server.fork(LIMITS, program="code:interact", group=None)
    server.close()


def test_nothing_outlives_a_grader_that_is_killed() -> None:
    script = """
import os, time
from tests.sandbox.test_fork_server import *
server = ForkServer(LIMITS, slot=6, profile=bubblewrap.EVALUATION, preload=["code"])
with fork(server) as sandbox:
    run_lines(sandbox, "report(1)")
    wait_for(sandbox, "report")
    print(server._process.first, sandbox._started.first, flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as grader:
        assert grader.stdout is not None
        left = [Path("/proc", pid) for pid in grader.stdout.readline().split()]
        assert len(left) == 2 and all(each.exists() for each in left)
        grader.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while any(each.exists() for each in left) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(each.exists() for each in left)


def test_a_server_leaves_nothing_open(server: ForkServer) -> None:
    before = open_files()
    for _ in range(3):
        answers(server, "report(1)")
    assert open_files() == before
