"""A folder of images → features → one `.npz`. Trusted side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import UsageError
from autograder.features.feature_scale import Scale
from autograder.features.images import PARTS, Picture, pixels, read_folder, split
from autograder.features.pretrained import LENGTH, NETWORKS, SIZE
from autograder.files import npz_bytes, write_whole

__all__ = ["Extracted", "extract"]

Array = np.ndarray[Any, Any]

_BATCH = 16


@dataclass(frozen=True)
class Extracted:
    """What was written.

    Attributes:
        rows: Part → number of images.
    """

    path: Path
    class_names: tuple[str, ...]
    rows: dict[str, int]


def extract(
    folder: Path, out: Path, *, model: str, seed: int, progress: Callable[[int, int], None] = lambda done, of: None
) -> Extracted:
    """Turn a folder of images into one file of features, in int8, and labels.

    The file holds `x_train` `(n, 4096)` and `y_train` `(n,)`, the same for `validation` and `test`, and `step`: times
    that, features are in standard deviations from the training mean. `class_names` and `model` say what they are of.

    Args:
        folder: One subfolder of images for each class.
        out: The `.npz` to write; it is there whole or not at all.
        model: A name in `NETWORKS`.
        seed: Of the split.
        progress: Called with the images done, and how many there are.

    Raises:
        UsageError: An image, the folder, the weights or the place for the file is not what it must be.
    """
    if model not in NETWORKS:
        raise UsageError(f"there is no model `{model}`. There are {' and '.join(NETWORKS)}.")
    if out.suffix != ".npz" or out.is_dir():
        raise UsageError(f"{out} is no name for the features' file. End it with `.npz`.")
    classes = read_folder(folder)
    pictures = split(classes, seed)
    features = np.empty((len(pictures), LENGTH), dtype="float32")
    network = NETWORKS[model]()
    for start in range(0, len(pictures), _BATCH):
        batch = np.stack([pixels(picture.path, SIZE) for picture in pictures[start : start + _BATCH]])
        features[start : start + len(batch)] = network(batch)
        progress(start + len(batch), len(pictures))
    if not np.isfinite(features).all():
        raise UsageError(f"`{model}` makes NaN or infinity of some images. Reinstall TensorFlow.")
    write_whole(out, [npz_bytes(_arrays(pictures, features, tuple(classes), model))], durable=True, shared=True)
    rows = {part: sum(picture.part == part for picture in pictures) for part in PARTS}
    return Extracted(out, tuple(classes), rows)


def _arrays(pictures: list[Picture], features: Array, class_names: tuple[str, ...], model: str) -> dict[str, Array]:
    parts = np.array([picture.part for picture in pictures])
    labels = np.array([picture.label for picture in pictures], dtype="uint8")
    scale = Scale(features[parts == "train"])
    arrays = {}
    for part in PARTS:
        arrays[f"x_{part}"] = scale.int8(features[parts == part])
        arrays[f"y_{part}"] = labels[parts == part]
    return arrays | {"step": np.array(scale.step), "class_names": np.array(class_names), "model": np.array(model)}
