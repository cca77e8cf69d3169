"""What the solution needs of the limits: kept, and a warning where a limit is not five times that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.authoring.needs import NEEDS, keep_needs, needed, tight
from autograder.records import Cell, Execution, Limits


def test_the_longest_cell_and_all_together_count() -> None:
    cells = (Cell("code", "a", cpu_seconds=2.04), Cell("markdown", "b"), Cell("code", "c", cpu_seconds=0.5))
    assert needed(Execution("completed", cells=cells, cpu_seconds=3.26)) == {"cell_seconds": 2.0, "cpu_seconds": 3.3}
    assert needed(Execution("completed")) == {"cell_seconds": 0.0, "cpu_seconds": 0.0}


@pytest.mark.parametrize(("limit", "warned"), [(9.9, True), (10, False), (100, False)])
def test_a_limit_under_five_times_that_is_warned_of(limit: float, warned: bool) -> None:
    warnings = list(tight({"cell_seconds": 2.0, "cpu_seconds": 3.3}, Limits(cell_seconds=limit, cpu_seconds=600)))
    assert len(warnings) == warned
    assert all("needs 2 s of processor time, and `cell_seconds` is 9.9" in warning for warning in warnings)
    assert all("Set 10 or more in `limits:`" in warning for warning in warnings)


def test_a_measurement_that_is_nearly_the_same_changes_no_file(tmp_path: Path) -> None:
    keep_needs(tmp_path, {"cell_seconds": 4.0, "cpu_seconds": 8.0})
    before = (tmp_path / NEEDS).read_bytes()
    keep_needs(tmp_path, {"cell_seconds": 5.5, "cpu_seconds": 6.0})
    assert (tmp_path / NEEDS).read_bytes() == before
    keep_needs(tmp_path, {"cell_seconds": 9.0, "cpu_seconds": 12.0})
    assert json.loads((tmp_path / NEEDS).read_text()) == {"cell_seconds": 9.0, "cpu_seconds": 12.0}
    (tmp_path / NEEDS).write_text("{")
    keep_needs(tmp_path, {"cell_seconds": 9.0})
    assert json.loads((tmp_path / NEEDS).read_text()) == {"cell_seconds": 9.0}
