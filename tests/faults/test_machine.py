"""A machine whose clock jumps, and one without memory for what a student sends."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from autograder.records import Limits
from tests import notebooks as nb
from tests.faults.conftest import Undisturbed
from tests.faults.small_class import SmallClass, differences, outcome

COMPILER = shutil.which("cc")
JUMPS = (400 * 86_400, -400 * 86_400, 0, -7_200)
"""Seconds by which the clock is off, one after the other."""
CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long jumped(void) {
    char text[32] = "0";
    int file = open(getenv("CLOCK_OFFSET"), O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    if (read(file, text, sizeof text - 1) < 0) text[0] = '0';
    close(file);
    return atol(text);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (!result && clock == CLOCK_REALTIME) now->tv_sec += jumped();
    return result;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *result, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    result->tv_sec = now.tv_sec;
    result->tv_usec = now.tv_nsec / 1000;
    return 0;
}
"""


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler, `cc`, for a clock of our own")
def test_the_clock_jumps(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Days forward, a year back, several times a second, for the grader and its pool; the machine's own clock stays."""
    library, offset, out = tmp_path / "clock.so", tmp_path / "offset", tmp_path / "out"
    build = [str(COMPILER), "-shared", "-fPIC", "-x", "c", "-", "-o", str(library), "-ldl"]
    subprocess.run(build, input=CLOCK, text=True, check=True)
    offset.write_text(str(JUMPS[0]))
    env = {**os.environ, "LD_PRELOAD": str(library), "CLOCK_OFFSET": str(offset)}
    year = [sys.executable, "-c", "import time; print(time.localtime().tm_year)"]
    assert int(subprocess.check_output(year, env=env)) > time.localtime().tm_year, "the clock cannot be moved"
    command = undisturbed.submissions.command(out)
    grader = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    jumps = 0
    while grader.poll() is None:
        (tmp_path / "next").write_text(str(JUMPS[jumps % len(JUMPS)]))
        (tmp_path / "next").replace(offset)
        jumps += 1
        time.sleep(0.1)
    printed = grader.communicate()[0]
    assert grader.returncode == 1, printed
    assert jumps > len(JUMPS)
    assert differences(out, undisturbed.expected) == []


def notebooks_of(grader: int) -> Iterator[tuple[psutil.Process, psutil.Process]]:
    """Pool processes in whose sandbox a notebook begins to run, each with the Python in there."""
    for process in psutil.Process(grader).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            for each in process.children(recursive=True):
                if "bwrap" not in each.name() and "autograder.sandbox.guest.worker" in each.cmdline():
                    yield process, each


def test_notebooks_are_killed(tmp_path: Path) -> None:
    """As the kernel does when memory is short. Once costs nothing; twice is no grade, but the rest is graded."""
    bundle = nb.small_bundle(tmp_path / "small", Limits(memory_mb=700))
    right = nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS)
    nb.write_notebook(tmp_path / "once" / "ada.ipynb", nb.code("import time; time.sleep(2)"), *right)
    once = SmallClass(bundle, tmp_path / "once")
    grader = subprocess.Popen(once.command(tmp_path / "a"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while not (found := list(notebooks_of(grader.pid))):
        assert grader.poll() is None
        time.sleep(0.02)
    found[0][1].kill()
    printed = grader.communicate(timeout=500)[0]
    assert grader.returncode == 0, printed
    assert nb.grades(tmp_path / "a")["ada"]["execution"]["status"] == "completed"

    killed = nb.answers(f"{nb.RIGHT_NUMBER}\nimport os; os.kill(os.getpid(), 9)", nb.RIGHT_LABELS)
    nb.write_notebook(tmp_path / "always" / "bob.ipynb", *killed)
    graded = SmallClass(bundle, tmp_path / "always").grade(tmp_path / "b")
    bob = nb.grades(tmp_path / "b")["bob"]
    assert (graded.returncode, bob["status"], bob["score"]) == (1, "needs_review", 6), graded.stderr
    assert "Python was killed, and not by the grader" in bob["execution"]["message"]


def test_no_memory_for_what_a_student_sends(tmp_path: Path) -> None:
    """The grader runs out of memory on one submission: a person has to look at that one, and the class goes on."""
    bundle = nb.small_bundle(tmp_path / "small", Limits(memory_mb=1500))
    wait = nb.code("import time; time.sleep(2)")
    large = nb.answers("answer = np.zeros(25_000_000)", nb.RIGHT_LABELS)
    nb.write_notebook(tmp_path / "class" / "ada.ipynb", wait, *large)
    nb.write_notebook(tmp_path / "class" / "bob.ipynb", wait, *nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS))
    small, out = SmallClass(bundle, tmp_path / "class"), tmp_path / "out"
    grader = subprocess.Popen(small.command(out), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    bounded: set[int] = set()
    while len(bounded) < 2:
        assert grader.poll() is None
        for process, _ in notebooks_of(grader.pid):
            if process.pid not in bounded:  # its sandbox is there already, and does not inherit this
                process.rlimit(resource.RLIMIT_AS, (process.memory_info().vms + (200 << 20),) * 2)
                bounded.add(process.pid)
        time.sleep(0.02)
    printed = grader.communicate(timeout=500)[0]
    assert grader.returncode == 1, printed
    entries = nb.grades(out)
    assert (entries["bob"]["status"], entries["bob"]["score"]) == ("graded", 10)
    assert (entries["ada"]["status"], "MemoryError" in entries["ada"]["message"]) == ("needs_review", True)
    assert "needs review ada: " in printed
    assert small.grade(out).returncode == 0, "with memory enough, what needed review is graded again"
    assert small.grade(tmp_path / "undisturbed").returncode == 0
    # The sheet stays, without the row for what needed review; and the class page says whose grade moved.
    expected = outcome(tmp_path / "undisturbed")
    names = {name.partition(" ")[0].rstrip(":").partition("/")[0] for name in differences(out, expected)}
    assert names == {"manual.csv", "history", "index.html"}


def test_a_grader_with_less_than_a_notebook_may_use_puts_that_on_nobody(tmp_path: Path) -> None:
    """After `ulimit -v`, what fails in a sandbox asks for review; what does not is graded as ever."""
    bundle = nb.write_bundle(tmp_path / "small", {"number": nb.NUMBER_TESTS})
    for student, answer in {
        "large": f"import numpy as np\nrows = np.zeros(3 << 30, np.int8)\n{nb.RIGHT_NUMBER}",
        "right": nb.RIGHT_NUMBER,
        "wrong": "answer = 1",
    }.items():
        nb.write_notebook(tmp_path / "class" / f"{student}.ipynb", nb.code(answer, "answer:number"))
    grade = [sys.executable, "-m", "autograder", "grade", bundle, tmp_path / "class", "-o"]
    low = f"--as={2500 << 20}"
    graded = subprocess.run(["prlimit", low, *grade, tmp_path / "low"], capture_output=True, text=True, check=False)
    entries = nb.grades(tmp_path / "low")
    assert {student: (entry["status"], entry["score"]) for student, entry in entries.items()} == {
        "large": ("needs_review", 0),
        "right": ("graded", 4),
        "wrong": ("graded", 1),
    }
    less = "2,621,440,000 bytes of address space instead of 7,516,192,768: `ulimit -v`"
    assert less in entries["large"]["message"]
    assert graded.returncode == 1 and less in graded.stderr
    said = subprocess.run(
        ["prlimit", low, sys.executable, "-m", "autograder", "doctor"], capture_output=True, text=True, check=False
    )
    assert less in said.stdout
