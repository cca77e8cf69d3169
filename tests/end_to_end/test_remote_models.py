"""Models that cannot be rebuilt, graded in a real sandbox: what they compute counts, what is said of them waits."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.records import Limits
from tests import notebooks as nb
from tests.notebooks import code

HEAD = """
from otter.test_files import test_case

OK_FORMAT = False

name = "{0}"
points = None
"""
ACCURACY = '''
@test_case(points=2, hidden={1})
def test_accuracy({0}, x_new, y_new):
    """`{0}` on new points."""
    from autograder import expect

    expect.accuracy({0}, x_new, y_new, at_least=0.9, name="{0}")
'''
LAYERS = '''
@test_case(points=3, hidden={1})
def test_layers({0}):
    """`{0}` has the layers."""
    from autograder import expect

    rows = [expect.layer("Dense", units=4), expect.layer("ReLU"), expect.layer("Dense", units=2)]
    expect.layers({0}, rows, name="{0}")
    expect.parameters({0}, total=22, name="{0}")
'''
PREDICT = '''
@test_case(points=1, hidden=False)
def test_predict({0}):
    """`{0}` gives a row for each point."""
    import numpy as np

    assert {0}.predict(np.zeros((700, 2), "float32")).shape == (700, 2)
'''
STRICT = 'accept = "rebuilt"\n'
TRUSTED = 'accept = "claimed"\n'

SETUP = """
import keras
import numpy as np
from keras import layers

first, second = np.array([[3.0, -3.0, 0, 0], [0, 0, 0, 0]]), np.array([[-1.0, 1], [1, -1], [0, 0], [0, 0]])
points = np.random.default_rng(1).normal(size=(100, 2)).astype("float32")

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.one, self.two = layers.Dense(4, activation="relu"), layers.Dense(2)

    def call(self, inputs):
        return self.two(self.one(inputs))

def made():
    net = Net()
    net(points)
    net.set_weights([first, np.zeros(4), second, np.zeros(2)])
    return net
"""
ANSWERS = {
    "net": "net = made()",
    "scaled": """
scaled = keras.Sequential([keras.Input((2,)), layers.Lambda(lambda x: 2 * x), layers.Dense(2)])
scaled.set_weights([np.array([[-1.0, 1], [0, 0]]), np.zeros(2)])
""",
    "estimator": """
from sklearn.linear_model import LogisticRegression

estimator = LogisticRegression().fit(points, points[:, 0] > 0)
""",
    "wrapper": """
listed = made()

class Wrapper(keras.Model):
    layers, weights = listed.layers, listed.weights

    def predict(self, x):
        return np.zeros((len(x), 2))

wrapper = Wrapper()
""",
    "plain": """
class Plain:
    layers = ["Dense", "ReLU", "Dense"]

    def predict(self, x):
        return [int(value > 0) for value in x[:, 0]]

    def count_params(self):
        return 22

plain = Plain()
""",
    "strict": "strict = made()",
    "trusted": "trusted = made()",
    "broken": """
class Broken:
    def predict(self, x):
        raise ValueError("<b>no</b> " + 9000 * "x")

broken = Broken()
""",
    "growing": """
class Growing(keras.Model):
    calls = 0

    def predict(self, x):
        self.calls += 1
        return np.zeros((len(x), self.calls))

growing = Growing()
""",
    "losses": "losses = keras.callbacks.History()\nlosses.history, losses.epoch = {'loss': [2.0, 1.0]}, [0, 1]",
    "unbuilt": """
