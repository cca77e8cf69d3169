"""A master is read with its places, and each broken rule is refused with file, line and fix."""

from __future__ import annotations

import re
from pathlib import Path

import jupytext
import nbformat
import pytest

from autograder.authoring.case_helpers import needed_helpers
from autograder.authoring.master import read_master
from autograder.errors import BuildError
from autograder.records import Limits
from tests.masters import CONFIG, DOUBLE, INTRO, SUM, WHOLE, WHY, line_of, write_repository

SHOWN = "reference/small/master.py"


def read(tmp_path: Path, text: str):
    return read_master(write_repository(tmp_path, text), tmp_path)


def test_reads_everything_an_author_states(tmp_path):
    master = read(tmp_path, WHOLE)

    assert master.slug == "small"
    assert master.config.title == "A small exercise"
    assert master.config.data == ("data/secrets.npz",)
    assert master.config.limits == Limits(wall_seconds=60, cell_seconds=20, memory_mb=900)
    assert [(q.name, q.title, q.points, q.manual) for q in master.questions] == [
        ("total", "The sum", 5, False),
        ("double", "Twice as much", 4, False),
        ("why", "Why is that so?", 1, True),
    ]
    assert master.questions[2].rubric == "One point for naming Gauss and his pairs."
    cases = [case.case for case in master.questions[0].cases]
    assert [(c.name, c.title, c.points, c.hidden, c.parameters) for c in cases] == [
        ("is_a_number", "`total` is a number.", 2, False, ("total",)),
        ("right_sum", "The sum is the right one.", 3, True, ("total", "secret_totals")),
    ]
    assert master.warnings == ()


def test_the_solution_is_the_rubric_where_there_is_no_other(tmp_path):
    text = WHOLE.replace("# rubric: |\n#   One point for naming Gauss and his pairs.\n", "")

    assert read(tmp_path, text).questions[2].rubric == "Because the pairs add up to the same number each time."


def test_what_is_taken_of_models_that_cannot_be_rebuilt_is_said_for_all_questions_or_for_one(tmp_path):
    text = WHOLE.replace("# title: A small", "# accept: rebuilt\n# title: A small")
    text = text.replace("# name: double\n", "# name: double\n# accept: claimed\n")

    assert [question.accept for question in read(tmp_path, text).questions] == ["rebuilt", "claimed", "rebuilt"]
    assert {question.accept for question in read(tmp_path, WHOLE).questions} == {""}


def test_what_students_read_is_english_unless_the_master_says_another_language(tmp_path):
    assert read(tmp_path, WHOLE).config.language == "en"
    assert read(tmp_path, WHOLE.replace("# title: A small", "# language: de\n# title: A small")).config.language == "de"


def test_knows_the_line_of_each_case(tmp_path):
    master = read(tmp_path, WHOLE)

    for question in master.questions:
        for case in question.cases:
            line = line_of(WHOLE, f"def {case.function}")
            assert master.source.at(case.cell, case.offset) == f"{SHOWN}:{line}"


def test_a_notebook_is_as_good_as_text(tmp_path):
    text = read(tmp_path, WHOLE)
    notebook = tmp_path / "reference" / "other" / "master.ipynb"
    notebook.parent.mkdir()
    nbformat.write(jupytext.reads(WHOLE, fmt="py:percent"), notebook)

    master = read_master(notebook, tmp_path)

    assert master.questions == text.questions
    assert master.config == text.config
    assert master.source.at(3) == "reference/other/master.ipynb, cell 4"


def test_colab_writes_raw_cells_as_fences(tmp_path):
    text = WHOLE.replace(
        "# %% [raw]\n# # BEGIN QUESTION\n# name: total\n",
        "# %% [markdown]\n# ```otter\n# # BEGIN QUESTION\n# name: total\n# ```\n",
    )
    assert text != WHOLE

    assert read(tmp_path, text).questions[0].name == "total"


def test_warns_when_points_are_not_ten(tmp_path):
    text = WHOLE.replace("points: 4\n", "points: 3\n")

    (warning,) = read(tmp_path, text).warnings

    assert "9 points in all, not 10" in warning
    assert f"{SHOWN}:{line_of(text, '# # AUTOGRADER CONFIG')}" in warning


@pytest.mark.parametrize(("expected", "warnings"), [("10", 0), ("20", 1), ("9.5", 1)])
def test_an_exercise_is_worth_what_its_master_expects(tmp_path, expected, warnings):
    master = read(tmp_path, WHOLE.replace("# data:", f"# points: {expected}\n# data:"))

    assert len(master.warnings) == warnings
    assert all(f"10 points in all, not {expected}" in warning for warning in master.warnings)


