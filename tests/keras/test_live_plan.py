from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.errors import UsageError
from autograder.live import chain, plan, shipped_networks
from autograder.live.layer_outputs import Activations
from autograder.networks.catalogue import LAYERS
from autograder.networks.catalogue.core import PAGE_ACTIVATIONS
from tests.live import everything, network


@pytest.fixture(scope="module")
def layers() -> Any:
    return pytest.importorskip("keras").layers


def pictures(count: int = 3) -> Any:
    return np.random.default_rng(1).uniform(0, 1, (count, 28, 28, 1)).astype("float32")


def computed(step: Any, x: Any) -> Any:
    """What the page computes for a step, as `frontend/src/operations.js` says it, here with Keras."""
    from keras import activations, ops

    name, given, weights = step.operation
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    padding = {"strides": given.get("strides"), "padding": given.get("padding")}
    slope = {"leaky_relu": "negative_slope", "elu": "alpha"}.get(given.get("activation"))
    match name:
        case "conv2d":
            x = ops.conv(x, weights["kernel"], dilation_rate=given["dilation"], **padding)
        case "depthwise":
            x = ops.depthwise_conv(x, weights["kernel"], dilation_rate=given["dilation"], **padding)
        case "dense":
            x = ops.matmul(x, weights["kernel"])
        case "affine":
            return x * weights["scale"] + weights["offset"]
        case "max_pool":
            return ops.max_pool(x, given["size"], **padding)
        case "average_pool":
            return ops.average_pool(x, given["size"], **padding)
        case "global_max":
            return ops.max(x, axis=(1, 2))
        case "global_average":
            return ops.mean(x, axis=(1, 2))
        case "clip":
            return ops.clip(x, given["low"], given["high"])
        case "reshape":
            return ops.reshape(x, (-1, *step.shape))
        case "pad":
            return ops.pad(x, [(0, 0), *given["margins"], (0, 0)])
        case "rescale":
            return x * given["scale"] + given["offset"]
        case "identity":
            return x
    x = x + weights["bias"] if "bias" in weights else x
    return getattr(activations, given["activation"])(x, **({slope: given["slope"]} if slope else {}))


@pytest.mark.parametrize("make", [plan.translate, lambda model: plan.half(plan.translate(model))])
def test_the_operations_compute_what_the_rebuilt_network_does(layers: Any, make: Any) -> None:
    made = make(everything())
    x = pictures()
    for step, expected in zip(made.steps, Activations(plan.rebuild(made))(x), strict=True):
        x = computed(step, x)
        np.testing.assert_allclose(np.asarray(x), expected, rtol=1e-4, atol=1e-5, err_msg=step.name)


def test_the_page_computes_the_activations_and_operations_that_the_catalogue_names() -> None:
    source = (Path(__file__).parents[2] / "frontend/src/operations.js").read_text(encoding="utf-8")

    def names(table: str) -> set[str]:
        (content,) = re.findall(rf"export const {table} = \{{\n(.*?)^\}};", source, re.DOTALL | re.MULTILINE)
        return set(re.findall(r"^  (\w+):", content, re.MULTILINE))

    assert names("ACTIVATIONS") == PAGE_ACTIVATIONS
    of_layers = {kind.OPERATION for kind in LAYERS.values() if kind.OPERATION}
    assert names("OPERATIONS") == of_layers | {"clip"}  # a ReLU with a largest value


def test_float16_weights_are_what_the_operations_have(layers: Any) -> None:
    for step in plan.half(plan.translate(everything())).steps:
        for array in step.operation.weights.values():
            np.testing.assert_array_equal(array.astype("float16"), array)


def test_rebuilt_network_answers_as_the_model_does_in_every_layer(layers: Any) -> None:
    model = everything()
    translated = plan.translate(model)
    wanted, received = Activations(model)(pictures()), Activations(plan.rebuild(translated))(pictures())
    assert len(wanted) == len(received) == len(translated.steps)
    for step, expected, got in zip(translated.steps, wanted, received, strict=True):
        assert got.shape[1:] == step.shape, step.name
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5, err_msg=step.name)


