"""A disk that is full or read-only, files that are cut, a grader that ends between two files, two graders at once."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.grading.results.hand_grading import BLANK
from tests import notebooks as nb
from tests.faults.conftest import Undisturbed
from tests.faults.small_class import differences, half_written, outcome

MOUNTS = os.geteuid() == 0 and shutil.which("unshare") is not None
needs_mounts = pytest.mark.skipif(not MOUNTS, reason="only root can mount a small disk for itself, with `unshare`")


def on_a_disk_of_its_own(out: Path, script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a script in which `out` is a disk of its own; `disk size=64k` makes it larger, smaller or `disk ro`.

    Nobody else sees that disk, and it is gone with the script: `cp -a` what is to be looked at.
    """
    out.mkdir(mode=0o700)
    head = f'set -u; mount -t tmpfs -o mode=700,size=64m none "{out}"; disk() {{ mount -o "remount,$1" "{out}"; }}\n'
    command = ["unshare", "--mount", "bash", "-c", head + script, "bash", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)


def one_line(printed: str, *pieces: str) -> None:
    """Require an error of one line, behind how many notebooks were found, and how they were graded."""
    lines = [
        line for line in printed.splitlines() if not line.startswith(("Grading: ", "Writing pages: ", "Sandboxes of "))
    ]
    (error,) = (line for line in lines if line.startswith("autograder: ") or not line.endswith((" students.", ").")))
    assert error.startswith("autograder: ")
    for piece in pieces:
        assert piece in error


@needs_mounts
@pytest.mark.parametrize(
    "kilobytes", [pytest.param(20, marks=pytest.mark.slow), 60, pytest.param(140, marks=pytest.mark.slow)]
)
def test_full_disk(undisturbed: Undisturbed, tmp_path: Path, kilobytes: int) -> None:
    """Where a grade, a page or a table does not fit, the run ends; with more room it goes on."""
    out, copy = tmp_path / "out", tmp_path / "copy"
    script = f"""
    disk size={kilobytes}k; "$@" 2> "{tmp_path}/errors" > /dev/null; test $? = 2 || exit 10
    disk size=64m; cp -a "{out}" "{tmp_path}/full"; "$@" || test $? = 1 || exit 11
    cp -a "{out}" "{copy}"
    """
    run = on_a_disk_of_its_own(out, script, *undisturbed.submissions.command(out))
    errors = (tmp_path / "errors").read_text()
    assert run.returncode == 0, f"{errors}\n{run.stdout}\n{run.stderr}"
    one_line(errors, "No space left on device")
    assert half_written(tmp_path / "full") == []
    assert differences(copy, undisturbed.expected) == []


