"""The output folder: complete or as it was, nobody else's files touched, and a crash costs what was in flight."""

from __future__ import annotations

import json
import math
import os
import stat
import subprocess
import sys
import tracemalloc
from dataclasses import replace

import pytest

from autograder import files
from autograder.errors import AutograderError, UsageError
from autograder.grading.results import output_folder, run_store
from autograder.grading.results.entries import ExecutionSummary
from autograder.grading.results.grades_file import load_grades
from autograder.grading.results.output_folder import OutputFolder
from autograder.records import Assignment, Cell, Execution, Grade, LayerDiff, Outcome, QuestionGrade

BUNDLE = "sha256:1"
RUN = Execution(
    "completed",
    cells=(Cell("code", "x", outputs=({"text": "secret output"},)), Cell("markdown", "y"), Cell("code", "z")),
    wall_seconds=12.3456,
    phases={"start": 0.123456},
    environment={"cpu": "EPYC"},
)


def grade(student="ada", score=4, **fields):
    cases = (
        Outcome("layers", "pass", 2, 2, message="", title="Layers"),
        Outcome("more", "fail", 0, 2, hidden=True, detail="x", diff=(LayerDiff("missing", "Conv2D", "", "Add it."),)),
    )
    question = QuestionGrade("missing_layers", score, 4, cases, histories={"training": {"loss": [2.0, 1.5]}})
    defaults = {
        "student": student,
        "submission": f"{student}.ipynb",
        "digest": f"sha256:{student}",
        "status": "graded",
        "score": score,
        "possible": 10,
        "questions": (question,),
    }
    return Grade(**defaults | fields)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def opened(out, assignment="cnn2_mnist", bundle=BUNDLE, environment=RUN.environment, again=False):
    return OutputFolder.start(out, Assignment(assignment, "CNN", ()), bundle, environment, again=again)


def run(out, *students, bundle=BUNDLE, score=4, remove=()):
    with opened(out, bundle=bundle) as folder:
        for student in remove:
            folder.remove(student)
        for student in students:
            folder.add(grade(student, score), RUN)
        finish(folder, ["student\r\n", *(f"{each.student}\r\n" for each in folder.entries())], "<h1>class")


def finish(folder, csv=(), index=""):
    """As `publish` does it, with pages that say nothing but who and how many points."""
    for each in folder.entries():
        folder.write_feedback(each.student, ".html", f"<p>{each.student} {each.score}".encode())
    folder.finish(csv, index, [".html", ".md"])


