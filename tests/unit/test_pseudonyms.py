"""A copy for sharing says of nobody who it is, and the key to it stays where the grades are."""

from __future__ import annotations

import gzip
import json
import stat

import pytest
from rich.console import Console
from rich.progress import Progress
from typer.testing import CliRunner

from autograder.cli import app
from autograder.commands import report
from autograder.errors import UsageError
from autograder.grading.results.output_folder import OutputFolder
from autograder.publishing import publish
from autograder.records import Assignment, Case, Cause, Cell, Execution, Grade, Outcome, Question, QuestionGrade

QUIET = Console(quiet=True)
ASSIGNMENT = Assignment(
    "cnn",
    "CNN",
    (Question("train", 4, cases=(Case("floor", "Floor", 4),)), Question("why", 2, manual=True)),
    data={"data/x.npz": "sha256:data"},
)
RUN = Execution("completed", cells=(Cell("code", "x = 1", ("answer:train",)),), wall_seconds=1)
STUDENTS = ("adalovelace", "gracehopper", "absent")


def grade(student, submission, message="", **fields):
    floor = Outcome("floor", "pass", 4, 4, message=f"{student} did it in {submission}.")
    why = QuestionGrade("why", 0, 2, (Outcome("why", "manual", 0, 2),), manual=True, answer="Because.")
    defaults = {"questions": (QuestionGrade("train", 4, 4, (floor,)), why), "pending": 2, "message": message}
    return Grade(
        student, submission, f"sha256:{student}", **{"status": "graded", "score": 4, "possible": 6} | defaults | fields
    )


@pytest.fixture
def out(tmp_path):
    warnings = ("2 notebooks were handed in: `adalovelace/secretname.ipynb` counts.", "adalovelace is not on the list.")
    problem = "No notebook was found: expected an .ipynb file, received `hopper report.pdf`."
    with OutputFolder.start(tmp_path / "out", ASSIGNMENT, "sha256:bundle", {}) as folder:
        missing = Cause("file", "/home/countess/data.csv", 1, "`/home/countess/data.csv` is not there.")
        folder.add(grade("adalovelace", "adalovelace/secretname.ipynb", warnings=warnings, causes=(missing,)), RUN)
        folder.add(
            grade("gracehopper", "gracehopper/hopper report.pdf", problem, status="rejected", questions=()),
            Execution("refused", problem),
        )
        folder.add(grade("absent", "", "Nothing was handed in.", status="rejected", questions=()), Execution("refused"))
        publish(folder, {}, Progress(disable=True))
    path = tmp_path / "out" / "manual.csv"
    path.write_text(path.read_text().replace('"why","","2","",""', '"why","","2","1.5","Good."'))
    return tmp_path / "out"


def content(folder):
    """All that is in a folder: names and texts."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: (gzip.decompress(data) if name.endswith(".gz") else data).decode() for name, data in files.items()}


def test_a_copy_has_no_id_digest_or_file_name(out, tmp_path):
    copy = tmp_path / "copy"
    run = CliRunner().invoke(app, ["report", str(out), "--also", "markdown", "--anonymous", "-o", str(copy)])
    assert run.exit_code == 1, "a submission was rejected"
    *_, kept, _, last = run.stdout.splitlines()
    assert kept.startswith("Report with names, to keep: ")
    assert last == f"Copy: {copy / 'index.html'}"
    shared = content(copy)
    everything = "\n".join([*shared, *shared.values()])
    for secret in (*STUDENTS[:2], "secretname", "hopper", "countess", "sha256:", "manual.csv"):
        assert secret not in everything, secret
    names = json.loads((out / "pseudonyms.json").read_text())["names"]
    assert list(names) == sorted(STUDENTS)
    assert {f"feedback/{name}{suffix}" for name in names.values() for suffix in (".html", ".md")} <= set(shared)
    assert "pseudonyms.json" not in shared
    grades = {each["student"]: each for each in json.loads(shared["grades.json"])["grades"]}
    ada, absent = grades[names["adalovelace"]], grades[names["absent"]]
    assert (ada["score"], ada["submission"], ada["questions"][1]["score"]) == (5.5, "notebook.ipynb", 1.5)
    assert ada["questions"][0]["cases"][0]["message"] == f"{names['adalovelace']} did it in {names['adalovelace']}."
    assert (absent["submission"], absent["message"]) == ("", "Nothing was handed in.")
    assert "x = 1" in shared[f"runs/{names['adalovelace']}.json.gz"]
    for path in (copy, *copy.rglob("*"), out / "pseudonyms.json"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path

    again = report.run(copy, also=[], console=QUIET)
    assert {each.student: each.score for each in again.grades} == {name: each["score"] for name, each in grades.items()}


def test_pseudonyms_stay_and_are_nobody_elses(out, tmp_path):
    report.run(out, also=[], console=QUIET, copy=tmp_path / "one")
    first = json.loads((out / "pseudonyms.json").read_text())["names"]
    with OutputFolder.start(out, ASSIGNMENT, "sha256:bundle", {}) as folder:
        folder.remove("absent")
        folder.add(grade("zoe", "zoe.ipynb"), RUN)
        publish(folder, {}, Progress(disable=True))
    report.run(out, also=[], console=QUIET, copy=tmp_path / "two")
    second = json.loads((out / "pseudonyms.json").read_text())["names"]
    assert first.items() <= second.items() and set(second) == {*STUDENTS, "zoe"}
    assert len(set(second.values())) == 4
    assert {path.stem for path in (tmp_path / "two" / "feedback").iterdir()} == set(second.values()) - {first["absent"]}


@pytest.mark.parametrize("kind", ["the folder itself", "another folder of grades", "a file", "foreign"])
def test_a_copy_goes_into_an_empty_folder_only(out, tmp_path, kind):
    copy = tmp_path / "copy"
    if kind == "the folder itself":
        copy = out
    elif kind == "another folder of grades":
        report.run(out, also=[], console=QUIET, copy=copy)
    elif kind == "a file":
        copy.write_text("mine")
    else:
        copy.mkdir()
        (copy / "notes.txt").write_text("mine")
    before = content(copy) if copy.is_dir() else copy.read_text()
    with pytest.raises(UsageError, match="is not empty"):
        report.run(out, also=[], console=QUIET, copy=copy)
    if kind != "the folder itself":  # in which the report was written
        assert before == (content(copy) if copy.is_dir() else copy.read_text())


@pytest.mark.parametrize("arguments", [["--anonymous"], ["-o", "copy"]])
def test_the_copy_and_its_folder_belong_together(out, arguments):
    outcome = CliRunner().invoke(app, ["report", str(out), *arguments])
    assert isinstance(outcome.exception, UsageError)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-9],
        lambda text: "[]",
        lambda text: '{"count": 1, "names": {"a": "x/../y"}}',
        lambda text: "\n".join(line for line in text.split("\n") if "grace" not in line),
    ],
)
def test_a_key_that_is_damaged_is_one_line(out, tmp_path, change):
    report.run(out, also=[], console=QUIET, copy=tmp_path / "one")
    path = out / "pseudonyms.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(UsageError, match=r"pseudonyms\.json (cannot be read|was changed)"):
        report.run(out, also=[], console=QUIET, copy=tmp_path / "two")
    assert not (tmp_path / "two").exists()
