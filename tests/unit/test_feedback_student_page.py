from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from autograder.feedback import student_page
from autograder.records import (
    FOLLOWS,
    SELF_CHECK,
    Assignment,
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

ASSIGNMENT = Assignment("cnn2_mnist", "A deeper network", (Question("missing_layers", 4), Question("compare", 2)))
CANARY = "CANARY"


def page(
    *questions: QuestionGrade, execution: Execution | None = None, assignment: Assignment = ASSIGNMENT, **fields: Any
) -> str:
    given: dict[str, Any] = {
        "student": "ada",
        "submission": "ada.ipynb",
        "digest": "sha256:0123456789abcdef",
        "status": "graded",
        "score": 2.5,
        "possible": 6,
    }
    return student_page.render(assignment, Grade(questions=questions, **{**given, **fields}), execution)


def question(*cases: Outcome, **fields: Any) -> QuestionGrade:
    return QuestionGrade(**{"name": "missing_layers", "score": 2.5, "possible": 4, "cases": cases, **fields})


def text(html: str) -> str:
    """What a reader sees, on one line."""
    without = re.sub(r"<(style|title|svg)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", without).split())


def test_score_and_status_at_a_glance() -> None:
    html = page(question(Outcome("a", "pass", 2.5, 4, title="Layers of `cnn2`")))
    assert "<strong>2.5</strong> <span>of 6 points</span>" in html
    assert "<h3>Layers of <code>cnn2</code></h3>" in html
    assert "Passed" in text(html)
    assert "<title>2.5 of 6 points: A deeper network, ada</title>" in html


@pytest.mark.parametrize(
    ("status", "earned", "word"),
    [
        ("pass", 2, "Passed"),
        ("fail", 0, "Not passed"),
        ("fail", 0.5, "Partly passed"),
        ("error", 0, "Under review"),
        ("skipped", 0, "Skipped"),
        ("manual", 0, "To be graded"),
    ],
)
def test_a_status_is_a_word_and_a_shape(status: Any, earned: float, word: str) -> None:
    html = page(question(Outcome("a", status, earned, 2, title="T")))
    assert re.search(rf'<span class="badge \w+"><svg class="icon".*?</svg>{word}</span>', html)


def test_pending_points_are_explained() -> None:
    manual = QuestionGrade("compare", 0, 2, (Outcome("compare", "manual", 0, 2),), title="Which wins?", manual=True)
    read = text(page(question(), manual, pending=2.0))
    assert "2 more points can still come. A person reads and grades Which wins? (2 points)." in read
    assert "of 6 points so far" in read


def by_hand(points: float, comment: str = "", **fields: Any) -> str:
    status: Any = "pass" if points == 2 else "fail"
    given = Outcome("compare", status, points, 2, by_hand=True, comment=comment, **fields)
    return page(question(), QuestionGrade("compare", points, 2, (given,), manual=True, answer="*My* answer."))


@pytest.mark.parametrize(("points", "mark"), [(2, "pass"), (1.5, "partly"), (0, "fail")])
def test_what_a_person_gave_and_said(points: float, mark: str) -> None:
    html = by_hand(points, "Well seen.\n<b>`Next`</b> time {{ 7*7 }}.")
    assert re.search(rf'<span class="badge {mark}"><svg class="icon".*?</svg>Graded by a person</span>', html)
    assert '<blockquote class="comment">Well seen.\n&lt;b&gt;`Next`&lt;/b&gt; time {{ 7*7 }}.</blockquote>' in html
    assert f"<strong>{points:g}</strong> / 2" in html
    assert "can still come" not in html and "To be graded" not in html
    assert "<em>My</em> answer." in html


def test_points_without_a_comment_say_who_gave_them() -> None:
    assert "A person read your answer and gave 0.5 of 2 points." in text(by_hand(0.5))


def test_a_case_without_points_says_so() -> None:
    html = page(question(Outcome("a", "fail", 0, 0, title="T", message="Give one of the two.")))
    assert "no points" in html and "Give one of the two." in html


