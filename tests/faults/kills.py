"""Kills processes of a running grader at random moments: `python -m tests.faults.kills 1000`, for as long as one likes.

A run that was killed is run again. What it then gives must be what an undisturbed run gives, and nothing may be left
of the killed one: no process, no lock, no half-written file under its final name.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.faults.small_class import SmallClass, differences, half_written, outcome, write_class

VICTIMS = ("coordinator", "worker", "sandbox")
END_SECONDS = 60.0
"""For processes that lost their parent to notice it, on a busy machine."""
_PR_SET_CHILD_SUBREAPER = 36


class Killer:
    """Runs and kills graders of one class, and compares what they leave behind with an undisturbed run."""

    def __init__(self, root: Path, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self._root = root
        self._random = random.Random(seed)
        self._runs = 0
        self._class: SmallClass = write_class(root)
        started = time.monotonic()
        first = self._class.grade(root / "undisturbed")
        self._seconds = time.monotonic() - started
        assert first.returncode == 1, first.stderr
        self._expected = outcome(root / "undisturbed")

    def kill_one(self, victim: str = "") -> None:
        """Kill one process of a run, run again, compare; again if the run ended before it could be killed.

        Args:
            victim: Its kind; by default one at random.
        """
        while not self._kill_and_compare(victim or self._random.choice(VICTIMS)):
            self.counts["too late"] += 1

    def _kill_and_compare(self, victim: str) -> bool:
        self._runs += 1
        out = self._root / f"killed-{self._runs}"
        before = {process.pid for process in psutil.Process().children(recursive=True)}  # of other tests
        with _orphans_come_here():
            grader = subprocess.Popen(self._class.command(out), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            killed = self._kill(grader, victim)
            printed = grader.communicate(timeout=500)[0].decode()
            left = _left_behind(before)
        said = f"after {killed or 'an undisturbed run'}: {printed}"
        assert not left, f"{left} outlived the grader {said}"
        assert not half_written(out), f"{half_written(out)} {said}"
        assert "Traceback" not in printed, said
        if killed:
            again = self._class.grade(out)
            assert again.returncode == 1, f"{again.stderr} {said}"
        assert differences(out, self._expected) == [], said
        shutil.rmtree(out)
        return bool(killed)

    def _kill(self, grader: subprocess.Popen[bytes], victim: str) -> str:
        """Wait for a random moment, and kill; says what was killed, and nothing where the grader ended before."""
        moment = self._random.uniform(0, self._seconds)
        draw = self._random.random()
        started = time.monotonic()
        while grader.poll() is None:
            victims = list(_victims(grader.pid, victim)) if time.monotonic() - started >= moment else []
            if victims:
                process = victims[int(draw * len(victims))]
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    continue
                self.counts[victim] += 1
                return f"its {victim} was killed at {time.monotonic() - started:.3f} s"
            time.sleep(0.002)
        return ""


def _victims(grader: int, kind: str) -> Iterator[psutil.Process]:
    if kind == "coordinator":
        yield psutil.Process(grader)
        return
    for process in psutil.Process(grader).children(recursive=True):
        try:
            words = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if ("grader_processes" in words) == (kind == "worker") and words:
            yield process


@contextmanager
def _orphans_come_here() -> Iterator[None]:
    """Make this process the one that gets the children of a process that died, so that it can count them."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    assert prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _left_behind(before: set[int]) -> list[str]:
    """Command lines of the processes that came and are still there after a while; those that ended are reaped."""
    deadline = time.monotonic() + END_SECONDS
    while True:
        alive = []
        for process in psutil.Process().children(recursive=True):
            if process.pid in before:
                continue
            try:
                if process.status() != psutil.STATUS_ZOMBIE:
                    alive.append(" ".join(process.cmdline())[:200])
                elif process.ppid() == os.getpid():
                    os.waitpid(process.pid, 0)
            except (psutil.Error, ChildProcessError):
                continue
        if not alive or time.monotonic() > deadline:
            return alive
        time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    print(f"{options.kills} kills, --seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="kills-") as root:
        killer = Killer(Path(root), options.seed)
        for number in range(1, options.kills + 1):
            killer.kill_one()
            if number % 10 == 0 or number == options.kills:
                print(number, dict(killer.counts), flush=True)
    print("Every run that was killed gave, when it was run again, what an undisturbed run gives.")


if __name__ == "__main__":
    sys.exit(main())
