"""Grading by hand, as an instructor does it: grade, fill in the table, report; grade again, and nothing is lost."""

from __future__ import annotations

import base64
import csv
import io
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.records import Limits, Question
from tests import notebooks as nb
from tests.notebooks import RIGHT_NUMBER, code, markdown

WHY = Question(
    "why", 2, "Why is it so?", manual=True, rubric="- **1**: names the reason\n  in full.\n- **1**: proves it."
)
GOOD = 'Because **seven** is prime.\n\n=HYPERLINK("https://evil.example")\n<script>alert(1)</script>'


def cells(number: str = RIGHT_NUMBER, why: str = GOOD) -> list[dict[str, Any]]:
    return [code(number, "answer:number"), markdown(why, "answer:why")]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    limits = Limits(wall_seconds=20, cell_seconds=10, memory_mb=700)
    return nb.write_bundle(tmp_path / "small", {"number": nb.NUMBER_TESTS}, limits=limits, manual=[WHY])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "class"
    nb.write_notebook(source / "ada.ipynb", *cells())
    nb.write_notebook(source / "ada_b.ipynb", *cells("answer = 1", "No idea."))
    (source / "broken.ipynb").write_text("no notebook")
    return source


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def read(out: Path) -> list[dict[str, str]]:
    text = (out / "manual.csv").read_text(encoding="utf-8-sig")
    delimiter = max(",;", key=text.partition("\n")[0].count)
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def fill(out: Path, change: Callable[[dict[str, str]], dict[str, str]], delimiter: str = ",") -> None:
    rows = [change(row) for row in read(out)]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    (out / "manual.csv").write_text(text.getvalue(), encoding="utf-8", newline="")


def give(points: dict[str, str], comment: str = "") -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda row: {
        **row,
        "points": points.get(row["student"], row["points"]),
        "comment": row["comment"] or comment,
    }


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def scores(out: Path) -> dict[str, tuple[float, float]]:
    return {student: (entry["score"], entry["pending"]) for student, entry in nb.grades(out).items()}