def test_what_a_case_said_before_a_person_decided_is_gone() -> None:
    diff = (LayerDiff("missing", "Conv2D"),)
    read = text(by_hand(1, message="A person will decide.\nAll of it.", diff=diff))
    assert "will decide" not in read and "All of it" not in read and "Conv2D" not in read


def test_a_comment_is_cut_and_scrubbed() -> None:
    html = by_hand(1, "\u202e\x00" + "x" * 100_000)
    assert len(html) < 60_000
    assert "\u202e" not in html and "\x00" not in html


def test_instructors_detail_never_shows() -> None:
    cases = (
        Outcome("a", "fail", 0, 1, hidden=True, title="Secret", message="Public.", detail=CANARY),
        Outcome("b", "error", 0, 1, title="Broken", detail=CANARY),
        Outcome("c", "fail", 0, 1, hidden=True, diff=(LayerDiff("missing", CANARY, CANARY, CANARY),)),
        Outcome("d", "pass", 1, 1, detail=CANARY),
    )
    assignment = Assignment("s", "t", (Question("missing_layers", 4, rubric=CANARY),))
    for status in ("graded", "needs_review"):
        html = page(
            question(*cases), assignment=assignment, status=status, message=CANARY if status != "graded" else ""
        )
        assert CANARY not in html
        assert "Secret" in html
        assert "Public." in html


def test_layer_comparison_is_a_table() -> None:
    same = tuple(LayerDiff("same", f"Layer {number}", f"Layer {number}") for number in range(5))
    diff = (
        *same,
        LayerDiff("different", "Conv2D 64", "Conv2D 32", "The number of `filters`."),
        *same[:3],
        LayerDiff("missing", "ReLU"),
        LayerDiff("extra", "", "Dropout <b>"),
    )
    html = page(question(Outcome("a", "fail", 0, 2, message="`cnn2` layer 6: x.\n\nTEXT TABLE", diff=diff)))
    assert "<code>cnn2</code> layer 6: x.</p>" in html
    assert "TEXT TABLE" not in html
    body = html[html.index("<tbody") :]
    kinds = re.findall(r'<tr class="(\w+)"', body)
    assert kinds == ["same", "different", "same", "same", "same", "missing", "extra"]
    assert "5 layers are the same</span></summary>" in body
    words = re.findall(r"</svg>(\w+)</span></th>", body)
    assert words == ["Different", "Same", "Same", "Same", "Missing", "Extra"]
    assert "Dropout &lt;b&gt;" in body
    assert "The number of <code>filters</code>." in body
    assert '<th scope="col" role="columnheader">Received</th>' in html


def test_a_message_without_comparison_keeps_its_lines() -> None:
    html = page(question(Outcome("a", "fail", 0, 2, message="First.\n  expected  1\n  got       <2>")))
    assert '<p class="message">First.</p>' in html
    assert "\n  expected  1\n  got       &lt;2&gt;</pre>" in html


def test_learning_curve() -> None:
    curves = {"accuracy": [0.5, 0.9], "val_accuracy": [0.6, 0.8], "loss": [1.0, 0.1]}
    html = page(question(histories={"history": curves}))
    assert html.count('<svg class="chart"') == 2
    assert "<caption>Accuracy by epoch</caption>" in html
    assert '<tr><th scope="row">2</th><td>0.900</td><td>0.800</td></tr>' in html
    assert "Drawn from your <code>history</code>." in html


