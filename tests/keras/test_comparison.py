"""The aligned comparison, word for word."""

# ruff: noqa: E501 - the texts keep their lines

from __future__ import annotations

import keras
import pytest
from inline_snapshot import snapshot
from keras import layers as L

from autograder.networks.canonical import LayerRow, layer_rows
from autograder.networks.comparison import compare, table
from autograder.records import FOLLOWS


def diff(expected, received):
    return compare(expected, received).rows()


def network(*gap, head=()):
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            *(head or (L.Conv2D(4, 3, padding="same"), L.BatchNormalization(), L.ReLU())),
            *gap,
            L.Flatten(),
            L.Dense(10),
            L.Softmax(),
        ]
    )


def gap():
    return [L.Conv2D(8, 3, padding="same"), L.BatchNormalization(), L.ReLU(), L.MaxPooling2D(2)]


EXPECTED = [
    LayerRow("Conv2D", {"filters": 4, "kernel_size": (3, 3), "padding": "same"}, (8, 8, 4), 40),
    LayerRow("BatchNormalization", {}, (8, 8, 4), 16),
    LayerRow("Activation", {"activation": "relu"}, (8, 8, 4), 0),
    LayerRow("Conv2D", {"filters": 8, "kernel_size": (3, 3), "padding": "same"}, (8, 8, 8), 296),
    LayerRow("BatchNormalization", {}, (8, 8, 8), 32),
    LayerRow("Activation", {"activation": "relu"}, (8, 8, 8), 0),
    LayerRow("MaxPooling2D", {"pool_size": (2, 2)}, (4, 4, 8), 0),
    LayerRow("Flatten", {}, (128,), 0),
    LayerRow("Dense", {"units": 10}, (10,), 1290),
    LayerRow("Activation", {"activation": "softmax"}, (10,), 0),
]

MISSING = snapshot("""\
`net` lacks 4 layers after layer 3 (ReLU → (8, 8, 4)): the first of them is Conv2D 8 3×3 'same' → (8, 8, 8). Add them there.

     expected                                received
 1   Conv2D 4 3×3 'same' → (8, 8, 4)         Conv2D 4 3×3 'same' → (8, 8, 4)
 2   BatchNormalization → (8, 8, 4)          BatchNormalization → (8, 8, 4)
 3   ReLU → (8, 8, 4)                        ReLU → (8, 8, 4)
 4 − Conv2D 8 3×3 'same' → (8, 8, 8)         (missing)                               add this layer
 5 − BatchNormalization → (8, 8, 8)          (missing)                               add this layer
 6 − ReLU → (8, 8, 8)                        (missing)                               add this layer
 7 − MaxPooling2D 2×2 → (4, 4, 8)            (missing)                               add this layer
 8 · Flatten → (128,)                        Flatten → (256,)                        follows from the layer above
 9 · Dense 10 → (10,) with 1,290 parameters  Dense 10 → (10,) with 2,570 parameters  follows from the layer above
10   Softmax → (10,)                         Softmax → (10,)""")

FILTERS = snapshot("""\
`net` layer 4: expected Conv2D 8 3×3 'same' → (8, 8, 8), got Conv2D 4 3×3 'same' → (8, 8, 4). Check the number of filters.

     expected                                received
 1   Conv2D 4 3×3 'same' → (8, 8, 4)         Conv2D 4 3×3 'same' → (8, 8, 4)
 2   BatchNormalization → (8, 8, 4)          BatchNormalization → (8, 8, 4)
 3   ReLU → (8, 8, 4)                        ReLU → (8, 8, 4)
 4 ≠ Conv2D 8 3×3 'same' → (8, 8, 8)         Conv2D 4 3×3 'same' → (8, 8, 4)       check the number of filters
 5 · BatchNormalization → (8, 8, 8)          BatchNormalization → (8, 8, 4)        follows from the layer above
 6 · ReLU → (8, 8, 8)                        ReLU → (8, 8, 4)                      follows from the layer above
 7 · MaxPooling2D 2×2 → (4, 4, 8)            MaxPooling2D 2×2 → (4, 4, 4)          follows from the layer above
 8 · Flatten → (128,)                        Flatten → (64,)                       follows from the layer above
 9 · Dense 10 → (10,) with 1,290 parameters  Dense 10 → (10,) with 650 parameters  follows from the layer above
10   Softmax → (10,)                         Softmax → (10,)""")

