"""What cases demand, and what a student reads when it is not met."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest
from inline_snapshot import snapshot
from keras import layers as L

from autograder import expect
from autograder.expect import Mismatch

IMAGE = (8, 8, 1)


def network(*gap, units=3):
    return keras.Sequential(
        [
            keras.Input(IMAGE),
            L.Conv2D(4, 3, padding="same", activation="relu"),
            *gap,
            L.Flatten(),
            L.Dense(units, activation="softmax"),
        ]
    )


def gap():
    return [L.Conv2D(8, 3, padding="same"), L.BatchNormalization(), L.ReLU(), L.MaxPooling2D(2)]


EXPECTED = [
    expect.layer("Conv2D", filters=4, kernel_size=3, padding="same", output_shape=(8, 8, 4), parameters=40),
    expect.layer("ReLU"),
    expect.layer("Conv2D", filters=8, kernel_size=3, padding="same", output_shape=(8, 8, 8), parameters=296),
    expect.layer("BatchNormalization", parameters=32),
    expect.layer("ReLU"),
    expect.layer("MaxPooling2D", output_shape=(4, 4, 8)),
    expect.layer("Flatten", output_shape=[128]),
    expect.layer("Dense", units=3, activation="softmax", parameters=387),
]
GAP = slice(2, 6)


def message(function, *arguments, **options):
    with pytest.raises(Mismatch) as caught:
        function(*arguments, **options)
    return str(caught.value)


# ---------------------------------------------------------------- anything may come as a value

NO_MODELS = [
    (None, snapshot("`net` is not defined, or is None. Run the cell that assigns it, and see what it assigns.")),
    (..., snapshot("`net` is still the gap `...`. Replace it by your answer.")),
    ([], snapshot("`net` should be a Keras model, received list of length 0. Assign the network itself to it.")),
    ("cnn", snapshot("`net` should be a Keras model, received the text 'cnn'. Assign the network itself to it.")),
    (3, snapshot("`net` should be a Keras model, received 3. Assign the network itself to it.")),
    (
        10**5000,
        snapshot("`net` should be a Keras model, received an integer of 16,610 bits. Assign the network itself to it."),
    ),
    (
        np.ones((2, 3)),
        snapshot("`net` should be a Keras model, received ndarray of shape (2, 3). Assign the network itself to it."),
    ),
    (
        keras.Sequential,
        snapshot("`net` should be a Keras model, received the class Sequential. Assign the network itself to it."),
    ),
    (L.Dense(3), snapshot("`net` should be a Keras model, received Dense. Assign the network itself to it.")),
    (
        keras.callbacks.History(),
        snapshot(
            "`net` should be a Keras model, received History. "
            "`fit` returns the history; the model is what you call `fit` on."
        ),
    ),
]


@pytest.mark.parametrize(("value", "expected"), NO_MODELS, ids=[type(value).__name__ for value, _ in NO_MODELS])
@pytest.mark.parametrize(
    "function",
    [
        lambda value: expect.layers(value, EXPECTED, name="net"),
        lambda value: expect.output_shapes(value, [(3,)], name="net"),
        lambda value: expect.parameters(value, total=3, name="net"),
        lambda value: expect.accuracy(value, np.ones((2, 8, 8, 1)), np.array([0, 1]), name="net"),
    ],
    ids=["layers", "output_shapes", "parameters", "accuracy"],
)
def test_what_is_no_model_is_named(function, value, expected):
    assert message(function, value) == expected


@pytest.mark.parametrize(
    "function",
    [
        lambda value: expect.layers(value, EXPECTED),
        lambda value: expect.output_shapes(value, [(3,)]),
        lambda value: expect.parameters(value, total=3),
        lambda value: expect.accuracy(value, np.ones((2, 8, 8, 1)), np.array([0, 1])),
    ],
    ids=["layers", "output_shapes", "parameters", "accuracy"],
)
def test_a_model_without_input_shape_is_reported_with_the_next_step(function):
    assert message(function, keras.Sequential([L.Dense(3)])) == snapshot(
        "`model` has no input shape yet, so its layers have no weights. Begin it with `keras.Input(…)`."
    )


def test_a_mismatch_is_an_assertion_error_with_credit_in_bounds():
    assert isinstance(Mismatch("x"), AssertionError)
    assert [Mismatch("x", credit=credit).credit for credit in (-1, 0.5, 2)] == [0, 0.5, 1]
    assert Mismatch("x").diff == ()


def test_importing_it_is_light():
    code = "import sys, autograder.expect, autograder.expect.case_runner, autograder.course.datasets; "
    code += "print([name for name in ('keras', 'tensorflow', 'otter', 'IPython') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# ---------------------------------------------------------------- layers


def test_the_right_layers_pass():
    expect.layers(network(*gap()), EXPECTED)


def test_a_wrong_layer_is_reported_with_an_aligned_table():
    wrong = network(L.Conv2D(6, 3, padding="same"), *gap()[1:])
    with pytest.raises(Mismatch) as caught:
        expect.layers(wrong, EXPECTED, name="net")
    summary, blank, header, *table = str(caught.value).splitlines()
    assert summary == snapshot(
        "`net` layer 3: expected Conv2D 8 3×3 'same' → (8, 8, 8), got Conv2D 6 3×3 'same' → (8, 8, 6). "
        "Check the number of filters."
    )
    assert blank == ""
    assert header.split() == ["expected", "received"]
    assert len(table) == len(caught.value.diff) == 9
    assert [row.kind for row in caught.value.diff].count("different") == 5
    assert caught.value.credit == 0


@pytest.mark.parametrize(
    ("layers", "credit"),
    [
        pytest.param(list, 0, id="gap left empty"),
        pytest.param(lambda: gap()[:1], 1 / 4, id="one of four"),
        pytest.param(lambda: gap()[:3], 3 / 4, id="three of four"),
        pytest.param(lambda: [L.ReLU()], 1 / 4, id="another one of four"),
        pytest.param(lambda: [L.Conv2D(6, 3, padding="same"), *gap()[1:]], 3 / 4, id="wrong filters, once"),
        pytest.param(lambda: [gap()[at] for at in (0, 2, 1, 3)], 3 / 4, id="one out of order"),
        pytest.param(lambda: [*gap(), L.Dropout(0.5)], 3 / 4, id="one too many"),
        pytest.param(lambda: [*gap(), *[L.Dropout(0.5) for _ in range(9)]], 0, id="nine too many"),
        pytest.param(lambda: [L.Dropout(0.5), L.Dense(3)], 0, id="something else"),
    ],
)
def test_partial_credit_is_the_share_of_the_gap(layers, credit):
    with pytest.raises(Mismatch) as caught:
        expect.layers(network(*layers()), EXPECTED, partial=True, gap=GAP)
    assert caught.value.credit == pytest.approx(credit)


def test_breaking_what_was_given_costs_credit():
    broken = keras.Sequential([keras.Input(IMAGE), *gap(), L.Flatten(), L.Dense(3)])
    with pytest.raises(Mismatch) as caught:
        expect.layers(broken, EXPECTED, partial=True, gap=GAP)
    # All four are there; the first convolution, its activation and the softmax are not.
    assert caught.value.credit == pytest.approx(1 / 4)


@pytest.mark.parametrize("model", [keras.Sequential, lambda: keras.Sequential([keras.Input((64,)), L.Dense(3)])])
def test_a_model_that_has_nothing_to_do_with_it_earns_nothing(model):
    with pytest.raises(Mismatch) as caught:
        expect.layers(model(), EXPECTED, partial=True, gap=GAP)
    assert caught.value.credit == 0


def test_no_credit_unless_asked_for():
    with pytest.raises(Mismatch) as caught:
        expect.layers(network(*gap()[:3]), EXPECTED)
    assert caught.value.credit == 0


def test_credit_of_all_rows_by_default():
    with pytest.raises(Mismatch) as caught:
        expect.layers(network(*gap()[:3]), EXPECTED, partial=True)
    assert caught.value.credit == pytest.approx(8 / 9)  # the softmax of the last row counts, too


@pytest.mark.parametrize(
    ("row", "error"),
    [(expect.layer("Conv3x3"), "no layer 'Conv3x3'"), (expect.layer("Dense", neurons=3), "no argument 'neurons'")],
)
def test_an_authors_mistake_is_no_students_failure(row, error):
    with pytest.raises(ValueError, match=error):
        expect.layers(network(), [row])


# ---------------------------------------------------------------- shapes and parameters


def test_the_right_shapes_pass():
    expect.output_shapes(network(*gap()), [(8, 8, 4), (8, 8, 8), (4, 4, 8), 128, 3])
    expect.output_shapes(network(*gap()), [(8, 8, 4), (8, 8, 4), (None, None, 8), (4, 4, 8), [128], (3,)])


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            lambda: network(*gap()[:3]),
            "`net` output shape 3: expected (4, 4, 8), got (512,) from Flatten → (512,). "
            "Check the arguments of Flatten, and whether a layer is missing before it.",
        ),
        (
            lambda: keras.Sequential(network(*gap()).layers[:-2]),
            "`net` ends with (4, 4, 8), expected (128,) to follow. Add the layers that are missing.",
        ),
        (
            lambda: keras.Sequential([network(*gap()), L.Dense(2)]),
            "`net` goes on after (3,) with Dense 2 → (2,), expected 5 shapes only. Check what follows.",
        ),
        (keras.Sequential, "`net` has no layers, expected (8, 8, 4) to follow. Add the layers that are missing."),
    ],
)
def test_a_wrong_shape_is_reported_with_its_layer(model, expected):
    model = model()
    if model.layers and not model.built:
        model.build((None, *IMAGE))
    assert message(expect.output_shapes, model, [(8, 8, 4), (8, 8, 8), (4, 4, 8), 128, 3], name="net") == expected


def test_the_right_parameters_pass():
    expect.parameters(network(*gap()), total=755, trainable=739, non_trainable=16)


def frozen():
    model = network(*gap())
    model.layers[1].trainable = False
    return model


@pytest.mark.parametrize(
    ("model", "demand", "expected"),
    [
        (
            lambda: network(*gap()[:3]),
            {"total": 755},
            "`net` has 1,907 parameters, expected 755: 1,152 too many. "
            "Dense 3 → (3,) with 1,539 parameters has most of all: check it, and the shape of its input.",
        ),
        (
            lambda: network(*gap()[:2], L.BatchNormalization(), *gap()[2:]),
            {"total": 755},
            "`net` has 787 parameters, expected 755: 32 too many. "
            "BatchNormalization → (8, 8, 8) has exactly that many. Is it one too many?",
        ),
        (
            lambda: network(L.Conv2D(8, 3, padding="same", use_bias=False), *gap()[1:]),
            {"total": 755},
            "`net` has 747 parameters, expected 755: 8 too few. "
            "Conv2D 8 3×3 'same' use_bias=False → (8, 8, 8) has no bias. Leave `use_bias` as it is.",
        ),
        (
            lambda: network(gap()[0], *gap()[2:]),
            {"total": 755},
            "`net` has 723 parameters, expected 755: 32 too few. "
            "Compare `summary()` layer by layer with the table in the exercise.",
        ),
        (
            lambda: network(*gap()),
            {"trainable": 755},
            "`net` has 739 trainable parameters, expected 755: 16 too few. "
            "Compare `summary()` layer by layer with the table in the exercise.",
        ),
        (
            lambda: network(*gap()),
            {"total": 755, "non_trainable": 0},
            "`net` has 16 non-trainable parameters, expected 0: 16 too many. "
            "Compare `summary()` layer by layer with the table in the exercise.",
        ),
    ],
)
def test_wrong_parameters_are_reported_with_the_difference(model, demand, expected):
    assert message(expect.parameters, model(), name="net", **demand) == expected


def test_a_bias_too_few_is_not_put_down_to_a_layer_that_has_none_anyway():
    text = message(expect.parameters, network(L.Conv2D(8, 3, padding="same", use_bias=False), *gap()[1:]), total=757)
    assert text.endswith("10 too few. Compare `summary()` layer by layer with the table in the exercise.")


def test_more_than_the_frozen_ones_are_not_to_be_unfrozen():
    text = message(expect.parameters, frozen(), trainable=400)
    assert text.endswith("43 too many. Compare `summary()` layer by layer with the table in the exercise.")


def test_a_frozen_layer_is_named():
    text = message(expect.parameters, frozen(), total=755, trainable=739, name="net")
    assert text.startswith("`net` has 443 trainable parameters, expected 739: 296 too few. `conv2d")
    assert text.endswith("` is frozen: set its `trainable` to True.")


# ---------------------------------------------------------------- accuracy


@pytest.fixture(scope="module")
def digits():
    """Bars at one of three heights, and their classes."""
    y = np.arange(60) % 3
    x = np.zeros((60, *IMAGE), "float32")
    for at, label in enumerate(y):
        x[at, 2 * label + 1] = 1
    return x, y


def knowing(right=1.0):
    """A network that finds the bar; `right` is the share of rows whose class it knows."""
    model = keras.Sequential([keras.Input(IMAGE), L.Flatten(), L.Dense(3)])
    weights = np.zeros((8, 8, 3), "float32")
    for label in range(3):
        weights[2 * label + 1, :, label if label < 3 * right else 0] = 1
    model.layers[1].set_weights([weights.reshape(64, 3), np.zeros(3, "float32")])
    return model


@pytest.mark.parametrize("kind", ["int", "uint8", "column", "one-hot"])
def test_accuracy_takes_labels_of_any_form(digits, kind):
    x, y = digits
    labels = {"int": y, "uint8": y.astype("uint8"), "column": y[:, None], "one-hot": np.eye(3)[y]}[kind]
    assert expect.accuracy(knowing(), x, labels) == 1.0
    assert expect.accuracy(knowing(2 / 3), x, labels, 0.6) == pytest.approx(2 / 3)


def test_accuracy_is_the_same_for_any_batch(digits, monkeypatch):
    from autograder.expect import inference

    sizes = []
    model = knowing(2 / 3)
    elements = sum(layer.output.shape[1] for layer in model.layers)
    call = model.call

    def watched(inputs, *arguments, **options):
        sizes.append(len(inputs))
        return call(inputs, *arguments, **options)

    model.call = watched
    monkeypatch.setattr(inference, "_MAX_ELEMENTS", elements * 7)
    assert expect.accuracy(model, *digits, 0.5) == pytest.approx(2 / 3)
    assert max(sizes) == 7
    assert sum(sizes) == 60


def test_accuracy_runs_the_network_as_at_inference(digits):
    model = keras.Sequential([keras.Input(IMAGE), L.Dropout(0.99), *knowing().layers])
    assert expect.accuracy(model, *digits) == 1.0


def test_keras_adds_and_drops_a_last_axis(digits):
    x, y = digits
    assert expect.accuracy(knowing(), x[..., 0], y) == 1.0


def with_nan():
    model = knowing()
    kernel, bias = model.layers[1].get_weights()
    kernel[5, 1] = np.nan
    model.layers[1].set_weights([kernel, bias])
    return model


def overflowing():
    return keras.Sequential([keras.Input(IMAGE), L.Rescaling(3e38), L.Rescaling(10.0), L.Flatten(), L.Dense(3)])


DIVERGED = (
    "Look for NaN in the inputs of the training, as after a division by 0; if there are none, standardise them or "
    "lower the learning rate, and train again."
)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            lambda: knowing(2 / 3),
            "`net` has accuracy 0.6666 on 60 inputs, expected at least 0.95. "
            "See that `fit` ran for as many epochs as the exercise says, and that network and preprocessing are those "
            "of the exercise.",
        ),
        (with_nan, f"`net` has weights that are NaN or infinite. {DIVERGED}"),
        (overflowing, f"`net` predicts NaN or infinity for 60 of 60 inputs. {DIVERGED}"),
        (keras.Sequential, "`net` has no layers. Build it, compile it, and train it with `fit`."),
        (
            lambda: keras.Sequential([keras.Input((9, 9, 1)), L.Flatten(), L.Dense(3)]),
            "`net` takes inputs of shape (9, 9, 1), the data have (8, 8, 1). "
            "Begin it with `keras.Input((8, 8, 1))`, and train it again.",
        ),
        (
            lambda: keras.Sequential([keras.Input((64,)), L.Dense(3)]),
            "`net` takes inputs of shape (64,), the data have (8, 8, 1). "
            "Begin it with `keras.Input((8, 8, 1))`, and train it again.",
        ),
        (
            lambda: network(units=10),
            "`net` gives 10 numbers for each input, expected 3, one for each class. "
            "Check the units of the last dense layer.",
        ),
        (
            lambda: keras.Sequential([keras.Input(IMAGE), L.Dense(3)]),
            "`net` gives an output of shape (8, 8, 3) for each input, expected (3,). "
            "Is there a Flatten layer before the dense ones?",
        ),
        (
            lambda: keras.Model([a := keras.Input(IMAGE), b := keras.Input(IMAGE)], L.Add()([a, b])),
            "`net` has 2 inputs, expected one. Build it with one.",
        ),
        (
            lambda: keras.Model(a := keras.Input(IMAGE), [L.ReLU()(a), L.Flatten()(a)]),
            "`net` has 2 outputs, expected one. Build it with one.",
        ),
    ],
)  # fmt: skip
def test_a_network_that_does_not_do_says_why(digits, model, expected):
    assert message(expect.accuracy, model(), *digits, name="net") == expected


def test_a_network_near_guessing_is_asked_whether_it_was_trained():
    y = np.arange(100) % 10
    x = np.zeros((100, *IMAGE))
    guesses = "`net` has accuracy 0.1 on 100 inputs, expected at least 0.95. "
    began = "It still has the weights that it began with: train it with `fit` before the end of this question."
    model = network(*gap(), units=10)
    assert message(expect.accuracy, model, x, y, name="net") == guesses + began
    next(weight for weight in reversed(model.weights) if weight.name == "bias").assign(np.linspace(0, 1, 10))
    assert message(expect.accuracy, model, x, y, name="net") == (
        f"{guesses}That is near guessing: see that `fit` ran to its end, then check the learning rate, and that each "
        "input still has its own label. "
        "If its training accuracy is much higher, the moving averages of BatchNormalization lag behind: train longer, "
        "or begin with `kernel_initializer='he_normal'`."
    )


def test_an_accuracy_just_below_never_reads_as_reached(digits):
    assert "has accuracy 0.6666 on" in message(expect.accuracy, knowing(2 / 3), *digits, 0.6667)


def test_unequal_data_are_the_authors_mistake(digits):
    x, y = digits
    for wrong in ((x[:-1], y), (x[:0], y[:0])):
        with pytest.raises(ValueError, match="as long as each other"):
            expect.accuracy(knowing(), *wrong)


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("value", "demand", "expected"),
    [
        (3, {}, 3),
        (0.5, {"between": (0, 1)}, 0.5),
        (392500, {"equal_to": 392_500}, 392_500),
        (392500.0, {"equal_to": 392_500}, 392_500),
        (np.int64(7), {"equal_to": 7}, 7),
        (np.float32(0.1), {"equal_to": 0.1, "tolerance": 1e-6}, pytest.approx(0.1)),
        (np.array(4.0), {"equal_to": 4}, 4),
        (0.1 + 0.2, {"equal_to": 0.3}, pytest.approx(0.3)),
        (0.97, {"equal_to": 0.96, "tolerance": 0.01}, 0.97),
    ],
)
def test_a_right_number_passes(value, demand, expected):
    given = expect.number(value, **demand)
    assert given == expected
    assert type(given) in (int, float)


def test_a_tensorflow_scalar_is_a_number():
    import tensorflow as tf

    assert expect.number(tf.constant(3.0), equal_to=3) == 3


WRONG_NUMBERS = [
    (None, {}, "`x` is not defined, or is None. Run the cell that assigns it, and see what it assigns."),
    (..., {}, "`x` is still the gap `...`. Replace it by your answer."),
    ("1,5", {}, "`x` should be a number, received the text '1,5'. Leave out the quotation marks and the comma."),
    ("0.97", {}, "`x` should be a number, received the text '0.97'. Leave out the quotation marks."),
    (True, {"equal_to": 1}, "`x` should be a number, received True. Give the number, not a comparison."),
    (np.True_, {}, "`x` should be a number, received bool. Give one number."),
    ([0.97], {}, "`x` should be a number, received list of length 1. Give the number itself: `x[0]`."),
    ((0.1, 0.9), {}, "`x` should be a number, received tuple of length 2. Give one number of it."),
    (np.array([0.97]), {}, "`x` should be a number, received ndarray of shape (1,). Give one number."),
    (np.array("a"), {}, "`x` should be a number, received ndarray. Give one number."),
    ({"x": 1}, {}, "`x` should be a number, received dict of length 1. Give one number."),
    (3j, {}, "`x` should be a number, received complex. Give one number."),
    (print, {}, "`x` should be a number, received the function print. Give one number."),
    (float("nan"), {"equal_to": 1}, "`x` is nan, expected a finite number. Check how you got it."),
    (float("inf"), {}, "`x` is inf, expected a finite number. Check how you got it."),
    (10**400, {"equal_to": 1.5}, "`x` is an integer of 1,329 bits, far too large. Check how you got it."),
    (-(10**5000), {}, "`x` is an integer of 16,610 bits, far too large. Check how you got it."),
    (97.1, {"equal_to": 0.971}, "`x` is 97.1, which looks like a percentage. Give a fraction such as 0.971."),
    (97.1, {"between": (0, 1)}, "`x` is 97.1, which looks like a percentage. Give a fraction such as 0.971."),
    (np.float64(50), {"equal_to": 0.5, "tolerance": 0.01},
     "`x` is 50, which looks like a percentage. Give a fraction such as 0.5."),
    (50, {"equal_to": 0.9}, "`x` is 50, expected 0.9. Check how you got it."),
    (1.5, {"equal_to": 1}, "`x` is 1.5, expected 1. Check how you got it."),
    (-0.1, {"between": (0, 1)}, "`x` is -0.1, expected a number from 0 to 1. Check it."),
    (392000, {"equal_to": 392_500}, "`x` is 392,000, expected 392,500. Check how you got it."),
    (0.9, {"equal_to": 0.97, "tolerance": 0.01}, "`x` is 0.9, expected 0.97 ± 0.01. Check how you got it."),
    (392500.5, {"equal_to": 392_500}, "`x` is 392500.5, expected 392,500. Check how you got it."),
]  # fmt: skip


@pytest.mark.parametrize(("value", "demand", "expected"), WRONG_NUMBERS, ids=[text for *_, text in WRONG_NUMBERS])
def test_a_wrong_number_is_reported(value, demand, expected):
    assert message(expect.number, value, name="x", **demand) == expected


# ---------------------------------------------------------------- dictionaries


def test_a_right_dictionary_gives_its_demanded_values():
    assert expect.mapping({"fc": 0.9, "cnn": [1], 3: 4}, ["cnn", "fc"]) == {"cnn": [1], "fc": 0.9}
    assert expect.mapping({}, []) == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "`d` is not defined, or is None. Run the cell that assigns it, and see what it assigns."),
        ([0.9, 0.8], "`d` should be a dictionary like `{'fc': …}`, received list of length 2."),
        ("fc", "`d` should be a dictionary like `{'fc': …}`, received the text 'fc'."),
        ({}, "`d` lacks 'fc', 'cnn'; it is empty. Add what is missing, spelled like this."),
        (
            {"FC": 1, "cnn": 2, 3: 4},
            "`d` lacks 'fc'; its keys are the text 'FC', the text 'cnn', 3. Add what is missing, spelled like this.",
        ),
        ({"fc": ..., "cnn": 2}, "`d['fc']` is still the gap `...`. Replace it by your answer."),
        (
            {"fc": 1, "cnn": None},
            "`d['cnn']` is not defined, or is None. Run the cell that assigns it, and see what it assigns.",
        ),
    ],
)
def test_a_wrong_dictionary_is_reported(value, expected):
    assert message(expect.mapping, value, ["fc", "cnn"], name="d") == expected


# ---------------------------------------------------------------- history

CURVES = {"loss": [0.5, 0.2], "accuracy": [0.8, 0.9], "val_accuracy": [0.7, 0.8]}


class Record:
    def __init__(self, history):
        self.history = history


def test_history_of_a_real_fit():
    model = keras.Sequential([keras.Input((2,)), L.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = np.eye(2), np.array([0, 1])
    history = model.fit(x, y, epochs=3, validation_data=(x, y), verbose=0)
    curves = expect.history(history, epochs=3, metrics=["accuracy", "val_accuracy"])
    assert set(curves) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in curves.values()} == {3}
    assert curves == expect.history(history.history)


@pytest.mark.parametrize("wrap", [dict, Record])
def test_a_right_history_passes(wrap):
    assert expect.history(wrap(CURVES), epochs=2, metrics=["accuracy"]) == CURVES


def test_validation_may_be_rarer_than_training():
    assert expect.history({**CURVES, "val_accuracy": (np.float32(0.5),)}, epochs=2)["val_accuracy"] == [0.5]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "`h` is not defined, or is None. Run the cell that assigns it, and see what it assigns."),
        (
            [0.5, 0.2],
            "`h` should be what `fit` returns, received list of length 2. Write `h = model.fit(…)` with your model.",
        ),
        (Record(3), "`h` should be what `fit` returns, received Record. Write `h = model.fit(…)` with your model."),
        (
            keras.Sequential(),
            "`h` should be what `fit` returns, received Sequential. Write `h = model.fit(…)` with your model.",
        ),
        (
            keras.callbacks.History,
            "`h` should be what `fit` returns, received the class History. Write `h = model.fit(…)` with your model.",
        ),
        ({}, "`h` is empty: no epoch was trained. Run `fit` before the end of this question."),
        (
            {"loss": [0.5, 0.2], "accuracy": [0.8, 0.9]},
            "`h` has no 'val_accuracy', it holds loss, accuracy. "
            "Compile with `metrics=['accuracy']` and give `fit` its `validation_data`.",
        ),
        (
            {"loss": [0.5]},
            "`h` has no 'accuracy', it holds loss. Compile with `metrics=['accuracy']`.",
        ),
        (
            {**CURVES, "loss": [0.5]},
            "`h` has metrics of different lengths (loss 1, accuracy 2, val_accuracy 2), expected one value an epoch. "
            "Keep what `fit` gave.",
        ),
        (
            {metric: values[:1] for metric, values in CURVES.items()},
            "`h` has 1 epoch, expected at least 2. Train for as many, in one call of `fit`.",
        ),
        (
            {metric: [] for metric in CURVES},
            "`h` has 0 epochs, expected at least 2. Train for as many, in one call of `fit`.",
        ),
        ({**CURVES, "loss": [0.5, float("nan")]}, f"`h['loss']` is NaN or infinite in epoch 2. {DIVERGED}"),
        (
            {**CURVES, "loss": "0.5"},
            "`h['loss']` should be a list, received the text '0.5'. Keep what `fit` returned as it is.",
        ),
        (
            {**CURVES, "loss": [0.5, "0.2"]},
            "`h['loss']` should hold numbers, received the text '0.2'. Keep what `fit` returned.",
        ),
        (
            {**CURVES, "accuracy": [80, 90]},
            "`h` has values of accuracy outside of 0 to 1. Keep what `fit` returned as it is.",
        ),
        (
            {**CURVES, "val_accuracy": [0.5, -0.1]},
            "`h` has values of val_accuracy outside of 0 to 1. Keep what `fit` returned as it is.",
        ),
    ],
)
def test_a_wrong_history_is_reported(value, expected):
    assert message(expect.history, value, epochs=2, metrics=["accuracy", "val_accuracy"], name="h") == expected