def cuts(data):
    """What is left of a file that is cut: at each line, and here and there between."""
    lines = [at + 1 for at, byte in enumerate(data) if byte == ord("\n")]
    sizes = {*lines, *(at - 1 for at in lines), *range(0, len(data), max(1, len(data) // 16)), len(data) - 1}
    return [data[:size] for size in sorted(sizes) if size < len(data)]


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_a_finished_run_leaves_the_contracts_files_and_nothing_else(out):
    run(out, "bob", "ada")
    files = tree(out)
    report = {"grades.json", "grades.csv", "index.html", "feedback/ada.html", "feedback/bob.html"}
    assert report | {"runs/assignment.json", "runs/ada.json.gz", "runs/bob.json.gz"} == set(files)
    assert files["grades.csv"] == b"student\r\nada\r\nbob\r\n"
    assert files["index.html"] == b"<h1>class"
    assert files["feedback/ada.html"] == b"<p>ada 4"
    assert not (out / ".partial").exists()


def test_grades_json_has_the_contracts_shape(out):
    run(out, "bob", "ada")
    written = json.loads((out / "grades.json").read_text())
    assert list(written) == ["schema", "assignment", "bundle", "grades", "count", "sha256"]
    assert written["count"] == 2
    assert (out / "grades.json").read_bytes().count(b"\n") == 4, "a head, a line for each grade, and how many they are"
    assert (written["schema"], written["assignment"], written["bundle"]) == (1, "cnn2_mnist", BUNDLE)
    assert [each["student"] for each in written["grades"]] == ["ada", "bob"]
    ada = written["grades"][0]
    assert tuple(ada[name] for name in ("bundle", "submission", "digest", "status", "score", "possible")) == (
        BUNDLE,
        "ada.ipynb",
        "sha256:ada",
        "graded",
        4,
        10,
    )
    assert ada["execution"] == {
        "status": "completed",
        "wall_seconds": 12.35,
        "cells": 2,
        "message": "",
        "phases": {"start": 0.123},
        "environment": {"cpu": "EPYC"},
        "key": "",
        "recording": "",
        "files": 0,
    }
    (question,) = ada["questions"]
    assert (question["name"], question["score"], question["possible"]) == ("missing_layers", 4, 4)
    case = question["cases"][0]
    assert {
        "name": "layers",
        "hidden": False,
        "status": "pass",
        "points": 2,
        "possible": 2,
        "message": "",
    }.items() <= case.items()
    assert "secret output" not in (out / "grades.json").read_text()


def test_points_stay_integers_where_they_are(out):
    run(out, "ada")
    assert '"score":4,' in (out / "grades.json").read_text()


def test_no_student_is_a_report_too(out):
    run(out)
    assert json.loads((out / "grades.json").read_text())["grades"] == []
    assert list(load_grades(out)) == []


def test_grades_read_back_as_they_were_written(out):
    odd = grade("zoë@uni.ch", message='"\n</script>\u2028', warnings=("a", "b"))
    curve = {"loss": [1.0, math.nan, math.inf], "accuracy": []}
    odd = replace(odd, questions=(replace(odd.questions[0], histories={"training": curve}),))
    with opened(out) as folder:
        folder.add(odd, RUN)
        folder.add(grade("ada"), RUN)
        finish(folder)
    ada, zoe = load_grades(out)
    assert grade("ada") == Grade(**{name: getattr(ada, name) for name in Grade.__dataclass_fields__})
    assert ExecutionSummary("completed", 12.35, 2, "", {"start": 0.123}, {"cpu": "EPYC"}) == ada.execution
    assert (odd.student, odd.message, odd.warnings) == (zoe.student, zoe.message, zoe.warnings)
    first, *others = zoe.questions[0].histories["training"]["loss"]
    assert first == 1.0
    assert all(math.isnan(value) for value in others)
    assert "NaN" not in (out / "grades.json").read_text()


def test_lone_surrogates_do_not_stop_the_class(out):
    with opened(out) as folder:
        folder.add(grade("ada", message="a\ud800b"), RUN)
        finish(folder, ["\ud800"], "\ud800")
    assert next(load_grades(out)).message == "a?b"
    assert (tree(out)["grades.csv"], tree(out)["index.html"]) == (b"?", b"?")


@pytest.mark.parametrize("student", ["", "../x", "a/b", "=x", ".x", "CON", "a\nb", "e\u0301"])
def test_an_id_that_intake_did_not_make_is_never_a_path(out, student):
    with opened(out) as folder, pytest.raises(ValueError, match="not a student id"):
        folder.add(grade(student), RUN)
    assert {"run.json", "lock"} == {path.name for path in (out / ".partial").rglob("*") if path.is_file()}


def test_nobody_is_graded_twice(out):
    with opened(out) as folder:
        folder.add(grade("ada"), RUN)
        with pytest.raises(ValueError, match="graded already"):
            folder.add(grade("ada"), RUN)


def test_what_is_made_is_open_to_its_owner_only(out):
    before = os.umask(0)
    try:
        run(out, "ada")
    finally:
        os.umask(before)
    for path in (out, *out.rglob("*")):
        expected = 0o700 if path.is_dir() else 0o600
        assert expected == stat.S_IMODE(path.stat().st_mode), path


def test_an_empty_folder_that_was_there_is_closed_to_others_and_later_stays_as_its_owner_wants_it(out):
    out.mkdir(mode=0o755)
    run(out, "ada")
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    out.chmod(0o750)
    run(out, "bob")
    assert stat.S_IMODE(out.stat().st_mode) == 0o750


def test_a_file_is_refused(out):
    out.write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        opened(out)
    assert out.read_text() == "mine"


@pytest.mark.parametrize(
    "name",
    ["notes.txt", ".git/config", "feedback/ada.html", "index.html", "grades.csv", ".partial/mine", ".partial/run.json"],
)
def test_a_folder_that_is_not_ours_is_left_as_it_is(out, name):
    path = out / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(UsageError, match="not empty and holds no grades"):
        opened(out)
    assert {name: b"mine"} == tree(out)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2, "assignment": "cnn2_mnist", "grades": []}', "\xff"])
def test_a_grades_file_of_others_is_not_ours(out, text):
    out.mkdir()
    (out / "grades.json").write_text(text)
    with pytest.raises(UsageError, match="holds no grades"):
        opened(out)
    with pytest.raises(UsageError, match="holds no grades"):
        list(load_grades(out))


def test_grades_of_another_exercise_are_not_overwritten(out):
    run(out, "ada")
    before = tree(out)
    with pytest.raises(UsageError, match="holds grades of cnn2_mnist"):
        opened(out, assignment="fc_mnist")
    assert before == tree(out)


def test_an_interrupted_run_of_another_exercise_is_not_thrown_away(out):
    with opened(out) as folder:
        folder.add(grade("ada"), RUN)
    with pytest.raises(UsageError, match="holds grades of cnn2_mnist"):
        opened(out, assignment="fc_mnist")


@pytest.mark.parametrize("name", ["feedback", ".partial"])
def test_a_linked_folder_is_refused(out, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run(out, "ada")
    if name == "feedback":
        (out / "feedback" / "ada.html").unlink()
        (out / "feedback").rmdir()
    (out / name).symlink_to(elsewhere)
    with pytest.raises(UsageError, match="not a folder of its own"):
        opened(out)
    assert tree(elsewhere) == {}


def test_linked_files_are_replaced_and_not_followed(out, tmp_path):
    run(out, "ada", "bob")
    mine = tmp_path / "mine"
    mine.write_text("mine")
    for name in ("grades.csv", "index.html", "feedback/ada.html", "feedback/bob.html"):
        (out / name).unlink()
        (out / name).symlink_to(mine)
    run(out, "ada", remove=["bob"])
    assert mine.read_text() == "mine"
    assert not any(path.is_symlink() for path in out.rglob("*"))
    assert {"ada.html"} == {path.name for path in (out / "feedback").iterdir()}


def test_the_earlier_report_stays_until_the_new_one_is_complete(out):
    run(out, "ada", "bob", score=1)
    before = tree(out)
    with opened(out) as folder:
        folder.add(grade("ada", 2), RUN)
        folder.add(grade("cem", 2), RUN)
        assert before == {name: data for name, data in tree(out).items() if not name.startswith(".partial/")}

        def broken():
            yield "student"
            raise RuntimeError

        with pytest.raises(RuntimeError):
            finish(folder, broken())
        assert before == {name: data for name, data in tree(out).items() if not name.startswith(".partial/")}
        assert not list((out / ".partial").glob(".*.tmp"))
        finish(folder)
    assert [(each.student, each.score) for each in load_grades(out)] == [("ada", 2), ("bob", 1), ("cem", 2)]


def test_a_folder_grows_and_students_are_replaced(out):
    run(out, "bob", "ada", score=1)
    run(out, "cem", "bob", score=2)
    assert [(each.student, each.score) for each in load_grades(out)] == [("ada", 1), ("bob", 2), ("cem", 2)]
    files = tree(out)
    assert [files[f"feedback/{name}.html"] for name in ("ada", "bob", "cem")] == [b"<p>ada 1", b"<p>bob 2", b"<p>cem 2"]
    assert {"runs/ada.json.gz", "runs/bob.json.gz", "runs/cem.json.gz"} <= set(files)
    assert files["grades.csv"] == b"student\r\nada\r\nbob\r\ncem\r\n"


def test_who_is_removed_is_removed_with_page_and_run_and_nobody_else(out):
    run(out, "ada", "bob")
    (out / "feedback" / "mine.html").write_text("mine")
    (out / "notes.txt").write_text("mine")
    run(out, remove=["bob"])
    assert {"ada.html", "mine.html"} == {path.name for path in (out / "feedback").iterdir()}
    assert {"ada.json.gz", "assignment.json"} == {path.name for path in (out / "runs").iterdir()}
    assert (out / "notes.txt").read_text() == "mine"
    assert [each.student for each in load_grades(out)] == ["ada"]
    with opened(out) as folder, pytest.raises(UsageError, match="holds no grade of 'bob'"):
        folder.remove("bob")


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, True),
        ({"bundle": "sha256:2"}, False),
        ({"environment": {"keras": "3.16"}}, False),
        ({"again": True}, False),
    ],
    ids=["nothing", "bundle", "environment", "again"],
)
def test_what_is_kept_is_of_the_same_submission_bundle_and_environment(out, change, kept):
    run(out, "ada")
    with opened(out, **change) as folder:
        assert folder.knows("ada") and not folder.knows("bob")
        assert not folder.keeps("ada", "sha256:other")
        assert kept == folder.keeps("ada", "sha256:ada")
        if not kept:
            folder.add(grade("ada", 2), RUN)
        finish(folder)
    (ada,) = load_grades(out)
    assert (ada.score, ada.bundle) == (4 if kept else 2, change.get("bundle", BUNDLE))


