"""A browser for the tests that need one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import browsers


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = browsers.chromium()
    if found is None:
        pytest.skip("no Chromium on this machine (chromium, chromium-browser or google-chrome on the PATH)")
    with browsers.browser(found) as opened:
        yield opened
