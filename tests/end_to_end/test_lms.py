"""From an LMS's download to what it takes back, in four commands; what it takes is read by its own rules."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests import notebooks as nb

RIGHT = nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS)
WRONG = nb.answers("answer = 1", nb.RIGHT_LABELS)
MOODLE = {
    "Ada Lovelace_11_assignsubmission_file_/cnn.ipynb": WRONG,
    "Ada Lovelace_11_assignsubmission_file_/cnn (1).ipynb": RIGHT,
    "Ada Lovelace_21_assignsubmission_file_/cnn.ipynb": WRONG,
    "Seán O'Casey_12_assignsubmission_file_/cnn.ipynb": RIGHT,
    "Not Enrolled_99_assignsubmission_file_/cnn.ipynb": RIGHT,
}
WORKSHEET = (
    "\ufeffID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;Zuletzt geändert (Bewertung);Feedback\r\n"
    "Teilnehmer/in11;Ada Lovelace;ada@x;Abgegeben;;10,00;-;\r\n"
    'Teilnehmer/in 21;Ada Lovelace;ada2@x;Abgegeben;3,50;10,00;-;"zwei\r\nZeilen"\r\n'
    "\r\n"
    "Teilnehmer/in 12;Seán O'Casey;sean@x;Abgegeben;;9,00;-;\r\n"
    "Teilnehmer/in 13;Émilie du Châtelet;emilie@x;Keine Abgabe;;10,00;-;\r\n"
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nb.small_bundle(tmp_path_factory.mktemp("lms") / "small")


def download(folder: Path, files: dict[str, Any]) -> Path:
    with zipfile.ZipFile(folder / "download.zip", "w") as archive:
        for name, cells in files.items():
            archive.writestr(name, json.dumps(nb.notebook(*cells)))
    return folder / "download.zip"


def test_moodle_and_back(bundle: Path, tmp_path: Path) -> None:
    source, worksheet = download(tmp_path, MOODLE), tmp_path / "Bewertung.csv"
    worksheet.write_text(WORKSHEET, encoding="utf-8", newline="")
    shown = nb.autograder("intake", source, "--json")
    people = [(row["student"], row["id"], row["attempts"]) for row in json.loads(shown.stdout)]
    assert sorted(people) == [
        ("Ada Lovelace", "11", 2),
        ("Ada Lovelace", "21", 1),
        ("Not Enrolled", "99", 1),
        ("Seán O'Casey", "12", 1),
    ]
    out = tmp_path / "out"
    graded = nb.autograder("grade", bundle, source, "--roster", worksheet, "-o", out, "--json")
    assert graded.returncode == 0, graded.stderr
    happened = [json.loads(line) for line in graded.stdout.splitlines()]
    assert happened[0]["submissions"] == happened[0]["waiting"] == 4
    begun = [each["student"] for each in happened if each["event"] == "begun"]
    scores = {each["student"]: each["score"] for each in happened if each["event"] == "graded"}
    assert sorted(begun) == sorted(scores)
    assert sorted(scores.values()) == [7, 10, 10, 10]
    assert happened[-1] == {"event": "report", "index": str(out.resolve() / "index.html"), "needs_review": False}
    assert "Moodle download: 4 students, 5 notebooks." in graded.stderr
    assert "Not on the class list: 1 (Not Enrolled)." in graded.stderr
    assert nb.autograder("report", out).returncode == 0
    exported = nb.autograder("export", out, "--to", "moodle", "--template", worksheet, "-o", tmp_path / "upload.csv")
    assert exported.returncode == 0, exported.stderr
    said = exported.stdout.replace("\n", " ")
    assert "Not Enrolled: not in Bewertung.csv" in said
    assert "10 is above Moodle's maximum of 9" in said
    assert "Émilie du Châtelet: handed in nothing, so the cell stays as it is" in said
    expected = WORKSHEET.replace("Abgegeben;;10,00", "Abgegeben;10;10,00").replace("3,50", "7")
    assert (tmp_path / "upload.csv").read_bytes().decode() == expected
    with zipfile.ZipFile(tmp_path / "upload-feedback.zip") as archive:
        names = archive.namelist()
    assert [name.split("/")[0].split("_", 4)[:3] for name in sorted(names)] == [
        ["Ada Lovelace", "11", "assignsubmission"],
        ["Ada Lovelace", "21", "assignsubmission"],
        ["Seán O'Casey", "12", "assignsubmission"],
    ]
    entries = nb.grades(out)
    assert {entry["name"] for entry in entries.values() if entry["id"] == "12"} == {"Seán O'Casey"}
    page = next((out / "feedback").glob("Se*n O*.html")).read_text()
    assert "Feedback for <bdi>Seán O&#39;Casey</bdi>" in page
    later = download(tmp_path, {"Seán O'Casey_12_assignsubmission_file_/neu.ipynb": WRONG})
    again = nb.autograder("grade", bundle, later, "-o", out)
    assert "1 to be graded again" in again.stderr and "not in this upload, and staying" in again.stderr
    assert len(nb.grades(out)) == len(entries)


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Other (5),A small exercise (77),Final Score\n"
    "    Points Possible,,,,,3,10,(read only)\n"
    '"Lovelace, Ada",11,m-1,ada,"A, B",2,,80\n'
    '"du Châtelet, Émilie",12,m-4,emilie,A,1,EX,\n'
    '"Hopper, Grace",13,m-5,grace,A,1,,\n'
)


def test_canvas_and_back(bundle: Path, tmp_path: Path) -> None:
    files = {
        "lovelaceada_11_998801_cnn.ipynb": WRONG,
        "lovelaceada_11_998899_cnn-1.ipynb": RIGHT,
        "duchâteletémilie_LATE_12_998802_cnn.ipynb": RIGHT,
    }
    gradebook, out = tmp_path / "gradebook.csv", tmp_path / "out"
    gradebook.write_text(CANVAS, encoding="utf-8", newline="")
    graded = nb.autograder("grade", bundle, download(tmp_path, files), "--roster", gradebook, "-o", out)
    assert graded.returncode == 0, graded.stderr
    assert "Canvas download: 2 students, 3 notebooks." in graded.stderr
    exported = nb.autograder("export", out, "--to", "canvas", "--template", gradebook, "-o", tmp_path / "up.csv")
    assert exported.returncode == 0, exported.stderr
    assert "excused in Canvas" in exported.stdout
    assert "Hopper, Grace: handed in nothing" in exported.stdout
    assert (tmp_path / "up.csv").read_text() == CANVAS.replace('"A, B",2,,80', '"A, B",2,10,80')
    with zipfile.ZipFile(tmp_path / "up-feedback.zip") as archive:
        assert sorted(archive.namelist()) == [
            "duchâteletémilie_LATE_12_998802_cnn.html",
            "lovelaceada_11_998899_cnn-1.html",
        ]
    absent = [entry for entry in nb.grades(out).values() if not entry["submission"]]
    assert [(entry["student"], entry["id"]) for entry in absent] == [("Hopper, Grace", "13")]
    later = {"hoppergrace_LATE_13_998881_cnn.ipynb": RIGHT, "duchâteletémilie_LATE_12_998890_cnn.ipynb": WRONG}
    source = download(tmp_path, later | {"bob.ipynb": WRONG})
    again = nb.autograder("grade", bundle, source, "-o", out)  # without the list, with one that came by mail
    assert "Canvas download: 3 students, 3 notebooks." in again.stderr
    found = {entry["student"]: (entry["name"], entry["id"], entry["score"]) for entry in nb.grades(out).values()}
    assert found == {
        "Lovelace, Ada": ("", "11", 10),
        "Hopper, Grace": ("", "13", 10),
        "du Châtelet, Émilie": ("", "12", 7),
        "bob": ("", "", 7),
    }


def test_a_namesake_who_hands_in_later_takes_nobodys_place(bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for number, cells in {"1": RIGHT, "2": WRONG}.items():
        source = download(tmp_path, {f"Kim Lee_{number}_assignsubmission_file_/x.ipynb": cells})
        graded = nb.autograder("grade", bundle, source, "-o", out)
        assert graded.returncode == 0, graded.stderr
    found = {student: (entry["id"], entry["score"]) for student, entry in nb.grades(out).items()}
    assert found == {"Kim Lee": ("1", 10), "Kim Lee-2": ("2", 7)}


def test_who_is_there_is_said_whatever_the_names(tmp_path: Path) -> None:
    nb.write_notebook(tmp_path / "in" / "ad\udce9.ipynb", *RIGHT)
    nb.write_notebook(tmp_path / "in" / "bo\u202e\x9b1mb.ipynb", *RIGHT)
    shown = nb.autograder("intake", tmp_path / "in", "--json")
    assert shown.returncode == 0, shown.stderr
    assert [row["student"] for row in json.loads(shown.stdout)] == ["ad\ufffd", "bo\ufffd\ufffd1mb"]


def test_the_other_formats_say_what_grades_json_says(bundle: Path, tmp_path: Path) -> None:
    nb.write_notebook(tmp_path / "in" / "ada.ipynb", *RIGHT)
    nb.write_notebook(tmp_path / "in" / "bo\u202e=b.ipynb", *WRONG)
    out = tmp_path / "out"
    assert nb.autograder("grade", bundle, tmp_path / "in", "-o", out).returncode == 0
    scores = {student: (entry["score"], entry["possible"]) for student, entry in nb.grades(out).items()}
    made = {}
    for name, suffix in {"nbgrader": "csv", "csv": "csv", "json": "json", "junit": "xml", "gradescope": "zip"}.items():
        made[name] = tmp_path / f"{name}.{suffix}"
        run = nb.autograder("export", out, "--to", name, "-o", made[name])
        assert run.returncode == 0, run.stderr
    table = list(csv.DictReader(io.StringIO(made["nbgrader"].read_text(), newline="")))
    assert {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in table} == scores
    assert [(row["first_name"], row["last_name"]) for row in table][:1] == [("", "ada")]
    assert made["csv"].read_bytes() == (out / "grades.csv").read_bytes()
    assert {
        each["student"]: (each["score"], each["possible"]) for each in json.loads(made["json"].read_text())
    } == scores
    suites = ET.fromstring(made["junit"].read_bytes())
    read = {}
    for suite in suites:
        values = {each.get("name"): float(each.get("value", "")) for each in suite.findall("properties/property")}
        read[suite.get("name")] = (values["score"], values["possible"])
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
    assert read == scores
    with zipfile.ZipFile(made["gradescope"]) as archive:
        results = {name.split("/")[0]: json.loads(archive.read(name)) for name in archive.namelist()}
    assert {student: (each["score"], 10) for student, each in results.items()} == scores
    assert all(test["status"] in ("passed", "failed") for each in results.values() for test in each["tests"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--to", "moodle"), "download it, and give it as --template FILE"),
        (("--to", "blackboard"), "give one of moodle, canvas, gradescope"),
        (("--to", "canvas", "--template", "{source}"), "no column `student`"),
        (("--to", "moodle", "--template", "{other}"), "has nobody of this report"),
        (("--to", "json", "--template", "{other}"), "--template is for moodle and canvas"),
        (("--to", "canvas", "--template", "none.csv"), "does not exist"),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    bundle: Path, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    (tmp_path / "source.csv").write_text("a,b\n1,2\n")
    (tmp_path / "other.csv").write_text("Identifier,Full name,Grade\nParticipant 5,Nobody Here,\n")
    notebook = nb.write_notebook(tmp_path / "ada.ipynb", *RIGHT)
    assert nb.autograder("grade", bundle, notebook, "-o", tmp_path / "out").returncode == 0
    filled = [
        each.replace("{source}", str(tmp_path / "source.csv")).replace("{other}", str(tmp_path / "other.csv"))
        for each in options
    ]
    run = nb.autograder("export", tmp_path / "out", *filled, cwd=tmp_path)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1), run.stderr
    assert words in run.stderr
