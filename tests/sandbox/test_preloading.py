"""Notebooks run where packages are imported already: as in a new process, and apart from each other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.grading.cases.bundle import PRELOADED
from autograder.records import Cell, Execution, Limits
from autograder.sandbox.host import bubblewrap, launch, preloading
from autograder.sandbox.host.session import Session
from tests import notebooks as nb

pytest.importorskip("tensorflow")
pytestmark = pytest.mark.usefixtures("nothing_kept")

WAYS = ("forked", "ahead", "fresh")
MODULES = tuple(dict.fromkeys(module for modules in PRELOADED.values() for module in modules))
NOTEBOOK = """
import os, random, sys
print(sorted(set(os.listdir(".")) & {"numbers.csv", "left behind"}), os.listdir("/dev/shm"), os.getcwd())
open("left behind", "w").write("x")
open("/dev/shm/left behind", "w").write("x")
---
import keras, numpy as np, tensorflow as tf
print(random.random(), np.random.rand(), np.random.default_rng().random(), tf.random.uniform([2]).numpy())
---
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(40), keras.layers.Dropout(0.5), keras.layers.Dense(2)])
model.compile("adam", "mse")
history = model.fit(np.ones((8, 3)), np.ones((8, 2)), verbose=0, epochs=2)
print(history.history, model.predict(np.ones((1, 3)), verbose=0))
print((np.random.rand(300, 300) @ np.random.rand(300, 300)).sum())
---
from tensorflow.python.data.experimental.ops.iterator_model_ops import get_model_proto
options = tf.data.Options()
options.autotune.enabled = True
for data in (tf.data.Dataset.range(2), tf.data.Dataset.range(2).with_options(options)):
    try:
        tuned = bool(get_model_proto(iter(data)))
    except tf.errors.NotFoundError:
        tuned = False
    print("tuned", tuned, data.reduce(np.int64(0), lambda total, each: total + each).numpy())
---
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.show()
---
import subprocess
print(subprocess.run([sys.executable, "-c", "import numpy; print(numpy.pi)"], capture_output=True, text=True).stdout)
"""


def executed(source: str, *, modules: tuple[str, ...] = MODULES, way: str = "", single: bool = False) -> Execution:
    files = {"numbers.csv": b"1,2", "keras.py": b"raise SystemExit"}  # which the notebook's `import keras` must not run
    with Session(Limits(), slot=3, files=files, modules=modules, single=single) as session:
        assert session.way == (way or session.way)
        return session.run([Cell("code", cell) for cell in source.strip().split("\n---\n")], {})


def shown(run: Execution) -> list[object]:
    return [[cell.error, cell.outputs] for cell in run.cells]


def test_a_notebook_shows_the_same_in_each_way(
    monkeypatch: pytest.MonkeyPatch, nothing_kept: Callable[[], None]
) -> None:
    """Random numbers, training, pictures, files beside it, programs that it starts; twice, and nothing is left.

    No input pipeline is tuned to measured times.
    """
    seen = {}
    for way in WAYS:
        nothing_kept()
        monkeypatch.setenv(preloading.VARIABLE, way)
        runs = [executed(NOTEBOOK, way=way) for _ in range(2)]
        assert [run.status for run in runs] == ["completed"] * 2, [run.message for run in runs]
        assert shown(runs[0]) == shown(runs[1])
        seen[way] = shown(runs[0])
    monkeypatch.delenv(preloading.VARIABLE)
    assert shown(executed(NOTEBOOK, way="fresh", single=True)) == seen["fresh"]
    assert seen["forked"] == seen["ahead"] == seen["fresh"]
    assert "['numbers.csv'] [] /tmp" in json.dumps(seen["fresh"][0])
    assert "image/png" in json.dumps(seen["fresh"][4])
    assert r"tuned False 1\ntuned False 1" in str(seen["fresh"][3])
    assert [error for error, _ in seen["fresh"]] == [""] * 6


ATTACK = """
import ctypes, glob, os, signal, sys
RIGHTS = ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp:")
def tried(do):
    try:
        do()
    except OSError as error:
        return error.strerror
    return "possible"
