"""What notebooks find in the sandbox beside Keras; `docs/instructors/machine.md` names it."""

from __future__ import annotations

import re
from pathlib import Path

from tests import notebooks as nb
from tests.notebooks import code

PACKAGES = ("matplotlib", "numpy", "pandas", "scipy", "seaborn", "sklearn", "tensorboard", "tqdm")

FIT = """
import keras
import pathlib

keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
callbacks = [
    keras.callbacks.TensorBoard("logs"),
    keras.callbacks.CSVLogger("log.csv"),
    keras.callbacks.ModelCheckpoint("best/model.keras"),
]
model.fit(numpy.ones((4, 2)), numpy.ones((4, 1)), epochs=1, verbose=0, callbacks=callbacks)
assert len(list(pathlib.Path().glob("logs/train/*"))) == 1
answer = 7919
"""


def test_a_notebook_uses_them_and_keras_callbacks(tmp_path: Path) -> None:
    cells = [code("\n".join(f"import {name}" for name in PACKAGES)), code(FIT, "answer:number")]
    nb.write_notebook(tmp_path / "ada.ipynb", *cells)
    bundle = nb.write_bundle(tmp_path / "bundle", {"number": nb.NUMBER_TESTS})
    run = nb.autograder("grade", bundle, tmp_path / "ada.ipynb", "-o", tmp_path / "out")
    assert run.returncode == 0, run.stdout + run.stderr
    (entry,) = nb.grades(tmp_path / "out").values()
    assert (entry["score"], entry["causes"]) == (4, [])


def test_the_documentation_names_them() -> None:
    words = (Path(__file__).parents[2] / "docs" / "instructors" / "machine.md").read_text(encoding="utf-8").lower()
    for name in PACKAGES:
        assert re.search({"sklearn": "scikit-learn"}.get(name, name), words), name
