from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import UsageError
from autograder.live import keras_file


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(2, 3, kernel_initializer="he_normal", kernel_regularizer="l2"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax", kernel_constraint="max_norm"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    path = tmp_path_factory.mktemp("saved") / "mine.keras"
    model.save(path)
    return path


def changed(path: Path, folder: Path, change: Any) -> Path:
    """A copy of the file whose configuration went through `change`."""
    target = folder / "changed.keras"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config).encode()
            new.writestr(name, content)
    return target


@pytest.fixture(scope="module", params=[True, False], ids=["sequential", "functional"])
def nested(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Saves a compiled model with a model inside, compiled or not."""
    import keras

    def save(*, inner_compiled: bool) -> Path:
        inner = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()], name="inner")
        if inner_compiled:
            inner.compile("adam", "mse")
        inputs = keras.Input((28, 28, 1))
        outer = keras.Sequential([inputs, inner]) if request.param else keras.Model(inputs, inner(inputs))
        outer.compile("adam", "mse")
        path = tmp_path_factory.mktemp("nested") / "nested.keras"
        outer.save(path)
        return path

    return save


def first_layer(config: Any) -> Any:
    return config["config"]["layers"][1]


def test_saved_model_loads_without_its_optimiser(saved: Path) -> None:
    model = keras_file.load(saved)
    assert [type(layer).__name__ for layer in model.layers] == ["Conv2D", "Flatten", "Dense"]
    assert getattr(model, "optimizer", None) is None


def test_functional_model_loads(tmp_path: Path) -> None:
    import keras

    inputs = keras.Input((784,))
    keras.Model(inputs, keras.layers.Dense(10)(inputs)).save(tmp_path / "f.keras")
    assert keras_file.load(tmp_path / "f.keras").output_shape == (None, 10)


def test_model_inside_a_compiled_one_loads_unless_it_is_compiled_itself(nested: Any) -> None:
    assert keras_file.load(nested(inner_compiled=False)).output_shape == (None, 784)
    with pytest.raises(UsageError, match=r"has a compiled model inside the model\. Only the outermost one"):
        keras_file.load(nested(inner_compiled=True))


@pytest.mark.parametrize("where", ["of the inner model", "of its last layer", "in the arguments"])
def test_compilation_of_a_model_inside_never_reaches_keras(
    nested: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    import keras

    def change(config: Any) -> None:
        inner = first_layer(config)
        place = {"of the inner model": inner, "of its last layer": inner["config"]["layers"][-1]}
        foreign = {"module": "os", "class_name": "system", "config": {}, "registered_name": None}
        place.get(where, inner["config"])["compile_config"] = {"optimizer": foreign}

    monkeypatch.setattr(keras.models, "load_model", lambda *_, **__: pytest.fail("Keras saw it"))
    with pytest.raises(UsageError, match="has a compiled model inside"):
        keras_file.load(changed(nested(inner_compiled=False), tmp_path, change))


def test_function_between_layers_is_reported_with_a_way_out(tmp_path: Path) -> None:
    import keras

    inputs = keras.Input((784,))
    keras.Model(inputs, keras.ops.relu(keras.layers.Dense(10)(inputs))).save(tmp_path / "f.keras")
    with pytest.raises(UsageError, match=r"operation 'Relu' between its layers\. Use a layer instead, such as ReLU"):
        keras_file.load(tmp_path / "f.keras")


def test_all_unknown_layers_are_named(tmp_path: Path) -> None:
    import keras
    from keras import layers

    unknown = [layers.RandomFlip(name="flip"), layers.RandomRotation(0.1, name="turn")]
    keras.Sequential([keras.Input((28, 28, 1)), *unknown, layers.Flatten()]).save(tmp_path / "r.keras")
    with pytest.raises(UsageError, match=r"cannot show layers .*'flip' \(RandomFlip\)"):
        keras_file.load(tmp_path / "r.keras")


@pytest.mark.parametrize("odd", [["a"], {"a": 1}, 3])
def test_class_name_that_is_no_text_is_refused(saved: Path, tmp_path: Path, odd: Any) -> None:
    for key in ("class_name", "module"):
        with pytest.raises(UsageError, match="names a class by something else than text"):
            keras_file.load(changed(saved, tmp_path, lambda c, key=key: first_layer(c).update({key: odd})))


def test_model_in_the_spelling_of_keras_1_loads_as_a_plain_one(tmp_path: Path) -> None:
    import keras

    from autograder.course import keras1

    model = keras1.Sequential()
    model.add(keras1.Convolution2D(2, 3, 3, input_shape=(28, 28, 1)))
    model.save(tmp_path / "old.keras")
    loaded = keras_file.load(tmp_path / "old.keras")
    assert type(loaded) is keras.Sequential
    assert loaded.count_params() == 20


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: first_layer(c).update(module="os", class_name="system"), "wants 'system' of 'os'"),
        (lambda c: first_layer(c).update(class_name="Lambda"), r"cannot show layer 'conv2d.*' \(Lambda\)"),
        (lambda c: first_layer(c).update(registered_name="mine>Conv2D"), "has a class of its own, 'Conv2D'"),
        (lambda c: c.update(module="mine", class_name="Net"), "wants 'Net' of 'mine'"),
        (
            lambda c: first_layer(c)["config"].update(
                activation={"module": "builtins", "class_name": "function", "config": "print"}
            ),
            "wants 'function' of 'builtins'",
        ),
        (lambda c: first_layer(c)["config"].update(activation={"class_name": "__lambda__"}), "'__lambda__'"),
        (
            lambda c: first_layer(c)["config"].update(
                kernel_initializer={"module": "keras.src.saving", "class_name": "load_model", "config": {}}
            ),
            "only what is Keras's own",
        ),
    ],
)  # fmt: skip
def test_file_that_asks_for_more_than_layers_never_reaches_keras(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any, says: str
) -> None:
    import keras

    monkeypatch.setattr(keras.models, "load_model", lambda *_, **__: pytest.fail("Keras saw it"))
    with pytest.raises(UsageError, match=says):
        keras_file.load(changed(saved, tmp_path, change))


def test_what_is_no_keras_file_is_refused(tmp_path: Path, saved: Path) -> None:
    for name, content, says in [
        ("missing.keras", None, "no such file"),
        ("old.h5", b"\x89HDF", "not a .keras file"),
        ("text.keras", b"hello", "not a file that `model.save`"),
    ]:
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UsageError, match=says):
            keras_file.load(path)
    extra = tmp_path / "extra.keras"
    extra.write_bytes(saved.read_bytes())
    with zipfile.ZipFile(extra, "a") as archive:
        archive.writestr("assets/x.py", "print(1)")
    with pytest.raises(UsageError, match=r"holds 'assets/x\.py'"):
        keras_file.load(extra)
