"""Figures of a network's predictions, how it was compiled, what is frozen; networks → the exact message."""

# ruff: noqa: E501 - a message is one line

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from inline_snapshot import snapshot
from keras import layers as L

from autograder import expect
from autograder.expect.measurements import recording
from autograder.expect.reference_record import collecting, running_case

X = np.linspace(-1, 1, 40, dtype="float32")[:, None]
SIGNS = (X[:, 0] > 0).astype(int)


def message(check: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(expect.Mismatch) as caught:
        check(*arguments, **options)
    return str(caught.value)


def weighted(model: Any, *weights: Any) -> Any:
    """A model whose weights are these."""
    model.set_weights([np.array(each, "float32") for each in weights])
    return model


def unit(activation: str | None = "sigmoid", slope: float = 5.0, offset: float = 0.0) -> Any:
    return weighted(keras.Sequential([keras.Input((1,)), L.Dense(1, activation=activation)]), [[slope]], [offset])


def pixels(slope: float = 5.0, units: int = 1) -> Any:
    """A network that looks at each pixel by itself."""
    activation = "sigmoid" if units == 1 else "softmax"
    model = keras.Sequential([keras.Input((4, 4, 1)), L.Conv2D(units, 1, activation=activation)])
    kernel = [slope] if units == 1 else [-slope, slope]
    return weighted(model, np.reshape(kernel, (1, 1, 1, units)), np.zeros(units))


def two_inputs(kind: type = list) -> Any:
    one, other = keras.Input((1,), name="one"), keras.Input((1,), name="other")
    out = L.Dense(1, activation="sigmoid", name="sign")(L.Add()([one, other]))
    size = L.Dense(1, name="size")(one)
    inputs: Any = {"one": one, "other": other} if kind is dict else [one, other]
    outputs: Any = {"sign": out, "size": size} if kind is dict else [out, size]
    return weighted(keras.Model(inputs, outputs), [[5.0]], [0.0], [[2.0]], [0.0])


IMAGES = np.random.default_rng(0).normal(size=(6, 4, 4, 1)).astype("float32")
MASKS = (IMAGES[..., 0] > 0).astype(int)


def test_one_sigmoid_unit() -> None:
    assert expect.accuracy(unit(), X, SIGNS) == 1
    assert expect.accuracy(unit(None), X, SIGNS[:, None]) == 1, "logits"
    assert expect.accuracy(unit(None, 0.5, 0.5), X, SIGNS) == 1, "numbers near 0 and 1"
    assert message(expect.accuracy, unit(slope=-5), X, SIGNS) == snapshot(
        "`model` has accuracy 0 on 40 inputs, expected at least 0.95. It still has the weights that it began with: train it with `fit` before the end of this question."
    )
    assert message(expect.accuracy, unit(), X, np.arange(40) % 3) == snapshot(
        "`model` gives 1 numbers for each input, expected 3, one for each class. Check the units of the last dense layer."
    )


def test_several_labels() -> None:
    model = weighted(keras.Sequential([keras.Input((1,)), L.Dense(2, activation="sigmoid")]), [[5.0, -5.0]], [0.0, 9.0])
    labels = np.stack([SIGNS, np.ones(40)], axis=1)
    assert expect.accuracy(model, X, labels) == 1
    assert message(expect.accuracy, model, X, 1 - labels) == snapshot(
        "`model` has accuracy 0 on 40 inputs, expected at least 0.95. That is near guessing: see that `fit` ran to its end, then check the learning rate, and that each input still has its own label."
    )


def test_pixels() -> None:
    for model in (pixels(), pixels(units=2)):
        for truth in (MASKS, MASKS[..., None], np.eye(2)[MASKS]):
            assert expect.accuracy(model, IMAGES, truth) == 1
            assert expect.iou(model, IMAGES, truth) == 1
    assert message(expect.iou, pixels(-5), IMAGES, MASKS) == snapshot(
        "`model` has an intersection over union of 0 on 6 inputs, expected at least 0.5. It still has the weights that it began with: train it with `fit` before the end of this question."
    )
    assert message(expect.accuracy, unit(), X, np.zeros((40, 3, 3))) == snapshot(
        "`model` gives an output of shape (1,) for each input, expected (3, 3) or (3, 3, 1): a number for each place. Check the last layer."
    )
    half = pixels()
    half.layers[0].bias.assign([5.0])
    assert 0.4 < expect.iou(half, IMAGES, MASKS, at_least=0) < 0.7


def test_a_dictionary_of_data_is_for_inputs_with_these_names() -> None:
    """As Keras finds them, also in a network that was made from a list, in another order than the keys' own."""
    picture, facts = keras.Input((2, 3), name="picture"), keras.Input((1,), name="facts")
    prices = keras.layers.Dense(1, kernel_initializer="ones")(facts)
    model = keras.Model([picture, facts], [prices, keras.layers.Flatten()(picture)])
    batch = {"facts": np.ones((4, 1)), "picture": np.zeros((4, 2, 3))}
    expect.error(model, batch, np.ones(4), at_most=0, output=0)
    assert "takes inputs of shape (1,), the data have (7,)" in message(
        expect.error, model, {**batch, "facts": np.ones((4, 7))}, np.ones(4), at_most=0, output=0
    )


def test_several_inputs_and_outputs() -> None:
    for kind, x in ((list, [X, X]), (list, (X, X)), (dict, {"other": X, "one": X})):
        model = two_inputs(kind)
        assert expect.accuracy(model, x, SIGNS, output="sign") == 1
        assert expect.error(model, x, 2 * X, output="size", at_most=1e-5) < 1e-5
        assert expect.error(model, x, 2 * X, output=1, at_most=1e-5) < 1e-5
    assert message(expect.accuracy, two_inputs(), [X, X], SIGNS) == snapshot(
        "`model` has 2 outputs, expected one. Build it with one."
    )
    assert message(expect.accuracy, two_inputs(dict), {"one": X, "other": X}, SIGNS, output="signs") == snapshot(
        "`model` has no output 'signs', it has 2 outputs: 'sign', 'size'. Add it."
    )
    assert message(expect.accuracy, two_inputs(), X, SIGNS, output=0) == snapshot(
        "`model` has 2 inputs, expected one. Build it with one."
    )


ERRORS = [
    (
        unit(None, 2, 0.5),
        {"at_most": 0.1},
        snapshot(
            "`model` has a mean absolute error of 0.5 on 40 inputs, expected at most 0.1. See that `fit` ran for as many epochs as the exercise says, and that network and preprocessing are those of the exercise."
        ),
    ),
    (
        unit(None, 2, 0.5),
        {"metric": "rmse", "at_most": 0.1},
        snapshot(
            "`model` has a root mean squared error of 0.5 on 40 inputs, expected at most 0.1. See that `fit` ran for as many epochs as the exercise says, and that network and preprocessing are those of the exercise."
        ),
    ),
    (
        unit(None, 0, 0.1),
        {"metric": "mse", "at_most": 0.1},
        snapshot(
            "`model` has a mean squared error of 1.412 on 40 inputs, expected at most 0.1. No better than always predicting the mean: see that `fit` ran to its end and that its loss fell."
        ),
    ),
    (
        unit(None, 20, 0.1),
        {"at_most": 0.1},
        snapshot(
            "`model` has a mean absolute error of 9.231 on 40 inputs, expected at most 0.1. Its predictions rise and fall with the true numbers, but on another scale: check how both are scaled."
        ),
    ),
    (
        unit(None, 1.5),
        {"metric": "r2", "at_least": 0.99},
        snapshot(
            "`model` has an R² of 0.9374 on 40 inputs, expected at least 0.99. See that `fit` ran for as many epochs as the exercise says, and that network and preprocessing are those of the exercise."
        ),
    ),
    (
        keras.Sequential([keras.Input((1,)), L.Dense(2)]),
        {"at_most": 1},
        snapshot(
            "`model` gives an output of shape (2,) for each input, expected (1,): check the units of the last layer."
        ),
    ),
]


@pytest.mark.parametrize(("model", "bound", "text"), ERRORS, ids=range(len(ERRORS)))
def test_errors_of_numbers(model: Any, bound: dict[str, Any], text: str) -> None:
    assert message(expect.error, model, X, 2 * X[:, 0], **bound) == text


def test_right_numbers_and_what_is_measured() -> None:
    with recording() as measured:
        expect.error(unit(None, 2), X, 2 * X, at_most=0.5, unsure=0.1)
        expect.error(unit(None, 2), X, 2 * X, metric="r2", at_least=0.9)
        expect.error(unit(None, 2), X, 2 * X)
        expect.iou(pixels(), IMAGES, MASKS, at_least=0.7)
    assert [(each.metric, each.at_most, each.at_least) for each in measured] == [
        ("mae", 0.5, 0.0),
        ("r2", 0.0, 0.9),
        ("iou", 0.0, 0.7),
    ]
    with pytest.raises(expect.Undecided):
        expect.error(unit(None, 2, 0.55), X, 2 * X, at_most=0.5, unsure=0.1)
    for wrong in ({"at_least": 1}, {"metric": "r2", "at_most": 1}, {"metric": "x", "at_most": 1}):
        with pytest.raises(ValueError, match="at_most"):
            expect.error(unit(None), X, X, **wrong)


# ---------------------------------------------------------------- histories


def kept(**curves: list[float]) -> Any:
    return SimpleNamespace(history=curves, epoch=[0], params={})


def test_a_record_of_any_figure() -> None:
    assert expect.record(kept(loss=[1.0], binary_accuracy=[1.0], val_binary_accuracy=[1.0]), unit(), X, SIGNS)
    line = unit(None, 2, 0.5)
    assert expect.record(kept(mae=[0.5], val_mae=[0.5]), line, X, 2 * X)
    line.compile("adam", "mse")
    assert expect.record(kept(loss=[0.25], val_loss=[0.25]), line, X, 2 * X)
    assert message(expect.record, kept(mae=[0.5], val_mae=[0.1]), line, X, 2 * X) == snapshot(
        "`history` ends with a val_mae of 0.1, but `model` now has 0.5. Keep what the last `fit` of `model` returned, with the validation data as `validation_data`."
    )
    assert message(expect.record, kept(mae=[9.0], val_mae=[9.0]), unit(None, -9), X, 2 * X) == snapshot(
        "`model` has an R² of -29.2501 on 40 inputs, expected at least 0.05. It still has the weights that it began with: train it with `fit` before the end of this question."
    )
    assert message(expect.record, kept(loss=[0.5]), unit(), X, SIGNS) == snapshot(
        "`history` has no 'accuracy', it holds loss. Compile with `metrics=['accuracy']`."
    )


# ---------------------------------------------------------------- compiled, frozen


def compiled(*arguments: Any) -> Any:
    model = unit()
    model.compile(*arguments)
    return model


COMPILED = [
    (
        ("sgd", "mse"),
        {"optimizer": "Adam"},
        snapshot(
            "`model` is compiled with optimizer SGD, expected Adam. Change it in `model.compile(…)`, and train again."
        ),
    ),
    (
        (keras.optimizers.Adam(0.1), "mse"),
        {"learning_rate": 0.001},
        snapshot(
            "`model` has a learning rate of 0.1, expected 0.001. Give the optimizer `learning_rate=0.001`, and train again."
        ),
    ),
    (
        (keras.optimizers.Adam(0.1), "mse"),
        {"learning_rate": (1e-4, 1e-2)},
        snapshot(
            "`model` has a learning rate of 0.1, expected 0.0001 to 0.01. Give the optimizer `learning_rate=0.0001`, and train again."
        ),
    ),
    (
        ("adam", "mse"),
        {"loss": ["binary_crossentropy"]},
        snapshot(
            "`model` is compiled with loss mse, expected binary_crossentropy. Change it in `model.compile(…)`, and train again."
        ),
    ),
    (
        ("adam", keras.losses.BinaryCrossentropy(from_logits=True)),
        {"loss": "binary_crossentropy"},
        snapshot(
            "`model` ends with sigmoid, but its loss has `from_logits=True`, which is for a network without it. Leave out one of the two."
        ),
    ),
]


@pytest.mark.parametrize(("arguments", "demand", "text"), COMPILED, ids=range(len(COMPILED)))
def test_how_it_was_compiled(arguments: Any, demand: Any, text: str) -> None:
    assert message(expect.compiled, compiled(*arguments), **demand) == text


def test_right_ways_to_compile() -> None:
    for loss in ("mse", "MeanSquaredError", "mean_squared_error", keras.losses.MeanSquaredError()):
        model = compiled(keras.optimizers.Adam(0.01), loss)
        expect.compiled(model, optimizer=["adam", "RMSprop"], learning_rate=0.01, loss="MSE")
    assert message(expect.compiled, unit(), optimizer="adam") == snapshot(
        "`model` is not compiled. Call `model.compile(…)` before `fit`."
    )


def backbone() -> Any:
    model = keras.Sequential([keras.Input((1,)), L.Dense(3, name="base"), L.Dense(2, name="head")])
    model.layers[0].trainable = False
    return model


def test_frozen_layers() -> None:
    model = backbone()
    before = [each.copy() for each in model.layers[0].get_weights()]
    expect.frozen(model, "base", weights=before)
    expect.frozen(model, [0], weights=before)
    expect.frozen(model, slice(0, -1))
    assert message(expect.frozen, model, "head") == snapshot(
        "`model` would train `head`, expected to be frozen. Set `trainable = False` for it, and then compile."
    )
    assert message(expect.frozen, model, "bass") == snapshot(
        "`model` has no layer 'bass'; it has 2 layers: base, head. Add it."
    )
    model.layers[0].set_weights([each + 1 for each in before])
    assert message(expect.frozen, model, "base", weights=before) == snapshot(
        "`model` has changed its frozen layers. Freeze them before `fit`, and load them again."
    )
    model.layers[1].trainable = False
    assert message(expect.frozen, model, "base") == snapshot(
        "`model` has no layer left to train. Freeze only what came with the exercise."
    )


# ---------------------------------------------------------------- the reference's own network


def branches(units: int = 3, *, skip: bool = True) -> Any:
    inputs = keras.Input((4,))
    x = L.Dense(4, activation="relu")(inputs)
    x = L.Add()([x, inputs if skip else x])
    return keras.Model(inputs, L.Dense(units, activation="softmax")(x))


def run_recorded(reference: Any, model: Any, *, hidden: bool = True, **options: Any) -> None:
    """Check a model with what is recorded of the reference."""
    with collecting() as collected, running_case("q.py", "case", None, hidden=hidden):
        expect.network(reference, **options)
    record = type(collected["q.py", "case"]).from_text(collected["q.py", "case"].to_text())
    with running_case("q.py", "case", record, hidden=hidden):
        expect.network(model, **options)


def test_the_reference_s_own_network() -> None:
    run_recorded(branches(), branches())
    run_recorded(branches(), branches(5), hidden=False, show=["output_shape_of_nothing"])
    assert message(run_recorded, branches(), branches(5)).splitlines()[0] == snapshot(
        "`model` layer 4: expected Dense 3 → (3,), got Dense 5 → (5,). Check the number of units."
    )
    assert message(run_recorded, branches(), branches(skip=False)).splitlines()[0] == snapshot(
        "`model` layer 3 (Add → (4,)): it gets layer 2 (ReLU) twice; the network's input is missing among its inputs. Check what it is called with."
    )
    run_recorded(branches(), branches(skip=False), hidden=False, show=["units"])
    assert message(run_recorded, branches(), branches(5), hidden=False, show=["units"]) == snapshot("""\
`model` layer 4: expected Dense 3, got Dense 5 → (5,). Check the number of units.

    expected  received
1   Dense 4   Dense 4 → (4,)
2   ReLU      ReLU → (4,)
3   Add       Add → (4,)
4 ≠ Dense 3   Dense 5 → (5,)  check the number of units
5   Softmax   Softmax → (5,)\
""")
    with pytest.raises(ValueError, match="say in `show`"):
        run_recorded(branches(), branches(), hidden=False)
    with pytest.raises(RuntimeError, match="autograder build"):
        expect.network(branches())
