"""A class on a real Dask cluster: the grades of one process, also where a machine is lost in the middle."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from tests import notebooks as nb

STUDENTS = ("ada", "bob", "cy", "di", "ed", "flo")
SECONDS = 60
BUSY = """
import time
x = {number}
time.sleep(0.7)
print(x)
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("dask")
    bundle = nb.small_bundle(root / "small")
    for number, student in enumerate(STUDENTS):
        cells = (
            nb.code(BUSY.format(number=number)),
            *nb.answers((nb.RIGHT_NUMBER, "answer = 1")[number % 2], nb.RIGHT_LABELS),
        )
        nb.write_notebook(root / "in" / f"{student}.ipynb", *cells)
    (root / "in" / "gus.ipynb").write_text("no notebook")
    return {"root": root, "bundle": bundle, "in": root / "in"}


@contextmanager
def started(*words: object, until: Callable[[str], bool], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the cluster; entered when its log says that it is there."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_scheduler", *map(str, words)]
            if words[0] == "--port"
            else [sys.executable, "-m", "distributed.cli.dask_worker", *map(str, words)],
            stdout=out,
            stderr=out,
        )
    try:
        deadline = time.monotonic() + SECONDS
        while not until(log.read_text()):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def cluster(folder: Path, workers: int, protocol: str = "tcp") -> Iterator[tuple[str, list[psutil.Process]]]:
    """The address of a scheduler, and its workers."""
    with ExitStack() as running:
        log = folder / "scheduler.log"
        options: tuple[object, ...] = ("--port", 0, "--host", f"{protocol}://127.0.0.1", "--no-dashboard")
        running.enter_context(started(*options, until=lambda text: "Scheduler at:" in text, log=log))
        found = re.search(rf"Scheduler at:\s+({protocol}://127\.0\.0\.1:\d+)", log.read_text())
        assert found
        begun = []
        for number in range(workers):
            options = (found[1], "--nthreads", 1, "--no-nanny", "--no-dashboard", "--local-directory", folder)
            until = lambda text: "Registered to:" in text  # noqa: E731
            process = running.enter_context(started(*options, until=until, log=folder / f"worker-{number}.log"))
            begun.append(psutil.Process(process.pid))
        yield found[1], begun


def test_a_cluster_that_loses_a_worker_gives_the_same_grades(folders: dict[str, Path], tmp_path: Path) -> None:
    command = ("grade", folders["bundle"], folders["in"], "--no-share")
    for name, options in {
        "one": ("--workers", 1),
        "two": ("--workers", 2),
        "first": ("--shard", "1/2"),
        "second": ("--shard", "2/2"),
    }.items():
        assert nb.autograder(*command, "-o", tmp_path / name, *options).returncode in (0, 1)
    assert nb.autograder("merge", tmp_path / "first", tmp_path / "second", "-o", tmp_path / "merged").returncode == 1
    with cluster(tmp_path, 2) as (address, workers):
        run = [sys.executable, "-m", "autograder", *map(str, command), "-o", str(tmp_path / "dask")]
        with subprocess.Popen([*run, "--executor", address], stderr=subprocess.PIPE, text=True) as grader:
            deadline = time.monotonic() + SECONDS
            made = tmp_path / "dask" / ".partial" / "grades"
            while len(list(made.glob("*.json"))) < 2:
                assert grader.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
            begun = workers[0].children(recursive=True)
            assert begun, "it grades"
            workers[0].kill()
            assert grader.stderr is not None
            said = grader.stderr.read()
        assert grader.returncode == 1, said
        assert psutil.wait_procs(begun, timeout=30)[1] == [], "what it had started ends with it"
    untimed = {name: nb.untimed(tmp_path / name) for name in ("one", "two", "merged", "dask")}
    assert list(nb.grades(tmp_path / "dask")) == [*STUDENTS, "gus"]
    for name in ("two", "merged", "dask"):
        assert untimed[name] == untimed["one"], name
        assert (tmp_path / name / "grades.csv").read_bytes() == (tmp_path / "one" / "grades.csv").read_bytes()


def test_an_encrypted_cluster(folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=autograder"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TLS__CA_FILE", str(certificate))
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        monkeypatch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT", str(certificate))
        monkeypatch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY", str(key))
    with cluster(tmp_path, 1, "tls") as (address, _):
        one = folders["in"] / "ada.ipynb"
        command = ("grade", folders["bundle"], one, "-o", tmp_path / "out", "--executor", address)
        run = nb.autograder(*command, env=dict(os.environ))  # Dask reads its configuration once in a process
    assert run.returncode == 0, run.stderr
    assert address.startswith("tls://")
    assert list(nb.grades(tmp_path / "out")) == ["ada"]


def test_a_cluster_without_workers_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    with cluster(tmp_path, 0) as (address, _):
        run = nb.autograder("grade", folders["bundle"], folders["in"], "-o", tmp_path / "out", "--executor", address)
    assert run.returncode == 2
    assert f"it has no worker. Start some with `dask worker {address}`" in run.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://192.0.2.1:8786", "without encryption, a cluster may be on this machine alone"),
        ("tcp://example.org:8786", "without encryption, a cluster may be on this machine alone"),
        ("tcp://127.0.0.1", "give `local`, tls://HOST:PORT, or tcp://127.0.0.1:PORT"),
        ("ucx://127.0.0.1:1", "give `local`"),
        pytest.param("tcp://127.0.0.1:1", "no Dask scheduler answers there", marks=pytest.mark.slow),
        ("tls://127.0.0.1:1", "Dask's configuration names no certificates"),
    ],
)
def test_other_addresses_are_refused_in_one_line(
    folders: dict[str, Path], tmp_path: Path, address: str, words: str
) -> None:
    run = nb.autograder("grade", folders["bundle"], folders["in"], "-o", tmp_path / "out", "--executor", address)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1), run.stderr
    assert words in run.stderr
    assert not (tmp_path / "out").exists()
