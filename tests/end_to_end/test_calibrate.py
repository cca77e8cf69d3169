"""`autograder calibrate` on a small exercise; an accuracy just below its floor, from the notebook to the decision."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from autograder.authoring.calibration import fresh
from autograder.authoring.master import read_master
from tests import notebooks as nb
from tests.masters import write_repository

MASTER = '''# %% [raw]
# # AUTOGRADER CONFIG
# title: "Small"
# limits: {wall_seconds: 60}

# %% [markdown]
# # Small

# %%
import keras
import numpy as np

x = np.random.default_rng(1).normal(size=(400, 2))
y = (x.sum(axis=1) > 0).astype(int)

# %% [raw]
# # BEGIN QUESTION
# name: train
# points: 10

# %% [markdown]
# ## Train

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(1)

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="softmax")])  # SOLUTION
# BEGIN SOLUTION NO PROMPT
model.compile(optimizer=keras.optimizers.Adam(0.02), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=6, verbose=0)
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 10
hidden: true
""" # END TEST CONFIG
def test_accuracy(model):
    """`model` decides well on unseen points."""
    import numpy as np

    from autograder import expect

    x = np.random.default_rng(2).normal(size=(500, 2))
    expect.accuracy(model, x, (x.sum(axis=1) > 0).astype(int), at_least=0.5)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
'''


def test_seeds_are_measured_kept_and_held_against_the_floor(tmp_path: Path) -> None:
    folder = tmp_path / "reference" / "small"
    folder.mkdir(parents=True)
    (folder / "master.py").write_text(MASTER, encoding="utf-8")

    unbuilt = nb.autograder("calibrate", "small", cwd=tmp_path)
    assert unbuilt.returncode == 2
    assert "Run `autograder build small`. Then calibrate." in unbuilt.stderr
    built = nb.autograder("build", "small", cwd=tmp_path)
    assert "the floors of train.accuracy are not measured. Run `autograder calibrate small" in built.stderr

    first = nb.autograder("calibrate", "small", "--seeds", 2, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "A bound needs at least 5 seeds" in first.stdout
    kept = json.loads((folder / "calibration.json").read_text())
    assert kept["seeds"] == [1, 2]

    second = nb.autograder("calibrate", "small", "--seeds", 5, cwd=tmp_path)
    assert second.returncode == 0, second.stderr
    measured = json.loads((folder / "calibration.json").read_text())
    (floor,) = measured["floors"]
    assert measured["seeds"] == [1, 2, 3, 4, 5]
    assert (floor["case"], floor["model"], floor["inputs"]) == ("train.accuracy", "model", 500)
    assert {seed: floor["accuracies"][seed] for seed in "12"} == kept["floors"][0]["accuracies"], "earlier runs count"
    assert len(set(floor["accuracies"].values())) > 1, "the seeds differ"
    assert 0 < floor["floor"] < floor["mean"] <= 1
    assert str(floor["floor"]) in second.stdout

    agreed = MASTER.replace("at_least=0.5", f"at_least={floor['floor']}, unsure={floor['unsure']}")
    (folder / "master.py").write_text(agreed, encoding="utf-8")
    assert "warning" not in nb.autograder("build", "small", cwd=tmp_path).stderr, "cases may change, figures stay"
    assert reference(tmp_path) == measured["reference"]


def test_an_exercise_without_floors_runs_once(tmp_path: Path) -> None:
    write_repository(tmp_path)
    assert nb.autograder("build", "small", cwd=tmp_path).returncode == 0
    done = nb.autograder("calibrate", "small", "--seeds", "20", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "small: 1 seed" in done.stdout
    assert "No case requires a figure" in done.stdout
    assert not (tmp_path / "reference" / "small" / "calibration.json").exists()


def reference(root: Path, old: str = "", new: str = "") -> str:
    """The digest under which figures are kept, with something in the master replaced."""
    path = root / "reference" / "small" / "master.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text(encoding="utf-8") if path.exists() else MASTER
    path.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return fresh(read_master(path, root), []).reference


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("epochs=6", "epochs=7", True),
        ("size=(500, 2)", "size=(600, 2)", True),
        ("default_rng(2)", "default_rng(3)", True),
        ("at_least=0.5", "at_least=0.6, unsure=0.01", False),
        ("decides well on", "decides well, on", False),
        ("# # Small", "# # Smaller", False),
        ("y = (x.sum", "# a comment\ny = (x.sum", False),
    ],
)
def test_figures_are_stale_when_something_else_is_measured(tmp_path: Path, old: str, new: str, stale: bool) -> None:
    before = reference(tmp_path)
    assert (reference(tmp_path, old, new.replace("\\n", "\n")) != before) is stale


NEAR_TESTS = '''
from otter.test_files import test_case

OK_FORMAT = False

name = "labels"
points = 4

@test_case(points=3, hidden={hidden})
def test_accuracy(model):
    """`model` decides well."""
    import numpy as np

    from autograder import expect

    x = np.eye(2)[[0, 1] * 50]
    y = np.array([0, 1] * 47 + [1, 0] * 3)
    expect.accuracy(model, x, y, at_least=0.95, unsure=0.02)

@test_case(points=1, hidden=False)
def test_there(model):
    """There is a model."""
'''

MODEL = """
import keras
import numpy as np

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
model.layers[0].set_weights([np.eye(2), np.zeros(2)])
"""


@pytest.mark.parametrize("hidden", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_an_accuracy_just_below_its_floor_waits_for_a_person(tmp_path: Path, hidden: bool) -> None:
    bundle = nb.write_bundle(tmp_path / "small", {"labels": NEAR_TESTS.format(hidden=hidden)})
    nb.write_notebook(tmp_path / "in" / "ada.ipynb", nb.code(MODEL, "answer:labels"))
    out = tmp_path / "out"
    run = nb.autograder("grade", bundle, tmp_path / "in", "-o", out)
    assert run.returncode == 1, run.stderr
    assert "needs review ada: An accuracy lies so little below its floor" in run.stdout
    entry = nb.grades(out)["ada"]
    case = nb.cases_of(entry)["labels.accuracy"]
    assert (entry["status"], entry["score"], case["status"], case["points"]) == ("needs_review", 1, "manual", 0)
    assert case["measurements"][0]["accuracy"] == 0.94
    page = (out / "feedback" / "ada.html").read_text()
    assert ("0.94" in page) is not hidden, "a hidden case tells no figure"
    assert "a person looks at it and decides" in page

    with (out / "manual.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    (row,) = rows
    assert (row["student"], row["question"], row["case"], row["possible"]) == ("ada", "labels", "accuracy", "3")
    assert "0.94 on 100 inputs" in row["answer"]
    row["points"], row["comment"] = "2.5", "Three labels are odd, indeed."
    with (out / "manual.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, row.keys())
        writer.writeheader()
        writer.writerow(row)
    report = nb.autograder("report", out)
    assert report.returncode == 0, report.stderr
    decided = nb.grades(out)["ada"]
    assert (decided["status"], decided["score"]) == ("graded", 3.5)
    assert "Three labels are odd, indeed." in (out / "feedback" / "ada.html").read_text()
