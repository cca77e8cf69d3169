"""The sample classes get the same grades however sandboxes are opened, and whether runs are shared; `make ways`.

All files of the output folders are compared, byte by byte but for timings, those that Keras prints among them. What is
kept for checking again is not: some cases call functions on inputs that nobody can know before.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from autograder.sandbox.host.preloading import DESCRIBED, VARIABLE, Way
from tests import notebooks as nb
from tests.faults.small_class import outcome
from tests.golden import make

pytestmark = pytest.mark.slow
each_class = pytest.mark.parametrize("slug", make.SLUGS)


def hand_in(slug: str, names: Collection[str], folder: Path) -> Path:
    folder.mkdir()
    for name in names:
        shutil.copy(make.GOLDEN / slug / "class" / f"{name}.ipynb", folder)
    return folder


def files(out: Path) -> dict[str, Any]:
    return {
        name: re.sub(r"\d+m?s\b", "…", content) if isinstance(content, str) else content
        for name, content in outcome(out).items()
    }


def differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def grade(slug: str, source: Path, out: Path, *options: object, says: str) -> Path:
    done = nb.autograder("grade", slug, source, "-o", out, "--keep", "none", *options, cwd=make.ROOT)
    assert done.returncode in (0, 1), done.stderr
    assert says in done.stderr
    return out


@each_class
def test_grades_are_the_same_in_each_kind_of_sandbox(
    slug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the students who train little."""
    source = hand_in(slug, make.quick(slug), tmp_path / "in")

    def graded(way: Way) -> Path:
        monkeypatch.setenv(VARIABLE, way)
        return grade(slug, source, tmp_path / way, "--workers", 2, says=DESCRIBED[way])

    expected = files(graded("forked"))
    assert "grades.json" in expected
    for way in ("ahead", "fresh"):
        assert differing(files(graded(way)), expected) == set(), way


@each_class
def test_grades_are_the_same_where_runs_are_shared(slug: str, tmp_path: Path) -> None:
    """Of one whose cells all run, and who hands in under three names."""
    name = next(student.name for student in make.students(slug) if student.expected.full)
    source = hand_in(slug, [name], tmp_path / "in")
    for number in (2, 3):
        shutil.copy(source / f"{name}.ipynb", source / f"{name}_{number}.ipynb")
    shared = "Run once for several: 2 notebooks with the code of another."
    expected = files(grade(slug, source, tmp_path / "shared", "--workers", 2, says=shared))
    apart = grade(slug, source, tmp_path / "apart", "--workers", 2, "--no-share", says="Sandboxes of notebooks: 3 ")
    assert differing(files(apart), expected) == set()
