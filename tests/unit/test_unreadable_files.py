"""Files that cannot be read: one line that names the file. Simulated, since root may read everything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from autograder.errors import UsageError
from autograder.grading.intake.roster import read_roster
from autograder.grading.intake.submissions import collect
from autograder.grading.results.manual_csv import read_sheet
from autograder.records import Assignment


@pytest.mark.parametrize(
    "read",
    [read_roster, collect, lambda path: read_sheet(path, Assignment("a", "A", ()))],
    ids=["roster", "class", "manual.csv"],
)
def test_an_unreadable_file_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, read: Callable[[Path], object]
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "file"
    path.write_bytes(b"x")
    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UsageError, match=r"file cannot be read: Permission denied\.") as refused:
        read(path)
    assert "\n" not in str(refused.value)
