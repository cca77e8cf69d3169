"""All attacks in one class, with an honest sibling: none scores more than the blank stub, nobody is harmed."""

from __future__ import annotations

import json
import os
import socket
import threading
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import psutil
import pytest

from tests import notebooks as nb
from tests.redteam.attacks import ATTACKS

DAEMON_MARK = "daemon-mark-5dc1"
ENVIRONMENT_CANARY = "ENVIRONMENT-CANARY-91be"


@dataclass
class Aftermath:
    out: Path
    status: int
    marker: Path
    source: Path
    connections: list[bytes] = field(default_factory=list)

    def page(self, student: str) -> str:
        return (self.out / "feedback" / f"{student}.html").read_text()


@pytest.fixture(scope="session")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    root = tmp_path_factory.mktemp("attacked")
    bundle = nb.small_bundle(root / "reference" / "small" / "bundle")
    source, out, marker = root / "class", root / "out", root / "marker"
    result = Aftermath(out, -1, marker, source)
    listeners = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)]
    abstract = f"attack-{os.getpid()}"
    listeners[1].bind(str(root / "socket"))
    listeners[2].bind("\0" + abstract)

    def listen(listener: socket.socket) -> None:
        listener.listen()
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            result.connections.append(peer.recv(100))

    for listener in listeners:
        threading.Thread(target=listen, args=(listener,), daemon=True).start()
    fills = {
        "{port}": str(listeners[0].getsockname()[1]),
        "{unix_socket}": str(root / "socket"),
        "{abstract_socket}": abstract,
        "{marker}": str(marker),
        "{reference}": str(root / "reference"),
        "{bundle}": str(bundle),
        "{source}": str(source),
        "{out}": str(out),
        "{daemon_mark}": DAEMON_MARK,
        "{pids}": str(os.getpid()),
    }
    for name, cells in ATTACKS.items():
        filled = []
        for cell in cells:
            text = cell["source"]
            for placeholder, value in fills.items():
                text = text.replace(placeholder, value)
            filled.append({**cell, "source": text})
        nb.write_notebook(source / f"{name}.ipynb", *filled)
    nb.write_notebook(source / "blank.ipynb", *nb.answers())
    nb.write_notebook(source / "sibling.ipynb", *nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS))
    nb.write_notebook(source / '=HYPERLINK("http:||example.org","x").ipynb', *nb.answers())
    (source / "-2+3+cmd.ipynb").write_text("not JSON")
    run = nb.autograder(
        "grade",
        bundle,
        source,
        "-o",
        out,
        "--workers",
        2,
        env={**os.environ, "GRADER_TOKEN": ENVIRONMENT_CANARY},
    )
    assert (out / "grades.json").exists(), run.stderr + run.stdout
    result.status = run.returncode
    for listener in listeners:
        listener.close()
    return result


def test_the_sibling_is_unharmed(aftermath: Aftermath) -> None:
    entry = nb.grades(aftermath.out)["sibling"]
    assert (entry["score"], entry["possible"], entry["status"]) == (10, 10, "graded")


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_scores_more_than_the_blank_stub(aftermath: Aftermath, attack: str) -> None:
    entries = nb.grades(aftermath.out)
    # `answer = 1` is a number, which is worth the one public point; no attack may earn more.
    honest = 1 if any("answer = " in cell["source"] for cell in ATTACKS[attack]) else entries["blank"]["score"]
    assert entries[attack]["score"] <= honest


def test_every_submission_is_in_the_grades(aftermath: Aftermath) -> None:
    entries = nb.grades(aftermath.out)
    assert set(ATTACKS) | {"blank", "sibling"} <= set(entries)
    assert len(entries) == len(ATTACKS) + 4
    assert aftermath.status == 1, "broken protocols and the non-notebook ask for review"


@pytest.mark.parametrize("attack", ["forged-frames", "garbage-frames", "values-unasked", "one-update-for-all"])
def test_broken_protocol_asks_for_review(aftermath: Aftermath, attack: str) -> None:
    entry = nb.grades(aftermath.out)[attack]
    assert entry["status"] == "needs_review"
    assert entry["execution"]["status"] == "crashed"


