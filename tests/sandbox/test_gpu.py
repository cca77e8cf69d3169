"""A GPU in the sandbox: only where it was chosen, only that one, and only for notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.errors import UsageError
from autograder.grading.execution.dask_cluster import why_unfit
from autograder.grading.execution.environment import versions
from autograder.records import Cell, Execution, Limits
from autograder.sandbox.host import gpu
from autograder.sandbox.host.session import Session
from tests import notebooks as nb

LOOK = """
import os, resource
print(sorted(name for name in os.listdir("/dev") if "nvidia" in name))
print([resource.getrlimit(each)[0] == resource.RLIM_INFINITY for each in (resource.RLIMIT_AS, resource.RLIMIT_DATA)])
print(os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ.get("TF_FORCE_GPU_ALLOW_GROWTH"))
"""
TRAIN = """
import tensorflow as tf
assert tf.config.list_physical_devices("GPU"), "TensorFlow sees none"
with tf.device("/GPU:0"):
    print(float(tf.reduce_sum(tf.ones((64, 64)) @ tf.ones((64, 64)))))
"""


def shown(source: str, **limits: float) -> str:
    with Session(Limits(**limits), slot=6) as session:
        run: Execution = session.run([Cell("code", source)], {})
    (cell,) = run.cells
    assert not cell.error, cell.error
    return "".join(output.get("text", "") for output in cell.outputs)


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files in the place of the devices."""
    for name in ("nvidia0", "nvidia1", *gpu.COMMON):
        (tmp_path / name).touch()
    (tmp_path / "0000:01:00.0").mkdir()
    text = "Model: \t\t NVIDIA H100\nIRQ:   \t\t 1\nDevice Minor: \t 1\n"
    (tmp_path / "0000:01:00.0" / "information").write_text(text)
    monkeypatch.setattr(gpu, "DEVICES", tmp_path)
    monkeypatch.setattr(gpu, "DRIVER", tmp_path)


def test_without_the_option_nothing_of_a_gpu_is_visible() -> None:
    assert shown(LOOK) == "[]\n[False, False]\n-1 None\n"


@pytest.mark.usefixtures("two_gpus")
def test_a_notebook_sees_the_one_gpu_that_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(gpu.GPU_VARIABLE, "1")
    assert gpu.gpu_name(1) == "NVIDIA H100"
    assert gpu.gpu_name(0) == "GPU"
    seen = "['nvidia-uvm', 'nvidia-uvm-tools', 'nvidia1', 'nvidiactl']\n[True, True]\nNone true\n"
    assert shown(LOOK) == seen


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize("numbers", ["", "a", "0,", "0,0", "2", "-1", "0;1"])
def test_what_names_no_gpu_is_refused(numbers: str) -> None:
    assert gpu.chosen_gpus("1,0") == (1, 0)
    with pytest.raises(UsageError, match=r"^--gpus"):
        gpu.chosen_gpus(numbers)


def test_a_gpu_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    bundle = nb.small_bundle(tmp_path / "small")
    notebook = nb.write_notebook(tmp_path / "ada.ipynb", *nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS))
    run = nb.autograder("grade", bundle, notebook, "-o", tmp_path / "out", "--gpus", "77")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1), run.stderr
    assert "/dev/nvidia77 is not there. Leave --gpus out to grade without" in run.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not Path("/dev/nvidia0").exists(), reason="there is no NVIDIA GPU here (/dev/nvidia0)")
def test_tensorflow_computes_on_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(gpu.GPU_VARIABLE, "0")
    assert shown(TRAIN, memory_mb=16_000) == "262144.0\n"


def test_a_worker_whose_gpu_is_not_there_cannot_grade(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(gpu.GPU_VARIABLE, "77")
    assert why_unfit(versions()).startswith("AUTOGRADER_GPUS 77: /dev/nvidia77 is not there")
