"""`autograder doctor`: what is there, what is not, what to do, and the exit status."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.commands import doctor
from autograder.errors import SandboxUnavailable
from autograder.sandbox.host import bubblewrap, cgroup, launch

RESTRICTED = "proc/sys/kernel/apparmor_restrict_unprivileged_userns"
PROFILE = "etc/apparmor.d/bwrap-userns-restrict"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Files of another machine, by name; write it with `looked`."""
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return {"proc/meminfo": "MemTotal: 9000000 kB\nMemAvailable: 8500000 kB\n"}


def looked(files: Mapping[str, str], name: str) -> tuple[bool, str]:
    for path, text in files.items():
        (doctor.ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (doctor.ROOT / path).write_text(text)
    return next(check for check in doctor.CHECKS if check.name == name).look()


def test_this_machine_can_grade_and_says_how() -> None:
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 0, done.output
    for check in doctor.CHECKS:
        assert f" {check.name} " in done.output
    who = "root" if os.geteuid() == 0 else "a normal user"
    assert f"Grading works here. Sandbox: bubblewrap as {who}" in done.output
    assert "✗" not in done.output
    bound = "a cgroup of its own" if cgroup.find_parent() else "none but the watchdog's, ten times a second"
    assert done.output.endswith(f"Bound of a sandbox's memory: {bound}.\n")


def test_what_is_missing_is_named_with_its_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Path:
        raise SandboxUnavailable("there is none")

    monkeypatch.setattr(bubblewrap, "find_bubblewrap", none)
    monkeypatch.setattr(launch, "check_sandbox", none)
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 1
    assert "✗ bubblewrap" in done.output
    assert "→ Run `sudo apt install bubblewrap`" in done.output
    assert done.output.endswith("Nothing can be graded here before this is there: bubblewrap, sandbox.\n")


def test_where_sandboxes_cannot_be_nested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "why_not_nested", lambda: "Sandboxes cannot be nested here: Operation not permitted.")
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 0, done.output
    assert "– nested sandboxes  not to be had" in done.output
    assert "nested here: Operation not permitted.)" in done.output


@pytest.mark.parametrize(
    ("path", "there", "text"),
    [
        ("/usr/bin/bwrap", True, f"its profile bwrap-userns-restrict covers {doctor.SYSTEM_BUBBLEWRAP} only"),
        ("/venv/bwrap", False, f"covers {doctor.SYSTEM_BUBBLEWRAP} only, not /venv/bwrap"),
    ],
)
def test_apparmors_profile_is_for_the_systems_bubblewrap(
    machine: dict[str, str], monkeypatch: pytest.MonkeyPatch, path: str, there: bool, text: str
) -> None:
    monkeypatch.setattr(bubblewrap, "find_bubblewrap", lambda: Path(path))
    found = looked({**machine, RESTRICTED: "1\n", PROFILE: ""}, "AppArmor")
    assert found[0] == there
    assert found[1].endswith(text)


def test_other_machines(machine: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked(machine, "AppArmor") == (True, "does not restrict user namespaces")
    assert looked({**machine, RESTRICTED: "1\n"}, "AppArmor")[0] is False
    assert looked(machine, "user namespaces") == (True, "on")
    assert looked({**machine, "proc/sys/user/max_user_namespaces": "0\n"}, "user namespaces") == (False, "off")
    assert looked(machine, "cgroups")[1] == "no cgroup v2; grading does not need it"
    own = {"proc/self/cgroup": "0::/user.slice\n", "sys/fs/cgroup/user.slice/cgroup.procs": ""}
    shared = {f"sys/fs/cgroup/{name}": "" for name in ("user.slice/cgroup.subtree_control", "cgroup.procs")}
    there = {**machine, **own, **shared, "sys/fs/cgroup/cgroup.controllers": "memory pids\n"}
    assert looked({**there, "sys/fs/cgroup/cgroup.subtree_control": "memory\n"}, "cgroups")[0] is False
    delegated = {**there, "sys/fs/cgroup/user.slice/cgroup.subtree_control": "cpu memory pids\n"}
    assert looked(delegated, "cgroups") == (True, "v2; each sandbox gets a group with limits of its own")
    assert looked(machine, "memory") == (True, "8,300 MiB free; a worker takes up to 7,168: enough for `--workers 1`")
    assert looked({"proc/meminfo": "MemAvailable: 1024000 kB\n"}, "memory")[0] is False
    monkeypatch.setenv("PATH", str(doctor.ROOT))
    assert [looked(machine, name)[0] for name in ("GPU", "npm", "browser")] == [False] * 3
