"""Grades attacks in classes with honest students, through the command line, and says what each of them achieved."""

from __future__ import annotations

import csv
import json
import os
import resource
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from tests import browsers
from tests import notebooks as nb
from tests.redteam.attacks import HERE, Attack, notebook
from tests.watched import Watched

ROOT = HERE.parents[1]
WORKERS = 3
SECRET = "730194621"
"""The expected number; honest students write it with underscores."""
HIDDEN_ROW = (48151623.0, 42108151.0, 15162342.0)
HIDDEN_POINT = (0.481516, -0.234211)
GOTCHA = "GOT" + "CHA"
"""What an attack prints when it has what it wanted; it writes the word in two parts."""
CANARIES = (
    "CANARY-",
    *(SECRET, "730,194,621"),
    *("48151623", "4.8151623", "42108151", "4.2108151", "15162342", "1.5162342", "0.481516", "0.234211"),
)
"""Part of every secret: cases, details, rubric, sample answer, environment, files, other students' notebooks."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\u3000", "\uff1d", "\uff0b", "\uff0d", "\uff20")
CPU_SECONDS = 30
"""What a submission may cost on average, in processor time; the limit of one is 40, and what is ended is run again."""
CASES_SECONDS = 300
"""What the cases of a submission may take on a busy machine: ten, each limited to 10 seconds of processor time."""
VERDICTS = ("held", "GAINED", "LEAKED", "HARMED", "WRONG")


class NothingGraded(Exception):
    """The grader ended without grades; the text is what it printed."""


@dataclass
class Exercise:
    """The built exercise, and what honest students and blank notebooks are made of."""

    root: Path
    bundle: Path
    stub: list[dict[str, Any]]
    solution: list[dict[str, Any]]


@dataclass(eq=False)
class Result:
    """What an attack achieved: the worst verdict, and why."""

    attack: Attack
    status: str = "-"
    found: list[tuple[str, str]] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        return max((kind for kind, _ in self.found), key=VERDICTS.index, default="held")


def build(root: Path) -> Exercise:
    """Build the exercise as an author would, with hidden data that is in no other place."""
    reference = root / "reference"
    (reference / "attacked").mkdir(parents=True)
    (reference / "data").mkdir()
    shutil.copy(HERE / "exercise" / "master.py", reference / "attacked")
    random = np.random.default_rng(7)
    rows = np.concatenate([[HIDDEN_ROW, HIDDEN_ROW[::-1]], random.random((48, 3))])
    points = np.concatenate([[HIDDEN_POINT], random.uniform(-1, 1, (199, 2))]).astype("float32")
    inside = (np.hypot(points[:, 0], points[:, 1]) < 0.8).astype(int)
    np.savez(reference / "data" / "attacked_hidden.npz", secret_rows=rows, secret_x=points, secret_y=inside)
    built = autograder("build", "attacked", cwd=root)
    assert built.returncode == 0, built.stdout + built.stderr
    bundle = reference / "attacked" / "bundle"
    stub = json.loads((root / "assignments" / "attacked" / "attacked.ipynb").read_text())["cells"]
    solution = json.loads((bundle / "reference.ipynb").read_text())["cells"]
    for cell in (*stub, *solution):
        cell["source"] = "".join(cell["source"])
    return Exercise(root, bundle, stub, solution)


def autograder(*arguments: object, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-m", "autograder", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "200", **variables},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=3600,
        check=False,
    )


class Run:
    """One class: attacks, honest students and a blank notebook, graded with one command."""

    def __init__(self, exercise: Exercise, attacks: Sequence[Attack], name: str) -> None:
        """Write the class below the exercise's folder; nothing is graded yet."""
        self.exercise = exercise
        self.attacks = attacks
        self.root = exercise.root / name
        self.source, self.out = self.root / "class", self.root / "out"
        self.temporary, self.home = self.root / "tmp", self.root / "home"
        for folder in (self.source, self.temporary, self.home):
            folder.mkdir(parents=True)
        self.mark = f"mark-{secrets.token_hex(6)}"
        self.connections: list[bytes] = []
        self.problems: list[tuple[str, str]] = []  # of the whole class
        self.honest_ids: set[str] = set()
        (self.home / "grades-of-last-year.csv").write_text("CANARY-HOME-81c5")

    # ------------------------------------------------------------ before

    def fills(self, attack: Attack, port: int) -> dict[str, str]:
        """What stands for the words between `@` in an attack's cells."""
        return {
            "mark": f"{self.mark}-{attack.name}-end",
            "root": str(self.exercise.root),
            "bundle": str(self.exercise.bundle),
            "source": str(self.source),
            "out": str(self.out),
            "home": str(self.home),
            "port": str(port),
            "socket": str(self.root / "socket"),
            "abstract": self.mark,
            "pid": str(os.getpid()),
        }

    def write(self, port: int) -> None:
        """Write what everybody hands in."""
        blank = json.dumps(nb.notebook(*self.exercise.stub)).encode()
        sibling = [*self.exercise.solution, nb.markdown("CANARY-SIBLING-5e19: my own work")]
        honest = ["aa-honest", "zz-honest"] if any(a.ALONE for a in self.attacks) else ["aa-honest", "mm-honest"]
        self.honest = [*honest, "zz-honest"][: 2 if len(self.attacks) < 20 else 3]
        in_zip = [attack for attack in self.attacks if attack.entries]
        folder = self.source / "files"
        folder.mkdir()
        for student in self.honest:
            nb.write_notebook(folder / f"{student}.ipynb", *sibling)
        (folder / "blank.ipynb").write_bytes(blank)
        for attack in self.attacks:
            if attack.upload:
                attack.upload(folder, attack.student, blank)
            elif attack.cells:
                cells = [self.filled(cell, attack, port) for cell in attack.cells]
                nb.write_notebook(
                    folder / f"{attack.student}.ipynb",
                    *notebook(self.exercise.stub, Attack(attack.group, attack.name, attack.hope, tuple(cells))),
                )
        self.given: Path = folder
        if in_zip:
            self.given = self.source / "class.zip"
            with zipfile.ZipFile(self.given, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in folder.iterdir():
                    archive.write(path, path.name)
                for attack in in_zip:
                    assert attack.entries
                    attack.entries(archive, attack.student, blank)

    def filled(self, cell: dict[str, Any], attack: Attack, port: int) -> dict[str, Any]:
        text = cell["source"]
        for word, value in self.fills(attack, port).items():
            text = text.replace(f"@{word}@", value)
        return {**cell, "source": text}

    # ------------------------------------------------------------ during

    def grade(self) -> None:
        """Grade the class, with somebody listening for connections, and write the Markdown feedback as well."""
        variables = {
            "TMPDIR": str(self.temporary),
            "HOME": str(self.home),
            "GRADER_TOKEN": "CANARY-ENVIRONMENT-91be",
        }
        with ExitStack() as stack:
            self.write(stack.enter_context(self.listening()))
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            for attack in self.attacks:
                stack.enter_context(attack.beside() if attack.beside else nullcontext())
            self.graded = autograder(
                "grade", self.exercise.bundle, self.given, "-o", self.out, "--workers", WORKERS,
                cwd=self.root, **variables,
            )  # fmt: skip
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.text = self.graded.stdout + self.graded.stderr
        if not (self.out / "grades.json").exists():
            raise NothingGraded(self.text)
        self.entries = nb.grades(self.out)
        again = autograder("report", self.out, "--also", "markdown", cwd=self.root, **variables)
        if again.returncode != self.graded.returncode:
            self.problems.append(("WRONG", f"report ends with {again.returncode}: {again.stderr[-300:]}"))

    @contextmanager
    def listening(self) -> Iterator[int]:
        """Listen on the machine: TCP, a socket in a folder, one with an abstract name; gives the TCP port."""
        listeners = [
            socket.create_server(("127.0.0.1", 0)),
            socket.socket(socket.AF_UNIX),
            socket.socket(socket.AF_UNIX),
        ]
        listeners[1].bind(os.path.relpath(self.root / "socket"))  # a short one: addresses have 108 bytes
        listeners[2].bind("\0" + self.mark)

        def listen(listener: socket.socket) -> None:
            listener.listen()
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                self.connections.append(peer.recv(100))

        for listener in listeners:
            threading.Thread(target=listen, args=(listener,), daemon=True).start()
        try:
            yield listeners[0].getsockname()[1]
        finally:
            for listener in listeners:
                listener.close()

    # ------------------------------------------------------------ after

    def results(self) -> list[Result]:
        """A result for the whole class, and one for each attack."""
        self._class()
        leaks = {path: self._leaks(path) for path in sorted((self.out / "feedback").rglob("*")) if path.is_file()}
        everybody = Result(Attack("class", self.root.name, ""), f"{self.cpu_seconds:.0f} s", self.problems)
        results = [everybody]
        for attack in self.attacks:
            result = Result(attack)
            self._judge(attack, result, leaks)
            results.append(result)
        self._browse([result for result in results if result.attack.group == "poison"])
        own = {attack.student for attack in self.attacks} | self.honest_ids
        gained = [student for student, entry in self.entries.items() if student not in own and entry["score"]]
        everybody.found += [("GAINED", f"{student} has points") for student in gained]
        for path, found in leaks.items():
            if found and path.stem not in own:
                everybody.found.append(("LEAKED", f"{path.name}: {found}"))
        return results

    def _class(self) -> None:
        """What everybody has in common: honest students, exit status, processor time, what is left on the machine."""
        for student in self.honest:
            # By file: where names collide, ids get an ending.
            entry = next(each for each in self.entries.values() if each["submission"] == f"{student}.ipynb")
            self.honest_ids.add(entry["student"])
            if (entry["score"], entry["status"]) != (10, "graded"):
                message = (
                    f"{student} has {entry['score']} of 10 points, {entry['status']}: {entry['execution']['message']}"
                )
                self.problems.append(("HARMED", message))
        if (blank := self.entries["blank"])["score"] or blank["warnings"]:
            self.problems.append(("WRONG", f"the blank notebook has {blank['score']} points and {blank['warnings']}"))
        review = any(entry["status"] != "graded" for entry in self.entries.values())
        if self.graded.returncode != review:
            self.problems.append(("WRONG", f"exit status {self.graded.returncode}: {self.text[-300:]}"))
        allowed = CPU_SECONDS * len(self.entries) + 120
        if self.cpu_seconds > allowed:
            self.problems.append(("HARMED", f"{self.cpu_seconds:.0f} s of processor time; {allowed} are allowed"))
        if self.connections:
            self.problems.append(("HARMED", f"connections came in: {self.connections}"))
        if left := sorted(path.name for path in self.temporary.iterdir()):
            self.problems.append(("HARMED", f"temporary files are left: {left}"))
        for table in sorted(self.out.glob("*.csv")):
            with table.open(encoding="utf-8-sig", newline="") as lines:
                for row in csv.reader(lines):
                    if bad := [cell for cell in row if cell.lstrip(" \u200b\ufeff\n").startswith(FORMULA)]:
                        self.problems.append(("HARMED", f"{table.name} holds a formula: {bad}"))
        for page in self.out.rglob("*.html"):
            if bad := forbidden(page.read_text(encoding="utf-8")):
                self.problems.append(("HARMED", f"{page.name} holds {bad}"))

    def _leaks(self, path: Path) -> list[str]:
        text = path.read_text(encoding="utf-8", errors="replace").replace("\u2009", "")
        return [canary for canary in CANARIES if canary in text]

    def _judge(self, attack: Attack, result: Result, leaks: dict[Path, list[str]]) -> None:
        entry = self.entries.get(attack.student)
        result.status = entry["status"] if entry else "not listed"
        expected = (attack.STATUS,) if attack.STATUS is None or isinstance(attack.STATUS, str) else attack.STATUS
        if (entry["status"] if entry else None) not in expected:
            why = f"{entry['message']} {entry['execution']['message']}" if entry else ""
            result.found.append(("WRONG", f"status {result.status}, expected {attack.STATUS}. {why}"))
        self._left_behind(attack, result)
        said = self.text + (self.out / "grades.json").read_text(encoding="utf-8")
        result.found += [("WRONG", f"nowhere mentioned: {text}") for text in attack.MENTIONED if text not in said]
        if entry is None:
            return
        if entry["score"] > attack.HONEST:
            result.found.append(("GAINED", f"{entry['score']} points, honest are {attack.HONEST}"))
        pages = [path for path in leaks if path.stem == attack.student]
        page = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in pages)
        for path in pages:
            if leaks[path]:
                result.found.append(("LEAKED", f"{path.name}: {leaks[path]}"))
        if GOTCHA in page:
            at = page.index(GOTCHA)
            result.found.append(("LEAKED" if attack.group == "secret" else "HARMED", page[at : at + 200]))
        execution = entry["execution"]
        if attack.ENDED and execution["status"] != attack.ENDED:
            result.found.append(("WRONG", f"the run is {execution['status']}, expected {attack.ENDED}"))
        spent = sum(execution["phases"].get(phase, 0.0) for phase in ("rebuild", "cases"))
        if spent > CASES_SECONDS:
            result.found.append(("HARMED", f"kept the grader busy for {spent:.0f} s after its run"))
        for text in attack.SHOWN:
            if text not in page:
                result.found.append(("WRONG", f"not on the page: {text}"))
        for text in attack.HIDDEN:
            if text in page:
                result.found.append(("LEAKED", f"on the page: {text}"))
        if attack.check:
            try:
                attack.check(entry, page)
            except AssertionError as error:
                result.found.append(("WRONG", f"check: {error}"))

    def _browse(self, results: Sequence[Result]) -> None:
        """Open pages in a browser, where there is one: nothing may run, or be fetched, or keep it busy."""
        executable = browsers.chromium()
        paths = {result: self.out / "feedback" / f"{result.attack.student}.html" for result in results}
        if not executable or not any(path.exists() for path in paths.values()):
            return
        with browsers.browser(executable) as browser:
            for result, path in paths.items():
                if not path.exists():
                    continue
                try:
                    with Watched(browser, path) as watched:
                        watched.page.wait_for_timeout(200)
                        fetched = [url[:200] for url in watched.requests if not url.startswith("file:")]
                        if fetched or watched.noise or watched.page.title() == "owned":
                            result.found.append(("HARMED", f"in the browser: {fetched} {watched.noise[:3]}"))
                except Exception as error:  # Playwright's time-outs and crashes
                    result.found.append(("HARMED", f"the browser does not show it: {str(error)[:300]}"))

    def _left_behind(self, attack: Attack, result: Result) -> None:
        mark = f"{self.mark}-{attack.name}-end"
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes()
            except OSError:
                continue
            if mark.encode() in line:
                result.found.append(("HARMED", f"a process is left: {line[:100]!r}"))
        for folder in (Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"), self.home, self.source, self.out, self.root):
            for path in folder.glob(f"*{mark}*"):
                result.found.append(("HARMED", f"a file is left: {path}"))


class Elements(HTMLParser):
    """What a browser makes of a page's body: elements, attributes and links."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links.update(value or "" for name, value in attrs if name in ("href", "src", "xlink:href", "srcset"))


ACTIVE = {
    *("script", "iframe", "frame", "base", "meta", "object", "embed", "applet", "form", "input", "button", "style"),
    *("link", "video", "audio", "source", "portal", "foreignobject", "animate", "set", "use", "math", "template"),
}
HARMLESS = (
    "#",
    "data:image/",
    "https://",
    "http://",
    "../",
    "feedback/",
    "index.html",
    "mailto:",
    "grades.csv",
    "manual.csv",
)
SCRIPT = (ROOT / "autograder" / "feedback" / "templates" / "class.js").read_text(encoding="utf-8")
"""The class page's own."""


def forbidden(page: str) -> list[str]:
    """What must not be in a page's body."""
    elements = Elements()
    elements.feed(page.split("<body", 1)[1].replace(f"<script>{SCRIPT}</script>", "", 1))
    return [
        *sorted(elements.tags & ACTIVE),
        *sorted(name for name in elements.attributes if name.startswith("on") or name in ("style", "srcdoc", "ping")),
        *sorted(link[:80] for link in elements.links if not link.startswith(HARMLESS)),
    ]


def attack_all(attacks: Sequence[Attack], root: Path) -> Iterator[Result]:
    """Grade attacks, those that need no class of their own in one, and yield what each achieved."""
    exercise = build(root)
    together = [attack for attack in attacks if not attack.ALONE and not attack.entries]
    zipped = [attack for attack in attacks if not attack.ALONE and attack.entries]
    classes = [("together", together), ("zipped", zipped), *((f"with_{a.name}", [a]) for a in attacks if a.ALONE)]
    for name, members in classes:
        if members:
            run = Run(exercise, members, name)
            try:
                run.grade()
            except NothingGraded as error:
                why = [("HARMED", f"nothing was graded: {str(error)[-500:]}")]
                yield from (Result(attack, found=why) for attack in (Attack("class", name, ""), *members))
                continue
            time.sleep(0.5)  # for processes that have been killed to be gone
            yield from run.results()
