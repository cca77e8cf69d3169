"""Assignments of Otter-Grader's kinds, made by Otter Assign itself, with what students may hand in; and `otter run`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

OTTER_RUN = """
import contextlib, io, json, sys, warnings
warnings.simplefilter("ignore")
from otter.run import main
found = {}
for notebook in sys.argv[2:]:
    with contextlib.redirect_stdout(io.StringIO()):
        results = main(notebook, autograder=sys.argv[1], output_dir=None, no_logo=True)
    found[notebook] = {
        name: {"score": each.score, "cases": [case.passed for case in each.test_case_results]}
        for name, each in results.results.items()
    }
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Asked:
    """A question of a master.

    Attributes:
        solution: The answer cell, in Otter Assign's markup.
        tests: Sources of the test cells; in OK format each with the output that it has, or None.
        wrong: What a student wrote instead; empty for none.
        config: Further lines behind its name.
    """

    name: str
    solution: str
    tests: tuple[tuple[str, str | None], ...]
    wrong: str = ""
    config: str = ""


@dataclass(frozen=True)
class OtterMaster:
    """A master.

    Attributes:
        settings: Lines of its `# ASSIGNMENT CONFIG`.
        differs: `student: question - number of the case` → why that case's outcome is not that of `otter run`.
        worth: What its questions are worth together, where `points_possible` says something else.
        files: Files beside it.
        first: Its first code cell.
        last: Code cells at the end.
        extra: Names of further hand-ins → what it has for some of the questions.
    """

    slug: str
    settings: str
    questions: tuple[Asked, ...]
    differs: Mapping[str, str] = field(default_factory=dict)
    worth: float = 0
    files: Mapping[str, str] = field(default_factory=dict)
    first: str = "import numpy as np"
    last: tuple[str, ...] = ()
    extra: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Assigned:
    """What Otter Assign made of a master.

    Attributes:
        zip: The autograder zip.
        handed_in: Folder of hand-ins: `solution`, `blank`, `wrong` and further ones.
    """

    zip: Path
    handed_in: Path


def assigned(master: OtterMaster, folder: Path) -> Assigned:
    """Run Otter Assign on a master, and fill what students get."""
    folder.mkdir(parents=True)
    for name, content in master.files.items():
        (folder / name).write_text(content)
    path = folder / f"{master.slug}.ipynb"
    nbformat.write(_notebook(master), path)
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "otter",
        "assign",
        "--no-run-tests",
        "--no-pdfs",
        path.name,
        "made",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    handed_in = folder / "handed_in"
    handed_in.mkdir()
    solution = nbformat.read(folder / "made" / "autograder" / path.name, 4)
    blank = nbformat.read(folder / "made" / "student" / path.name, 4)
    nbformat.write(solution, handed_in / "solution.ipynb")
    nbformat.write(blank, handed_in / "blank.ipynb")
    wrong = {asked.name: asked.wrong for asked in master.questions if asked.wrong}
    for student, answers in {"wrong": wrong, **master.extra}.items():
        nbformat.write(_filled(blank, solution, master, answers), handed_in / f"{student}.ipynb")
    (archive,) = (folder / "made" / "autograder").glob("*.zip")
    return Assigned(archive, handed_in)


def otter_run(made: Assigned) -> dict[str, Any]:
    """Student → question → its score, and whether each case passed, as `otter run` says."""
    notebooks = sorted(made.handed_in.glob("*.ipynb"))
    command = [sys.executable, "-c", OTTER_RUN, str(made.zip), *map(str, notebooks)]
    done = subprocess.run(command, cwd=made.handed_in.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {Path(path).stem: found for path, found in json.loads(done.stdout.splitlines()[-1]).items()}


def _notebook(master: OtterMaster) -> Any:
    cells = [v4.new_raw_cell(f"# ASSIGNMENT CONFIG\n{master.settings}"), v4.new_code_cell(master.first)]
    for asked in master.questions:
        begin = f"# BEGIN QUESTION\nname: {asked.name}\n{asked.config}"
        answer = v4.new_code_cell if asked.solution.strip()[:1] != "*" else v4.new_markdown_cell
        cells += [v4.new_raw_cell(begin), v4.new_markdown_cell(f"## {asked.name}")]
        cells += [v4.new_raw_cell("# BEGIN SOLUTION"), answer(asked.solution), v4.new_raw_cell("# END SOLUTION")]
        if asked.tests:
            cells += [v4.new_raw_cell("# BEGIN TESTS"), *map(_test, asked.tests), v4.new_raw_cell("# END TESTS")]
        cells.append(v4.new_raw_cell("# END QUESTION"))
    cells += map(v4.new_code_cell, master.last)
    return v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )


def _test(test: tuple[str, str | None]) -> Any:
    source, output = test
    cell = v4.new_code_cell(source)
    if output is not None:
        kind = "stream" if output.endswith("\n") else "execute_result"
        shown = {"name": "stdout", "text": output} if kind == "stream" else {"data": {"text/plain": output}}
        cell.outputs = [v4.new_output(kind, **shown)]
    return cell


def _filled(blank: Any, solution: Any, master: OtterMaster, answers: Mapping[str, str]) -> Any:
    """The students' notebook with these answers, and else the solution's."""
    notebook = nbformat.from_dict(blank)
    right = iter([cell for cell in solution.cells if "otter_assign_solution_cell" in cell.metadata.get("tags", ())])
    places = [cell for cell in notebook.cells if "otter_answer_cell" in cell.metadata.get("tags", ())]
    for cell, asked in zip(places, master.questions, strict=True):
        cell.source = answers.get(asked.name, next(right).source)
    return notebook
