"""`python -m tests.redteam.peers VENV`: the same attacks on `otter run` and on `nbgrader autograde`, as a table.

VENV is an environment with nbgrader; Otter-Grader is in this one. Each notebook is graded in a sandbox of its own
(bubblewrap, no network, a private /tmp), as an unprivileged user: attacks that harm a machine are left out. What a
function is given in a hidden test counts as read only where the student is shown it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat

from autograder.sandbox.host.bubblewrap import find_bubblewrap
from tests import notebooks as nb
from tests.redteam.attacks import Attack, all_attacks, notebook
from tests.redteam.runner import CANARIES, GOTCHA, HIDDEN_ROW, SECRET
from tests.redteam.users import command_as_normal_user

SECONDS = 900  # the processor time of each process is limited to one minute
SYSTEM = ("/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/hosts", "/etc/nsswitch.conf", "/etc/passwd")
NO_GRADE = -1.0
"""In place of points, where the grader left none."""
OURS = re.compile(r"autograder|keras|Worker|messages\.")
"""Attacks on parts that the other graders do not have."""

IMPORTS = """import numpy as np

x_train = np.random.default_rng(1).uniform(-1, 1, (600, 2)).astype("float32")"""
STUB = {"number": "answer = ...", "labels": "def to_labels(rows):\n    ...", "table": "sizes = ..."}
SOLUTION = {
    "number": f"answer = {int(SECRET)}",
    "labels": "def to_labels(rows):\n    return rows.argmax(axis=1)",
    "table": 'sizes = {"rows": 600, "columns": 2}',
}
PUBLIC = {
    "number": "assert isinstance(answer, (int, float))",
    "labels": "assert list(to_labels(np.array([[1.0, 2.0, 0.5], [3.0, 2.0, 0.5]]))) == [1, 0]",
    "table": 'assert set(sizes) == {"rows", "columns"}',
}
HIDDEN = {
    "number": f"assert answer == {SECRET}  # CANARY-CASE-2f81",
    "labels": f"rows = np.array([{HIDDEN_ROW}, {HIDDEN_ROW[::-1]}, (0.1, 0.9, 0.2)])\n"
    "got = np.asarray(to_labels(rows))\n"
    "assert got.shape == (3,)\n"
    "assert (got == [0, 2, 1]).all()",
    "table": 'assert sizes["rows"] == 600 and sizes["columns"] == 2',
}
NAMES = {"number": "answer", "labels": "to_labels", "table": "sizes"}
POINTS = {"number": 1, "labels": 3, "table": 1}


def stub(answers: dict[str, str]) -> list[dict[str, Any]]:
    """The exercise without what only the red team's own grader can grade."""
    return [nb.code(IMPORTS), *(nb.code(source, f"answer:{question}") for question, source in answers.items())]