def test_each_history_is_drawn_under_its_name() -> None:
    html = page(question(histories={"training": {"loss": [1.0]}, "fine_tuning": {"loss": [0.5]}, "empty": {}}))
    first, second = (html.index(f"Drawn from your <code>{name}</code>.") for name in ("training", "fine_tuning"))
    assert first < html.index("Training loss is 1.000") < second < html.index("Training loss is 0.500")
    assert "<code>empty</code>" not in html


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("timed_out", "ran out of time"),
        ("out_of_memory", "ran out of memory"),
        ("crashed", "did not run to its end"),
        ("refused", "was not accepted"),
    ],
)
def test_trouble_comes_before_the_questions(status: Any, said: str) -> None:
    html = page(question(), execution=Execution(status, "It was stopped in code cell 3.", (Cell("code", "x"),)))
    assert html.index(said) < html.index("It was stopped in code cell 3.") < html.index('id="overview"')


def test_a_run_that_completed_is_no_trouble() -> None:
    html = page(question(), execution=Execution("completed", "", (Cell("code", "x"),), 12.34))
    assert 'class="callout' not in html
    assert "1 code cell, 12.3 seconds" in text(html)


def test_cells_that_raised_are_linked() -> None:
    cells = (Cell("code", "x"), Cell("code", "1/0", error="ZeroDivisionError: <x>", tags=("answer:missing_layers",)))
    html = page(question(), execution=Execution("completed", "", cells))
    assert '<a href="#cell-2">Code cell 2</a> raised <code><bdi>ZeroDivisionError: &lt;x&gt;</bdi></code>' in html
    assert 'your answer: <a href="#cell-2">code cell 2</a>' in html
    assert 'id="cell-2"' in html


def test_cells_that_failed_only_because_of_another_are_folded_under_it() -> None:
    undefined = "NameError: name 'model' is not defined"
    cells = (
        Cell("code", "model = (]", error="SyntaxError: ]"),
        *(Cell("code", "model", error=undefined, due_to=0) for _ in range(3)),
        Cell("code", "1/0", error="ZeroDivisionError: x"),
    )
    notices = page(question(), execution=Execution("completed", "", cells)).partition("</section>")[2]
    notices = notices.partition("</section>")[0]
    folded = notices[notices.index("<details>") : notices.index("</details>")]
    assert "<summary>3 cells below failed only because of this</summary>" in folded
    assert [f'href="#cell-{number}"' in folded for number in range(1, 6)] == [False, True, True, True, False]
    assert "needs model , which code cell 1 did not define" in text(folded)
    assert "raised ZeroDivisionError" in text(notices)


def test_cases_that_fail_only_because_of_the_same_cell_are_folded() -> None:
    cause = "Code cell 5 raised SyntaxError: <]>"
    html = page(
        question(
            Outcome("a", "fail", 0, 1, title="A", message=f"`model` is not defined after this question. {cause}"),
            Outcome("b", "fail", 0, 1, title="B", message="`other` is wrong."),
            Outcome(
                "c", "fail", 0, 0.5, True, "C `x`",
                f"`history` is not defined after this question. Code cell 7 needs `model`: {cause}",
            ),
            Outcome("d", "fail", 0, 1, title="D", message="`d` is not defined after this question. No."),
        )
    )  # fmt: skip
    read = text(html)
    assert read.count("SyntaxError") == 1
    folded = html[html.index('<details class="consequences">') :].partition("</details>")[0]
    assert text(folded) == "1 more case not passed for the same reason C x 0 / 0.5 Hidden case"
    titles = [read.index(each) for each in ("A 0 / 1 Not passed", "1 more case", "B 0 / 1", "D 0 / 1")]
    assert titles == sorted(titles)


def test_cases_that_say_the_same_are_folded_but_not_those_that_say_nothing() -> None:
    same = {"message": "`net` is a Keras model, but layer 15 is of the kind Lambda."}
    cases = [Outcome(name, "fail", 0, 1, title=name.upper(), **same) for name in "abc"]
    html = page(question(*cases, *(Outcome(name, "fail", 0, 1, True, name.upper()) for name in "de")))
    assert text(html).count("kind Lambda") == 1
    assert "2 more cases not passed for the same reason" in html
    assert html.count('<li class="case fail">') == 3


