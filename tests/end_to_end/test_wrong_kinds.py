"""A wrong kind of value is the student's fault, and helpers are shared by cases: built and graded for real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.stub import embedded_tests
from autograder.notebook.selfcheck import Checks
from tests.masters import CONFIG, write_repository
from tests.notebooks import autograder, grades

MASTER = (
    CONFIG
    + '''
# %%
import numpy as np

x = np.arange(12.0).reshape(4, 3)

# %% [raw]
# # BEGIN HELPERS

# %%
import numpy as np

SECRET_MARGIN = 0.03125

def rows_of(array):
    """How many rows there are."""
    return len(shape_of(array))

def shape_of(array):
    return np.asarray(array)

def far_from(array, other):
    return abs(array - other).max() > SECRET_MARGIN

# %% [raw]
# # END HELPERS

# %% [raw]
# # BEGIN QUESTION
# name: sigmoid

# %% [raw]
# # BEGIN SOLUTION

# %%
def sigmoid(z):
    # BEGIN SOLUTION
    return 1 / (1 + np.exp(-z))
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_value(sigmoid):
    """`sigmoid` of an array."""
    z = np.array([[-1.0, 0.0], [1.0, 2.0]])
    assert abs(sigmoid(z) - 1 / (1 + np.exp(-z))).max() < 1e-6, "wrong numbers"

# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
failure_message: Look at large numbers.
""" # END TEST CONFIG
def test_range(sigmoid):
    """`sigmoid` stays between 0 and 1."""
    got = sigmoid(np.linspace(-30, 30, 101))
    assert got.min() >= 0 and got.max() <= 1 and not far_from(got[50], 0.5), "outside"

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_drawn(sigmoid):
    """`sigmoid` as the reference has it."""
    from autograder import expect

    expect.function(sigmoid, lambda random: random.normal(size=random.integers(1, 4, size=2)).round(2), name="sigmoid")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: means

# %% [raw]
# # BEGIN SOLUTION

# %%
means = x.mean(axis=1)  # SOLUTION
table = {"mean": 5.5, "rows": [1, 2]}  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 3
""" # END TEST CONFIG
def test_public(means):
    """`means` has a mean of each row."""
    assert rows_of(means) == 4 and abs(means - np.array([1, 4, 7, 10])).max() < 1e-6, "other numbers"

# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
""" # END TEST CONFIG
def test_hidden(means):
    """`means` has the right mean."""
    assert abs(means.mean() - 5.5) < 1e-6, "another mean"

# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
""" # END TEST CONFIG
def test_table(table):
    """`table` has a mean."""
    assert table["mean"] == 5.5, "another mean"

# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
""" # END TEST CONFIG
def test_our_fault(means):
    """A case with a fault that shows only where the first mean is 2."""
    if means[0] == 2:
        raise KeyError("ours")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
