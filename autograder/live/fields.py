"""What one unit of a layer sees of the layer before: the receptive field's single steps.

The front end walks them back to the drawing. Each is a small JSON object:

    {"see": "unit"}                                            the unit in the same place, of every channel or its own
    {"see": "window", "size": [h, w], "strides": [h, w], "before": [top, left]}
                                                               a window, `before` of it outside where padding begins
    {"see": "place", "shape": [h, w, channels]}                the same number in another shape
    {"see": "all"}                                             everything
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograder.live.chain import Link

__all__ = ["Field", "of"]

Field = dict[str, Any]

ALL: Field = {"see": "all"}
UNIT: Field = {"see": "unit"}

_POINTWISE = {
    "BatchNormalization", "ReLU", "LeakyReLU", "ELU", "PReLU", "Dropout", "SpatialDropout2D", "GaussianNoise",
    "GaussianDropout", "AlphaDropout", "Identity", "Rescaling", "ActivityRegularization",
}  # fmt: skip
_SAME_ORDER = {"Flatten", "Reshape"}


def of(link: Link) -> Field:
    """The field of a layer; for a layer that is not known, everything."""
    layer = link.layer
    if link.kind in _POINTWISE:
        return UNIT
    if link.kind == "Softmax" or (link.kind == "Activation" and getattr(layer.activation, "__name__", "") == "softmax"):
        along_channels = len(link.output_shape) > 1 and getattr(layer, "axis", -1) in (-1, len(link.output_shape))
        return UNIT if along_channels else ALL
    if link.kind == "Activation":
        return UNIT
    if link.kind in _SAME_ORDER:
        return {"see": "place", "shape": list(link.input_shape)}
    if len(link.input_shape) == len(link.output_shape) == 3:
        if link.kind in {"Conv2D", "DepthwiseConv2D", "SeparableConv2D"}:
            return _window(link, layer.kernel_size, layer.strides, layer.dilation_rate)
        if link.kind in {"MaxPooling2D", "AveragePooling2D"}:
            return _window(link, layer.pool_size, layer.strides, (1, 1))
        if link.kind == "ZeroPadding2D":
            (top, _), (left, _) = layer.padding
            return {"see": "window", "size": [1, 1], "strides": [1, 1], "before": [top, left]}
    if link.kind == "Dense" and len(link.input_shape) == 3:
        return UNIT
    return ALL


def _window(link: Link, size: Sequence[int], strides: Sequence[int], dilation: Sequence[int]) -> Field:
    spans = [(each - 1) * step + 1 for each, step in zip(size, dilation, strict=True)]
    before = [0, 0]
    if link.layer.padding == "same":
        # TensorFlow pads as little as needed, and puts an odd pixel behind.
        before = [
            max((-(-length // stride) - 1) * stride + span - length, 0) // 2
            for length, stride, span in zip(link.input_shape[:2], strides, spans, strict=True)
        ]
    return {"see": "window", "size": spans, "strides": list(strides), "before": before}
