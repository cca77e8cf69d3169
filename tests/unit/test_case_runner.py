"""Loading test files, and what a case's run becomes."""

from __future__ import annotations

import pytest

from autograder.errors import BuildError
from autograder.expect import Mismatch, case_runner, test_files
from autograder.records import Case, LayerDiff, Outcome

HEAD = """
from otter.test_files import test_case

OK_FORMAT = False

name = "q"
"""


def load(body, head=HEAD):
    return test_files.load(head + body, "tests/q.py")


def one(body, **options):
    """A case that runs `body` with the parameters `a` and `b`."""
    options = ", ".join(f"{key}={value!r}" for key, value in {"points": 4, **options}.items())
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    (loaded,) = load(f'@test_case({options})\ndef test_it(a, b):\n    """The title.\n\n    More."""\n{lines}\n')
    return loaded


# ---------------------------------------------------------------- loading


def test_cases_come_in_order_with_their_record():
    loaded = load(
        '''
points = 5

@test_case(points=2, hidden=True, failure_message="Look again.")
def test_second_name(cnn2, x_hidden):
    """Accuracy on hidden digits.

    Not shown.
    """

@test_case(success_message="Fine.")
def test_a(history):
    """History."""

@test_case()
def other():
    """No prefix."""
'''
    )
    assert [each.case for each in loaded] == [
        Case("second_name", "Accuracy on hidden digits.", 2, True, ("cnn2", "x_hidden")),
        Case("a", "History.", 1.5, False, ("history",)),
        Case("other", "No prefix.", 1.5, False, ()),
    ]
    assert [(each.success_message, each.failure_message) for each in loaded] == [
        ("", "Look again."),
        ("Fine.", ""),
        ("", ""),
    ]
    assert {each.path for each in loaded} == {"tests/q.py"}


@pytest.mark.parametrize(
    ("points", "expected"), [("points = 1", [0.5, 0.5]), ("points = [1, 3]", [1, 3]), ("", [0.5, 0.5])]
)
def test_points_are_resolved_as_otter_does(points, expected):
    body = f'{points}\n@test_case()\ndef test_a():\n    """A."""\n@test_case()\ndef test_b():\n    """B."""\n'
    assert [each.case.points for each in load(body)] == expected


def test_a_file_may_have_helpers():
    loaded = load('def helper(x):\n    return x\n\n@test_case()\ndef test_a():\n    """A."""\n    assert helper(1)\n')
    assert [each.case.name for each in loaded] == ["a"]
    assert case_runner.run(loaded[0], {}).status == "pass"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            '@test_case()\ndef test_a():\n    """A."""\n@test_case()\ndef test_a():\n    """B."""\n',
            r"tests/q\.py:\d+: 2 functions are called test_a\. Rename all but one\.",
        ),
        ('def test_a():\n    """A."""\n', r"test_a would never run\. Decorate it with `@test_case\(…\)`\."),
        ("@test_case()\ndef test_a():\n    pass\n", r"test_a has no docstring\."),
        ('@test_case()\ndef test_a():\n    """ \n"""\n', r"test_a has no docstring\."),
        ('@test_case()\nasync def test_a():\n    """A."""\n', r"test_a is no plain function\."),
        ('@test_case()\ndef test_a():\n    """A."""\n    yield\n', r"test_a is no plain function\."),
        ('@test_case()\ndef test_a(x=3):\n    """A."""\n', r"a parameter of test_a is not the plain name"),
        ('@test_case()\ndef test_a(*x):\n    """A."""\n', r"a parameter of test_a is not the plain name"),
        ('@test_case()\ndef test_a(*, x):\n    """A."""\n', r"a parameter of test_a is not the plain name"),
        ('@test_case()\ndef test_a(env):\n    """A."""\n', r"test_a asks for `env`"),
        ("def test_a(:\n", r"^tests/q\.py:7: a syntax error: "),
        ("import no_such_module\n", r"^tests/q\.py cannot be loaded: ModuleNotFoundError: No module"),
        ("raise ValueError('a\\n  b')\n", r"^tests/q\.py cannot be loaded: ValueError: a b\. Correct it\.$"),
        ("points = 'two'\n", r"^tests/q\.py cannot be loaded: TypeError"),
        ("points = [1, 2]\n", r"^tests/q\.py cannot be loaded: ValueError: Points specified"),
    ],
)
def test_what_would_be_lost_or_could_not_run_is_refused(body, message):
    with pytest.raises(BuildError, match=message):
        load(body)


def test_an_ok_format_file_is_refused():
    with pytest.raises(BuildError, match=r"q\.py cannot be loaded: .*does not define 'name'"):
        load("", head="test = {'name': 'q', 'suites': []}\n")


