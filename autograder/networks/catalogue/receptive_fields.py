"""What one unit of a layer sees of the layer before: the receptive field's single steps. Both sides.

The live network's page walks them back to the drawing. Each is a small JSON object:

    {"see": "unit"}                                            the unit in the same place, of every channel or its own
    {"see": "window", "size": [h, w], "strides": [h, w], "before": [top, left]}
                                                               a window, `before` of it outside where padding begins
    {"see": "place", "shape": [h, w, channels]}                the same number in another shape
    {"see": "all"}                                             everything
"""

from __future__ import annotations

from typing import Any

__all__ = ["ALL", "UNIT", "ReceptiveField", "Shape", "along", "window"]

ReceptiveField = dict[str, Any]

Shape = tuple[int, ...]
"""Of a tensor without the batch, channels last."""

ALL: ReceptiveField = {"see": "all"}
UNIT: ReceptiveField = {"see": "unit"}


def along(axis: int, y: Shape) -> ReceptiveField:
    """Of a layer that compares the numbers along one axis: with channels that is one place of an image."""
    return UNIT if len(y) > 1 and axis in (-1, len(y)) else ALL


def window(x: Shape, size: Shape, strides: Shape, dilation: Shape, padding: str) -> ReceptiveField:
    """Of a window that slides over an image."""
    spans = [(each - 1) * step + 1 for each, step in zip(size, dilation, strict=True)]
    before = [0, 0]
    if padding == "same":
        # TensorFlow pads as little as needed, and puts an odd pixel behind.
        before = [
            max((-(-length // stride) - 1) * stride + span - length, 0) // 2
            for length, stride, span in zip(x[:2], strides, spans, strict=True)
        ]
    return {"see": "window", "size": spans, "strides": list(strides), "before": before}
