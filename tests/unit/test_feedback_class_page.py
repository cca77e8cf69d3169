from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from autograder.feedback import class_page
from autograder.records import Assignment, Case, CaseMove, Execution, Grade, Move, Outcome, Question, QuestionGrade

ASSIGNMENT = Assignment(
    "cnn2_mnist",
    "A deeper network",
    (
        Question("missing_layers", 4, cases=(Case("sequence", "The layers", 3), Case("shapes", "The shapes", 1, True))),
        Question("compare", 2, manual=True),
    ),
)
MANUAL = QuestionGrade("compare", 0, 2, (Outcome("compare", "manual", 0, 2),), manual=True)


def grade(student: str, *statuses: Any, **fields: Any) -> Grade:
    """A grade whose two cases ended in `statuses`."""
    cases = tuple(
        Outcome(
            case.name, status, case.points if status == "pass" else 0, case.points, case.hidden, case.title,
            f"message of {student}", f"detail of {student}",
        )
        for case, status in zip(ASSIGNMENT.questions[0].cases, statuses, strict=False)
    )  # fmt: skip
    score = sum(case.points for case in cases)
    questions = (QuestionGrade("missing_layers", score, 4, cases), MANUAL) if cases else ()
    given: dict[str, Any] = {"status": "graded", "score": score, "possible": 6, "questions": questions, "pending": 2.0}
    given["submission"] = f"{student}.ipynb"
    return Grade(student=student, digest="", **{**given, **fields})


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", re.sub(r"<svg.*?</svg>|<wbr>", "", html, flags=re.DOTALL)).split())


def table_rows(html: str) -> list[str]:
    return [text(row) for row in re.findall(r"<tr role=\"row\".*?>(.*?)</tr>", section(html, "students"), re.DOTALL)]


def section(html: str, name: str) -> str:
    return html[(start := html.index(f'aria-labelledby="{name}"')) : html.index("</section>", start)]


CLASS = [
    grade("cyd", "pass", "pass"),
    grade("ada", "pass", "fail"),
    grade(
        "bob", "fail", "error", status="needs_review", message="A check ended before it could judge: see its question."
    ),
    grade("dee", status="rejected", message="Not JSON.", pending=0.0),
    grade("eve", "pass", "fail"),
]
RUNS = {"eve": Execution("timed_out", "The limit is 300 s."), "dee": Execution("refused", "Not JSON.")}


def test_failures_to_review_come_first_with_their_detail() -> None:
    html = class_page.render(ASSIGNMENT, CLASS, RUNS)
    review = section(html, "review")
    assert html.index('id="review"') < html.index('id="scores"') < html.index('id="students"')
    names = re.findall(r"<bdi>(\w+)</bdi>", review)
    assert names == ["bob", "dee"], "as many as the tile counts"
    assert "To review 2" in text(section(html, "glance"))
    assert "detail of bob" in review
    assert "A check ended before it could judge: see its question." in review
    assert text(review).count("Not JSON.") == 1
    known = section(html, "know")
    assert re.findall(r"<bdi>(\w+)</bdi>", known) == ["eve"]
    assert "Timed out" in known and "The limit is 300 s." in known


def test_nothing_to_review() -> None:
    assert "Nothing to review" in class_page.render(ASSIGNMENT, [grade("ada", "pass", "pass")])
    absent = grade("fay", status="rejected", submission="", message="Nothing was handed in.", pending=0.0)
    html = class_page.render(ASSIGNMENT, [grade("eve", "pass", "pass"), absent], RUNS)
    assert "Nothing to review" in html and "To review 0" in text(html), "as the exit status is 0"
    assert re.findall(r"<bdi>(\w+)</bdi>", section(html, "review")) == []
    assert re.findall(r"<bdi>(\w+)</bdi>", section(html, "know")) == ["eve"]
    assert re.findall(r"<bdi>(\w+)</bdi>", section(html, "absent")) == ["fay"], "but they are named"


