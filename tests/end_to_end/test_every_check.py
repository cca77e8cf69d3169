"""An exercise that uses the checks of values, predictions and figures, built and graded for real."""

# ruff: noqa: E501 - answers of students, each in one line

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.masters import CONFIG, write_repository
from tests.notebooks import autograder, grades

QUESTION = """
# %% [raw]
# # BEGIN QUESTION
# name: {name}

# %% [raw]
# # BEGIN SOLUTION

# %%
{solution}

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS
{cases}
# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
"""
CASE = '''
# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: {hidden}
""" # END TEST CONFIG
def test_{name}({parameters}):
    """Case {name}."""
    {body}
'''
GIVEN = """
# %%
import keras
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers

random = np.random.default_rng(0)
x = random.normal(size=(64, 4, 4, 1)).astype("float32")
masks = (x[..., 0] > 0).astype(int)
v = np.linspace(-1, 1, 64, dtype="float32")[:, None]
table = pd.DataFrame({"city": ["Bern", "Chur", "Bern"], "pay": [1.0, 2.0, 4.0]})

# %% [raw]
# # BEGIN HELPERS

# %%
import numpy as np

from autograder import expect

def grid():
    return np.linspace(-1, 1, 64, dtype="float32")[:, None]

# %% [raw]
# # END HELPERS
"""

