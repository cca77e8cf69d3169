"""Opens sandboxes in which the packages are imported already, in the best way that this machine permits. Trusted side.

`forked`: from a process that has imported them, in a sandbox that permits nesting; one for each worker of the grader.
`ahead`: where sandboxes cannot be nested, each one is started, and imports, while the one before it still runs.
`fresh`: one process after the other, each of which imports for itself.
Grades are the same in all three.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast, get_args

from autograder.errors import SandboxUnavailable, UsageError
from autograder.records import Limits
from autograder.sandbox.host import bubblewrap, launch
from autograder.sandbox.host.fork_server import ForkServer
from autograder.sandbox.host.running import Sandbox
from autograder.sandbox.wire.frames import write_frame

__all__ = [
    "DESCRIBED",
    "VARIABLE",
    "Program",
    "Way",
    "chosen_way",
    "named_way",
    "open_preloaded",
    "preload",
    "sets_variables",
    "why_not_nested",
]

Way = Literal["forked", "ahead", "fresh"]

VARIABLE = "AUTOGRADER_SANDBOXES"
"""Environment variable that names the way; without it the first sandbox shows whether they can be nested."""

DESCRIBED: dict[Way, str] = {
    "forked": "forked from a process with the packages imported",
    "ahead": "started while another one ran, as sandboxes cannot be nested here",
    "fresh": "started anew",
}

OTHER_USERS = bubblewrap.SLOTS // 4
"""Added to the slot of every other sandbox that is started ahead: two of a worker's are there at one time."""

# What decides nothing about how packages compute.
_HARMLESS = re.compile(
    r"""os\.environ(?:\[\s*|\.setdefault\(\s*)["'](?:TF_CPP_MIN_LOG_LEVEL["'](?:\s*\]\s*=|\s*,)\s*["']\d["']"""
    r"""|KERAS_BACKEND["'](?:\s*\]\s*=|\s*,)\s*["']tensorflow["'])"""
)
_ENVIRONMENT = re.compile(r"environ|putenv|setenv|%\s*(?:set_)?env\b")


class Program(NamedTuple):
    """What runs in a sandbox.

    Attributes:
        module: Is run as `python -m`, or forked: its `main`.
        profile: What the sandbox is for.
        first_slot: Added to a worker's number, since sandboxes that run at one time need different ones; as root, the
            user of a notebook must not be able to use up another sandbox's processes.
    """

    module: str
    profile: bubblewrap.Profile
    first_slot: int = 0


@dataclass(frozen=True)
class _Key:
    """Of what is kept for the next sandbox."""

    program: Program
    limits: Limits
    slot: int
    modules: tuple[str, ...]


_kept: dict[_Key, ForkServer | Sandbox] = {}
_refusals: list[str] = []
"""Why sandboxes cannot be nested here, once that was tried."""
_turns: Counter[tuple[Program, int]] = Counter()


def chosen_way() -> Way:
    """How sandboxes are opened: as the environment says, else forked until that was refused.

    Raises:
        UsageError: The environment names another way.
    """
    return named_way() or ("ahead" if _refusals else "forked")


def named_way() -> Way | None:
    """The way that the environment demands, if any.

    Raises:
        UsageError: It names another one.
    """
    named = os.environ.get(VARIABLE, "")
    if named and named not in get_args(Way):
        raise UsageError(f"{VARIABLE} is {named!r}: give one of {', '.join(get_args(Way))}, or leave it out.")
    return cast("Way", named) if named else None


@functools.cache
def why_not_nested() -> str:
    """What a sandbox says that is to be forked from another one; empty where it can be.

    Raises:
        SandboxUnavailable: No sandbox can be started.
    """
    limits = Limits()
    with contextlib.closing(ForkServer(limits, slot=0, profile=bubblewrap.EVALUATION, preload=[])) as server:
        try:
            launch.watched(limits, lambda group: server.fork(limits, program="code:interact", group=group)).close()
        except SandboxUnavailable as error:
            return str(error)
    return ""


def sets_variables(sources: Iterable[str]) -> bool:
    """Whether cells set environment variables, which a package may read while it is imported."""
    return any(_ENVIRONMENT.search(_HARMLESS.sub("", source)) for source in sources)


def preload(program: Program, limits: Limits, *, slot: int, modules: Sequence[str], first: bytes = b"") -> None:
    """Have modules imported meanwhile, for the next sandbox.

    The thread that calls this must live as long as this process does sandboxes: the kernel ends them with it.

    Args:
        program: What is to run.
        limits: Of the sandboxes.
        slot: Number of the grader's worker.
        modules: None of them may start a thread when it is imported.
        first: Frame to send to a program that is not forked, so that it imports them.

    Raises:
        SandboxUnavailable: This machine cannot run a sandbox.
    """
    launch.check_sandbox()
    key, way = _Key(program, limits, slot, tuple(modules)), chosen_way()
    if key in _kept or way == "fresh":
        return
    slot = program.first_slot + slot
    if way == "forked":
        _kept[key] = ForkServer(limits, slot=slot, profile=program.profile, preload=[program.module, *modules])
    else:
        _kept[key] = _started(key, first)


def open_preloaded(
    program: Program, limits: Limits, *, slot: int, modules: Sequence[str], first: bytes = b"", single: bool = False
) -> tuple[Sandbox, Way]:
    """A sandbox in which modules are imported before its program does anything else, and which way it was opened.

    Args:
        program: See `preload`, also for the others.
        limits: Of the sandbox.
        slot: Number of the grader's worker.
        modules: Names.
        first: A frame.
        single: Whether it is the only one of its kind, so that nothing is imported for several.

    Raises:
        SandboxUnavailable: This machine cannot run a sandbox, or it cannot nest them and the environment demands it.
    """
    if single:
        return _opened(program, limits, program.first_slot + slot, first), "fresh"
    preload(program, limits, slot=slot, modules=modules, first=first)
    key = _Key(program, limits, slot, tuple(modules))
    kept = _kept.get(key)
    if isinstance(kept, ForkServer):
        try:
            name = f"{program.module}:main"
            return launch.watched(limits, lambda group: kept.fork(limits, program=name, group=group)), "forked"
        except SandboxUnavailable as error:
            kept.close()
            del _kept[key]
            if not kept.has_forked:  # nesting is refused; else the server was killed, and another one takes its place
                if named_way():
                    raise
                _refusals.append(str(error))
            return open_preloaded(program, limits, slot=slot, modules=modules, first=first)
    if isinstance(kept, Sandbox):
        _kept[key] = _started(key, first)
        kept.renew()
        return kept, "ahead"
    return _opened(program, limits, program.first_slot + slot, first), "fresh"


def _started(key: _Key, first: bytes) -> Sandbox:
    """A sandbox that waits, without a limit of time, for what it is to do."""
    turn = _turns[key.program, key.slot] = 1 - _turns[key.program, key.slot]  # another user than the one before it has
    sandbox = _opened(key.program, key.limits, key.program.first_slot + key.slot + turn * OTHER_USERS, first)
    sandbox.renew()
    return sandbox


def _opened(program: Program, limits: Limits, slot: int, first: bytes) -> Sandbox:
    """A sandbox that imports what it is to before the notebook, in each way: some packages draw numbers then."""
    sandbox = launch.open_sandbox(limits, module=program.module, slot=slot, profile=program.profile)
    if first:
        with contextlib.suppress(OSError):  # it is gone: who reads from it sees that
            write_frame(sandbox.requests, first)
    return sandbox


@atexit.register
def _close_kept() -> None:
    """End what was kept for sandboxes that never came."""
    for kept in _kept.values():
        kept.close()
