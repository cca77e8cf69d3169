"""A student's notebook with the outputs of the grader's run, as safe and bounded HTML. Trusted side."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from markupsafe import Markup, escape

from autograder.feedback.ansi import ansi_html
from autograder.feedback.safe_text import cut, scrub
from autograder.feedback.sanitise import MAX_PICTURE, clean_html, markdown_html, picture_html
from autograder.language import gettext as _
from autograder.language import spellings
from autograder.records import SELF_CHECK, Cause, Cell
from autograder.wording import cell_names

__all__ = ["CellView", "Trouble", "answer_cells", "is_self_check", "joined", "rich_html", "shown_cells"]
__all__ += ["traceback_text", "troubles"]

_MAX_CELLS = 400
_MAX_OUTPUTS = 40  # of one cell
_MAX_TEXT = 20_000  # characters of one output or one cell's source
_MAX_PAGE_TEXT = 1_500_000  # characters of a whole notebook's HTML, pictures apart
_MAX_PAGE_PICTURES = 4_000_000  # characters of base64 of a whole notebook
_MAX_PAGE_MARKDOWN = 200_000  # characters that are read as Markdown; what comes later is shown as it was typed
_MAX_PAGE_TAGS = 40_000  # of a whole notebook's HTML outputs
# Lines that fit a narrow screen, and few of them, need no scrolling and no stop for the Tab key.
_NARROW = 34
_LOW = 16
# Pygments' short names of token kinds (or their first letters) → classes of the style sheet.
_COLOURS = {
    "k": "code-word",
    "ow": "code-word",
    "s": "code-text",
    "m": "code-number",
    "il": "code-number",
    "nf": "code-name",
    "nc": "code-name",
    "nd": "code-name",
    "c": "code-comment",
}
_UNDEFINED = re.compile(r"NameError: name '(\w+)' is not defined")
_CHECK = re.compile(r"\s*grader\.check(?:_all)?\([^()\n]*\)\s*")
# Richest first, as Jupyter chooses.
_BITMAPS = ("image/png", "image/jpeg", "image/gif")


@dataclass(frozen=True)
class CellView:
    """What the template shows of a cell.

    Attributes:
        name: What messages call it.
        source: Code as highlighted HTML, Markdown as rendered HTML.
        outputs: Safe HTML, one piece an output.
        folded: What a cell is called that nobody needs to read; empty for the others.
    """

    name: str
    cell: Cell
    source: Markup
    outputs: tuple[Markup, ...]
    folded: str = ""


@dataclass
class _Budget:
    """What may still be shown of a notebook, in characters and tags."""

    text: int = _MAX_PAGE_TEXT
    markdown: int = _MAX_PAGE_MARKDOWN
    pictures: int = _MAX_PAGE_PICTURES
    tags: int = _MAX_PAGE_TAGS

    def cut(self, text: str) -> str:
        """`text` as far as it may be shown; what it becomes is to be charged."""
        return cut(text, max(0, min(_MAX_TEXT, self.text)))

    def charged(self, html: Markup) -> Markup:
        self.text -= len(html)
        return html


def shown_cells(cells: Sequence[Cell]) -> Iterator[CellView]:
    """Each cell as safe HTML; at most a few megabytes in all, with a line where something was left out."""
    budget = _Budget()
    for cell, name in zip(cells[:_MAX_CELLS], cell_names(cells), strict=False):
        source = budget.charged(_source_html(cell, name, budget))
        yield CellView(name, cell, source, tuple(_outputs_html(cell, name, budget)), _folded(cell))
    if len(cells) > _MAX_CELLS:
        yield CellView("", Cell("raw", ""), _note(f"{len(cells) - _MAX_CELLS} more cells not shown"), ())


@dataclass(frozen=True)
class Trouble:
    """What a student reads first of a cell that failed.

    Attributes:
        position: Of the cell, from 1.
        name: What messages call it.
        verb: What joins the two: `: `, ` raised ` or only a space.
        text: What happened, as the notebook's own error or in words of ours.
        ours: Whether it is in words of ours.
        consequences: The later cells that failed only since this one did.
    """

    position: int
    name: str
    verb: str
    text: str
    ours: bool
    consequences: list[Trouble] = field(default_factory=list)


def troubles(cells: Sequence[Cell], causes: Sequence[Cause]) -> list[Trouble]:
    """The cells that failed, of those that ran, each with the cells that failed only since it did."""
    found: dict[int, Trouble] = {}
    for at, trouble in _failures(cells, causes):
        cause = cells[at].due_to
        if cause is None:
            found[at] = trouble
        else:
            found[cause].consequences.append(trouble)
    return list(found.values())


def _failures(cells: Sequence[Cell], causes: Sequence[Cause]) -> Iterator[tuple[int, Trouble]]:
    messages = {cause.cell: cause.message for cause in causes if cause.cell and not cause.hidden}
    number = 0
    names = cell_names(cells)
    for at, (cell, name) in enumerate(zip(cells, names, strict=True)):
        number += cell.kind == "code"
        if not cell.error:
            continue
        if cell.due_to is not None:
            needed, cause = _UNDEFINED.match(cell.error), names[cell.due_to]
            what = _("needs what {cell} did not define").format(cell=cause)
            if needed:
                what = _("needs `{name}`, which {cell} did not define").format(name=needed[1], cell=cause)
            yield at, Trouble(at + 1, name, " ", what, ours=True)
        elif cell.kind != "code":
            yield at, Trouble(at + 1, name, ": ", cell.error, ours=True)
        elif message := messages.get(number, ""):
            yield at, Trouble(at + 1, name, " ", message.removeprefix(f"{name.capitalize()} "), ours=True)
        else:
            yield at, Trouble(at + 1, name, _(" raised "), cell.error, ours=False)


def is_self_check(cell: Cell) -> bool:
    """Whether it is the long first cell of an exercise, which nobody needs to read."""
    return cell.source.startswith(spellings(SELF_CHECK)) and not cell.answers and not cell.error


def _folded(cell: Cell) -> str:
    if is_self_check(cell):
        return _("The self-check, as it came with the exercise")
    return _("A self-check") if _CHECK.fullmatch(cell.source) and not cell.error else ""


def answer_cells(cells: Sequence[Cell]) -> dict[str, list[tuple[int, str]]]:
    """The positions (from 1) and names of each question's answer cells, of those that are shown."""
    found: dict[str, list[tuple[int, str]]] = {}
    for number, (cell, name) in enumerate(zip(cells[:_MAX_CELLS], cell_names(cells), strict=False), start=1):
        for question in cell.answers[:1]:
            found.setdefault(question, []).append((number, name))
    return found


