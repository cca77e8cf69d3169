"""The front end as one script: with TensorFlow.js for the page, and without for the notebook.

The page's script is bundled by esbuild. npm fetches both from its registry, in the versions of `package-lock.json`; the
result is kept in the user's cache. The notebook's needs no npm: its modules are put one after the other.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from autograder.errors import UsageError

__all__ = ["concatenated", "page_script", "sources", "style"]

NEEDED = (
    "npm, which comes with Node.js 18 or newer (https://nodejs.org; on Debian or Ubuntu: sudo apt install nodejs npm)"
)
NPM_SECONDS = 600

_IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"(?P<module>[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const|let) )", re.MULTILINE)


def sources() -> dict[str, str]:
    """The front end's files: name → text."""
    folder = resources.files("autograder.live").joinpath("static")
    wanted = (".js", ".json", ".css")
    return {each.name: each.read_text(encoding="utf-8") for each in folder.iterdir() if each.name.endswith(wanted)}


def style() -> str:
    """The style sheet."""
    return sources()["live.css"]


def concatenated(entry: str) -> str:
    """A module and those that it imports, in one module: each after those that it needs.

    The modules share one scope then, so that no two may have a name in common at their top level.
    """
    files = sources()
    text = "".join(
        f"// {name}\n{_EXPORT.sub('', _IMPORT.sub('', files[name]))}\n" for name in _in_order(entry, files, [])
    )
    return text + f"export default {{ render: {Path(entry).stem}Render }};\n"


def _in_order(name: str, files: dict[str, str], done: list[str]) -> Iterator[str]:
    for match in _IMPORT.finditer(files[name]):
        module = match["module"].removeprefix("./")
        if module not in files:
            raise ValueError(f"{name} imports {module!r}, which is no module of the front end")
        if module not in done:
            yield from _in_order(module, files, done)
    done.append(name)
    yield name


def page_script() -> str:
    """The page's script, TensorFlow.js included; the first time, npm fetches what it takes.

    Raises:
        UsageError: npm is missing or fails; the text says what to do.
    """
    files = sources()
    digest = hashlib.sha256("\0".join(f"{name}\0{files[name]}" for name in sorted(files)).encode()).hexdigest()
    kept = _cache() / f"page-{digest[:16]}.js"
    if kept.is_file():
        return kept.read_text(encoding="utf-8")
    script = _bundle(files)
    with contextlib.suppress(OSError):  # without a cache it is bundled anew each time
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=kept.parent, delete=False, encoding="utf-8") as file:
            file.write(script)
        Path(file.name).replace(kept)
    return script


def _bundle(files: dict[str, str]) -> str:
    npm = shutil.which("npm")
    if npm is None:
        raise UsageError(f"the page is bundled with npm, which is not installed. Install {NEEDED}.")
    with tempfile.TemporaryDirectory(prefix="autograder-live-") as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        sys.stderr.write("Fetching TensorFlow.js with npm (once) ...\n")
        # No package's own script runs on this machine.
        _run([npm, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"], folder)
        _run([npm, "exec", "--offline", "--", "esbuild", *_ESBUILD], folder)
        return Path(folder, "out.js").read_text(encoding="utf-8")


_ESBUILD = [
    "page.js", "--bundle", "--minify", "--format=iife", "--platform=browser", "--target=es2020", "--charset=utf8",
    "--legal-comments=eof", "--log-level=error", "--outfile=out.js",
]  # fmt: skip


def _run(command: list[str], folder: str) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=NPM_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise UsageError(f"npm took more than {NPM_SECONDS // 60} minutes. Is its registry reachable?") from None
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip() and "npm warn" not in line.lower()]
        said = " ".join(lines)[:300] or f"exit status {done.returncode}"
        raise UsageError(
            f"npm could not fetch and bundle the page's script: {said} Needed: {NEEDED}, and its registry."
        )


def _cache() -> Path:
    """Where programs of this user keep what they can make again."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "keras-autograder"