# ---------------------------------------------------------------- running


def test_a_pass_has_all_points():
    outcome = case_runner.run(one("assert a + b == 3"), {"a": 1, "b": 2, "c": 3})
    assert outcome == Outcome("it", "pass", 4, 4, title="The title.")


def test_values_are_bound_by_name():
    assert case_runner.run(one("assert (a, b) == (1, 2)"), {"b": 2, "a": 1}).status == "pass"


def test_none_is_a_value():
    assert case_runner.run(one("assert a is None and b is None"), {"a": None, "b": None}).status == "pass"


def test_a_missing_name_fails_and_runs_nothing():
    outcome = case_runner.run(one("raise KeyError('ran')"), {"a": 1})
    assert outcome == Outcome(
        "it",
        "fail",
        0,
        4,
        title="The title.",
        message="`b` is not defined after this question. "
        "Run the cell that assigns it, and see whether it raises an error.",
    )


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("assert a == 2, f'`a` is {a}'", "fail", "`a` is 1"),
        ("assert a == 2", "fail", "Not met: The title."),
        ("assert a == 2, ''", "fail", "Not met: The title."),
        ("import numpy as np\nnp.testing.assert_equal(a, 3)", "fail", "Items are not equal:"),
        ("a / 0", "error", "This check ended in ZeroDivisionError: division by zero. See whether the type"),
        ("raise ValueError", "error", "This check ended in ValueError. See"),
        ("def f():\n    f()\nf()", "error", "This check ended in RecursionError: maximum"),
    ],
)
def test_what_a_case_raises_becomes_its_status(body, status, message):
    outcome = case_runner.run(one(body), {"a": 1, "b": 2})
    assert (outcome.status, outcome.points) == (status, 0)
    assert outcome.message.startswith(message)


def test_an_error_names_its_line_to_the_instructor():
    outcome = case_runner.run(one("import json\njson.loads(a)"), {"a": "{", "b": 2})
    lines = (HEAD + '@test_case(points=4)\ndef test_it(a, b):\n    """The title.\n\n    More."""\n').count("\n")
    assert outcome.detail.startswith("JSONDecodeError: ")
    assert outcome.detail.endswith(f"(tests/q.py:{lines + 2})")


def test_what_ends_the_process_is_not_held_back():
    with pytest.raises(KeyboardInterrupt):
        case_runner.run(one("raise KeyboardInterrupt"), {"a": 1, "b": 2})


@pytest.mark.parametrize(("credit", "points"), [(0, 0), (0.5, 2), (0.75, 3), (1 / 3, 1.33), (1, 4)])
def test_a_mismatch_gives_its_credit_and_diff(credit, points):
    diff = (LayerDiff("missing", "Dense 3"),)

    def mismatched():
        raise Mismatch("`net` lacks a layer.\n\ntable", diff=diff, credit=credit)

    outcome = case_runner.run(one("a()"), {"a": mismatched, "b": 2})
    assert outcome == Outcome(
        "it", "fail", points, 4, title="The title.", message="`net` lacks a layer.\n\ntable", diff=diff
    )


def test_advice_follows_the_first_line():
    loaded = one("assert False, a", failure_message="See the lecture.", success_message="Well done.")
    assert case_runner.run(loaded, {"a": "wrong\n\ntable", "b": 2}).message == "wrong See the lecture.\n\ntable"
    assert case_runner.run(loaded, {"a": "", "b": 2}).message == "See the lecture."
    assert case_runner.run(loaded, {}).message.endswith("and see whether it raises an error. See the lecture.")
    passing = one("pass", failure_message="See the lecture.", success_message="Well done.")
    assert case_runner.run(passing, {"a": 1, "b": 2}).message == "Well done."


def test_a_hidden_case_says_all_here():
    outcome = case_runner.run(one("assert False, 'the secret'", hidden=True), {"a": 1, "b": 2})
    assert (outcome.hidden, outcome.message) == (True, "the secret")


def test_a_text_without_end_is_cut():
    outcome = case_runner.run(one("assert False, 'x' * 10**6"), {"a": 1, "b": 2})
    assert len(outcome.message) < 10_000
    outcome = case_runner.run(one("raise ValueError('x' * 10**6)"), {"a": 1, "b": 2})
    assert len(outcome.message) < 10_000
    assert len(outcome.detail) < 10_000


def test_cases_do_not_see_each_others_names():
    first, second = load(
        '@test_case()\ndef test_a(x):\n    """A."""\n    x.append(1)\n'
        '@test_case()\ndef test_b():\n    """B."""\n    assert "x" not in globals()\n'
    )
    assert case_runner.run(first, {"x": []}).status == "pass"
    assert case_runner.run(second, {"x": []}).status == "pass"
