"""The sample class, graded by one command, gets what `answers.py` expects, and the grades that it always got.

`answers.py` holds on every machine; `expected.json` is exact, and its accuracies are those of the machine that
`tests.golden.snapshot` describes. `grader.check` says the same as the grader.

By default some students who train little or nothing, of exercises whose own cells train nothing; `make test-all` grades
the whole classes as `make demo` does.
"""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests import notebooks as nb
from tests.golden import make, snapshot

GOLDEN = Path(__file__).parent
QUICK = ("faces_finetuning", "fc_mnist", "keras_gaps")
CLASSES = [(slug, whole) for slug in make.SLUGS for whole in (False, True) if whole or slug in QUICK]


@pytest.mark.parametrize("slug", make.SLUGS)
def test_committed_notebooks_follow_from_the_stub_and_the_answers(slug: str) -> None:
    made = make.notebooks(slug)
    committed = {path.name: path.read_text(encoding="utf-8") for path in (GOLDEN / slug / "class").glob("*.ipynb")}
    assert committed.keys() == made.keys()
    assert [name for name in made if made[name] != committed[name]] == [], "run `python -m tests.golden.make`"


@dataclass(frozen=True)
class Graded:
    slug: str
    whole: bool
    entries: dict[str, dict[str, Any]]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((slug, whole), id=f"{slug}-{'whole' if whole else 'quick'}", marks=[pytest.mark.slow] * whole)
        for slug, whole in CLASSES
    ],
)
def graded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    slug, whole = request.param
    root = tmp_path_factory.mktemp("class")
    (root / "in").mkdir()
    for name in [each.name for each in make.students(slug)] if whole else sorted(make.quick(slug))[:3]:
        shutil.copy(GOLDEN / slug / "class" / f"{name}.ipynb", root / "in")
    workers = 2 if whole else 1
    run = nb.autograder("grade", slug, root / "in", "-o", root / "out", "--workers", workers, cwd=make.ROOT)
    assert run.returncode in (0, 1), run.stderr
    assert "Report: " in run.stdout
    return Graded(slug, whole, nb.grades(root / "out"))


def test_everyone_gets_what_is_expected(graded: Graded) -> None:
    wrong = []
    for student in make.students(graded.slug):
        if student.name not in graded.entries:
            continue
        entry, expected = graded.entries[student.name], student.expected
        automatic = {question["name"] for question in entry["questions"] if not question["manual"]}
        cases = {name: case for name, case in nb.cases_of(entry).items() if name.split(".")[0] in automatic}
        near = any(case["status"] == "manual" for case in cases.values())  # an accuracy that is too close to its floor
        if entry["status"] != ("rejected" if expected.rejected else "needs_review" if near else "graded"):
            wrong.append((student.name, "status", entry["status"]))
        if expected.score is not None and entry["score"] != expected.score:
            wrong.append((student.name, "score", entry["score"], expected.score))
        if expected.full != all(case["status"] == "pass" for case in cases.values()):
            wrong.append((student.name, "passes all", not expected.full, expected.full))
        for name, piece in expected.messages.items():
            case = cases[name]
            if case["status"] != "fail" or piece not in case["message"]:
                wrong.append((student.name, name, case["status"], case["message"][:300], piece))
        wrong += [(student.name, name, case) for name, case in cases.items() if case["status"] == "error"]
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)


def test_statuses_and_points_are_those_of_before(graded: Graded) -> None:
    """Of students who train, exact only on a machine as `snapshot.py` describes it, which also says how to update."""
    expected = snapshot.expected(graded.slug)
    if graded.whole:
        assert graded.entries.keys() == expected.keys()
    assert snapshot.reduced(graded.entries) == {name: expected[name] for name in sorted(graded.entries)}


VERDICTS = """
import json
_checked = grader.check("{question}")
print("VERDICT", json.dumps({{"{question}." + each.name: each.status for each in _checked.outcomes}}))
"""


def self_check_verdicts(notebook: Path, folder: Path) -> dict[str, str]:
    """`question.case` → status, where a real Jupyter kernel runs a renamed copy in a folder of its own."""
    read = nbformat.read(notebook, as_version=4)
    checks = [cell for cell in read.cells if cell.source.startswith("grader.check(")]
    for cell in checks:
        cell.source = VERDICTS.format(question=cell.source.split('"')[1])
    folder.mkdir()
    NotebookClient(read, timeout=300, allow_errors=True, resources={"metadata": {"path": folder}}).execute()
    found: dict[str, str] = {}
    for cell in checks:
        text = "".join(output.get("text", "") for output in cell.outputs)
        (line,) = (line for line in text.splitlines() if line.startswith("VERDICT "))
        found |= json.loads(line.removeprefix("VERDICT "))
    assert list(folder.iterdir()) == [], "the notebook leaves something in the student's folder"
    return found


def test_the_self_check_says_the_same(graded: Graded, tmp_path: Path) -> None:
    """Of everybody where the whole class is graded, else of one who wrote something: a kernel runs it once more."""
    readable = [(name, entry) for name, entry in graded.entries.items() if entry["status"] != "rejected"]
    entries = dict(readable if graded.whole else [each for each in readable if each[0] != "blank"][:1])
    with ThreadPoolExecutor(2) as pool:
        self_checked = dict(
            zip(
                entries,
                pool.map(
                    lambda name: self_check_verdicts(GOLDEN / graded.slug / "class" / f"{name}.ipynb", tmp_path / name),
                    entries,
                ),
                strict=True,
            )
        )
    differ = {}
    for name, entry in entries.items():
        public = {
            case: outcome["status"]
            for case, outcome in nb.cases_of(entry).items()
            if not outcome["hidden"] and case.split(".")[0] in {each.split(".")[0] for each in self_checked[name]}
        }
        assert len(public) >= 3
        if public != self_checked[name]:
            differ[name] = {
                case: (status, self_checked[name].get(case))
                for case, status in public.items()
                if self_checked[name].get(case) != status
            }
    assert not differ, json.dumps(differ, indent=1)