@pytest.mark.parametrize("status", ["needs_review", "rejected"])
def test_what_needs_review_or_was_rejected_is_graded_again(out, status):
    with opened(out) as folder:
        folder.add(grade("ada", status=status), RUN)
        finish(folder)
    with opened(out) as folder:
        assert not folder.keeps("ada", "sha256:ada")


def test_what_cannot_be_shown_again_is_graded_again(out):
    run(out, "ada")
    path = out / "runs" / "ada.json.gz"
    whole = path.read_bytes()
    for data in cuts(whole):
        path.write_bytes(data)
        with opened(out) as folder:
            assert not folder.keeps("ada", "sha256:ada"), f"cut after {len(data)} bytes"


def test_a_cut_file_is_damaged_wherever_it_is_cut(out):
    run(out, "ada", "bob", "cem")
    before = tree(out)
    for name in ("grades.json", "runs/assignment.json", "runs/bob.json.gz"):
        for data in cuts(before[name]):
            (out / name).write_bytes(data)
            with pytest.raises(UsageError), OutputFolder.reopen(out) as folder:
                for each in folder.entries():
                    folder.run(each)
            if name == "grades.json":
                with pytest.raises(UsageError):
                    opened(out)
        (out / name).write_bytes(before[name])
    assert before == tree(out)