own = {"/proc/self", "/proc/thread-self", f"/proc/{os.readlink('/proc/self')}"}
others = sorted(set(glob.glob("/proc/[0-9]*")) - own)
files = ("mem", "environ", "maps", "fd", "root", "cwd")
seen = {
    "others": len(others),
    "opened": {tried(lambda: open(f"{other}/{name}", "rb+", buffering=0) if name not in ("fd", "root", "cwd")
               else os.listdir(f"{other}/{name}")) for other in others for name in files},
    "signalled": {tried(lambda: os.kill(number, signal.SIGKILL)) for number in range(os.getpid() + 1, 300)},
    "first": tried(lambda: os.kill(1, signal.SIGKILL)),
    "files": [fd for fd in map(int, os.listdir("/proc/self/fd")) if fd > 2],
    "namespaces": [ctypes.CDLL(None).unshare(0x10000000), ctypes.CDLL(None).unshare(0x00020000)],
    "capabilities": [line for line in open("/proc/self/status") if line.startswith(RIGHTS)],
}
print(seen)
---
print(1)
"""


def test_a_forked_notebook_reaches_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(preloading.VARIABLE, "forked")
    for _ in range(2):  # what the first does to the server, the second would notice
        run = executed(ATTACK, modules=("numpy",))
        assert [cell.error for cell in run.cells] == ["", ""], run.message
        seen = eval(run.cells[0].outputs[0]["text"], {})  # of this test's own making
        assert seen["others"] >= 2  # bubblewrap, the server and its own init
        assert seen["opened"] <= {"Permission denied", "No such file or directory"}
        assert seen["signalled"] == {"No such process"}
        assert seen["namespaces"] == [-1, -1]
        fields = dict(line.split() for line in seen["capabilities"])
        assert (fields["CapEff:"], fields["CapBnd:"]) == ("0000000000000000",) * 2
        assert (fields["NoNewPrivs:"], fields["Seccomp:"]) == ("1", "2")


def test_what_a_notebook_leaves_behind_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process in the background is gone before the next notebook begins."""
    monkeypatch.setenv(preloading.VARIABLE, "forked")
    first = executed(
        "import os, time\nif not os.fork():\n    time.sleep(600)\nprint(len(os.listdir('/proc')))", modules=("numpy",)
    )
    again = executed("import os\nprint(sum(name.isdigit() for name in os.listdir('/proc')))", modules=("numpy",))
    assert first.status == "completed"
    assert again.cells[0].outputs[0]["text"] == "4\n"  # bubblewrap, the server, its own init and itself


def test_a_kernel_that_forbids_nesting_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As AppArmor's profile does it; then each sandbox is started while another one runs."""
    options = bubblewrap.options

    def closed(limits: Limits, fds: bubblewrap.Inherited, profile: bubblewrap.Profile = bubblewrap.NOTEBOOK) -> bytes:
        return options(limits, fds, profile._replace(nests=False))

    monkeypatch.delenv(preloading.VARIABLE, raising=False)
    monkeypatch.setattr(preloading, "_refusals", [])
    monkeypatch.setattr(bubblewrap, "options", closed)
    monkeypatch.setattr(launch.seccomp, "program", lambda *, nests=False: SECCOMP(nests=False))
    preloading.why_not_nested.cache_clear()
    try:
        assert "cannot be nested here" in preloading.why_not_nested()
        assert preloading.chosen_way() == "forked"
        assert executed("print(1)", modules=("numpy",)).cells[0].outputs[0]["text"] == "1\n"
        assert preloading.chosen_way() == "ahead"
        assert [type(kept).__name__ for kept in preloading._kept.values()] == ["Sandbox"]
    finally:
        preloading.why_not_nested.cache_clear()


SECCOMP = launch.seccomp.program


@pytest.mark.parametrize(
    ("source", "fresh"),
    [
        ("import os\nos.environ['TF_DETERMINISTIC_OPS'] = '1'", True),
        ("%env KERAS_BACKEND=jax", True),
        ("os.environ['KERAS_BACKEND'] = 'jax'", True),
        ("os.putenv('OMP_NUM_THREADS', '8')", True),
        ('import os\nos.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"', False),
        ('os.environ["KERAS_BACKEND"] = "tensorflow"\nimport keras', False),
        ("environment = 3", True),  # rather one process too many
        ("import keras", False),
    ],
)
def test_a_notebook_that_sets_variables_is_run_in_a_new_process(source: str, *, fresh: bool) -> None:
    assert preloading.sets_variables([source]) is fresh


def test_the_output_says_how_notebooks_ran_and_a_wrong_variable_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = nb.small_bundle(tmp_path / "tiny")
    for number in range(2):
        nb.write_notebook(tmp_path / "in" / f"{number}.ipynb", nb.code(f"x = {number}"), *nb.answers())
    for way in WAYS:
        monkeypatch.setenv(preloading.VARIABLE, way)
        done = nb.autograder("grade", bundle, tmp_path / "in", "-o", tmp_path / way, "--workers", 1)
        assert done.returncode == 0, done.stderr
        assert f"Sandboxes of notebooks: 2 {preloading.DESCRIBED[way]}." in done.stderr
    monkeypatch.setenv(preloading.VARIABLE, "quick")
    done = nb.autograder("grade", bundle, tmp_path / "in", "-o", tmp_path / "quick", "--workers", 1)
    assert done.returncode == 2
    assert "AUTOGRADER_SANDBOXES is 'quick': give one of forked, ahead, fresh" in done.stderr