PADDING = snapshot("""\
`net` layer 4: expected Conv2D 8 3×3 'same' → (8, 8, 8), got Conv2D 8 3×3 'valid' → (6, 6, 8). Check the padding.

     expected                                received
 1   Conv2D 4 3×3 'same' → (8, 8, 4)         Conv2D 4 3×3 'same' → (8, 8, 4)
 2   BatchNormalization → (8, 8, 4)          BatchNormalization → (8, 8, 4)
 3   ReLU → (8, 8, 4)                        ReLU → (8, 8, 4)
 4 ≠ Conv2D 8 3×3 'same' → (8, 8, 8)         Conv2D 8 3×3 'valid' → (6, 6, 8)      check the padding
 5 · BatchNormalization → (8, 8, 8)          BatchNormalization → (6, 6, 8)        follows from the layer above
 6 · ReLU → (8, 8, 8)                        ReLU → (6, 6, 8)                      follows from the layer above
 7 · MaxPooling2D 2×2 → (4, 4, 8)            MaxPooling2D 2×2 → (3, 3, 8)          follows from the layer above
 8 · Flatten → (128,)                        Flatten → (72,)                       follows from the layer above
 9 · Dense 10 → (10,) with 1,290 parameters  Dense 10 → (10,) with 730 parameters  follows from the layer above
10   Softmax → (10,)                         Softmax → (10,)""")

SWAPPED = snapshot("""\
`net` has its layers in another order after layer 4 (Conv2D 8 3×3 'same' → (8, 8, 8)): BatchNormalization comes before ReLU. Swap them.

     expected                         received
 1   Conv2D 4 3×3 'same' → (8, 8, 4)  Conv2D 4 3×3 'same' → (8, 8, 4)
 2   BatchNormalization → (8, 8, 4)   BatchNormalization → (8, 8, 4)
 3   ReLU → (8, 8, 4)                 ReLU → (8, 8, 4)
 4   Conv2D 8 3×3 'same' → (8, 8, 8)  Conv2D 8 3×3 'same' → (8, 8, 8)
 5 − BatchNormalization → (8, 8, 8)   (missing)                        BatchNormalization comes before ReLU
 6   ReLU → (8, 8, 8)                 ReLU → (8, 8, 8)
   + (nothing)                        BatchNormalization → (8, 8, 8)   BatchNormalization comes before ReLU
 7   MaxPooling2D 2×2 → (4, 4, 8)     MaxPooling2D 2×2 → (4, 4, 8)
 8   Flatten → (128,)                 Flatten → (128,)
 9   Dense 10 → (10,)                 Dense 10 → (10,)
10   Softmax → (10,)                  Softmax → (10,)""")

EXTRA = snapshot("""\
`net` has a layer too many after layer 6 (ReLU → (8, 8, 8)): Dropout 0.2 → (8, 8, 8). Remove it.

     expected                         received
 1   Conv2D 4 3×3 'same' → (8, 8, 4)  Conv2D 4 3×3 'same' → (8, 8, 4)
 2   BatchNormalization → (8, 8, 4)   BatchNormalization → (8, 8, 4)
 3   ReLU → (8, 8, 4)                 ReLU → (8, 8, 4)
 4   Conv2D 8 3×3 'same' → (8, 8, 8)  Conv2D 8 3×3 'same' → (8, 8, 8)
 5   BatchNormalization → (8, 8, 8)   BatchNormalization → (8, 8, 8)
 6   ReLU → (8, 8, 8)                 ReLU → (8, 8, 8)
   + (nothing)                        Dropout 0.2 → (8, 8, 8)          remove this layer
 7   MaxPooling2D 2×2 → (4, 4, 8)     MaxPooling2D 2×2 → (4, 4, 8)
 8   Flatten → (128,)                 Flatten → (128,)
 9   Dense 10 → (10,)                 Dense 10 → (10,)
10   Softmax → (10,)                  Softmax → (10,)""")

