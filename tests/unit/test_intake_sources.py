"""Hostile folders and zips: nothing is extracted, followed or waited for, and the others are read."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import tracemalloc
import zipfile

import pytest

from autograder.errors import UsageError
from autograder.grading.intake import sources
from autograder.grading.intake.submissions import collect

GOOD = json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1"}]}).encode()


def entry(name, *, mode=0, flags=0, method=zipfile.ZIP_DEFLATED):
    info = zipfile.ZipInfo("placeholder", (2024, 1, 1, 0, 0, 0))
    info.filename = name  # the constructor would tame it
    info.external_attr = mode << 16
    info.flag_bits |= flags
    info.compress_type = method
    return info


def packed(*entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for info, data in entries:
            archive.writestr(info, data)
    return buffer.getvalue()


def encrypted(data):
    """The zip with the mark of a password on its only entry, in both headers."""
    changed = bytearray(data)
    for at in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        changed[at] |= 0x1
    return bytes(changed)


def read(tmp_path, data, name="class.zip"):
    path = tmp_path / name
    path.write_bytes(data)
    before = sorted(tmp_path.rglob("*"))
    found = {item.student: item.read() for item in collect(path)}
    assert before == sorted(tmp_path.rglob("*"))  # nothing was unpacked
    assert found.pop("good").problem == ""
    return found


@pytest.mark.parametrize(
    "name",
    [
        "../evil.ipynb",
        "../../evil.ipynb",
        "/etc/evil.ipynb",
        "C:\\evil.ipynb",
        "..\\evil.ipynb",
        "\\\\host\\evil.ipynb",
        "good/../../evil.ipynb",
    ],
)
def test_zip_slip_is_refused_and_merged_with_nobody(tmp_path, name):
    found = read(tmp_path, packed((entry(name), GOOD), (entry("good.ipynb"), GOOD), (entry("evil.ipynb"), GOOD)))
    assert found.pop("evil").problem == ""
    ((student, submission),) = found.items()
    assert "leads out of it" in submission.problem
    assert "/" not in student
    assert "\\" not in student


def test_backslashes_of_an_old_windows_zip_are_folders(tmp_path):
    found = read(tmp_path, packed((entry("ada\\work\\x.ipynb"), GOOD), (entry("good\\x.ipynb"), GOOD)))
    assert found["ada"].problem == ""


@pytest.mark.parametrize(
    ("info", "data", "says"),
    [
        (entry("ada.ipynb", mode=stat.S_IFLNK | 0o777), b"/etc/passwd", "`ada.ipynb` is a link"),
        (entry("ada.ipynb", mode=stat.S_IFIFO | 0o777), b"", "is not an ordinary file"),
        (entry("ada.ipynb", mode=stat.S_IFCHR | 0o777), b"", "is not an ordinary file"),
        (entry("ada.ipynb", method=zipfile.ZIP_BZIP2), GOOD, "is compressed in a way"),
        (entry("ada.ipynb", method=zipfile.ZIP_LZMA), GOOD, "is compressed in a way"),
        (entry("ada/x.ipynb", mode=stat.S_IFLNK | 0o777), b"../bob/x.ipynb", "`x.ipynb` is a link"),
    ],
)
def test_an_entry_that_is_no_plain_file_is_refused(tmp_path, info, data, says):
    assert says in read(tmp_path, packed((info, data), (entry("good.ipynb"), GOOD)))["ada"].problem
    # The same inside the zip of a student:
    info.filename = "x.ipynb"
    inner = packed((info, data))
    found = read(tmp_path, packed((entry("ada.zip"), inner), (entry("good.ipynb"), GOOD)))
    assert says.replace("ada.ipynb", "x.ipynb") in found["ada"].problem


def test_a_password_is_named(tmp_path):
    data = encrypted(packed((entry("x.ipynb"), GOOD)))
    assert (
        "protected by a password"
        in read(tmp_path, packed((entry("ada.zip"), data), (entry("good.ipynb"), GOOD)))["ada"].problem
    )


def test_a_wrong_checksum_is_one_students_problem(tmp_path):
    data = packed((entry("ada.ipynb", method=zipfile.ZIP_STORED), GOOD), (entry("good.ipynb"), GOOD))
    data = data.replace(b"x = 1", b"x = 2", 1)
    assert "`ada.ipynb` is damaged in the zip" in read(tmp_path, data)["ada"].problem


def test_garbage_in_the_compressed_bytes_is_one_students_problem(tmp_path):
    data = bytearray(packed((entry("ada.ipynb"), GOOD * 100), (entry("good.ipynb"), GOOD)))
    data[45:60] = b"\xff" * 15
    assert "is damaged in the zip" in read(tmp_path, bytes(data))["ada"].problem


@pytest.mark.parametrize("cut", [10, 60])
def test_a_cut_zip_becomes_a_problem_of_its_student(tmp_path, cut):
    inner = packed((entry("x.ipynb"), GOOD))
    found = read(tmp_path, packed((entry("ada.zip"), inner[:-cut]), (entry("good.ipynb"), GOOD)))
    assert "`ada.zip` cannot be opened as a zip" in found["ada"].problem


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_are_two_notebooks(tmp_path):
    better = GOOD.replace(b'"source"', b'"metadata": {"tags": ["answer:a"]}, "source"')
    data = packed((entry("ada.ipynb"), GOOD), (entry("ada.ipynb"), better), (entry("good.ipynb"), GOOD))
    ada = read(tmp_path, data)["ada"]
    assert ada.cells[0].tags == ("answer:a",)
    assert "2 notebooks were handed in" in ada.warnings[0]


def test_zips_are_opened_one_level_deep(tmp_path):
    inner = packed((entry("x.ipynb"), GOOD))
    deeper = packed((entry("inner.zip"), inner))
    found = read(tmp_path, packed((entry("ada.zip"), deeper), (entry("bob.zip"), inner), (entry("good.ipynb"), GOOD)))
    assert "`ada.zip` holds no notebook" in found["ada"].problem
    assert found["bob"].problem == ""


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("honest", [False, True])
def test_a_zip_bomb_is_refused_within_bounds(tmp_path, nested, honest):
    size = 150 * 2**20
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("ada.ipynb", "w") as file:
        for _ in range(size // 2**20):
            file.write(b" " * 2**20)
    data = buffer.getvalue()
    if not honest:
        data = data.replace(struct.pack("<L", size), struct.pack("<L", 1000))
    if nested:
        data = packed((entry("ada.zip"), data), (entry("good.ipynb"), GOOD))
    else:
        with zipfile.ZipFile(buffer := io.BytesIO(data), "a") as archive:
            archive.writestr("good.ipynb", GOOD)
        data = buffer.getvalue()
    tracemalloc.start()
    try:
        problem = read(tmp_path, data)["ada"].problem
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ("is larger than 100 MB" if honest else "is damaged in the zip") in problem
    assert peak < 10 * 2**20


def test_an_honest_notebook_may_shrink_like_a_bomb(tmp_path):
    cell = {"cell_type": "code", "source": "x = 1", "outputs": [{"output_type": "stream", "text": "x" * 50_000_000}]}
    data = json.dumps({"nbformat": 4, "cells": [cell]}).encode()
    found = read(tmp_path, packed((entry("ada.ipynb"), data), (entry("good.ipynb"), GOOD)))
    assert found["ada"].problem == ""
    assert tuple(cell.outputs for cell in found["ada"].cells) == ((),)


def test_a_zip_that_lists_too_many_files_is_refused_before_it_is_parsed(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_DIRECTORY", 70_000)
    inner = packed(*((entry(f"{n:0100}.ipynb"), b"") for n in range(600)))
    found = read(tmp_path, packed((entry("ada.zip"), inner), (entry("good.ipynb"), GOOD)))
    assert "cannot be opened as a zip" in found["ada"].problem


def test_a_name_that_lies_about_its_encoding_is_one_students_problem(tmp_path):
    inner = packed((entry("xä.ipynb"), GOOD)).replace("xä".encode(), b"x\xff\xff")
    found = read(tmp_path, packed((entry("ada.zip"), inner), (entry("good.ipynb"), GOOD)))
    assert "cannot be opened as a zip" in found["ada"].problem


def test_utf8_names_without_their_mark_are_read(tmp_path):
    data = packed((entry("Zoë.ipynb"), GOOD))
    assert data.count(b"\x00\x08") == 2  # the mark, in both headers
    data = data.replace(b"\x00\x08", b"\x00\x00")
    path = tmp_path / "class.zip"
    path.write_bytes(data)
    assert [item.student for item in collect(path)] == ["Zoë"]


def test_names_of_an_old_dos_zip_are_read(tmp_path):
    data = packed((entry("caf@.ipynb"), GOOD)).replace(b"caf@", b"caf\x82")
    path = tmp_path / "class.zip"
    path.write_bytes(data)
    assert [item.student for item in collect(path)] == ["café"]


def test_folders_that_lead_out_of_a_zip_are_nobodys(tmp_path):
    assert read(tmp_path, packed((entry("../evil/"), b""), (entry("good.ipynb"), GOOD))) == {}


def test_names_in_a_zip_are_shown_without_tricks(tmp_path):
    found = read(tmp_path, packed((entry("a\u202egnp\r\n=1.ipynb"), GOOD), (entry("good.ipynb"), GOOD)))
    ((student, submission),) = found.items()
    assert student == "agnp -1"
    assert submission.filename == "a\ufffdgnp\ufffd\ufffd=1.ipynb"


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "class"
    source.mkdir()
    (source / "good.ipynb").write_bytes(GOOD)
    return source


def in_folder(folder):
    found = {item.student: item.read() for item in collect(folder)}
    assert found.pop("good").problem == ""
    return found


def test_links_in_a_folder_are_never_followed(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.ipynb").write_bytes(GOOD)
    (folder / "ada.ipynb").symlink_to(outside / "secret.ipynb")
    (folder / "bob").symlink_to(outside)
    (folder / "cem").mkdir()
    (folder / "cem" / "x.ipynb").symlink_to(folder / "good.ipynb")
    (folder / "dee").mkdir()
    (folder / "dee" / "more").symlink_to(outside)
    (folder / "eve.ipynb").symlink_to("nowhere")
    found = in_folder(folder)
    for student in ("ada", "bob", "cem", "dee", "eve"):
        assert "is a link" in found.pop(student).problem
    assert found == {}


def test_a_file_that_became_a_link_after_it_was_listed_is_not_followed(folder):
    (folder / "ada.ipynb").write_bytes(GOOD)
    ada = next(item for item in collect(folder) if item.student == "ada")
    (folder / "ada.ipynb").unlink()
    (folder / "ada.ipynb").symlink_to(folder / "good.ipynb")
    assert "cannot be read" in ada.read().problem


def test_pipes_and_sockets_are_never_opened(folder):
    os.mkfifo(folder / "ada.ipynb")
    os.mkfifo(folder / "bob.zip")
    (folder / "cem").mkdir()
    os.mkfifo(folder / "cem" / "x.ipynb")
    found = in_folder(folder)
    assert {"ada", "bob", "cem"} == set(found)
    assert all("is not an ordinary file" in submission.problem for submission in found.values())


def test_a_file_that_became_a_pipe_after_it_was_listed_is_not_waited_for(folder):
    (folder / "ada.ipynb").write_bytes(GOOD)
    ada = next(item for item in collect(folder) if item.student == "ada")
    (folder / "ada.ipynb").unlink()
    os.mkfifo(folder / "ada.ipynb")
    assert "is not an ordinary file" in ada.read().problem


def test_a_file_beyond_the_bound_is_not_read(folder):
    with (folder / "ada.ipynb").open("wb") as file:
        file.truncate(sources.MAX_FILE + 1)
    tracemalloc.start()
    try:
        problem = in_folder(folder)["ada"].problem
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "is larger than 100 MB" in problem and "Clear all outputs" in problem
    assert peak < 4 * 2**20


def test_what_is_no_notebook_gets_no_advice_for_notebooks(folder):
    with (folder / "digits.csv").open("wb") as file:
        file.truncate(sources.MAX_FILE + 1)
    problems = {file.short: file.problem for file in sources.listing(folder)}
    assert problems["digits.csv"] == "is larger than 100 MB, the most that is read."


def test_a_file_that_grew_after_it_was_listed_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(sources, "MAX_FILE", 1000)
    (folder / "ada.ipynb").write_bytes(GOOD)
    ada = next(item for item in collect(folder) if item.student == "ada")
    (folder / "ada.ipynb").write_bytes(GOOD + b" " * 1000)
    assert "is larger than" in ada.read().problem


def test_a_huge_folder_is_one_students_problem(folder, monkeypatch):
    monkeypatch.setattr(sources, "MAX_FILES", 50)
    for n in range(60):
        (folder / "ada" / f"{n}").mkdir(parents=True)
    (folder / "bob").mkdir()
    (folder / "bob" / "x.ipynb").write_bytes(GOOD)
    found = in_folder(folder)
    assert "`ada` holds more than 50 files" in found["ada"].problem
    assert found["bob"].problem == ""


@pytest.mark.parametrize("bound", ["MAX_FILES", "MAX_ALL"])
def test_a_folder_beyond_all_bounds_is_no_class(folder, monkeypatch, bound):
    monkeypatch.setattr(sources, bound, 3)
    for student in ("ada", "bob"):
        (folder / student).mkdir()
        for n in range(3):
            (folder / student / f"{n}.ipynb").write_bytes(GOOD)
    if bound == "MAX_FILES":
        (folder / "c.ipynb").write_bytes(GOOD)
    with pytest.raises(UsageError, match=r"holds more than 3 files\. Give a folder with the submissions alone"):
        collect(folder)


def test_a_deep_folder_is_left(folder):
    path = folder / "ada"
    for _ in range(100):
        path /= "d"
    path.mkdir(parents=True)
    (path / "x.ipynb").write_bytes(GOOD)
    assert "No notebook was found" in in_folder(folder)["ada"].problem


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_one_students_problem(folder):
    (folder / "ada").mkdir(mode=0)
    assert "cannot be opened: Permission denied" in in_folder(folder)["ada"].problem


def test_an_unreadable_folder_stops_nobody(folder, monkeypatch):
    (folder / "j.doe").mkdir()
    scan = sources._scan

    def refuse(path, above):
        if above:
            raise PermissionError(13, "Permission denied")
        return scan(path, above)

    monkeypatch.setattr(sources, "_scan", refuse)
    assert "`j.doe` cannot be opened: Permission denied." in in_folder(folder)["j.doe"].problem


def test_names_that_are_no_text_are_read(folder):
    try:
        (folder / os.fsdecode(b"ad\xff\xfea.ipynb")).write_bytes(GOOD)
    except OSError:
        pytest.skip("this file system wants UTF-8 names")
    submission = in_folder(folder)["ada"]
    assert submission.problem == ""
    assert submission.filename == "ad\ufffd\ufffda.ipynb"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a/b.ipynb", "a/b.ipynb"), ("a\nb", "a\ufffdb"), ("\ud800", "\ufffd"), ("x" * 200, "x" * 60 + "…" + "x" * 59)],
)
def test_shown_names_are_one_short_line(name, expected):
    assert expected == sources.shown(name)
