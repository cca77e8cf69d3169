"""The class page is the same whichever command makes it, and its copy names nobody."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from autograder.commands import merge, report
from autograder.grading.results.output_folder import OutputFolder
from autograder.publishing import publish
from autograder.records import Execution, Grade
from tests.made_class import ASSIGNMENT, made_class, made_notebook

QUIET = Console(quiet=True)


def graded(out: Path, members: Sequence[tuple[int, Grade]]) -> Path:
    """A folder as `autograder grade` leaves it."""
    with OutputFolder.start(out, ASSIGNMENT, "sha256:1", {}) as folder:
        for number, grade in members:
            cells = () if grade.absent else made_notebook(number)
            folder.add(grade, Execution("refused" if grade.absent else "completed", cells=cells, wall_seconds=number))
        publish(folder, {}, Progress(disable=True))
    return out


@pytest.fixture(scope="module")
def members() -> list[tuple[int, Grade]]:
    return list(enumerate(made_class(30)[0]))


def test_grade_report_and_merge_make_the_same_page(members: list[tuple[int, Grade]], tmp_path: Path) -> None:
    out = graded(tmp_path / "out", members)
    page = (out / "index.html").read_text()
    names = dict(members)
    alike = page[page.index('aria-labelledby="alike"') :]
    assert f"<bdi>{names[0].name}</bdi>, <bdi>{names[1].name}</bdi>: The same, apart from names" in alike
    assert "history.append" in alike and "log.append" in alike, "both texts"
    assert "instead of 64 in layer 1" in page
    assert 'id="questions"' in page
    assert page.count("script-src &#39;sha256-") == page.count("<script") == 1
    for feedback in (out / "feedback").iterdir():
        assert "script" not in feedback.read_text(), "students' pages have none"
    report.run(out, also=[], console=QUIET)
    assert (out / "index.html").read_text() == page
    parts = [graded(tmp_path / str(part), members[part::2]) for part in (0, 1)]
    assert 'id="alike"' not in (parts[0] / "index.html").read_text()
    merge.run(parts, tmp_path / "all", console=QUIET)
    assert (tmp_path / "all" / "index.html").read_text() == page


def test_the_copy_names_nobody_in_any_part(members: list[tuple[int, Grade]], tmp_path: Path) -> None:
    out = graded(tmp_path / "out", members)
    report.run(out, also=[], console=QUIET, copy=tmp_path / "copy")
    page = (tmp_path / "copy" / "index.html").read_text()
    pseudonyms = json.loads((out / "pseudonyms.json").read_text())["names"]
    for _, grade in members:
        assert not re.search(rf"\b{grade.student}\b", page)
        assert grade.name not in page and grade.name.replace(" ", "_") not in page
    alike = page[page.index('id="alike"') :]
    assert {pseudonyms[members[at][1].student] for at in (0, 1)} <= set(re.findall(r"<bdi>(.*?)</bdi>", alike[:2000]))
    assert "manual.csv" not in page
