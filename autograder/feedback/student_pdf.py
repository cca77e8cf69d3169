"""A student's page as PDF, printed by a Chromium that opens the rendered page only. Trusted side."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from autograder.errors import AutograderError, UsageError
from autograder.records import Assignment, Execution, Grade
from autograder.wording import listed, one_line

__all__ = ["find_browser", "prepare"]

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 90
# The page's policy allows no script and no address; a browser that asks for one all the same finds none.
_OPTIONS = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


def find_browser() -> str | None:
    """The path of a browser that can print; None where there is none."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


def prepare() -> Callable[[Assignment, Grade, Execution, str], bytes]:
    """What makes the form of one student, from the page.

    Raises:
        UsageError: There is no browser.
    """
    browser = find_browser()
    if browser is None:
        raise UsageError(f"pdf needs a browser to print with: none of {listed(_BROWSERS)} is there. Install one.")
    return lambda assignment, grade, execution, page: _printed(browser, page)


def _printed(browser: str, page: str) -> bytes:
    # As root Chromium starts only without a sandbox of its own; it opens nothing but our page, in which nothing runs.
    options = [*_OPTIONS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True) as folder:
        source, target = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(page, encoding="utf-8", errors="replace")
        places = [f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}", source.as_uri()]
        command, null, pipe = [browser, *options, *places], subprocess.DEVNULL, subprocess.PIPE
        with subprocess.Popen(command, stdin=null, stdout=null, stderr=pipe, start_new_session=True) as process:
            try:
                _, said = process.communicate(timeout=_SECONDS)
            except BaseException as error:  # also Ctrl-C, which does not reach a session of its own
                os.killpg(process.pid, signal.SIGKILL)
                if isinstance(error, subprocess.TimeoutExpired):
                    raise AutograderError(f"{browser} printed no page: it was not done after {_SECONDS} s") from None
                raise
        if process.returncode == 0 and target.exists():
            return target.read_bytes()
        last = one_line(said.decode("utf-8", "replace").rstrip().rpartition("\n")[2]) or "without a word"
        raise AutograderError(f"{browser} printed no page: exit status {process.returncode}, {last}")
