"""One case that takes too long or too much memory costs no other case and no other submission its grade."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from autograder.grading.execution.pool import Engine, grade_class
from autograder.grading.intake.submissions import collect
from autograder.records import Limits
from tests import notebooks as nb

CASES = """
from otter.test_files import test_case

OK_FORMAT = False
name = "{name}"
points = {points}
{cases}
"""
NET = '''
@test_case(points=1, hidden=False)
def test_seen(model, x, y):
    """`model` computes what it is given."""
    from autograder import expect
    expect.accuracy(model, x, y, at_least=0)

@test_case(points=1, hidden=True)
def test_unseen(model, x, y):
    """`model` computes what is hidden."""
    from autograder import expect
    for _ in range(4):  # each of them short
        expect.accuracy(model, x[:2], y[:2], at_least=0)

@test_case(points=2, hidden=False)
def test_kind(model):
    """`model` is a network."""
    from autograder import expect
    expect.trained(model)
'''
NUMBER = '''
@test_case(points=1, hidden=True)
def test_number(answer):
    """`answer` is right."""
    while answer == "as in compiled code that does not come back":
        pass
'''
LARGE = '''
@test_case(points=1, hidden=False)
def test_dense(table):
    """`table` holds 1."""
    assert table.toarray().sum() == 1

@test_case(points=1, hidden=True)
def test_product(row):
    """`row` is right."""
    assert not (row[:, None] * row).any()

@test_case(points=1, hidden=True)
def test_sum(row):
    """`row` sums up to 0."""
    assert row.sum() == 0
'''
MODEL = """
import keras
from keras import layers
model = keras.Sequential([keras.Input((170, 170, 1)), {middle} layers.GlobalMaxPooling2D(), layers.Dense(2)])
model.layers[-1].bias.assign([1.0, 2.0])
"""
SLOW = "*(layers.MaxPooling2D(128, strides=1, padding='same') for _ in range(8)),"  # more than a second for one input


def test_what_takes_too_long_ends_alone(tmp_path: Path) -> None:
    data = {"x": np.zeros((32, 170, 170, 1), "float32"), "y": np.arange(32) % 2}
    tests = {
        "net": CASES.format(name="net", points=4, cases=NET),
        "number": CASES.format(name="number", points=1, cases=NUMBER),
    }
    bundle = nb.write_bundle(tmp_path / "slow", tests, data=data, limits=Limits(case_seconds=1))
    for student, model, answer in (
        ("a-endless", "model = 0", "'as in compiled code that does not come back'"),
        ("b-slow", MODEL.format(middle=SLOW), "1"),
        ("c-quick", MODEL.format(middle=""), "1"),
    ):
        cells = [nb.code(model, "answer:net"), nb.code(f"answer = {answer}", "answer:number")]
        nb.write_notebook(tmp_path / "in" / f"{student}.ipynb", *cells)
    results = grade_class(bundle, collect(tmp_path / "in"), engine=Engine(1))
    grades = {result.grade.student: result.grade for result in results}
    assert {student: (grade.status, grade.score) for student, grade in grades.items()} == {
        "a-endless": ("needs_review", 0),
        "b-slow": ("needs_review", 3),
        "c-quick": ("graded", 5),
    }
    seen, unseen, _ = grades["b-slow"].questions[0].cases
    for case in (seen, unseen):
        assert case.status == "error"
        took = "computing with `model` took more than 1 s of processor time, the limit for one check."
        assert case.message == f"This check was ended: {took} A person looks at it."
    assert "took more than 4 s of processor time" in grades["a-endless"].message


def test_what_takes_too_much_memory_ends_alone(tmp_path: Path) -> None:
    tests = {"large": CASES.format(name="large", points=3, cases=LARGE)}
    bundle = nb.write_bundle(tmp_path / "large", tests, limits=Limits(memory_mb=500))
    table = "scipy.sparse.coo_array(([1.0], ([0], [0])), shape=(20_000, 20_000))"  # dense, it takes 3 GiB
    source = f"import numpy as np, scipy.sparse\ntable = {table}\nrow = np.zeros(20_000)"
    nb.write_notebook(tmp_path / "in" / "ada.ipynb", nb.code(source, "answer:large"))
    (result,) = grade_class(bundle, collect(tmp_path / "in"), engine=Engine(1))
    dense, product, total = result.grade.questions[0].cases
    assert (result.grade.status, result.grade.score) == ("needs_review", 1)
    assert (dense.status, product.status, total.status) == ("error", "error", "pass")
    assert "Unable to allocate 2.98 GiB" in dense.message
    assert "Unable to allocate 2.98 GiB" in product.detail