def test_activations_are_the_models_own(layers: Any) -> None:
    model = everything()
    outputs = Activations(model)(pictures())
    np.testing.assert_allclose(outputs[-1], model.predict(pictures(), verbose=0), rtol=1e-5)


def test_shipped_network_has_the_table_of_the_exercise_and_tells_no_rate() -> None:
    found = shipped_networks.load("keras_gaps")
    shapes = [step.shape for step in found.steps if step.kind in {"Conv2D", "MaxPooling2D", "Flatten", "Dense"}]
    assert shapes == [(26, 26, 32), (24, 24, 32), (12, 12, 32), (4608,), (128,), (10,)]
    assert sum(step.parameters for step in found.steps) == 600_810
    assert all(step.operation.arguments == {} for step in found.steps if step.kind == "Dropout")
    assert all(name.rstrip("_0123456789") not in {"code", "feature"} for name in (step.name for step in found.steps))


def test_shipped_network_reads_the_validation_digits() -> None:
    from autograder.course.datasets import load_mnist

    model = plan.rebuild(shipped_networks.load("keras_gaps"))
    _, (x, y) = load_mnist()
    answers = model.predict(x[:, :, :, None] / 255.0, batch_size=250, verbose=0)
    assert np.mean(answers.argmax(axis=1) == y) > 0.94


def test_pack_and_unpack_give_the_plan_with_float16_weights(layers: Any) -> None:
    before = plan.translate(network(layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(10)))
    after = shipped_networks.unpack(shipped_networks.pack(before))
    assert [step.row for step in after.steps] == [step.row for step in before.steps]
    for mine, theirs in zip(after.steps, plan.half(before).steps, strict=True):
        assert list(mine.operation.weights) == list(theirs.operation.weights)
        for name, array in mine.operation.weights.items():
            np.testing.assert_array_equal(array, theirs.operation.weights[name])


def test_nested_model_is_one_chain(layers: Any) -> None:
    inner = network(layers.Conv2D(2, 3, name="conv"), layers.Flatten(name="flat"))
    names = [link.name for link in chain.steps(network(inner, layers.Dense(10, name="conv")))]
    assert names == ["conv", "flat", "conv (2)"]


def test_every_unsupported_layer_is_named_in_one_line(layers: Any) -> None:
    model = network(layers.Conv2DTranspose(2, 3, name="up"), layers.Flatten(), layers.UnitNormalization(name="unit"))
    with pytest.raises(UsageError, match=r"layers 'up' \(Conv2DTranspose\), 'unit' \(UnitNormalization\)") as raised:
        plan.translate(model)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda k: k.layers.Activation(lambda x: x * 2, name="own"), r"\(`own`\) has an activation of its own"),
        (lambda k: k.layers.Activation("mish", name="mish"), "'mish' has the activation 'mish'; the page knows elu"),
        (lambda k: k.layers.ReLU(threshold=0.5, name="late"), "'late' .*: the page knows ReLU without a threshold"),
        (lambda k: k.layers.BatchNormalization(axis=1, name="rows"), "'rows' normalises axis 1"),
        (lambda k: k.layers.Softmax(axis=1, name="rows"), "'rows' .*; the page knows softmax along the last axis"),
    ],
)
def test_argument_that_the_page_does_not_know_is_named(layers: Any, make: Any, says: str) -> None:
    import keras

    with pytest.raises(UsageError, match=says):
        plan.translate(network(make(keras)))


