from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from autograder.course.datasets import preprocess
from autograder.errors import UsageError
from autograder.live import plan, shipped_networks
from autograder.live.input_scaling import choose, named
from autograder.live.layer_outputs import Activations
from autograder.live.stored_digits import codes_of, stored_digits
from tests.live import counted_names, network

pytest.importorskip("anywidget", reason="anywidget is not installed")


@pytest.fixture(scope="module")
def live() -> Any:
    from autograder.live import LiveCNN

    return LiveCNN(plan.rebuild(shipped_networks.load("keras_gaps")))


def ask(widget: Any, content: dict[str, Any], *buffers: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """What the widget sends back when the front end asks."""
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers or []))
    widget._answer(widget, content, list(buffers))
    (answer,) = sent
    return answer


def test_looking_uses_up_no_names() -> None:
    """The next layer is `dense_1` with and without a live network before it: answers may name a layer."""
    from autograder.live import LiveCNN

    before = counted_names()
    LiveCNN("keras_gaps")
    assert counted_names() == [count + 1 for count in before]


def test_a_drawing_comes_back_as_bytes_of_every_layer(live: Any) -> None:
    digits, labels = stored_digits()
    picture = digits[0].astype("<f4").tobytes()
    reply, buffers = ask(live, {"kind": "run", "id": "a-1"}, picture)
    assert reply == {
        "id": "a-1",
        "seen": "Grey values divided by 255.",
        "note": live._meta["note"],
        "looks": 1,
    }
    inputs, probabilities, *layers = [np.frombuffer(buffer, "<f4") for buffer in buffers]
    np.testing.assert_allclose(inputs, digits[0].ravel() / 255, atol=1e-6)
    assert probabilities.argmax() == labels[0]
    assert [len(layer) for layer in layers] == [int(np.prod(row["shape"])) for row in live._meta["layers"]]


def test_codes_come_back_for_one_layer(live: Any) -> None:
    reply, buffers = ask(live, {"kind": "codes", "layer": 7, "id": "a-2"})
    assert set(reply["numbers"]) == {"low", "step", "explained"}
    assert [len(buffer) for buffer in buffers] == [200 * 128, 128 * 4, 2 * 128 * 4, 200 * 2 * 4]


def test_what_the_model_raises_is_reported_beside_the_pad(live: Any) -> None:
    reply, buffers = ask(live, {"kind": "run", "id": "a-3"}, b"\0" * 12)
    assert reply == {"id": "a-3", "error": "UsageError: a picture has 784 grey values, not (3,)."}
    assert buffers == []


def test_scaling_is_the_one_that_the_model_was_trained_with() -> None:
    import keras
    from keras import layers

    from autograder.course.datasets import load_mnist

    (x, y), _ = load_mnist()
    for name in ("standardise", "scale"):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((784,)), layers.Dense(30, "relu"), layers.Dense(10)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss)
        model.fit(named(name)(x[:1500]).reshape(-1, 784), y[:1500], epochs=6, batch_size=64, verbose=0)
        digits, labels = stored_digits()
        assert choose(Activations(model).read, digits, labels, (784,)).name == name


def test_standardise_is_the_course_s_own() -> None:
    digits, _ = stored_digits()
    np.testing.assert_allclose(named("standardise")(digits)[..., None], preprocess(digits), atol=1e-5)


def test_own_preprocess_is_used_and_its_mistakes_are_reported() -> None:
    from keras import layers

    from autograder.live import LiveCNN

    model = network(layers.Flatten(), layers.Dense(10, activation="softmax"))
    widget = LiveCNN(model, preprocess=lambda digits: 1 - digits / 255)
    _, buffers = ask(widget, {"kind": "run", "id": "1"}, np.zeros(784, "<f4").tobytes())
    assert set(np.frombuffer(buffers[0], "<f4")) == {1.0}
    with pytest.raises(UsageError, match=r"preprocess made \(200, 14, 14\) of \(200, 28, 28\)"):
        LiveCNN(model, preprocess=lambda digits: digits[:, ::2, ::2])


@pytest.mark.parametrize("units", [1, 2, 26, 784])
def test_a_network_that_tells_no_digits_apart_is_refused(units: int) -> None:
    from keras import layers

    from autograder.live import LiveCNN

    with pytest.raises(UsageError, match=rf"gives \({units},\) for a drawing; expected 10 numbers"):
        LiveCNN(network(layers.Flatten(), layers.Dense(units, activation="sigmoid")))


def test_training_on_changes_what_is_shown() -> None:
    from keras import layers

    from autograder.live import LiveCNN

    model = network(layers.Flatten(), layers.Dense(10, activation="softmax"))
    live = LiveCNN(model)
    picture = stored_digits()[0][3].astype("<f4").tobytes()
    _, before = ask(live, {"kind": "run", "id": "1"}, picture)
    model.set_weights([-weight for weight in model.get_weights()])
    _, after = ask(live, {"kind": "run", "id": "2"}, picture)
    assert before[-1] != after[-1]
    model.set_weights([weight * 0 + 1 for weight in model.get_weights()])
    third, _ = ask(live, {"kind": "run", "id": "3"}, picture)
    fourth, _ = ask(live, {"kind": "run", "id": "4"}, picture)
    assert (third["note"], third["looks"], fourth["looks"]) == ("10.0% of 200 stored digits right", 3, 3)


def test_in_the_graders_sandbox_it_is_nothing_and_needs_nothing() -> None:
    code = """
import sys
from autograder.live import LiveCNN
print(LiveCNN(object()))
assert not {"anywidget", "tensorflow", "keras"} & set(sys.modules), "heavy"
"""
    environment = {**os.environ, "AUTOGRADER_SANDBOX": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("The live network is shown in your own notebook")


# ---------------------------------------------------------------- codes


def test_map_is_the_principal_components_and_bytes_are_near_the_codes() -> None:
    rng = np.random.default_rng(2)
    codes = rng.normal(size=(200, 40)) * np.linspace(5, 0.1, 40) + 3
    numbers, arrays = codes_of(codes)
    low, step, axes = numbers["low"], numbers["step"], arrays["axes"]
    _, sizes, directions = np.linalg.svd(codes - codes.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(axes @ directions[:2].T), np.eye(2), atol=1e-5)
    np.testing.assert_allclose(arrays["points"], (codes - codes.mean(axis=0)) @ axes.T, atol=1e-4)
    assert numbers["explained"] == pytest.approx((sizes[:2] ** 2).sum() / (sizes**2).sum())
    np.testing.assert_allclose(low + step * arrays["bytes"], codes, atol=step / 2 + 1e-6)


def test_codes_that_do_not_differ_have_a_map_all_the_same() -> None:
    numbers, arrays = codes_of(np.full((5, 3), 2.0))
    assert not arrays["axes"].any() and not arrays["points"].any()
    assert numbers["explained"] == 0.0


def test_stored_digits_are_twenty_of_each_class() -> None:
    digits, labels = stored_digits()
    assert digits.shape == (200, 28, 28)
    assert np.bincount(labels).tolist() == [20] * 10
