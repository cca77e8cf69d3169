"""The front end's calculations, run by Node and compared with numpy and Keras."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.live.chain import input_shape, steps
from autograder.live.front_end import front_end
from tests.live import STROKES

NODE = shutil.which("node")
SOURCES = Path(__file__).resolve().parents[2] / "frontend" / "src"

needs_node = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")


def node(source: str, given: Any) -> Any:
    """What the script prints as JSON; it finds `given` on its standard input."""
    script = f"import fs from 'node:fs'; const given = JSON.parse(fs.readFileSync(0)); {source}"
    command = [str(NODE), "--input-type=module", "--eval", script]
    done = subprocess.run(command, input=json.dumps(given), cwd=SOURCES, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# ---------------------------------------------------------------- preprocessing

PEN = 1.15


def numpy_ink(strokes: Any, scale: float, left: float, top: float) -> Any:
    """Distance of every pixel's centre to every segment: the whole picture at once."""
    y, x = np.mgrid[0:28, 0:28] + 0.5
    distance = np.full((28, 28), np.inf)
    for stroke in strokes:
        points = np.asarray(stroke, "float64") * scale + (left, top)
        for a, b in zip(points, [*points[1:], points[-1]], strict=True):
            way = b - a
            along = np.clip(((x - a[0]) * way[0] + (y - a[1]) * way[1]) / max(way @ way, 1e-300), 0, 1)
            distance = np.minimum(distance, np.hypot(x - a[0] - along * way[0], y - a[1] - along * way[1]))
    return 255 * np.clip(PEN + 0.5 - distance, 0, 1)


