"""The small class, graded once without any disturbance."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.small_class import SmallClass, outcome, write_class


@dataclass(frozen=True)
class Undisturbed:
    """A class, its output folder, and what that says; copy the folder before anything is done to it."""

    submissions: SmallClass
    out: Path
    expected: dict[str, Any]

    def copy(self, to: Path) -> Path:
        shutil.copytree(self.out, to)
        return to


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    root = tmp_path_factory.mktemp("faults")
    submissions = write_class(root)
    graded = submissions.grade(root / "out")
    assert graded.returncode == 1, graded.stderr
    return Undisturbed(submissions, root / "out", outcome(root / "out"))
