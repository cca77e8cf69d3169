"""Which errors say that something is not there, and which cell's error is behind another's."""

from __future__ import annotations

import pytest

from autograder.grading.execution.causes import causes_of, explained, why_missing
from autograder.grading.execution.given_cells import GivenCells
from autograder.records import Cell, Execution, Question

QUESTIONS = [Question("q", 1, names=("model",))]


def run(*cells: tuple[str, str]) -> Execution:
    """A run of cells, each with its source and its error."""
    made = [Cell("code", source, execution_count=at, error=error) for at, (source, error) in enumerate(cells, start=1)]
    return explained(Execution("completed", "", tuple(made)), QUESTIONS)


@pytest.mark.parametrize(
    ("error", "found"),
    [
        ("ModuleNotFoundError: No module named 'nopackage.sub'", ("module", "nopackage")),
        ("ModuleNotFoundError: No module named 'keras.layers.core'", None),
        ("ImportError: cannot import name 'x' from 'nopackage'", None),
        (
            "ImportError: This requires the nopackage module. You can install it via `pip install x`",
            ("module", "nopackage"),
        ),
        ("ImportError: `Callback` requires `no-package`.", ("module", "no-package")),
        ("ImportError: Missing optional dependency 'nopackage'. Use pip.", ("module", "nopackage")),
        ("ImportError: F requires the `numpy` package. Run `pip install numpy`.", None),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'data/x.csv'", ("file", "data/x.csv")),
        ("ValueError: File not found: filepath=my.keras. Please ensure the file is there.", ("file", "my.keras")),
        ("Exception: URL fetch failure on https://a.org/mnist.npz: None -- [Errno -3] Temporary", ("host", "a.org")),
        ("URLError: <urlopen error [Errno -3] Temporary failure in name resolution>", ("host", "")),
        ("gaierror: [Errno -3] Temporary failure in name resolution", ("host", "")),
        ("ConnectionError: HTTPSConnectionPool(host='a.org', port=443): Max retries", ("host", "a.org")),
        ("CellTimeout: more than 5 s of processor time, the limit for one cell", ("time", "")),
        ("ValueError: No module named 'nopackage'", None),
        ("ModuleNotFoundError: No module named '" + "x" * 5_000 + "'", None),
    ],
)
def test_what_is_not_there_is_read_from_the_error(error: str, found: tuple[str, str] | None) -> None:
    causes = causes_of(run(("x", ""), ("y", error)), [])
    assert [(cause.kind, cause.name, cause.cell) for cause in causes] == ([(*found, 2)] if found else [])


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np, keras as x",
        "from a.b import (c, x)",
        "def x(rows):\n    pass",
        "class x: pass",
        "x = 1",
        "y, x = 1, 2",
        "(a, x), (b, c) = load()",
        "x: int = 3",
        "if True:\n    x = y == 3",
    ],
)
def test_the_first_cause_is_the_cell_that_was_to_define_the_name(source: str) -> None:
    ran = run((source, "ValueError: first"), ("model = x", "NameError: name 'x' is not defined"))
    assert [cell.due_to for cell in ran.cells] == [None, 0]
    said = why_missing("model", [1], ran)
    assert said == "Code cell 2 needs `x`: Code cell 1 raised ValueError: first"


@pytest.mark.parametrize("source", ["x == 1", "f(x=1)", "y[x] = 2", "# x = 1", "print(x)"])
def test_a_name_that_is_only_used_is_not_put_down_to_a_cell(source: str) -> None:
    ran = run((source, "ValueError: first"), ("model = x", "NameError: name 'x' is not defined"))
    assert ran.cells[1].due_to is None


def test_long_lines_of_nothing_are_read_at_once() -> None:
    hostile = " " * 50_000 + "x" + "(" * 50_000 + "="
    assert run((hostile * 2, "E: x"), ("y", "NameError: name 'x' is not defined")).cells[1].due_to is None


@pytest.mark.parametrize(
    ("source", "follows"),
    [
        ("def f(rows):\n    return rows * x", True),
        ("y = f(x=x)", True),
        ("y = x == 3", True),
        ("y = rows.max(x=1)", False),
        ("# x\ny = 'x' + \"x\" + f'''\nx'''", False),
        ("y = [x + 1 for x in rows]", False),
        ("for i, (x, z) in rows:\n    print(i)", False),
        ("y = rows.x", False),
        ("x = 3\ny = x", False),
        ("f = lambda x: x", False),
    ],
)
def test_a_cell_follows_from_a_failed_one_only_where_it_reads_a_name_of_that(source: str, follows: bool) -> None:
    cells = run(("x = load()", "ValueError: first"), (source, "")).cells
    assert cells[1].due_to == (0 if follows else None)


@pytest.mark.parametrize(
    "source", ["'a\\" * 30_000, '"""' * 30_001, "for x, " * 15_000, "x[ " * 30_000, "rb " * 30_000]
)
def test_what_a_cell_reads_is_found_in_one_pass(source: str) -> None:
    """Where each character is read again for each other one, this takes minutes."""
    assert run(("x = load()", "ValueError: first"), (source, "")).cells[1].source == source


def test_a_gap_is_named_with_its_line() -> None:
    (cell, *_) = run(("n = 3\nmodel = n + ...", "TypeError: unsupported operand: 'int' and 'ellipsis'")).cells
    said = why_missing("model", [0], Execution("completed", "", (cell,)))
    assert said.startswith("Code cell 1 still holds a gap, `...`, in line 2: TypeError")


def test_a_file_that_was_handed_in_beside_the_notebook_is_said_to_be_left_out() -> None:
    error = "FileNotFoundError: [Errno 2] No such file or directory: 'data/x.csv'"
    made = Cell("code", "read()", execution_count=1, error=error)
    (cell,) = explained(Execution("completed", "", (made,)), QUESTIONS, beside=["ada/x.csv"]).cells
    assert cell.note.startswith("`x.csv` was handed in, and left out; the page says why.")


@pytest.mark.parametrize("path", ["C:/Users/tom/reviews.csv", r"C:\\tom\\reviews.csv", f"/{90 * 'a'}/reviews.csv"])
def test_a_file_that_came_with_the_exercise_is_said_to_lie_beside_the_notebook(path: str) -> None:
    error = f"FileNotFoundError: [Errno 2] No such file or directory: '{path}'"
    made = Cell("code", "read()", execution_count=1, error=error)
    files = ["pictures/one.png", "texts/reviews.csv"]
    ran = explained(Execution("completed", "", (made,)), QUESTIONS, beside=["ada/reviews.csv"], files=files)
    (cause,) = causes_of(ran, [], ["ada/reviews.csv"], files)
    assert cause.message.startswith("Code cell 1 raised FileNotFoundError")
    assert cause.message.endswith(" `texts/reviews.csv` lies beside the notebook: use it by that name.")


def test_a_name_that_cannot_be_looked_for_counts_as_installed() -> None:
    assert causes_of(run(("x", "ModuleNotFoundError: No module named '__main__'")), []) == ()


@pytest.mark.parametrize(("given", "origin"), [([], ""), (["history = load()"], "given")])
def test_a_given_cell_that_needs_what_an_answer_is_to_define(given: list[str], origin: str) -> None:
    """It is the exercise's fault only where a cell of the exercise's own defines the name."""
    cells = GivenCells(Cell("code", source) for source in ["plot(history)", *given])
    plot = Cell("code", "plot(history)", execution_count=2, error="NameError: name 'history' is not defined")
    ran = explained(Execution("completed", "", (Cell("code", "", ("q",)), plot)), QUESTIONS, cells)
    assert ran.cells[1].origin == origin