OTHER = snapshot("""\
`net` has 3 layers, expected 10, of which 0 are there. Compare them from the top.

     expected                         received
 1 ≠ Conv2D 4 3×3 'same' → (8, 8, 4)  SeparableConv2D 2 3×3 → (6, 6, 2)  use Conv2D here
 2 ≠ BatchNormalization → (8, 8, 4)   LayerNormalization → (6, 6, 2)     use BatchNormalization here
 3 − ReLU → (8, 8, 4)                 (missing)                          add this layer
 4 − Conv2D 8 3×3 'same' → (8, 8, 8)  (missing)                          add this layer
 5 − BatchNormalization → (8, 8, 8)   (missing)                          add this layer
 6 − ReLU → (8, 8, 8)                 (missing)                          add this layer
 7 − MaxPooling2D 2×2 → (4, 4, 8)     (missing)                          add this layer
 8 ≠ Flatten → (128,)                 GlobalAveragePooling2D → (2,)      use Flatten here
 9 − Dense 10 → (10,)                 (missing)                          add this layer
10 − Softmax → (10,)                  (missing)                          add this layer""")

DENSE = snapshot("""\
`net` has 1 layer, expected 10, of which 1 is there. Compare them from the top.

     expected                                received
 1 − Conv2D 4 3×3 'same' → (8, 8, 4)         (missing)                             add this layer
 2 − BatchNormalization → (8, 8, 4)          (missing)                             add this layer
 3 − ReLU → (8, 8, 4)                        (missing)                             add this layer
 4 − Conv2D 8 3×3 'same' → (8, 8, 8)         (missing)                             add this layer
 5 − BatchNormalization → (8, 8, 8)          (missing)                             add this layer
 6 − ReLU → (8, 8, 8)                        (missing)                             add this layer
 7 − MaxPooling2D 2×2 → (4, 4, 8)            (missing)                             add this layer
 8 − Flatten → (128,)                        (missing)                             add this layer
 9 · Dense 10 → (10,) with 1,290 parameters  Dense 10 → (10,) with 650 parameters  follows from the layer above
10 − Softmax → (10,)                         (missing)                             add this layer""")

EMPTY = snapshot("""\
`net` has no layers, expected 10 layers. Add them one by one.

     expected                         received
 1 − Conv2D 4 3×3 'same' → (8, 8, 4)  (missing)  add this layer
 2 − BatchNormalization → (8, 8, 4)   (missing)  add this layer
 3 − ReLU → (8, 8, 4)                 (missing)  add this layer
 4 − Conv2D 8 3×3 'same' → (8, 8, 8)  (missing)  add this layer
 5 − BatchNormalization → (8, 8, 8)   (missing)  add this layer
 6 − ReLU → (8, 8, 8)                 (missing)  add this layer
 7 − MaxPooling2D 2×2 → (4, 4, 8)     (missing)  add this layer
 8 − Flatten → (128,)                 (missing)  add this layer
 9 − Dense 10 → (10,)                 (missing)  add this layer
10 − Softmax → (10,)                  (missing)  add this layer""")


def shown(model):
    compared = compare(EXPECTED, layer_rows(model))
    return f"{compared.summary('net')}\n\n{table(compared.rows())}"


def replaced(at, *layers):
    changed = gap()
    changed[at : at + 1] = layers
    return network(*changed)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        pytest.param(network, MISSING, id="four missing layers"),
        pytest.param(lambda: replaced(0, L.Conv2D(4, 3, padding="same")), FILTERS, id="filters"),
        pytest.param(lambda: replaced(0, L.Conv2D(8, 3)), PADDING, id="padding"),
        pytest.param(lambda: network(*(gap()[at] for at in (0, 2, 1, 3))), SWAPPED, id="swapped"),
        pytest.param(lambda: replaced(2, L.ReLU(), L.Dropout(0.2)), EXTRA, id="extra dropout"),
        pytest.param(
            lambda: keras.Sequential(
                [
                    keras.Input((8, 8, 1)),
                    L.SeparableConv2D(2, 3),
                    L.LayerNormalization(),
                    L.GlobalAveragePooling2D(),
                ]
            ),
            OTHER,
            id="another network",
        ),
        pytest.param(lambda: keras.Sequential([keras.Input((64,)), L.Dense(10)]), DENSE, id="one dense layer"),
        pytest.param(keras.Sequential, EMPTY, id="empty"),
    ],
)
def test_the_comparison_word_for_word(model, expected):
    assert shown(model()) == expected


