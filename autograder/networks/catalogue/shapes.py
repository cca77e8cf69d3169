"""Arithmetic of shapes, as Keras does it; no batch axis, channels last. Both sides.

By hand, since Keras computes a shape only when it builds the layer: sizes must be known before anything is allocated.
"""

from __future__ import annotations

from math import prod

from autograder.errors import WireError
from autograder.wording import listed

__all__ = ["Shape", "axis_position", "broadcast", "concatenated", "need_image", "reshaped", "window_places"]

Shape = tuple[int, ...]


def need_image(x: Shape) -> None:
    """Insist on `(height, width, channels)`.

    Raises:
        WireError: It is something else.
    """
    if len(x) != 3:
        raise WireError(f"takes images (height, width, channels), got shape {x}")


def axis_position(axis: int, x: Shape) -> int:
    """Where a Keras axis, which counts the batch as axis 0, lies in `x`.

    Raises:
        WireError: It is the batch, or lies outside.
    """
    position = axis - 1 if axis > 0 else axis + len(x)  # axis 0, the batch, falls behind the end
    if not 0 <= position < len(x):
        raise WireError(f"axis {axis} is none of shape {x}")
    return position


def window_places(x: Shape, window: Shape, strides: Shape, padding: str, dilation: Shape) -> Shape:
    """At how many places along each spatial axis of `x` a window can stand.

    Raises:
        WireError: At none, or `x` has another number of spatial axes, or strides and dilation do not go together.
    """
    *spatial, _ = x
    if len(spatial) != len(window):
        raise WireError(f"takes {len(window)} spatial axes and channels, got shape {x}")
    if max(strides) > 1 and max(dilation) > 1:
        raise WireError("strides and dilation_rate cannot both be above 1")
    # TensorFlow pads by the whole reach of a dilated window, so one beyond the image costs memory that nothing shows.
    if any(d > 1 and d * (k - 1) > 2 * n for d, k, n in zip(dilation, window, spatial, strict=True)):
        raise WireError(f"a window of {window} with dilation {dilation} reaches far beyond shape {x}")
    if padding == "valid":
        reach = [d * (k - 1) + 1 for k, d in zip(window, dilation, strict=True)]
    else:
        reach = [1] * len(window)
    places = tuple((n - r) // s + 1 for n, r, s in zip(spatial, reach, strides, strict=True))
    if min(places) < 1:
        raise WireError(f"a window of {window} does not fit into shape {x}")
    return places


def reshaped(x: Shape, target: Shape) -> Shape:
    """`target` with its one -1 filled in.

    Raises:
        WireError: The elements of `x` do not fit.
    """
    elements, count = prod(x), prod(size for size in target if size != -1)
    if target.count(-1) > 1 or count < 1 or elements % count or (-1 not in target and count != elements):
        raise WireError(f"{elements} elements do not fit shape {target}")
    return tuple(elements // count if size == -1 else size for size in target)


def broadcast(*xs: Shape) -> Shape:
    """The common shape of inputs of one rank, sizes of 1 stretched.

    Raises:
        WireError: There is none.
    """
    if len({len(x) for x in xs}) == 1:
        output = tuple(max(sizes) for sizes in zip(*xs, strict=True))
        if all(size in (1, most) for x in xs for size, most in zip(x, output, strict=True)):
            return output
    raise WireError(f"inputs of shapes {_shown(xs)} do not fit each other")


def concatenated(axis: int, *xs: Shape) -> Shape:
    """The shape of inputs one behind the other along `axis`.

    Raises:
        WireError: They differ along another axis.
    """
    at = axis_position(axis, xs[0])
    if len({len(x) for x in xs}) != 1 or len({(*x[:at], *x[at + 1 :]) for x in xs}) != 1:
        raise WireError(f"inputs of shapes {_shown(xs)} do not fit each other along axis {axis}")
    return (*xs[0][:at], sum(x[at] for x in xs), *xs[0][at + 1 :])


def _shown(shapes: tuple[Shape, ...]) -> str:
    return listed([str(shape) for shape in shapes[:4]])
