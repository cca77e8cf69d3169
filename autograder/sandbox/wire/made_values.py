"""Values that are made from plain data: sets, dates, exact numbers, masked and sparse arrays, frames. Both sides.

A table says how each is taken apart and how it is made. Making one calls the ordinary constructor on checked parts: no
name that was received is looked up, nothing is evaluated. SciPy and pandas are imported when the first such value is
read; where one is not installed, its parts arrive as attributes.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from autograder.errors import Unsupported, WireError
from autograder.language import gettext as _
from autograder.object_view import object_view
from autograder.wording import one_line

__all__ = ["MAX_HASHED", "is_wide", "key_of", "made_from", "parts_of", "special_array"]

MAX_HASHED = 10_000
"""Items of a set, or keys of a dict, that are no numbers or texts: their hashes can be made to be all the same."""
MAX_LENGTH = 1_000_000
"""Of a range, which a check may make a list of."""
MAX_DIGITS = 1_000
MAX_BITS = 3_318
"""Of an integer: they have fewer digits than that, a sign included."""
MAX_SPARSE = 1 << 31
"""Elements of a sparse matrix, zeros included: a check may make a dense one of it."""
MAX_SPARSE_SIDE = 10_000_000
LINES_WITHOUT_ENTRY, LINES_PER_ENTRY = 1_000, 64
"""A matrix of more rows or columns than that is left as its entries alone, which take no more memory than received."""


class _Made(NamedTuple):
    """How a value is taken apart into plain data, which may hold further such values, and made of that again.

    `make` may raise anything where the parts are wrong.
    """

    parts: Callable[[Any], Any]
    make: Callable[[Any], Any]


def key_of(mro: Iterable[tuple[str, str]]) -> str:
    """The entry for the first of some classes, as package and name, that has one; empty if none has."""
    return next((_CLASSES[each] for each in mro if each in _CLASSES), "")


def parts_of(key: str, value: Any) -> Any:
    """What a value of this entry consists of; raises `Unsupported` where it is too large."""
    return _TABLE[key].parts(value)


def made_from(key: str, parts: Any) -> Any:
    """The value of these parts.

    Raises:
        WireError: The sender's fault: there is no such entry, or these are not its parts.
        MemoryError: The value takes more memory than there is.
    """
    if key not in _TABLE:
        raise WireError(f"no value is made as {key[:40]!r}")
    try:
        return _TABLE[key].make(parts)
    except ImportError:
        return object_view(key, parts)
    except MemoryError:  # is no fault of the sender's
        raise
    except Exception as error:  # whatever the parts are, and whatever the libraries raise
        raise WireError(f"the parts of a {key} are none: {one_line(str(error), 200)}") from error


def is_wide(value: Any) -> bool:
    """Whether a value is an integer beyond 64 bits, which is sent as its digits."""
    return issubclass(type(value), int) and not -(1 << 63) <= int.__int__(value) < 1 << 63


def special_array(array: np.ndarray[Any, Any]) -> str:
    """The entry for an array whose elements are no numbers, booleans or text; empty for any other."""
    if array.dtype.kind in "mM":
        return "datetime64"
    return array.dtype.name if array.dtype.name in ("bfloat16",) else ""


# ---------------------------------------------------------------- Python


def _hashed(items: list[Any]) -> list[Any]:
    if type(items) is not list or len(items) > MAX_HASHED:
        raise Unsupported(
            _("a set or dict of more than {max_hashed:,}, with keys other than numbers and text").format(
                max_hashed=MAX_HASHED
            )
        )
    return items


def _listed(items: Any) -> list[Any]:
    """A list that was received as such: one made of a range takes far more memory than its wire form."""
    if type(items) is not list:
        raise ValueError("no list")
    return items


def _array(value: Any) -> np.ndarray[Any, Any]:
    """An array that was received as such, likewise; an object could say anything of itself."""
    if not isinstance(value, (np.ndarray, np.generic)):
        raise ValueError("no array")
    return np.asarray(value)


def _distinct(made: Any, count: int) -> Any:
    if len(made) != count:
        raise ValueError("the same item twice")
    return made


def _range(parts: list[int]) -> range:
    found = range(*parts)
    # `len` raises where the range is longer than a list can be
    if len(found) > MAX_LENGTH:
        raise Unsupported(_("a range of more than {max_length:,}").format(max_length=MAX_LENGTH))
    return found


def _decimal(text: str) -> Decimal:
    """Without an exponent that would make an integer of it endless."""
    number = Decimal(_short(text))
    if number.is_snan():
        raise Unsupported(_("a signalling NaN, which nothing can be compared with"))
    if number.is_finite() and abs(number.adjusted()) > MAX_DIGITS:
        raise Unsupported(_("a Decimal with so large an exponent"))
    return number


def _digits(number: int) -> str:
    if number.bit_length() > MAX_BITS:  # of more than some thousand digits, Python refuses to write any
        raise Unsupported(
            _("an integer of {max_digits:,} digits or more; give a smaller one, or a float").format(
                max_digits=MAX_DIGITS
            )
        )
    return str(number)


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]+", _short(text)):
        raise ValueError("no integer")
    return int(text)


def _short(text: str) -> str:
    if type(text) is not str or len(text) > MAX_DIGITS:
        raise Unsupported(_("a number of more than {max_digits:,} digits").format(max_digits=MAX_DIGITS))
    return text


def _bytes(array: Any) -> bytes:
    if _array(array).dtype != np.uint8 or array.ndim != 1:
        raise ValueError("no bytes")
    return array.tobytes()  # type: ignore[no-any-return]


# ---------------------------------------------------------------- NumPy, TensorFlow


def _unit(parts: list[Any]) -> Any:
    """An array of times from whole numbers and a dtype such as `<M8[ns]`."""
    numbers, dtype = _array(parts[0]), parts[1]
    if numbers.dtype != np.int64 or not re.fullmatch(r"<[mM]8\[[0-9]{0,4}[A-Za-z]{1,2}\]", dtype):
        raise ValueError("no times")
    return numbers.view(dtype)[()]


def _times(value: Any) -> list[Any]:
    array = np.asarray(value)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if "[" not in array.dtype.str:
        raise Unsupported(_("an array of times without a unit; give one, such as datetime64[D]"))
    return [array.view(np.int64), array.dtype.str]


def _bfloat16(bits: Any) -> Any:
    array = _array(bits)
    if array.dtype != np.uint16:
        raise ValueError("no bfloat16")
    try:
        from ml_dtypes import bfloat16
    except ImportError:
        return (array.astype(np.uint32) << 16).view(np.float32)[()]
    return array.view(bfloat16)[()]


def _masked(parts: dict[str, Any]) -> Any:
    data, mask = _array(parts["data"]), _array(parts["mask"])
    if data.shape != mask.shape or mask.dtype != bool:
        raise ValueError("no mask")
    # No array: a comparison skips what is masked, so that one with everything wrong masked would pass.
    return object_view("MaskedArray", {"data": data, "mask": mask, "shape": data.shape, "dtype": data.dtype.name})


def _rows(ragged: Any) -> list[Any]:
    """The rows of a ragged tensor: arrays of different lengths, or lists of those."""
    splits = ragged.row_splits.numpy()
    inner = ragged.values
    values = inner.numpy() if not hasattr(inner, "row_splits") else _rows(inner)
    return [values[begin:end] for begin, end in pairwise(splits)]


def _sparse_parts(value: Any) -> dict[str, Any]:
    import scipy.sparse

    if value.ndim != 2:
        raise Unsupported(_("a sparse array with {ndim} dimensions; give two").format(ndim=value.ndim))
    entries = value.tocoo()
    return {
        "format": value.format if value.format in _FORMATS else "csr",
        "matrix": isinstance(value, scipy.sparse.spmatrix),
        "shape": list(map(int, value.shape)),
        "rows": entries.row.astype(np.int64),
        "columns": entries.col.astype(np.int64),
        "data": entries.data,
    }


def _sparse_tensor_parts(value: Any) -> dict[str, Any]:
    shape, places = value.dense_shape.numpy().tolist(), value.indices.numpy()
    if len(shape) != 2:
        raise Unsupported(_("a sparse tensor with {count} dimensions; give two").format(count=len(shape)))
    entries = {"rows": places[:, 0], "columns": places[:, 1], "data": value.values.numpy()}
    return {"format": "coo", "matrix": False, "shape": shape, **entries}


_FORMATS = ("csr", "csc", "coo")


def _sparse(parts: dict[str, Any]) -> Any:
    height, width = parts["shape"]
    rows, columns, data = arrays = [_array(parts[name]) for name in ("rows", "columns", "data")]
    if not (0 <= height <= MAX_SPARSE_SIDE and 0 <= width <= MAX_SPARSE_SIDE and height * width <= MAX_SPARSE):
        raise Unsupported(_("a sparse matrix of such a shape"))
    if any(each.ndim != 1 or each.shape != data.shape for each in arrays) or data.dtype.kind not in "biufc":
        raise ValueError("no entries")
    if any(each.dtype != np.int64 for each in arrays[:2]) or parts["format"] not in _FORMATS:
        raise ValueError("no places")
    if data.size and not (0 <= rows.min() <= rows.max() < height and 0 <= columns.min() <= columns.max() < width):
        raise ValueError("places outside")
    import scipy.sparse

    make = scipy.sparse.coo_matrix if parts["matrix"] is True else scipy.sparse.coo_array
    made = make((data, (rows, columns)), shape=(height, width))
    lines = {"csr": height, "csc": width, "coo": 0}[parts["format"]]  # for each of which there is a number in memory
    return made if lines > LINES_WITHOUT_ENTRY + LINES_PER_ENTRY * data.size else made.asformat(parts["format"])


# ---------------------------------------------------------------- pandas

_NULLABLE = ("boolean", "Float32", "Float64", *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)))
_TEXTS = ("object", "str", "string")


def _column_parts(values: Any) -> dict[str, Any]:
    """The values of a series or an index."""
    import pandas as pd

    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        codes = pd.Categorical(values).codes.astype(np.int64)
        categories = _column_parts(dtype.categories)
        return {"type": "category", "values": codes, "categories": categories, "ordered": bool(dtype.ordered)}
    if isinstance(dtype, pd.DatetimeTZDtype):
        return {"type": "UTC", "values": pd.DatetimeIndex(values).tz_convert("UTC").tz_localize(None).to_numpy()}
    if isinstance(dtype, np.dtype) and dtype.kind in "biufcmM":
        return {"type": "", "values": values.to_numpy()}
    missing = np.asarray(values.isna())
    if str(dtype) in _NULLABLE:
        plain = values.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0))
        return {"type": str(dtype), "values": plain, "missing": missing}
    items = list(values)
    if str(dtype) in _TEXTS and all(gone or type(item) is str for item, gone in zip(items, missing, strict=True)):
        texts = np.array(["" if gone else item for item, gone in zip(items, missing, strict=True)], dtype=str)
        return {"type": str(dtype), "values": texts if len(texts) else texts.astype("<U1"), "missing": missing}
    return {"type": "items", "values": items}


def _column(parts: dict[str, Any]) -> Any:
    import pandas as pd

    kind, values = parts["type"], parts["values"]
    if kind == "items":
        made = np.empty(len(_listed(values)), dtype=object)
        made[:] = [*values, None][:-1]
        return made
    if _array(values).ndim != 1:
        raise ValueError("no column")
    if kind == "category":
        return pd.Categorical.from_codes(
            values, pd.Index(_column(parts["categories"])), ordered=parts["ordered"] is True
        )
    if kind == "UTC":
        return pd.DatetimeIndex(values).tz_localize("UTC").array
    if kind == "":
        return values
    missing = _array(parts["missing"])
    if missing.dtype != bool or missing.shape != values.shape or kind not in (*_NULLABLE, *_TEXTS):
        raise ValueError("no column")
    if kind in _NULLABLE:
        made = pd.array(values, dtype=kind)
        made[missing] = pd.NA
        return made
    made = values.astype(object)
    made[missing] = None
    return made if kind == "object" else pd.array(made, dtype=kind)


def _index_parts(index: Any) -> dict[str, Any]:
    import pandas as pd

    names = list(index.names)
    if isinstance(index, pd.RangeIndex):
        return {"range": [index.start, index.stop, index.step], "names": names}
    if isinstance(index, pd.MultiIndex):
        levels = [_column_parts(index.get_level_values(level)) for level in range(index.nlevels)]
        return {"levels": levels, "names": names}
    return {"levels": [_column_parts(index)], "names": names}


def _index(parts: dict[str, Any]) -> Any:
    import pandas as pd

    names = parts["names"]
    if "range" in parts:
        return pd.RangeIndex(*_range_bounds(parts["range"]), name=names[0])
    levels = [_column(level) for level in parts["levels"]]
    if len(levels) == 1:
        return pd.Index(levels[0], name=names[0], tupleize_cols=False)
    return pd.MultiIndex.from_arrays(levels, names=names)


def _range_bounds(parts: list[int]) -> tuple[int, int, int]:
    found = _range(parts)
    return found.start, found.stop, found.step


def _frame_parts(frame: Any) -> dict[str, Any]:
    columns = [_column_parts(frame.iloc[:, at]) for at in range(frame.shape[1])]
    return {"columns": _index_parts(frame.columns), "index": _index_parts(frame.index), "data": columns}


def _frame(parts: dict[str, Any]) -> Any:
    import pandas as pd

    made = pd.DataFrame(dict(enumerate(map(_column, parts["data"]))), index=_index(parts["index"]))
    made.columns = _index(parts["columns"])
    return made


def _series_parts(series: Any) -> dict[str, Any]:
    return {"index": _index_parts(series.index), "values": _column_parts(series), "name": series.name}


def _series(parts: dict[str, Any]) -> Any:
    import pandas as pd

    return pd.Series(_column(parts["values"]), index=_index(parts["index"]), name=parts["name"])


# ---------------------------------------------------------------- the table

_TABLE = {
    "set": _Made(
        lambda value: _hashed([*set.__iter__(value)]), lambda items: _distinct(set(_hashed(items)), len(items))
    ),
    "frozenset": _Made(
        lambda value: _hashed([*frozenset.__iter__(value)]),
        lambda items: _distinct(frozenset(_hashed(items)), len(items)),
    ),
    "dict": _Made(lambda pairs: _hashed(list(pairs)), lambda pairs: _distinct(dict(_hashed(pairs)), len(pairs))),
    "list": _Made(list, _listed),
    "deque": _Made(lambda value: [*deque.__iter__(value)], lambda items: deque(_listed(items))),
    "bytes": _Made(lambda value: np.frombuffer(bytes(value), np.uint8), _bytes),
    "int": _Made(_digits, _integer),
    "range": _Made(lambda value: [*_range_bounds([value.start, value.stop, value.step])], _range),
    "complex": _Made(lambda value: [value.real, value.imag], lambda parts: complex(*parts)),
    "date": _Made(date.isoformat, date.fromisoformat),
    "datetime": _Made(datetime.isoformat, datetime.fromisoformat),
    "time": _Made(time.isoformat, time.fromisoformat),
    "timedelta": _Made(
        lambda value: [value.days, value.seconds, value.microseconds], lambda parts: timedelta(*map(int, parts))
    ),
    "Decimal": _Made(lambda value: str(_decimal(Decimal.__str__(value))), _decimal),
    "Fraction": _Made(
        lambda value: [_short(str(value.numerator)), _short(str(value.denominator))],
        lambda parts: Fraction(*map(_integer, parts)),
    ),
    "Path": _Made(lambda value: "/".join(value.parts).replace("//", "/"), PurePosixPath),
    "datetime64": _Made(_times, _unit),
    "bfloat16": _Made(lambda value: np.asarray(value).view(np.uint16), _bfloat16),
    "MaskedArray": _Made(lambda value: {"data": np.ma.getdata(value), "mask": np.ma.getmaskarray(value)}, _masked),
    "RaggedTensor": _Made(_rows, _listed),
    "SparseTensor": _Made(_sparse_tensor_parts, _sparse),
    "sparse matrix": _Made(_sparse_parts, _sparse),
    "DataFrame": _Made(_frame_parts, _frame),
    "Series": _Made(_series_parts, _series),
    "Index": _Made(_index_parts, _index),
}

_CLASSES = {
    **{("builtins", name): name for name in ("set", "frozenset", "bytes", "range", "complex")},
    **{("builtins", name): "list" for name in ("dict_keys", "dict_values", "dict_items")},
    **{("builtins", name): "bytes" for name in ("bytearray", "memoryview")},
    **{("datetime", name): name for name in ("date", "datetime", "time", "timedelta")},
    **{("pandas", name): name for name in ("DataFrame", "Series", "Index")},
    ("collections", "deque"): "deque",
    ("decimal", "Decimal"): "Decimal",
    ("fractions", "Fraction"): "Fraction",
    ("pathlib", "PurePath"): "Path",
    ("numpy", "MaskedArray"): "MaskedArray",
    ("scipy", "_spbase"): "sparse matrix",
    ("tensorflow", "RaggedTensor"): "RaggedTensor",
    ("tensorflow", "SparseTensor"): "SparseTensor",
}
"""Package and class → entry of the table."""
