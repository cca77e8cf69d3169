"""Grading by hand: what a person wrote meets the right answer, and is never lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.grading.results.hand_grading import CHANGED, REVIEW, UNUSED, ManualRow, Marks, Sheet, cells, completed
from autograder.records import Assignment, Case, Grade, Outcome, Question, QuestionGrade

ASSIGNMENT = Assignment(
    "cnn",
    "CNN",
    (
        Question("train", 4, cases=(Case("history", "`history`", 1), Case("floor", "Accuracy on new digits", 3))),
        Question("why", 2, manual=True, rubric="- names it\n  in full\n- proves it"),
    ),
)


def grade(student="ada", answer="Because.", band=False, **fields):
    floor = Outcome("floor", "manual", 0, 3, hidden=True, message="Close.", detail="0.951 of 0.952")
    cases = (Outcome("history", "pass", 1, 1), floor if band else Outcome("floor", "pass", 3, 3))
    questions = (
        QuestionGrade("train", 1 if band else 4, 4, cases),
        QuestionGrade("why", 0, 2, (Outcome("why", "manual", 0, 2),), manual=True, answer=answer),
    )
    return Grade(
        **{
            "student": student,
            "submission": "x.ipynb",
            "digest": f"sha256:{student}",
            "status": "graded",
            "score": 1 if band else 4,
            "possible": 6,
            "questions": questions,
            "pending": 2,
            **fields,
        }
    )


def marked(*grades, entries=(), **sheet):
    marks = Marks(ASSIGNMENT, Sheet(tuple(entries), **sheet), [each.student for each in grades])
    return marks, [marks.settle(each) for each in grades]


def filled(given, points, **fields):
    """The row that a first run writes for `why`, filled in."""
    marks, _ = marked(given)
    row = next(entry for entry in marks.entries() if entry.question == "why")
    return replace(row, points=points, **fields)


def test_what_waits_has_a_row_with_answer_and_rubric():
    marks, (settled,) = marked(grade(band=True))
    floor, why = marks.entries()
    assert (floor.key, floor.possible, floor.answer) == (("ada", "train", "floor"), "3", "0.951 of 0.952")
    assert floor.rubric == "Accuracy on new digits"
    assert (why.key, why.possible, why.answer) == (("ada", "why", ""), "2", "Because.")
    assert why.rubric == "Rubric: - names it in full ⏎ - proves it", "no formula, and no apostrophe"
    assert (settled.score, settled.pending, marks.waiting) == (1, 5, 2)


def test_points_on_claims_are_proposed_and_count_once_they_are_confirmed():
    given = grade(band=True)
    history, floor = given.questions[0].cases
    claimed = replace(floor, detail="`net` is a class.", proposed=1.5)
    questions = (replace(given.questions[0], cases=(history, claimed)), given.questions[1])

    marks, (settled,) = marked(replace(given, questions=questions))
    assert settled.status == "needs_review" and settled.message.startswith("Points rest on what the notebook says")
    row = next(entry for entry in marks.entries() if entry.case == "floor")
    assert row.answer == "Proposed: 1.5 of 3. `net` is a class." and row.proposes
    said = replace(floor, detail="Proposed: 3 of 3. Says the student.", proposed=None)
    questions = (replace(given.questions[0], cases=(history, said)), given.questions[1])
    marks, _ = marked(replace(given, questions=questions))
    unproposed = next(entry for entry in marks.entries() if entry.case == "floor")
    assert unproposed.answer == "Answer: Proposed: 3 of 3. Says the student." and not unproposed.proposes
    questions = (replace(given.questions[0], cases=(history, claimed)), given.questions[1])
    waiting = settled
    for written in ({"points": 1.5}, {"accept": True}):
        settled = waiting
        for _ in range(2):  # settled once, it is so again
            marks, (settled,) = marked(settled, entries=[replace(row, **written), filled(given, 2)])
            assert (settled.status, settled.score, settled.pending) == ("graded", 4.5, 0)
        assert [row.points for row in marks.entries()] == [1.5, 2]
    marks, (settled,) = marked(replace(waiting, digest="sha256:b"), entries=[replace(row, accept=True)])
    assert (settled.score, marks.waiting, len(marks.changed)) == (1, 2, 1), "what was accepted is another notebook"


@pytest.mark.parametrize(
    ("points", "status", "pending"), [(2, "pass", 0), (1.5, "fail", 0), (0, "fail", 0), (None, "manual", 2)]
)
def test_points_reach_the_outcome_and_the_sums(points, status, pending):
    entry = filled(grade(), points, comment="Good.")
    marks, (settled,) = marked(grade(), entries=[entry])
    (outcome,) = settled.questions[1].cases
    assert (outcome.status, outcome.points, outcome.by_hand) == (status, points or 0, points is not None)
    assert outcome.comment == ("" if points is None else "Good."), "shown once it is graded"
    assert (settled.questions[1].score, settled.score, settled.pending) == (points or 0, 4 + (points or 0), pending)
    assert marks.entries() == [entry], "kept as it is"
    assert marks.waiting == (points is None)


def test_a_case_without_verdict_is_graded_like_an_answer():
    first, _ = marked(grade(band=True))
    entries = [replace(entry, points=2.5) for entry in first.entries()[:1]]
    _, (settled,) = marked(grade(band=True), entries=entries)
    train = settled.questions[0]
    assert ([case.points for case in train.cases], train.score) == ([1, 2.5], 3.5)
    assert train.cases[1].message == "Close.", "what the case said stays for a retraction"
    assert (settled.score, settled.pending) == (3.5, 2)


def test_settling_twice_changes_nothing_and_points_can_be_taken_back():
    entry = filled(grade(), 2)
    _, (once,) = marked(grade(), entries=[entry])
    _, (twice,) = marked(once, entries=[entry])
    assert twice == once
    _, (back,) = marked(twice)
    _, (never,) = marked(grade())
    assert back == never


def test_a_changed_answer_keeps_its_points_until_somebody_clears_the_note():
    entry = filled(grade(), 2, comment="Good.")
    new = grade(answer="Another.")
    marks, (settled,) = marked(new, entries=[entry])
    assert settled.score == 6
    (row,) = marks.entries()
    assert (row.points, row.comment, row.note, row.answer) == (2, "Good.", CHANGED, "Another.")
    assert [each.student for each in marks.changed] == ["ada"]
    marks, _ = marked(new, entries=[row])
    assert marks.entries() == [row], "the note stays"
    marks, _ = marked(new, entries=[replace(row, note="")])
    assert (marks.entries()[0].note, marks.changed) == ("", [])


def test_a_flag_outlives_a_run_without_the_student():
    flagged = filled(grade(), 2, note=CHANGED)
    away, _ = marked(grade("bob"), entries=[flagged])
    back, _ = marked(grade(), entries=[entry for entry in away.entries() if entry.filled])
    assert [each.student for each in back.changed] == ["ada"]


def test_what_nobody_filled_in_is_never_flagged():
    marks, _ = marked(grade(answer="Another."), entries=[filled(grade(), None)])
    assert marks.entries()[0].note == ""


def test_a_case_is_flagged_when_another_notebook_was_handed_in():
    first, _ = marked(grade(band=True))
    given = [replace(entry, points=1) for entry in first.entries()]
    marks, _ = marked(grade(band=True, digest="sha256:new"), entries=given)
    assert [(row.question, row.note) for row in marks.entries()] == [("train", CHANGED), ("why", "")]


@pytest.mark.parametrize(
    "gone",
    [
        grade("bob"),
        grade(questions=()),
        grade(questions=(QuestionGrade("why", 0, 2, (Outcome("why", "skipped", 0, 2),), manual=True),)),
    ],
    ids=["student", "question", "rejected"],
)
def test_a_filled_row_that_nobody_asks_for_stays(gone):
    entry = filled(grade(), 2, comment="Good.", note="mine")
    marks, _ = marked(gone, entries=[entry, ManualRow("ada", "old"), ManualRow("eve", "why", answer="not filled in")])
    assert marks.unused == [entry]
    last = marks.entries()[-1]
    assert (last.points, last.comment, last.note, last.digest) == (2, "Good.", f"{UNUSED}; mine", entry.digest)
    back, (settled,) = marked(grade(), entries=[last])
    assert (settled.score, back.entries()[-1].note) == (6, "mine")


def test_a_verdict_of_the_case_is_not_overruled_by_an_old_row():
    first, _ = marked(grade(band=True))
    marks, (settled,) = marked(grade(), entries=[replace(first.entries()[0], points=0)])
    assert settled.questions[0].score == 4
    assert [each.key for each in marks.unused] == [("ada", "train", "floor")]


def test_students_with_similar_names_are_kept_apart():
    both = grade("ada", "A."), grade("ada_b", "B.")
    _, (ada, ada_b) = marked(*both, entries=[filled(both[0], 1), filled(both[1], 2)])
    assert (ada.score, ada_b.score) == (5, 6)
    _, (zero, seven) = marked(grade("07", "A."), grade("7", "A."), entries=[filled(grade("7", "A."), 1)])
    assert (zero.score, seven.score) == (4, 5), "the row of a student who is there is nobody else's"


@pytest.mark.parametrize(("answer", "score"), [("Because.", 6), ("Another.", 4)])
def test_zeros_that_a_spreadsheet_took_are_found_where_the_answer_agrees(answer, score):
    entry = replace(filled(grade("0012345"), 2), student="12345")
    marks, (settled,) = marked(grade("0012345", answer), entries=[entry])
    assert settled.score == score
    assert [each.student for each in marks.unused] == ([] if score == 6 else ["12345"])


def test_rows_stand_by_question_and_then_by_student_whatever_the_order_was():
    marks, _ = marked(*(grade(name, band=True) for name in ("bob", "Ada", "cyd")))
    order = [(row.question, row.student) for row in marks.entries()]
    assert order == [(question, name) for question in ("train", "why") for name in ("Ada", "bob", "cyd")]


@pytest.mark.parametrize("text", ["x" * 2_001, "x\n" * 50_000, " \n" * 9_000 + "x" * 3_000])
def test_a_long_answer_is_cut_and_says_where_the_whole_is(text):
    marks, _ = marked(grade(answer=text))
    answer = marks.entries()[0].answer
    assert len(answer) < 2_100
    assert answer.endswith("… (cut; the whole answer is in feedback/ada.html)")
    other, _ = marked(grade(answer=text + "!"))
    assert other.entries()[0].digest != marks.entries()[0].digest, "of the whole answer"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028"])
def test_an_answer_is_one_line(end):
    marks, _ = marked(grade(answer=f"{end}one{end}{end}two{end}  more{end}"))
    assert marks.entries()[0].answer == "one ⏎ two more"


def test_half_characters_in_an_answer_flag_nothing_when_they_come_back_replaced():
    entry = filled(grade(answer="a\ud800"), 1)
    marks, _ = marked(grade(answer="a?"), entries=[entry])
    assert marks.changed == []


def test_what_other_columns_hold_stays():
    entry = filled(grade(), 1, extra=("jane",))
    marks, _ = marked(grade(), grade("bob"), entries=[entry], extra=("grader",))
    rows = list(cells(Sheet(extra=("grader",)), marks.entries()))
    assert [row[-1] for row in rows] == ["grader", "jane", ""]


@pytest.mark.parametrize(("delimiter", "points"), [(",", "0.5"), ("\t", "0.5"), (";", "0,5")])
def test_numbers_are_written_as_the_file_has_them(delimiter, points):
    header, row = cells(Sheet(delimiter=delimiter), [filled(grade(), 0.5)])
    assert row[header.index("points")] == points


def test_a_grade_without_anything_to_grade_by_hand_is_left_alone():
    given = grade(questions=(QuestionGrade("train", 4, 4, (Outcome("x", "pass", 4, 4),)),), pending=2)
    marks, (settled,) = marked(given)
    assert settled is given
    assert marks.entries() == []


def reviewed(floor="error", points=0, **fields):
    """A submission that needs review, with a case that gave no verdict or lost points."""
    cases = (Outcome("history", "pass", 1, 1), Outcome("floor", floor, points, 3, detail="A check failed."))
    questions = (QuestionGrade("train", 1 + points, 4, cases), grade().questions[1])
    given = {"status": "needs_review", "message": "No module `sklearn`.", "questions": questions, "score": 1 + points}
    return grade(**given | fields)


def rows_of(given, **written):
    """The rows that a first run writes for it, filled in: question → points or `accept`."""
    marks, _ = marked(given)
    rows = []
    for row in marks.entries():
        value = written.get(row.question.strip("()"))
        rows.append(replace(row, accept=True) if value == "accept" else replace(row, points=value))
    return rows


def test_a_review_has_a_row_for_itself_and_for_each_case_without_all_its_points():
    marks, (settled,) = marked(reviewed())
    assert [entry.key[1:] for entry in marks.entries()] == [(REVIEW, ""), ("train", "floor"), ("why", "")]
    review, floor, _ = marks.entries()
    assert review.answer == "No module `sklearn`." and "`accept`" in review.rubric
    assert (floor.answer, floor.possible) == ("A check failed.", "3")
    assert (settled.status, settled.score, settled.pending) == ("needs_review", 1, 2)
    assert marks.waiting == 1, "the rows of a review may stay empty"


@pytest.mark.parametrize("floor", ["error", "fail"])
@pytest.mark.parametrize(
    ("written", "status", "score"),
    [
        ({"review": "accept"}, "graded", 1),
        ({"train": 2.5}, "graded", 3.5),
        ({"train": 0}, "graded", 1),
        ({"review": "accept", "train": 3}, "graded", 4),
        ({"why": 2}, "needs_review", 3),
        ({}, "needs_review", 1),
    ],
    ids=["accepted", "points", "no points", "both", "another row", "nothing"],
)
def test_a_review_is_settled_by_accept_or_by_points_in_each_of_its_rows(floor, written, status, score):
    given = reviewed(floor)
    marks, (settled,) = marked(given, entries=rows_of(given, **written))
    assert (settled.status, settled.score) == (status, score)
    assert (settled.message == "") == (status == "graded")
    assert (settled.questions[0].cases[1].status == "error") == (floor == "error" and status == "needs_review")
    again, (twice,) = marked(settled, entries=marks.entries())
    assert (twice, again.entries()) == (settled, marks.entries())
    _, (back,) = marked(settled)
    _, (never,) = marked(given)
    assert back == never, "what a person takes back is open again, with what the cases had given"


def test_a_person_changes_partial_points_and_takes_that_back():
    given = reviewed("fail", 1.5)
    _, (settled,) = marked(given, entries=rows_of(given, train=3))
    assert (settled.score, settled.questions[0].cases[1].verdict) == (4, ("fail", 1.5))
    _, (back,) = marked(settled, entries=rows_of(given, review="accept"))
    assert (back.score, back.questions[0].cases[1].by_hand) == (2.5, False)


def test_of_a_submission_that_the_grader_failed_on_the_written_answers_can_be_graded():
    lost = QuestionGrade("why", 0, 2, (Outcome("why", "skipped", 0, 2),), manual=True)
    given = reviewed(questions=(reviewed().questions[0], lost), pending=0)
    _, (settled,) = marked(given, entries=rows_of(given, train=3, why=2))
    assert (settled.status, settled.score) == ("graded", 6)


@pytest.mark.parametrize(
    ("written", "change"),
    [
        ({"review": "accept"}, {"digest": "sha256:new"}),
        ({"review": "accept"}, {"questions": reviewed("fail", 0.5).questions}),
        ({"train": 3}, {"digest": "sha256:new"}),
    ],
    ids=["accepted, another notebook", "accepted, other points", "points, another notebook"],
)
def test_what_changed_since_is_open_again_until_somebody_clears_the_notes(written, change):
    new = reviewed(**change)
    marks, (settled,) = marked(new, entries=rows_of(reviewed(), **written))
    assert (settled.status, len(marks.changed)) == ("needs_review", 1)
    cleared = [replace(row, note="") for row in marks.entries()]
    marks, (settled,) = marked(new, entries=cleared)
    assert (settled.status, marks.changed) == ("graded", [])


def test_rows_that_are_gone_come_back_with_what_the_last_report_had_of_them():
    given = reviewed()
    rows = rows_of(given, review="accept", train=2, why=1)
    marks, (settled,) = marked(given, entries=rows)
    for left in (marks.entries()[:1], marks.entries()[1:], []):
        sheet, added = completed(Sheet(tuple(left), extra=("grader",)), [settled])
        assert len(added) == 3 - len(left)
        again = Marks(ASSIGNMENT, sheet, ["ada"])
        assert again.settle(given) == settled
        assert again.changed == []
    sheet, added = completed(Sheet(tuple(replace(row, points=None) for row in rows)), [settled])
    assert added == (), "a cell that was emptied stays so"
    assert completed(Sheet((replace(rows[1], student="0ada"),)), [settled])[1][0].question == REVIEW


def rejected(**fields):
    """What is no notebook: every case skipped."""
    cases = (Outcome("history", "skipped", 0, 1, message="Not JSON."), Outcome("floor", "skipped", 0, 3))
    why = QuestionGrade("why", 0, 2, (Outcome("why", "skipped", 0, 2),), manual=True)
    given = {"status": "rejected", "message": "Not JSON.", "score": 0, "pending": 0}
    return grade(**given | {"questions": (QuestionGrade("train", 0, 4, cases), why)} | fields)


@pytest.mark.parametrize(
    ("written", "status", "score"),
    [
        ({"review": "accept"}, "graded", 0),
        ({"train": 1, "why": 2}, "graded", 4),
        ({"review": "accept", "why": 1.5}, "graded", 1.5),
        ({"train": 1}, "rejected", 2),
        ({}, "rejected", 0),
    ],
    ids=["accepted", "points", "both", "not all", "nothing"],
)
def test_a_rejected_submission_has_rows_in_which_a_person_settles_it(written, status, score):
    given = rejected()
    marks, (settled,) = marked(given, entries=rows_of(given, **written))
    assert [row.key[1:] for row in marks.entries()] == [
        (REVIEW, ""), ("train", "history"), ("train", "floor"), ("why", "")
    ]  # fmt: skip
    assert marks.entries()[0].answer == "Rejected. The student reads: Not JSON."
    assert (settled.status, settled.score, settled.message) == (
        status,
        score,
        "" if status == "graded" else "Not JSON.",
    )
    _, (back,) = marked(settled)
    assert (back.status, back.message, back.score) == ("rejected", "Not JSON.", 0), "taken back"
    other = rejected(digest="sha256:other")
    marks, (again,) = marked(other, entries=rows_of(given, **written))
    assert (again.status, len(marks.changed)) == ("rejected", sum(row.filled for row in marks.entries()))


def test_who_handed_in_nothing_has_no_rows():
    marks, (settled,) = marked(given := rejected(submission=""))
    assert (settled, marks.entries()) == (given, [])


def test_what_the_person_says_of_a_review_is_for_the_student_once_it_is_settled():
    given = reviewed()
    review, *rows = rows_of(given)
    _, (waiting,) = marked(given, entries=[replace(review, comment="Fine."), *rows])
    assert (waiting.status, waiting.comment) == ("needs_review", "")
    row = replace(review, comment="Fine.", accept=True)
    _, (settled,) = marked(given, entries=[row, *rows])
    assert (settled.status, settled.comment) == ("graded", "Fine.")
    sheet, _ = completed(Sheet(), [settled])
    assert sheet.entries[0] == replace(row, answer="", rubric="", note=""), "with its comment, if its row is lost"


def test_another_picture_is_another_answer():
    def drawn(*pictures):
        given = grade()
        return replace(given, questions=(given.questions[0], replace(given.questions[1], pictures=pictures)))

    entry = filled(drawn("sha256:1"), 2)
    assert entry.answer == "Because. (handed in with 1 picture: feedback/ada.html shows what can be shown)"
    for pictures, changed in (("sha256:1",), False), (("sha256:2",), True), ((), True), (("sha256:1",) * 2, True):
        marks, _ = marked(drawn(*pictures), entries=[entry])
        assert bool(marks.changed) is changed, pictures


@pytest.mark.parametrize("text", ["- list", "=1+1", "+1", "@x", "\u3000=1"])
def test_no_text_of_a_row_begins_a_formula(text):
    marks, _ = marked(grade(answer=text))
    assert marks.entries()[-1].answer == f"Answer: {text.strip()}"
