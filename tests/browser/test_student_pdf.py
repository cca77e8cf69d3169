"""A student's page as PDF: printed without the network, and without a trace of its own."""

from __future__ import annotations

import http.server
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from autograder.feedback import student_page, student_pdf
from autograder.records import Assignment, Execution, Grade
from tests import browsers


@pytest.fixture(autouse=True)
def chromium() -> None:
    if browsers.chromium() is None:
        pytest.skip("no Chromium on this machine (chromium, chromium-browser or google-chrome on the PATH)")


def test_a_page_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assignment, grade = Assignment("a", "An exercise", ()), Grade("ada", "a.ipynb", "sha256:1", "graded", 2, 4)
    page = student_page.render(assignment, grade, Execution("completed"))
    pdf = student_pdf.prepare()(assignment, grade, Execution("completed"), page)
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    assert b"An exercise" in pdf, "its title"
    assert list(tmp_path.iterdir()) == []


def test_what_a_page_asks_for_is_not_fetched() -> None:
    asked: list[str] = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)

        def log_message(self, *args: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source = f"http://127.0.0.1:{server.server_port}/x.png"
        grade = Grade("ada", "a.ipynb", "sha256:1", "graded", 2, 4)
        made = student_pdf.prepare()(Assignment("a", "A", ()), grade, Execution("completed"), f'<img src="{source}">')
        server.shutdown()
    assert made.startswith(b"%PDF-")
    assert asked == []
