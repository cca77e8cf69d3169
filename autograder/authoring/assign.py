"""Otter Assign, run on a prepared copy of a master in a process and a folder of its own. Trusted side.

Otter changes directory, removes its output tree and does not remove its temporary folders, so it gets its own folder.
The cells' metadata say which role each of Otter's cells has in the master.
"""

from __future__ import annotations

import ast
import copy
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.authoring.case_source import as_otter_reads
from autograder.authoring.master import Master, MasterQuestion
from autograder.authoring.source import SLOW_FORMATS
from autograder.errors import BuildError
from autograder.language import gettext as _
from autograder.language import in_language
from autograder.records import ANSWER_TAG, PLACEHOLDER

__all__ = ["Assigned", "assign", "role_of"]

OTTER_SECONDS = 120
_KEY = "autograder"
_KEPT = ("jupyter", "slideshow")
_SETTINGS = """\
# ASSIGNMENT CONFIG
init_cell: false
export_cell: false
check_all_cell: false
generate: false
run_tests: false
tests: {files: true, ok_format: false}"""
_RUN = f"""\
import sys, warnings
sys.modules["{SLOW_FORMATS}"] = None
warnings.simplefilter("ignore")
from otter.assign import main
main(sys.argv[1], sys.argv[2], no_pdfs=True, no_run_tests=True)"""


@dataclass(frozen=True)
class Assigned:
    """What Otter Assign wrote.

    Attributes:
        student: Cells without solutions; `grader.check` cells included.
        solution: Cells with solutions.
        public_tests: Question → its test file, as students may see it.
        tests: Question → its test file, hidden cases included.
    """

    student: tuple[Any, ...]
    solution: tuple[Any, ...]
    public_tests: dict[str, str]
    tests: dict[str, str]


def role_of(cell: Any) -> str | None:
    """The role (see `Master.roles`) of the master's cell that one of Otter's comes from; None for what Otter made."""
    role: str | None = cell.metadata.get(_KEY)
    return role


def assign(master: Master, folder: Path) -> Assigned:
    """Run Otter Assign.

    Args:
        master: A checked master.
        folder: An empty folder that may be filled.

    Raises:
        BuildError: Otter refuses the master, takes too long, or changes a case.
    """
    import nbformat

    path, result = folder / f"{master.slug}.ipynb", folder / "assigned"
    scratch = folder / "tmp"
    scratch.mkdir()
    nbformat.write(_prepared(master), path)
    environment = {**os.environ, "TMPDIR": str(scratch), "PYTHONUTF8": "1", "PYTHONWARNINGS": "ignore"}
    otter = [sys.executable, "-c", _RUN, str(path), str(result)]
    try:
        done = subprocess.run(
            otter, cwd=folder, env=environment, capture_output=True, text=True, timeout=OTTER_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(
            f"Otter Assign took more than {OTTER_SECONDS} s on {master.source.shown}. Run it again."
        ) from error
    if done.returncode:
        raise _refusal(master, done.stderr)
    return Assigned(
        student=tuple(nbformat.read(result / "student" / path.name, as_version=4).cells),
        solution=tuple(nbformat.read(result / "autograder" / path.name, as_version=4).cells),
        public_tests=_tests(master, result / "student" / "tests"),
        tests=_tests(master, result / "autograder" / "tests"),
    )


def _prepared(master: Master) -> Any:
    """The master as Otter is to see it: our settings, no outputs, marked cells, a prompt for each manual answer."""
    from nbformat import v4

    with in_language(master.config.language):
        placeholder = _(PLACEHOLDER)
    cells = [v4.new_raw_cell(_SETTINGS)]
    for index, (role, original) in enumerate(zip(master.roles, master.source.cells, strict=True)):
        if role in {"config", "ignored", "helpers"}:
            continue
        question = master.question_of.get(index)
        if question and question.manual and not question.prompts and index == question.answers[0]:
            begin = cells.pop()  # `# BEGIN SOLUTION`
            mark = {_KEY: "prompt", "tags": [ANSWER_TAG + question.name]}
            cells += [
                v4.new_raw_cell("# BEGIN PROMPT"),
                v4.new_markdown_cell(placeholder, metadata=mark),
                v4.new_raw_cell("# END PROMPT"),
                begin,
            ]
        cell = copy.deepcopy(original)
        if role == "tests":
            cell.source = as_otter_reads(master.source, index)
        cell.metadata = type(cell.metadata)({key: cell.metadata[key] for key in _KEPT if key in cell.metadata})
        tags = [tag for tag in original.metadata.get("tags", []) if not tag.startswith(ANSWER_TAG)]
        if question:
            tags.append(ANSWER_TAG + question.name)
        if tags:
            cell.metadata["tags"] = tags
        cell.metadata[_KEY] = role
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cells.append(cell)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index}"
    return notebook


def _tests(master: Master, folder: Path) -> dict[str, str]:
    """Question → test file, in the master's order."""
    files = {question: folder / f"{question.name}.py" for question in master.questions}
    return {
        question.name: _as_written(question, path.read_text(encoding="utf-8")) + _accepting(question)
        for question, path in files.items()
        if path.is_file()
    }


def _as_written(question: MasterQuestion, text: str) -> str:
    """A test file of Otter's with each function as its author wrote it.

    Otter prints functions from their syntax trees: a table becomes one long line, and another Python version prints
    another text, which `autograder build --check` would take for drift.
    """
    lines = text.rstrip().split("\n")
    written = {case.function: case.code for case in question.cases}
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.FunctionDef) and node.name in written:
            lines[node.lineno - 1 : node.end_lineno] = written[node.name].split("\n")
    restored = "\n".join(lines) + "\n"
    if ast.dump(ast.parse(restored)) != ast.dump(ast.parse(text)):
        raise BuildError(f"Otter Assign changed a case of `{question.name}`. Report this with the master.")
    return restored


def _accepting(question: MasterQuestion) -> str:
    """The line of a test file that says what a question takes of a model that cannot be rebuilt."""
    return f'\naccept = "{question.accept}"\n' if question.accept else ""


def _refusal(master: Master, trace: str) -> BuildError:
    """Otter's last line, with the master's own place where Otter names a cell."""
    last = next((line for line in reversed(trace.splitlines()) if line.strip()), "no reason given")
    last = re.sub(r"^[\w.]+: ", "", last.strip())
    where = master.source.shown
    if found := re.search(r" ?\((?:question (\w+), )?cell number \d+\)", last):
        last = last[: found.start()] + last[found.end() :]
        named = [question for question in master.questions if question.name == found[1]]
        where = master.source.at(named[0].cell) if named else where
    return BuildError(f"Otter Assign refuses the master: {last[:300]}. {where}. Correct the markup there.")
