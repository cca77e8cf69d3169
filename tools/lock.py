"""Write requirements.lock: one file, whose head is what a student installs, then what grading adds, then the rest.

`make demo` installs the file without its last section, `make test` all of it. Releases stay as they are locked while
the requirements in pyproject.toml allow it; with `--upgrade` each becomes the newest.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
HEAD = "# Written by `make lock`. Each section needs those above it.\n"
SECTIONS = {"base": None, "grade": "grade", "dev": "dev"}  # the section's name → the extra that it is for
BLOCK = re.compile(r"^[a-z0-9].*\n(?:[ \t]+.*\n)*", re.MULTILINE)  # a requirement, its hashes, what asks for it


def resolve(extra: str | None, locked: str) -> str:
    """What uv locks for the package with an extra, on all Python versions and platforms; releases as in `locked`."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version=3.10"]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-header", "pyproject.toml"]
    command += [f"--extra={extra}"] if extra else []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "requirements.lock")
        out.write_text(locked)
        subprocess.run([*command, f"--output-file={out}"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        return out.read_text()


def main() -> None:
    """Resolve everything, then each section from the same releases."""
    everything = resolve("dev", "" if "--upgrade" in sys.argv else LOCK.read_text())
    text, written = HEAD, set()
    for name, extra in SECTIONS.items():
        text += f"\n# ==== {name}\n"
        for block in BLOCK.findall(resolve(extra, everything)):
            requirement, _, _ = block.partition("\n")
            if requirement not in written:
                text += block
            written.add(requirement)
    LOCK.write_text(text)


if __name__ == "__main__":
    main()
