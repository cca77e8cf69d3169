"""Networks are computed in a process of their own: as Keras computes them, and whatever they do to that process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder import expect
from autograder.errors import Unsupported
from autograder.expect.reference_record import CaseRecord
from autograder.expect.value_kinds import kind_of
from autograder.grading.execution.pool import Engine, grade_class
from autograder.grading.intake.submissions import collect
from autograder.networks.canonical import layer_rows
from autograder.networks.network_view import ComputationError, EvaluationEnded, NetworkView
from autograder.records import Limits
from autograder.sandbox.guest.network_serialiser import serialise_network
from autograder.sandbox.host import preloading
from autograder.sandbox.host.evaluation import Evaluation
from autograder.sandbox.wire import questions
from autograder.sandbox.wire.messages import Ready
from autograder.sandbox.wire.network import Network
from tests import notebooks as nb

keras = pytest.importorskip("keras")
layers = keras.layers

LIMITS = Limits(case_seconds=30)
CRASHED = "This check was ended: computing with `model` crashed with exit status 139. A person looks at it."


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(1)
    image = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(4, 3, activation="relu", name="first")(image)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Flatten(name="flat")(x)
    model = keras.Model(image, layers.Dense(3, activation="softmax", name="decision")(x), name="small")
    model.get_layer("first").trainable = False
    return model


@pytest.fixture(scope="module")
def x() -> Any:
    return np.random.default_rng(0).random((40, 8, 8, 1)).astype("float32")


@pytest.fixture
def evaluation() -> Iterator[Evaluation]:
    with Evaluation(LIMITS, slot=4) as evaluation:
        evaluation.begin_case()
        yield evaluation


CASES = """
from otter.test_files import test_case

OK_FORMAT = False
name = "net"
points = 3

@test_case(points=1, hidden=False)
def test_before(model, x, y):
    \"\"\"`model` computes what it is given.\"\"\"
    from autograder import expect
    expect.accuracy(model, x, y, at_least=0)

@test_case(points=1, hidden=True)
def test_crash(model, x, y):
    \"\"\"`model` crashes TensorFlow, as a hole in it would let it.\"\"\"
    import signal
    from autograder import expect
    from tests.sandbox.test_evaluation import kill
    expect.accuracy(model, x, y, at_least=0)
    kill(model._holder._evaluation, signal.SIGSEGV)
    expect.accuracy(model, x, y, at_least=0)

@test_case(points=1, hidden=True)
def test_below(model, x, y):
    \"\"\"`model` computes what is hidden.\"\"\"
    from autograder import expect
    expect.accuracy(model, x, y, at_least=0)
"""
NOTEBOOK = """
import keras
from keras import layers
model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(2)])
"""


def test_a_crash_costs_one_case_its_grade_and_the_class_goes_on(tmp_path: Path) -> None:
    data = {"x": np.zeros((8, 8, 8, 1), "float32"), "y": np.arange(8) % 2}
    bundle = nb.write_bundle(tmp_path / "tiny", {"net": CASES}, data=data)
    nb.write_notebook(tmp_path / "in" / "a.ipynb", nb.code(NOTEBOOK, "answer:net"))
    nb.write_notebook(tmp_path / "in" / "b.ipynb", nb.code("model = 0", "answer:net"))
    results = grade_class(bundle, collect(tmp_path / "in"), engine=Engine(1))
    first, second = sorted((result.grade for result in results), key=lambda grade: grade.student)
    assert [case.status for case in first.questions[0].cases] == ["pass", "error", "pass"]
    assert first.questions[0].cases[1].message == CRASHED
    assert (first.status, first.score) == ("needs_review", 2)
    assert (second.status, second.score) == ("graded", 0)


def kill(evaluation: Evaluation, number: int) -> None:
    """Send the evaluator itself, the youngest process of its tree, a signal."""
    assert evaluation._process is not None
    pid = evaluation._process.sandbox._started.first
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[-1])
    os.kill(pid, number)


TAKING = """
from otter.test_files import test_case

OK_FORMAT = False
name = "{name}"
points = None

@test_case(points=1, hidden={hidden})
def test_it({name}, x, two):
    \"\"\"It takes what it is given.\"\"\"
    {gives}

recorded = {{"it": {record!r}}}
"""
MAKING = """
import keras
import numpy as np
from keras import layers