'''
)
SIGMOID = "def sigmoid(z):\n    return {}"
RIGHT = {
    "sigmoid": SIGMOID.format("1 / (1 + np.exp(-z))"),
    "means": 'means = x.mean(axis=1)\ntable = {"mean": 5.5, "rows": [1, 2]}',
}
TRIES: dict[str, dict[str, str]] = {
    "right": {},
    "float32": {"sigmoid": SIGMOID.format("(1 / (1 + np.exp(-z))).astype('float32')")},
    "list": {"sigmoid": SIGMOID.format("[list(row) for row in np.atleast_2d(1 / (1 + np.exp(-z)))]")},
    "text": {"sigmoid": SIGMOID.format("'0.5'")},
    "transposed": {"sigmoid": SIGMOID.format("1 / (1 + np.exp(-z[:, :1]))")},
    "tuple": {"means": "means = tuple(x.mean(axis=1))\ntable = {'Mean': 5.5, 'rows': [1, 2]}"},
    "number": {"means": "means = 'four'\ntable = 3"},
    "ours": {"means": "means = x.mean(axis=1) + 1\ntable = {'mean': 5.5, 'rows': 0}"},
}


def cells_with(stub: dict[str, Any], answers: dict[str, str]) -> dict[str, Any]:
    """A stub with these answers."""
    notebook = json.loads(json.dumps(stub))
    for cell in notebook["cells"]:
        for tag in cell["metadata"].get("tags", []):
            if tag.startswith("answer:"):
                cell["source"] = answers[tag.removeprefix("answer:")]
    return notebook


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("kinds")
    write_repository(root, MASTER)
    done = autograder("build", "small", cwd=root)
    assert done.returncode == 0, done.stderr
    again = autograder("build", "small", "--check", cwd=root)
    assert again.returncode == 0, again.stdout
    stub = json.loads((root / "assignments" / "small" / "small.ipynb").read_text())
    (root / "class").mkdir()
    for name, answers in TRIES.items():
        (root / "class" / f"{name}.ipynb").write_text(json.dumps(cells_with(stub, {**RIGHT, **answers})))
    done = autograder("grade", "small", "class", "-o", "out", cwd=root)
    assert done.returncode in (0, 1), done.stderr
    return root


def outcomes(root: Path, student: str) -> dict[str, tuple[str, str]]:
    return {
        f"{question['name']}.{case['name']}": (case["status"], case["message"])
        for question in grades(root / "out")[student]["questions"]
        for case in question["cases"]
    }


def test_right_answers_keep_their_points(built: Path) -> None:
    assert grades(built / "out")["right"]["score"] == 10
    assert grades(built / "out")["float32"]["score"] == 10


@pytest.mark.parametrize(
    ("student", "case", "message"),
    [
        ("list", "sigmoid.drawn", "`sigmoid(array(["),
        ("text", "sigmoid.value", "`sigmoid(…)` should be an array (2, 2) of floats, got text."),
        (
            "transposed",
            "sigmoid.drawn",
            "`sigmoid(array([[0.41, 1.04]]))` has shape (1, 1), expected (1, 2): off by one",
        ),
        (
            "text",
            "sigmoid.range",
            "`sigmoid(…)` should give an array, and gives something else. Look at large numbers.",
        ),
        ("number", "means.public", "`means` should be an array (4,) of floats, got text."),
        ("tuple", "means.hidden", "`means` should be an array, got a tuple of 4."),
        (
            "tuple",
            "means.table",
            "`table` is a dict of 2, and its keys and values are not those that the question asks for.",
        ),
        ("number", "means.table", "`table` should be a dict, got a number."),
    ],
)
def test_a_wrong_kind_fails_and_says_so(built: Path, student: str, case: str, message: str) -> None:
    status, said = outcomes(built, student)[case]
    assert status == "fail"
    assert said.startswith(message)


def test_nothing_but_our_own_fault_waits_for_a_person(built: Path) -> None:
    waiting = {
        (student, case)
        for student in TRIES
        for case, (status, _) in outcomes(built, student).items()
        if status in ("error", "manual")
    }
    assert waiting == {("ours", "means.our_fault")}


def test_students_get_what_public_cases_need_and_no_more(built: Path) -> None:
    stub = json.loads((built / "assignments" / "small" / "small.ipynb").read_text())
    public = embedded_tests(stub["cells"])
    hidden = {path.stem: path.read_text() for path in (built / "reference/small/bundle/tests").glob("*.py")}
    assert "def shape_of" in public["means"] and "def rows_of" in public["means"]
    assert "def far_from" in hidden["sigmoid"] and "SECRET_MARGIN" in hidden["sigmoid"]
    assert "far_from" not in json.dumps(stub) and "SECRET_MARGIN" not in json.dumps(stub)
    assert "def rows_of" not in public["sigmoid"]
    assert "range" in hidden["sigmoid"].rpartition("recorded = ")[2]
    assert '"hidden":' not in public["means"].rpartition("recorded = ")[2]


@pytest.mark.parametrize("student", ["right", "tuple", "number", "list", "text", "transposed"])
def test_the_self_check_says_the_same(built: Path, student: str) -> None:
    notebook = json.loads((built / "class" / f"{student}.ipynb").read_text())
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if any(tag.startswith("answer:") for tag in cell["metadata"].get("tags", [])) or "x = np" in "".join(
            cell["source"]
        ):
            exec("".join(cell["source"]), names)
    checks = Checks(embedded_tests(notebook["cells"]))
    graded = outcomes(built, student)
    for question in ("sigmoid", "means"):
        for outcome in checks._check(question, names).outcomes:
            assert (outcome.status, outcome.message) == graded[f"{question}.{outcome.name}"]
