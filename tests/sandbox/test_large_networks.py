"""The networks that courses fine-tune, as large as Keras gives them, graded through both sandboxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograder.grading.execution.pool import Engine, grade_class
from autograder.grading.intake.submissions import collect
from autograder.records import Limits
from tests import notebooks as nb

TESTS = """
from otter.test_files import test_case

OK_FORMAT = False

name = "network"
points = 10

@test_case(points=10, hidden=True)
def test_predictions(model, own, images):
    \"\"\"It has the right size, and computes what it computed in the notebook.\"\"\"
    assert model.count_params() == PARAMETERS
    assert model.predict(images, batch_size=2).shape == (4, 1000)
    assert abs(model.predict(0 * images[:1] + 100) - own).max() < 1e-6
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("MobileNetV3Small", 2_554_968),
        ("MobileNetV2", 3_538_984),
        ("EfficientNetB0", 5_330_571),
        ("DenseNet121", 8_062_504),
        ("ResNet50", 25_636_712),
        ("VGG16", 138_357_544),
    ],
)
def test_networks_of_keras_applications(tmp_path: Path, name: str, parameters: int) -> None:
    limits = Limits(memory_mb=6000, wire_mb=1024) if name == "VGG16" else Limits()
    images = np.random.default_rng(0).random((4, 224, 224, 3), dtype="float32") * 255
    tests = {"network": TESTS.replace("PARAMETERS", str(parameters))}
    bundle = nb.write_bundle(tmp_path / "large", tests, limits=limits, data={"images": images})
    source = f"model = keras.applications.{name}(weights=None)\nown = model.predict(np.full((1, 224, 224, 3), 100.0))"
    answer = nb.code(source, "answer:network")
    nb.write_notebook(tmp_path / "in" / "ada.ipynb", nb.code("import keras, numpy as np"), answer)
    (result,) = grade_class(bundle, collect(tmp_path / "in"), engine=Engine(1))
    assert (result.grade.status, result.grade.score) == ("graded", 10), [
        case.detail or case.message for case in result.grade.questions[0].cases
    ]