HISTORIES = {
    "expect.history(total)": ("total",),
    "expect.history(history=other, metrics=['loss'])": ("other",),
    "record(total, other, 1, 2)": ("total",),
    "expect.record(model=total, given=other)": ("other",),
    "assert other.history['loss'] and expect.history(total)": ("total", "other"),
    "expect.number(total, equal_to=len(other))": (),
    "expect.history(something_else)": (),
}


@pytest.mark.parametrize("code", HISTORIES)
def test_knows_which_values_a_case_reads_as_histories(tmp_path, code):
    text = WHOLE.replace("def test_is_a_number(total):", "def test_is_a_number(total, other):")
    text = text.replace('assert isinstance(total, int), f"`total` is a {type(total).__name__}"', code)

    assert read(tmp_path, text).questions[0].cases[0].histories == HISTORIES[code]


# what is done to the sound master, what the error says, which text stands on the line it names, a word of the fix
BROKEN = {
    "no config": ("\n".join([INTRO, SUM]), "0 `# AUTOGRADER CONFIG` cells", "# # A small exercise", "title"),
    "two configs": (CONFIG.replace("small", "tiny") + "\n" + WHOLE, "2 `# AUTOGRADER CONFIG`", None, "title"),
    "no title": (WHOLE.replace("# title: A small exercise\n", ""), "title", "# # AUTOGRADER CONFIG", "title"),
    "unknown key": (WHOLE.replace("# data:", "# dada:"), "no key `dada`", "# dada:", "title, data"),
    "points below 0": (WHOLE.replace("# data:", "# points: -1\n# data:"), "worth -1 points", "# points: -1", "from 0"),
    "points are no number": (WHOLE.replace("# data:", "# points: .nan\n# data:"), "worth nan points", "# points:", ""),
    "unknown language": (
        WHOLE.replace("# data:", "# language: fr\n# data:"),
        "no texts in the language `fr`",
        "# language: fr",
        "Write one of en, de",
    ),
    "pip in front": (
        WHOLE.replace("# data:", '# install: "%pip install x"\n# data:'),
        "`install` is more than what stands behind `%pip install`",
        "# install:",
        "alone, in one line",
    ),
    "two lines to install": (
        WHOLE.replace("# data:", '# install: "x\\ny"\n# data:'),
        "is more",
        "# install:",
        "one line",
    ),
    "unknown limit": (
        WHOLE.replace("limits: {wall_seconds", "limits:\n#   {wall"),
        "no key `limits.wall`",
        "# # AUTOGRADER CONFIG",
        "wall_seconds",
    ),
    "limit is no number": (
        WHOLE.replace("60,", "soon,"),
        "`limits.wall_seconds` cannot",
        "# limits:",
        "Expected `float`",
    ),
    "limit of its own line": (
        WHOLE.replace(
            "# limits: {wall_seconds: 60", "# limits:\n#   wall_seconds: 60\n#   memory_mb: [1]\n# points: {a: 1"
        ),
        "`limits.memory_mb` cannot",
        "#   memory_mb: [1]",
        "Expected `int`",
    ),
    "manual, or perhaps": (
        WHOLE.replace("# name: double", "# manual: yes please\n# name: double"),
        "`manual` of `double` is 'yes please'",
        "# manual: yes please",
        "`manual: true`",
    ),
    "a text with a colon": (
        WHOLE.replace("# title: A small exercise", "# title: A small exercise: two sums"),
        "mapping values are not allowed",
        "# title:",
        "quotation marks",
    ),
    "no YAML": (WHOLE.replace("# name: total", "# name: [total"), "cannot be read", None, "key: value"),
    "Otter's settings": (
        CONFIG + "\n# %% [raw]\n# # ASSIGNMENT CONFIG\n# init_cell: true\n\n" + INTRO + SUM,
        "`# ASSIGNMENT CONFIG` has no place",
        "# # ASSIGNMENT CONFIG",
        "AUTOGRADER CONFIG",
    ),
    "no question": (CONFIG + "\n" + INTRO, "no question", "# # AUTOGRADER CONFIG", "BEGIN QUESTION"),
    "no name": (WHOLE.replace("# name: total\n", ""), "the question has no `name: …`", None, "letters"),
    "name with a space": (WHOLE.replace("name: total", "name: the total"), "'the total' is no name", None, "letters"),
    "name that leaves its folder": (WHOLE.replace("name: total", "name: ../x"), "'../x' is no name", None, "letters"),
    "same question twice": (WHOLE.replace("name: double", "name: total"), "two questions `total`", None, "Rename"),
    "unknown acceptance": (
        WHOLE.replace("# name: double\n", "# name: double\n# accept: all\n"),
        "`accept` of `double` is 'all'",
        "# accept: all",
        "Write `accept: claimed` or `accept: rebuilt`",
    ),
    "unknown setting": (
        WHOLE.replace("# name: total", "# name: total\n# weight: 3"),
        "setting `weight`",
        "# weight: 3",
        "rubric",
    ),
    "points that do not add up": (
        WHOLE.replace("# name: total", "# name: total\n# points: 7"),
        "says 7 points",
        None,
        "5",
    ),
    "manual without points": (WHOLE.replace("# points: 1\n", ""), "manual and has no points", None, "points"),
    "manual with a case": (
        WHOLE.replace("# name: double", "# name: double\n# manual: true"),
        "manual and has a case",
        None,
        "Split",
    ),
    "no answer cell": (
        WHOLE.replace("# %%\ntotal = sum(numbers)  # SOLUTION\n", ""),
        "`total` has no answer cell",
        None,
        "BEGIN SOLUTION",
    ),
    "answer of the wrong kind": (
        WHOLE.replace("# %%\ntotal = sum(numbers)  # SOLUTION\n", "# %% [markdown]\n# 108\n"),
        "`total` has no answer cell",
        None,
        "BEGIN SOLUTION",
    ),
    "no case": (
        re.sub(r'""" # BEGIN TEST CONFIG\npoints: 4.*?(?=# %%)', "", WHOLE, flags=re.S).replace(
            "# # BEGIN TESTS\n\n# %%\n# %% [raw]", "# # BEGIN TESTS\n\n# %% [raw]"
        ),
        "`double` has no case",
        None,
        "BEGIN TESTS",
    ),
    "same case twice": (
        WHOLE.replace("test_right_sum", "test_is_a_number"),
        "two cases 'test_is_a_number'",
        None,
        "Rename",
    ),
    "same title twice": (
        WHOLE.replace("The sum is the right one.", "`total` is a number."),
        "two cases '`total` is a number.'",
        None,
        "Rename",
    ),
    "case without docstring": (
        WHOLE.replace('    """The sum is the right one."""\n', ""),
        "`test_right_sum` has no docstring",
        "def test_right_sum",
        "student reads",
    ),
    "case without points": (
        WHOLE.replace("points: 3\n", ""),
        "`test_right_sum` does not say what it is worth",
        None,
        "points",
    ),
    "case that costs points": (
        WHOLE.replace("points: 3\n", "points: -3\n"),
        "`test_right_sum` is worth `points: -3`",
        None,
        "a number from 0 on",
    ),
    "case that is decorated by hand": (
        WHOLE.replace("def test_right_sum", "@test_case(points=3, hidden=True)\ndef test_right_sum"),
        "`test_right_sum` is decorated by hand",
        "@test_case",
        "hidden: true",
    ),
    "case outside the tests": (
        WHOLE.replace("# %%\ntotal =", "# %%\n@test_case(hidden=True)\ndef test_x():\n    pass\n\ntotal ="),
        "a test case outside the tests",
        "@test_case",
        "BEGIN TESTS",
    ),
    "hidden that is no boolean": (WHOLE.replace("hidden: true", "hidden: perhaps"), "'perhaps'", None, "true"),
    "setting of a case that is none": (
        WHOLE.replace("hidden: true", "secret: true"),
        "setting `secret`",
        "secret: true",
        "hidden",
    ),
    "settings that never end": (
        WHOLE.replace('points: 3\nhidden: true\n""" # END TEST CONFIG', 'points: 3\nhidden: true\n"""'),
        "never end",
        None,
        "END TEST CONFIG",
    ),
    "message of two lines": (
        WHOLE.replace("hidden: true", "hidden: true\nfailure_message: |\n  one\n  two"),
        "failure_message has a line break",
        "failure_message:",
        "one line",
    ),
    "two functions in a cell": (
        WHOLE.replace("def test_right_sum", "def test_other():\n    pass\n\ndef test_right_sum"),
        "exactly one function",
        None,
        "cell of its own",
    ),
    "case of another name": (
        WHOLE.replace("test_right_sum", "right_sum"),
        "`right_sum` is no name",
        "def right_sum",
        "test_",
    ),
    "case that takes everything": (
        WHOLE.replace("total, secret_totals", "env"),
        "no names of values",
        "def test_right_sum",
        "env",
    ),
    "case with a default": (
        WHOLE.replace("total, secret_totals", "total, secret_totals=None"),
        "no names of values",
        "def test_right_sum",
        "defaults",
    ),
    "syntax error in a case": (
        WHOLE.replace("allowance = 0.0625", "allowance = = 0"),
        "syntax error",
        "allowance = = 0",
        "Correct",
    ),
    "prose among the tests": (
        WHOLE.replace("# # BEGIN TESTS\n", "# # BEGIN TESTS\n\n# %% [markdown]\n# Text amid tests\n", 1),
        "a markdown cell among the tests",
        "# Text amid tests",
        "code",
    ),
    "prompt beside cases": (
        WHOLE.replace(
            "# %% [raw]\n# # BEGIN SOLUTION\n\n# %%\ntotal",
            "# %% [raw]\n# # BEGIN PROMPT\n\n# %%\ntotal = None\n\n# %% [raw]\n# # END PROMPT\n\n"
            "# %% [raw]\n# # BEGIN SOLUTION\n\n# %%\ntotal",
        ),
        "cases and a prompt",
        "total = None",
        "# SOLUTION",
    ),
    "block that never ends": (
        CONFIG + INTRO + SUM.replace("# %% [raw]\n# # END QUESTION\n", ""),
        "never ends",
        "# # BEGIN QUESTION",
        "END QUESTION",
    ),
    "end without begin": (CONFIG + INTRO + "# %% [raw]\n# # END TESTS\n\n" + SUM, "without its begin", None, "Pair"),
    "solution outside a question": (
        CONFIG + INTRO + "# %% [raw]\n# # BEGIN SOLUTION\n# # stray\n\n" + SUM,
        "begins outside a question",
        None,
        "`# BEGIN QUESTION`",
    ),
    "question in a question": (
        WHOLE.replace(
            "# %% [raw]\n# # END QUESTION\n\n# %% [raw]\n# # BEGIN QUESTION\n# name: double",
            "# %% [raw]\n# # BEGIN QUESTION\n# name: double",
        ),
        "this question block does not end before the next question, reference/small/master.py:",
        "# # BEGIN QUESTION",
        "`# END QUESTION`",
    ),
    "misspelt mark of a cell": (
        WHOLE.replace("# # BEGIN SOLUTION", "# # BEGIN SOLUTON", 1),
        "`# BEGIN SOLUTON` is no mark",
        "BEGIN SOLUTON",
        "`# BEGIN SOLUTION`",
    ),
    "mark of a cell that there is not": (
        WHOLE.replace("# # BEGIN SOLUTION", "# # BEGIN HINT", 1),
        "`# BEGIN HINT` is no mark",
        "BEGIN HINT",
        "QUESTION",
    ),
    "misspelt mark of a line": (
        re.sub(r"# SOLUTION$", "# SOLUTON", WHOLE, count=1, flags=re.MULTILINE),
        "`# SOLUTON` is no mark",
        "# SOLUTON",
        "`# SOLUTION`",
    ),
    "gap that is marked as a solution": (
        WHOLE.replace("total = sum(numbers)  # SOLUTION", "total = ...  # SOLUTION"),
        "`total = ...` is a gap already",
        "total = ...",
        '`""" # BEGIN PROMPT`',
    ),
    "misspelt mark of lines": (
        re.sub(r"# SOLUTION$", "# BEGIN SOLUTION NO PROMT", WHOLE, count=1, flags=re.MULTILINE),
        "`# BEGIN SOLUTION NO PROMT` is no mark",
        "NO PROMT",
        "`# BEGIN SOLUTION NO PROMPT`",
    ),
    "points in words": (
        WHOLE.replace("# name: total", "# name: total\n# points: four"),
        "the points of `total` are 'four'",
        "points: four",
        "a number, here 5",
    ),
    "fence amid prose": (
        WHOLE.replace("# Six numbers", "# ```otter\n# # BEGIN QUESTION\n# name: x\n# ```\n# Six numbers"),
        "amid other text",
        "# # A small exercise",
        "cell of its own",
    ),
}


