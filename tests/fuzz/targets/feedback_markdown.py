"""`student_markdown.render`: feedback for an LMS, in which nothing may be a tag or leave its block of code."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from autograder.feedback.student_markdown import render
from autograder.records import Assignment, Cell, Execution, Grade, Outcome, Question, QuestionGrade
from tests.fuzz.active_content import assert_inert

TOKENS = (
    *(
        b"# ",
        b"* ",
        b"1. ",
        b"> ",
        b"    ",
        b"```\n",
        b"|a|\n|-|\n",
        b"[a](javascript:x)",
        b"![a](x)",
        b"<script>",
        b"<!--",
    ),
    *(
        b"`",
        b"\\",
        b"\r",
        b"\x0b",
        b"\x0c",
        b"\x85",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
        b"\x1b[31m",
        b"&lt;",
        b"---\n",
        b"$$",
    ),
)
ASSIGNMENT = Assignment("small", "Small", (Question("q", 1),))
_COMMONMARK = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def check(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    stream = {"output_type": "stream", "text": text}
    plain = {"output_type": "display_data", "data": {"text/plain": text, "text/html": text}}
    cells = (Cell("code", text, outputs=(stream, plain), error=text[:300]), Cell("markdown", text), Cell("raw", text))
    outcome = Outcome("c", "fail", 0, 1, title="C", message=text[:2_000], comment=text)
    question = QuestionGrade("q", 0, 1, (outcome,), manual=False, answer=text)
    grade = Grade("ada", "a.ipynb", "", "graded", 0, 1, (question,), message=text[:300], warnings=(text[:300],))
    shown = render(ASSIGNMENT, grade, Execution("completed", "", cells, 1.0))
    shown.encode()
    tokens = _COMMONMARK.parse(shown)
    kinds = {token.type for token in tokens} | {part.type for token in tokens for part in token.children or ()}
    assert not kinds & {"html_block", "html_inline", "link_open", "image"}, kinds
    assert_inert(re.sub(r"(</?)h[1-3]>", r"\1h4>", _COMMONMARK.render(shown)))  # the headings are ours
