"""Floors: the statistics, the seeds, and what build says of a floor that does not follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring import calibration
from autograder.authoring.calibrate import with_seed
from autograder.authoring.calibration import Calibration, Floor, doubts
from autograder.authoring.tolerance import bound, tolerance_factor
from autograder.errors import BuildError
from autograder.grading.results.hand_grading import UNDECIDED, ManualRow, Marks, Sheet
from autograder.records import Assignment, Case, Grade, Measurement, Outcome, Question, QuestionGrade


@pytest.mark.parametrize(
    ("n", "rate", "factor"),
    # One-sided factors at 95 % confidence, as handbooks print them.
    [(10, 0.01, 3.981), (20, 0.01, 3.295), (30, 0.05, 2.220), (10, 0.10, 2.355), (20, 0.05, 2.396), (5, 0.01, 5.741)],
)
def test_the_factor_is_the_handbooks(n, rate, factor):
    assert tolerance_factor(n, rate) == pytest.approx(factor, abs=6e-4)


def test_a_single_value_bounds_nothing():
    with pytest.raises(ValueError, match="at least two"):
        tolerance_factor(1)


def test_a_bound_is_rounded_to_the_safe_side():
    accuracies = [0.96, 0.97, 0.965, 0.962, 0.968, 0.9655]
    found = bound(accuracies)
    exact = found.mean - tolerance_factor(6) * found.deviation
    assert found.floor == pytest.approx(exact, abs=1e-3)
    assert found.floor <= exact
    assert (found.seeds, found.mean) == (6, pytest.approx(sum(accuracies) / 6))
    assert 0 < found.unsure < 0.02
    assert bound(accuracies * 5).floor > found.floor, "more seeds, less caution"
    assert bound([0.5] * 5).floor == 0.5
    assert bound([0.0, 0.9, 0.1, 0.8, 0.5]).floor == 0


@pytest.mark.parametrize(
    ("source", "seeded"),
    [
        ("keras.utils.set_random_seed(1)", "keras.utils.set_random_seed(3001)"),
        ("set_random_seed( 12 )\nset_random_seed(0)", "set_random_seed( 3012 )\nset_random_seed(3000)"),
        ("set_random_seed(seed=1_000)", "set_random_seed(seed=4000)"),
        ("set_random_seed(seed)", "set_random_seed(seed)"),
        ("reset_random_seed(1); np.random.default_rng(1)", "reset_random_seed(1); np.random.default_rng(1)"),
    ],
)
def test_every_fixed_seed_moves(source, seeded):
    assert with_seed(source, 3) == seeded


NOW = Calibration("sha256:now")
ACCURACIES = dict(enumerate([0.961, 0.964, 0.959, 0.966, 0.962, 0.963, 0.958, 0.965], start=1))
FLOOR = Floor("train.unseen", "cnn2", 2000, ACCURACIES)
BOUND = bound(list(ACCURACIES.values()))
MEASURED = replace(NOW, floors=(FLOOR,), seeds=tuple(ACCURACIES))


def said(at_least=BOUND.floor, unsure=BOUND.unsure, inputs=2000, case="train.unseen", measured=MEASURED):
    demand = Measurement("cnn2", inputs, 0.96, at_least, unsure)
    return list(doubts({case: demand}, measured, NOW, "slug"))


def test_a_floor_that_follows_is_not_doubted():
    assert said() == []
    assert said(at_least=BOUND.floor - 0.02) == [], "a round number in the text"
    assert list(doubts({}, None, NOW, "slug")) == []


def test_where_no_seed_is_set_the_advice_holds_for_a_training_that_is_not_random():
    (line,) = doubts({"fit.error": Measurement("line", 50, 0.1)}, None, NOW, "slug", seeded=False)
    assert "and the solution sets no seed. If its training is random, write `keras.utils.set_random_seed(1)`" in line


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        (
            {"measured": None},
            "the floors of train.unseen are not measured. Run `autograder calibrate slug --seeds 20`.",
        ),
        ({"measured": replace(MEASURED, reference="sha256:old")}, "is of other code or other hidden data"),
        ({"case": "train.other"}, "the floor of train.other is not measured on these 2,000 inputs"),
        ({"inputs": 500}, "is not measured on these 500 inputs"),
        (
            {"measured": replace(MEASURED, floors=(replace(FLOOR, accuracies={1: 0.9, 2: 0.9}),))},
            "measured with 2 seeds, a bound needs 5",
        ),
        ({"at_least": BOUND.floor + 0.002}, f"above its bound {BOUND.floor:g} (8 seeds, mean 0.9622"),
        ({"at_least": BOUND.floor - 0.031}, "far below its bound"),
        ({"unsure": 0.0}, f"has `unsure=0`; its bound is known to {BOUND.unsure:g}"),
        ({"unsure": 0.05}, "has `unsure=0.05`"),
    ],
)
def test_a_floor_that_does_not_is_reported_in_one_line(changed, text):
    (line,) = said(**changed)
    assert text in line


ERRORS = dict(enumerate([2.31, 2.4, 2.35, 2.29, 2.38], start=1))
CEILING = bound(list(ERRORS.values()), error=True)


def test_the_bound_of_an_error_lies_above_all_of_right_answers():
    assert CEILING.floor > max(ERRORS.values())
    assert CEILING.floor == round(CEILING.floor, 2), "three digits, as the mean has"
    small = bound([each / 1000 for each in ERRORS.values()], error=True)
    assert small.floor == pytest.approx(CEILING.floor / 1000)


@pytest.mark.parametrize(
    ("at_most", "text"),
    [
        (CEILING.floor, ""),
        (CEILING.floor * 1.2, ""),
        (CEILING.floor - 0.1, "below its bound"),
        (CEILING.floor * 1.3, "far above its bound"),
    ],
)
def test_the_largest_error_must_follow_from_the_figures(at_most, text):
    floor = Floor("fit.error", "line", 100, ERRORS, metric="mae")
    demand = Measurement("line", 100, 2.3, unsure=CEILING.unsure, metric="mae", at_most=at_most)
    found = list(doubts({"fit.error": demand}, replace(NOW, floors=(floor,)), NOW, "slug"))
    assert [text in line for line in found] == [True] * bool(text)
    other = list(doubts({"fit.error": replace(demand, metric="rmse")}, replace(NOW, floors=(floor,)), NOW, "slug"))
    assert "is not measured" in other[0]


def test_what_was_measured_comes_back(tmp_path: Path):
    path = tmp_path / calibration.CALIBRATION
    assert calibration.read(path) is None
    calibration.save(path, MEASURED)
    assert calibration.read(path) == MEASURED
    path.write_text('{"reference": 1}')
    with pytest.raises(BuildError, match="Remove it, and calibrate again"):
        calibration.read(path)


def test_demands_without_a_floor_are_none():
    measured = (Measurement("a", 10, 0.5), Measurement("a", 10, 0.9, 0.8), Measurement("b", 20, 0.7, 0.6))
    outcome = Outcome("case", "pass", 1, 1, measurements=measured)
    grade = Grade("ada", "", "", "graded", 1, 1, (QuestionGrade("q", 1, 1, (outcome,)),))
    assert calibration.floors_of(grade) == {"q.case": measured[1], "q.case (2)": measured[2]}


def test_a_person_decides_what_chance_may_have_moved():
    question = Question("train", 3, cases=(Case("accuracy", "Accurate.", 2), Case("history", "History.", 1)))
    outcomes = (Outcome("accuracy", "manual", 0, 2, message="just below"), Outcome("history", "pass", 1, 1))
    grade = Grade("ada", "ada.ipynb", "sha256:1", "graded", 1, 3, (QuestionGrade("train", 1, 3, outcomes),))
    assignment = Assignment("slug", "Title", (question,))

    waiting = Marks(assignment, Sheet(), ["ada"]).settle(grade)
    assert (waiting.status, waiting.message, waiting.pending) == ("needs_review", UNDECIDED, 2)

    sheet = Sheet((ManualRow("ada", "train", "accuracy", points=1.5, comment="Close enough."),))
    decided = Marks(assignment, sheet, ["ada"]).settle(waiting)
    assert (decided.status, decided.message, decided.pending, decided.score) == ("graded", "", 0, 2.5)
    assert Marks(assignment, Sheet(), ["ada"]).settle(decided).status == "needs_review", "the points were taken back"