def test_how_a_review_is_settled_stands_above_the_list_where_there_is_a_table_for_it() -> None:
    def advice(given: Sequence[Grade]) -> str:
        html = class_page.render(ASSIGNMENT, given, RUNS, sheet="manual.csv")
        return " ".join(re.sub(r"<[^>]*>", "", section(html, "review")).split())

    of_submission = "write accept under points in its row (review) of manual.csv"
    of_case = "A case that waits for you has a row in manual.csv"
    reviewed = [replace(each, review=each.message) for each in CLASS]
    assert of_submission in advice(reviewed) and of_case not in advice(reviewed)
    claimed = [grade("kim", "manual", status="needs_review", message="Points rest on what it says.")]
    assert of_case in advice(claimed) and "(review)" not in advice(claimed), "it has no such row"
    assert "accept" not in class_page.render(ASSIGNMENT, CLASS, RUNS)
    assert "accept" not in class_page.render(ASSIGNMENT, CLASS[:1], sheet="manual.csv")


def test_an_answer_that_changed_since_it_was_graded_is_something_to_review() -> None:
    html = class_page.render(ASSIGNMENT, CLASS[:1], sheet="manual.csv", changed=2)
    assert "2 answers changed since graded by hand" in text(section(html, "review"))
    assert "Nothing to review" not in html, "as the exit status is 1"


def test_mean_and_median_leave_rejected_out() -> None:
    read = text(section(class_page.render(ASSIGNMENT, CLASS), "glance"))  # 4, 3, 0, 3
    assert "Submissions 5 Median 3 / 6 Mean 2.5 / 6 To review 2 To give by hand 8 points" in read


def test_share_of_students_passing_each_case() -> None:
    shares = section(class_page.render(ASSIGNMENT, CLASS), "cases")
    read = text(shares)
    assert "The layers 75 % (3 of 4)" in read
    assert "The shapes 25 % (1 of 4) Hidden case 1 grader error" in read
    assert "compare" not in read
    assert "ada: detail of ada ada bob: detail of bob bob" in read
    assert "detail of cyd" not in shares


def graded(student: str, points: float | None) -> Grade:
    given = MANUAL.cases[0] if points is None else Outcome("compare", "fail", points, 2, by_hand=True, comment="Good.")
    compare = QuestionGrade("compare", points or 0, 2, (given,), manual=True)
    made = grade(student, "pass", "pass")
    return replace(made, questions=(made.questions[0], compare), pending=2.0 if points is None else 0.0)


def test_a_question_graded_by_hand_has_a_mean_of_those_that_are_graded() -> None:
    html = class_page.render(ASSIGNMENT, [graded("ada", 1.5), graded("bob", 0.5), graded("cyd", None)])
    assert "compare mean 1 / 2 (2 graded) 1 to be graded" in text(section(html, "by-hand"))
    rows = table_rows(html)
    assert [row.split()[-2] for row in rows[1:3]] == ["1.5", "0.5"]
    assert "by hand" not in rows[1] and rows[3].count("by hand") == 2
    waiting = text(section(class_page.render(ASSIGNMENT, [graded("ada", None)]), "by-hand"))
    assert "compare none graded yet 1 to be graded" in waiting


def test_a_case_that_waits_for_a_person_counts_for_neither_side() -> None:
    read = text(section(class_page.render(ASSIGNMENT, [grade("ada", "manual", "pass"), grade("bob", "pass")]), "cases"))
    assert "The layers 100 % (1 of 1) 1 to be graded" in read


def test_a_comment_stands_where_a_case_message_would() -> None:
    made = grade("ada", "fail", "pass")
    given = replace(made.questions[0].cases[0], by_hand=True, comment="Too close.")
    made = replace(made, questions=(replace(made.questions[0], cases=(given,)),))
    read = text(section(class_page.render(ASSIGNMENT, [made]), "cases"))
    assert "Too close." in read and "detail of ada" not in read


def test_table_of_students_is_sorted_and_complete() -> None:
    rows = table_rows(class_page.render(ASSIGNMENT, CLASS, RUNS))
    assert rows[0] == "Student Status Score / 6 missing_layers / 4 compare / 2 Run"
    assert [row.split()[0] for row in rows[1:]] == ["ada", "bob", "cyd", "dee", "eve"]
    assert rows[1] == "ada ada.ipynb Graded 3 + 2 by hand 3 by hand –"
    assert rows[4] == "dee dee.ipynb Rejected 0 – – –"
    assert rows[5].endswith("0.0&nbsp;s, timed out")
    assert rows[3].endswith("by hand –")


