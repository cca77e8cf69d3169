"""What a grade depends on besides notebook and bundle: versions, processor, threads, seeds. Trusted side.

The same notebook gives the same grade file, timings apart, where these are equal. TensorFlow computes with other
instructions on another type of processor, so its results differ there in the last digits, and trainings in more.
"""

from __future__ import annotations

import functools
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from autograder import __version__
from autograder.records import SEED
from autograder.sandbox.host.bubblewrap import HASH_SEED
from autograder.sandbox.host.gpu import assigned_gpu, gpu_name
from autograder.wording import listed

__all__ = ["differences", "environment", "unfit", "versions"]

CPU_INFO = Path("/proc/cpuinfo")
PACKAGES = ("tensorflow", "keras", "numpy")
VERSIONS = ("python", *PACKAGES, "autograder")
"""What is the same on all machines that grade one class; their processors may differ, and a report says so."""


def environment(threads: int) -> dict[str, str]:
    """Name → value of each thing that a grade depends on here; nothing is imported for it.

    Args:
        threads: Threads of TensorFlow for each submission, `Limits.threads`.
    """
    gpu = assigned_gpu()
    graphics = {} if gpu is None else {"gpu": gpu_name(gpu)}
    return {"seed": str(SEED), "hash_seed": str(HASH_SEED), "threads": str(threads), **_machine(), **graphics}


def differences(environments: Iterable[Mapping[str, str]]) -> str:
    """One line for the instructor where grades of one folder were made in different environments; else empty.

    Args:
        environments: Of each grade; empty where nothing was executed.
    """
    made_in = [each for each in environments if each]
    names = dict.fromkeys(name for each in made_in for name in each)
    values = {name: sorted({each.get(name, "none") for each in made_in}) for name in names}
    differing = [f"{name.replace('_', ' ')} ({', '.join(each)})" for name, each in values.items() if len(each) > 1]
    if not differing:
        return ""
    return (
        f"These grades were made in different environments: {listed(differing)}. Results may differ in the last "
        "digits, and trainings in more. Grade all of them on one machine where that matters."
    )


def versions() -> dict[str, str]:
    """Name → version of what must be the same on all machines that grade one class."""
    return {name: _machine()[name] for name in VERSIONS}


def unfit(wanted: Mapping[str, str]) -> str:
    """Why this machine cannot grade for another one that has these versions; empty where it can."""
    here = versions()
    other = [f"{name} {here[name]} in place of {each}" for name, each in wanted.items() if here.get(name) != each]
    return f"{platform.node()} has {listed(other)}. Install the same versions there." if other else ""


@functools.cache
def _machine() -> Mapping[str, str]:
    return {
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
        "autograder": __version__,
        "platform": " ".join([sys.platform, platform.machine(), *platform.libc_ver()]).strip(),
        "cpu": _cpu(),
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"


def _cpu() -> str:
    """The processor's type; on ARM, where it has no name, its numbers."""
    text = CPU_INFO.read_text(encoding="utf-8", errors="replace")
    for wanted in (r"model name", r"CPU (?:implementer|part|variant)"):
        if found := re.findall(rf"^{wanted}\s*: (.+)$", text, re.MULTILINE):
            return " ".join(dict.fromkeys(found))
    return platform.machine()