def test_the_right_network_has_no_differences():
    compared = compare(EXPECTED, layer_rows(network(*gap())))
    assert compared.equal
    assert compared.summary("net") == ""
    assert {row.kind for row in compared.rows()} == {"same"}
    assert {row.hint for row in compared.rows()} == {""}


@pytest.mark.parametrize(
    ("model", "layer", "hint"),
    [
        (lambda: replaced(0, L.Conv2D(8, 5, padding="same")), 4, "check the kernel size"),
        (lambda: replaced(0, L.Conv2D(6, 5, padding="same")), 4, "check the number of filters and the kernel size"),
        (lambda: replaced(0, L.Conv2D(8, 3, padding="same", strides=2)), 4, "check the strides"),
        (lambda: replaced(0, L.Conv2D(8, 3, padding="same", use_bias=False)), 4, "check `use_bias`"),
        (lambda: replaced(0, L.SeparableConv2D(8, 3, padding="same")), 4, "use Conv2D here"),
        (lambda: replaced(1, L.BatchNormalization(scale=False)), 5, "check `scale`"),
        (lambda: replaced(1, L.LayerNormalization()), 5, "use BatchNormalization here"),
        (lambda: replaced(2, L.Activation("tanh")), 6, "check the activation"),
        (lambda: replaced(2, L.PReLU()), 6, "use ReLU here"),
        (lambda: replaced(3, L.MaxPooling2D(4)), 7, "check the pool size"),
        (lambda: replaced(3, L.MaxPooling2D(2, strides=1)), 7, "check the strides"),
        (
            lambda: replaced(0, L.Conv2D(8, 3, 3, padding="same")),
            4,
            "check the strides: a third number sets them, so write the window as `(3, 3)`",
        ),
        (lambda: replaced(3, L.AveragePooling2D(2)), 7, "use MaxPooling2D here"),
    ],
)
def test_the_hint_says_what_differs_where(model, layer, hint):
    rows = diff(EXPECTED, layer_rows(model()))
    wrong = [(at, row.kind, row.hint) for at, row in enumerate(rows, 1) if row.kind != "same" and row.hint != FOLLOWS]
    assert wrong == [(layer, "different", hint)]


@pytest.mark.parametrize(
    ("held", "options", "hint"),
    [
        (L.GRU(8), {}, "use LSTM in it, not GRU"),
        (L.LSTM(4), {}, "check the number of units of the LSTM in it"),
        (L.GRU(8), {"merge_mode": "sum"}, "use LSTM in it, not GRU; check `merge_mode`"),
    ],
)
def test_the_hint_says_what_differs_in_a_layer_that_a_layer_holds(held, options, hint):
    wanted = LayerRow("Bidirectional", {"layer": LayerRow("LSTM", {"units": 8}), "merge_mode": "concat"})
    received = layer_rows(keras.Sequential([keras.Input((3, 2)), L.Bidirectional(held, **options)]))
    (row,) = diff([wanted], received)
    assert row.hint == hint


def test_a_difference_behind_another_one_is_its_own_unless_the_input_differs():
    model = network(*gap()[:2], L.Activation("tanh"), L.MaxPooling2D(2, strides=1))
    hints = [row.hint for row in diff(EXPECTED, layer_rows(model))]
    assert hints[5:] == ["check the activation", "check the strides", FOLLOWS, FOLLOWS, ""]


