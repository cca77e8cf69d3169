"""Fixtures of the tests of the sandbox."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from autograder.sandbox.host import preloading
from tests.normal_user import RunInSandbox, clean_up, normal_users_python, run_as_normal_user
from tests.sandboxes import run_in_sandbox


@pytest.fixture(scope="session", autouse=True)
def no_folder_stays() -> Iterator[None]:
    yield
    clean_up()


@pytest.fixture(params=["this user", "normal user"])
def anyone(request: pytest.FixtureRequest) -> RunInSandbox:
    """`run_in_sandbox`, as the user of these tests and as a normal user."""
    if request.param == "this user":
        return run_in_sandbox
    python = normal_users_python()
    if isinstance(python, str):
        pytest.skip(python)
    return run_as_normal_user


@pytest.fixture
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Servers and spare sandboxes of this test alone; ends them, as is done at the end of the test."""
    monkeypatch.setattr(preloading, "_kept", {})

    def end() -> None:
        while preloading._kept:
            preloading._kept.popitem()[1].close()

    yield end
    end()


@pytest.fixture
def marker() -> str:
    """A number that no other process has on its command line; also good as a time for `sleep`, in seconds."""
    return str(random.randrange(10**9, 10**10))
