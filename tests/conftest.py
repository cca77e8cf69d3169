"""Every test has its tier's marker: the folder that it is in says what it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TIERS = {
    "unit": "unit",
    "keras": "keras",
    "sandbox": "sandbox",
    "redteam": "sandbox",
    "end_to_end": "end_to_end",
    "golden": "end_to_end",
    "browser": "browser",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(TIERS[item.path.relative_to(TESTS).parts[0]])
