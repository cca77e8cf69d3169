"""The documentation builds without a warning, and neither building nor reading it needs the network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# No request leaves the process, whatever a plugin may want to fetch.
OFFLINE = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "NO_MKDOCS_2_WARNING": "1"}


def test_the_site(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    environment = {**os.environ, **OFFLINE}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    pages = sorted(tmp_path.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(r"<(?:script|img|iframe)\b[^>]*\bsrc=\"?([^\s\">]+)", text)
        fetched += re.findall(r"<link\b[^>]*rel=\"?(?:stylesheet|pre|icon)[^>]*href=\"?([^\s\">]+)", text)
        assert fetched
        assert [address for address in fetched if address.startswith(("http", "//"))] == [], page.name
    commands = (tmp_path / "commands" / "index.html").read_text(encoding="utf-8")
    for option in ("--roster", "--seeds", "--export"):
        assert option in commands