def _source_html(cell: Cell, name: str, budget: _Budget) -> Markup:
    source = budget.cut(cell.source)
    if cell.kind == "markdown":
        return _markdown(source, _("Text of {name}").format(name=name), budget, cell.attachments)
    if cell.kind == "code":
        return Markup("<pre>\n{}</pre>").format(_highlighted(scrub(source)))
    return Markup("<pre>\n{}</pre>").format(scrub(source))


def _markdown(
    source: str, label: str, budget: _Budget, attachments: Mapping[str, str] = MappingProxyType({})
) -> Markup:
    if len(source) > budget.markdown:
        return _pre(Markup("{}").format(scrub(source)), label, source)
    budget.markdown -= len(source)
    size = sum(map(len, attachments.values()))
    if size > budget.pictures:
        return rich_html(markdown_html(source), label)
    budget.pictures -= size
    budget.text += size  # which the caller charges for
    return rich_html(markdown_html(source, attachments), label)


def _highlighted(source: str) -> Markup:
    """Python with a `<span>` around what the style sheet colours, and around nothing else."""
    from pygments.lexers.python import PythonLexer
    from pygments.token import STANDARD_TYPES

    pieces = []
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source):
        colour = _COLOURS.get(STANDARD_TYPES.get(kind, "")[:1]) or _COLOURS.get(STANDARD_TYPES.get(kind, ""))
        escaped = str(escape(text))
        pieces.append(f'<span class="{colour}">{escaped}</span>' if colour else escaped)
    return Markup("".join(pieces))  # noqa: S704 - every piece is escaped


def _outputs_html(cell: Cell, name: str, budget: _Budget) -> Iterator[Markup]:
    for output in cell.outputs[:_MAX_OUTPUTS]:
        try:
            yield _output_html(output, name, budget)
        except (TypeError, ValueError, AttributeError):  # not an output as nbformat has it: nothing of ours to lose
            yield _note(_("an output that cannot be shown"))
    if len(cell.outputs) > _MAX_OUTPUTS:
        yield _note(_("{count} more outputs not shown").format(count=len(cell.outputs) - _MAX_OUTPUTS))


