"""A folder of images, one subfolder a class: its files, their split, the pixels of one image. Trusted side."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import UsageError
from autograder.wording import one_line

__all__ = ["PARTS", "Picture", "pixels", "read_folder", "split"]

Array = np.ndarray[Any, Any]

PARTS = ("train", "validation", "test")
FEWEST = 5
"""Images of a class: three to train, one to validate, one to test."""

MAX_CLASSES = 256
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""What is opened, whatever the name of a file: of an EPS, Pillow would have Ghostscript make an image."""

MAX_PIXELS = 100_000_000  # of one image; a few kilobytes of PNG can claim more than the memory holds
MAX_IMAGE_BYTES = 200 << 20
_SUFFIXES = frozenset([".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"])
_MARGIN = 256 / 224  # an image is cut to its middle as in the network's training


@dataclass(frozen=True)
class Picture:
    """One image.

    Attributes:
        label: The place of its class among the sorted names.
        part: `train`, `validation` or `test`.
    """

    path: Path
    label: int
    part: str


def read_folder(folder: Path) -> dict[str, list[Path]]:
    """Class → its images, both sorted by name; hidden files and files that are no images are passed over.

    Raises:
        UsageError: There are no classes, a class has too few images, an image lies outside them, or a link leads out
            of the folder.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder. Give one with a subfolder of images for each class.")
    root = folder.resolve()
    classes: dict[str, list[Path]] = {}
    for entry in _visible(folder):
        if not entry.is_dir():
            continue
        _require_inside(entry, root)
        images = [each for each in _visible(entry) if each.suffix.lower() in _SUFFIXES]
        for image in images:
            _require_inside(image, root)
        classes[entry.name] = [image for image in images if image.is_file()]
    if not classes:
        raise UsageError(f"{folder} has no subfolders. Put the images of each class into a subfolder with its name.")
    for entry in _visible(folder):
        if entry.is_file() and entry.suffix.lower() in _SUFFIXES:
            raise UsageError(f"{entry} belongs to no class. Put it into a subfolder, or remove it.")
    if len(classes) == 1:
        raise UsageError(f"{folder} has one subfolder, `{next(iter(classes))}`. Two classes are the fewest.")
    if len(classes) > MAX_CLASSES:
        raise UsageError(f"{folder} has {len(classes):,} subfolders. At most {MAX_CLASSES} classes fit.")
    for name, images in classes.items():
        if len(images) < FEWEST:
            raise UsageError(
                f"{folder / name} has {len(images)} image{'' if len(images) == 1 else 's'}, expected at least {FEWEST} "
                f"({', '.join(sorted(_SUFFIXES))}). Add some, or remove the class."
            )
    return classes


def split(classes: dict[str, list[Path]], seed: int) -> list[Picture]:
    """All images, class by class, split 60/20/20 within each class.

    The same names and the same seed give the same split, on every machine.
    """
    pictures = []
    for label, images in enumerate(classes.values()):
        order = np.random.Generator(np.random.PCG64([seed, label])).permutation(len(images))
        held = max(1, round(len(images) / 5))
        parts = ["validation"] * held + ["test"] * held + ["train"] * (len(images) - 2 * held)
        by_image = dict(zip(order.tolist(), parts, strict=True))
        pictures += [Picture(image, label, by_image[at]) for at, image in enumerate(images)]
    return pictures


def pixels(path: Path, size: int) -> Array:
    """The middle of an image, scaled, as `(size, size, 3)` uint8.

    Raises:
        UsageError: It cannot be read as an image, or it is too large; the text names the file.
    """
    from PIL import Image, ImageOps

    try:
        if path.stat().st_size > MAX_IMAGE_BYTES:
            raise UsageError(f"{path} has more than {MAX_IMAGE_BYTES >> 20} MiB. Make it smaller, or remove it.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own bound is looser than ours
            Image.init()  # else some of the formats are not known yet
            with Image.open(path, formats=FORMATS) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise UsageError(
                        f"{path} claims {width:,}×{height:,} pixels, expected at most {MAX_PIXELS:,} in all. "
                        "Make it smaller, or remove it."
                    )
                upright = ImageOps.exif_transpose(image).convert("RGB")
    except UsageError:
        raise
    except Image.DecompressionBombError:
        raise UsageError(f"{path} claims more than {MAX_PIXELS:,} pixels. Make it smaller, or remove it.") from None
    except Exception as error:  # Pillow's readers raise almost anything on broken files
        raise UsageError(
            f"{path} cannot be read as an image ({type(error).__name__}: {one_line(str(error))}). Repair or remove it."
        ) from error
    width, height = upright.size
    side = min(width, height) / _MARGIN
    box = ((width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2)
    return np.asarray(upright.resize((size, size), Image.Resampling.BICUBIC, box=box))


def _visible(folder: Path) -> Sequence[Path]:
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror or error}. Check its permissions.") from error
    return [entry for entry in entries if not entry.name.startswith((".", "__MACOSX"))]


def _require_inside(path: Path, root: Path) -> None:
    """Refuse a link that leads out of the folder: what it shows is not what was asked for."""
    if not path.resolve().is_relative_to(root):
        raise UsageError(f"{path} is a link that leads out of {root}. Copy what it points to, or remove it.")
