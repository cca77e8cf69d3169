"""Every test has its tier's marker: the folder that it is in says what it needs.

Hypothesis tries the same examples on each run; `pytest --hypothesis-profile default` looks for new ones.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent
TIERS = {
    "unit": "unit",
    "keras": "keras",
    "fuzz": "keras",
    "sandbox": "sandbox",
    "redteam": "sandbox",
    "end_to_end": "end_to_end",
    "golden": "end_to_end",
    "cookbook": "end_to_end",
    "faults": "end_to_end",
    "browser": "browser",
}

settings.register_profile("reproducible", derandomize=True, database=None, deadline=None)
settings.load_profile("reproducible")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(TIERS[item.path.relative_to(TESTS).parts[0]])