@pytest.mark.parametrize("lost", [1, 2, 3, 4])
def test_a_line_that_is_lost_is_noticed(out, lost):
    run(out, "ada", "bob", "cem")
    path = out / "grades.json"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:lost] + lines[lost + 1 :]))
    with pytest.raises(UsageError, match="closing line"):
        list(load_grades(out))


def test_a_number_that_is_changed_is_noticed(out):
    run(out, "ada", "bob")
    path = out / "grades.json"
    path.write_text(path.read_text().replace('"score":4,"possible":10', '"score":9,"possible":10', 1))
    with pytest.raises(UsageError, match="its 2 grades are not those that its closing line counts"):
        opened(out)


def test_a_forged_report_deletes_nothing_outside_of_feedback(out, tmp_path):
    run(out, "ada")
    victim = tmp_path / "victim.html"
    victim.write_text("mine")
    path = out / "grades.json"
    path.write_text(path.read_text().replace('"student":"ada"', '"student":"../../victim"'))
    with pytest.raises(UsageError, match="was changed"):
        opened(out)
    assert victim.read_text() == "mine"


def test_an_interrupted_run_goes_on_where_it_stopped(out):
    with opened(out) as folder:
        folder.add(grade("ada", 3), RUN)
        folder.add(grade("bob"), RUN)
        folder.add(grade("cem", status="rejected"), RUN)
        folder.add(grade("dee", 3, status="needs_review"), RUN)
    with opened(out) as folder:
        kept = {student: folder.keeps(student, f"sha256:{student}") for student in ("ada", "cem", "dee", "eve")}
        assert kept == {"ada": True, "cem": False, "dee": True, "eve": False}
        folder.add(grade("bob", 1), RUN)
        assert [(each.student, each.score) for each in folder.entries()] == [("ada", 3), ("bob", 1), ("dee", 3)]
        finish(folder)
    assert {"feedback/ada.html": b"<p>ada 3", "feedback/bob.html": b"<p>bob 1"}.items() <= tree(out).items()
    assert [each.student for each in load_grades(out)] == ["ada", "bob", "dee"]


