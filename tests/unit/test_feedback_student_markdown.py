"""Feedback as Markdown: what the page says, and nothing that a Markdown parser or a browser takes for markup."""

from __future__ import annotations

import re
from typing import Any

import pytest
from markdown_it import MarkdownIt

from autograder.feedback import student_markdown
from autograder.records import (
    SELF_CHECK,
    Assignment,
    Cell,
    Confusion,
    Execution,
    Grade,
    Misread,
    Outcome,
    Question,
    QuestionGrade,
)

ASSIGNMENT = Assignment("cnn2_mnist", "A deeper network", (Question("gap", 4), Question("why", 2)))
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "```\n<script>alert(1)</script>\n```",
    "`<b>`` <b>` `",
    "[link](javascript:alert(1)) ![picture](https://evil.example/x.png)",
    "</div>\n\n<iframe src='https://evil.example'>",
    "<!-- comment\n-->",
    "<https://evil.example>",
    "- a list\n\n        <b>code in it?</b>",
    "1. one\n\n    <b>two</b>",
    "11) eleven\n    <b>twelve</b>",
    "> quote\n<b>lazy</b>",
    "# heading\n====\n----",
    "a\u2028<b>b\u2029<b>c\x85<b>d\x0b<b>e",
    "\x1b[31m<b>\x1b]0;title\x07\x00\u202e",
    "\\`<b>\\`",
    "{{ 7 * 7 }} {% raw %} $x$",
    "| a | b |\n|---|---|\n| <b> | </b> |",
    "&lt;script&gt; <\nscript> <\tb>",
    "[x]: https://evil.example\n\n[x]",
]


def markdown(*questions: QuestionGrade, cells: tuple[Cell, ...] = (), **fields: Any) -> str:
    given: dict[str, Any] = {"student": "ada", "submission": "ada.ipynb", "digest": "sha256:01", "status": "graded"}
    given |= {"score": 2.5, "possible": 6, "questions": questions, **fields}
    return student_markdown.render(ASSIGNMENT, Grade(**given), Execution("completed", cells=cells))


def test_it_says_what_the_page_says() -> None:
    gap = QuestionGrade(
        "gap",
        2.5,
        4,
        (
            Outcome("layers", "fail", 0.5, 2, title="The layers of `cnn2`", message="Layer 1 is *off*.\n  1  Conv2D"),
            Outcome("hidden", "fail", 0, 2, hidden=True, title="Digits", detail="CANARY"),
        ),
        title="The gap",
    )
    manual = Outcome("why", "pass", 2, 2, title="Graded by hand", message="gone", by_hand=True, comment="Well\nseen_.")
    why = QuestionGrade("why", 2, 2, (manual,), manual=True, answer="Because.\n\n<b>")
    cells = (
        Cell("markdown", "# Mine"),
        Cell(
            "code",
            "print(1)\n\nx",
            outputs=(
                {"output_type": "stream", "name": "stdout", "text": ["\x1b[31m1\x1b[0m\n", "2\n"]},
                {"output_type": "display_data", "data": {"image/png": "AAAA", "text/plain": "Figure"}, "metadata": {}},
                {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["line 1", "E: v"]},
                {"output_type": "display_data", "data": {"text/html": "<b>"}},
            ),
            error="E: v",
        ),
    )
    assert (
        markdown(gap, why, cells=cells, warnings=("You are not on the class list.",), pending=1)
        == r"""# A deeper network: feedback for ada

**2.5 of 6 points** so far

1 more point can still come. A person reads and grades your written answers.

Code cell 1 raised E: v

You are not on the class list.

## The gap: 2.5 of 4 points

**Partly passed**, 0.5 of 2: The layers of `cnn2`

Layer 1 is \*off\*.

      1  Conv2D

**Not passed**, 0 of 2 (hidden case): Digits

What it looks at in detail stays hidden; its title says what it is about.

## why: 2 of 2 points

**Graded by a person**, 2 of 2: Graded by hand

Well

seen\_.

Your answer:

    Because.

    < b>

## Your notebook, as it ran

### Text cell 1

    # Mine

### Code cell 1

    print(1)

    x

Output:

    1
    2

    Figure

    line 1
    E: v
"""
    )


