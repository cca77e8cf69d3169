"""Control groups, on a kernel of its own in a virtual machine; `make test-cgroup`."""

from __future__ import annotations

import pytest

from tests import qemu

SCRIPT = """
import os, sys, time
sys.path.insert(0, os.path.dirname(os.path.dirname(sys.executable)))
from autograder.records import Limits
from autograder.sandbox.host import cgroup, launch, running
from sandboxes import run_in_sandbox

parent = cgroup.find_parent()
assert str(parent) == "/sys/fs/cgroup", parent
launch.check_sandbox()
running.Sandbox._enforce = lambda self, available, total: None  # only the kernel's bounds remain

answer = run_in_sandbox("report(sorted(os.listdir('/')))", memory_mb=200)
assert answer.ending.status == "exited", answer
print("@plain", answer.ending.cpu_seconds > 0)

answer = run_in_sandbox(
    "kept = bytearray(700 << 20)\\nkept[::4096] = b'x' * len(kept[::4096])\\nreport('survived')",
    memory_mb=100, tmp_mb=16,
)
print("@memory", answer.reported, answer.ending.status, answer.ending.message)

answer = run_in_sandbox('''
import mmap, time
kept = [mmap.mmap(-1, 4096, prot=1 + number % 2) for number in range(60_000)]
for child in range(20):
    if os.fork() == 0:
        break
time.sleep(30)
''', memory_mb=50, tmp_mb=1)
print("@kernel", answer.ending.status)

answer = run_in_sandbox('''
import subprocess
for _ in range(20):
    subprocess.run(["/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"])
report("done")
''')
print("@short", answer.reported, answer.ending.cpu_seconds > 0.2)
print("@left", [name for name in os.listdir(parent) if name.startswith("autograder-")])
"""


@pytest.mark.slow
def test_control_groups_bound_a_sandbox() -> None:
    if reason := qemu.why_not():
        pytest.skip(reason)
    status, printed = qemu.run(SCRIPT)
    assert status == 0, printed[-3000:]
    assert "@plain True" in printed
    assert "@memory [] out_of_memory The notebook used " in printed
    assert "@kernel out_of_memory" in printed
    assert "@short ['done'] True" in printed
    assert "@left []" in printed