def test_what_an_interrupted_run_graded_of_other_submissions_is_in_no_report(out):
    with opened(out) as folder:
        folder.add(grade("gone"), RUN)
    run(out, "ada")
    assert [each.student for each in load_grades(out)] == ["ada"]
    assert not {"feedback/gone.html", "runs/gone.json.gz"} & set(tree(out))


@pytest.mark.parametrize("change", [{"bundle": "sha256:2"}, {"environment": {"keras": "9"}}, {"again": True}])
def test_interrupted_results_of_another_bundle_or_grader_are_graded_again(out, change):
    with opened(out) as folder:
        folder.add(grade("ada"), RUN)
    with opened(out, **change) as folder:
        assert not folder.keeps("ada", "sha256:ada")


def test_grading_all_again_goes_on_where_it_stopped(out):
    run(out, "ada", "bob", score=1)
    with opened(out, again=True) as folder:
        folder.add(grade("ada", 2), RUN)
    with opened(out, again=True) as folder:
        assert folder.keeps("ada", "sha256:ada") and not folder.keeps("bob", "sha256:bob")
        assert [each.score for each in folder.entries()] == [2, 1]


def test_the_largest_runs_are_not_kept_where_all_would_be_too_much(out, monkeypatch):
    monkeypatch.setattr(run_store, "MAX_STORE_BYTES", 50)
    for recordings in ({"ada": 40, "bob": 30, "cem": 20}, {"dee": 10, "eve": 11}):
        with opened(out) as folder:
            for student, size in recordings.items():
                folder.add(grade(student), RUN, key=f"of {student}", recording=student[0].encode() * size)
            finish(folder)
    assert folder.store.dropped == 1
    assert folder.store.size_bytes == 20 + 10 + 11
    with opened(out) as folder:
        kept = {student: folder.kept_run(student, f"of {student}") for student in folder.students}
        assert {student for student, run in kept.items() if run is not None} == {"cem", "dee", "eve"}


def test_a_result_that_was_cut_off_is_graded_again(out):
    with opened(out) as folder:
        folder.add(grade("ada"), RUN)
        folder.add(grade("bob"), RUN)
    for name in ("grades/ada.json", "runs/ada.json.gz"):
        path = out / ".partial" / name
        whole = path.read_bytes()
        for data in (b"null", b'{"student": "ada"}', b"\xff", *cuts(whole)):
            path.write_bytes(data)
            with opened(out) as folder:
                assert not folder.keeps("ada", "sha256:ada")
                assert folder.keeps("bob", "sha256:bob")
        path.write_bytes(whole)


@pytest.mark.parametrize("moves", range(10))
def test_a_report_whose_finish_dies_is_finished_by_whoever_opens_the_folder_next(out, monkeypatch, moves):
    run(out, "ada", "old", "zoe", score=1)
    real = output_folder.Path.replace
    left = [moves]

    def dying(self, target):
        if target.parent != self.parent:  # a move into the report; not the end of a write
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
        return real(self, target)

    with opened(out) as folder:
        folder.remove("old")
        folder.add(grade("ada", 2), RUN)
        folder.add(grade("bob", 2), RUN)
        monkeypatch.setattr(output_folder.Path, "replace", dying)
        if moves < 9:
            with pytest.raises(KeyboardInterrupt):
                finish(folder, [], "new")
        else:
            finish(folder, [], "new")
    monkeypatch.undo()
    assert ("old" in (out / "grades.json").read_text()) == (moves < 9)  # it is the last to change
    opening = OutputFolder.reopen(out) if moves % 2 else opened(out)
    with opening as folder:
        assert [(each.student, each.score) for each in folder.entries()] == [("ada", 2), ("bob", 2), ("zoe", 1)]
        assert not folder.knows("old")
    files = tree(out)
    assert [files[f"feedback/{name}.html"] for name in ("ada", "bob", "zoe")] == [b"<p>ada 2", b"<p>bob 2", b"<p>zoe 1"]
    assert files["index.html"] == b"new"
    assert not {"feedback/old.html", "runs/old.json.gz"} & set(files)