def numpy_picture(strokes: Any, size: float = 280) -> Any:
    points = np.concatenate([np.asarray(stroke, "float64") for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (20 - 2 * PEN) / max(*(high - low), 40)
    left, top = 14 - (low + high) / 2 * scale
    ink = numpy_ink(strokes, scale, left, top)
    y, x = np.mgrid[0:28, 0:28] + 0.5
    shift = [np.clip(14 - (ink * axis).sum() / ink.sum(), -4, 4) for axis in (x, y)]
    return numpy_ink(strokes, scale, left + shift[0], top + shift[1])


RANDOM = np.random.default_rng(0).uniform(5, 275, (4, 12, 2)).round(1).tolist()
DRAWINGS = {**STROKES, "dot": [[(30, 250)]], "tiny": [[(10, 10), (20, 25)]], "scribble": RANDOM}


@needs_node
@pytest.mark.parametrize("name", DRAWINGS)
def test_picture_is_what_numpy_makes_of_the_strokes(name: str) -> None:
    strokes = DRAWINGS[name]
    source = """import { toPicture } from "./preprocess.js"; console.log(JSON.stringify([...toPicture(given, 280)]))"""
    picture = np.array(node(source, strokes)).reshape(28, 28)
    np.testing.assert_allclose(picture, numpy_picture(strokes), atol=0.01)


@needs_node
@pytest.mark.parametrize("name", ["1", "7", "0", "scribble"])
def test_picture_is_centred_and_scaled_as_in_mnist(name: str) -> None:
    picture = numpy_picture(DRAWINGS[name])
    rows, columns = np.flatnonzero(picture.max(axis=1) > 0), np.flatnonzero(picture.max(axis=0) > 0)
    longest = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    assert 20 <= longest <= 22  # 20, and a fading pixel on either side
    y, x = np.mgrid[0:28, 0:28] + 0.5
    assert abs((picture * x).sum() / picture.sum() - 14) < 0.2
    assert abs((picture * y).sum() / picture.sum() - 14) < 0.2


@needs_node
def test_strokes_on_a_stored_digit_leave_it_where_it_is() -> None:
    base = np.zeros(784)
    base[100:110] = 77
    given = {"base": base.tolist(), "strokes": [[(140, 140), (200, 140)]]}
    source = """import { ontoPicture } from "./preprocess.js";
    const picture = ontoPicture(Float32Array.from(given.base), given.strokes, 280);
    console.log(JSON.stringify([...picture]))"""
    picture = np.array(node(source, given))
    np.testing.assert_allclose(picture, np.maximum(base, numpy_ink(given["strokes"], 0.1, 0, 0).ravel()), atol=0.01)
    assert picture[14 * 28 + 17] == 255


# ---------------------------------------------------------------- receptive fields


def stacks() -> dict[str, Any]:
    from keras import Sequential, layers
    from keras.layers import AveragePooling2D, MaxPooling2D
    from keras.layers import Conv2D as Conv

    same = {"padding": "same"}
    stacks = {
        "valid": [Conv(2, 3), layers.ReLU(), Conv(3, 5), MaxPooling2D(2)],
        "same": [Conv(2, 3, **same), MaxPooling2D(2), Conv(2, 3, **same)],
        "strides": [Conv(2, 4, strides=3, **same), Conv(2, 3, strides=2, **same)],
        "dilated": [Conv(2, (3, 2), dilation_rate=(2, 3)), AveragePooling2D(2, **same)],
        "padded": [layers.ZeroPadding2D(((1, 0), (2, 1))), Conv(1, 3), layers.Flatten()],
        "flat": [Conv(2, 3), MaxPooling2D(3), layers.Flatten(), layers.Dropout(0.5)],
        "dense": [layers.Flatten(), layers.Dense(5), layers.ReLU()],
    }
    models = {name: Sequential([layers.Input((28, 28, 1)), *stack]) for name, stack in stacks.items()}
    models["from a vector"] = Sequential([layers.Input((784,)), layers.Reshape((28, 28, 1)), Conv(2, 3)])
    return models


def seen_by_gradient(model: Any, unit: int) -> list[list[int]]:
    """First and last row and column of the picture on which a unit depends, by calculus."""
    import keras
    import tensorflow as tf

    model.set_weights([np.full_like(weight, 0.1) for weight in model.get_weights()])
    # No pool may look at one of its pixels only.
    plain = keras.models.clone_model(
        model,
        clone_function=lambda layer: (
            keras.layers.AveragePooling2D(layer.pool_size, layer.strides, layer.padding)
            if isinstance(layer, keras.layers.MaxPooling2D)
            else type(layer).from_config(layer.get_config())
        ),
    )
    plain.set_weights(model.get_weights())
    picture = tf.ones((1, *model.input_shape[1:]))
    with tf.GradientTape() as tape:
        tape.watch(picture)
        answer = tf.reshape(plain(picture, training=False), [-1])[unit]
    touched = np.abs(tape.gradient(answer, picture).numpy()).reshape(28, 28) > 0
    rows, columns = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    return [[int(rows[0]), int(rows[-1])], [int(columns[0]), int(columns[-1])]]


@needs_node
def test_receptive_fields_are_those_of_calculus() -> None:
    asked, expected = [], []
    for name, model in stacks().items():
        chain = steps(model)
        shapes = [input_shape(model), *(step.shape for step in chain)]
        size = int(np.prod(shapes[-1]))
        for unit in {0, size // 3, size // 2, size - 1}:
            asked.append({"fields": [step.receptive_field for step in chain], "shapes": shapes, "unit": unit})
            expected.append((name, unit, seen_by_gradient(model, unit)))
    source = """import { receptiveField } from "./receptive.js";
    console.log(JSON.stringify(given.map(({ fields, shapes, unit }) => receptiveField(fields, shapes, unit))))"""
    received = [[field["rows"], field["columns"]] for field in node(source, asked)]
    assert [(name, unit, field) for (name, unit, _), field in zip(expected, received, strict=True)] == expected


@needs_node
def test_a_share_is_never_rounded_to_all_or_nothing() -> None:
    source = """import { percent } from "./dom.js"; console.log(JSON.stringify(given.map(percent)))"""
    shares = [0, 1e-9, 0.0012, 0.0949, 0.5, 0.9899, 0.9975, 0.99999, 1]
    assert node(source, shares) == [
        "0.0 %", "< 0.1 %", "0.1 %", "9.5 %", "50 %", "99 %", "99.8 %", "> 99.9 %", "100 %"
    ]  # fmt: skip


# ---------------------------------------------------------------- modules


@needs_node
def test_widgets_script_is_one_module_that_gives_render() -> None:
    source = """const made = await import("data:text/javascript," + encodeURIComponent(given));
    console.log(JSON.stringify(Object.keys(made.default)))"""
    assert node(source, front_end("widget.js")) == ["render"]


def test_no_module_writes_html_and_none_is_long() -> None:
    modules = {path.name: path.read_text(encoding="utf-8") for path in SOURCES.glob("*.js")}
    assert "app.js" in modules
    for name, text in modules.items():
        assert "innerHTML" not in text and "insertAdjacentHTML" not in text, name
        assert len(text.splitlines()) < 400, name


def test_the_lock_names_no_registry() -> None:
    lock = json.loads(SOURCES.with_name("package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []


def test_every_package_in_the_bundle_has_its_licence_beside_it() -> None:
    folder = resources.files("autograder.live").joinpath("static")
    licences = folder.joinpath("THIRD_PARTY_LICENSES.txt").read_text(encoding="utf-8")
    for package in ("@tensorflow/tfjs-backend-cpu", "@tensorflow/tfjs-core", "long", "seedrandom"):
        assert f"\n{package} " in licences
    assert "Apache License\n" in licences and "Copyright 2019 David Bau." in licences
    assert "Licensed under the Apache License" in front_end("page.js")
    folder = resources.files("autograder.review").joinpath("static")
    licences = folder.joinpath("THIRD_PARTY_LICENSES.txt").read_text(encoding="utf-8")
    assert licences.startswith(
        "review.js contains code of these packages.\n\nhtmx.org 2.0.11 (0BSD)\n\nZero-Clause BSD"
    )
