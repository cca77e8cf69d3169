"""Whose notebook is whose, out of the shapes that people and LMSs hand over."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import re
import zipfile
from dataclasses import replace

import pytest

from autograder.errors import UsageError
from autograder.grading.intake.owners import count_notebooks
from autograder.grading.intake.student_ids import student_id
from autograder.grading.intake.submissions import collect, read_notebook, survey
from tests import notebooks as nb

NOTHING = f"sha256:{hashlib.sha256().hexdigest()}"


def notebook(*tags, source="x = 1"):
    cells = [{"cell_type": "code", "source": source, "metadata": {"tags": [tag]}} for tag in tags or ("",)]
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).encode()


def zipped(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def in_folder(tmp_path, files):
    source = tmp_path / "handed in"
    source.mkdir()
    for name, data in files.items():
        path = source / name
        if name.endswith("/"):
            path.mkdir(parents=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return source


def in_zip(tmp_path, files):
    source = tmp_path / "handed in.zip"
    source.write_bytes(zipped(files))
    return source


def in_wrapped_zip(tmp_path, files):
    return in_zip(
        tmp_path, {f"handed in/{name}": data for name, data in files.items()} | {"__MACOSX/._handed in": b"x"}
    )


def in_folder_of_folder(tmp_path, files):
    return in_folder(tmp_path, {f"submissions/{name}": data for name, data in files.items()})


@pytest.fixture(
    params=[in_folder, in_zip, in_wrapped_zip, in_folder_of_folder],
    ids=["folder", "zip", "wrapped-zip", "folder-of-folder"],
)
def put(request, tmp_path):
    """Lay files out as a folder, a zip, and a zip with one folder around everything."""
    return lambda files: request.param(tmp_path, files)


def read(source):
    return {item.student: below_wrapping(item.read()) for item in collect(source)}


def below_wrapping(submission):
    """The submission, named as if there was no folder around the class."""
    warnings = tuple(re.sub("`(handed in|submissions)/", "`", warning) for warning in submission.warnings)
    return replace(submission, filename=unwrapped(submission.filename), warnings=warnings)


def unwrapped(path):
    return re.sub("^(handed in|submissions)/", "", path)


FLAT = {"ada.ipynb": notebook(), "Bob B.ipynb": notebook()}
LAYOUTS = {
    "flat": (FLAT, {"ada": "ada.ipynb", "Bob B": "Bob B.ipynb"}),
    "by student": (
        {"ada/cnn2.ipynb": notebook(), "bob/x/y/deep.ipynb": notebook(), "bob/report.pdf": b"%PDF"},
        {"ada": "ada/cnn2.ipynb", "bob": "bob/x/y/deep.ipynb"},
    ),
    "nbgrader": (
        {"ada/cnn2/cnn2.ipynb": notebook(), "ada/cnn2/timestamp.txt": b"now", "bob/cnn2/cnn2.ipynb": notebook()},
        {"ada": "ada/cnn2/cnn2.ipynb", "bob": "bob/cnn2/cnn2.ipynb"},
    ),
    "Canvas": (
        {
            "lovelaceada_101_2001_cnn2.ipynb": notebook(),
            "lovelaceada_101_2002_report.pdf": b"%PDF",
            "müllerzoë_LATE_102_2003_my_notebook-1.ipynb": notebook(),
            "leekim_103_2004_a.ipynb": notebook(),
            "leekim_104_2005_a.ipynb": notebook(),
        },
        {
            "lovelaceada": "lovelaceada_101_2001_cnn2.ipynb",
            "müllerzoë": "müllerzoë_LATE_102_2003_my_notebook-1.ipynb",
            "leekim-103": "leekim_103_2004_a.ipynb",
            "leekim-104": "leekim_104_2005_a.ipynb",
        },
    ),
    "Moodle": (
        {
            "Ada Lovelace_101_assignsubmission_file_/cnn2.ipynb": notebook(),
            "Zoë Müller_102_assignsubmission_file/x.ipynb": notebook(),
            "Zoë Müller_102_assignsubmission_onlinetext_/onlinetext.html": b"<p>",
            "Kim Lee_103_assignsubmission_file_/x.ipynb": notebook(),
            "Kim Lee_104_assignsubmission_file_/x.ipynb": notebook(),
        },
        {
            "Ada Lovelace": "Ada Lovelace_101_assignsubmission_file_/cnn2.ipynb",
            "Zoë Müller": "Zoë Müller_102_assignsubmission_file/x.ipynb",
            "Kim Lee-103": "Kim Lee_103_assignsubmission_file_/x.ipynb",
            "Kim Lee-104": "Kim Lee_104_assignsubmission_file_/x.ipynb",
        },
    ),
    "flat Moodle, anonymous": (
        {
            "Participant_101_assignsubmission_file_cnn2.ipynb": notebook(),
            "Participant_102_assignsubmission_file_cnn2.ipynb": notebook(),
        },
        {
            "Participant-101": "Participant_101_assignsubmission_file_cnn2.ipynb",
            "Participant-102": "Participant_102_assignsubmission_file_cnn2.ipynb",
        },
    ),
    "zips of students": (
        {"ada.zip": zipped({"work/cnn2.ipynb": notebook()}), "bob/all.zip": zipped({"x.ipynb": notebook()})},
        {"ada": "ada.zip/work/cnn2.ipynb", "bob": "bob/all.zip/x.ipynb"},
    ),
    "a name that browsers make": (
        {"ada.ipynb.txt": notebook(), "bob.IPYNB": notebook(), "cem.ipynb.json": notebook(), "dee": notebook()},
        {"ada": "ada.ipynb.txt", "bob": "bob.IPYNB", "cem": "cem.ipynb.json", "dee": "dee"},
    ),
    "numbers that are not Canvas'": (
        {f"cnn2_2024_11_{who}.ipynb": notebook() for who in ("ada", "bob")},
        {f"cnn2_2024_11_{who}": f"cnn2_2024_11_{who}.ipynb" for who in ("ada", "bob")},
    ),
    "numbered like Canvas, but few students": (
        {f"hw_1_{n}_{who}.ipynb": notebook() for n, who in enumerate(["ada", "bob", "cem"])},
        {f"hw_1_{n}_{who}": f"hw_1_{n}_{who}.ipynb" for n, who in enumerate(["ada", "bob", "cem"])},
    ),
    "a zip and its folder": (
        {
            "x_1_2_a.zip": zipped({"n.ipynb": notebook("answer:a")}),
            "x_1_2_a/n.ipynb": notebook(),
            "y_2_3_a.ipynb": notebook(),
        },
        {"x": "x_1_2_a.zip/n.ipynb", "y": "y_2_3_a.ipynb"},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_student_is_found_once(put, layout):
    files, expected = LAYOUTS[layout]
    found = read(put(files))
    assert expected == {student: submission.filename for student, submission in found.items()}
    assert dict.fromkeys(expected, "") == {student: each.problem for student, each in found.items()}


def test_clutter_and_the_instructors_own_files_are_nobody(put):
    clutter = [
        "README.md",
        "roster.csv",
        "grades.xlsx",
        "requirements.txt",
        "data.npz",
        ".DS_Store",
        "._ada.ipynb",
        ".~ada.ipynb",
        "Thumbs.db",
        "__MACOSX/._ada.ipynb",
        ".ipynb_checkpoints/ada-checkpoint.ipynb",
        "__pycache__/x.pyc",
        "ada.ipynb~",
    ]
    files = FLAT | dict.fromkeys(clutter[:-1], b"x")
    assert {"ada", "Bob B"} == set(read(put(files)))


@pytest.mark.parametrize(
    "name", ["..ipynb", ".ipynb", "...ipynb", ".ada.ipynb", " .ipynb", "-.ipynb", "=.ipynb", "\u3000.ipynb"]
)
@pytest.mark.parametrize("folder", ["", "Cem C_1_assignsubmission_file_/"])
def test_a_notebook_of_an_odd_name_is_graded_under_a_safe_id(put, folder, name):
    found = read(put({f"{folder}{name}": notebook()} | FLAT))
    assert [each.problem for each in found.values()] == [""] * 3
    (student,) = set(found) - {"ada", "Bob B"}
    assert student == student_id(student)


def test_what_is_taken_for_the_instructors_own_is_named(put):
    own = survey(put(FLAT | {"roster.csv": b"x", "ada.json": b"{}", ".hidden": b"x"})).own
    assert own == ["ada.json", "roster.csv"]


def test_what_came_with_a_notebook_is_named(put):
    beside = {"data/points.csv": b"1", "helper.py": b"x", "sketch.png": b"x", "notes.docx": b"x"}
    files = {f"ada/{name}": data for name, data in beside.items()} | {
        "ada/mini.ipynb": notebook(),
        "bob/mini.ipynb": notebook(),
        "bob/timestamp.txt": b"now",
        "cem.zip": zipped({"a.ipynb": notebook(), "data.csv": b"1"}),
        "eve.zip": zipped(
            {"hw.ipynb": notebook(), ".OTTER_LOG": b"pickled", "__zip_filename__": b"hw.zip"}
        ),  # of Otter
        "dee/x.ipynb": b"broken",
        "dee/helper.py": b"x",
    }
    found = read(put(files))
    names = {student: [(file.name, file.size, file.left_out) for file in each.files] for student, each in found.items()}
    assert names["ada"] == [
        ("data/points.csv", 1, ""),
        ("helper.py", 1, ""),
        ("notes.docx", 1, "files of this type are not put beside a notebook"),
        ("sketch.png", 1, ""),
    ]
    assert names["bob"] == names["eve"] == []
    assert names["cem"] == [("data.csv", 1, "")]
    assert "expected JSON" in found["dee"].problem and names["dee"] == [("helper.py", 1, "")]


def named(*names):
    return dict.fromkeys(names, notebook())


@pytest.mark.parametrize(
    "files",
    [
        named("ada/cnn (1).ipynb", "ada/cnn_final_v2.ipynb", "bob/cnn.ipynb"),
        named("ada/draft.ipynb", "ada/final.ipynb", "bob/x.ipynb"),
        named("ada/attempt 1/cnn.ipynb", "ada/attempt 2/cnn.ipynb", "bob/attempt 1/cnn.ipynb"),
        named("ada/cnn/cnn.ipynb", "ada/cnn/cnn-Copy1.ipynb", "bob/cnn/cnn.ipynb"),
        named("ada/mnist digits.ipynb", "ada/ada_mnist.ipynb", "bob/mnist digits.ipynb"),
        named("ada/cnn.ipynb", "ada/scratch.ipynb", "bob/cnn.ipynb"),
        named("Ada L_1_assignsubmission_file_/red.ipynb", "Ada L_1_assignsubmission_file_/blue.ipynb", "bob.ipynb"),
        named("ada.ipynb", "bob.ipynb", "cem.ipynb"),
        {"ada.zip": zipped(named("cnn.ipynb", "cnn_old.ipynb")), "bob.zip": b"no zip"},
    ],
)
def test_several_notebooks_of_one_student_are_fine(put, files):
    items = collect(put(files))
    assert count_notebooks(items, "cnn", ()) == 3


@pytest.mark.parametrize(
    ("files", "students"),
    [
        (named("group A/ada.ipynb", "group A/bob.ipynb", "group B/cem.ipynb", "group B/dee.ipynb"), "ada bob cem dee"),
        (named("dee.ipynb", "late/ada_cnn.ipynb", "late/bob_cnn.ipynb"), "ada_cnn bob_cnn dee"),
        (named("Tiny/Abgaben/ada.ipynb", "Tiny/Abgaben/bob.ipynb"), "ada bob"),
        (named("Tiny/Abgaben/x/ada.ipynb", "Tiny/Abgaben/y/bob.ipynb"), "x y"),
        (named("ada.ipynb", "ada (1).ipynb", "Copy of bob.ipynb", "cem-Copy1.ipynb"), "ada bob cem"),
        (named("group (1).ipynb", "group (2).ipynb"), "group -1 group -2"),
        (named("submitted/ada/cnn/a.ipynb", "submitted/ada/rnn/b.ipynb", "submitted/bob/cnn/a.ipynb"), "ada bob"),
        (named("x-submissions/x-ada-l/a.ipynb", "x-submissions/x-bob/b.ipynb"), "ada-l bob"),
        (named("Submitted files/Ada L/CNN/Version 2/a.ipynb", "Working files/Ada L/CNN/a.ipynb"), "Ada L"),
        (named("Bo Li - CNN.ipynb", "Ada L - CNN.ipynb"), "Ada L Bo Li"),
    ],
)
def test_who_is_who_in_groups_copies_and_classrooms(put, files, students):
    items = collect(put(files))
    assert " ".join(item.student for item in items) == students
    count_notebooks(items, "cnn", ())


@pytest.mark.parametrize(
    ("files", "folder"),
    [
        (named("dee.ipynb", "inner/ada/cnn.ipynb", "inner/bob/cnn.ipynb", "inner/cem/cnn.ipynb"), "inner"),
        ({"dee.ipynb": notebook(), "all.zip": zipped(named("x/ada.ipynb", "x/bob.ipynb", "x/cem.ipynb"))}, "all"),
    ],
    ids=["a level too many", "a zip in a folder"],
)
def test_a_folder_of_several_people_is_no_student(put, files, folder):
    items = collect(put(files))
    with pytest.raises(
        UsageError, match=f"`{folder}` would be one student with [234] notebooks, such as .*ada"
    ) as error:
        count_notebooks(items, "cnn", ())
    assert "\n" not in str(error.value)
    assert count_notebooks(items, "cnn", [item.student for item in items]) == 4, "a class list knows better"


def test_checkpoints_of_a_student_do_not_count(put):
    files = {
        "ada/.ipynb_checkpoints/x-checkpoint.ipynb": notebook("answer:a", "answer:b"),
        "ada/x.ipynb": notebook("answer:a"),
        "bob/x.ipynb": notebook(),
    }
    ada = read(put(files))["ada"]
    assert ada.filename == "ada/x.ipynb"
    assert ada.warnings == ()


def test_nobody_disappears(put):
    files = FLAT | {
        "cem.pdf": b"%PDF",
        "dee.docx": b"PK",
        "eve/report.pdf": b"%PDF",
        "eve/data.csv": b"1",
        "fay/": b"",
        "gus.txt": b"Dear professor,",
        "hal.zip": zipped({"report.pdf": b"%PDF"}),
        "ian.zip": b"no zip",
        "jan.7z": b"7z",
    }
    found = read(put(files))
    problems = {student: each.problem for student, each in found.items() if each.problem}
    assert {"ada", "Bob B"} == set(found) - set(problems)
    assert "received `cem.pdf`" in problems.pop("cem")
    assert "received `dee.docx`" in problems.pop("dee")
    assert "received `data.csv`, `report.pdf`" in problems.pop("eve")
    assert "the folder is empty" in problems.pop("fay")
    assert "expected JSON" in problems.pop("gus")
    assert "`hal.zip` holds no notebook" in problems.pop("hal")
    assert "`ian.zip` cannot be opened as a zip" in problems.pop("ian")
    assert "received `jan.7z`" in problems.pop("jan")
    assert problems == {}


def test_one_broken_notebook_stops_nobody(put):
    broken = {"a.ipynb": b"", "b.ipynb": b"[" * 100_000, "c.ipynb": b"{", "d.ipynb": b"\xff\xfe\x00"}
    found = read(put(broken | FLAT))
    assert {"a", "b", "c", "d"} == {student for student, each in found.items() if each.problem}
    for each in found.values():
        assert each.digest.startswith("sha256:")
        if each.problem:
            assert each.cells == ()
            assert "\n" not in each.problem


def test_the_digest_is_that_of_the_submitted_bytes(put):
    found = read(put({"ada.ipynb": notebook("a"), "bob.ipynb": b"{", "cem/": b""}))
    assert f"sha256:{hashlib.sha256(notebook('a')).hexdigest()}" == found["ada"].digest
    assert f"sha256:{hashlib.sha256(b'{').hexdigest()}" == found["bob"].digest
    assert found["cem"].digest == NOTHING


def test_a_bug_of_ours_stops_nobody(put, monkeypatch):
    def fail(data):
        raise ZeroDivisionError("secret")

    source = put(FLAT)
    monkeypatch.setattr("autograder.grading.intake.notebook_reader.parse", fail)
    problems = [each.problem for each in read(source).values()]
    assert (
        problems == ["The grader failed to read this notebook (ZeroDivisionError). Show this to your instructor."] * 2
    )


def test_of_several_notebooks_the_one_with_most_answers_counts(put):
    files = {
        "ada/a.ipynb": notebook("answer:a"),
        "ada/b.ipynb": notebook("answer:a", "answer:b"),
        "ada/c.ipynb": notebook("answer:a", "answer:a", "x", "y"),
        "ada/d.ipynb": b"broken",
        "ada/z.zip": zipped({"e.ipynb": notebook("answer:b")}),
        "bob/a.ipynb": notebook(),
    }
    ada = read(put(files))["ada"]
    assert ada.filename == "ada/b.ipynb"
    (warning,) = ada.warnings
    assert warning == "5 notebooks were handed in: `ada/b.ipynb` counts, with 2 answer cells. Hand in one."


def test_a_blank_copy_does_not_count_before_the_one_that_is_filled(put):
    blank = nb.notebook(nb.code("answer = ...", "answer:a"))
    filled = nb.notebook(nb.code("answer = 1", "answer:a"))
    files = {"ada/a.ipynb": json.dumps(blank).encode(), "ada/b.ipynb": json.dumps(filled).encode()}
    assert read(put(files | {"bob/x.ipynb": notebook()}))["ada"].filename == "ada/b.ipynb"


def test_answers_to_another_exercise_do_not_count_where_the_questions_are_known(put):
    files = {
        "ada/a.ipynb": notebook("answer:p", "answer:q"),
        "ada/b.ipynb": notebook("answer:train"),
        "b/b.ipynb": notebook(),
    }
    ada, _ = collect(put(files))
    assert unwrapped(ada.read().filename) == "ada/a.ipynb"
    assert unwrapped(ada.read({"train", "compare"}).filename) == "ada/b.ipynb"


def test_between_equal_notebooks_the_newest_counts_then_the_first(tmp_path):
    files = {f"ada/{name}.ipynb": notebook("answer:a") for name in "abc"} | {"bob/x.ipynb": notebook()}
    source = in_folder(tmp_path, files)
    for name, when in (("a", 1_000_000_000), ("b", 1_600_000_000), ("c", 1_600_000_000)):
        os.utime(source / "ada" / f"{name}.ipynb", (when, when))
    assert read(source)["ada"].filename == "ada/b.ipynb"

    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name, year in (("a", 2020), ("b", 2024), ("c", 2024)):
            archive.writestr(zipfile.ZipInfo(f"ada/{name}.ipynb", (year, 1, 1, 0, 0, 0)), notebook("answer:a"))
        archive.writestr("bob/x.ipynb", notebook())
    assert read(packed)["ada"].filename == "ada/b.ipynb"


def test_a_good_notebook_counts_before_a_newer_broken_one(tmp_path):
    source = in_folder(tmp_path, {"ada/a.ipynb": notebook(), "ada/b.ipynb": b"broken", "bob/x.ipynb": notebook()})
    os.utime(source / "ada" / "a.ipynb", (1_000_000_000, 1_000_000_000))
    assert read(source)["ada"].filename == "ada/a.ipynb"


@pytest.mark.parametrize("nested", [False, True])
def test_the_newest_of_very_many_notebooks_are_looked_at(tmp_path, nested):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for n in range(40):
            data = notebook("answer:a") if n == 39 else notebook()
            archive.writestr(zipfile.ZipInfo(f"ada/{n:02}.ipynb", (1990 + n, 1, 1, 0, 0, 0)), data)
        archive.writestr("bob/x.ipynb", notebook())
    source = tmp_path / "class.zip"
    source.write_bytes(zipped({"ada.zip": packed.getvalue(), "bob.ipynb": notebook()}) if nested else packed.getvalue())
    assert read(source)["ada"].cells[0].tags == ("answer:a",)


def test_the_bytes_of_all_notebooks_of_a_student_are_bounded(put, monkeypatch):
    source = put({f"ada/{n}.ipynb": notebook(f"answer:{n}") for n in range(5)} | {"bob/x.ipynb": notebook()})
    monkeypatch.setattr("autograder.grading.intake.submissions.MAX_TOTAL", 3 * len(notebook("answer:1")))
    assert "Some were not read." in read(source)["ada"].warnings[0]


def test_of_very_many_notebooks_only_some_are_looked_at(put):
    files = {f"ada/{n:03}.ipynb": notebook() for n in range(50)} | {"bob/x.ipynb": notebook()}
    ada = read(put(files))["ada"]
    assert ada.problem == ""
    assert "Some were not read." in ada.warnings[0]


@pytest.mark.parametrize(
    "files",
    [
        {"ada.ipynb": notebook(), "Ada.ipynb": notebook()},
        {"=ada.ipynb": notebook(), "ada.ipynb": notebook()},
        {"a<b.ipynb": notebook(), "a>b.ipynb": notebook()},
        {"x" * 150 + "1.ipynb": notebook(), "x" * 150 + "2.ipynb": notebook()},
    ],
)
def test_ids_are_unique_where_case_does_not_count(put, files):
    items = collect(put(files))
    assert len({item.student.casefold() for item in items}) == 2
    assert set(files) == {unwrapped(item.filename) for item in items}


def test_a_hostile_name_is_a_harmless_id(put):
    names = [
        "=cmd|' C calc'!A0.ipynb",
        "<script>alert(1)<\u2215script>.ipynb",
        "a\u202egnp.ipynb",
        "CON.ipynb",
        "a\nb.ipynb",
    ]
    found = read(put(dict.fromkeys(names, notebook())))
    assert {"cmd- C calc-A0", "script-alert-1-script", "agnp", "student-CON", "a b"} == set(found)
    assert not any(character in each.filename for each in found.values() for character in "\n\u202e")


def test_items_can_be_sent_to_another_process(put):
    for item in collect(put(LAYOUTS["zips of students"][0])):
        assert item.read() == pickle.loads(pickle.dumps(item)).read()
        assert len(pickle.dumps(item)) < 1000


def test_collecting_opens_no_notebook(put, monkeypatch):
    source = put(LAYOUTS["zips of students"][0])
    monkeypatch.setattr("autograder.grading.intake.sources.read_found", None)
    monkeypatch.setattr("autograder.grading.intake.sources._zipped", None)
    assert [item.student for item in collect(source)] == ["ada", "bob"]


def test_one_student_alone(tmp_path):
    assert [item.student for item in collect(in_folder(tmp_path, {"ada/x.ipynb": notebook()}))] == ["ada"]
    files = {"Ada L_1_assignsubmission_file_/a.ipynb": notebook(), "Ada L_1_assignsubmission_file_/b.ipynb": notebook()}
    assert [item.student for item in collect(in_zip(tmp_path, files))] == ["Ada L"]


def test_one_student_with_data(tmp_path):
    files = {"ada/cnn2.ipynb": notebook(), "ada/data/x.npz": b"x", "ada/figures/y.png": b"y"}
    assert [item.student for item in collect(in_folder(tmp_path, files))] == ["ada"]


def test_a_wrapped_class_in_which_one_alone_handed_in(tmp_path):
    files = {"all/ada/cnn2.ipynb": notebook(), "all/bob/": b"", "all/cem/report.pdf": b"%PDF"}
    assert [item.student for item in collect(in_folder(tmp_path, files))] == ["ada", "bob", "cem"]


def test_a_zip_that_does_not_say_so(tmp_path):
    source = in_zip(tmp_path, FLAT)
    source = source.rename(tmp_path / "download")
    assert {"ada", "Bob B"} == set(read(source))


def test_a_file_beside_the_wrapping_folder_does_not_change_who_is_who(tmp_path):
    files = {f"all/{name}": data for name, data in FLAT.items()} | {
        "roster.csv": b"student\nada",
        "../x.ipynb": notebook(),
    }
    found = read(in_zip(tmp_path, files))
    assert {"ada", "Bob B", "x"} == set(found)
    assert "leads out of it" in found["x"].problem


def test_a_single_notebook(tmp_path):
    path = tmp_path / "ada_12345_x.ipynb"
    path.write_bytes(notebook())
    (item,) = collect(path)
    submission = item.read()
    assert (submission.student, submission.filename, submission.problem) == ("ada_12345_x", "ada_12345_x.ipynb", "")
    assert submission == read_notebook(path)
    assert read_notebook(path, "bob").student == "bob"
    assert read_notebook(path, "=bob").student == "bob"


def test_a_notebook_that_is_not_there_is_a_problem(tmp_path):
    assert "cannot be read: No such file" in read_notebook(tmp_path / "none.ipynb").problem


@pytest.mark.parametrize("kind", ["missing", "empty folder", "clutter", "broken zip", "empty zip", "pipe"])
def test_a_source_that_cannot_be_used_is_one_line(tmp_path, kind):
    source = tmp_path / "source"
    if kind == "empty folder":
        source.mkdir()
    elif kind == "clutter":
        source.mkdir()
        (source / "README.md").touch()
    elif kind == "broken zip":
        source.write_bytes(zipped(FLAT)[:-30])
    elif kind == "empty zip":
        source.write_bytes(zipped({}))
    elif kind == "pipe":
        os.mkfifo(source)
    with pytest.raises(UsageError) as error:
        collect(source)
    assert str(source) in str(error.value)
    assert "\n" not in str(error.value)


def test_the_number_of_students_is_bounded(put, monkeypatch):
    source = put(FLAT)
    monkeypatch.setattr("autograder.grading.intake.submissions.MAX_STUDENTS", 1)
    with pytest.raises(UsageError, match="holds 2 submissions"):
        collect(source)


def test_the_last_attempt_counts_and_what_was_passed_over_is_said(put):
    files = {
        "CNN_ada_attempt_2026-11-01-12-00-00_cnn.ipynb": notebook("answer:a", "answer:b"),
        "CNN_ada_attempt_2026-11-01-12-00-00.txt": b"Name: Ada O'L (ada)\n",
        "CNN_ada_attempt_2026-11-05-12-00-00_cnn.ipynb": notebook("answer:a"),
        "CNN_ada_attempt_2026-11-05-12-00-00_b.ipynb": notebook("answer:a", source="..."),
        "CNN_bob_attempt_2026-11-05-12-00-00_cnn.ipynb": notebook("answer:a"),
        "CNN_bob_attempt_2026-11-06-12-00-00_cnn.ipynb": b"broken",
    }
    items = collect(put(files))
    assert [(item.owner.name, item.owner.id) for item in items] == [("Ada O'L", "ada"), ("bob", "bob")]
    ada, bob = (below_wrapping(item.read()) for item in items)
    assert ada.filename == "CNN_ada_attempt_2026-11-05-12-00-00_cnn.ipynb"
    assert ada.warnings == (
        f"2 attempts were handed in: the last one, `{ada.filename}` counts.",
        f"2 notebooks were in it: `{ada.filename}` counts, with 1 answer cells. Hand in one.",
    )
    assert bob.warnings == (f"2 attempts were handed in: the last one that can be graded, `{bob.filename}` counts.",)


def test_several_people_who_handed_in_one_notebook_are_all_found(put):
    people = "- :name: Ada L\n    :sid: 1\n    :email: a@x\n  - :name: Bo\n    :sid: 2\n    :email: b@x\n"
    meta = f"submission_7:\n  :submitters:\n  {people}  :created_at: 2026-11-01 12:00:00.0 Z\n  :score: !ruby/x 1\n"
    files = {"e/submission_7/a.ipynb": notebook(), "e/submission_8/a.ipynb": notebook()}
    items = collect(put(files | {"e/submission_metadata.yml": meta.encode()}))
    found = [(item.owner.name, item.owner.id, item.owner.email) for item in items]
    assert found == [("8", "8", ""), ("Ada L", "1", "a@x"), ("Bo", "2", "b@x")]


def test_a_file_that_says_who_is_who_and_is_damaged_is_one_line(put):
    source = put({"e/submission_7/a.ipynb": notebook(), "e/submission_metadata.yml": b"{"})
    with pytest.raises(UsageError, match=r"submission_metadata.yml is damaged, and it says whose"):
        collect(source)


def test_how_to_find_the_student_can_be_said(put):
    source = put(named("w1/ada/x.ipynb", "w1/ada/y.ipynb", "w2/bob/z.ipynb"))
    for students, expected in (
        ("folder", "w1 w2"),
        ("file", "x y z"),
        (r"w\d/(?P<name>[^/]+)/.*", "ada bob"),
    ):
        assert " ".join(item.student for item in survey(source, students).items) == expected
    for students, words in (
        ("(", "this is no regular expression"),
        (r"(?P<above>\w+)/(?P<id>.*)", "this is no regular expression"),
        ("x", r"give `folder`, `file`, or a pattern with"),
        (r"w1/(?P<name>[^/]+)/.*", r"z.ipynb` does not follow the pattern"),
    ):
        with pytest.raises(UsageError, match=words):
            survey(source, students)


def test_many_files_of_one_name_are_not_one_student(put):
    source = put(named("a.ipynb", *(f"a ({n}).ipynb" for n in range(1, 9))))
    with pytest.raises(UsageError, match=r"`a` and 8 copies of it, such as `a .1.`, would be one student's"):
        collect(source)


@pytest.mark.parametrize(
    "files",
    [
        named(
            "Ada L_11_assignsubmission_file_/Bob B_12_assignsubmission_file_/x.ipynb",
            "Bob B_12_assignsubmission_file_/cnn.ipynb",
        ),
        named(
            "Ada L_11_assignsubmission_file_Bob B_12_assignsubmission_file_x (9).ipynb",
            "Bob B_12_assignsubmission_file_cnn.ipynb",
        ),
        named(
            "L_Ada_ada_1/20260101120000_x.ipynb",
            "L_Ada_ada_1/B_Bob_bob_2/20261231120000_x.ipynb",
            "B_Bob_bob_2/20260101120000_cnn.ipynb",
        ),
        named("submitted/ada/cnn/submitted/bob/cnn/x.ipynb", "submitted/bob/cnn/cnn.ipynb"),
        named("e-submissions/e-ada/e-submissions/e-bob/x.ipynb", "e-submissions/e-bob/cnn.ipynb"),
    ],
    ids=["Moodle", "flat Moodle", "ILIAS", "nbgrader", "GitHub"],
)
def test_what_a_student_names_is_not_taken_for_another_students(put, files):
    bob = next(item for item in collect(put(files)) if item.owner.name in ("Bob B", "bob"))
    assert unwrapped(bob.read().filename).endswith("cnn.ipynb")
    assert len(bob.files) == 1


def test_who_is_who_is_not_said_by_a_file_of_a_student(put):
    meta = "submission_{0}:\n  :submitters:\n  - :name: {1}\n    :sid: {2}\n    :email: x@x\n"
    files = {
        "e/submission_7/a.ipynb": notebook(),
        "e/submission_8/a.ipynb": notebook(),
        "e/submission_8/submission_metadata.yml": meta.format(7, "Bo", 2).encode(),
        "e/submission_metadata.yml": (meta.format(7, "Ada", 1) + meta.format(8, "Bo", 2)).encode(),
    }
    found = {item.owner.name: unwrapped(item.filename) for item in collect(put(files))}
    assert found == {"Ada": "e/submission_7/a.ipynb", "Bo": "e/submission_8/a.ipynb"}


def test_a_students_comment_does_not_say_who_is_who(put):
    at = "attempt_2026-11-05-12-00-00"
    files = {f"CNN_{who}_{at}_cnn.ipynb": notebook() for who in ("ada", "bob")} | {
        f"CNN_ada_{at}.txt": f"Nombre: Ada L (ada)\nName: Somebody (bob)\nName: {' ' * 20_000}".encode(),
        f"CNN_bob_{at}.txt": b"Nombre: Bob B (bob)\r\n",
    }
    assert {item.owner.id: item.owner.name for item in collect(put(files))} == {"ada": "Ada L", "bob": "Bob B"}


def test_a_file_that_says_who_is_who_does_not_grow(put):
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    meta = f"a0: &a0 x\n{levels}submission_7:\n  :submitters:\n  - :name: *a11\n    :sid: 1\n"
    (item,) = collect(put({"e/submission_7/a.ipynb": notebook(), "e/submission_metadata.yml": meta.encode()}))
    assert item.owner.name == "1"


def test_a_file_that_says_who_is_who_merges_nothing(put):
    merges = "".join(f"b{n}: &b{n}\n  <<: [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 12))
    meta = f"b0: &b0\n  k: v\n{merges}"
    with pytest.raises(UsageError, match=r"submission_metadata.yml is damaged"):
        collect(put({"e/submission_7/a.ipynb": notebook(), "e/submission_metadata.yml": meta.encode()}))


def test_long_names_take_no_long_time_and_lose_nobody(tmp_path):
    names = [" - " * 20_000 + "x.ipynb", " " * 60_000 + "y.ipynb", "a_1_" * 15_000 + ".ipynb"]
    source = in_zip(tmp_path, named(*names))
    assert len(collect(source)) == 3


def test_submitters_that_are_no_list_name_nobody(put):
    meta = b"submission_7:\n  :submitters: 5\n"
    (item,) = collect(put({"e/submission_7/a.ipynb": notebook(), "e/submission_metadata.yml": meta}))
    assert item.owner.name == "7"
