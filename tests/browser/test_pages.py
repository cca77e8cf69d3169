"""The pages in a real browser: nothing runs, nothing is fetched, everybody can read them."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from autograder.feedback import class_page, student_page
from autograder.language import in_language
from autograder.records import (
    Assignment,
    Case,
    Cell,
    Confusion,
    Execution,
    Grade,
    LayerDiff,
    Misread,
    Outcome,
    Question,
    QuestionGrade,
)
from tests.watched import Watched

pytestmark = pytest.mark.browser

CANARY = "CANARY-only-for-instructors"

ASSIGNMENT = Assignment(
    slug="cnn2_mnist",
    title="A deeper network for handwritten digits",
    questions=(
        Question(
            name="missing_layers",
            title="The four missing layers",
            points=4,
            cases=(
                Case("sequence", "`cnn2` has the four layers in their place", 2, parameters=("cnn2",)),
                Case("parameters", "`cnn2` has 695,970 parameters", 1, parameters=("cnn2",)),
                Case("shapes", "Every layer has its output shape", 1, hidden=True, parameters=("cnn2",)),
            ),
        ),
        Question(
            name="train",
            title="Training",
            points=4,
            cases=(
                Case("history", "`history` tells of at least one epoch", 1, parameters=("history",)),
                Case("hidden_digits", "Accuracy on digits that nobody has seen", 3, hidden=True, parameters=("cnn2",)),
            ),
        ),
        Question(name="compare", title="Which network wins, and why?", points=2, manual=True),
    ),
)

HISTORY = {
    "accuracy": [0.861, 0.951, 0.972, 0.981, 0.987, 0.991, 0.993, 0.995],
    "loss": [0.468, 0.161, 0.094, 0.064, 0.044, 0.031, 0.024, 0.019],
    "val_accuracy": [0.912, 0.953, 0.965, 0.969, 0.975, 0.973, 0.978, 0.976],
    "val_loss": [0.312, 0.158, 0.113, 0.098, 0.083, 0.091, 0.079, 0.086],
}


def png(width: int = 320, height: int = 180) -> str:
    rows = b"".join(
        b"\0" + bytes(channel for x in range(width) for channel in (x % 256, 90, y % 256)) for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    picture = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.b64encode(picture).decode()


def shown(data: dict[str, Any]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}


def printed(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def colored(color: str, text: str) -> str:
    return f'<span style="color: {color}">{text}</span>'


SUMMARY = f"""<pre style="white-space:pre;line-height:normal">
┏━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━┓
┃<b style="color: red"> Layer (type)      </b>┃ Output Shape       ┃ Param # ┃
┡━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━┩
│ conv2d ({colored("#0087ff", "Conv2D")})   │ (None, 28, 28, 32) │     320 │
├───────────────────┼────────────────────┼─────────┤
│ dense ({colored("#0087ff", "Dense")})     │ (None, 10)         │   2,010 │
└───────────────────┴────────────────────┴─────────┘
</pre>"""

FRAME = """<div><style scoped>.dataframe tbody tr th { vertical-align: top; }</style>
<table border="1" class="dataframe"><thead><tr style="text-align: right;"><th></th><th>accuracy</th>
<th>val_accuracy</th><th>loss</th><th>val_loss</th></tr></thead><tbody><tr><th>0</th><td>0.861</td><td>0.912</td><td>0.468</td><td>0.312</td>
</tr><tr><th>1</th><td>0.951</td><td>0.953</td><td>0.161</td><td>0.158</td></tr></tbody></table></div>"""

CELLS = (
    Cell(
        "markdown",
        "# A deeper network\n\nAdd the **four missing layers**. The softmax is $p_i = e^{z_i} / \\sum_j e^{z_j}$.\n\n"
        "| layer | parameters |\n|---|---|\n| Conv2D | 36,928 |\n| BatchNormalization | 256 |\n\n"
        "1. Build it.\n2. Train it: see [the guide](https://keras.io/guides/).\n\n```python\nmodel.fit(x, y)\n```",
    ),
    Cell(
        "code",
        "import keras\nfrom autograder.course import datasets\n\n(x_train, y_train), (x_validation, y_validation) = "
        "datasets.mnist()\nprint(x_train.shape)",
        outputs=(printed("(4000, 28, 28, 1)\n"),),
        execution_count=1,
        seconds=1.8,
    ),
    Cell(
        "code",
        "# the answer\ncnn2 = keras.Sequential([\n    keras.Input((28, 28, 1)),\n    keras.layers.Conv2D(32, 3, "
        "padding='same', kernel_initializer='he_normal'),\n    keras.layers.BatchNormalization(),\n])\ncnn2.summary()",
        tags=("answer:missing_layers",),
        outputs=(shown({"text/html": SUMMARY, "text/plain": "summary"}),),
        execution_count=2,
        seconds=0.4,
    ),
    Cell(
        "code",
        "history = cnn2.fit(x_train, y_train, epochs=8)\nplot(history)",
        tags=("answer:train",),
        outputs=(
            printed(
                "Epoch 8/8\n\x1b[1m32/32\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m4s\x1b[0m "
                "124ms/step - accuracy: 0.9950 - loss: 0.0190 - val_accuracy: 0.9760 - val_loss: 0.0860\n"
            ),
            printed("UserWarning: Do not pass an `input_shape` argument to a layer.\n", "stderr"),
            shown({"image/png": png(), "text/plain": "<Figure size 640x480 with 1 Axes>"}),
            shown({"text/html": FRAME, "text/plain": "   accuracy"}),
        ),
        execution_count=3,
        seconds=34.2,
    ),
    Cell(
        "code",
        "confusion[11]",
        execution_count=4,
        error="IndexError: index 11 is out of bounds for axis 0 with size 10",
        outputs=(
            {
                "output_type": "error",
                "ename": "IndexError",
                "evalue": "index 11 is out of bounds for axis 0 with size 10",
                "traceback": [
                    "\x1b[31m---------------------------------------------------------------------------\x1b[39m",
                    "\x1b[31mIndexError\x1b[39m                                Traceback (most recent call last)",
                    "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[4]\x1b[39m\x1b[32m, line 1\x1b[39m\n"
                    "\x1b[32m----> \x1b[39m\x1b[32m1\x1b[39m \x1b[43mconfusion\x1b[49m[\x1b[32m11\x1b[39m]",
                    "\x1b[31mIndexError\x1b[39m: index 11 is out of bounds for axis 0 with size 10",
                ],
            },
        ),
    ),
    Cell("markdown", "The deeper network wins, since it sees larger parts of a digit.", tags=("answer:compare",)),
)

SAME = tuple(
    LayerDiff("same", layer, layer)
    for layer in (
        "Input (28, 28, 1)",
        "Conv2D 32 3×3 'same' → (28, 28, 32)",
        "BatchNormalization",
        "ReLU",
        "Conv2D 32 3×3 'same' → (28, 28, 32)",
        "BatchNormalization",
        "ReLU",
        "MaxPooling2D 2×2 → (14, 14, 32)",
    )
)
DIFF = (
    *SAME,
    LayerDiff(
        "different",
        "Conv2D 64 3×3 'same' → (14, 14, 64)",
        "Conv2D 32 3×3 'same' → (14, 14, 32)",
        "The number of filters (`filters`).",
    ),
    LayerDiff("same", "BatchNormalization", "BatchNormalization"),
    LayerDiff("missing", "ReLU", "", "An activation after the normalisation."),
    LayerDiff("same", "MaxPooling2D 2×2 → (7, 7, 64)", "MaxPooling2D 2×2 → (7, 7, 64)"),
    LayerDiff("extra", "", "Dropout 0.3", "The table has no layer here."),
    LayerDiff("same", "Dense 10 → (10)", "Dense 10 → (10)"),
)
MANUAL = QuestionGrade(
    name="compare",
    title="Which network wins, and why?",
    score=0,
    possible=2,
    manual=True,
    answer="The **deeper** network wins, since it sees larger parts of a digit.",
    cases=(Outcome("compare", "manual", 0, 2, title="Written answer"),),
)

COMMENTED = replace(
    MANUAL,
    score=1.5,
    cases=(
        Outcome(
            "compare",
            "fail",
            1.5,
            2,
            title="Written answer",
            by_hand=True,
            comment="You name the winner, and the depth.\n\nMissing: how sure can one be with 1,000 digits?",
        ),
    ),
)


def outcomes(question: Question, **changes: dict[str, Any]) -> tuple[Outcome, ...]:
    """Full marks in each case, but for the `changes` by case name."""
    made = []
    for case in question.cases:
        fields = {"status": "pass", "points": case.points, "hidden": case.hidden, "title": case.title}
        made.append(Outcome(name=case.name, possible=case.points, **{**fields, **changes.get(case.name, {})}))
    return tuple(made)


def question_grade(number: int, **changes: dict[str, Any]) -> QuestionGrade:
    question = ASSIGNMENT.questions[number]
    cases = outcomes(question, **changes)
    score = sum(case.points for case in cases)
    histories = {"history": HISTORY} if question.name == "train" else {}
    return QuestionGrade(question.name, score, question.points, cases, question.title, histories=histories)


def grade(student: str, *questions: QuestionGrade, **fields: Any) -> Grade:
    given = {
        "submission": f"{student}.ipynb",
        "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "status": "graded",
        "score": sum(question.score for question in questions),
        "possible": 10,
        "pending": 2.0,
    }
    return Grade(student=student, questions=questions, **{**given, **fields})


PARTIAL_MESSAGE = (
    "`cnn2` layer 9: expected Conv2D 64 3×3 'same' → (14, 14, 64), got Conv2D 32 3×3 'same' → (14, 14, 32). "
    "Check the number of filters.\n\n  expected        received\n= Input           Input\n"
)
UNDEFINED = "`cnn2` is not defined after this question. Run the cell that makes it, or give it this name."

HOSTILE_HTML = """
<script>window.ran = 1; alert(1)</script><img src=x onerror="alert(2)"><svg onload="alert(3)"><circle/></svg>
<a href="javascript:alert(4)">click</a><a href="https://evil.example/?q">a link</a>
<meta http-equiv="refresh" content="0;url=https://evil.example/"><base href="https://evil.example/">
<link rel="stylesheet" href="https://evil.example/x.css">
<style>body { display: none } @import "https://evil.example/y.css";</style>
<div id="score" class="card" style="position:fixed;inset:0;background:url(https://evil.example/b.png)">10 of 10</div>
<img srcset="https://evil.example/2.png 2x" src="https://evil.example/1.png">
<iframe src="https://evil.example/"></iframe><iframe srcdoc="<script>parent.ran = 1</script>"></iframe>
<object data="https://evil.example/o"></object><embed src="https://evil.example/e">
<form action="https://evil.example/"><input name="password" autofocus onfocus="alert(5)">
<button formaction="javascript:alert(6)">go</button></form>
<video src="https://evil.example/v" autoplay></video><audio src="https://evil.example/a"></audio>
<math><mtext><table><mglyph><style><img src=x onerror=alert(7)></style></mglyph></table></mtext></math>
<noscript><p title="</noscript><img src=x onerror=alert(8)>"></noscript>
<details open ontoggle="alert(9)">toggled</details><body onload="alert(10)"><marquee onstart=alert(11)>x</marquee>
</div></article></section></main><h1>Your score: 10 of 10 points</h1><plaintext>"""
HOSTILE_SVG = """<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="80" height="20" onload="alert(12)">
<script>alert(13)</script><image href="https://evil.example/s.png" width="9" height="9"/>
<rect width="80" height="20" fill="teal"/><style>@import "https://evil.example/z.css";</style></svg>"""
HOSTILE_MARKDOWN = (  # the HTML comes last, since its <plaintext> swallows what follows
    "[x](javascript:alert(20)) [y](data:text/html,<script>alert(21)</script>) ![p](https://evil.example/m.png)\n\n"
    "<script>alert(22)</script>\n\n# Score: 10 of 10\n\n`" + "w" * 300 + "`\n\n" + "W" * 400 + "\n\n" + HOSTILE_HTML
)
NAME = '</title><script>alert(30)</script>"><img src=x onerror=alert(31)>\u202egpj.ada'


def hostile_cells() -> tuple[Cell, ...]:
    return (
        Cell("markdown", HOSTILE_MARKDOWN),
        Cell("raw", HOSTILE_HTML),
        Cell(
            "code",
            HOSTILE_HTML,
            tags=(f"answer:{NAME}", 'answer:"><script>alert(32)</script>'),
            error=HOSTILE_HTML,
            outputs=(
                shown({"text/html": HOSTILE_HTML}),
                shown({"image/svg+xml": HOSTILE_SVG}),
                shown({"image/png": '"><script>alert(40)</script>'}),
                shown({"text/markdown": HOSTILE_MARKDOWN}),
                shown({"text/latex": HOSTILE_HTML}),
                shown({"application/javascript": "alert(41)"}),
                shown({"application/vnd.jupyter.widget-view+json": {"model_id": "x"}}),
                shown({"text/html": "<table><tr>" + "<td>wide</td>" * 80 + "</tr></table>"}),
                printed(HOSTILE_HTML + "\x1b[31;1m<script>alert(42)</script>\x1b]8;;javascript:alert(43)\x07x"),
                printed("no\u202eylno\u2066 \ud800 \x00\x07\ufffe " + "Z" * 2000, "stderr"),
                {"output_type": "error", "ename": HOSTILE_HTML, "evalue": "", "traceback": [HOSTILE_HTML]},
                {"output_type": HOSTILE_HTML},
            ),
        ),
    )


def hostile_grade() -> Grade:
    layers = (LayerDiff("extra", HOSTILE_HTML, HOSTILE_HTML, HOSTILE_HTML), *SAME)
    return grade(
        NAME,
        QuestionGrade(
            name="missing_layers",
            title=HOSTILE_HTML,
            score=0,
            possible=4,
            answer=HOSTILE_MARKDOWN,
            histories={
                "history": {
                    "accuracy": [float("nan"), 1e300, 0.5],
                    "val_accuracy": [float("inf")],
                    HOSTILE_HTML: [1.0],
                }
            },
            cases=(
                Outcome("a", "fail", 0, 2, title=HOSTILE_HTML, message=HOSTILE_HTML, diff=layers),
                Outcome("b", "error", 0, 2, message="M" * 500 + "\n" + HOSTILE_HTML, detail=HOSTILE_HTML),
            ),
        ),
        submission=NAME + "/" + "n" * 200,
        warnings=(HOSTILE_HTML,),
        message=HOSTILE_HTML,
        status="needs_review",
    )


CONFUSION = Confusion(
    "cnn2",
    tuple(tuple(97 if row == column else (row * column) % 4 for column in range(10)) for row in range(10)),
    tuple(Misread(number, number, 3, png(28, 28)) for number in range(4, 9)),
)


def samples() -> dict[str, tuple[Grade, Execution | None]]:
    """A realistic class, file name → grade and run."""
    ran = Execution("completed", cells=CELLS, wall_seconds=41.7)
    partial = {"status": "fail", "points": 0.5, "message": PARTIAL_MESSAGE, "diff": DIFF}
    missed = {"status": "fail", "points": 0, "detail": f"{CANARY}: 0.912 is below the floor of 0.955"}
    undefined = {"status": "fail", "points": 0, "message": UNDEFINED}
    return {
        "perfect": (grade("ada", question_grade(0), question_grade(1), MANUAL), ran),
        "partial": (
            grade(
                "grace.hopper",
                question_grade(
                    0,
                    sequence=partial,
                    parameters={
                        "status": "fail",
                        "points": 0,
                        "message": "`cnn2` has 668,290 parameters, expected 695,970. Compare the table above.",
                    },
                    shapes={**missed, "diff": (LayerDiff("missing", f"{CANARY}-layer"),)},
                ),
                question_grade(1, hidden_digits=missed, history={"confusions": (CONFUSION,)}),
                MANUAL,
                warnings=("2 cells carry the tag `answer:train`; the last one counts.",),
            ),
            ran,
        ),
        "by_hand": (
            grade(
                "mary",
                question_grade(0),
                question_grade(1, hidden_digits={"status": "fail", "points": 2, "by_hand": True}),
                COMMENTED,
                pending=0.0,
            ),
            ran,
        ),
        "timed_out": (
            grade(
                "alan@uni.example",
                question_grade(0),
                QuestionGrade(
                    "train",
                    0,
                    4,
                    outcomes(
                        ASSIGNMENT.questions[1],
                        history={**undefined, "message": "`history` is not defined after this question."},
                        hidden_digits={"status": "skipped", "points": 0},
                    ),
                    title="Training",
                ),
                MANUAL,
            ),
            Execution("timed_out", "Cell 4 was still running: `while True: ...`", CELLS[:3], 300.4),
        ),
        "needs_review": (
            grade(
                "katherine",
                question_grade(0, shapes={"status": "error", "points": 0, "detail": f"{CANARY}\nKeyError: 'y_hidden'"}),
                question_grade(1),
                MANUAL,
                status="needs_review",
                message="A check ended before it could judge: see its question.",
            ),
            ran,
        ),
        "rejected": (
            grade("emmy", status="rejected", message="`report.docx` is not a notebook.", submission="report.docx"),
            None,
        ),
        "hostile": (hostile_grade(), Execution("crashed", HOSTILE_HTML, hostile_cells(), 3.0)),
    }


def write(folder: Path) -> dict[str, Path]:
    """All pages, as files: name → path."""
    (folder / "feedback").mkdir(parents=True, exist_ok=True)
    paths = {}
    made = samples()
    for name, (student_grade, execution) in made.items():
        paths[name] = folder / "feedback" / f"{name}.html"
        paths[name].write_text(student_page.render(ASSIGNMENT, student_grade, execution), encoding="utf-8")
    executions = {student_grade.student: execution for student_grade, execution in made.values() if execution}
    paths["class"] = folder / "index.html"
    report = class_page.render(ASSIGNMENT, [student_grade for student_grade, _ in made.values()], executions)
    paths["class"].write_text(report, encoding="utf-8")
    return paths


# ---------------------------------------------------------------- in the browser

PAGES = ("perfect", "partial", "timed_out", "needs_review", "rejected", "hostile", "class")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write(tmp_path_factory.mktemp("pages"))


@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_and_nothing_is_fetched(browser: Any, paths: dict[str, Path], name: str) -> None:
    with Watched(browser, paths[name]) as watched:
        page = watched.page
        page.wait_for_timeout(200)
        for link in page.locator("main a:not([href])").all()[:5]:  # what is left of javascript: links
            link.click(force=True)
        page.wait_for_timeout(100)
        assert [url for url in watched.requests if not url.startswith("data:")] == [paths[name].as_uri()]
        assert watched.noise == []
        assert page.evaluate("window.ran") is None
        assert page.url.startswith(paths[name].as_uri())


def test_the_watch_itself_sees_scripts_and_requests(browser: Any, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text("<img src='https://evil.example/x.png'><script>alert(1); console.error('oh')</script>")
    with Watched(browser, page) as watched:
        watched.page.wait_for_timeout(100)
        assert "https://evil.example/x.png" in watched.requests
        assert "dialog: 1" in watched.noise


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_no_barrier(browser: Any, paths: dict[str, Path], name: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    size = {"width": 390, "height": 844} if scheme == "dark" else {"width": 1280, "height": 900}
    with Watched(browser, paths[name], color_scheme=scheme, viewport=size) as watched:
        # Folded parts count too.
        watched.page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
        found = axe.Axe().run(watched.page).response["violations"]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []


@pytest.mark.parametrize("name", PAGES)
def test_fits_a_narrow_phone(browser: Any, paths: dict[str, Path], name: str) -> None:
    with Watched(browser, paths[name], viewport={"width": 320, "height": 640}) as watched:
        watched.page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
        assert watched.page.evaluate("document.documentElement.scrollWidth") == 320
        assert watched.page.evaluate("scrollTo(100, 0), scrollX") == 0


@pytest.mark.parametrize("width", [700, 1440])
def test_german_words_stay_in_the_overview(browser: Any, tmp_path: Path, width: int) -> None:
    path = tmp_path / "ada.html"
    with in_language("de"):
        student_grade = grade("ada", question_grade(0), MANUAL)
        german = student_page.render(replace(ASSIGNMENT, language="de"), student_grade, Execution("completed"))
        path.write_text(german, encoding="utf-8")
    with Watched(browser, path, viewport={"width": width, "height": 900}) as watched:
        badge = watched.page.locator(".overview .badge.manual")
        assert badge.inner_text() == "Noch zu bewerten"
        assert badge.evaluate("badge => badge.scrollWidth <= badge.clientWidth")


@pytest.mark.parametrize("width", [390, 768, 1024, 1040, 1440])
def test_the_table_of_students_is_cut_nowhere(browser: Any, tmp_path: Path, width: int) -> None:
    questions = tuple(
        Question(name, 2)
        for name in ("missing_layers", "train", "compare", "compare_why", "kernels", "pooling", "dropout")
    )
    grade = Grade("ada", "lovelaceada_12345_67890_cnn2_mnist-3.ipynb", "", "graded", 3, 10)
    path = tmp_path / "index.html"
    path.write_text(class_page.render(replace(ASSIGNMENT, questions=questions), [grade]), encoding="utf-8")
    with Watched(browser, path, viewport={"width": width, "height": 900}) as watched:
        table = watched.page.locator("[aria-label='Table of students']")
        assert table.evaluate("table => table.scrollWidth - table.clientWidth") == 0


def test_a_student_cannot_leave_the_frame(browser: Any, paths: dict[str, Path]) -> None:
    """What claims to be the score stays inside the frame of the student's own notebook, and looks like it."""
    with Watched(browser, paths["hostile"]) as watched:
        page = watched.page
        assert page.locator("h1").all_inner_texts() == [ASSIGNMENT.title]
        assert page.locator("#score").count() == 1
        claims = page.locator(":is(h1, h2, h3, h4, h5, h6):has-text('10 of 10')")
        outside = page.locator(":is(h1, h2, h3):has-text('10 of 10')").filter(has_not_text="<script>")
        assert claims.count() > outside.count() == 0
        assert page.locator("body > *").evaluate_all("all => all.map(element => element.localName)") == [
            "a",
            "header",
            "main",
            "footer",
        ]
        inside = page.locator(".notebook .body *, .own *")
        assert inside.count() > 50
        styled = "all => all.filter(element => element.hasAttribute('style') || element.id).length"
        assert inside.evaluate_all(styled) == 0
        fixed = "all => all.filter(element => getComputedStyle(element).position !== 'static').length"
        assert inside.evaluate_all(fixed) == 0


