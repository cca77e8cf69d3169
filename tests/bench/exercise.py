"""An exercise, built for this grader, for Otter-Grader and for nbgrader, and any number of submissions of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from autograder.grading.results.entries import read_run
from autograder.grading.results.grades_file import load_grades
from tests.bench.measured import Spent, run

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers"
"""The environment of `make redteam-peers`, with nbgrader in it."""
PEERS_VARIABLES = {"PATH": f"{PEERS / 'bin'}:{os.environ['PATH']}"}
AUTOGRADER = [sys.executable, "-m", "autograder"]
OTTER = [sys.executable, "-m", "otter"]
OTTER_CONFIG = "# ASSIGNMENT CONFIG\ninit_cell: true\nexport_cell: false\ntests:\n  files: true\n  ok_format: false\n"
NBGRADER_CONFIG = "import os\nc = get_config()\nc.CourseDirectory.root = os.getcwd()\n"
WORKERS = 2
MARKER = "# SUBMISSION"


class Exercise:
    """An exercise in a folder.

    Attributes:
        work: The folder.
        bundle: Ours.
        archive: Otter's zip.
        solution: The notebook with full marks.
    """

    def __init__(self, work: Path, name: str, master: Path) -> None:
        """Build it for this grader and for Otter-Grader."""
        self.work = work / name
        folder = self.work / "reference" / name
        folder.mkdir(parents=True)
        shutil.copy(master, folder / "master.py")
        run([*AUTOGRADER, "build", name], self.work)
        self.bundle = folder / "bundle"
        self.solution = nbformat.read(self.bundle / "reference.ipynb", as_version=4)
        self._master = jupytext.read(master)
        notebook = jupytext.read(master)
        config = next(cell for cell in notebook.cells if "AUTOGRADER CONFIG" in cell.source)
        config.source = OTTER_CONFIG
        jupytext.write(notebook, self.work / f"{name}.ipynb")
        run([*OTTER, "assign", "--no-run-tests", "--no-pdfs", f"{name}.ipynb", "otter"], self.work)
        self.archive = next((self.work / "otter" / "autograder").glob("*autograder*.zip"))

    def submissions(self, count: int, sharing: int = 0, programs: int = 0) -> Path:
        """A folder of so many notebooks, of which some share so many programs; the others are all different."""
        folder = self.work / f"class-{count}-{sharing}"
        if not folder.exists():
            folder.mkdir()
            cell = next(each for each in self.solution.cells if each.cell_type == "code")
            source = cell.source
            for number in range(count):
                cell.source = f"{source}\n{MARKER} {number % programs if number < sharing else number}"
                nbformat.write(self.solution, folder / f"s{number:05d}.ipynb")
            cell.source = source
        return folder

    def grade(self, folder: Path, out: str, *options: str) -> Spent:
        """Grade a folder of submissions."""
        command = [*AUTOGRADER, "grade", self.bundle, folder, "-o", out, "--workers", WORKERS, *options]
        return run(command, self.work, statuses=(0, 1))

    def otter(self, notebook: Path) -> list[object]:
        """The command after `python -m` with which Otter-Grader grades a submission."""
        return ["otter", "run", "-a", self.archive, "--no-logo", "-o", self.work, notebook]

    def nbgrader(self) -> Path:
        """A folder of nbgrader's in which the solution is handed in: `python -m nbgrader autograde ps1` grades it.

        Its kernel is this environment's, so that all graders run the same packages.
        """
        course = self.work / "nbgrader"
        for folder in ("source", "submitted/student"):
            (course / folder / "ps1").mkdir(parents=True)
        (course / "nbgrader_config.py").write_text(NBGRADER_CONFIG)
        kernel = course / "jupyter" / "kernels" / "python3"
        kernel.mkdir(parents=True)
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        (kernel / "kernel.json").write_text(
            json.dumps({"argv": command, "display_name": "Python", "language": "python"})
        )
        notebook = nbformat.from_dict(self.solution)
        notebook.cells = [_marked(cell, number) for number, cell in enumerate(notebook.cells)]
        tests = [cell.source for cell in self._master.cells if re.search(r"^def test_", cell.source, re.M)]
        for number, source in enumerate(tests):
            (name, parameters) = re.findall(r"^def (test_\w+)\((.*)\)", source, re.M)[0]
            test = nbformat.v4.new_code_cell(f"{source}\n\n{name}({parameters})")
            notebook.cells.append(_marked(test, len(self.solution.cells) + number, points=1))
        for folder in ("source", "submitted/student"):
            nbformat.write(notebook, course / folder / "ps1" / "ps1.ipynb")
        python = PEERS / "bin" / "python"
        run([python, "-m", "nbgrader", "generate_assignment", "ps1", "--create"], course, environment=PEERS_VARIABLES)
        return course


def _marked(cell: Any, number: int, *, points: int = 0) -> Any:
    """A cell as nbgrader wants it; one with points holds a test."""
    made = nbformat.from_dict(cell)
    made.id = f"cell{number}"
    answer = not points and any(tag.startswith("answer:") for tag in cell.metadata.get("tags", []))
    about: dict[str, Any] = {"grade": bool(points), "solution": answer, "locked": bool(points)}
    about |= {"task": False, "grade_id": f"cell{number}", "schema_version": 3, **({"points": points} if points else {})}
    made.metadata = {"nbgrader": about} if points or answer else {}
    return made


def install_nbgrader() -> str:
    """Install nbgrader into an environment of its own; what to say where that is not possible."""
    if (PEERS / ".ready").exists():
        return ""
    uv, wanted = Path(sys.executable).with_name("uv"), ROOT / "tests" / "redteam" / "peers.txt"
    for command in (
        ("venv", "--quiet", "--clear", "--python", sys.executable, PEERS),
        ("pip", "install", "--quiet", "--python", PEERS / "bin" / "python", "--requirement", wanted),
    ):
        done = subprocess.run([uv, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            return f"nbgrader is not measured, as it cannot be installed: {done.stderr.strip()[-200:]}"
    (PEERS / ".ready").touch()
    return ""


def cells_of(out: Path) -> list[float]:
    """Processor seconds of the cells of each program in an output folder."""
    seen = {}
    for entry in load_grades(out):
        code = [cell for cell in read_run(out / "runs", entry).cells if cell.kind == "code"]
        seen["\n".join(cell.source for cell in code)] = sum(cell.cpu_seconds for cell in code)
    return list(seen.values())
