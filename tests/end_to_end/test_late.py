"""Late work: what the exercise's rule takes off, through all that a grade goes into."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from autograder.records import Assignment, LateRule, from_json, to_json
from tests import notebooks as nb

RIGHT = json.dumps(nb.notebook(*nb.answers(nb.RIGHT_NUMBER, nb.RIGHT_LABELS)))
CLASS = {
    "Lovelace_Ada_ada_1/20261105120000_x.ipynb": RIGHT,
    "Hopper_Grace_grace_2/20261107235901_x.ipynb": RIGHT,
    "Noether_Emmy_emmy_3/20261106000000_x.ipynb": "broken",
}


def scores(out: Path) -> dict[str, tuple[float, float]]:
    return {entry["id"]: (entry["score"], entry["penalty"]) for entry in nb.grades(out).values()}


def test_late_work_from_the_download_to_the_export(tmp_path: Path) -> None:
    bundle, source, out = nb.small_bundle(tmp_path / "small"), tmp_path / "class", tmp_path / "out"
    written = bundle / "assignment.json"
    rule = LateRule(datetime(2026, 11, 5, 23, 59), "Europe/Berlin", percent=10)
    written.write_bytes(to_json(replace(from_json(written.read_bytes(), Assignment), late=rule)))
    for name, text in CLASS.items():
        path = source / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    listed = json.loads(nb.autograder("intake", source, "--json").stdout)
    assert {row["id"]: row["handed_in"] for row in listed if row["notebook"]} == {
        "ada": "2026-11-05T12:00:00",
        "grace": "2026-11-07T23:59:01",
    }
    assert nb.autograder("grade", bundle, source, "-o", out).returncode == 1  # one is rejected
    assert scores(out) == {"ada": (10, 0), "grace": (7, 3), "emmy": (0, 0)}
    page = (out / "feedback" / "Grace Hopper.html").read_text()
    assert "<strong>10 − 3 for being late.</strong> Handed in late: due 2026-11-05 23:59 (Europe/Berlin)." in page
    assert '<time datetime="2026-11-07T23:59:01">2026-11-07 23:59:01</time>' in page
    assert "for being late" not in (out / "feedback" / "Ada Lovelace.html").read_text()
    assert "10 − 3 late" in (out / "index.html").read_text()
    # An extension, and another time; a report twice over takes nothing off twice.
    (out / "late.csv").write_text("student,until,handed_in\ngrace,2026-11-07 23:59,\nAda Lovelace,,2026-11-06 00:00\n")
    for _ in range(2):
        report = nb.autograder("report", out)
        assert scores(out) == {"ada": (9, 1), "grace": (9, 1), "emmy": (0, 0)}
    assert "2 students handed in late (Ada Lovelace, Grace Hopper): 2 points taken off in all." in report.stdout
    merged = nb.autograder("merge", out, "-o", tmp_path / "all")
    assert merged.returncode == 2 and "late.csv is of a part. Merge first" in merged.stderr
    again = nb.autograder("grade", bundle, source, "-o", out)  # nothing is graded, and the times stay
    assert "2 as before" in again.stderr
    assert scores(out) == {"ada": (9, 1), "grace": (9, 1), "emmy": (0, 0)}
    exported = nb.autograder("export", out, "--to", "nbgrader", "-o", tmp_path / "grades.csv")
    assert exported.returncode == 0, exported.stderr
    rows = {row["student_id"]: row for row in csv.DictReader(io.StringIO((tmp_path / "grades.csv").read_text()))}
    grace = rows["grace"]
    assert (grace["raw_score"], grace["late_submission_penalty"], grace["score"]) == ("10", "1", "9")
    assert (grace["duedate"], grace["timestamp"]) == ("2026-11-05 23:59:00", "2026-11-07T23:59:01")
    (out / "late.csv").unlink()
    (source / "Lovelace_Ada_ada_1" / "20261107000000_x.ipynb").write_text(RIGHT + "\n")
    moved = nb.autograder("grade", bundle, source, "-o", out).stderr
    assert "Ada Lovelace: 9 → 8 (what being late costs, another notebook)" in moved
    assert scores(out) == {"ada": (8, 2), "grace": (7, 3), "emmy": (0, 0)}


def test_a_time_from_the_class_list_stays_with_what_was_handed_in(tmp_path: Path) -> None:
    bundle, source, out = nb.small_bundle(tmp_path / "small"), tmp_path / "class", tmp_path / "out"
    path = source / "Ada_12_assignsubmission_file_" / "x.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(RIGHT)
    worksheet = tmp_path / "worksheet.csv"
    worksheet.write_text(
        'Identifier,Full name,Last modified (submission)\nParticipant 12,Ada,"Friday, 6 November 2026, 8:00 AM"\n'
    )
    assert nb.autograder("grade", bundle, source, "--roster", worksheet, "-o", out).returncode == 0
    (entry,) = nb.grades(out).values()
    assert entry["handed_in"].startswith("2026-11-06T08:00")
    assert nb.autograder("grade", bundle, source, "-o", out, "--again").returncode == 0
    assert [each["handed_in"] for each in nb.grades(out).values()] == [entry["handed_in"]]