unbuilt = keras.Sequential([layers.Dense(4, name="hidden"), layers.Dense(2)])
unbuilt.compile("sgd", "categorical_crossentropy")
unbuilt.fit(points, np.zeros((100, 3)), verbose=0)
""",
    "number": "number = 3",
}
OWN = '''
@test_case(points=3, hidden=False)
def test_own(plain):
    """`plain` has the layers."""
    assert plain.layers == ["Dense", "ReLU", "Dense"] and plain.count_params() == 22

@test_case(points=1, hidden=False)
def test_answers(plain):
    """`plain` answers."""
    import numpy as np

    assert plain.predict(np.array([[1.0, 2.0]])) == [1]
'''
HISTORY = '''
@test_case(points=1, hidden=False)
def test_history(losses):
    """`losses` has two epochs."""
    from autograder import expect

    expect.history(losses, epochs=2, name="losses")
'''
NUMBER = '''
@test_case(points=1, hidden=False)
def test_number(number):
    """`number` is 3."""
    assert number == 3
'''
CASES = {
    "net": ACCURACY.format("net", True) + LAYERS.format("net", False),
    "scaled": ACCURACY.format("scaled", False) + PREDICT.format("scaled"),
    "estimator": ACCURACY.format("estimator", True),
    "wrapper": ACCURACY.format("wrapper", True) + LAYERS.format("wrapper", True),
    "plain": ACCURACY.format("plain", True) + OWN,
    "strict": STRICT + ACCURACY.format("strict", True),
    "trusted": TRUSTED + LAYERS.format("trusted", True),
    "broken": ACCURACY.format("broken", False),
    "growing": PREDICT.format("growing"),
    "losses": HISTORY,
    "unbuilt": PREDICT.format("unbuilt"),
    "number": NUMBER,
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("remote")
    x = np.random.default_rng(2).normal(size=(600, 2)).astype("float32")
    nb.write_bundle(
        folder / "small",
        {name: HEAD.format(name) + cases for name, cases in CASES.items()},
        limits=Limits(wall_seconds=240, cell_seconds=60, memory_mb=2000),
        data={"x_new": x, "y_new": (x[:, 0] > 0).astype(int)},
    )
    cells = [code(SETUP), *(code(source, f"answer:{name}") for name, source in ANSWERS.items())]
    nb.write_notebook(folder / "class" / "ada.ipynb", *cells)
    graded = nb.autograder("grade", folder / "small", folder / "class", "-o", folder / "out")
    assert graded.returncode == 1, graded.stdout + graded.stderr
    return folder / "out"


@pytest.fixture(scope="module")
def cases(out: Path) -> dict[str, dict[str, Any]]:
    return nb.cases_of(nb.grades(out)["ada"])


def test_outcomes_say_what_they_rest_on(cases: dict[str, dict[str, Any]]) -> None:
    found = {
        name: (case["status"], case["points"], case.get("proposed"), case["evidence"]) for name, case in cases.items()
    }
    assert found == {
        "net.accuracy": ("pass", 2, None, "answered"),
        "net.layers": ("manual", 0, 3, "claimed"),
        "scaled.accuracy": ("pass", 2, None, "answered"),
        "scaled.predict": ("pass", 1, None, "answered"),
        "estimator.accuracy": ("pass", 2, None, "answered"),
        "wrapper.accuracy": ("fail", 0, None, "answered"),
        "wrapper.layers": ("manual", 0, 3, "claimed"),
        "plain.accuracy": ("pass", 2, None, "answered"),
        "plain.own": ("manual", 0, 3, "claimed"),
        "plain.answers": ("pass", 1, None, "answered"),
        "strict.accuracy": ("fail", 0, None, "computed"),
        "trusted.layers": ("pass", 3, None, "claimed"),
        "broken.accuracy": ("fail", 0, None, "answered"),
        "growing.predict": ("fail", 0, None, "answered"),
        "losses.history": ("pass", 1, None, "claimed"),
        "unbuilt.predict": ("fail", 0, None, "computed"),
        "number.number": ("pass", 1, None, "computed"),
    }


def test_messages_name_what_cannot_be_rebuilt_and_what_the_model_did(cases: dict[str, dict[str, Any]]) -> None:
    own = "`{}` is a Keras model, but `Net` is a model class of its own; use keras.Sequential or keras.Model("
    assert cases["strict.accuracy"]["message"].startswith(own.format("strict"))
    assert cases["net.layers"]["message"].startswith(own.format("net"))
    assert "a person confirms the points" in cases["net.layers"]["message"]
    hidden = cases["wrapper.layers"]
    assert "Wrapper" not in hidden["message"] and "`Wrapper` is a model class of its own" in hidden["detail"]
    assert cases["broken.accuracy"]["message"].startswith("`Broken.predict` raised ValueError: <b>no</b> xxx")
    assert len(cases["broken.accuracy"]["message"]) < 8_100
    raised, unbuilt = cases["unbuilt.predict"]["message"].split("\n")
    assert raised.startswith("Code cell 12 raised ValueError: Arguments `target` and `output` must have the same")
    assert unbuilt.startswith("`unbuilt` is a Keras model, but it is not built yet: layer 1 (`hidden`) has no weights.")
    assert "`growing` gives outputs of another shape for some inputs" in cases["growing.predict"]["message"]


def test_pages_show_what_outcomes_rest_on(out: Path) -> None:
    page = (out / "feedback" / "ada.html").read_text(encoding="utf-8")
    assert page.count("By what your notebook computed for the grader’s inputs") == 9
    assert page.count("By what your notebook says") == 5
    assert "Some points rest on what your notebook says of a model" in page
    assert "&lt;b&gt;no&lt;/b&gt;" in page and "<b>no</b>" not in page
    assert "Claimed: 1" in (out / "index.html").read_text(encoding="utf-8")


def test_a_person_confirms_what_was_proposed(out: Path) -> None:
    assert nb.grades(out)["ada"]["message"].startswith("Points rest on what the notebook says of a model")
    table = out / "manual.csv"
    with table.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    waiting = {row["question"]: row for row in rows}
    assert set(waiting) == {"net", "wrapper", "plain"}
    assert waiting["net"]["answer"].startswith("Proposed: 3 of 3. `net` is a Keras model, but ")
    waiting["net"]["points"], waiting["wrapper"]["points"], waiting["plain"]["points"] = "accept", "0", "0"
    with table.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    reported = nb.autograder("report", out)
    assert reported.returncode == 0, reported.stderr
    ada = nb.grades(out)["ada"]
    assert (ada["status"], ada["score"], ada["pending"]) == ("graded", 18, 0)
    assert json.loads((out / "grades.json").read_text())["grades"][0]["questions"][0]["cases"][1]["by_hand"]
