"""What the grader gave to stub and reference decides whether a master may be handed out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring import verify
from autograder.authoring.master import read_master
from autograder.errors import BuildError
from autograder.grading.execution.submission_grading import GradedSubmission
from autograder.records import Cell, Execution, Grade, Outcome, QuestionGrade
from tests.masters import WHOLE, line_of, write_repository

CASES = {"total": {"is_a_number": 2, "right_sum": 3}, "double": {"four": 4}}


@pytest.fixture
def master(tmp_path):
    return read_master(write_repository(tmp_path), tmp_path)


def graded(
    earned: dict[str, Outcome], *, status="completed", review="graded", cells=(), message=""
) -> GradedSubmission:
    """A grade in which each case that is not named passes or fails as `earned[""]` does."""
    questions = []
    for name, cases in CASES.items():
        outcomes = []
        for case, points in cases.items():
            outcome = earned.get(case, earned[""])
            outcomes.append(
                Outcome(
                    case,
                    outcome.status,
                    min(outcome.points, points),
                    points,
                    message=outcome.message,
                    detail=outcome.detail,
                )
            )
        questions.append(QuestionGrade(name, sum(o.points for o in outcomes), sum(cases.values()), tuple(outcomes)))
    manual = Outcome("why", "manual", 0, 1)
    questions.append(QuestionGrade("why", 0, 1, (manual,), manual=True))
    score = sum(question.score for question in questions)
    grade = Grade("x", "x.ipynb", "", review, score, 10, tuple(questions), pending=1, message=message)
    return GradedSubmission(grade, Execution(status, message, tuple(cells), wall_seconds=1.5))


PASS, FAIL = Outcome("", "pass", 99, 99), Outcome("", "fail", 0, 99, message="no")
GOOD_STUB, GOOD_REFERENCE = graded({"": FAIL}), graded({"": PASS})


def prove(
    monkeypatch, master, stub: GradedSubmission = GOOD_STUB, reference: GradedSubmission = GOOD_REFERENCE
) -> verify.Proof:
    asked: list[Path] = []
    said: list[str] = []

    def grade(bundle: Path, notebook: Path, student: str) -> GradedSubmission:
        asked.append(notebook)
        return stub if notebook == Path("made/stub/small.ipynb") else reference

    monkeypatch.setattr(verify, "grade_notebook", grade)
    proof = verify.prove(master, lambda records: Path("made"), said.append)
    assert asked == [Path("made/bundle/reference.ipynb"), Path("made/stub/small.ipynb")]
    assert said == ["grading the solution", "grading the students' notebook"]
    return proof


def test_both_sides_as_they_should_be(monkeypatch, master):
    proof = prove(monkeypatch, master)

    assert (proof.stub, proof.reference, proof.possible) == (0, 9, 9)


@pytest.mark.parametrize(
    ("stub", "reference", "what", "case"),
    [
        (
            graded({"": FAIL, "is_a_number": PASS}),
            GOOD_REFERENCE,
            "`total` gives the untouched stub 2 of 5 points (case `is_a_number`)",
            "is_a_number",
        ),
        (
            graded({"": FAIL, "right_sum": Outcome("", "error", 0, 3, message="public", detail="TypeError: no `abs`")}),
            GOOD_REFERENCE,
            "case `right_sum` of `total` breaks on the stub: TypeError: no `abs`",
            "right_sum",
        ),
        (
            GOOD_STUB,
            graded(
                {"": PASS, "right_sum": Outcome("", "fail", 1, 3, message="public words", detail="wrong sum\nindeed")}
            ),
            "`total` gives the reference 3 of 5 points (case `right_sum`: wrong sum indeed)",
            "right_sum",
        ),
        (
            GOOD_STUB,
            graded({"": PASS, "four": FAIL}),
            "`double` gives the reference 0 of 4 points (case `four`: no)",
            "four",
        ),
        (
            GOOD_STUB,
            graded({"": PASS, "four": Outcome("", "error", 0, 4, detail="boom")}),
            "case `four` of `double` breaks on the reference: boom",
            "four",
        ),
    ],
)
def test_refuses_with_the_line_of_the_case(monkeypatch, master, stub, reference, what, case):
    with pytest.raises(BuildError) as error:
        prove(monkeypatch, master, stub, reference)

    assert str(error.value).startswith(f"{what}. reference/small/master.py:{line_of(WHOLE, f'def test_{case}')}. ")


def test_all_faults_are_said_at_once_with_the_values_beside(monkeypatch, master):
    stub = replace(graded({"": FAIL, "is_a_number": PASS}), values={"total": {"total": "`5`"}})
    reference = graded({"": PASS, "right_sum": FAIL, "four": Outcome("", "error", 0, 4, detail="boom")})
    reference = replace(reference, values={"total": {"total": "`42`"}, "double": {"double": "a function"}})

    with pytest.raises(BuildError) as error:
        prove(monkeypatch, master, stub, reference)

    first, second, third = str(error.value).split("\n")
    assert first.startswith("`total` gives the untouched stub 2 of 5 points")
    assert first.endswith(" (`total` is `42` in the solution, `5` in the stub.)")
    assert second.startswith("`total` gives the reference 2 of 5 points (case `right_sum`: no)")
    assert third.endswith(" (`double` is a function in the solution, not there in the stub.)")


@pytest.mark.parametrize("side", ["stub", "reference"])
@pytest.mark.parametrize(("status", "review"), [("timed_out", "graded"), ("completed", "needs_review")])
def test_refuses_a_run_that_does_not_end_well(monkeypatch, master, side, status, review):
    bad = graded({"": FAIL if side == "stub" else PASS}, status=status, review=review, message="Stopped after 60 s.")

    with pytest.raises(BuildError, match=rf"the {side} does not run to its end: Stopped after 60 s\. .*limits"):
        prove(monkeypatch, master, **{side: bad})


def test_refuses_a_reference_with_a_cell_that_raises(monkeypatch, master):
    cells = [
        Cell("code", "x = 1"),
        Cell("code", "\nplot(history)\nmore", error="NameError: name 'history' is not defined"),
    ]

    with pytest.raises(BuildError, match=r"a cell of the reference \(`plot\(history\)`\) raises NameError"):
        prove(monkeypatch, master, reference=graded({"": PASS}, cells=cells))


def test_the_stub_may_raise(monkeypatch, master):
    cells = [Cell("code", "plot(history)", error="NameError: name 'history' is not defined")]

    assert prove(monkeypatch, master, stub=graded({"": FAIL}, cells=cells)).stub == 0


def test_refuses_a_case_that_asks_for_what_nothing_defines(tmp_path):
    text = WHOLE.replace("test_four(double)", "test_four(double, triple)")
    master = read_master(write_repository(tmp_path, text), tmp_path)

    with pytest.raises(BuildError, match=rf"`test_four` needs `triple`.*master.py:{line_of(text, 'def test_four')}\."):
        verify.refuse_undefined(master, frozenset({"secret_totals"}))


def test_hidden_data_count_as_defined(master):
    verify.refuse_undefined(master, frozenset({"secret_totals"}))

    with pytest.raises(BuildError, match="`test_right_sum` needs `secret_totals`"):
        verify.refuse_undefined(master, frozenset())


@pytest.mark.parametrize(
    "code",
    [
        "triple = 3",
        "triple, other = 3, 4",
        "def triple(): ...",
        "class triple: ...",
        "import numpy as triple",
        "from numpy import triple",
        "import triple.part",
        "for triple in range(3): pass",
        "%matplotlib inline\n!ls\ntriple: int = 3",
        "if (triple := 3): pass",
    ],
)
def test_knows_the_ways_to_define_a_name(tmp_path, code):
    text = WHOLE.replace("test_four(double)", "test_four(double, triple)").replace(
        "numbers = [4", f"{code}\nnumbers = [4"
    )
    master = read_master(write_repository(tmp_path, text), tmp_path)

    verify.refuse_undefined(master, frozenset({"secret_totals"}))


def test_refuses_a_syntax_error_in_given_code(tmp_path):
    text = WHOLE.replace("numbers = [4", "x = = 3\nnumbers = [4")
    master = read_master(write_repository(tmp_path, text), tmp_path)

    with pytest.raises(BuildError, match=rf"syntax error.*master.py:{line_of(text, 'x = = 3')}\."):
        verify.refuse_undefined(master, frozenset({"secret_totals"}))
