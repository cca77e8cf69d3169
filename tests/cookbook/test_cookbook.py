"""Each kind of exercise is built and graded by the commands: every right try gets all points, no wrong one does.

A kind is a folder: `master.py`, the files that it names, and `tries.yaml`. A try says how its answers differ from the
solution: question → a whole cell, or what stands in the solution → what stands there instead. A wrong one also says
`question.case` → words of the message that the case must give.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from autograder.errors import UsageError
from autograder.grading.requirements import refuse_lacking
from autograder.records import ANSWER_TAG
from tests import notebooks as nb

Grades = Callable[[str], dict[str, dict[str, Any]]]

KINDS = {path.parent.name: path for path in sorted(Path(__file__).parent.glob("*/tries.yaml"))}
QUICK = {"numpy_backpropagation"}
"""Those that train nothing, and are graded whenever the tests run."""


def tries(kind: str) -> dict[str, dict[str, dict[str, Any]]]:
    loaded = yaml.safe_load(KINDS[kind].read_text(encoding="utf-8"))
    return {side: loaded[side] for side in ("right", "wrong")}


def marks(kind: str) -> list[Any]:
    """All tries of a kind run in one process, and not at all where a package is missing."""
    master = (KINDS[kind].parent / "master.py").read_text(encoding="utf-8")
    found = [pytest.mark.xdist_group(kind), *([] if kind in QUICK else [pytest.mark.slow])]
    try:
        refuse_lacking(kind, *map(yaml.safe_load, re.findall("^# requires: (.*)$", master, re.MULTILINE) or ["[]"]))
    except UsageError as lacks:
        found.append(pytest.mark.skip(reason=str(lacks)))
    return found


def each_try(side: str) -> Any:
    """One test for each try of each kind."""
    return pytest.mark.parametrize(
        ("kind", "name"),
        [
            pytest.param(kind, name, id=f"{kind}-{name}", marks=marks(kind))
            for kind in KINDS
            for name in tries(kind)[side]
        ],
    )


@pytest.fixture(scope="module")
def grades(tmp_path_factory: pytest.TempPathFactory) -> Grades:
    """Kind → grades of its tries by their names, made, or failed to be made, when the first of them is asked for."""

    @functools.cache
    def attempt(kind: str) -> dict[str, dict[str, Any]] | AssertionError:
        try:
            return build_and_grade(kind, tmp_path_factory.mktemp(kind))
        except AssertionError as error:
            return error

    def made(kind: str) -> dict[str, dict[str, Any]]:
        outcome = attempt(kind)
        if isinstance(outcome, AssertionError):
            raise outcome
        return outcome

    return made


def build_and_grade(kind: str, home: Path) -> dict[str, dict[str, Any]]:
    folder = KINDS[kind].parent
    shutil.copytree(folder, home / "reference" / kind, ignore=shutil.ignore_patterns("tries.yaml"))
    built = nb.autograder("build", kind, cwd=home)
    assert built.returncode == 0, built.stderr
    solution = json.loads((home / "reference" / kind / "bundle" / "reference.ipynb").read_text(encoding="utf-8"))
    stub = json.loads((home / "assignments" / kind / f"{kind}.ipynb").read_text(encoding="utf-8"))
    (home / "class").mkdir()
    for name, answers in (each for side in tries(kind).values() for each in side.items()):
        filled = json.dumps(with_answers(stub, solution, answers))
        (home / "class" / f"{name}.ipynb").write_text(filled, encoding="utf-8")
    run = nb.autograder("grade", kind, home / "class", "-o", home / "graded", "--workers", 1, cwd=home)
    assert run.returncode in (0, 1), run.stderr
    return nb.grades(home / "graded")


def with_answers(stub: dict[str, Any], solution: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    """The stub with the solution's answers, changed as a try says."""
    filled = json.loads(json.dumps(stub))
    solved = {tag: cell["source"] for cell in solution["cells"] for tag in cell["metadata"].get("tags", [])}
    for cell in filled["cells"]:
        for tag in cell["metadata"].get("tags", []):
            if tag.startswith(ANSWER_TAG):
                change = answers.get(tag.removeprefix(ANSWER_TAG), {})
                cell["source"] = change if isinstance(change, str) else replaced("".join(solved[tag]), change)
    return filled


def replaced(source: str, pieces: dict[str, str]) -> str:
    for old, new in pieces.items():
        assert old in source, f"the solution has no {old!r}"
        source = source.replace(old, new)
    return source


@each_try("right")
def test_a_right_try_gets_all_points(grades: Grades, kind: str, name: str) -> None:
    entry = grades(kind)[name]
    assert {case: each["message"] for case, each in nb.cases_of(entry).items() if each["status"] != "pass"} == {}
    assert (entry["status"], entry["score"]) == ("graded", entry["possible"])


@each_try("wrong")
def test_a_wrong_try_loses_points_and_reads_why(grades: Grades, kind: str, name: str) -> None:
    entry = grades(kind)[name]
    said = {case: each["message"] for case, each in nb.cases_of(entry).items() if each["status"] == "fail"}
    expected = {case: words for case, words in tries(kind)["wrong"][name].items() if "." in case}
    assert {case: words for case, words in expected.items() if words not in said.get(case, "")} == {}, said
    assert said.keys() == expected.keys()
    assert entry["status"] == "graded"
    assert entry["score"] < entry["possible"]


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_tries_enough(kind: str) -> None:
    made = tries(kind)
    assert len(made["right"]) >= 3
    assert len(made["wrong"]) >= 4
    assert all(any("." in case for case in each) for each in made["wrong"].values())
