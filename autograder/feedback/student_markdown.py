"""A student's feedback as Markdown, for an LMS: what the page says, and the notebook's text. Trusted side.

A Markdown parser that lets HTML pass, or a system that takes Markdown for HTML, must find none: behind each `<` that
could begin a tag stands a space. What the student wrote is indented, which is code to any Markdown parser, and cannot
be left from inside. Pictures are on the page only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import jinja2
import nbformat.v4 as nbformat
from nbconvert.exporters.markdown import MarkdownExporter

from autograder.feedback import pages
from autograder.feedback.ansi import without_ansi
from autograder.feedback.notebook_view import is_self_check, joined, traceback_text, troubles
from autograder.feedback.safe_text import CODE, cut, scrub
from autograder.feedback.student_page import ENDINGS, confused, mark, reviewed
from autograder.language import gettext as _
from autograder.language import ngettext
from autograder.records import Assignment, Cell, Execution, Grade
from autograder.wording import cell_names

__all__ = ["prepare", "render"]

_MAX_TEXT = 8_000  # characters of one cell's source, one output or one message
_MAX_NOTEBOOK = 100_000  # characters of the whole notebook; an LMS's comment is no place for more
_MAX_OUTPUTS = 40  # of one cell
_TAG = re.compile("<(?=[A-Za-z/!?])")
_SPECIAL = re.compile(r"[\\`*_\[\]|~$]|^[#>+=-]|(?<=^\d)[.)](?=\s|$)|(?<=^\d\d)[.)](?=\s|$)")
_NOTEBOOK = """{% extends 'markdown/index.md.j2' %}
{% block any_cell %}
### {{ cell.metadata.name }}

{{ super() }}
{% endblock %}
{% block input %}
{{ cell.source | indent }}
{% endblock %}
{% block output_group %}
Output:

{{ super() }}
{% endblock %}
{% block markdowncell %}
{{ cell.source | indent }}
{% endblock %}
"""


class _Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def prepare() -> Callable[[Assignment, Grade, Execution, str], bytes]:
    """What makes the form of one student: UTF-8."""
    return lambda assignment, grade, execution, page: render(assignment, grade, execution).encode("utf-8", "replace")


def render(assignment: Assignment, grade: Grade, execution: Execution) -> str:
    """One student's feedback; like the page, it shows nothing that is for instructors only.

    Args:
        assignment: The exercise.
        grade: What the student earned.
        execution: How the notebook ran.
    """
    template = _environment().get_template("student.md.j2")
    feedback = template.render(
        assignment=assignment,
        grade=grade,
        execution=execution,
        questions=() if grade.status == "rejected" else grade.questions,
        trouble=_(ENDINGS[execution.status]) if execution.cells and ENDINGS[execution.status] else "",
        raised=troubles(execution.cells, grade.causes),
        called=[cause.message for cause in grade.causes if not cause.cell and not cause.hidden],
        confused=confused,
        mark=mark,
        reviewed=reviewed(grade),
    )
    if execution.cells:
        notebook = nbformat.new_notebook(cells=list(_cells(execution.cells)))
        heading = _("Your notebook, as it ran")
        feedback += f"\n## {heading}\n\n{_exporter().from_notebook_node(notebook)[0]}"
    return re.sub(r"\n(?:[ \t]*\n)+", "\n\n", feedback).strip() + "\n"


def _cells(cells: Sequence[Cell]) -> Iterator[Any]:
    """The cells as nbformat has them, their texts made harmless, until too much is shown."""
    left = _MAX_NOTEBOOK
    names = cell_names(cells)
    for at, cell in enumerate(cells):
        source = _lines(cell.source)
        if is_self_check(cell):
            source = _("# the self-check, as it came with the exercise: see the page")
        outputs = [made for output in cell.outputs[:_MAX_OUTPUTS] if (made := _output(output)) is not None]
        left -= len(source) + sum(len(str(output)) for output in outputs)
        if left < 0:
            more = ngettext("{number} more cell: see the page", "{number} more cells: see the page", len(cells) - at)
            yield nbformat.new_markdown_cell(more.format(number=len(cells) - at), metadata={"name": _("And more")})
            return
        name = {"name": names[at].capitalize()}
        if cell.kind == "code":
            yield nbformat.new_code_cell(source, outputs=outputs, metadata=name)
        else:
            yield nbformat.new_markdown_cell(source, metadata=name)


def _output(output: Mapping[str, Any]) -> Any:
    """An output's text; None for one that has none."""
    kind, data = output.get("output_type"), output.get("data")
    if kind == "stream":
        return nbformat.new_output("stream", text=_lines(joined(output.get("text"))))
    if kind == "error":
        return nbformat.new_output("error", ename="", evalue="", traceback=[_lines(traceback_text(output))])
    if isinstance(data, Mapping) and (text := joined(data.get("text/plain"))):
        return nbformat.new_output("display_data", data={"text/plain": _lines(text)})
    return None


def _lines(text: str) -> str:
    """Hostile text for an indented block: every line end a newline, no escape sequence and nothing like a tag."""
    return _TAG.sub("< ", "\n".join(scrub(without_ansi(cut(text, _MAX_TEXT))).splitlines()))


def _indented(text: str) -> _Markdown:
    return _Markdown("\n".join(f"    {line}" for line in _lines(text).split("\n")))


def _escaped(value: Any) -> Any:
    """A text that a template puts out as one line of Markdown that means that text; code stays between backticks."""
    if type(value) is not str:
        return value
    pieces = CODE.split(" ".join(_lines(value).split()))
    pieces[::2] = [_SPECIAL.sub(lambda match: f"\\{match[0]}", piece) for piece in pieces[::2]]
    pieces[1::2] = [f"`{piece}`" for piece in pieces[1::2]]
    return "".join(pieces)


@cache
def _environment() -> jinja2.Environment:
    environment = pages.jinja_environment(html=False, finalize=_escaped, final=_Markdown)
    environment.filters["indented"] = _indented
    return environment


@cache
def _exporter() -> MarkdownExporter:
    return MarkdownExporter(raw_template=_NOTEBOOK)
