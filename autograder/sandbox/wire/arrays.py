"""NumPy arrays on the wire: a dtype from an allow-list, a shape, little-endian bytes. Both sides.

The byte count must be the one that dtype and shape imply, and the deserialised array is a read-only view of those
bytes: reading one allocates nothing beyond the bytes received.
"""

from __future__ import annotations

import math
import sys
from typing import Annotated, Any

import msgspec
import numpy as np

from autograder.errors import Unsupported, WireError
from autograder.language import gettext as _
from autograder.records import MAX_WIRE_BYTES

__all__ = ["Array", "pack_array", "unpack_array"]

MAX_DIMENSIONS = 8

_NUMERIC = r"bool|u?int(8|16|32|64)|float(16|32|64)|complex(64|128)"
DType = Annotated[str, msgspec.Meta(pattern=rf"\A(?:{_NUMERIC}|<U[1-9][0-9]{{0,3}})\Z")]
Size = Annotated[int, msgspec.Meta(ge=0, le=MAX_WIRE_BYTES)]

_DTYPES = {
    np.dtype(name): name
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}


class Array(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """An array of numbers, booleans or text.

    Attributes:
        dtype: NumPy's name (`float32`), or `<U7` for text of up to seven characters.
        shape: Empty for a NumPy scalar.
        data: The elements in C order, little-endian.
    """

    dtype: DType
    shape: Annotated[tuple[Size, ...], msgspec.Meta(max_length=MAX_DIMENSIONS)]
    data: bytes


def pack_array(array: np.ndarray[Any, Any]) -> Array:
    """The wire form of an array.

    Raises:
        Unsupported: The dtype is not on the allow-list (objects, dates, records), or the array is too large.
    """
    dtype = array.dtype.newbyteorder("<")
    name = dtype.str if dtype.kind == "U" and 0 < dtype.itemsize <= 4 * 9999 else _DTYPES.get(dtype)
    if name is None:
        if dtype.kind == "O":
            raise Unsupported(
                _("an array of Python objects; give equally long rows of numbers or of texts alone, or a pandas table")
            )
        raise Unsupported(_("an array of {dtype}; give numbers, such as float32").format(dtype=str(dtype)[:60]))
    if array.ndim > MAX_DIMENSIONS:
        raise Unsupported(
            _("an array with {ndim} dimensions; give at most {max_dimensions}").format(
                ndim=array.ndim, max_dimensions=MAX_DIMENSIONS
            )
        )
    if array.nbytes > MAX_WIRE_BYTES:
        raise Unsupported(
            _("an array of {number} MiB; give at most {number2} MiB").format(
                number=array.nbytes >> 20, number2=MAX_WIRE_BYTES >> 20
            )
        )
    return Array(name, array.shape, array.astype(dtype, copy=False).tobytes())


def unpack_array(array: Array) -> np.ndarray[Any, Any]:
    """The array itself, a read-only view of the bytes received.

    Raises:
        WireError: The bytes are not such an array.
    """
    dtype = np.dtype(array.dtype)
    if sys.byteorder == "big":  # else it is the machine's own, and shows itself as `float32`
        dtype = dtype.newbyteorder("<")
    if math.prod(array.shape) * dtype.itemsize != len(array.data):
        raise WireError(f"{len(array.data)} bytes cannot be {array.dtype} of shape {array.shape}")
    # An empty array may have any size along its other axes, and a sum over the empty one would allocate that.
    if math.prod(max(size, 1) for size in array.shape) * dtype.itemsize > MAX_WIRE_BYTES:
        raise WireError(f"an array of shape {array.shape} is too large")
    values = np.frombuffer(array.data, dtype).reshape(array.shape)
    if dtype.kind == "b" and len(array.data) and values.view(np.uint8).max() > 1:
        raise WireError("an array of booleans holds something else")
    if dtype.kind == "U":
        codes = np.frombuffer(array.data, "<u4")
        if ((codes > 0x10FFFF) | (codes >> 11 == 0x1B)).any():
            raise WireError("an array of text holds what is not Unicode")
    return values