def test_what_was_not_graded_says_why_and_no_more() -> None:
    text = markdown(status="rejected", message="It is no notebook.", warnings=())
    assert text == "# A deeper network: feedback for ada\n\n**Not graded.** It is no notebook.\n"


def test_a_person_will_look() -> None:
    text = markdown(status="needs_review", message="CANARY")
    assert "A person will look at this grade" in text
    assert "CANARY" not in text


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_stays_text_everywhere(attack: str) -> None:
    outcome = Outcome("a", "fail", 0, 4, title=attack, message=attack)
    comment = Outcome("b", "fail", 0, 4, title="b", by_hand=True, comment=attack)
    output = {"output_type": "stream", "name": attack, "text": attack}
    shown = {"output_type": "execute_result", "data": {"text/plain": attack, "text/markdown": attack}}
    raised = {"output_type": "error", "ename": attack, "evalue": attack, "traceback": [attack, 3]}
    cells = (
        Cell("markdown", attack, (f"answer:{attack}",)),
        Cell("raw", attack),
        Cell("code", attack, outputs=(output, shown, raised, {"output_type": attack}, {}), error=attack),
    )
    question = QuestionGrade("gap", 0, 4, (outcome, comment), title=attack, answer=attack)
    text = markdown(question, cells=cells, student=attack, warnings=(attack,), message=attack)
    assert not re.search(r"<[A-Za-z/!?]", text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]", text)
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(text)
    every = [token.type for block in tokens for token in (block, *(block.children or ()))]
    ours = {"paragraph_open", "heading_open", "code_block", "inline", "text", "code_inline", "strong_open", "softbreak"}
    assert {kind.replace("_close", "_open") for kind in every} <= {*ours, "text_special"}


def test_a_huge_notebook_is_cut() -> None:
    cells = tuple(Cell("code", f"# {number}\n" + "x" * 50_000) for number in range(100))
    text = markdown(cells=cells)
    assert len(text) < 150_000
    assert "more cells: see the page" in text


def test_the_cell_of_the_self_check_and_the_mark_of_a_written_answer_are_not_repeated() -> None:
    setup = (
        f"{SELF_CHECK}\n"
        'from autograder.notebook.selfcheck import Checks\ngrader = Checks({"gap": "def test_layers(): ..."})'
    )
    given = Outcome("why", "pass", 2, 2, title="Graded by a person", by_hand=True)
    why = QuestionGrade("why", 2, 2, (given,), manual=True)
    text = markdown(why, cells=(Cell("code", setup), Cell("code", "x = 1")))
    assert "def test_layers" not in text and "the self-check, as it came with the exercise" in text
    assert "### Code cell 2" in text and "x = 1" in text
    assert text.count("Graded by a person") == 1
    assert "def test_layers" in markdown(cells=(Cell("code", setup, error="NameError: x"),))


def test_cells_that_failed_only_because_of_another_are_one_line() -> None:
    undefined = "NameError: name 'x' is not defined"
    cells = (Cell("code", "x = (", error="SyntaxError: ("), *(Cell("code", "x", error=undefined, due_to=0),) * 14)
    read = markdown(cells=cells).partition("## Your notebook")[0]
    assert "14 cells below failed only because of this: code cell 2, code cell 3," in read
    assert "code cell 13, …" in read and "code cell 14" not in read


def test_what_a_network_confuses_is_one_line_but_never_of_a_hidden_case() -> None:
    confusion = Confusion("cnn2", ((5, 3), (0, 7)), (Misread(12, 0, 1),))
    for hidden in (False, True):
        gap = QuestionGrade("gap", 2, 2, (Outcome("a", "pass", 2, 2, hidden, confusions=(confusion,)),))
        assert ("`cnn2` takes 3 of 15 inputs for another class, most often 0 for 1 (3)." in markdown(gap)) is not hidden