def test_grade_fill_in_report_and_grade_again(bundle: Path, source: Path, out: Path, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("student\nada\nada_b\nbroken\nabsent\n")
    command = ("grade", bundle, source, "-o", out, "--roster", tmp_path / "roster.csv")
    run = nb.autograder(*command)
    assert run.returncode == 1, run.stderr
    progress = [line.partition(",")[0] for line in run.stderr.splitlines() if "Grading" in line]
    assert progress == [f"Grading: {number} of 3" for number in (1, 2, 3)], "a log says how far it is"
    assert f"2 answers wait for a person: fill in {out}/manual.csv, then run `autograder report {out}`." in run.stdout
    rows = read(out)
    assert [(row["student"], row["question"], row["case"], row["possible"], row["points"]) for row in rows] == [
        ("broken", "(review)", "", "", ""),
        ("broken", "number", "type", "1", ""),
        ("broken", "number", "value", "3", ""),
        ("ada", "why", "", "2", ""),
        ("ada_b", "why", "", "2", ""),
        ("broken", "why", "", "2", ""),
    ]
    assert rows[3]["answer"].startswith("Because **seven** is prime. ⏎ =HYPERLINK")
    assert rows[3]["rubric"] == "Rubric: - **1**: names the reason in full. ⏎ - **1**: proves it."
    assert '"absent","","absent","0","6"' in (out / "grades.csv").read_text()
    assert nb.grades(out)["absent"]["status"] == "rejected", "as scripts know it"
    assert scores(out) == {"ada": (4, 2), "ada_b": (1, 2), "broken": (0, 0), "absent": (0, 0)}

    fresh = tree(out)
    assert nb.autograder("report", out).stdout == run.stdout
    assert tree(out) == fresh, "made anew from what is kept, everything is as the run had made it"

    comment = "Well seen.\nProve it <b>next</b> time."
    fill(out, give({"ada": "1,5", "ada_b": "2"}, comment), delimiter=";")
    assert rows[5]["answer"] == "(the submission could not be read)"
    before = tree(out)
    moved = tmp_path / "elsewhere" / "grades"
    shutil.copytree(out, moved)
    shutil.rmtree(bundle)  # the report needs no exercise, and no source
    run = nb.autograder("report", moved)
    assert run.returncode == 1, run.stderr  # `broken` is still no notebook
    assert "wait" not in run.stdout
    assert scores(moved) == {"ada": (5.5, 0), "ada_b": (3, 0), "broken": (0, 0), "absent": (0, 0)}
    why = nb.cases_of(nb.grades(moved)["ada"])["why.why"]
    assert (why["status"], why["points"], why["by_hand"], why["comment"]) == ("fail", 1.5, True, comment)
    assert nb.cases_of(nb.grades(moved)["ada_b"])["why.why"]["status"] == "pass"
    assert '"ada","ada.ipynb","graded","5.5","6","4","1.5"' in (moved / "grades.csv").read_text()
    page = (moved / "feedback" / "ada.html").read_text()
    assert "Well seen.\nProve it &lt;b&gt;next&lt;/b&gt; time." in page
    assert "more point" not in page and "To be graded" not in page
    assert "Your notebook, as it ran" in page and "7919" in page
    assert "<script" not in page
    index = (moved / "index.html").read_text()
    assert "1.75" in index and "(2 graded)" in index
    assert tree(moved)["manual.csv"] == before["manual.csv"], "a file that says all of it already is left alone"
    assert tree(out) == before

    nb.autograder("report", moved)
    again = tree(moved)
    assert nb.autograder("report", moved).returncode == 1
    assert tree(moved) == again

    accepted = {"student": "broken", "question": "(review)"}
    fill(moved, lambda row: row | ({"points": "accept"} if accepted.items() <= row.items() else {}))
    run = nb.autograder("report", moved)
    assert run.returncode == 0, "what a person settled, needs no other look"
    assert "run stopped" not in run.stdout
    assert scores(moved)["broken"] == (0, 0)
    page = (moved / "feedback" / "broken.html").read_text()
    assert "A person looked at this grade and let it stand as it is." in page
    assert "Well seen.\nProve it &lt;b&gt;next&lt;/b&gt; time." in page
    assert "This is not a notebook" in page, "why there are no points"


def test_a_regrade_keeps_every_entry_and_flags_changed_answers(bundle: Path, source: Path, out: Path) -> None:
    command = ("grade", bundle, source, "-o", out)
    (source / "broken.ipynb").unlink()
    assert nb.autograder(*command).returncode == 0
    fill(out, give({"ada": "1.5", "ada_b": "2"}, "Good."))
    nb.write_notebook(source / "ada.ipynb", *cells(why="Another answer."))
    (source / "ada_b.ipynb").unlink()
    nb.write_notebook(source / "new.ipynb", *cells(why="Mine."))
    run = nb.autograder(*command, "--remove", "ada_b")
    assert run.returncode == 1, run.stderr
    assert "1 answer changed since graded by hand (ada why); the points stay." in run.stdout
    assert "1 row belongs to nothing in this run (ada_b why); kept in" in run.stdout
    assert "1 answer waits for a person" in run.stdout
    assert [(row["student"], row["points"], row["comment"], row["note"]) for row in read(out)] == [
        ("ada", "1.5", "Good.", "answer changed since it was graded"),
        ("new", "", "", ""),
        ("ada_b", "2", "Good.", "not asked for in this run"),
    ]
    assert scores(out) == {"ada": (5.5, 0), "new": (4, 2)}
    assert "Good." in (out / "feedback" / "ada.html").read_text()
    assert "1.5" in (out / "manual.csv~").read_text()

    fill(out, lambda row: {**row, "note": "", "points": "0" if row["student"] == "new" else row["points"]})
    run = nb.autograder("report", out)
    assert run.returncode == 0, run.stdout + run.stderr
    assert scores(out) == {"ada": (5.5, 0), "new": (4, 0)}
    assert "gave 0 of 2 points" in (out / "feedback" / "new.html").read_text()

    nb.write_notebook(source / "ada_b.ipynb", *cells(why="No idea."))
    fill(out, lambda row: {**row, "points": "" if row["student"] == "new" else row["points"]})
    run = nb.autograder(*command)
    assert scores(out) == {"ada": (5.5, 0), "ada_b": (6, 0), "new": (4, 2)}, "back again; taken back again"
    assert run.returncode == 0, run.stdout

    drawn = markdown("![](attachment:a.gif)", "answer:why")
    for picture, status in ((b"GIF89a1", 0), (b"GIF89a2", 1)):
        drawn["attachments"] = {"a.gif": {"image/gif": base64.b64encode(picture).decode()}}
        nb.write_notebook(source / "new.ipynb", code(RIGHT_NUMBER, "answer:number"), drawn)
        run = nb.autograder(*command)
        assert run.returncode == status, run.stdout
        (row,) = (row for row in read(out) if row["student"] == "new")
        assert (
            row["answer"]
            == "![](attachment:a.gif) (handed in with 1 picture: feedback/new.html shows what can be shown)"
        )
        fill(out, give({"new": "1"}))
    assert row["note"] == "answer changed since it was graded"


@pytest.mark.parametrize(
    ("points", "piece"),
    [("three", "from 0 to 2 (got `three`)"), ("2.5", "from 0 to 2"), ("-1", "from 0 to 2")],
)
def test_a_wrong_entry_stops_before_anything_is_written(
    graded: Path, tmp_path: Path, bundle: Path, source: Path, points: str, piece: str
) -> None:
    out = tmp_path / "out"
    shutil.copytree(graded, out)
    fill(out, give({"ada_b": points}))
    before = tree(out)
    for command in (("report", out), ("grade", bundle, source, "-o", out)):
        run = nb.autograder(*command)
        assert run.returncode == 2
        assert f"{out}/manual.csv, line 3 (ada_b, why): `points` must be a number {piece}" in run.stderr, run.stderr
        assert run.stderr.count("\n") == 1
        assert tree(out) == before


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished output folder; copy it."""
    root = tmp_path_factory.mktemp("graded")
    limits = Limits(wall_seconds=20, cell_seconds=10, memory_mb=700)
    bundle = nb.write_bundle(root / "small", {"number": nb.NUMBER_TESTS}, limits=limits, manual=[WHY])
    for student in ("ada", "ada_b"):
        nb.write_notebook(root / "class" / f"{student}.ipynb", *cells())
    assert nb.autograder("grade", bundle, root / "class", "-o", root / "out").returncode == 0
    return root / "out"


def broken_folders() -> dict[str, tuple[Callable[[Path], object], str]]:
    def edit(name: str, old: str, new: str) -> Callable[[Path], object]:
        return lambda out: (out / name).write_text((out / name).read_text().replace(old, new))

    return {
        "nobody's": (lambda out: (out / "grades.json").write_text("{}"), "holds no grades"),
        "missing": (shutil.rmtree, "holds no grades"),
        "newer": (edit("grades.json", '"schema": 1', '"schema": 2'), "holds no grades"),
        "older": (lambda out: shutil.rmtree(out / "runs"), "is not there"),
        "without a run": (lambda out: (out / "runs" / "ada.json.gz").unlink(), "ada.json.gz is not there"),
        "damaged run": (lambda out: (out / "runs" / "ada.json.gz").write_bytes(b"\x1f\x8b\x08"), "cannot be read"),
        "no run": (lambda out: (out / "runs" / "ada.json.gz").write_bytes(b"[]"), "cannot be read"),
        "path": (edit("grades.json", '"student":"ada"', '"student":"../ada"'), "was changed"),
        "twice": (edit("grades.json", '"student":"ada_b"', '"student":"ada"'), "was changed"),
        "types": (edit("grades.json", '"possible":6', '"possible":"six"'), "was changed or is damaged"),
        "another's": (edit("runs/assignment.json", '"slug":"small"', '"slug":"big"'), "is of big"),
        "link": (lambda out: ((out / "feedback").rename(out / "x"), (out / "feedback").symlink_to("x")), "is a link"),
        "no table": (lambda out: (out / "manual.csv").write_bytes(b"\xff\xfe\x00"), "not UTF-8"),
    }


@pytest.mark.parametrize("case", broken_folders())
def test_a_folder_that_is_not_ours_or_damaged_is_one_line(graded: Path, tmp_path: Path, case: str) -> None:
    out = tmp_path / "out"
    shutil.copytree(graded, out)
    harm, piece = broken_folders()[case]
    harm(out)
    before = tree(out) if out.exists() else {}
    run = nb.autograder("report", out)
    assert run.returncode == 2, run.stdout
    assert piece in run.stderr and run.stderr.count("\n") == 1, run.stderr
    assert (tree(out) if out.exists() else {}) == before


def test_a_report_leaves_an_interrupted_run_alone(graded: Path, tmp_path: Path, bundle: Path, source: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(graded, out)
    (source / "broken.ipynb").unlink()
    nb.write_notebook(source / "slow.ipynb", *cells("import time; time.sleep(6); answer = 7919"))
    command = [sys.executable, "-m", "autograder", "grade", bundle, source, "-o", out, "--workers", 1]
    killed = subprocess.Popen([str(part) for part in command], stderr=subprocess.DEVNULL)
    while not (out / ".partial" / "grades" / "ada_b.json").exists():
        assert killed.poll() is None
        time.sleep(0.02)
    locked = nb.autograder("report", out)
    assert locked.returncode == 2 and "another run" in locked.stderr
    killed.kill()
    killed.wait()
    fill(out, give({"ada": "2"}))
    assert nb.autograder("report", out).returncode == 0
    assert scores(out)["ada"] == (6, 0)
    kept = nb.grades(out)["ada"]["execution"]  # of the report, and of the interrupted run
    resumed = json.loads((out / ".partial" / "grades" / "ada_b.json").read_text())["execution"]
    (tmp_path / "roster.csv").write_text("student\nada\nslow\n")
    assert nb.autograder("grade", bundle, source, "-o", out, "--roster", tmp_path / "roster.csv").returncode == 0
    assert scores(out) == {"ada": (6, 0), "ada_b": (1, 2), "slow": (4, 2)}
    warned = {student for student, entry in nb.grades(out).items() if entry["warnings"]}
    assert warned == {"ada_b"}, "a class list that came after the interruption counts"
    assert nb.grades(out)["ada"]["execution"] == kept, "ada ran again"
    assert nb.grades(out)["ada_b"]["execution"] == resumed, "ada_b ran again"
    assert not (out / ".partial").exists()


def test_a_review_is_settled_in_the_table(tmp_path: Path, bundle: Path, out: Path) -> None:
    """A module that is not there costs points: a person accepts the grade or gives points, and the status is 0."""
    source = tmp_path / "class"
    nb.write_notebook(source / "ada.ipynb", *cells("import not_installed_here\nanswer = 7919"))
    nb.write_notebook(source / "bob.ipynb", *cells("import not_installed_here\nanswer = 7919"))
    command = ("grade", bundle, source, "-o", out)
    run = nb.autograder(*command)
    assert run.returncode == 1, run.stderr
    assert "2 of 2 need a look" in run.stdout
    assert f"write `accept` into its row (review) of {out}/manual.csv" in run.stdout
    rows = [(row["student"], row["question"], row["case"]) for row in read(out)]
    assert [row for row in rows if row[0] == "ada"] == [
        ("ada", "(review)", ""),
        ("ada", "number", "type"),
        ("ada", "number", "value"),
        ("ada", "why", ""),
    ]
    assert "not_installed_here" in read(out)[0]["answer"] and "your" not in read(out)[0]["answer"]
    index = (out / "index.html").read_text()
    assert index.index("write <code>accept</code>") < index.index("feedback/ada.html")

    decisions = {"(review)": "accept", "type": "1", "value": "2.5"}
    fill(
        out,
        lambda row: {
            **row,
            "points": decisions.get(row["case"] or row["question"], "") if row["student"] == "ada" else "",
        },
    )
    run = nb.autograder("report", out)
    assert run.returncode == 1 and "1 of 2 needs a look" in run.stdout
    decided = {"points": "accept", "comment": "The package is ours to install."}
    fill(out, lambda row: row | (decided if row["question"] == "(review)" else {}))
    run = nb.autograder("report", out)
    assert run.returncode == 0, run.stdout
    for student, what in ("ada", "gave other points for 2 cases."), ("bob", "let it stand as it is."):
        page = (out / "feedback" / f"{student}.html").read_text()
        assert f"A person looked at this grade and {what}" in page
        assert "The package is ours to install." in page
    assert "a look" not in run.stdout
    assert scores(out) == {"ada": (3.5, 2), "bob": (0, 2)}
    assert {entry["status"] for entry in nb.grades(out).values()} == {"graded"}
    settled = tree(out)
    assert nb.autograder(*command).returncode == 0, "what a person settled is kept"
    assert tree(out) == settled

    (out / "manual.csv").write_text("".join((out / "manual.csv").read_text().splitlines(keepends=True)[:2]))
    run = nb.autograder("report", out)
    assert run.returncode == 0 and "3 rows were gone from" in run.stdout, run.stdout
    assert scores(out) == {"ada": (3.5, 2), "bob": (0, 2)}

    nb.write_notebook(source / "bob.ipynb", *cells("import not_installed_here\nanswer = 7918"))
    run = nb.autograder(*command)
    assert run.returncode == 1 and "1 of 2 needs a look" in run.stdout, "another notebook is open again"
    assert nb.grades(out)["bob"]["status"] == "needs_review"


def test_a_folder_grows_with_each_source(tmp_path: Path, bundle: Path, out: Path) -> None:
    """Late notebooks come to the others, unchanged ones are not run again, and nobody goes unless asked to."""
    first, late = tmp_path / "first", tmp_path / "late"
    for student in ("ada", "bob", "cem"):
        nb.write_notebook(first / f"{student}.ipynb", *cells("import time; answer = time.time()"))
    assert nb.autograder("grade", bundle, first, "-o", out).returncode == 0
    before = nb.grades(out)
    fill(out, give({"bob": "1"}))
    nb.write_notebook(late / "Bob.ipynb", *cells())
    nb.write_notebook(late / "dee.ipynb", *cells())
    (tmp_path / "roster.csv").write_text("student\nada\nbob\ndee\nabsent\n")
    run = nb.autograder("grade", bundle, late, "-o", out, "--roster", tmp_path / "roster.csv")
    assert run.returncode == 0, run.stdout
    after = nb.grades(out)
    assert list(after) == ["absent", "ada", "bob", "cem", "dee"]
    assert [after[student] for student in ("ada", "cem")] == [before[student] for student in ("ada", "cem")]
    assert scores(out) == {"absent": (0, 0), "ada": (1, 2), "bob": (5, 0), "cem": (1, 2), "dee": (4, 2)}
    assert {path.stem for path in (out / "feedback").iterdir()} == set(after)

    test = bundle / "tests" / "number.py"
    test.write_text(test.read_text() + "# another version")
    run = nb.autograder("grade", bundle, late, "-o", out, "--remove", "cem")
    assert "1 grade was made with another version of the exercise (ada), and kept." in run.stdout
    newest = nb.grades(out)
    assert list(newest) == ["absent", "ada", "bob", "dee"]
    assert newest["ada"] == after["ada"]
    assert newest["dee"]["bundle"] != after["dee"]["bundle"]
    assert [row["student"] for row in read(out)] == ["ada", "bob", "dee"]
    refused = nb.autograder("grade", bundle, late, "-o", out, "--remove", "dee")
    assert refused.returncode == 2 and "dee is to be removed, and is in" in refused.stderr
    assert nb.grades(out) == newest
    again = nb.autograder("grade", bundle, late, "-o", out, "--again")
    assert again.returncode == 0, again.stderr
    assert nb.grades(out)["dee"]["execution"]["phases"] != newest["dee"]["execution"]["phases"], "dee was not run again"


def test_a_page_says_from_the_start_that_its_student_is_not_on_the_class_list(
    bundle: Path, source: Path, out: Path, tmp_path: Path
) -> None:
    (tmp_path / "roster.csv").write_text("student\nada\nbroken\n")
    command = ("grade", bundle, source, "-o", out, "--roster", tmp_path / "roster.csv")
    assert nb.autograder(*command).returncode == 1
    remark = "You are not on the class list."
    pages = {path.stem: path.read_text() for path in (out / "feedback").iterdir()}
    assert {student for student, page in pages.items() if remark in page} == {"ada_b"}
    assert nb.grades(out)["ada_b"]["warnings"] == [remark]
    before = tree(out)
    assert nb.autograder("report", out).returncode == 1
    assert tree(out) == before


def test_a_class_list_that_fits_nobody_is_refused(tmp_path: Path) -> None:
    bundle = nb.small_bundle(tmp_path / "small")
    nb.write_notebook(tmp_path / "in" / "ada.ipynb", *nb.answers())
    nb.write_notebook(tmp_path / "in" / "bob.ipynb", *nb.answers())
    (tmp_path / "list.csv").write_text("name,email\nGrace,g@example.org\n")
    command = ("grade", bundle, tmp_path / "in", "-o", tmp_path / "out", "--roster", tmp_path / "list.csv")
    run = nb.autograder(*command)
    assert run.returncode == 2
    assert "nobody who handed in (2 in all) is on the class list" in run.stderr
    assert "from its column `name`; a submission is `ada`" in run.stderr
    assert not (tmp_path / "out").exists()
    (tmp_path / "in" / "bob.ipynb").unlink()
    run = nb.autograder(*command)  # a single one may be a late student, whom nobody has put on the list
    assert run.returncode == 0, run.stderr
    assert nb.grades(tmp_path / "out")["ada"]["warnings"] == ["You are not on the class list."]