def test_a_wrong_input_is_the_first_layers_difference():
    model = keras.Sequential([keras.Input((9, 9, 1)), *network(*gap()[:3]).layers[:6]])
    first, *others = diff(EXPECTED[:6], layer_rows(model))
    assert first.hint == "check the input shape"
    coloured = keras.Sequential([keras.Input((8, 8, 3)), L.Conv2D(4, 3, padding="same")])
    wanted = LayerRow("Conv2D", {"padding": "same"}, (8, 8, 4), 40)
    assert diff([wanted], layer_rows(coloured))[0].hint == "check the input shape"
    assert {row.hint for row in others} == {FOLLOWS}


def test_another_window_in_the_first_layer_is_reported():
    expected = [LayerRow("Conv2D", output_shape=(6, 6, 4), parameters=40)]
    for size, hint in ((5, "check the kernel size and the input shape"), (3, "")):
        model = keras.Sequential([keras.Input((8, 8, 1)), L.Conv2D(4, size)])
        assert diff(expected, layer_rows(model))[0].hint == hint


@pytest.mark.parametrize(
    ("layer", "hint"),
    [
        (L.Conv2D(6, 5, padding="same"), "check the number of filters and the kernel size"),
        (L.Conv2D(6, 5), "check the number of filters and the kernel size"),
        (L.Conv2D(8, 5), "check the padding, the strides and the kernel size"),
        (L.Conv2D(6, 3, padding="same", use_bias=False), "check the number of filters and `use_bias`"),
        (
            L.Conv2D(8, 5, strides=2, padding="same", use_bias=False),
            "check the strides, the kernel size and `use_bias`",
        ),
        (L.Conv2D(6, 3, padding="same"), "check the number of filters"),
    ],
)
def test_each_fault_of_a_layer_is_named_where_only_its_sizes_are_asked_for(layer, hint):
    expected = [LayerRow(row.kind, {}, row.output_shape, row.parameters) for row in EXPECTED[:4]]
    expected[3] = LayerRow("Conv2D", {"padding": "same"} if layer.padding == "same" else {}, (8, 8, 8), 296)
    rows = diff(expected, layer_rows(replaced(0, layer))[:4])
    assert rows[3].hint == hint


def test_a_window_of_its_own_size_does_not_follow_from_the_number_of_filters_above():
    model = network(L.Conv2D(6, 3, padding="same"), L.BatchNormalization(), L.ReLU(), L.MaxPooling2D(4))
    expected = [LayerRow(row.kind, {}, row.output_shape) for row in EXPECTED[:8]]
    hints = [row.hint for row in diff(expected, layer_rows(model)[:8])]
    assert hints[3:] == [
        "check the number of filters",
        FOLLOWS,
        FOLLOWS,
        "check the pool size and the padding",
        FOLLOWS,
    ]


@pytest.mark.parametrize(
    ("kind", "names", "hint"),
    [
        ("Conv2D", ("kernel_size", "padding", "strides"), "check the padding, the strides and the kernel size"),
        ("Conv3D", ("kernel_size", "padding", "strides"), "check the padding, the strides and the kernel size"),
        ("MaxPooling2D", ("pool_size", "padding", "strides"), "check the pool size and the padding"),
        ("Flatten", (), "check the output shape"),
    ],
)
def test_a_wrong_size_points_at_the_arguments_that_change_it(kind, names, hint):
    first, given = LayerRow("Dense", {}, (8, 8, 4)), dict.fromkeys(names, 1)
    rows = diff(
        [first, LayerRow(kind, {}, (8, 8, 4))], [first, LayerRow(kind, given, (6, 6, 4), usual=frozenset(names))]
    )
    assert rows[1].hint == hint


def test_a_layer_that_is_used_twice_is_reported():
    shared = L.BatchNormalization()
    x = inputs = keras.Input((8, 8, 4))
    for layer in (shared, L.ReLU(), shared):
        x = layer(x)
    expected = [EXPECTED[1], EXPECTED[2], EXPECTED[1]]
    rows = diff(expected, layer_rows(keras.Model(inputs, x)))
    assert [row.hint for row in rows] == ["", "", "use a new layer, not an earlier one again"]


