"""What grades depend on besides notebook and bundle, and the warning where that differs within a folder."""

from __future__ import annotations

import platform
from importlib import metadata

import pytest

from autograder.grading.execution import environment as module
from autograder.grading.execution.environment import differences, environment


def test_versions_processor_threads_and_seed():
    here = environment(3)
    assert here["python"] == platform.python_version()
    installed = {each.name: each.version for each in metadata.distributions()}
    assert [here[name] for name in module.PACKAGES] == [installed.get(name, "none") for name in module.PACKAGES]
    assert (here["threads"], here["seed"], here["hash_seed"]) == ("3", "0", "0")
    assert platform.machine() in here["platform"]
    assert all(here.values())


@pytest.mark.parametrize(
    ("text", "cpu"),
    [
        ("processor\t: 0\nmodel name\t: EPYC\n\nprocessor\t: 1\nmodel name\t: EPYC\n", "EPYC"),
        ("CPU implementer\t: 0x41\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\n", "0x41 0x3 0xd0c"),
        ("", platform.machine()),
    ],
)
def test_the_processor(text, cpu, tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(module, "CPU_INFO", tmp_path / "cpuinfo")
    assert module._cpu() == cpu


def test_what_differs_within_a_folder_is_named_once():
    here, there = environment(1), environment(1) | {"cpu": "Xeon", "numpy": "1.26.0"}
    line = differences([here, there, {}, here])
    assert f"cpu ({', '.join(sorted([here['cpu'], 'Xeon']))})" in line
    assert f"numpy (1.26.0, {here['numpy']})" in line
    assert "keras" not in line
    assert "\n" not in line


def test_equal_environments_and_what_was_not_executed_give_no_warning():
    assert differences([environment(1), {}, environment(1)]) == ""


def test_a_package_that_is_not_installed_has_no_version(monkeypatch):
    monkeypatch.setattr(module, "PACKAGES", ("no-such-package",))
    module._machine.cache_clear()
    try:
        assert environment(1)["no-such-package"] == "none"
    finally:
        module._machine.cache_clear()
