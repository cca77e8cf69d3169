"""From Otter Assign's output to the students' notebook and the reference, the same bytes each time. Trusted side."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from autograder.authoring.assign import Assigned, role_of
from autograder.authoring.master import Master
from autograder.grading.requirements import installable
from autograder.language import gettext as _
from autograder.language import in_language, spellings
from autograder.notebook.selfcheck import PACKAGE
from autograder.records import ANSWER_TAG, SELF_CHECK

__all__ = ["embedded_tests", "make_reference", "make_stub", "notebook_bytes"]

_EXPORT_COMMENT = re.compile(r"\A<!-- (?:BEGIN|END) QUESTION -->\n*")
_OTTER_TAGS = {"otter_answer_cell", "otter_assign_solution_cell", "otter_include"}
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_IMPORT = "from autograder.notebook.selfcheck import Checks"
"""With two lines of comments in front of the tests, which stand on one line: five lines in all.

They are code because a running cell sees neither its metadata nor, in Colab, a file beside the notebook; and plain
text because a compressed one would hide from students what they run, and be another one with another version of zlib.
"""


def make_stub(master: Master, assigned: Assigned) -> bytes:
    """The students' notebook: gaps for answers, the public cases in a collapsed first cell."""
    public = {question.name for question in master.questions if any(not case.hidden for case in question.cases)}
    # Otter puts a check even where all cases are hidden.
    idle = {f'grader.check("{question.name}")' for question in master.questions if question.name not in public}
    cells = [cell for cell in assigned.student if role_of(cell) is not None or cell.source not in idle]
    _require_answers(master, cells)
    tests = {name: source for name, source in assigned.public_tests.items() if name in public}
    required = map(installable, master.config.requires)
    packages = [f'"{each}"' if re.search(r"[^\w.-]", each) else each for each in required]
    install = " ".join([master.config.install or _installed_by_default(cells), *packages])
    return notebook_bytes(_with_selfcheck(_clean(cells), tests, install, master.config.language))


def make_reference(master: Master, assigned: Assigned) -> bytes:
    """The instructor's solution, with the stub's tags and without tests."""
    return notebook_bytes(_clean(cell for cell in assigned.solution if role_of(cell) not in (None, "prompt")))


def notebook_bytes(cells: Iterable[Any]) -> bytes:
    """A notebook file; ids follow from the cells' content, and there is no time stamp in it."""
    import nbformat
    from nbformat import v4

    notebook = v4.new_notebook(cells=list(cells), metadata=_METADATA)
    notebook.nbformat_minor = 5
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[digest] = seen.get(digest, 0) + 1
        cell["id"] = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    nbformat.validate(notebook)
    return (str(nbformat.writes(notebook, version=4)).rstrip("\n") + "\n").encode()


def embedded_tests(cells: Iterable[Any]) -> dict[str, str]:
    """Question → test file, read back out of a stub's self-check cell; empty if there is none."""
    for cell in cells:
        if cell["cell_type"] != "code" or not "".join(cell["source"]).startswith(spellings(SELF_CHECK)):
            continue
        call = ast.parse("".join(cell["source"])).body[-1]
        if isinstance(call, ast.Assign) and isinstance(call.value, ast.Call) and call.value.args:
            tests = ast.literal_eval(call.value.args[0])
            return {str(name): str(source) for name, source in tests.items()}
    return {}


def _installed_by_default(cells: Iterable[Any]) -> str:
    """The package's name for `%pip install`, with the extra that the notebook needs."""
    live = any(cell.cell_type == "code" and "autograder.live" in cell.source for cell in cells)
    return f'"{PACKAGE}[live]"' if live else PACKAGE


def _with_selfcheck(
    cells: list[Any], tests: Mapping[str, str], install: str = PACKAGE, language: str = "en"
) -> list[Any]:
    from nbformat import v4

    if not tests:
        return cells
    held = ", ".join(f"{_literal(name)}: {_literal(source)}" for name, source in tests.items())
    further = "" if install == PACKAGE else f", install={_literal(install)}"
    further += "" if language == "en" else f", language={_literal(language)}"
    with in_language(language):
        comments = [
            _(SELF_CHECK) + _(" Run this cell first; there is nothing to edit."),
            _("# If the import fails, run this once and restart the kernel:  %pip install {install}").format(
                install=install
            ),
        ]
    text = "\n".join([*comments, _IMPORT, "", f"grader = Checks({{{held}}}{further})  # fmt: skip"])
    metadata = {"tags": ["hide-input"], "jupyter": {"source_hidden": True}, "editable": False, "deletable": False}
    selfcheck = v4.new_code_cell(text, metadata=metadata)
    first = next((at for at, cell in enumerate(cells) if cell.cell_type == "code"), len(cells))
    return [*cells[:first], selfcheck, *cells[first:]]


def _literal(text: str) -> str:
    """A text as Python source, in double quotes where that needs no further backslash."""
    literal = repr(text)
    return literal if '"' in text or literal.startswith('"') else f'"{literal[1:-1]}"'


def _clean(cells: Iterable[Any]) -> list[Any]:
    """Cells without Otter's tags, comments and marks, this package's marks, and outputs."""
    cleaned = []
    for cell in cells:
        if cell.cell_type == "markdown":
            while _EXPORT_COMMENT.match(cell.source):
                cell.source = _EXPORT_COMMENT.sub("", cell.source)
            if not cell.source.strip():
                continue
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cell.metadata.pop("autograder", None)
        tags = [tag for tag in cell.metadata.pop("tags", []) if tag not in _OTTER_TAGS]
        if tags:
            cell.metadata["tags"] = tags
        if any(tag.startswith(ANSWER_TAG) for tag in tags):
            # An answer cell may be edited, never lost.
            cell.metadata.pop("editable", None)
            cell.metadata["deletable"] = False
        cleaned.append(cell)
    return cleaned


def _require_answers(master: Master, cells: Iterable[Any]) -> None:
    tags = {tag for cell in cells for tag in cell.metadata.get("tags", [])}
    for question in master.questions:
        if ANSWER_TAG + question.name not in tags:
            fix = "Put its answer between raw cells `# BEGIN SOLUTION` and `# END SOLUTION`."
            raise master.source.refuse(question.cell, f"`{question.name}` has no answer cell in the stub", fix)
