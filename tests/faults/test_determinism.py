"""The same submission gives the same grade, whatever else the machine does; `determinism` repeats it more often."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from autograder.records import Execution, from_json
from tests import notebooks as nb
from tests.faults.determinism import repeat, write_training
from tests.faults.small_class import SmallClass, outcome

DRAWN = """
import logging
import random
import numpy as np
print({"a", "set", "has", "no", "order"}, random.random(), np.random.rand(), np.random.default_rng().random())
logging.getLogger("matplotlib.font_manager").warning("Matplotlib is building the font cache")  # only if that is slow
answer = float(np.random.rand() + random.random())
"""


def test_random_numbers_are_the_same_each_time(tmp_path: Path) -> None:
    """What is printed is on the page, and `answer` is in the detail of a hidden case."""
    bundle = nb.small_bundle(tmp_path / "small", nb.Limits(memory_mb=700))
    nb.write_notebook(tmp_path / "class" / "ada.ipynb", *nb.answers(DRAWN, nb.RIGHT_LABELS))
    repeat(SmallClass(bundle, tmp_path / "class"), tmp_path, 1)
    run = from_json(gzip.decompress((tmp_path / "first" / "runs" / "ada.json.gz").read_bytes()), Execution)
    assert [output["name"] for cell in run.cells for output in cell.outputs] == ["stdout"]
    assert "order" in outcome(tmp_path / "first")["feedback/ada.html"]
    assert "`answer` is 1." in nb.cases_of(nb.grades(tmp_path / "first")["ada"])["number.value"]["detail"]


@pytest.mark.slow
def test_training_without_a_seed_gives_the_same_grade(tmp_path: Path) -> None:
    repeat(write_training(tmp_path), tmp_path, 2)
    grades = nb.grades(tmp_path / "first")["ada"]
    assert len(grades["questions"][0]["histories"]["history"]["loss"]) == 4
    assert grades["execution"]["environment"].keys() >= {"threads", "tensorflow", "keras", "numpy", "platform", "cpu"}
