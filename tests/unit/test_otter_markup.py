"""Which question a cell of Otter's notebooks answers."""

from __future__ import annotations

import json

import pytest

from autograder.grading.intake.notebook_reader import parse
from tests import notebooks as nb

BEGIN = nb.code('import otter\ngrader = otter.Notebook("hw.ipynb")')
ANSWER = "otter_answer_cell"


def check(question: str) -> dict[str, object]:
    return nb.code(f'grader.check("{question}")')


@pytest.mark.parametrize(
    ("cells", "answers"),
    [
        ([BEGIN, nb.code("x = 1", ANSWER), check("q1"), nb.code("y = 1", ANSWER), check("q2")], {1: ["q1"], 3: ["q2"]}),
        ([BEGIN, nb.code("x = 1", ANSWER), nb.code("print(x)"), check("q1")], {1: ["q1"]}),
        ([BEGIN, nb.code("x = 1", ANSWER), nb.code("y = 2", ANSWER), check("q1")], {1: ["q1"], 2: ["q1"]}),
        ([BEGIN, nb.code("x = 1"), nb.code("y = 2"), check("q1")], {2: ["q1"]}),
        ([BEGIN, nb.code("x = 1\ngrader.check(question='q1')")], {1: ["q1"]}),
        ([BEGIN, nb.code("x = 1", ANSWER), check("q1"), check("q1.b")], {1: ["q1"], 3: ["q1.b"]}),
        ([BEGIN, nb.code("x = 1", ANSWER), check("q1"), nb.code("x = 2"), check("q1")], {1: ["q1"], 3: ["q1"]}),
        ([BEGIN, nb.code("x = 1", ANSWER), nb.code("grader.check_all()")], {}),
        ([nb.code("from otter import Notebook\ngrader = Notebook()"), nb.code("x = 1"), check("q1")], {1: ["q1"]}),
        ([nb.code("x = 1", ANSWER), check("q1")], {}),
        ([BEGIN, nb.code("x = 1", "answer:mine"), nb.code("y = 1", ANSWER), check("q1")], {1: ["mine"]}),
    ],
)
def test_which_cells_answer(cells: list[dict[str, object]], answers: dict[int, list[str]]) -> None:
    read = parse(json.dumps(nb.notebook(*cells)).encode()).cells
    assert {at: list(cell.answers) for at, cell in enumerate(read) if cell.answers} == answers


def test_a_cell_that_otter_leaves_out_is_not_run() -> None:
    cells = [BEGIN, nb.code("while True: pass", "otter_ignore"), nb.code("x = 1", ANSWER), check("q1")]
    assert [cell.kind for cell in parse(json.dumps(nb.notebook(*cells)).encode()).cells] == [
        "code",
        "raw",
        "code",
        "code",
    ]
