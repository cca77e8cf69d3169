"""A finished folder is written anew from what it keeps: the same pages, no run, nothing half."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace

import pytest
from rich.console import Console
from rich.progress import Progress
from typer.testing import CliRunner

from autograder.cli import app
from autograder.commands import report
from autograder.errors import AutograderError, UsageError
from autograder.feedback import forms, pages, student_page
from autograder.grading.results import output_folder
from autograder.grading.results.output_folder import OutputFolder
from autograder.publishing import publish
from autograder.records import Assignment, Cell, Execution, Grade, Outcome, Question, QuestionGrade

QUIET = Console(quiet=True)
ASSIGNMENT = Assignment("cnn", "CNN", (Question("why", 2, manual=True, rubric="R"),))
RUN = Execution(
    "timed_out",
    "It took too long.",
    (
        Cell(
            "code", "x = '\ud800'", ("answer:x",), ({"output_type": "stream", "text": "out\x00"},), 1, "Error: no", 2.5
        ),
        Cell("markdown", "Because.", ("answer:why",)),
    ),
    12.3456,
    phases={"start": 0.1},
)


def grade(student):
    why = QuestionGrade("why", 0, 2, (Outcome("why", "manual", 0, 2),), manual=True, answer="Because.")
    return Grade(student, f"{student}.ipynb", "sha256:1", "graded", 0, 2, (why,), 2)


@pytest.fixture
def out(tmp_path):
    with OutputFolder.start(tmp_path / "out", ASSIGNMENT, "sha256:1", {}) as folder:
        for student in ("ada", "bob"):
            folder.add(grade(student), RUN)
        folder.add(Grade("cyd", "", "sha256:", "rejected", 0, 2, message="Nothing."), Execution("refused", "Nothing."))
        publish(folder, {}, Progress(disable=True))
    return tmp_path / "out"


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fill(out, points, comment=""):
    path = out / "manual.csv"
    path.write_text(path.read_text().replace('"ada","why","","2","",""', f'"ada","why","","2","{points}","{comment}"'))


def test_a_report_of_nothing_new_writes_the_same_bytes(out):
    first = report.run(out, also=[], console=QUIET)
    before = tree(out)
    assert report.run(out, also=[], console=QUIET) == first
    assert tree(out) == before
    assert b"It took too long." in before["feedback/ada.html"], "the page says how the run ended"
    assert (first.waiting, first.changed, first.unused) == (2, (), ())


def test_a_run_comes_back_as_it_was(out):
    with OutputFolder.reopen(out) as folder:
        assert (folder.assignment, folder.students) == (ASSIGNMENT, ["ada", "bob", "cyd"])
        ada, _, cyd = folder.entries()
        run = folder.run(ada)
        assert folder.run(cyd) == Execution("refused", "Nothing.")
    assert (run.status, run.message, run.wall_seconds, run.phases) == (
        "timed_out",
        "It took too long.",
        12.3456,
        RUN.phases,
    )
    assert run.cells[0].source == "x = '?'", "half a character is no UTF-8"
    assert (run.cells[0].outputs, run.cells[0].error, run.cells[1]) == (RUN.cells[0].outputs, "Error: no", RUN.cells[1])


def test_the_run_of_an_earlier_submission_is_not_shown_for_one_that_could_not_be_read(out):
    (out / "runs" / "cyd.json.gz").write_bytes((out / "runs" / "ada.json.gz").read_bytes())
    with OutputFolder.reopen(out) as folder:
        *_, cyd = folder.entries()
        assert folder.run(cyd).cells == ()


def test_points_reach_all_files_of_the_folder(out):
    fill(out, "1.5", "Good.")
    assert report.run(out, also=[], console=QUIET).waiting == 1
    (ada, *_) = json.loads((out / "grades.json").read_text())["grades"]
    assert (ada["score"], ada["pending"], ada["questions"][0]["cases"][0]["comment"]) == (1.5, 0, "Good.")
    assert '"ada","ada.ipynb","graded","1.5","2","1.5"' in (out / "grades.csv").read_text()
    assert "Good." in (out / "feedback" / "ada.html").read_text()
    assert "mean" in (out / "index.html").read_text()
    assert not (out / ".partial").exists()


@pytest.mark.parametrize("moves", [0, 1, 3, 4, 5])
def test_a_report_that_dies_is_finished_by_the_next(out, monkeypatch, moves):
    fill(out, "1.5", "Good.")
    real = output_folder.Path.replace
    left = [moves]

    def dying(self, target):
        if target.parent != self.parent:
            if not left[0]:
                raise OSError(28, "No space left on device", str(target))
            left[0] -= 1
        return real(self, target)

    monkeypatch.setattr(output_folder.Path, "replace", dying)
    with pytest.raises(AutograderError, match="cannot be written: No space left"):
        report.run(out, also=[], console=QUIET)
    monkeypatch.undo()
    assert json.loads((out / "grades.json").read_text())["grades"][0]["score"] == 0, "it is the last to change"
    report.run(out, also=[], console=QUIET)
    assert json.loads((out / "grades.json").read_text())["grades"][0]["score"] == 1.5
    assert "Good." in (out / "feedback" / "ada.html").read_text()


def test_a_wrong_table_changes_nothing(out):
    fill(out, "2.5")
    before = tree(out)
    with pytest.raises(UsageError, match="from 0 to 2"):
        report.run(out, also=[], console=QUIET)
    assert tree(out) == before


def test_what_is_made_is_open_to_its_owner_only(out):
    before = os.umask(0)
    try:
        fill(out, "1")
        report.run(out, also=[], console=QUIET)
    finally:
        os.umask(before)
    for path in out.rglob("*"):
        if path.name != "manual.csv":  # written by this test
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_folder_that_cannot_be_written_is_one_line(out, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(output_folder, "locked", refuse)
    with pytest.raises(UsageError, match=r"out cannot be written: Permission denied\. Make it writable, or copy it"):
        OutputFolder.reopen(out)


def test_reading_a_finished_folder_changes_nothing(out):
    before = tree(out)
    with OutputFolder.reopen(out) as folder:
        assert [entry.student for entry in folder.entries()] == ["ada", "bob", "cyd"]
    assert tree(out) == before


def test_a_page_that_cannot_be_made_stops_nobody(out, monkeypatch):
    real = student_page.render

    def render(assignment, given, execution):
        if given.student == "ada" and execution is not None:
            raise RecursionError("too deep")
        return real(assignment, given, execution)

    monkeypatch.setattr(student_page, "render", render)
    fill(out, "1.5", "Good.")
    made = report.run(out, also=[], console=QUIET)
    assert made.unmade == ("ada.html (RecursionError: too deep)",)
    assert made.needs_review and {grade.status for grade in made.grades[:2]} == {"graded"}
    assert "A person will look at this grade" in (out / "feedback" / "ada.html").read_text()
    assert "Your notebook, as it ran" in (out / "feedback" / "bob.html").read_text()
    monkeypatch.undo()
    made = report.run(out, also=[], console=QUIET)
    assert (made.unmade, made.needs_review) == ((), False), "the next report could make it"
    assert "Your notebook, as it ran" in (out / "feedback" / "ada.html").read_text()


def test_only_pages_that_changed_are_made_again(out, monkeypatch):
    real, made = student_page.render, []

    def render(assignment, given, execution):
        made.append(given.student)
        return real(assignment, given, execution)

    def pages_of(make_report):
        made.clear()
        make_report()
        return made

    def again():
        report.run(out, also=[], console=QUIET)

    monkeypatch.setattr(student_page, "render", render)
    assert pages_of(again) == []
    fill(out, "1.5", "Good.")
    assert pages_of(again) == ["ada"]
    (out / "feedback" / "bob.html").write_text("changed by a person")
    (out / "feedback" / "cyd.html").unlink()
    assert pages_of(again) == ["bob", "cyd"]
    monkeypatch.setattr(pages, "rendering_digest", lambda: "of another version")
    assert pages_of(again) == ["ada", "bob", "cyd"]
    (out / "runs" / "pages.json").write_text("damaged")
    assert pages_of(again) == ["ada", "bob", "cyd"]
    with OutputFolder.start(out, replace(ASSIGNMENT, title="Another title"), "sha256:1", {}) as folder:
        assert pages_of(lambda: publish(folder, {}, Progress(disable=True))) == ["ada", "bob", "cyd"]
    with OutputFolder.start(out, replace(ASSIGNMENT, title="Another title"), "sha256:1", {}) as folder:
        folder.add(grade("bob"), replace(RUN, cells=RUN.cells[:1]))
        assert pages_of(lambda: publish(folder, {}, Progress(disable=True))) == ["bob"]
    assert all("Another title" in (out / "feedback" / f"{name}.html").read_text() for name in ("ada", "bob", "cyd"))


def test_a_student_is_removed_and_points_that_a_person_gave_stay(out):
    fill(out, "1.5", "Good.")
    made = report.run(out, also=[], console=QUIET, remove=["ada"])
    assert [grade.student for grade in made.grades] == ["bob", "cyd"]
    assert [(row.student, row.points) for row in made.unused] == [("ada", 1.5)]
    assert not list(out.rglob("ada*"))
    with pytest.raises(UsageError, match="holds no grade of 'ada'"):
        report.run(out, also=[], console=QUIET, remove=["ada"])


def test_a_folder_that_others_may_open_is_remarked_on(out):
    out.chmod(0o750)
    assert "(mode 750)" in CliRunner().invoke(app, ["report", str(out)]).output
    out.chmod(0o700)
    assert "(mode" not in CliRunner().invoke(app, ["report", str(out)]).output


def test_grades_of_different_environments_are_remarked_on(tmp_path):
    with OutputFolder.start(tmp_path, ASSIGNMENT, "sha256:1", {}) as folder:
        for student, cpu in (("ada", "EPYC"), ("bob", "Xeon")):
            folder.add(grade(student), replace(RUN, environment={"cpu": cpu, "keras": "3.15"}))
        publish(folder, {}, Progress(disable=True))
    shown = CliRunner().invoke(app, ["report", str(tmp_path)]).output
    assert "These grades were made in different environments: cpu (EPYC, Xeon)." in shown


def test_forms_are_written_beside_the_pages(out):
    assert CliRunner().invoke(app, ["report", str(out), "--also", " markdown,"]).exit_code == 0  # cyd is absent
    text = (out / "feedback" / "ada.md").read_text()
    assert text.startswith("# CNN: feedback for ada\n\n**0 of 2 points** so far\n")
    assert "It took too long." in text
    assert (out / "feedback" / "ada.md").stat().st_mode & 0o077 == 0
    report.run(out, also=[], console=QUIET)
    assert not list((out / "feedback").glob("*.md")), "the points in it may be no longer so"


@pytest.mark.parametrize(
    ("name", "piece"), [("docx", "knows markdown and pdf, not 'docx'"), ("pdf", "needs a browser")]
)
def test_a_form_that_cannot_be_made_here_changes_nothing(out, monkeypatch, name, piece):
    monkeypatch.setenv("PATH", "/nowhere")
    before = tree(out)
    with pytest.raises(UsageError, match=piece):
        report.run(out, also=["markdown", name], console=QUIET)
    assert tree(out) == before


def test_a_form_that_fails_for_one_student_is_named_and_stops_nobody(out, monkeypatch):
    def make(assignment, given, execution, page):
        if given.student == "ada":
            raise AutograderError("no paper")
        return page.encode()

    monkeypatch.setattr(forms.Form, "prepare", lambda self: make)
    made = report.run(out, also=["pdf"], console=QUIET)
    assert (made.unmade, made.needs_review) == (("ada.pdf (no paper)",), True)
    assert {path.name for path in (out / "feedback").glob("*.pdf")} == {"bob.pdf", "cyd.pdf"}
    screen = Console(record=True, quiet=False, file=io.StringIO(), width=200)
    report.show(made, screen)
    assert "Not made: ada.pdf (no paper)." in screen.export_text()
