"""The review page in a real browser: keys alone, two windows at once, and a server that is killed between presses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.progress import Progress

from autograder.grading.results.output_folder import OutputFolder
from autograder.grading.results.staged_report import locked
from autograder.publishing import publish
from tests.reviewed import ANSWERS, PIXEL, edit, graded, table, write_class

pytestmark = pytest.mark.browser


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return write_class(tmp_path / "out")


@contextmanager
def served(out: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of a folder, as a process of its own, and the address that it prints."""
    command = [sys.executable, "-m", "autograder", "review", str(out)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server, server.stdout.readline().split()[1]
    finally:
        server.kill()
        server.wait(30)
        server.stdout.close()


class Window:
    """A window of the browser, and what it must not say."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.noise: list[str] = []
        self.page = browser.new_page(**options)
        self.page.on("console", lambda message: self.noise.append(message.text))
        self.page.on("pageerror", lambda error: self.noise.append(str(error)))
        self.page.goto(address)

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def reads(self) -> None:
        """A refusal; until then, keys do nothing."""
        self.page.wait_for_timeout(1_000)

    def shows(self, selector: str) -> bool:
        """Whether an element is wholly on the screen."""
        self.page.wait_for_timeout(100)
        found = self.page.locator(selector).first.bounding_box()
        size = self.page.viewport_size
        return found["y"] >= 0 and found["y"] + found["height"] <= size["height"] + 1

    @property
    def focus(self) -> str:
        """The text of what has the focus."""
        return str(self.page.evaluate("document.activeElement.innerText")).split("\n")[0].strip()

    def open(self, text: str) -> None:
        """The answer with a text, from the list of the question's answers."""
        self.page.get_by_role("link", name=text).first.click()
        self.sees("form")

    def sees(self, selector: str) -> None:
        self.page.wait_for_selector(selector)
        self.page.wait_for_load_state()  # the script is there only then


def points(out: Path) -> dict[str, str]:
    return {student: row["points"] for (student, part), row in table(out).items() if part == "why"}


def test_a_class_is_graded_with_keys_alone(browser: Any, out: Path) -> None:
    with served(out) as (server, address):
        window = Window(browser, address)
        window.keys("Enter")
        window.sees("text=Accept the grade as it is")
        assert window.page.locator(f"img[src='data:image/png;base64,{PIXEL}']").count() == 1
        window.keys("a", "Enter")  # the second is for the page that comes after the first
        window.sees("text=The proposed 1.5")
        window.keys("a", "Enter")
        window.sees("text=Equal answers of 2 students")
        window.keys("1", "2")
        window.sees("[data-key='2'][aria-pressed=true]")
        window.keys("c")
        window.page.keyboard.type("Well seen.")
        window.keys("Control+Enter")
        window.sees("button[value='Well seen.']")
        window.keys("Enter")
        for _ in range(3):
            window.sees("text=To decide")
            window.keys("Shift+Digit1", "0", "Enter")
        window.sees("text=All is decided.")
        assert window.noise == []
        assert {row["comment"] for (_, part), row in table(out).items() if part == "why"} == {"", "Well seen."}
        assert points(out) == {
            student: {"adalovelace": "1.5", "bobross": "1.5", "eveblank": ""}.get(student, "0") for student in ANSWERS
        }
        window.page.close()
        server.send_signal(2)
        assert server.stdout is not None and "0 decisions left." in server.stdout.read()
        assert server.wait(30) == 0


def test_two_windows_and_a_kill_lose_nothing(browser: Any, out: Path) -> None:
    with served(out) as (server, address):
        first, second = (Window(browser, f"{address}3/") for _ in range(2))
        first.open("No idea.")
        second.open("No idea.")
        first.keys("1")
        first.sees("[data-key='1'][aria-pressed=true]")
        second.keys("c")
        second.page.keyboard.type("From the second.")
        second.keys("Escape", "0")
        second.sees("text=It was decided or changed elsewhere meanwhile.")
        assert second.page.locator("textarea").input_value() == "From the second."
        second.reads()
        assert second.page.locator("[data-key='1'][aria-pressed=true]").count() == 1
        edit(out, "deedee", "why", points="0.5", comment="In a spreadsheet.")
        second.keys("2")  # now it has seen what there is
        second.sees("[data-key='2'][aria-pressed=true]")
        assert (points(out)["cydcharisse"], points(out)["deedee"]) == ("1.5", "0.5")

        first.page.goto(f"{address}3/")
        first.open("Because of the filters.")
        first.keys("c")
        first.page.keyboard.type("Typed before the end.")
        first.keys("Escape")
        server.kill()
        server.wait(30)
        before = (out / "manual.csv").read_bytes()
        first.keys("m")
        first.sees("text=Not saved: nothing answers.")
        assert first.page.locator("textarea").input_value() == "Typed before the end.", "what was typed stays"
        assert (out / "manual.csv").read_bytes() == before
    with served(out) as (_, address):
        third = Window(browser, f"{address}3/")
        third.open("No idea.")
        assert third.page.locator("[aria-pressed=true]").count() == 2
        third.page.goto(f"{address}3/")
        third.open("Because of the filters.")
        third.keys("m")
        third.sees("text=Decided")
    assert points(out) == {**dict.fromkeys(ANSWERS, ""), "cydcharisse": "1.5", "deedee": "0.5", "fayreview": "2"}
    assert table(out)["deedee", "why"]["comment"] == "In a spreadsheet."
    assert not first.page.is_closed()


def test_what_a_killed_server_had_shown_as_saved_is_in_the_file(browser: Any, out: Path) -> None:
    students = {"cydcharisse": "No idea.", "deedee": "HYPERLINK"}
    for given in (1, 2):
        with served(out) as (server, address):
            windows = [Window(browser, f"{address}3/") for _ in students]
            for window, text in zip(windows, students.values(), strict=True):
                window.open(text)
                window.page.fill("[name=points]", f"{given}")
                window.keys("Enter")
                window.sees(f".points :text('{given} / 2')")
            for window in windows:  # the answer to this press may come, or not
                window.page.fill("[name=points]", f"{given - 0.5}")
                window.keys("Enter")
            server.kill()
            server.wait(30)
            assert len(table(out)) == 9, "the file is whole"
            assert all(points(out)[student] in (f"{given}", f"{given - 0.5}") for student in students)
            for window in windows:
                window.page.close()


def answer_of(out: Path, student: str, answer: str) -> None:
    """Have a student hand in another answer."""
    with OutputFolder.reopen(out) as folder:
        grade, run = graded(student)
        *cells, last = run.cells
        questions = (grade.questions[0], replace(grade.questions[1], answer=answer))
        folder.add(replace(grade, questions=questions), replace(run, cells=(*cells, replace(last, source=answer))))
        publish(folder, {}, Progress(disable=True))


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_a_refusal_is_seen_at_the_pace_of_keys(browser: Any, out: Path, width: int) -> None:
    answer_of(out, "cydcharisse", "No idea.\n\n" + "And so on.\n\n" * 200)
    for student in ANSWERS:
        edit(out, student, "why", comment=f"{student}: say which differences you would bet on. " * 4)
    with served(out) as (_, address):
        first, second = (
            Window(browser, f"{address}3/", viewport={"width": width, "height": 900}, reduced_motion="reduce")
            for _ in range(2)
        )
        first.open("No idea.")
        second.open("No idea.")
        if width == 1440:
            assert first.shows("button[value=next]") and first.shows("button[value=save].press"), "without scrolling"
        first.keys("1")
        first.sees("[data-key='1'][aria-pressed=true]")
        here = second.page.url
        second.keys("0", "Enter")
        second.sees("text=It was decided or changed elsewhere meanwhile.")
        second.keys("Enter", "x")
        assert second.page.url == here and second.shows(".foot [role=alert]:not([hidden])")
        second.reads()
        assert second.page.url == here and points(out)["cydcharisse"] == "1"
        (out / ".~lock.manual.csv#").touch()
        second.keys("m", "Enter")
        second.sees(".foot :text('is open in LibreOffice')")
        second.reads()
        assert second.page.url == here and second.shows(".foot [role=alert]:not([hidden])")
        second.page.fill("[name=points]", "7")
        second.keys("Enter")
        second.sees("text=Points must be a number from 0 to 2 (got 7).")
        second.reads()
        assert second.shows(".foot [role=alert]:not([hidden])")
        assert second.page.locator("[name=points]").input_value() == "7"
        assert second.page.evaluate("dispatchEvent(new Event('beforeunload', {cancelable: true}))") is False
        for page in (address, f"{address}3/", here):
            first.page.goto(page)
            first.sees("text=Nothing can be saved:")
        assert points(out)["cydcharisse"] == "1"


def test_what_is_typed_in_another_form_stays(browser: Any, out: Path) -> None:
    edit(out, "bobross", "why", points="0.5")
    with served(out) as (_, address):
        window = Window(browser, f"{address}3/")
        asked: list[str] = []
        window.page.on("dialog", lambda dialog: [asked.append(dialog.message), dialog.dismiss()])
        window.open("seven")
        one, two = (window.page.locator("form").nth(number) for number in (0, 1))
        two.locator("textarea").fill("Typed in the other.")
        one.locator("[name=points]").fill("1.5")
        one.get_by_role("button", name="Save s").click()
        window.sees(".points :text('1.5 / 2')")
        assert two.locator("textarea").input_value() == "Typed in the other."
        one.get_by_role("button", name="Full marks").click()
        window.sees(".points :text('2 / 2')")
        here = window.page.url
        window.keys("Enter")
        window.page.wait_for_timeout(300)
        assert (window.page.url, len(asked)) == (here, 1), asked
        two.locator("[name=points]").fill("many")
        two.get_by_role("button", name="Save").last.click()
        window.sees("text=Points must be a number")
        refused = window.page.locator("form:has(.foot [role=alert]:not([hidden]))")
        assert refused.locator("textarea").input_value() == "Typed in the other."
        assert refused.locator("[name=points]").input_value() == "many"
        refused.locator("[name=points]").fill("2")
        refused.get_by_role("button", name="Save").last.click()
        window.sees("text=Equal answers of 2 students")
        window.page.wait_for_selector("form .foot [role=alert]:not([hidden])", state="detached")
        comments = {row["student"]: row["comment"] for (_, part), row in table(out).items() if part == "why"}
        assert "Typed in the other." in (comments["bobross"], comments["adalovelace"])
        assert points(out)["bobross"] == points(out)["adalovelace"] == "2"


def test_the_focus_stays_and_the_points_are_said(browser: Any, out: Path) -> None:
    edit(out, "cydcharisse", "why", comment="Good")
    with served(out) as (_, address):
        window = Window(browser, f"{address}3/")
        answers = [False, True]
        window.page.on("dialog", lambda dialog: dialog.accept() if answers.pop(0) else dialog.dismiss())
        window.open("No idea.")
        window.page.get_by_role("button", name="Full marks").click()
        window.sees("#said:text('2 / 2')")
        assert window.focus.startswith("Full marks")
        window.keys("Shift+X")
        assert len(answers) == 2
        window.keys("x")
        assert (answers, points(out)["cydcharisse"]) == ([True], "2"), "it asked"
        window.keys("c")
        window.page.keyboard.type("!")
        window.keys("Control+Enter")
        window.sees("button[value='Good!']")
        assert window.focus.startswith("Save"), "and keys are for the page again"
        window.keys("q")
        assert window.page.get_by_text("Say why it is so.").is_visible()
        window.keys("x")
        window.sees("#said:text('– / 2')")
        assert points(out)["cydcharisse"] == ""
        here = window.page.url
        window.keys("Enter")
        window.page.wait_for_url(lambda url: url != here)
        window.sees(f"#said:text('{window.page.locator('h1').inner_text()}')")
        assert window.page.evaluate("document.activeElement.id") == "content"
        window.page.goto(f"{address}3/")
        window.open("Because of the filters.")
        lock = locked(out)
        window.keys("1")
        window.sees("form.htmx-request")
        window.page.locator("textarea").fill("Typed meanwhile.")
        os.close(lock)
        window.sees("[data-key='1'][aria-pressed=true]")
        assert window.page.locator("textarea").input_value() == "Typed meanwhile."
        assert window.noise == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_for_everybody_and_fit_a_phone(browser: Any, out: Path, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    with served(out) as (_, address):
        for width in (390, 1440):
            window = Window(browser, address, color_scheme=scheme, viewport={"width": width, "height": 900})
            links = {link.get_attribute("href") for link in window.page.locator("main a").all()}
            pages = [address, f"{address}3/", *(re.sub(r"(https?://[^/]+).*", r"\1", address) + link for link in links)]
            for page in pages:
                window.page.goto(page)
                found = axe.Axe().run(window.page).response["violations"]
                serious = [each["id"] for each in found if each["impact"] in ("serious", "critical")]
                assert (page, serious) == (page, [])
                assert window.page.evaluate("document.documentElement.scrollWidth") == width
            assert window.noise == []
            window.page.close()