def net(*shapes, dtype=None):
    inputs = [keras.Input(shape, dtype=dtype) for shape in shapes]
    x = layers.Flatten()(inputs[0] if len(inputs) == 1 else layers.Concatenate()(inputs))
    if dtype == "string":
        x = layers.StringLookup(vocabulary=["a"])(x)
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], layers.Dense(2)(x))

"""
TAKEN: dict[str, tuple[str, str, str]] = {
    # the student's answer, what the case does, status and message
    "wide": (
        "wide = net((10,))",
        "wide.predict(x)",
        "fail: Your network takes (None, 10), and this check gives it (5, 8). ",
    ),
    "pair": (
        "pair = net((4,), (4,))",
        "pair.predict(x)",
        "fail: Your network takes 2 inputs (None, 4), (None, 4), and this ",
    ),
    "single": (
        "single = net((8,))",
        "single.predict([x, two])",
        "fail: Your network takes 1 input (None, 8), and this check gives it 2: (5, 8), (5, 8). ",
    ),
    "words": (
        "words = net((8,), dtype='string')",
        "words.predict(x)",
        "fail: Your network takes text (None, 8), and this check gives it (5, 8). ",
    ),
    "listed": ("listed = {'a': net((9,))}", "listed['a'](x)", "fail: Your network takes (None, 9), and"),
    "make": (
        "def make(units): return net((units + 1,))",
        "make(8).predict(x)",
        "fail: Your network takes (None, 9), and",
    ),
    "part": (
        "part = net((9,))",
        "part.compute(x, [part.layers[1].name])",
        "fail: Your network takes (None, 9), and",
    ),
    "secret": (
        "secret = net((10,))",
        "secret.predict(x)",
        "fail: Your network takes other inputs than this check gives it.",
    ),
    "wrong": ("wrong = net((8,))", "wrong.predict(x[:, :3])", "error: This check ended in UnfitInputs"),
    "right": ("right = net((8,))", "right.predict(x)", "pass: "),
}


def test_a_network_that_does_not_take_what_the_reference_takes(tmp_path: Path) -> None:
    """A case that the reference's own network could not take is ours, and waits for a person."""
    reference = {"net": None}
    exec(MAKING, reference)
    net: Any = reference["net"]
    kinds = {name: kind_of(net((8,), (8,)) if name == "single" else net((8,))) for name in TAKEN}
    kinds["listed"] = kind_of({"a": net((8,))})
    records = {name: CaseRecord({name: kind}) for name, kind in kinds.items()}
    records["make"] = CaseRecord({"make": kind_of(len)}, {"make": (kind_of(net((8,))),)})
    tests = {
        name: TAKING.format(name=name, gives=gives, hidden=name == "secret", record=records[name].to_text())
        for name, (_, gives, _) in TAKEN.items()
    }
    data = {"x": np.zeros((5, 8), "float32"), "two": np.zeros((5, 8), "float32")}
    bundle = nb.write_bundle(tmp_path / "tiny", tests, data=data)
    cells = [nb.code(answer, f"answer:{name}") for name, (answer, _, _) in TAKEN.items()]
    nb.write_notebook(tmp_path / "in" / "a.ipynb", nb.code(MAKING), *cells)
    (result,) = grade_class(bundle, collect(tmp_path / "in"), engine=Engine(1))
    given = {each.name: f"{each.cases[0].status}: {each.cases[0].message}" for each in result.grade.questions}
    assert {name: text[: len(TAKEN[name][2])] for name, text in given.items()} == {
        name: expected for name, (_, _, expected) in TAKEN.items()
    }
    assert result.grade.status == "needs_review"


