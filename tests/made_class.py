"""A class of any size, made without running anything: for the class page, and to measure how long it takes.

    python -m tests.made_class 2000 FOLDER

writes the page of a class of 2,000 into a folder, and prints how long that and opening it in Chromium take.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import replace
from pathlib import Path

from autograder.class_analysis.similarity import AlikeSubmissions, LinePair, SubmissionIndex, own_cells, side_by_side
from autograder.feedback import class_page
from autograder.records import (
    Assignment,
    Case,
    CaseMove,
    CaseStatus,
    Cell,
    Execution,
    Grade,
    LayerDiff,
    Move,
    Outcome,
    Question,
    QuestionGrade,
    rounded,
)

STUB = "model = keras.Sequential([\n    keras.Input(shape=(28, 28, 1)),\n    ...,\n])\n"
ASSIGNMENT = Assignment(
    "cnn2_mnist",
    "A deeper network for handwritten digits",
    (
        Question(
            "missing_layers",
            4,
            "The four missing layers",
            cases=(Case("sequence", "`cnn2` has the four layers in their place", 3), Case("shapes", "Shapes", 1, True)),
        ),
        Question("train", 4, "Training", cases=(Case("floor", "Accuracy on digits that nobody has seen", 4, True),)),
        Question("compare", 2, "Comparing", cases=(Case("better", "`better` names the better network", 2),)),
        Question("why", 2, "Which network wins, and why?", manual=True),
    ),
    stub=(STUB,),
)
FAMILY = (
    "Álvarez",
    "Becker",
    "Çelik",
    "Dimitrova",
    "Evans",
    "Haddad",
    "Ibrahim",
    "Kowalski",
    "Müller",
    "Nguyen",
    "Okafor",
)
GIVEN = ("Ada", "Bo", "Chiara", "Dawit", "Elif", "Femi", "Grace", "Hana", "Jun", "Lena", "Noor", "Omar", "Pia", "Sven")
LAYERS = (
    "Conv2D 64 3×3 → (26, 26, 64)",
    "MaxPooling2D 2×2 → (13, 13, 64)",
    "Dropout 0.25 → (13, 13, 64)",
    "Flatten → (10816,)",
)
FAULTS = (
    (0, LayerDiff("different", LAYERS[0], "Conv2D 32 3×3 → (26, 26, 32)", "check the number of filters")),
    (2, LayerDiff("missing", LAYERS[2], hint="add this layer")),
    (1, LayerDiff("different", LAYERS[1], "AveragePooling2D 2×2 → (13, 13, 64)", "use MaxPooling2D here")),
)


def made_class(size: int) -> tuple[list[Grade], dict[str, Execution]]:
    """Grades, and how the runs ended; the same ones each time."""
    chance = random.Random(13)
    grades, runs = [], {}
    for number in range(size):
        name = f"{chance.choice(GIVEN)} {chance.choice(FAMILY)} {number}"
        student = f"s{number:05}"
        if chance.random() < 0.04:
            grades.append(Grade(student, "", "", "rejected", 0, 12, message="Nothing was handed in.", name=name))
            continue
        ability = chance.gauss(0, 1)
        questions = (
            _layers(ability, chance),
            _plain(
                "train",
                "Training",
                4,
                ability + chance.gauss(0, 0.8) > -0.5,
                f"0.{chance.randrange(800, 950)} is below 0.955",
            ),
            _plain("compare", "Comparing", 2, ability + chance.gauss(0, 3) < 0, "`better` is 'cnn1', expected 'cnn2'"),
            QuestionGrade("why", 0, 2, (Outcome("why", "manual", 0, 2),), "Which network wins, and why?", manual=True),
        )
        given = Grade(
            student,
            f"{name.replace(' ', '_')}_assignsubmission_file/cnn2_mnist.ipynb",
            f"sha256:{number}",
            "graded",
            rounded(sum(each.score for each in questions)),
            12,
            questions,
            2,
            name=name,
        )
        if chance.random() < 0.01:
            given = replace(given, status="needs_review", message="`pandas` is not installed here.")
        grades.append(given)
        runs[student] = Execution(
            "timed_out" if chance.random() < 0.01 else "completed", wall_seconds=20 + 9 * chance.random()
        )
    return grades, runs


def _layers(ability: float, chance: random.Random) -> QuestionGrade:
    rows = [LayerDiff("same", layer, layer) for layer in LAYERS]
    status: CaseStatus = "pass"
    for threshold, (at, fault) in zip((-0.5, -0.9, -1.3), FAULTS, strict=True):
        if ability + chance.gauss(0, 0.5) < threshold:
            rows[at], status = fault, "fail"
    shapes: CaseStatus = "fail" if status == "fail" and chance.random() < 0.5 else "pass"
    cases = (
        Outcome("sequence", status, 3 * (status == "pass"), 3, message="Compare the table.", diff=tuple(rows)),
        Outcome("shapes", shapes, 1 * (shapes == "pass"), 1, hidden=True, detail="`cnn2` has another output shape."),
    )
    return QuestionGrade("missing_layers", sum(case.points for case in cases), 4, cases, "The four missing layers")


def _plain(name: str, title: str, worth: int, right: bool, message: str) -> QuestionGrade:
    case = next(question for question in ASSIGNMENT.questions if question.name == name).cases[0]
    outcome = Outcome(case.name, "pass" if right else "fail", worth * right, worth, message="" if right else message)
    return QuestionGrade(name, outcome.points, worth, (outcome,), title)


def made_notebook(number: int) -> tuple[Cell, ...]:
    """What a student handed in; of every 50, the second is the first with other names."""
    own = number - 1 if number % 50 == 1 else number
    chance = random.Random(own)
    name = "history" if own == number else "log"
    steps = [
        f"{name} = [{chance.randrange(999)}]\nfor step in range({chance.randrange(99)}):\n"
        f"    {name}.append(model.evaluate(x[:{chance.randrange(999)}], y, batch_size={chance.randrange(99)}))"
        for _ in range(8)
    ]
    return (
        Cell("code", STUB.replace("...", "keras.layers.Flatten()"), ("answer:train",)),
        Cell("code", "\n".join(steps)),
    )


def made_alike(grades: list[Grade]) -> list[tuple[AlikeSubmissions, list[LinePair]]]:
    """What is alike among their notebooks."""
    index = SubmissionIndex(ASSIGNMENT.stub)
    numbers = {grade.student: number for number, grade in enumerate(grades) if not grade.absent}
    for grade in grades:
        if not grade.absent:
            index.add(grade, made_notebook(numbers[grade.student]))
    found = []
    for alike in index.alike():
        one, other = (own_cells(made_notebook(numbers[each]), ASSIGNMENT.stub) for each in alike.students[:2])
        found.append((alike, list(side_by_side(one, other))))
    return found


def made_page(size: int) -> str:
    """The page of a class of this size."""
    grades, runs = made_class(size)
    there = [grade for grade in grades if not grade.absent]
    moved = [
        Move(
            grade.student,
            rounded(grade.score + 1),
            grade.score,
            (CaseMove("train/floor", ("pass", 4), ("fail", 3)),),
            False,
        )
        for grade in there[: size // 20]
    ]
    alike = made_alike(grades)
    return class_page.render(ASSIGNMENT, grades, runs, sheet="manual.csv", moved=moved, alike=alike)


def main() -> None:
    """Measure it."""
    from tests import browsers

    size, folder = int(sys.argv[1]), Path(sys.argv[2])
    began = time.perf_counter()
    page = made_page(size)
    print(f"made in {time.perf_counter() - began:.2f} s, {len(page) / 1e6:.2f} MB")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    path.write_text(page, encoding="utf-8")
    found = browsers.chromium()
    if found is None:
        raise SystemExit("no Chromium on this machine")
    with browsers.browser(found) as opened:
        for width in (390, 1440):
            shown = opened.new_page(viewport={"width": width, "height": 900})
            shown.goto(path.as_uri())
            shown.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            loaded, painted = shown.evaluate(
                "[performance.timing.loadEventEnd - performance.timing.navigationStart,"
                " performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN]"
            )
            searched = shown.evaluate(
                "(() => { const field = document.querySelector('.tools input'); const began = performance.now();"
                " field.value = 'lena'; field.dispatchEvent(new Event('input', {bubbles: true}));"
                " document.body.offsetHeight; return performance.now() - began })()"
            )
            print(
                f"{width} px: open after {loaded:.0f} ms, painted after {painted:.0f} ms; a search: {searched:.0f} ms"
            )
            shown.close()


if __name__ == "__main__":
    main()