def test_keyboard_reaches_what_scrolls(browser: Any, paths: dict[str, Path]) -> None:
    with Watched(browser, paths["partial"], viewport={"width": 390, "height": 844}) as watched:
        page = watched.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        unreachable = page.evaluate(
            """[...document.querySelectorAll('main *')].filter(element =>
                element.scrollWidth > element.clientWidth + 1 && element.tabIndex < 0
                && ['auto', 'scroll'].includes(getComputedStyle(element).overflowX)
            ).map(element => element.outerHTML.slice(0, 100))"""
        )
        assert unreachable == []


def test_print_cuts_nothing_and_keeps_the_lines_of_code(browser: Any, paths: dict[str, Path]) -> None:
    with Watched(browser, paths["partial"], viewport={"width": 680, "height": 960}) as watched:
        page = watched.page
        page.emulate_media(media="print", color_scheme="dark")
        cut = page.locator("pre, .scroll").evaluate_all(
            """all => all.filter(each => each.scrollWidth > each.clientWidth + 1
                || each.scrollHeight > each.clientHeight + 1).map(each => each.outerHTML.slice(0, 100))"""
        )
        assert cut == []
        assert page.locator(".source pre").first.evaluate("code => getComputedStyle(code).whiteSpace") == "pre-wrap"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_headings_step_down_one_at_a_time(browser: Any, paths: dict[str, Path]) -> None:
    for name in ("partial", "class"):
        with Watched(browser, paths[name]) as watched:
            levels = watched.page.evaluate(
                "[...document.querySelectorAll('h1, h2, h3, h4')].map(heading => Number(heading.localName[1]))"
            )
        assert levels[0] == 1
        assert all(level - above <= 1 for above, level in pairwise(levels))


def test_class_page_leads_to_every_student(browser: Any, paths: dict[str, Path]) -> None:
    with Watched(browser, paths["class"]) as watched:
        rows = watched.page.locator("table.students tbody tr")
        assert rows.count() == len(samples())
        targets = rows.locator("th a").evaluate_all("all => all.map(link => link.href)")
    folder = (paths["class"].parent / "feedback").as_uri() + "/"
    assert all(target.startswith(folder) and "/" not in target.removeprefix(folder) for target in targets)
    assert folder + "alan%40uni.example.html" in targets