@pytest.mark.usefixtures("nothing_kept")
@pytest.mark.parametrize(
    "way", ["forked", pytest.param("ahead", marks=pytest.mark.slow), pytest.param("fresh", marks=pytest.mark.slow)]
)
def test_a_view_is_as_the_model(monkeypatch: pytest.MonkeyPatch, way: str, model: Any, x: Any) -> None:
    monkeypatch.setenv(preloading.VARIABLE, way)
    with Evaluation(LIMITS, slot=4) as evaluation:
        view = evaluation.network(serialise_network(model), "model")
        assert (type(view.layers[0]).__name__, type(view).__name__) == ("InputLayer", "Functional")
        kept = [type(each).__name__ for each in preloading._kept.values()]
        assert kept == {"forked": ["ForkServer"], "ahead": ["Sandbox"], "fresh": []}[way]
        for mine, live in zip(view.layers, model.layers, strict=True):
            assert (mine.name, mine.trainable, mine.count_params()) == (live.name, live.trainable, live.count_params())
            assert mine.output.shape == live.output.shape
            assert type(mine).__name__ == type(live).__name__
        for kind in ("weights", "trainable_weights", "non_trainable_weights"):
            names = [(each.name, each.shape) for each in getattr(view, kind)]
            assert names == [(each.name, tuple(each.shape)) for each in getattr(model, kind)]
        assert view.count_params() == model.count_params()
        assert (view.input_shape, view.output_shape) == (model.input_shape, model.output_shape)
        assert view.output.shape == (None, 3)
        assert (view.get_layer("first").filters, view.layers[1].kernel.shape) == (4, (3, 3, 1, 4))
        for mine, live in zip(view.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(mine, live)
        np.testing.assert_array_equal(view(x), model(x))
        np.testing.assert_allclose(view.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
        part = keras.Model(model.inputs[0], model.get_layer("flat").output)
        np.testing.assert_array_equal(view.compute(x, ["flat"])[0], part(x))
        printed: list[str] = []
        view.summary(print_fn=printed.append)
        assert "decision (Dense)" in printed[0]


def test_nested_inputs_text_and_several_outputs(evaluation: Evaluation) -> None:
    words = layers.TextVectorization(output_sequence_length=4, vocabulary=["good", "bad"])
    text, image = keras.Input((1,), dtype="string", name="text"), keras.Input((None, None, 1), name="image")
    states = layers.Bidirectional(layers.LSTM(3, return_sequences=True), name="both")(
        layers.Embedding(4, 2)(words(text))
    )
    seen = layers.Conv2D(2, 3, activation="relu", padding="same")(image)
    label = layers.Dense(2, name="label")(layers.Concatenate()([states[:, -1], keras.ops.mean(seen, axis=[1, 2]) * 2]))
    back = layers.StringLookup(vocabulary=["good", "bad"], invert=True)(words(text)[:, 0] - 1)
    model = keras.Model({"text": text, "image": image}, {"label": label, "parts": [states, seen], "word": back})
    view = evaluation.network(serialise_network(model), "model")
    assert list(view.rows) == layer_rows(model)
    given = {"text": np.array([["good bad"], ["bad"], ["så"]]), "image": np.ones((3, 5, 4, 1), "float32")}
    wanted = model({key: keras.ops.convert_to_tensor(each) for key, each in given.items()}, training=False)
    np.testing.assert_array_equal(view.get_layer("both").weights[0], model.get_layer("both").weights[0])
    for outputs in (view(given), view.predict(given, batch_size=2)):
        assert sorted(outputs) == ["label", "parts", "word"]
        np.testing.assert_allclose(outputs["label"], wanted["label"], atol=1e-6)
        np.testing.assert_allclose(outputs["parts"][0], wanted["parts"][0], atol=1e-6)
        np.testing.assert_allclose(outputs["parts"][1], wanted["parts"][1], atol=1e-6)
        assert outputs["word"].tolist() == ["good", "bad", "[UNK]"]
    (both, label) = view.compute(given, ["both", "label"])
    np.testing.assert_allclose(label, wanted["label"], atol=1e-6)
    assert both.shape == (3, 4, 6)


def test_a_model_inside_a_model(evaluation: Evaluation) -> None:
    def backbone(name: str) -> Any:
        x = keras.Input((8, 8, 1))
        y = layers.BatchNormalization(name=f"{name}_norm")(layers.Conv2D(4, 3, name=f"{name}_conv")(x))
        return keras.Model(x, layers.GlobalAveragePooling2D()(y), name=name)

    twin, deep = backbone("twin"), backbone("deep")
    outer = keras.Sequential([keras.Input((8, 8, 1)), deep, layers.Dense(3, name="middle")], name="outer")
    left, right = keras.Input((8, 8, 1), name="left"), keras.Input((8, 8, 1), name="right")
    x = layers.Concatenate()([twin(left), twin(right), outer(left)])
    scores = {"z": layers.Dense(2, name="scores")(x), "a": layers.Dense(1, name="size")(x)}
    model = keras.Model({"right": right, "left": left}, scores)
    twin.trainable = False
    view = evaluation.network(serialise_network(model), "model")
    for mine, live in ((view.get_layer("twin"), twin), (view.get_layer("outer").get_layer("deep"), deep)):
        assert [each.name for each in mine.layers] == [each.name for each in live.layers[1:]]
        assert (mine.name, mine.trainable, mine.count_params()) == (live.name, live.trainable, live.count_params())
        assert len(mine.trainable_weights) == len(live.trainable_weights)
        for array, own in zip(mine.get_weights(), live.get_weights(), strict=True):
            np.testing.assert_array_equal(array, own)
    assert view.get_layer("outer").get_layer("middle") is view.get_layer("middle")
    with pytest.raises(ValueError, match="no layer 'twin' in outer"):
        view.get_layer("outer").get_layer("twin")
    expect.frozen(view, "twin")
    with pytest.raises(expect.Mismatch, match=r"^`model` would train `deep`, expected to be frozen"):
        expect.frozen(view, ["twin", "deep"])
    with pytest.raises(expect.Mismatch, match=r"^`model` has no layer 'backbone'"):
        expect.frozen(view, "backbone")
    assert view.input_shape == model.input_shape == [(None, 8, 8, 1)] * 2
    assert view.output_shape == model.output_shape == [(None, 1), (None, 2)]
    assert view.get_layer("scores").input.shape == model.get_layer("scores").input.shape == (None, 11)
    given = {"left": np.ones((2, 8, 8, 1), "float32"), "right": np.zeros((2, 8, 8, 1), "float32")}
    assert (
        list(view(given))
        == list(view.predict(given, batch_size=1))
        == list(model.predict(given, verbose=0))
        == ["z", "a"]
    )


def test_outputs_that_are_not_one_for_each_input(evaluation: Evaluation) -> None:
    x = keras.Input((4,))
    view = evaluation.network(serialise_network(keras.Model(x, keras.ops.sum(x) + 1)), "model")
    with pytest.raises(ComputationError, match="its outputs are not one for each input"):
        view(np.zeros((3, 4), "float32"))


def test_a_crash_ends_one_question(evaluation: Evaluation, model: Any, x: Any) -> None:
    view = evaluation.network(serialise_network(model), "model")
    before = view(x)
    kill(evaluation, signal.SIGSEGV)
    with pytest.raises(EvaluationEnded) as ended:
        view(x)
    assert str(ended.value) == CRASHED
    np.testing.assert_array_equal(view(x), before)


def test_what_a_network_that_took_the_process_over_sends_is_checked(evaluation: Evaluation, model: Any, x: Any) -> None:
    view = evaluation.network(serialise_network(model), "model")
    process = evaluation._process
    assert process is not None
    for answer in (
        Ready(),
        questions.Data("no array"),
        questions.Data(serialise_network(model)),
    ):
        process.exchange = lambda question, answer=answer: answer  # type: ignore[method-assign,misc]
        with pytest.raises(EvaluationEnded, match="computing with `model`"):
            view(x)
        evaluation._process = process
    evaluation._process = None


def test_beyond_memory(evaluation: Evaluation) -> None:
    small = keras.Input((2, 2, 1))
    large = layers.UpSampling2D(128)(layers.UpSampling2D(8)(small))
    view = evaluation.network(serialise_network(keras.Model(small, large)), "large")
    with pytest.raises((EvaluationEnded, ComputationError)) as ended:
        view(np.zeros((400, 2, 2, 1), "float32"))
    assert "MiB of memory, and the limit is 3,072 MiB" in str(ended.value) or "OOM" in str(ended.value)
    assert view(np.ones((1, 2, 2, 1), "float32")).min() == 1


def test_what_cannot_be_assembled(evaluation: Evaluation, model: Any, x: Any) -> None:
    network = serialise_network(model)
    with pytest.raises(Unsupported, match=r"^cannot be graded: "):
        evaluation.network(Network(network.spec, network.weights[:-1]), "model")
    view = evaluation.network(network, "model")
    assert isinstance(view, NetworkView)
    with pytest.raises(ComputationError, match=r"takes \(None, 8, 8, 1\), and this check gives it \(40, 3, 8, 1\)"):
        view(x[:, :3])
    with pytest.raises(ValueError, match="at inference only"):
        view(x, training=True)
    with pytest.raises(AttributeError, match="Conv2D has no 'secret'"):
        _ = view.get_layer("first").secret
