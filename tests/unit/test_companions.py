"""Which files of a student lie beside the notebook where it runs: under which names, and within which bounds."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from autograder.grading.intake import companions
from autograder.grading.intake.companions import fitted
from autograder.grading.intake.submissions import collect
from autograder.records import Submission, SubmittedFile

NOTEBOOK = json.dumps(
    {"cells": [{"cell_type": "code", "source": "1", "metadata": {"tags": ["answer:a"]}}], "nbformat": 4, "metadata": {}}
).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def files_of(folder: Path, files: dict[str, bytes]) -> list[tuple[str, str, bytes]]:
    """Name, reason and content of what the first student handed in with the notebook."""
    (folder / "class.zip").write_bytes(zipped(files))
    first = collect(folder / "class.zip")[0]
    return [(file.name, file.left_out, file.content) for file in first.read().files]


@pytest.mark.parametrize(
    "files",
    [
        {"ada/x.ipynb": NOTEBOOK, "ada/helper.py": b"1", "ada/data/p.csv": b"2", "bo/x.ipynb": NOTEBOOK},
        {"ada/w/x.ipynb": NOTEBOOK, "ada/w/helper.py": b"1", "ada/data/p.csv": b"2", "bo/x.ipynb": NOTEBOOK},
        {"ada.zip": zipped({"w/x.ipynb": NOTEBOOK, "w/helper.py": b"1", "w/data/p.csv": b"2"}), "bo.ipynb": NOTEBOOK},
    ],
    ids=["folder", "another folder", "zip"],
)
def test_a_file_lies_where_it_lay(tmp_path: Path, files: dict[str, bytes]) -> None:
    assert files_of(tmp_path, files) == [("data/p.csv", "", b"2"), ("helper.py", "", b"1")]


@pytest.mark.parametrize(
    ("notebook", "file"),
    [
        ("lovelaceada_1_10_x.ipynb", "lovelaceada_1_11_helper.py"),
        ("Ada_1_assignsubmission_file_x.ipynb", "Ada_1_assignsubmission_file_helper.py"),
        ("CNN_ada_attempt_2026-11-05-12-00-00_x.ipynb", "CNN_ada_attempt_2026-11-05-12-00-00_helper.py"),
        ("Lovelace_Ada_ada_1/20261105120000_x.ipynb", "Lovelace_Ada_ada_1/20261105120000_helper.py"),
    ],
    ids=["Canvas", "Moodle without folders", "Blackboard", "ILIAS"],
)
def test_names_are_those_before_the_system_changed_them(tmp_path: Path, notebook: str, file: str) -> None:
    details = {"CNN_ada_attempt_2026-11-05-12-00-00.txt": b"Name: Ada (ada)"} if "attempt" in notebook else {}
    files = {notebook: NOTEBOOK, file: b"1"} | details
    if "lovelace" in notebook:
        files["smithzoe_2_12_x.ipynb"] = NOTEBOOK
    assert files_of(tmp_path, files) == [("helper.py", "", b"1")]


def test_of_several_attempts_at_a_file_the_last_one_lies_there(tmp_path: Path) -> None:
    at = "Lovelace_Ada_ada_1/2026110"
    files = {f"{at}5120000_x.ipynb": NOTEBOOK, f"{at}5120000_h.py": b"new", f"{at}4120000_h.py": b"old"}
    assert files_of(tmp_path, files) == [("h.py", "", b"new")]


def test_what_is_left_out_has_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companions, "MAX_BYTES", 9)
    monkeypatch.setattr(companions, "MAX_ALL_BYTES", 15)
    monkeypatch.setattr(companions, "MAX_COUNT", 6)
    deep = "/".join(["f"] * 6)
    contents = {"a.exe": 1, "b.csv": 10, "c'.csv": 1, f"{deep}/c.csv": 1, "y.csv": 9, "z.csv": 9, "zz.csv": 1}
    files = {f"ada/{name}": b"1" * size for name, size in contents.items()}
    found = files_of(tmp_path, {"ada/x.ipynb": NOTEBOOK, "bo/x.ipynb": NOTEBOOK} | files)
    assert {name: reason for name, reason, _ in found} == {
        "a.exe": "files of this type are not put beside a notebook",
        "b.csv": "it has more than 0 MB",
        "c'.csv": "its name has characters that are not taken",
        f"{deep}/c.csv": "its name has characters that are not taken",
        "y.csv": "",
        "z.csv": "all together are more than 0 MB",
        "further files": "there are more than 6",
    }


def test_a_zip_without_a_notebook_is_a_file_and_one_that_is_none_is_too(tmp_path: Path) -> None:
    data = zipped({"p.csv": b"1"})
    files = {"ada/x.ipynb": NOTEBOOK, "ada/data.zip": data, "ada/no.zip": b"x", "bo/x.ipynb": NOTEBOOK}
    assert files_of(tmp_path, files)[0] == ("data.zip", "", data)


def test_a_path_that_leads_out_of_a_zip_is_left_out(tmp_path: Path) -> None:
    inside = zipped({"x.ipynb": NOTEBOOK, "../up.py": b"1", "/etc/up.py": b"1", "a/../../up.py": b"1"})
    found = files_of(tmp_path, {"ada.zip": inside, "bo.ipynb": NOTEBOOK})
    assert len(found) == 3 and all("leads out of it" in reason and not content for _, reason, content in found)


GIVEN = {"helper.py": b"1", "data/points.csv": b"2", "pack/__init__.py": b"3", "plain.csv": b"4"}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("helper.py", b"other", "came with the exercise"),
        ("HELPER.py", b"1", "came with the exercise"),
        ("helper/__init__.py", b"1", "came with the exercise"),
        ("helper/data.csv", b"1", "came with the exercise"),
        ("helper.txt", b"1", ""),
        ("data.py", b"1", "came with the exercise"),
        ("data/mine.csv", b"1", ""),
        ("data/points.csv/x.csv", b"1", "another file has its place"),
        ("pack.py", b"1", "came with the exercise"),
        ("pack/more.py", b"1", "came with the exercise"),
        ("plain.csv", b"other", "came with the exercise"),
        ("plain.csv/x.py", b"other", "another file has its place"),
        ("plain.py", b"1", ""),
    ],
)
def test_a_file_of_the_exercise_stays_in_its_place(name: str, content: bytes, reason: str) -> None:
    (file,) = fitted(Submission("a", "a.ipynb", files=(SubmittedFile(name, 1, content),)), GIVEN).files
    assert bool(file.left_out) == bool(reason) and reason in file.left_out


def test_an_unchanged_copy_is_not_mentioned_and_files_do_not_exclude_each_other_without_a_word() -> None:
    files = (SubmittedFile("a", 1, b"1"), SubmittedFile("a/b.csv", 1, b"1"), SubmittedFile("helper.py", 1, b"1"))
    made = fitted(Submission("a", "a.ipynb", files=files, warnings=("first",)), GIVEN)
    assert [(file.name, file.left_out) for file in made.files] == [("a", ""), ("a/b.csv", "another file has its place")]
    assert made.warnings == ("first", "Left out, beside the notebook: `a/b.csv` (another file has its place).")
    assert made.left_out == ("a/b.csv",)
