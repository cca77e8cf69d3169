"""Run the unit tests on each Python from 3.10 to 3.13 that this machine has (pyenv's, the system's or uv's).

`make matrix` runs it. The environments are made without TensorFlow, which no unit test may need.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.10", "3.11", "3.12", "3.13")
UV = [sys.executable, "-m", "uv"]
TENSORFLOW = re.compile(r"^tensorflow==.*\n(?:[ \t]+.*\n)*", re.MULTILINE)


def interpreter(version: str) -> str | None:
    """The path of an interpreter, or None if there is none; nothing is downloaded."""
    pyenv = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python"))
    if pyenv:
        return str(pyenv[-1])
    found = subprocess.run([*UV, "python", "find", "--no-python-downloads", version], capture_output=True, text=True)
    return found.stdout.strip() or None


def test(version: str, python: str, arguments: list[str]) -> bool:
    """Whether the unit tests pass there; the environment is kept for the next time."""
    folder = ROOT / ".venv" / f"matrix-{version}"
    lock = folder / "matrix.lock"
    subprocess.run([*UV, "venv", "--quiet", "--allow-existing", "--python", python, str(folder)], check=True)
    lock.write_text(TENSORFLOW.sub("", (ROOT / "requirements.lock").read_text("utf-8")), "utf-8")
    install = [*UV, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), "--no-deps"]
    subprocess.run([*install, "--require-hashes", "--requirement", str(lock)], check=True)
    subprocess.run([*install, "--no-build-isolation", "--editable", str(ROOT)], check=True)
    command = [str(folder / "bin" / "python"), "-m", "pytest", "-q", "tests/unit", *arguments]
    return subprocess.run(command, cwd=ROOT).returncode == 0


def main() -> None:
    """Test on each version, then say what became of each; the exit status is 1 if any failed."""
    results = {}
    for version in VERSIONS:
        python = interpreter(version)
        if python is None:
            results[version] = "missing on this machine"
            continue
        print(f"Python {version} ({python}): installing and testing ...", flush=True)
        results[version] = "passed" if test(version, python, sys.argv[1:]) else "failed"
    for version, result in results.items():
        print(f"Python {version}: {result}")
    sys.exit("failed" in results.values() or "passed" not in results.values())


if __name__ == "__main__":
    main()