def test_who_handed_in_nothing_is_no_submission() -> None:
    absent = grade("fay", status="rejected", submission="", message="Nothing was handed in.", pending=0.0)
    html = class_page.render(ASSIGNMENT, [absent, *CLASS], RUNS)
    assert "Submissions 5 of 6 Median" in text(section(html, "glance"))
    assert "fay" not in section(html, "review")
    assert "Handed in nothing 1 student: fay" in text(section(html, "absent"))
    students = section(html, "students")
    assert "fay Nothing handed in 0 – – –" in text(students)
    assert '<span class="badge skipped">Nothing handed in' in students, "no failure"


def test_what_had_to_be_put_right_is_reported() -> None:
    notes = ("2 notebooks were handed in.", "<script>alert(1)</script>")
    html = class_page.render(ASSIGNMENT, [grade("ada", "pass", "pass", warnings=notes), grade("bob", "pass", "pass")])
    assert "Remarks on 1 submission ada : 2 notebooks were handed in." in text(section(html, "know"))
    assert "bob" not in section(html, "know")
    assert "<script>alert" not in html


def test_what_moved_is_counted_by_direction_and_by_case() -> None:
    def move(student: str, before: float, after: float) -> Move:
        case = CaseMove("missing_layers/sequence", ("fail", before), ("pass", after))
        return Move(student, before, after, (case,), False)

    moved = [move("ada", 1, 4), move("bob", 2, 1), move("cyd", 1, 4), move("eve", 3, 3)]
    read = text(section(class_page.render(ASSIGNMENT, CLASS, moved=moved), "moved"))
    assert "4 students: 2 with more points, 1 with fewer." in read
    assert "missing_layers/sequence : 2 up, 1 down" in read
    assert "ada : 1 → 4 missing_layers/sequence: Not passed, 1 → Passed, 4" in read


def test_links_are_percent_encoded() -> None:
    html = class_page.render(ASSIGNMENT, [grade('a b/../c?#%&"<ü', "pass", "pass")])
    assert 'href="feedback/a%20b%2F..%2Fc%3F%23%25%26%22%3C%C3%BC.html"' in html
    assert class_page.render(ASSIGNMENT, [grade("\ud800", "pass", "pass")]).encode()


def test_hostile_text_stays_text() -> None:
    evil = "<script>alert(1)</script>\u202e\ud800"
    html = class_page.render(
        ASSIGNMENT,
        [grade(evil, "error", "fail", status="needs_review", message=evil)],
        {evil: Execution("crashed", evil)},
    )
    assert html.count("<script") == 1, "that of the page"
    assert "\u202e" not in html
    assert html.encode()


def test_an_empty_class() -> None:
    html = class_page.render(Assignment("empty", "Empty", ()), [])
    assert "No scores yet." in html


def test_a_large_class_stays_readable() -> None:
    html = class_page.render(ASSIGNMENT, [grade(f"s{number:04}", "fail", "fail") for number in range(1000)])
    assert len(html) < 1_500_000
    assert "… and 960 more reasons" in text(html), "each has a message of its own"
    one = grade("ada", "fail", "fail")
    html = class_page.render(ASSIGNMENT, [replace(one, student=f"s{number:04}") for number in range(1000)])
    assert "1000 students: detail of ada" in text(html) and "s0039 and 960 more" in text(html)
    html = class_page.render(ASSIGNMENT, [replace(CLASS[2], student=f"s{number:04}") for number in range(1000)])
    assert len(html) < 1_500_000
    assert "960 further submissions s0040 : Needs review. A check ended" in text(html), "all are named"


def test_namesakes_are_distinguished_by_their_numbers() -> None:
    people = [
        grade("a", name="Kim <Lee>", id="11"),
        grade("b", name="Kim <Lee>"),
        grade("c", name="Bo Ó'Neill", id="13"),
    ]
    html = class_page.render(ASSIGNMENT, people, {})
    for shown in ("Kim &lt;Lee&gt; (11)", "Kim &lt;Lee&gt; (b)", "Bo Ó&#39;Neill"):
        assert f"<bdi>{shown}</bdi>" in html