def test_what_is_no_chain_of_a_picture_is_refused(layers: Any) -> None:
    import keras

    with pytest.raises(UsageError, match=r"takes \(4096,\); a drawing is"):
        chain.steps(network(layers.Dense(2), shape=(4096,)))
    with pytest.raises(UsageError, match="has no input shape yet"):
        chain.steps(keras.Sequential([layers.Dense(2)]))
    for given, what in [(np.zeros(3), "ndarray"), (keras.Sequential, "the class Sequential"), (None, "NoneType")]:
        with pytest.raises(UsageError, match=f"expected a Keras model, received {what}"):
            chain.steps(given)
    inputs = keras.Input((784,))
    branches = layers.Add(name="sum")([layers.Dense(4)(inputs), layers.Dense(4)(inputs)])
    with pytest.raises(UsageError, match=r"branches at layer 'sum' \(Add\)"):
        chain.steps(keras.Model(inputs, branches))


@pytest.mark.parametrize("shape", [(14, 14, 4), (56, 14, 1), (1, 28, 28), (14, 56), (1, 784)])
def test_as_many_numbers_are_no_drawing_yet(layers: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"a drawing is \(28, 28, 1\), \(28, 28\) or \(784,\)"):
        plan.translate(network(layers.Flatten(), layers.Dense(10), shape=shape))


@pytest.mark.parametrize("name", ["conv 1", "größe", "a:b", "x<script>"])
def test_a_name_that_tensorflow_cannot_run_is_reported(layers: Any, name: str) -> None:
    with pytest.raises(UsageError, match=f"layer '{name}': TensorFlow cannot run a layer of this name"):
        plan.translate(network(layers.Flatten(name=name), layers.Dense(10)))


def test_a_layers_name_may_begin_with_a_line(layers: Any) -> None:
    model = network(layers.Flatten(), layers.Dense(10, name="_x"))
    assert Activations(model)(pictures())[-1].shape == (3, 10)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (lambda layers: [layers.Dense(10)], False),
        (lambda layers: [layers.Dense(10, activation="relu")], False),
        (lambda layers: [layers.Dense(10, activation="sigmoid")], True),
        (lambda layers: [layers.Dense(10), layers.Softmax(), layers.Dropout(0.1)], True),
        (lambda layers: [layers.Dense(10, activation="softmax"), layers.Dense(10)], False),
        (lambda layers: [layers.Dense(10), layers.Activation("softmax")], True),
    ],
)
def test_what_comes_out_of_softmax_or_sigmoids_are_probabilities(layers: Any, last: Any, expected: bool) -> None:
    assert chain.gives_probabilities(chain.steps(network(layers.Flatten(), *last(layers)))) is expected


def test_softmax_of_a_picture_looks_along_the_channels_of_each_place(layers: Any) -> None:
    for softmax in (layers.Softmax(), layers.Activation("softmax")):
        rows = chain.steps(network(layers.Conv2D(4, 3), softmax, layers.Flatten(), layers.Dense(10), softmax))
        assert [row.receptive_field["see"] for row in rows] == ["window", "unit", "place", "all", "all"]


def test_a_scale_for_each_channel_is_refused_and_a_list_of_one_is_not(layers: Any) -> None:
    (rescaling, *_) = plan.translate(network(layers.Rescaling([0.5]), layers.Flatten(), layers.Dense(10))).steps
    assert rescaling.operation.arguments == {"scale": 0.5, "offset": 0.0}
    with pytest.raises(UsageError, match=r"'own' rescales each channel by itself"):
        plan.translate(network(layers.Conv2D(2, 3), layers.Rescaling([0.5, 2.0], name="own")))


def test_weights_that_are_no_numbers_are_refused(layers: Any) -> None:
    model = network(layers.Flatten(), layers.Dense(2, name="lost"))
    model.set_weights([weight * np.nan for weight in model.get_weights()])
    with pytest.raises(UsageError, match="'lost': its kernel holds values that are no numbers"):
        plan.translate(model)


def test_weights_too_large_for_float16_are_refused(layers: Any) -> None:
    model = network(layers.Flatten(), layers.Dense(2, name="huge"))
    model.set_weights([weight + 1e6 for weight in model.get_weights()])
    with pytest.raises(UsageError, match=r"'huge': its kernel does not fit into float16\. Use --float32"):
        plan.half(plan.translate(model))