HELPERS = """
# %% [raw]
# # BEGIN HELPERS

# %%
import math
from math import pi as circle

LIMIT, other = 3, 4

@staticmethod
def area(radius):
    return circle * radius**2

class Unused:
    pass

def total_of(values):
    return area(sum(values)) + math.inf

# %% [raw]
# # END HELPERS
"""
WITH_HELPERS = WHOLE.replace(SUM, HELPERS + SUM)


@pytest.mark.parametrize(
    ("body", "needed"),
    [
        ("assert total_of([total])", {"math", "circle", "area", "total_of"}),
        ("assert total < LIMIT", {"LIMIT", "other"}),
        ("assert total.LIMIT", set()),
    ],
)
def test_a_case_needs_the_helpers_whose_names_occur_in_it_and_what_these_need(tmp_path, body, needed):
    text = WITH_HELPERS.replace('assert isinstance(total, int), f"`total` is a {type(total).__name__}"', body)
    master = read(tmp_path, text)
    found = needed_helpers(master.helpers, master.questions[0].cases[:1])
    assert {name for helper in found for name in helper.defines} == needed
    assert all(
        helper.text.splitlines()[0] in text.splitlines()[master.source.lines[helper.cell] - 1 + helper.offset]
        for helper in found
    )


BROKEN |= {
    "helpers in a question": (
        WHOLE.replace("# # BEGIN SOLUTION\n", "# # BEGIN HELPERS\n", 1),
        "a helpers block begins inside a question block",
        "# # BEGIN HELPERS",
        "outside of questions",
    ),
    "a text among the helpers": (
        WITH_HELPERS.replace("# %%\nimport math", "# %% [markdown]\n# Text\n\n# %%\nimport math"),
        "a markdown cell among the helpers",
        "# Text",
        "code cells",
    ),
    "a helper that is none": (
        WITH_HELPERS.replace("LIMIT, other = 3, 4", "print(1)"),
        "defines no name",
        "print(1)",
        "functions, classes, imports and constants",
    ),
    "a helper with a name of the file": (
        WITH_HELPERS.replace("LIMIT, other", "points, other"),
        "a helper is called `points`",
        "points, other",
        "Rename",
    ),
    "a helper that is a case": (
        WITH_HELPERS.replace("def total_of", "def test_of"),
        "a helper is called `test_of`",
        "def test_of",
        "Rename",
    ),
    "helpers with a syntax error": (
        WITH_HELPERS.replace("LIMIT, other = 3, 4", "LIMIT = = 3"),
        "a syntax error in the helpers",
        "LIMIT = = 3",
        "Correct",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_refuses(tmp_path, broken):
    text, what, place, fix = BROKEN[broken]
    assert text != WHOLE

    with pytest.raises(BuildError) as error:
        read(tmp_path, text)

    message = str(error.value)
    assert "\n" not in message
    assert what in message
    line = int(re.search(rf"{SHOWN}:(\d+)\. ", message)[1])
    if place:
        assert place in text.splitlines()[line - 1]
    assert fix in message.split(f"{SHOWN}:{line}")[1]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'{"cells": 3}', b"[]"])