def test_only_what_is_demanded_is_reported():
    rows = diff([LayerRow("Dense", {}, (3,))], [LayerRow("Dense", {"units": 4}, (4,), 20)])
    assert (rows[0].expected, rows[0].received) == ("Dense → (3,)", "Dense 4 → (4,)")
    assert rows[0].hint == "check the number of units"


def row(kind, **config):
    return LayerRow(kind, config)


@pytest.mark.parametrize(
    ("received", "summary"),
    [
        ("AC", "`net` lacks a layer after layer 1 (A): expected B. Add it there."),
        ("BC", "`net` lacks a layer before the first layer: expected A. Add it there."),
        ("XABC", "`net` has a layer too many before the first layer: X. Remove it."),
        ("ABXYC", "`net` has 2 layers too many after layer 2 (B): the first of them is X. Remove them."),
        ("XABCY", "`net` has a layer too many before the first layer: X. Remove it. (1 more difference below.)"),
        ("BAC", "`net` has its layers in another order before the first layer: A comes before B. Swap them."),
        ("AYC", "`net` lacks a layer after layer 1 (A): expected B. Add it there. (1 more difference below.)"),
    ],
)
def test_the_summary_is_one_line_about_the_first_difference(received, summary):
    assert compare([row(kind) for kind in "ABC"], [row(kind) for kind in received]).summary("net") == summary


def test_a_layer_that_came_too_early_is_reported_as_too_early():
    rows = diff([row(kind) for kind in "ABCD"], [row(kind) for kind in "ADBC"])
    assert [r.hint for r in rows if r.hint] == ["D comes after C", "D comes after C"]


def test_a_layer_far_away_is_no_move():
    rows = diff([row(kind) for kind in "XABCDEF"], [row(kind) for kind in "ABCDEFX"])
    assert [r.hint for r in rows if r.hint] == ["add this layer", "remove this layer"]


def test_equal_blocks_are_paired_by_their_sizes():
    """The second of two alike layers is missing when the first one's parameters fit."""
    expected = [LayerRow("Dense", {"units": 4}, (4,), 8), LayerRow("Dense", {"units": 4}, (4,), 20)]
    assert [r.kind for r in diff(expected, expected[:1])] == ["same", "missing"]
    assert [r.kind for r in diff(expected, expected[1:])] == ["missing", "same"]


def test_sizes_never_outweigh_a_layer():
    """Shifted by one, all sizes would fit; but then a layer would be missing and another one too many."""
    expected = [LayerRow("BatchNormalization", {}, (size,), size) for size in range(1, 51)]
    received = [LayerRow("BatchNormalization", {}, (size,), size) for size in range(2, 52)]
    assert {row.kind for row in diff(expected, received)} == {"different"}


def test_a_long_table_is_cut():
    text = table(diff([], [row("Dense", units=at) for at in range(200)]))
    assert len(text.splitlines()) == 82
    assert text.endswith("… and 120 more rows")


def test_a_layer_that_wraps_the_expected_one_is_in_its_place():
    def text_network(*layers):
        return layer_rows(keras.Sequential([keras.Input((10,)), L.Embedding(200, 8), *layers, L.Dense(2), L.Softmax()]))

    plain = text_network(L.LSTM(16, return_sequences=True), L.LSTM(8))
    wrapped = text_network(L.Bidirectional(L.LSTM(16, return_sequences=True)), L.LSTM(8))
    comparison = compare(plain, wrapped)
    assert comparison.summary("model") == snapshot(
        "`model` layer 2: expected LSTM 16 return_sequences=True → (10, 16), got Bidirectional of LSTM 16 return_sequences=True zero_output_for_mask=True → (10, 32). Use LSTM here."
    )
    assert [row.kind for row in comparison.rows()] == ["same", "different", "different", "same", "same"]
    assert [step.right for step in comparison.steps] == [True, False, True, True, True]
    assert compare(wrapped, plain).summary("model") == snapshot(
        "`model` layer 2: expected Bidirectional of LSTM 16 return_sequences=True zero_output_for_mask=True → (10, 32), got LSTM 16 return_sequences=True → (10, 16). Use Bidirectional here."
    )
    assert [step.right for step in compare(plain, text_network(L.LSTM(8))).steps] == [True, False, True, True, True]
