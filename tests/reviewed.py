"""A small class with answers that wait for a person, as the tests of the review page have it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

from rich.progress import Progress

from autograder.grading.results.output_folder import OutputFolder
from autograder.publishing import publish
from autograder.records import Assignment, Case, Cell, Execution, Grade, Outcome, Question, QuestionGrade

RUBRIC = "The reasons count.\n- **1**: names the reason\n  in full.\n- **0.5**: proves it."
WHY = Question("why", 2, "Why is it so?", manual=True, rubric=RUBRIC)
FLOOR = Case("floor", "Accuracy on new digits", 3)
ASSIGNMENT = Assignment("cnn", "A network", (Question("train", 3, "Training", cases=(FLOOR,)), WHY))
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ANSWERS = {
    "adalovelace": "Because **seven** is prime.",
    "bobross": "Because  **seven** is\nprime. ",
    "cydcharisse": "No idea. <script>alert(1)</script>",
    "deedee": "=HYPERLINK(1)",
    "eveblank": "",
    "fayreview": "Because of the filters.",
}


def graded(student: str) -> tuple[Grade, Execution]:
    """A student's grade and run; `deedee`'s accuracy waits, `fayreview` needs review."""
    review = "`pandas` is not there." if student == "fayreview" else ""
    floor = Outcome("floor", "pass", 3, 3)
    if student == "deedee":
        floor = Outcome("floor", "manual", 0, 3, hidden=True, message="Close.", detail="0.951 of 0.952", proposed=1.5)
    if review:
        floor = Outcome("floor", "fail", 0, 3, message="`cnn` is not there.")
    answer = ANSWERS[student]
    written = Outcome("why", "manual" if answer else "fail", 0, 2)
    why = QuestionGrade("why", 0, 2, (written,), manual=True, answer=answer)
    questions = (QuestionGrade("train", floor.points, 3, (floor,), "Training"), why)
    grade = Grade(student, f"{student}.ipynb", f"sha256:{student}", "graded", floor.points, 5, questions, 2)
    if review:
        grade = replace(grade, status="needs_review", message=review, review=review)
    shown = {"output_type": "display_data", "metadata": {}, "data": {"image/png": PIXEL}}
    cells = (
        Cell("code", "net = train()", ("answer:train",), (shown,), 1),
        Cell("markdown", "An older text."),
        Cell("markdown", "## Why\n\nSay **why** it is so."),
        Cell("code", "grader.check('train')"),
        Cell("markdown", answer or "*Write here.*", ("answer:why",)),
    )
    return grade, Execution("completed", cells=cells, wall_seconds=1)


def write_class(out: Path) -> Path:
    """A finished output folder of these students."""
    with OutputFolder.start(out, ASSIGNMENT, "sha256:bundle", {}) as folder:
        for student in ANSWERS:
            folder.add(*graded(student))
        publish(folder, {}, Progress(disable=True))
    return out


def table(out: Path) -> dict[tuple[str, str], dict[str, str]]:
    """(student, question/case) → row of `manual.csv`."""
    text = (out / "manual.csv").read_text(encoding="utf-8-sig")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return {(row["student"], row["case"] or row["question"]): row for row in rows}


def edit(out: Path, student: str, part: str, **cells: str) -> None:
    """Change a row as another program does."""
    rows = table(out)
    rows[student, part].update(cells)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[student, part]))
    writer.writeheader()
    writer.writerows(rows.values())
    (out / "manual.csv").write_text(text.getvalue(), encoding="utf-8")
