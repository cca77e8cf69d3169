"""Holds the tests of this folder to what they may need: no TensorFlow, no Keras, no sandbox."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
HEAVY = ("keras", "tensorflow")
_active = False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _active:
        return
    if event == "import" and arguments[0].partition(".")[0] in HEAVY:
        raise RuntimeError(f"a test in tests/unit imports {arguments[0]}: move it to tests/keras")
    if event == "subprocess.Popen" and any("bwrap" in str(part) for part in (arguments[0], *arguments[1])):
        raise RuntimeError("a test in tests/unit starts bubblewrap: move it to tests/sandbox")


sys.addaudithook(_audit)


@contextmanager
def light(node: pytest.Collector | pytest.Item) -> Iterator[None]:
    """Makes what the tests of this folder may not need an error, even where another folder's tests imported it."""
    global _active
    if FOLDER not in node.path.parents:
        yield
        return
    loaded = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in HEAVY}
    _active = True
    try:
        yield
    finally:
        _active = False
        sys.modules.update(loaded)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[Any]:
    with light(collector):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    with light(item):
        return (yield)