@pytest.mark.parametrize("delete", ['["../../mine"]', '["feedback/.."]', '["grades.csv"]', '["runs/a/b"]', "[1]", ""])
def test_a_plan_that_was_forged_or_damaged_deletes_nothing(out, delete):
    run(out, "ada")
    (out / ".partial").mkdir()
    (out / ".partial" / "finish.json").write_text(f'{{"delete": {delete}}}' if delete else "{")
    before = tree(out)
    for opening in (opened, OutputFolder.reopen):
        with pytest.raises(UsageError, match=r"finish\.json (was changed|is damaged)"):
            opening(out)
    assert before.items() <= tree(out).items()


def test_a_killed_run_leaves_a_folder_that_the_next_one_takes(out):
    script = (
        "import os, signal, sys; from pathlib import Path; from autograder.records import Assignment\n"
        "from autograder.grading.results.output_folder import OutputFolder\n"
        "OutputFolder.start(Path(sys.argv[1]), Assignment('cnn2_mnist', '', ()), 'sha256:1', {})\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(out)], check=False).returncode == -9
    run(out, "ada")
    assert [each.student for each in load_grades(out)] == ["ada"]


def test_two_runs_do_not_write_one_folder(out):
    with opened(out), pytest.raises(UsageError, match="another run"):
        opened(out)
    opened(out).__exit__(None, None, None)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        opened(tmp_path / "file" / "out")


def test_a_full_disk_is_one_line(out, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with opened(out) as folder:
        monkeypatch.setattr(files.tempfile, "mkstemp", full)
        with pytest.raises(AutograderError, match=r"ada\.json\.gz cannot be written: No space left on device"):
            folder.add(grade("ada"), RUN)


def test_a_changed_report_is_one_line(out):
    run(out, "ada")
    path = out / "grades.json"
    path.write_text(path.read_text().replace('"possible":10', '"possible":"ten"'))
    with pytest.raises(UsageError, match="was changed or is damaged"):
        list(load_grades(out))


def test_memory_does_not_grow_with_the_class(out):
    def peak(students):
        tracemalloc.start()
        try:
            with opened(out / str(students)) as folder:
                for n in range(students):
                    folder.add(grade(f"s{n}", message="m" * 20_000), RUN)
                finish(folder, (each.student for each in folder.entries()))
            assert students == sum(1 for _ in load_grades(out / str(students)))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = peak(10), min(peak(210), peak(211))  # the interpreter's own table of names grows now and then
    assert many - few < 500_000


def test_a_form_that_was_not_made_again_goes_for_it_says_what_is_no_longer_so(out):
    run(out, "ada", "ada.b")
    with OutputFolder.reopen(out) as folder:
        for student in folder.students:
            folder.write_feedback(student, ".html", b"page")
            folder.write_feedback(student, ".md", b"text")
        folder.finish([], "", [".html", ".md"])
    (out / "feedback" / "ada.txt").write_text("mine")
    names = {path.name for path in (out / "feedback").iterdir()}
    assert {"ada.html", "ada.md", "ada.b.html", "ada.b.md", "ada.txt"} == names
    run(out, "ada", remove=["ada.b"])
    assert {"ada.html", "ada.txt"} == {path.name for path in (out / "feedback").iterdir()}


def test_a_report_that_breaks_off_leaves_the_folder_as_it_was(out):
    run(out, "ada")
    before = tree(out)
    with pytest.raises(RuntimeError), OutputFolder.reopen(out) as folder:
        folder.write_feedback("ada", ".html", b"new")
        raise RuntimeError
    assert before == tree(out)