# name → solution as in the master, right in another way, wrong; parameters and body of its cases; what a wrong one says
QUESTIONS: dict[str, dict[str, Any]] = {
    "softmax": {
        "solution": "def softmax(z):\n    # BEGIN SOLUTION\n    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)\n    # END SOLUTION",
        "right": "def softmax(z):\n    e = np.exp(z - z.max(axis=1)[:, None])\n    return e / e.sum(axis=1)[:, None]",
        "wrong": "def softmax(z):\n    return np.exp(z) / np.exp(z).sum(axis=0)",
        "cases": [
            ("softmax", "expect.function(softmax, lambda r: r.normal(size=r.integers(1, 5, size=2)), name='softmax')"),
        ],
        "says": ["along the wrong axis: the values along axis 1 should sum to the same number"],
    },
    "slope": {
        "solution": "def slope(w):\n    # BEGIN SOLUTION\n    return 2 * w\n    # END SOLUTION\ndef loss(w):\n    # BEGIN SOLUTION\n    return (w**2).sum()\n    # END SOLUTION\ndef root(number):\n    # BEGIN SOLUTION\n    if number < 0:\n        raise ValueError('negative')\n    return number**0.5\n    # END SOLUTION",
        "right": "def slope(w):\n    return w + w\ndef loss(w):\n    return float(w.ravel() @ w.ravel())\ndef root(number):\n    if number < 0:\n        raise ValueError('a negative number')\n    return np.sqrt(number)",
        "wrong": "def slope(w):\n    return -2 * w\ndef loss(w):\n    return (w**2).sum()\ndef root(number):\n    return abs(number)**0.5",
        "cases": [
            (
                "slope, loss",
                "expect.gradient(slope, of=loss, inputs=[np.array([[1.0, -2.0], [3.0, 4.0]])], name='slope')",
            ),
            ("root", "expect.raises(root, -1, error='ValueError', message='negative', name='root')"),
        ],
        "says": ["has the wrong sign", "returns a number, expected it to raise ValueError"],
    },
    "by_city": {
        "solution": "by_city = table.groupby('city', as_index=False)['pay'].mean()  # SOLUTION\nmeans = x.mean(axis=(1, 2, 3))  # SOLUTION\nanswer = 'ReLU'  # SOLUTION",
        "right": "by_city = pd.DataFrame({'pay': [2.5, 2.0], 'city': ['Bern', 'Chur']})\nmeans = np.array([each.mean() for each in x])\nanswer = ' relu'",
        "wrong": "by_city = table.groupby('city', as_index=False)['pay'].sum()\nmeans = x.sum(axis=(1, 2, 3))\nanswer = 'tanh'",
        "cases": [
            (
                "by_city",
                "import pandas as pd\n\n    expect.frame(by_city, pd.DataFrame({'city': ['Bern', 'Chur'], 'pay': [2.5, 2.0]}), name='by_city')",
            ),
            (
                "means",
                "images = np.random.default_rng(0).normal(size=(64, 4, 4, 1))\n    expect.array(means, images.mean(axis=(1, 2, 3)), name='means')",
            ),
            ("answer", "expect.text(answer, 'relu', name='answer')"),
        ],
        "says": [
            "`by_city['pay']` is wrong in 1 of 2 places: `[0]` is 5, expected 2.5",
            "is 16 times what is expected",
            "is 'tanh', expected 'relu'",
        ],
    },
    "curve": {
        "solution": "# BEGIN SOLUTION\ncurve, axes = plt.subplots()\naxes.plot([3, 2, 1], label='train')\naxes.set(xlabel='epoch', ylabel='loss')\naxes.legend()\n# END SOLUTION",
        "right": "curve = plt.figure()\nplt.plot([0, 1, 2], np.array([3.0, 2.0, 1.0]), label='Training')\nplt.xlabel('Epoch')\nplt.ylabel('The loss')\nplt.legend()",
        "wrong": "curve = plt.figure()\nplt.plot([3, 2, 1])\nplt.ylabel('loss')",
        "cases": [
            (
                "curve",
                "expect.figure(curve, xlabel='epoch', ylabel='loss', legend=['train'], lines=[[3, 2, 1]], name='curve')",
            )
        ],
        "says": ["The xlabel of `curve` is empty, expected 'epoch' in it"],
    },
    "sign": {
        "solution": "keras.utils.set_random_seed(1)\n# BEGIN SOLUTION\nsign = keras.Sequential([keras.Input((1,)), layers.Dense(4, activation='relu'), layers.Dense(1, activation='sigmoid')])\nsign.compile(keras.optimizers.Adam(0.05), 'binary_crossentropy', metrics=['accuracy'])\nhistory = sign.fit(v, v[:, 0] > 0, epochs=12, validation_data=(v, v[:, 0] > 0), verbose=0)\n# END SOLUTION",
        "right": "keras.utils.set_random_seed(1)\ni = keras.Input((1,))\nsign = keras.Model(i, layers.Dense(1, activation='sigmoid')(layers.ReLU()(layers.Dense(4)(i))))\nsign.compile(optimizer=keras.optimizers.Adam(learning_rate=0.05), loss=keras.losses.BinaryCrossentropy(), metrics=[keras.metrics.BinaryAccuracy()])\nhistory = sign.fit(v, (v > 0).astype(int), epochs=12, validation_data=(v, (v > 0).astype(int)), verbose=0)",
        "wrong": "keras.utils.set_random_seed(1)\nsign = keras.Sequential([keras.Input((1,)), layers.Dense(5, activation='relu'), layers.Dense(1, activation='sigmoid')])\nsign.compile('sgd', 'mse', metrics=['mae'])\nhistory = sign.fit(v, v[:, 0] < 0, epochs=12, validation_data=(v, v[:, 0] < 0), verbose=0)\nsign.layers[-1].set_weights([-np.ones((5, 1)), -np.ones(1)])",
        "cases": [
            ("sign", "expect.accuracy(sign, grid(), (grid()[:, 0] > 0).astype(int), at_least=0.7, name='sign')"),
            ("sign", "expect.network(sign, show=['units'], name='sign')"),
            (
                "sign",
                "expect.compiled(sign, optimizer='adam', learning_rate=0.05, loss='binary_crossentropy', metrics=['accuracy'], name='sign')",
            ),
            (
                "history, sign",
                "expect.record(history, sign, grid(), (grid()[:, 0] > 0).astype(int), epochs=10, name='history', model_name='sign')",
            ),
        ],
        "says": [
            "expected at least 0.7",
            "expected Dense 4, got Dense 5",
            "is compiled with optimizer SGD, expected adam",
            "`sign` has an R² of",
        ],
    },
    "line": {
        "solution": "keras.utils.set_random_seed(2)\n# BEGIN SOLUTION\nline = keras.Sequential([keras.Input((1,)), layers.Dense(1)])\nline.compile(keras.optimizers.Adam(0.2), 'mse')\nline.fit(v, 2 * v + 1, epochs=20, verbose=0)\n# END SOLUTION",
        "right": "line = keras.Sequential([keras.Input((1,)), layers.Dense(8), layers.Dense(1)])\nline.layers[0].set_weights([np.full((1, 8), 0.25), np.zeros(8)])\nline.layers[1].set_weights([np.ones((8, 1)), np.ones(1)])",
        "wrong": "line = keras.Sequential([keras.Input((1,)), layers.Dense(1)])\nline.set_weights([np.full((1, 1), 20.0), np.full(1, 10.0)])",
        "cases": [
            ("line", "expect.error(line, grid(), 2 * grid() + 1, at_most=0.5, name='line')"),
            ("line", "expect.error(line, grid(), 2 * grid() + 1, metric='r2', at_least=0.5, name='line')"),
        ],
        "says": ["on another scale: check how both are scaled", "`line` has an R² of"],
    },
    "spots": {
        "solution": "keras.utils.set_random_seed(3)\n# BEGIN SOLUTION\nspots = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(1, 1, activation='sigmoid')])\nspots.compile(keras.optimizers.Adam(0.2), 'binary_crossentropy')\nspots.fit(x, masks[..., None], epochs=10, verbose=0)\nbase = keras.Sequential([keras.Input((1,)), layers.Dense(3, name='base')])\ntuned = keras.Sequential([keras.Input((1,)), *base.layers, layers.Dense(2, name='head')])\ntuned.get_layer('base').trainable = False\n# END SOLUTION",
        "right": "spots = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(2, 1, activation='softmax')])\nspots.set_weights([np.array([-5.0, 5.0]).reshape(1, 1, 1, 2), np.zeros(2)])\ntuned = keras.Sequential([keras.Input((1,)), layers.Dense(3, name='base', trainable=False), layers.Dense(2)])",
        "wrong": "spots = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(1, 1, activation='sigmoid')])\nspots.set_weights([np.array([-5.0]).reshape(1, 1, 1, 1), np.ones(1)])\ntuned = keras.Sequential([keras.Input((1,)), layers.Dense(3, name='base'), layers.Dense(2)])",
        "cases": [
            (
                "spots",
                "images = np.random.default_rng(5).normal(size=(9, 4, 4, 1))\n    expect.iou(spots, images, images > 0, at_least=0.5, name='spots')",
            ),
            ("tuned", "expect.frozen(tuned, 'base', name='tuned')"),
        ],
        "says": ["intersection over union of", "`tuned` would train `base`, expected to be frozen"],
    },
}


