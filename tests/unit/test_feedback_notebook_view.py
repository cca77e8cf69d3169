from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from autograder.feedback.notebook_view import answer_cells, shown_cells
from autograder.records import Cell

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 8, 8) + b"rest").decode()


def output_html(output: dict[str, Any]) -> str:
    (view,) = shown_cells([Cell("code", "x", outputs=(output,))])
    (html,) = view.outputs
    return str(html)


def display(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {key.replace("_", "/"): data[key] for key in data}}


def test_code_is_escaped_and_coloured() -> None:
    (view,) = shown_cells([Cell("code", "import x  # <script>\nf('</pre>')")])
    assert '<span class="code-word">import</span>' in view.source
    assert '<span class="code-comment"># &lt;script&gt;</span>' in view.source
    assert view.source.count("</pre>") == 1


def test_source_is_shown_in_full() -> None:
    source = "\n\n  !pip install keras\n%matplotlib inline\nx = $ ? \u20ac\n\n"
    (view,) = shown_cells([Cell("code", source)])
    assert view.source == f"<pre>\n{source}</pre>"


@pytest.mark.parametrize("kind", ["code", "raw", "markdown"])
def test_every_kind_of_cell_is_harmless(kind: Any) -> None:
    (view,) = shown_cells([Cell(kind, "<script>alert(1)</script>\u202e\ud800 <img src=x onerror=alert(1)>")])
    assert "<script" not in view.source
    assert "<img" not in view.source
    assert view.source.encode()


def test_streams() -> None:
    html = output_html({"output_type": "stream", "name": "stderr", "text": ["\x1b[31mred", " <b>\n"]})
    assert html == '<pre class="stderr">\n<span class="ansi-1">red &lt;b&gt;\n</span></pre>'


@pytest.mark.parametrize("text", ["x" * 80, "x\n" * 40])
def test_wide_or_high_text_can_be_scrolled_by_keyboard(text: str) -> None:
    html = output_html({"output_type": "stream", "name": "stdout", "text": text})
    assert '<pre tabindex="0" role="group" aria-label="Printed text of code cell 1">' in html


def test_code_is_wrapped_and_needs_no_stop_of_the_tab_key() -> None:
    code, fence, picture = shown_cells(
        [Cell("code", "x" * 200), Cell("markdown", f"```\n{'x' * 200}\n```"), Cell("markdown", "<pre>┏━┳━┓</pre>")]
    )
    assert "tabindex" not in code.source + fence.source
    assert 'tabindex="0"' in picture.source


def test_a_corner_of_a_table_is_no_header() -> None:
    table = '<table><tr><th colspan="2"> </th><th>a</th></tr></table>'
    html = output_html({"output_type": "display_data", "data": {"text/html": table}})
    assert '<td colspan="2"></td><th>a</th>' in html


def test_a_call_of_the_self_check_is_folded() -> None:
    call, answer = shown_cells([Cell("code", 'grader.check("train")\n'), Cell("code", 'x = grader.check("train")')])
    assert (call.folded, answer.folded) == ("A self-check", "")


def test_tracebacks() -> None:
    error = {"output_type": "error", "ename": "E", "evalue": "<v>", "traceback": ["\x1b[31mline\x1b[39m", "last"]}
    assert 'class="ansi-1">line</span>\nlast' in output_html(error)
    assert "E: &lt;v&gt;" in output_html({**error, "traceback": []})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"text_html": "<b>h</b>", "text_plain": "t"}, "<b>h</b>"),
        ({"text_html": "<script>h</script>", "text_plain": "t"}, "<pre>\nt</pre>"),
        ({"image_png": PNG, "text_plain": "t"}, '<img src="data:image/png;base64,'),
        ({"image_png": "broken", "text_plain": "t"}, "<pre>\nt</pre>"),
        ({"image_png": "broken"}, "a picture that is damaged or too large"),
        ({"image_svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'/>"}, '<img src="data:image/svg+xml;base64,'),
        ({"text_markdown": "*m*"}, "<em>m</em>"),
        ({"text_latex": "$$<x>$$"}, "<pre>\n$$&lt;x&gt;$$</pre>"),
        ({"application_json": {"a": "<b>"}}, "&lt;b&gt;"),
        ({"application_javascript": "alert(1)"}, "an output that needs a live notebook"),
        ({"text_plain": ["a", "b"]}, "<pre>\nab</pre>"),
    ],
)
def test_displays_show_the_richest_safe_form(data: dict[str, Any], expected: str) -> None:
    assert expected in output_html(display(**data))


@pytest.mark.parametrize(
    "output",
    [
        {},
        {"output_type": 7},
        {"output_type": "stream"},
        {"output_type": "stream", "text": {"a": 1}},
        {"output_type": "error", "traceback": "x"},
        {"output_type": "error", "traceback": [None, 1]},
        {"output_type": "display_data"},
        {"output_type": "display_data", "data": []},
        {"output_type": "display_data", "data": {"text/plain": 3, "image/png": [1, 2]}},
        {"output_type": "execute_result", "data": {"application/json": float}},
    ],
)
def test_malformed_outputs_do_not_stop_the_page(output: dict[str, Any]) -> None:
    assert output_html(output)


def test_a_long_output_is_cut_with_a_clear_line() -> None:
    html = output_html({"output_type": "stream", "name": "stdout", "text": "begin" + "x" * 50_000_000 + "end"})
    assert len(html) < 25_000
    assert "begin" in html
    assert "… 50.0 MB not shown …" in html
    assert html.endswith("end</pre>")


@pytest.mark.parametrize(
    "cell",
    [
        Cell(
            "code", "a='<'\n" * 5000, outputs=({"output_type": "stream", "name": "stdout", "text": "<&" * 50_000},) * 60
        ),
        Cell("markdown", "<b>*x*</b> " * 4000),
        Cell("code", "", outputs=(display(text_html="<i>x</i>" * 2000),) * 60),
        Cell("code", "", outputs=(display(image_png=PNG[:-4] + "A" * 1_000_000),) * 60),
        Cell("raw", "&" * 50_000),
    ],
    ids=["text", "markdown", "html", "pictures", "raw"],
)
def test_a_whole_notebook_stays_below_a_few_megabytes(cell: Cell) -> None:
    total = 0
    for view in shown_cells([cell] * 500):
        total += len(view.source) + sum(map(len, view.outputs))
        assert total < 6_000_000
    assert total > 10_000
    assert "100 more cells not shown" in view.source


def test_elaborate_html_gives_way_to_plain_text() -> None:
    """Sanitising takes time by the tag; what a page spends on it is bounded."""
    output = display(text_html="<i>" * 9_000 + "x", text_plain="plain")
    (view,) = shown_cells([Cell("code", "", outputs=(output,) * 10)])
    assert [str(html) for html in view.outputs[4:]] == ["<pre>\nplain</pre>"] * 6
    assert "<i>" in view.outputs[0]


def test_answer_cells_are_found_by_tag() -> None:
    cells = [Cell("code", "", tags=("x", "answer:train")), Cell("code", ""), Cell("code", "", tags=("answer:train",))]
    assert answer_cells(cells) == {"train": [(1, "code cell 1"), (3, "code cell 3")]}
    assert [view.cell.answers for view in shown_cells(cells)] == [("train",), (), ("train",)]
