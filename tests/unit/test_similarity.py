"""Equal and nearly equal submissions are found, usual answers are not, and the time does not grow with pairs."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.class_analysis import similarity
from autograder.class_analysis.similarity import SubmissionIndex, own_cells, side_by_side
from autograder.records import Cell, Grade, QuestionGrade

ROOT = Path(__file__).parents[2]
STUB = (
    "import keras\nmodel = keras.Sequential([keras.Input((28, 28, 1)), ..., keras.layers.Dense(10)])",
    "for epoch in range(10):\n    model.fit(x_train, y_train, batch_size=32, validation_data=(x_val, y_val))",
)


def own(seed: int, lines: int = 12) -> str:
    """Code as nobody else writes it."""
    chance = random.Random(seed)
    return "\n".join(
        f"values = compute(x[:{chance.randrange(999)}], scale={chance.random():.3f})  # step {line}\n"
        f"if values.{chance.choice(['min', 'max', 'mean', 'std', 'sum'])}() > {chance.randrange(99)}:\n"
        f"    print('done', values[{chance.randrange(99)}])"
        for line in range(lines)
    )


def found(sources: dict[str, str], stub: tuple[str, ...] = STUB, digests: dict[str, str] | None = None):
    index = SubmissionIndex(stub)
    for student, source in sources.items():
        digest = (digests or {}).get(student, student)
        cells = (*(Cell("code", each) for each in STUB), Cell("code", source, ("answer:a",)))
        index.add(Grade(student, "a.ipynb", digest, "graded", 0, 1), cells)
    return {alike.students: alike.reason for alike in index.alike()}


def test_renamed_variables_and_other_comments_are_the_same():
    copied = re.sub(r"\bvalues\b", "result", own(1)).replace("'done'", '"finished"').replace("# step", "#")
    alike = found({"ada": own(1), "bob": copied.replace("\n", "\n\n"), "cyd": own(2), "dee": own(3)})
    assert list(alike) == [("ada", "bob")]
    assert alike["ada", "bob"].startswith("The same, apart from names")


def test_a_part_that_was_copied_and_gone_on_with():
    mixed = own(1, 12) + "\n" + own(4, 2)
    alike = found({"ada": own(1, 12), "bob": mixed, "cyd": own(2), "dee": own(3)})
    assert list(alike) == [("ada", "bob")]
    share = int(alike["ada", "bob"].partition(" %")[0])
    assert 90 <= share <= 100


def test_what_came_with_the_exercise_and_what_many_wrote_is_no_hint():
    assert found(dict.fromkeys("abcd", "...")) == {}
    usual = own(1)
    class_ = {
        f"s{at}": f"{usual}\nx = {at}.{at}\ny = [{at}, z{at}[{at}], w[{at}:{at}], ({at}, {at})]" for at in range(60)
    }
    assert found(class_) == {}, "nearly equal, all of them"


def test_a_group_of_more_than_ten_who_copied_is_found():
    class_ = {f"s{at:02}": own(1 if at < 14 else at) for at in range(80)}
    assert list(found(class_)) == [tuple(f"s{at:02}" for at in range(14))]


def test_the_same_file_counts_however_short_the_answer_is():
    short = {"ada": "x = [1, 2, 3, 4, 5, 6, 7]", "bob": "x = [1, 2, 3, 4, 5, 6, 7]", "cyd": "x = [2, 3, 4, 5, 6, 7, 8]"}
    assert found(short) == {}
    assert found(short, digests={"ada": "one", "bob": "one"}) == {("ada", "bob"): "The same file"}
    untouched = {"ada": STUB[0], "bob": STUB[0]}
    assert found(untouched, digests={"ada": "one", "bob": "one"}) == {}, "both handed in the stub"


def test_equal_weights_from_other_code_are_a_hint_where_few_have_them():
    weights = {"ada": "1", "bob": "1", "cyd": "2", "dee": "3"}
    more = {f"s{at}": "4" for at in range(12)}
    index = SubmissionIndex(STUB)
    for number, (student, digest) in enumerate({**weights, **more}.items()):
        built = QuestionGrade("a", 0, 1, weights={"cnn2": "0" if student in weights else "00", "net": student})
        trained = replace(built, weights={"cnn2": digest})
        index.add(Grade(student, "a", student, "graded", 0, 1, (built, trained)), [Cell("code", own(number))])
    assert [(alike.students, alike.reason) for alike in index.alike()] == [
        (("ada", "bob"), "Equal trained weights of cnn2, from other code")
    ], "not the 4 with equal weights before the training"
    index = SubmissionIndex(STUB)
    for number, student in enumerate(weights):
        trained = QuestionGrade(
            "a", 0, 1, weights={"cnn2": "1"}, histories={"h": {"loss": [1.0]}} if number < 3 else {}
        )
        index.add(Grade(student, "a", student, "graded", 0, 1, (trained,)), [Cell("code", own(number))])
    assert [alike.students for alike in index.alike()] == [("ada", "bob", "cyd")], "of the last nothing says it trained"


def test_written_answers_are_compared_by_their_words():
    words = "the second network wins because its convolutions share weights and pooling keeps what matters of an image "
    text = " ".join(f"{words} in case {at} of many" for at in range(6))
    index = SubmissionIndex(())
    for student, answer in {"ada": text, "bob": text.upper(), "cyd": text[::-1]}.items():
        grade = Grade(student, "a", student, "graded", 0, 1)
        index.add(grade, [Cell("markdown", answer, ("answer:why",)), Cell("markdown", "# Exercise\n" * 40)])
    assert [alike.students for alike in index.alike()] == [("ada", "bob")]


def test_the_sample_classes_have_one_pair_only():
    """Their notebooks are made from one stub and one solution each, with different faults, but for one copy."""
    for slug, expected in {"faces_finetuning": [("ada", "same_code")], "cnn2_mnist": [], "keras_gaps": []}.items():
        index = SubmissionIndex(_sources(ROOT / "assignments" / slug / f"{slug}.ipynb"))
        for path in sorted((ROOT / "tests" / "golden" / slug / "class").glob("*.ipynb")):
            try:
                index.add(Grade(path.stem, path.name, path.stem, "graded", 0, 1), _cells(path))
            except json.JSONDecodeError:
                continue  # one is cut off on purpose
        assert [alike.students for alike in index.alike()] == expected, slug


def _cells(path: Path) -> list[Cell]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [Cell(cell["cell_type"], "".join(cell["source"]), tuple(cell["metadata"].get("tags", ()))) for cell in cells]


def _sources(path: Path) -> list[str]:
    return [cell.source for cell in _cells(path) if cell.kind == "code"]


def test_the_work_does_not_grow_with_the_number_of_pairs(monkeypatch: pytest.MonkeyPatch):
    """However a class is made, a fingerprint leads to at most ten texts."""
    compared = []
    divmod_ = similarity.np.divmod
    monkeypatch.setattr(similarity.np, "divmod", lambda keys, by: compared.append(keys.size) or divmod_(keys, by))
    common = own(1)
    found({f"s{at:03}": f"{common}\n{own(at + 10, 2)}" for at in range(300)})
    assert compared == [0], "300 texts that have the most in common, and no pair of them is looked at"


@pytest.mark.parametrize(
    "source", ["'" * 50_000, '"""' * 20_000, "((((" * 20_000, "a = " * 40_000, "\ud800 \0 x" * 9_000]
)
def test_hostile_text_is_cut_and_compared(source):
    assert found({"ada": source, "bob": source}, digests={"ada": "1", "bob": "1"}) in (
        {},
        {("ada", "bob"): "The same file"},
    )
    lines = list(side_by_side([Cell("code", source)], [Cell("code", "x = 1")]))
    assert len(lines) <= 2 * similarity.MAX_LINES


def test_own_cells_are_neither_given_nor_checks():
    cells = [
        Cell("code", f" {STUB[0]}\n"),
        Cell("markdown", "text"),
        Cell("code", "x = 1"),
        Cell("markdown", "so", ("answer:why",)),
    ]
    assert [cell.source for cell in own_cells(cells, STUB)] == ["x = 1", "so"]


def test_two_texts_stand_line_beside_line():
    one = [Cell("code", "a = load(1)\n\nfit(a)"), Cell("code", "print(a)")]
    other = [Cell("code", "b = load(1)\nscale(b, 2)\nfit(b)\nprint(b)")]
    assert [(line.left, line.right, line.same) for line in side_by_side(one, other)] == [
        ("a = load(1)", "b = load(1)", True),
        ("", "scale(b, 2)", False),
        ("fit(a)", "fit(b)", True),
        ("print(a)", "print(b)", True),
    ]