def master() -> str:
    """Each case is there twice: public, and hidden."""
    parts = [CONFIG.replace("memory_mb: 900", "memory_mb: 2500").replace("cell_seconds: 20", "cell_seconds: 60"), GIVEN]
    for name, question in QUESTIONS.items():
        cases = [
            CASE.format(
                hidden=hidden, name=f"{'hidden' if hidden == 'true' else 'public'}_{at}", parameters=names, body=body
            )
            for at, (names, body) in enumerate(question["cases"])
            for hidden in ("false", "true")
        ]
        parts.append(QUESTION.format(name=name, solution=question["solution"], cases="".join(cases)))
    return "\n".join(parts).replace("wall_seconds: 60", "wall_seconds: 600")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root: Path = tmp_path_factory.mktemp("checks")
    write_repository(root, master())
    built = autograder("build", "small", cwd=root)
    assert built.returncode == 0, built.stderr
    stub = json.loads((root / "assignments" / "small" / "small.ipynb").read_text())
    for kind in ("right", "wrong"):
        for cell in stub["cells"]:
            for tag in cell["metadata"].get("tags", []):
                if tag.startswith("answer:"):
                    cell["source"] = QUESTIONS[tag.removeprefix("answer:")][kind]
        (root / "class").mkdir(exist_ok=True)
        (root / "class" / f"{kind}.ipynb").write_text(json.dumps(stub))
    done = autograder("grade", "small", "class", "-o", "out", cwd=root)
    assert done.returncode == 0, done.stderr + done.stdout
    return grades(root / "out")


def outcomes(entry: dict[str, Any], question: str) -> dict[str, dict[str, Any]]:
    (found,) = (each for each in entry["questions"] if each["name"] == question)
    return {case["name"]: case for case in found["cases"]}


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_of_another_kind_are_right(graded: dict[str, Any], question: str) -> None:
    assert {
        name: case["message"] for name, case in outcomes(graded["right"], question).items() if case["points"] != 1
    } == {}


@pytest.mark.parametrize("question", QUESTIONS)
def test_wrong_answers_are_named(graded: dict[str, Any], question: str) -> None:
    cases = outcomes(graded["wrong"], question)
    for at, says in enumerate(QUESTIONS[question]["says"]):
        public, hidden = cases[f"public_{at}"], cases[f"hidden_{at}"]
        assert (public["status"], hidden["status"]) == ("fail", "fail")
        assert says in public["message"]
        assert hidden["message"] == f"Not met: Case hidden_{at}."
        assert says in hidden["detail"]