def test_nothing_of_the_grader_was_read(aftermath: Aftermath) -> None:
    page = aftermath.page("read-everything")
    for secret in (nb.CANARY, ENVIRONMENT_CANARY, "FOUND", str(nb.SECRET_NUMBER)):
        assert secret not in page


def test_no_page_of_a_student_gives_a_hidden_case_away(aftermath: Aftermath) -> None:
    for page in (aftermath.out / "feedback").glob("*.html"):
        if page.stem != "sibling":  # that one wrote the number into its own notebook
            assert str(nb.SECRET_NUMBER) not in page.read_text()


def test_nothing_was_written(aftermath: Aftermath) -> None:
    assert not aftermath.marker.exists()
    assert not (aftermath.out / "feedback" / "intruder.html").exists()
    assert json.loads((aftermath.source / "sibling.ipynb").read_text())["nbformat"] == 4
    assert "owned" not in (aftermath.out / "grades.json").read_text()
    assert "WROTE /usr" not in aftermath.page("write-output"), "only the sandbox's own /tmp can be written"


def test_no_connection_came_in(aftermath: Aftermath) -> None:
    assert aftermath.connections == []
    assert "CONNECTED" not in aftermath.page("connect")


def test_no_process_was_left_behind(aftermath: Aftermath) -> None:
    assert nb.grades(aftermath.out)["daemon"]["execution"]["status"] == "completed"
    left = [process.info for process in psutil.process_iter(["cmdline"]) if DAEMON_MARK in str(process.info["cmdline"])]
    assert left == []


def test_limits_end_what_does_not_end(aftermath: Aftermath) -> None:
    entries = nb.grades(aftermath.out)
    assert entries["big-allocation"]["execution"]["status"] == "out_of_memory"
    assert entries["print-10-gb"]["execution"]["status"] in ("completed", "timed_out")
    page = aftermath.page("print-10-gb")
    assert len(page) < 30_000_000


def test_calls_that_do_not_return_are_named(aftermath: Aftermath) -> None:
    entries = nb.grades(aftermath.out)
    case = nb.cases_of(entries["hostile-call"])["labels.argmax"]
    assert (case["status"], "ended the process" in case["detail"]) == ("fail", True)
    case = nb.cases_of(entries["slow-call"])["labels.argmax"]
    assert (case["status"], "no answer within" in case["detail"]) == ("fail", True)


def test_a_malformed_answer_fails_its_own_case_only(aftermath: Aftermath) -> None:
    entry = nb.grades(aftermath.out)["malformed-value"]
    case = nb.cases_of(entry)["labels.argmax"]
    assert (entry["status"], case["status"], "cannot be read" in case["detail"]) == ("graded", "fail", True)


def test_names_are_made_safe(aftermath: Aftermath) -> None:
    for student in nb.grades(aftermath.out):
        assert student[0] not in "=+-@\t\r."
        assert (aftermath.out / "feedback" / f"{student}.html").is_file()
    for line in (aftermath.out / "grades.csv").read_text().splitlines():
        for cell in line.strip('"').split('","'):
            assert not cell.startswith(("=", "+", "@", "\t", "-2+3"))


class Elements(HTMLParser):
    """Collects what a browser would see as elements, attributes and links."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links.update(value or "" for name, value in attrs if name in ("href", "src"))


def test_shown_outputs_are_sanitised(aftermath: Aftermath) -> None:
    elements = Elements()
    elements.feed(aftermath.page("script-in-outputs").split("<body", 1)[1])
    assert elements.tags & {"script", "iframe", "base", "meta", "object", "embed", "form", "style", "link"} == set()
    assert [name for name in elements.attributes if name.startswith("on") or name == "style"] == []
    assert [
        link for link in elements.links if not link.startswith(("#", "data:image/", "https://", "../", "mailto:"))
    ] == []
