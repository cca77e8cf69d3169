"""What failed alike stands together: by wrong layers, else by what is said."""

from __future__ import annotations

from dataclasses import replace

from autograder.class_analysis.failures import failure_groups, layer_faults, without_same_rows
from autograder.networks.canonical import LayerRow
from autograder.networks.comparison import compare
from autograder.records import Grade, LayerDiff, Outcome


def missed(student: str, **fields: object) -> tuple[Grade, Outcome]:
    outcome = Outcome("table", "fail", 0, 1)
    return Grade(student, "a.ipynb", "", "graded", 0, 1), replace(outcome, **fields)  # type: ignore[arg-type]


def chain(filters: int, *, dropout: bool = True) -> list[LayerRow]:
    rows = [
        LayerRow("Conv2D", {"filters": filters, "kernel_size": (3, 3)}, (26, 26, filters)),
        LayerRow("Dropout", {"rate": 0.25}, (26, 26, filters)),
        LayerRow("Flatten", {}, (676 * filters,)),
    ]
    return [row for row in rows if dropout or row.kind != "Dropout"]


def diff(received: list[LayerRow]) -> tuple[LayerDiff, ...]:
    return compare(chain(64), received).rows()


def test_students_with_the_same_wrong_layer_are_counted_together():
    groups = failure_groups(
        [
            missed("ada", diff=diff(chain(32))),
            missed("bob", diff=diff(chain(32))),
            missed("cyd", diff=diff(chain(32, dropout=False))),
        ]
    )
    assert [(group.text, [grade.student for grade in group.grades]) for group in groups] == [
        ("Conv2D 32 instead of 64 in layer 1", ["ada", "bob", "cyd"]),
        ("Dropout 0.25 is missing, layer 2", ["cyd"]),
    ]


def test_layers_of_other_kinds_and_layers_too_many():
    rows = (
        LayerDiff("different", "MaxPooling2D 2×2 → (13, 13, 64)", "AveragePooling2D 2×2 → (13, 13, 64)"),
        LayerDiff("extra", "", "Dropout 0.5 → (13, 13, 64)"),
        LayerDiff("same", "Flatten → (10816,)", "Flatten → (10816,)"),
        LayerDiff("different", "Dense 10 activation=softmax → (10,)", "Dense 10 → (10,)"),
    )
    assert list(layer_faults(rows)) == [
        "AveragePooling2D 2×2 instead of MaxPooling2D 2×2 in layer 1",
        "Dropout 0.5 is too much, after layer 1",
        "Dense nothing instead of activation=softmax in layer 3",
    ]


def test_what_is_kept_in_memory_says_the_same():
    outcome = missed("ada", diff=diff(chain(32, dropout=False)))[1]
    kept = without_same_rows(outcome)
    assert list(layer_faults(kept.diff)) == list(layer_faults(outcome.diff)) != []
    assert all(not row.hint for row in kept.diff)


def test_another_network_altogether_is_one_reason():
    rows = tuple(LayerDiff("missing", f"Dense {units}") for units in range(5))
    assert [group.text for group in failure_groups([missed("ada", diff=rows, message="It has no layers.")])] == [
        "It has no layers."
    ]


def test_messages_that_differ_in_fractions_stand_together_with_their_range():
    said = ("0.91 is below 0.955\nmore", "0.875 is below 0.955", "`x` is 3", "`x` is 4")
    groups = failure_groups(missed(str(at), detail=text) for at, text in enumerate(said))
    assert [(group.text, len(group.grades)) for group in groups] == [
        ("0.875 to 0.91 is below 0.955", 2),
        ("`x` is 3", 1),
        ("`x` is 4", 1),
    ]


def test_the_comment_of_who_graded_it_counts_before_the_case():
    given = missed("ada", diff=diff(chain(32)), by_hand=True, comment="Too close.")
    assert [group.text for group in failure_groups([given, missed("bob")])] == ["Too close.", "Nothing is said of it"]