@needs_mounts
def test_a_report_stays_where_the_disk_is_full_or_read_only(undisturbed: Undisturbed, tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = f"""
    cp -a "{undisturbed.out}/." "{out}"
    disk size=$(($(du -s --block-size=1k "{out}" | cut -f1) + 24))k
    "$@" --again 2> "{tmp_path}/full" > /dev/null; test $? = 2 || exit 10
    cp -a "{out}" "{tmp_path}/after-full"
    disk ro; "$@" --again 2> "{tmp_path}/read-only" > /dev/null; test $? = 2 || exit 11
    disk rw,size=64m; "$@" --again || test $? = 1 || exit 12
    cp -a "{out}" "{tmp_path}/again"
    """
    run = on_a_disk_of_its_own(out, script, *undisturbed.submissions.command(out))
    errors = "".join(path.read_text() for path in tmp_path.iterdir() if path.is_file())
    assert run.returncode == 0, f"{errors}\n{run.stdout}\n{run.stderr}"
    one_line((tmp_path / "full").read_text(), "No space left on device")
    one_line((tmp_path / "read-only").read_text(), "Read-only file system")
    kept = {name: what for name, what in outcome(tmp_path / "after-full").items() if not name.startswith(".partial")}
    assert kept == undisturbed.expected
    assert differences(tmp_path / "again", undisturbed.expected) == []


def cuts(out: Path) -> Iterator[tuple[str, bytes]]:
    """Each file of an output folder, cut at each line or in the middle; of JSON, also without each line alone."""
    for path in sorted(each for each in out.rglob("*") if each.is_file() and each.suffix in (".json", ".gz", ".csv")):
        data = path.read_bytes()
        lines = data.splitlines(keepends=True) if path.suffix != ".gz" else [data]
        ends = range(len(lines)) if len(lines) > 1 else ()
        kept = [b"", data[: len(data) // 2], *(b"".join(lines[:end]) for end in ends if end)]
        if path.suffix == ".json":
            kept += [b"".join(lines[:at] + lines[at + 1 :]) for at in ends[1:-1]]
        yield from ((path.relative_to(out).as_posix(), what) for what in kept)


def test_files_that_are_cut(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """`report` says what is damaged and changes nothing; or what is cut did not matter, and all is as it was."""
    for number, (name, kept) in enumerate(cuts(undisturbed.out)):
        out = undisturbed.copy(tmp_path / str(number))
        (out / name).write_bytes(kept)
        damaged = outcome_or_bytes(out)
        run = nb.autograder("report", out)
        where = f"{name} cut to {len(kept)} bytes: {run.stdout}{run.stderr}"
        if run.returncode == 2:
            one_line(run.stderr, Path(name).name if kept else "")
            assert outcome_or_bytes(out) == damaged, where
        else:
            assert run.returncode == 1, where
            assert differences(out, undisturbed.expected) == [], where
            assert Path(name).name in ("grades.csv", "manual.csv", "pages.json"), where


def outcome_or_bytes(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_rows_of_a_person_that_are_cut_off_come_back(undisturbed: Undisturbed, tmp_path: Path) -> None:
    out = undisturbed.copy(tmp_path / "out")
    sheet = out / "manual.csv"
    rows = list(csv.DictReader(sheet.read_text(encoding="utf-8-sig").splitlines()))
    with sheet.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), quoting=csv.QUOTE_ALL)
        table.writeheader()
        table.writerows(row | ({"points": "1.5"} if row["answer"] in ("Because.", BLANK) else {}) for row in rows)
    assert nb.autograder("report", out).returncode == 1
    expected = outcome(out)
    lines = sheet.read_bytes().splitlines(keepends=True)
    assert [b"1.5" in line for line in lines] == [False] * 5 + [True] * 3 + [False]
    for end in (1, 5, 6, 7):
        sheet.write_bytes(b"".join(lines[:end]))
        assert nb.autograder("report", out).returncode == 1
        kept = {name: content for name, content in outcome(out).items() if name != "manual.csv~"}
        assert kept == expected, end
    assert {entry["score"] for entry in nb.grades(out).values()} == {11.5, 5.5, 0}


@pytest.mark.parametrize("kept", [pytest.param(0.0, marks=pytest.mark.slow), 0.5])
def test_files_of_an_interrupted_run_that_are_cut(undisturbed: Undisturbed, tmp_path: Path, kept: float) -> None:
    """As after a power failure: what is not whole is made again, and all else goes on."""
    out = tmp_path / "out"
    killed = subprocess.Popen(undisturbed.submissions.command(out), stderr=subprocess.DEVNULL)
    while not (out / ".partial" / "grades" / "bob.json").exists():
        assert killed.poll() is None
        time.sleep(0.01)
    killed.kill()
    killed.wait()
    files = [path for path in (out / ".partial").rglob("*") if path.is_file() and path.name != "lock"]
    assert {path.suffix for path in files} >= {".json", ".gz"}
    for path in files:
        os.truncate(path, int(path.stat().st_size * kept))
    again = undisturbed.submissions.grade(out)
    assert again.returncode == 1, again.stderr
    assert differences(out, undisturbed.expected) == []


ENDS = """
import os, signal, sys
from pathlib import Path
left, put = int(sys.argv.pop(1)), Path.replace

def replace(self, target):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return put(self, target)

Path.replace = replace
from autograder.cli import main
main()
"""


def test_a_report_that_ends_between_two_files(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Each file gets its name in one step; `report` ends before the 1st, 5th, … of these; the next one completes it."""
    number, ended = 1, True
    while ended:
        out = undisturbed.copy(tmp_path / str(number))
        command = [sys.executable, "-c", ENDS, str(number), "report", str(out)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        ended = run.returncode == -9
        assert ended or run.returncode == 1, run.stderr
        assert half_written(out) == []
        again = nb.autograder("report", out)
        assert again.returncode == 1, again.stderr
        assert differences(out, undisturbed.expected) == [], number
        shutil.rmtree(out)
        number += 4
    assert number > 10


def test_two_graders_at_once(undisturbed: Undisturbed, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = subprocess.Popen(undisturbed.submissions.command(out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while not (out / ".partial" / "run.json").exists():
        assert first.poll() is None
        time.sleep(0.01)
    second = undisturbed.submissions.grade(out)
    report = nb.autograder("report", out)
    said = first.communicate(timeout=500)[1].decode()
    assert first.returncode == 1, said
    assert second.returncode == report.returncode == 2
    one_line(second.stderr, "is being written by another run")
    one_line(report.stderr)
    assert differences(out, undisturbed.expected) == []
