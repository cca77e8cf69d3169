"""Each kind of exercise is built and graded by the commands: every right try gets all points, no wrong one does.

A kind is a folder: `master.py`, the files that it names, and `tries.yaml`. A try says how its answers differ from the
solution: question → a whole cell, or what stands in the solution → what stands there instead. A wrong one also says
`question.case` → words of the message that the case must give.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from autograder.errors import UsageError
from autograder.grading.requirements import refuse_lacking
from autograder.records import ANSWER_TAG
from tests import notebooks as nb

KINDS = {path.parent.name: path for path in sorted(Path(__file__).parent.glob("*/tries.yaml"))}
QUICK = {"numpy_backpropagation"}
"""Those that train nothing, and are graded whenever the tests run."""


def tries(kind: str) -> dict[str, dict[str, dict[str, Any]]]:
    loaded = yaml.safe_load(KINDS[kind].read_text(encoding="utf-8"))
    return {side: loaded[side] for side in ("right", "wrong")}


def marks(kind: str) -> list[Any]:
    """A kind is not graded where a package is missing, and some are graded on demand alone."""
    master = (KINDS[kind].parent / "master.py").read_text(encoding="utf-8")
    found = [] if kind in QUICK else [pytest.mark.slow]
    try:
        refuse_lacking(kind, *map(yaml.safe_load, re.findall("^# requires: (.*)$", master, re.MULTILINE) or ["[]"]))
    except UsageError as lacks:
        found.append(pytest.mark.skip(reason=str(lacks)))
    return found


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


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=marks(kind)) for kind in KINDS])
def test_right_tries_get_all_points_and_wrong_ones_read_why(tmp_path: Path, kind: str) -> None:
    entries = build_and_grade(kind, tmp_path)
    made = tries(kind)
    wrong = {name: why for name in made["right"] if (why := what_a_right_try_lacks(entries[name]))}
    wrong |= {name: why for name, changes in made["wrong"].items() if (why := what_is_amiss(entries[name], changes))}
    assert wrong == {}


def what_a_right_try_lacks(entry: dict[str, Any]) -> str:
    said = {case: each["message"] for case, each in nb.cases_of(entry).items() if each["status"] != "pass"}
    whole = (entry["status"], entry["score"]) == ("graded", entry["possible"]) and not said
    return "" if whole else f"{entry['status']}, {entry['score']} of {entry['possible']}: {said}"


def what_is_amiss(entry: dict[str, Any], changes: dict[str, Any]) -> str:
    """Of a wrong try: it loses points in the cases that it names, reads why, and in no other."""
    said = {case: each["message"] for case, each in nb.cases_of(entry).items() if each["status"] == "fail"}
    expected = {case: words for case, words in changes.items() if "." in case}
    named = said.keys() == expected.keys() and all(words in said[case] for case, words in expected.items())
    return (
        ""
        if named and entry["status"] == "graded" and entry["score"] < entry["possible"]
        else f"{entry['status']}: {said}"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_tries_enough(kind: str) -> None:
    made = tries(kind)
    assert len(made["right"]) >= 3
    assert len(made["wrong"]) >= 4
    assert all(any("." in case for case in each) for each in made["wrong"].values())
