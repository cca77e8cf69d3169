"""What a classifier confuses: its predictions by true class, and pictures of misread inputs. Both sides."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np

from autograder.records import Confusion, Misread

__all__ = ["confusion_of"]

Array = np.ndarray[Any, Any]

_MAX_CLASSES = 20
_MAX_MISREAD = 10
_SIDES = range(8, 65)  # of a picture, in pixels
_MAX_PICTURES = 8_000  # characters of all pictures of a network


def confusion_of(name: str, x: Any, true: Array, predicted: Array, num_classes: int) -> Confusion | None:
    """How predicted classes divide over the true ones, with an input for each of the most frequent mistakes.

    Args:
        name: What the student calls the network.
        x: The inputs `(n, ...)`; pictures are `(n, height, width)` or `(n, height, width, channels)`.
        true: True classes; a matrix is made of those of `(n,)` only.
        predicted: Predicted classes, in the shape of the true ones.
        num_classes: How many classes there are.

    Returns:
        None where there is no mistake, or no matrix that one could read.
    """
    if true.ndim != 1 or not 2 <= num_classes <= _MAX_CLASSES or (true == predicted).all():
        return None
    if min(predicted.min(), true.min()) < 0 or predicted.max() >= num_classes:
        return None
    counts = np.zeros((num_classes, num_classes), dtype=int)
    np.add.at(counts, (true, predicted), 1)
    mistakes = counts * (1 - np.eye(num_classes, dtype=int))
    pairs = [divmod(int(at), num_classes) for at in np.argsort(-mistakes, axis=None, kind="stable")]
    misread, left = [], _MAX_PICTURES
    for wanted, given in pairs[:_MAX_MISREAD]:
        if mistakes[wanted, given]:
            index = int(np.flatnonzero((true == wanted) & (predicted == given))[0])
            picture = _picture(x, index)
            left -= len(picture)
            misread.append(Misread(index, wanted, given, picture if left >= 0 else ""))
    return Confusion(name, tuple(map(tuple, counts.tolist())), tuple(misread))


def _picture(x: Any, index: int) -> str:
    """An input as PNG in base64; empty where it is no small picture."""
    x = x if isinstance(x, np.ndarray) and x.dtype.kind in "biuf" else np.empty(0)
    if x.ndim == 4 and x.shape[-1] == 1:
        x = x[..., 0]
    if not (x.ndim == 3 or (x.ndim == 4 and x.shape[-1] == 3)) or not {*x.shape[1:3]} <= {*_SIDES}:
        return ""
    levels = x[index].astype(float)
    if not np.isfinite(levels).all():
        return ""
    low, span = levels.min(), np.ptp(levels) or 1.0
    pixels = np.rint(255 * (levels - low) / span).astype(np.uint8)
    if x.ndim == 3 and np.median(pixels) < 128:  # as ink on paper
        pixels = 255 - pixels
    return base64.b64encode(_png(pixels)).decode()


def _png(pixels: Array) -> bytes:
    """Grey values `(height, width)` or colours `(height, width, 3)`, of 8 bits, as a PNG."""
    height, width = pixels.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
