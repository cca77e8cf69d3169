from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.errors import Unsupported, WireError
from autograder.sandbox.wire.arrays import Array, pack_array, unpack_array
from autograder.sandbox.wire.frames import decode, encode


def there_and_back(array: np.ndarray) -> np.ndarray:
    return unpack_array(decode(encode(pack_array(array)), Array))


numbers = hnp.arrays(
    st.one_of(hnp.boolean_dtypes(), hnp.integer_dtypes(), hnp.unsigned_integer_dtypes())
    | hnp.floating_dtypes(sizes=(16, 32, 64))
    | hnp.complex_number_dtypes(sizes=(64, 128)),
    hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
)


@given(numbers, st.booleans(), st.booleans())
def test_numbers_come_back_equal(array, transposed, reversed_):
    """Of any dtype, byte order, shape and memory layout."""
    array = array.T if transposed else array
    array = array[::-1] if reversed_ and array.ndim else array
    back = there_and_back(array)
    assert (back.dtype, back.shape) == (array.dtype.newbyteorder("<"), array.shape)
    assert back.tobytes() == array.astype(back.dtype).tobytes()


def test_a_dtype_shows_itself_as_in_a_notebook():
    assert repr(there_and_back(np.zeros(3, "float32")).dtype) == "dtype('float32')"


@pytest.mark.parametrize(
    "array",
    [
        np.array(["ada", "größe", ""]),
        np.array([["é𝄞"]]),
        np.array([np.nan, np.inf, -0.0, 5e-324]),
        np.arange(12.0)[::-3],
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    ],
    ids=str,
)
def test_layout_and_text_come_back_equal(array):
    np.testing.assert_array_equal(there_and_back(array), np.asarray(array))


def test_an_array_is_read_only():
    with pytest.raises(ValueError, match="read-only"):
        there_and_back(np.zeros(3))[0] = 1


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.array([[1], None], dtype=object), "an array of Python objects"),
        (np.array(["2024-01-01"], dtype="datetime64[D]"), "an array of datetime64"),
        (np.zeros(2, dtype=[("a", int)]), "an array of"),
        (np.array([b"x"]), r"an array of \|S1"),
        (np.zeros(2, np.longdouble), "float32"),
        (np.zeros((1,) * 9), "9 dimensions"),
        (np.broadcast_to(np.zeros(1), (1 << 28,)), "2048 MiB"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.dtype),
)
def test_what_is_refused_and_why(array, reason):
    with pytest.raises(Unsupported, match=reason):
        pack_array(array)


def hostile(dtype="float32", shape=(2,), data=b"\0" * 8):
    return {"type": "Array", "dtype": dtype, "shape": shape, "data": data}


@pytest.mark.parametrize(
    "message",
    [
        hostile(shape=[3]),
        hostile(shape=[1]),
        hostile(shape=[]),
        hostile(shape=[-2]),
        hostile(shape=[2.0]),
        hostile(shape=[True, 2]),
        hostile(shape=[1 << 40]),
        hostile(shape=[1 << 28] * 8),
        hostile(shape=[0, 1 << 30], data=b""),
        hostile(shape=[0] + [1 << 27] * 7, data=b""),
        hostile(shape=[1] * 9, data=b"\0" * 4),
        hostile(dtype="object"),
        hostile(dtype="O"),
        hostile(dtype="|O"),
        hostile(dtype="<f4"),
        hostile(dtype="float32\n"),
        hostile(dtype="float32,float32", shape=[1]),
        hostile(dtype="datetime64[s]", shape=[1]),
        hostile(dtype="<U0", shape=[1]),
        hostile(dtype="<U99999"),
        hostile(dtype="<U2", shape=[1], data=b"\xff" * 8),
        hostile(dtype="<U2", shape=[1], data=b"\0\xd8\0\0" * 2),
        hostile(dtype="bool", shape=[8], data=b"\1" * 7 + b"\2"),
        hostile(data="text"),
        hostile() | {"allow_pickle": True},
        {"type": "Array", "dtype": "float32", "shape": [2]},
    ],
    ids=repr,
)
def test_hostile_arrays_are_refused_before_memory_is_taken(message):
    data = encode(message)
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            unpack_array(decode(data, Array))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