def in_sandbox(command: Sequence[object], work: Path, environment: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that can see Python, an environment and a folder, and can only write that folder and /tmp."""
    shown = [folder for folder in map(Path, SYSTEM) if folder.exists()]
    shown += [Path(sys.base_prefix), Path(sys.prefix), environment.resolve()]
    links = [Path("/", name) for name in ("bin", "lib", "lib64", "sbin")]
    arguments: list[object] = [
        *(find_bubblewrap(), "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),
        *(word for path in shown for word in ("--ro-bind", path, path)),
        *(word for path in links if path.is_symlink() for word in ("--symlink", path.readlink(), path)),
        *("--bind", work, work, "--chdir", work, "--setenv", "HOME", "/tmp"),
        *(
            "--setenv",
            "PATH",
            f"{environment}/bin:/usr/bin:/bin",
            "--setenv",
            "GRADER_TOKEN",
            "CANARY-ENVIRONMENT-91be",
        ),
        *("prlimit", "--nproc=200", "--as=8589934592", "--cpu=60", "--fsize=268435456", "--", *command),
    ]
    line = [str(word) for word in arguments]
    return subprocess.run(line, capture_output=True, text=True, errors="replace", timeout=SECONDS)


# ------------------------------------------------------------ Otter

OTTER_TEST = """from otter.test_files import test_case

OK_FORMAT = False
name = "{question}"
points = None

@test_case(points=0, hidden=False)
def test_public({name}):
    import numpy as np
    {public}

@test_case(points={points}, hidden=True)
def test_hidden({name}):
    import numpy as np
    {hidden}
"""
RECORDED = """import builtins
def print(*values, **options):
    with open("{work}/printed", "a") as file:
        builtins.print(*values, file=file)"""


def otter(cells: list[dict[str, Any]], work: Path) -> tuple[float, str]:
    """Points of `otter run`, and what the student sees: public tests' messages, and what cells print."""
    check = [nb.code("import otter\ngrader = otter.Notebook()"), nb.code(RECORDED.replace("{work}", str(work)))]
    last = nb.code("print = builtins.print if 'builtins' in globals() else print")
    nb.write_notebook(work / "notebook.ipynb", *check, *cells, last)
    with zipfile.ZipFile(work / "autograder.zip", "w") as archive:
        archive.writestr("otter_config.json", json.dumps({"show_hidden": False, "seed": 1}))
        archive.writestr("environment.yml", "name: x\n")
        for question, name in NAMES.items():
            fills = {"public": PUBLIC[question], "hidden": HIDDEN[question].replace("\n", "\n    ")}
            text = OTTER_TEST.format(question=question, name=name, points=POINTS[question], **fills)
            archive.writestr(f"tests/{question}.py", text)
    command = [sys.executable, "-m", "otter", "run", "--no-logo", "-a", "autograder.zip", "-o", work, "notebook.ipynb"]
    in_sandbox(command, work, Path(sys.prefix))
    printed = (work / "printed").read_text(errors="replace") if (work / "printed").exists() else ""
    if not (work / "results.json").exists():
        return NO_GRADE, printed
    results = json.loads((work / "results.json").read_text())
    shown = [test.get("output", "") for test in results["tests"] if test.get("visibility") != "hidden"]
    score = results.get("score", sum(test.get("score", 0) for test in results["tests"]))
    return float(score), printed + results.get("output", "") + "\n".join(map(str, shown))


# ------------------------------------------------------------ nbgrader


def course(environment: Path) -> Path:
    """A folder of nbgrader's with the exercise in it, from which each attack gets a copy."""
    work = Path(tempfile.mkdtemp(prefix="peer-"))
    (work / "source" / "ps1").mkdir(parents=True)
    (work / "nbgrader_config.py").write_text(
        "import os\nc = get_config()\nc.CourseDirectory.root = os.getcwd()\nc.ExecutePreprocessor.timeout = 30\n"
    )
    solution = nb.notebook(*graded(stub(SOLUTION), hidden=True))
    nbformat.write(nbformat.from_dict(solution), work / "source" / "ps1" / "ps1.ipynb")
    command = [environment / "bin" / "python", "-m", "nbgrader", "generate_assignment", "ps1", "--create"]
    made = in_sandbox(command, work, environment)
    assert made.returncode == 0, made.stderr
    return work


def nbgrader(cells: list[dict[str, Any]], work: Path, environment: Path, made: Path) -> tuple[float, str]:
    """Points of `nbgrader autograde`, and what the student sees: the outputs of the graded notebook."""
    shutil.copytree(made, work, dirs_exist_ok=True)
    submitted = work / "submitted" / "student" / "ps1"
    submitted.mkdir(parents=True)
    nbformat.write(nbformat.from_dict(nb.notebook(*graded(cells, hidden=False))), submitted / "ps1.ipynb")
    in_sandbox([environment / "bin" / "python", "-m", "nbgrader", "autograde", "ps1"], work, environment)
    with closing(sqlite3.connect(work / "gradebook.db")) as database:
        (score,) = database.execute("SELECT coalesce(sum(auto_score), 0) FROM grade").fetchone()
    executed = work / "autograded" / "student" / "ps1" / "ps1.ipynb"
    score = score if executed.exists() else NO_GRADE
    shown = ""
    if executed.exists():
        outputs = [cell.get("outputs", []) for cell in json.loads(executed.read_text())["cells"]]
        # A failing test's traceback quotes its source; only what the student's code adds counts.
        for output in (output for each in outputs for output in each):
            shown += json.dumps({key: value for key, value in output.items() if key != "traceback"})
    return score, shown


def graded(cells: list[dict[str, Any]], *, hidden: bool) -> list[dict[str, Any]]:
    """Cells with nbgrader's metadata: answers, and below each a locked cell with tests."""
    found = []
    seen: set[str] = set()
    for cell in cells:
        questions = [tag.removeprefix("answer:") for tag in cell["metadata"].get("tags", ())]
        question = next((name for name in questions if name in NAMES and name not in seen), None)
        if question is None:
            found.append(cell)
            continue
        seen.add(question)
        source = cell["source"]
        if hidden:
            source = f"### BEGIN SOLUTION\n{source}\n### END SOLUTION"
        found.append(marked(source, cell["cell_type"], question, solution=True, points=0))
        tests = PUBLIC[question]
        if hidden:
            tests += f"\n### BEGIN HIDDEN TESTS\n{HIDDEN[question]}\n### END HIDDEN TESTS"
        found.append(marked(tests, "code", f"test-{question}", solution=False, points=POINTS[question]))
    return found


def marked(source: str, kind: str, name: str, *, solution: bool, points: int) -> dict[str, Any]:
    """A cell as nbgrader marks it."""
    cell = nb.code(source) if kind == "code" else nb.markdown(source)
    about = {"schema_version": 3, "grade_id": name, "solution": solution, "grade": not solution, "locked": not solution}
    cell["metadata"] = {"nbgrader": {**about, "task": False, **({} if solution else {"points": points})}}
    return cell


# ------------------------------------------------------------ the table

Grader = Callable[[list[dict[str, Any]], Path], tuple[float, str]]


def achieved(grader: Grader, attack: Attack) -> str:
    """What an attack achieved with a grader."""
    with tempfile.TemporaryDirectory(prefix="peer-", ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        words = {"pid": str(os.getpid()), "port": "9", "mark": "mark"}

        def fill(cell: dict[str, Any]) -> dict[str, Any]:
            return {**cell, "source": re.sub("@(\\w+)@", lambda word: words.get(word[1], str(work)), cell["source"])}

        filled = map(fill, attack.cells)
        try:
            score, shown = grader(notebook(stub(STUB), Attack("", "", "", tuple(filled))), work)
        except subprocess.TimeoutExpired:
            return "does not end"
    found = [f"gains {score - attack.HONEST:g} of 5"] if score > attack.HONEST else []
    if score == NO_GRADE:
        found.append("leaves no grade")
    if GOTCHA in shown or any(canary in shown for canary in CANARIES):
        found.append("reads a secret")
    return ", ".join(found) or "held"


def main() -> None:
    environment = Path(sys.argv[1]).resolve()
    if os.geteuid() == 0:
        command = command_as_normal_user(sys.executable, "-m", "tests.redteam.peers", *sys.argv[1:])
        variables = {**os.environ, "HOME": tempfile.gettempdir(), "PYTHONDONTWRITEBYTECODE": "1"}
        sys.exit(subprocess.run(command, env=variables).returncode)
    made = course(environment)
    graders: dict[str, Grader] = {
        "otter run": otter,
        "nbgrader autograde": lambda cells, work: nbgrader(cells, work, environment, made),
    }
    for name, grader in graders.items():
        for answers, points in ((STUB, 0), (SOLUTION, 5)):
            with tempfile.TemporaryDirectory(prefix="peer-") as folder:
                score, shown = grader(stub(answers), Path(folder))
            if score != points or any(canary in shown for canary in CANARIES if canary != SECRET):
                sys.exit(f"{name} gives an honest notebook {score:g} points, not {points}: {shown[-2000:]}")
    wanted = {*sys.argv[2:]}
    attacks = [
        attack
        for attack in all_attacks()
        if attack.group in ("grade", "secret") and attack.cells and (not wanted or attack.name in wanted)
        if not OURS.search("".join(cell["source"] for cell in attack.cells))
    ]
    counts = dict.fromkeys(graders, 0)
    print("| attack | " + " | ".join(f"`{name}`" for name in graders) + " |")
    print("|---|" + "---|" * len(graders))
    for attack in attacks:
        cells = []
        for name, grader in graders.items():
            cells.append(achieved(grader, attack))
            counts[name] += cells[-1] != "held"
        print(f"| `{attack.group}/{attack.name}` | " + " | ".join(cells) + " |", flush=True)
    print(f"| of {len(attacks)}, succeeded | " + " | ".join(map(str, counts.values())) + " |")


if __name__ == "__main__":
    main()
