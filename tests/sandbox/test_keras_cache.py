"""Keras's datasets and pretrained weights come from the instructor's cache, offline; `fetch` says what is missing."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from autograder.commands import fetch
from autograder.errors import UsageError
from autograder.grading import keras_files
from autograder.grading.keras_files import KerasFile, files_of
from tests.sandboxes import run_in_sandbox

WEIGHTS = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96_no_top.h5"
LINES = f"""
import keras, numpy as np, os
(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
report([x_train.shape, x_test.shape, int(x_train.sum()), y_test.tolist()])
network = keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, include_top=False, weights="imagenet")
report(float(network.get_layer("Conv1").get_weights()[0].mean()))
stored = os.path.join(os.environ["KERAS_HOME"], "models", "{WEIGHTS}")
def tried(action):
    try:
        action()
    except Exception as error:
        return type(error).__name__ + ": " + str(error)
    return "done"
report(tried(lambda: open(stored, "ab")))
report(tried(lambda: keras.datasets.mnist.load_data()))
open(os.path.join(os.environ["KERAS_HOME"], "datasets", "own.txt"), "w").write("mine")
report(os.listdir(os.path.join(os.environ["KERAS_HOME"], "datasets")))
"""


def gzipped(path: Path, array: np.ndarray, head: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(bytes(head) + array.astype(np.uint8).tobytes()))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "autograder" / "keras"


def test_a_notebook_finds_what_is_in_the_cache_and_cannot_change_it(cache: Path) -> None:
    import h5py
    import keras
    from keras.src.legacy.saving import legacy_h5_format  # the format of the weights that Keras offers

    for part, count in (("train", 6), ("t10k", 2)):
        gzipped(cache / "datasets" / "fashion-mnist" / f"{part}-images-idx3-ubyte.gz", np.ones((count, 28, 28)), 16)
        gzipped(cache / "datasets" / "fashion-mnist" / f"{part}-labels-idx1-ubyte.gz", np.arange(count), 8)
    (cache / "models").mkdir()
    network = keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, include_top=False, weights=None)
    kernel = network.get_layer("Conv1").get_weights()[0]
    network.get_layer("Conv1").set_weights([np.full_like(kernel, 0.25)])
    with h5py.File(cache / "models" / WEIGHTS, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, network)
    (cache / "models" / WEIGHTS).chmod(0o666)

    answer = run_in_sandbox(LINES, wall_seconds=600)

    assert answer.ending.code == 0, answer.ending.stderr_tail
    digits, mean, written, missing, listed = answer.reported
    assert digits == [[6, 28, 28], [2, 28, 28], 6 * 28 * 28, [0, 1]]
    assert mean == 0.25
    assert "Read-only file system" in written
    assert missing.startswith("Exception: URL fetch failure on https://storage.googleapis.com/")
    assert sorted(listed) == ["fashion-mnist", "own.txt"]
    assert sorted(path.name for path in (cache / "datasets").iterdir()) == ["fashion-mnist"]


def test_fetch_names_the_files_of_the_installed_keras_and_compares_them(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mnist,) = files_of("mnist")
    assert (mnist.path, mnist.problem) == ("datasets/mnist.npz", "missing")
    assert mnist.url.endswith("/mnist.npz")
    assert [file.path for file in files_of("cifar10")] == ["datasets/cifar-10-batches-py-target_archive"]
    paths = [file.path for file in files_of("MobileNetV2")]
    assert [path.startswith("models/mobilenet_v2_weights") for path in paths] == [True, True, False]
    with pytest.raises(UsageError, match="no dataset or pretrained network 'digits'"):
        files_of("digits")

    path = cache / mnist.path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half of it")
    assert mnist.problem == "another file, or not all of it; get it again"
    made = KerasFile(mnist.path, mnist.url, hashlib.sha256(b"half of it").hexdigest())
    path.chmod(0o600)
    monkeypatch.setattr(keras_files.os, "geteuid", lambda: 0)
    assert made.problem.startswith("closed to the sandbox's user")
    path.chmod(0o644)
    assert made.problem == ""
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")
    assert made.problem == "a link; put the file itself there"


def test_the_command_says_what_to_put_where(cache: Path) -> None:
    screen = Console(record=True, width=400)
    assert not fetch.run(["boston_housing"], screen)
    said = screen.export_text()
    assert f"Keras's files for the sandbox are in {cache}" in said
    assert "✗ boston_housing: datasets/boston_housing.npz (missing)" in said
    assert "https://storage.googleapis.com/tensorflow/tf-keras-datasets/boston_housing.npz, SHA256 f553886a" in said