def test_a_layer_that_only_follows_from_the_one_above_is_pale() -> None:
    follows = LayerDiff("different", "ReLU → (26, 26, 32)", "ReLU → (24, 24, 32)", FOLLOWS)
    html = page(question(Outcome("a", "fail", 0, 2, diff=(LayerDiff("different", "Conv2D", "Dense"), follows))))
    assert html.count('<tr class="follows" role="row">') == html.count('<tr class="different" role="row">') == 1
    assert html.count(FOLLOWS) == 1


def test_what_a_network_confuses_is_a_table_with_pictures_but_never_of_a_hidden_case() -> None:
    gif = "R0lGODlhCAAIAA=="
    png = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADElEQVR4nGNgGBwAAABIAAHZ"
    confusion = Confusion("cnn2", ((5, 3), (0, 7)), (Misread(12, 0, 1, png), Misread(13, 0, 1, gif), Misread(14, 0, 1)))
    html = page(question(Outcome("a", "pass", 2, 2, confusions=(confusion,))))
    read = text(html)
    assert "cnn2 takes 3 of 15 inputs for another class, most often 0 for 1 (3)" in read
    assert '<tr><th scope="row">0</th><td class="right">5</td><td class="wrong">3</td></tr>' in html
    assert f'<img src="data:image/png;base64,{png}" alt="Input 12"><span>0 taken for 1</span>' in html
    assert gif not in html, "no PNG"
    assert "takes 3 of 15" not in text(page(question(Outcome("a", "pass", 2, 2, True, confusions=(confusion,)))))


def test_a_picture_pasted_into_an_answer_is_shown_with_it() -> None:
    gif = "data:image/gif;base64,R0lGODlhCAAIAA=="
    why = QuestionGrade("compare", 0, 2, (Outcome("compare", "manual", 0, 2),), manual=True, answer="![](attachment:x)")
    cell = Cell("markdown", "![](attachment:x)", ("answer:compare",), attachments={"x": gif})
    html = page(why, execution=Execution("completed", "", (cell,)))
    answer, notebook = html.split('class="notebook"')
    assert (answer.count(gif), notebook.count(gif)) == (1, 1)


def test_who_handed_in_nothing_reads_that_and_nothing_of_a_notebook() -> None:
    html = page(
        status="rejected", score=0, submission="", message="Nothing was handed in.", execution=Execution("refused")
    )
    read = text(html)
    assert "Nothing was handed in There is nothing of yours to grade." in read
    assert not re.search("(?i)fingerprint|sha256|own run|Jupyter|notebook", read)


def test_the_one_mark_of_a_written_answer_is_not_said_twice() -> None:
    given = Outcome("compare", "pass", 2, 2, title="Graded by a person", by_hand=True)
    html = page(QuestionGrade("compare", 2, 2, (given,), manual=True))
    assert html.count("Graded by a person") == 1 and "Passed" in text(html)


def test_what_a_person_decided_of_a_review_is_said_first() -> None:
    given = Outcome("compare", "fail", 1, 2, by_hand=True, verdict=("fail", 0))
    grade = {"review": "No `sklearn` here.", "comment": "We lack it.\n<b>Sorry</b>."}
    html = page(question(given), **grade)
    assert html.index("A person looked at this grade and gave other points for 1 case.") < html.index('id="question-1"')
    assert "We lack it.\n&lt;b&gt;Sorry&lt;/b&gt;." in html
    assert "No <code>sklearn</code> here" not in html and "No `sklearn` here" not in html
    assert "let it stand as it is" in page(question(replace(given, points=0)), **grade)
    assert "A person looked" not in page(question(given), **grade | {"status": "needs_review"})