def _output_html(output: Mapping[str, Any], name: str, budget: _Budget) -> Markup:
    kind = output.get("output_type")
    if kind == "stream":
        warning = output.get("name") == "stderr"
        label = _("Printed text of {name}").format(name=name)
        if warning:
            label = _("Warnings and errors of {name}").format(name=name)
        return _text(joined(output.get("text")), label, budget, "stderr" if warning else "")
    if kind == "error":
        return _text(traceback_text(output), _("Error of {name}").format(name=name), budget, "traceback")
    if kind in ("display_data", "execute_result"):
        data = output.get("data")
        return _display_html(data if isinstance(data, Mapping) else {}, name, budget)
    return _note(_("an output of unknown kind"))


def _display_html(data: Mapping[str, Any], name: str, budget: _Budget) -> Markup:
    """The richest form of a displayed value that is safe to show and fits."""
    html = joined(data.get("text/html"))
    tags = html.count("<")
    if html and tags <= budget.tags and len(html) <= budget.text:
        cleaned = clean_html(html)
        budget.tags -= tags
        if cleaned is not None:
            return budget.charged(rich_html(cleaned, _("Output of {name}").format(name=name)))
    alt = _("Picture from {name}").format(name=name)
    too_big = False
    for mime in ("image/svg+xml", *_BITMAPS):
        content = joined(data.get(mime))
        if not content:
            continue
        picture = picture_html(mime, content, alt) if len(content) <= min(MAX_PICTURE, budget.pictures) else None
        if picture is not None:
            budget.pictures -= len(picture)
            return Markup('<div class="picture">{}</div>').format(picture)
        too_big = True
    if markdown := joined(data.get("text/markdown")):
        return budget.charged(_markdown(budget.cut(markdown), _("Output of {name}").format(name=name), budget))
    for mime in ("text/latex", "text/plain"):
        if text := joined(data.get(mime)):
            return _text(text, _("Output of {name}").format(name=name), budget)
    if too_big:
        return _note(_("a picture that is damaged or too large to show"))
    if "application/json" in data:
        return _text(json.dumps(data["application/json"], indent=1), _("Output of {name}").format(name=name), budget)
    return _note(_("an output that needs a live notebook"))


def _text(text: str, label: str, budget: _Budget, css: str = "") -> Markup:
    shown = budget.cut(text)
    return budget.charged(_pre(ansi_html(shown), label, shown, css))


def rich_html(html: Markup, label: str) -> Markup:
    """Sanitised HTML; a stop for the Tab key when something in it may be wider than the page."""
    wide = "<table>" in html or "<pre>" in html.replace("<pre><code>", "")  # code is wrapped
    return Markup('<div class="rich"{}>{}</div>').format(_scrollable(label) if wide else "", html)


def _pre(html: Markup, label: str, text: str, css: str = "") -> Markup:
    """Preformatted text; a stop for the Tab key when it may be wider than a narrow screen, or is high."""
    lines = text.split("\n")
    scrolls = len(lines) > _LOW or any(len(line) > _NARROW for line in lines)
    return Markup("<pre{}{}>{}{}</pre>").format(
        Markup(' class="{}"').format(css) if css else "",
        _scrollable(label) if scrolls else "",
        "\n",  # HTML drops one newline after <pre>; without this it would be the student's own
        html,
    )


def _scrollable(label: str) -> Markup:
    return Markup(' tabindex="0" role="group" aria-label="{}"').format(label)


def _note(what: str) -> Markup:
    return Markup('<p class="note">… {} …</p>').format(what)


def joined(content: Any) -> str:
    """A notebook's text: one string, or a list of lines."""
    if isinstance(content, (list, tuple)):
        return "".join(part for part in content if isinstance(part, str))
    return content if isinstance(content, str) else ""


def traceback_text(error: Mapping[str, Any]) -> str:
    """The traceback of an `error` output, or its name and message."""
    lines = error.get("traceback")
    text = "\n".join(map(str, lines)) if isinstance(lines, (list, tuple)) else ""
    return text or f"{error.get('ename')}: {error.get('evalue')}"
