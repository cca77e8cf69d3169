"""Files that cannot be read: one line that names the file. Simulated, since root may read everything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from autograder.errors import UsageError
from autograder.grading.cases.bundle import load_bundle
from autograder.grading.intake.roster import read_roster
from autograder.grading.intake.submissions import collect
from autograder.grading.results.manual_csv import read_sheet
from autograder.records import Assignment
from tests import notebooks as nb


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


@pytest.mark.parametrize("gone", ["tests/number.py", "data/hidden.npz"])
def test_a_bundle_that_lacks_a_file_names_it_without_a_number(tmp_path: Path, gone: str) -> None:
    bundle = nb.small_bundle(tmp_path / "small")
    (bundle / gone).unlink()
    with pytest.raises(
        UsageError, match=r"is not a usable bundle: .*: no such file or directory\. Run `auto"
    ) as refused:
        load_bundle(bundle)
    assert Path(gone).name in str(refused.value) and "Errno" not in str(refused.value)
