"""Our loader of test files reads what Otter's reads, without Otter."""

from __future__ import annotations

import builtins
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import BuildError
from autograder.expect import case_runner, test_files

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob("reference/*/bundle/tests/*.py"))

NUMBERS = st.none() | st.integers(-2, 12) | st.sampled_from([0.0, 0.5, 1.25, 2.0, float("inf"), True, "1", b""])
GIVEN = st.lists(NUMBERS, max_size=5)


@pytest.fixture(scope="module")
def otter():
    """Otter's own reader; it warns when it is imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from otter import test_files as otters
        from otter.test_files import abstract_test  # noqa: F401
    return otters


def as_otter_reads(otter, source, path="q.py"):
    """(name, points, hidden, messages) of each case, by Otter itself."""
    return [
        (each.body.test_func.__name__, each.points, each.hidden, each.success_message, each.failure_message)
        for each in otter.ExceptionTestFile.from_string(source, path).test_cases
    ]


def as_we_read(source, path="q.py"):
    return [
        (
            each.function.__name__,
            each.case.points,
            each.case.hidden,
            each.success_message or None,
            each.failure_message or None,
        )
        for each in test_files.load(source, path)
    ]


@given(total=NUMBERS | GIVEN, points=GIVEN)
def test_points_are_those_that_otter_resolves(otter, total, points):
    cases = [otter.abstract_test.TestCase("case", None, False, each, None, None) for each in points]
    try:
        expected = [case.points for case in otter.ExceptionTestFile.resolve_test_file_points(total, cases)]
    except (AssertionError, TypeError, ValueError) as refusal:
        with pytest.raises((TypeError, ValueError)) as ours:
            test_files.resolve_points(total, points)
        assert isinstance(refusal, AssertionError) or type(ours.value) is type(refusal)
    else:
        assert repr(test_files.resolve_points(total, points)) == repr(expected)  # as text: nan is not equal to itself


@pytest.mark.parametrize("file", FILES, ids=[f"{file.parts[-4]}/{file.stem}" for file in FILES])
def test_the_test_files_of_the_course_are_read_as_otter_reads_them(otter, file):
    source = file.read_text("utf-8")
    assert as_we_read(source) == as_otter_reads(otter, source)


@pytest.mark.parametrize(
    "head",
    [
        "from otter.test_files import test_case",
        "from otter.test_files import test_case as case\ntest_case = case",
        '"""A docstring."""\nfrom __future__ import annotations\nfrom otter.test_files import test_case',
    ],
)
def test_the_decorator_is_there_under_the_name_of_the_import(otter, head):
    source = f'''{head}

OK_FORMAT = False
name = "q"
points = 3
all_or_nothing = True

@test_case("first", 2, True, "Fine.", "Look again.")
def test_a(x):
    """A."""

@test_case(None)
def test_b(x: int):
    """B."""
'''
    assert as_we_read(source) == as_otter_reads(otter, source)
    assert [row[1] for row in as_we_read(source)] == [2, 1]


SOURCE = '''from otter.test_files import test_case

OK_FORMAT = False
name = "q"

@test_case(points=1)
def test_a(x):
    """A."""
    assert x == 1
'''


def test_no_otter_is_needed_and_none_is_left_behind(monkeypatch):
    imported = []
    real = builtins.__import__

    def watched(name, *rest):
        imported.append(name)
        return real(name, *rest)

    for name in [name for name in sys.modules if name.partition(".")[0] == "otter"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", watched)

    (loaded,) = test_files.load(SOURCE, "q.py")

    assert case_runner.run(loaded, {"x": 1}).status == "pass"
    assert not [name for name in [*imported, *sys.modules] if name.partition(".")[0] == "otter"]


def test_lines_are_those_of_the_file():
    (loaded,) = test_files.load(SOURCE, "q.py")
    outcome = case_runner.run(loaded, {"x": ...})
    assert outcome.status == "fail"
    (loaded,) = test_files.load(SOURCE.replace("assert x == 1", "1 / 0"), "q.py")
    assert case_runner.run(loaded, {"x": 1}).detail == "ZeroDivisionError: division by zero (q.py:9)"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (SOURCE.replace("test_case\n", "test_case, ExceptionTestFile\n", 1), "there is only `test_case`"),
        ('import functools\nname = "q"\n@functools.cache\ndef test_a(x):\n    """A."""\n', "test_a would never run"),
        (SOURCE + "\ndel test_a\n", "test_a would never run"),
        (SOURCE + "\ntest_a = 3\n", "test_a would never run"),
    ],
)
def test_what_otter_would_lose_without_a_word_is_refused(source, message):
    with pytest.raises(BuildError, match=message):
        test_files.load(source, "q.py")