def test_refuses_what_is_no_notebook(tmp_path, content):
    path = tmp_path / "reference" / "small" / "master.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    with pytest.raises(BuildError, match=r"reference/small/master\.ipynb cannot be read"):
        read_master(path, tmp_path)


@pytest.mark.parametrize("slug", ["Small", "a b", "x.y"])
def test_refuses_names_that_cannot_be_a_slug(tmp_path, slug):
    with pytest.raises(BuildError, match="no name for an exercise"):
        read_master(write_repository(tmp_path, WHOLE, slug), tmp_path)


def test_parts_are_what_they_seem():
    assert WHOLE.count("BEGIN QUESTION") == sum(part.count("BEGIN QUESTION") for part in (SUM, DOUBLE, WHY)) == 3


def test_all_faults_of_a_master_come_in_one_message_without_those_that_follow_from_others(tmp_path):
    text = WHOLE.replace("# data:", "# dada: 3\n# points: -1\n# data:").replace("cell_seconds: 20", "cell_seconds: 0")
    text = text.replace("# # BEGIN SOLUTION", "# # BEGIN SOLUTON", 1).replace(
        "sum(numbers)  # SOLUTION", "1  # SOLUTON"
    )
    text = text.replace("points: 3\n", "").replace("# name: total", "# name: total\n# weight: 3")
    text = text.replace('    """`double(2)` is 4."""\n', "").replace("# name: double", "# name: double\n# accept: all")
    text = text.replace("# points: 1\n", "").replace("# name: why", "# name: total")

    with pytest.raises(BuildError) as error:
        read(tmp_path, text)

    expected = [
        "the configuration has no key `dada`",
        "the exercise is worth -1 points",
        "the limit `cell_seconds` is 0",
        "`# BEGIN SOLUTON` is no mark",
        "`# SOLUTON` is no mark",
        "`test_right_sum` does not say what it is worth",
        "`total` has a setting `weight`",
        "`test_four` has no docstring",
        "`accept` of `double` is 'all'",
        "there are two questions `total`",
        "`total` is manual and has no points",
    ]
    lines = str(error.value).split("\n")
    assert len(lines) == len(expected)
    for line, what in zip(lines, expected, strict=True):
        assert line.startswith(what)
        assert re.search(rf"\. {SHOWN}:\d+\. ", line)
