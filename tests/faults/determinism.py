"""Grades one submission again and again, alone and beside busy processes: `python -m tests.faults.determinism 10`.

Its notebook sets no seed, and trains a network with dropout on data that it draws itself. Every run must give the same
`grades.json`, byte for byte but for timings, with each number of the training history in it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from autograder.records import Assignment, Limits, from_json, to_json
from tests import notebooks as nb
from tests.busy import busy_machine
from tests.faults.small_class import SmallClass, differences, outcome

BUSY_PER_PROCESSOR = 2
TRAINING = """
from otter.test_files import test_case

OK_FORMAT = False

name = "train"
points = 4

@test_case(points=4, hidden=False)
def test_accuracy(model, history, x_test, y_test):
    \"\"\"`model` is nearly always right.\"\"\"
    from autograder import expect

    expect.history(history, epochs=4, name="history")
    expect.accuracy(model, x_test, y_test, at_least=0.999, name="model")
"""
TRAINED = """
import numpy as np, keras
x = np.random.rand(512, 16).astype("float32")
y = (x.sum(axis=1) > 8).astype("int64")
model = keras.Sequential([
    keras.Input((16,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dropout(0.3),
    keras.layers.Dense(2, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, epochs=4, batch_size=32, validation_split=0.25, verbose=0)
"""


def write_training(root: Path) -> SmallClass:
    """An exercise whose grade holds the history of the training and the accuracy on hidden data."""
    x = np.random.default_rng(3).random((300, 16), dtype=np.float32)
    data = {"x_test": x, "y_test": (x.sum(axis=1) > 8).astype("int64")}
    bundle = nb.write_bundle(root / "training", {"train": TRAINING}, limits=Limits(), data=data)
    path = bundle / "assignment.json"
    assignment = from_json(path.read_bytes(), Assignment)
    questions = tuple(replace(question, histories=("history",)) for question in assignment.questions)
    path.write_bytes(to_json(replace(assignment, questions=questions)))
    nb.write_notebook(root / "trained" / "ada.ipynb", nb.code(TRAINED, "answer:train"))
    return SmallClass(bundle, root / "trained")


def repeat(submissions: SmallClass, root: Path, times: int) -> None:
    """Grade so often alone and so often on a busy machine; raises where one differs from the first."""
    first = root / "first"
    graded = submissions.grade(first)
    assert graded.returncode == 0, graded.stdout + graded.stderr
    expected = outcome(first)
    for number in range(1, times):
        _again(submissions, root / f"alone-{number}", expected)
    with busy_machine(BUSY_PER_PROCESSOR * (os.cpu_count() or 1)):
        for number in range(times):
            _again(submissions, root / f"busy-{number}", expected)


def _again(submissions: SmallClass, out: Path, expected: dict[str, object]) -> None:
    graded = submissions.grade(out)
    assert graded.returncode == 0, graded.stdout + graded.stderr
    assert differences(out, expected) == [], out.name
    print(f"{out.name}: the same", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("times", type=int)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory(prefix="determinism-") as root:
        repeat(write_training(Path(root)), Path(root), times)


if __name__ == "__main__":
    sys.exit(main())