def test_the_long_cell_of_the_self_check_is_folded() -> None:
    setup = f"{SELF_CHECK}\nfrom autograder.notebook.selfcheck import Checks\ngrader = Checks({{}})"
    html = page(execution=Execution("completed", cells=(Cell("code", setup), Cell("code", "x = 1"))))
    assert html.count("<summary>The self-check, as it came with the exercise</summary>") == 1
    folded = html[html.index("<summary>The self-check") :].partition("</details>")[0]
    assert "selfcheck" in folded and "x = 1" not in text(folded)
    raised = page(execution=Execution("completed", cells=(Cell("code", setup, error="ImportError: no"),)))
    assert "<summary>The self-check" not in raised, "what raised is seen at once"


def test_rejected() -> None:
    skipped = question(Outcome("a", "skipped", 0, 4, message="This is not JSON."), score=0)
    html = page(skipped, status="rejected", score=0, message="This is not JSON.", execution=Execution("refused", "x"))
    read = text(html)
    assert "Not graded" in read
    assert read.count("This is not JSON.") == 1
    assert "hand in the .ipynb file" in read
    assert 'id="notebook"' not in html


def test_our_own_failure_is_not_put_on_the_student() -> None:
    """The grader failed before anything ran: no word of a crash of the notebook, and nothing of our message."""
    html = page(question(), status="needs_review", message=CANARY, execution=Execution("crashed", CANARY))
    assert CANARY not in html
    assert "did not run" not in html
    assert "not your fault" in html


class Tree(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)></title></style>\u202e\ud800\x00{{ 7*7 }}{% x %}'


def hostile_page() -> str:
    output = {"output_type": "display_data", "data": {"text/html": EVIL, "image/svg+xml": f"<svg>{EVIL}"}}
    cell = Cell("code", EVIL, (f"answer:{EVIL}",), (output,), error=EVIL)
    return page(
        question(
            Outcome(EVIL, "fail", 0, 1, title=EVIL, message=f"{EVIL}\n{EVIL}"),
            Outcome(EVIL, "fail", 0, 1, message=EVIL, diff=(LayerDiff("different", EVIL, EVIL, EVIL),)),
            name=EVIL,
            title=EVIL,
            answer=EVIL,
            histories={EVIL: {EVIL: [1.0], "accuracy": [1.0]}},
        ),
        assignment=Assignment(EVIL, EVIL, ()),
        student=EVIL,
        submission=EVIL,
        digest=EVIL,
        warnings=(EVIL,),
        message=EVIL,
        status="needs_review",
        execution=Execution("crashed", EVIL, (cell, Cell("markdown", EVIL), Cell("raw", EVIL)), 1.0),
    )


def test_hostile_text_stays_text_everywhere() -> None:
    html = hostile_page()
    tree = Tree(html)
    assert "script" not in tree.tags
    assert not [attribute for attribute in tree.attributes if attribute[1].startswith("on")]
    assert all(value.startswith("data:image/") for tag, name, value in tree.attributes if name == "src")
    assert "\u202e" not in html
    assert "\x00" not in html
    assert html.encode("utf-8")
    assert "{{ 7*7 }}" in html
    assert tree.tags.count("h1") == 1


def test_the_page_forbids_everything_but_its_own_style() -> None:
    html = hostile_page()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    style = html[html.index("<style>") + 7 : html.index("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.replace("&#39;", "'") == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert html.index("Content-Security-Policy") < html.index("<title>")
    assert '<meta name="referrer" content="no-referrer">' in html
    assert html.count("<style") == 1
    assert not re.search(r"url\(|@import|expression", style)


def test_no_style_attribute_anywhere() -> None:
    assert not [attribute for attribute in Tree(hostile_page()).attributes if attribute[1] == "style"]


def test_an_outcome_says_what_it_rests_on_where_the_grader_did_not_compute_it():
    said = "By what your notebook computed for the grader’s inputs", "By what your notebook says"
    for evidence, shown in (("computed", (0, 0)), ("answered", (1, 0)), ("claimed", (0, 1))):
        html = page(question(Outcome("a", "pass", 1, 1, title="T", evidence=evidence)))
        assert tuple(map(html.count, said)) == shown
