"""Sets, dates, exact numbers, masked and sparse arrays and frames come back as they are; forged parts are refused."""

from __future__ import annotations

import collections
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath

import msgspec
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.errors import WireError
from autograder.sandbox.guest.value_serialiser import serialise
from autograder.sandbox.wire import values
from autograder.sandbox.wire.deserialise import deserialise
from autograder.sandbox.wire.frames import decode, encode
from autograder.sandbox.wire.made_values import _TABLE, MAX_HASHED
from tests.values import same, there_and_back

hashable = st.recursive(
    st.integers(-1000, 1000)
    | st.text(max_size=5)
    | st.dates()
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.booleans(),
    lambda items: st.tuples(items, items) | st.frozensets(items, max_size=3),
    max_leaves=5,
)
made = st.one_of(
    *(st.sets(hashable, max_size=5), st.frozensets(hashable, max_size=5), st.binary(max_size=50)),
    *(st.dates(), st.times(), st.datetimes(), st.datetimes(timezones=st.just(UTC)), st.timedeltas()),
    *(st.decimals(allow_nan=False), st.fractions(), st.complex_numbers(allow_nan=False)),
    st.builds(range, st.integers(-99, 99), st.integers(-99, 99), st.integers(1, 9)),
    st.lists(st.integers(0, 9), max_size=4).map(collections.deque),
    st.dictionaries(hashable, st.integers(0, 9), max_size=5),
)


@given(made | st.lists(made, max_size=3) | st.dictionaries(st.text(max_size=3), made, max_size=3))
def test_values_of_python_come_back_equal(value: object) -> None:
    back = there_and_back(value)
    assert type(back) is type(value)
    assert back == value


times = hnp.arrays(
    st.sampled_from(["M8[D]", "M8[ns]", "m8[s]", "M8[25us]"]).map(np.dtype), hnp.array_shapes(max_dims=2, max_side=4)
)


@given(times)
def test_arrays_of_times(array: np.ndarray) -> None:
    assert same(there_and_back(array), array)
    assert same(there_and_back(array.ravel()[0]), array.ravel()[0])


@given(hnp.arrays(np.float32, (3, 2)), hnp.arrays(bool, (3, 2)))
def test_masked_arrays_keep_their_mask(data: np.ndarray, mask: np.ndarray) -> None:
    back = there_and_back(np.ma.masked_array(data, mask))
    assert type(back).__name__ == "MaskedArray"
    assert same(back.data, data)
    assert same(back.mask, mask)
    assert back.shape == (3, 2)
    assert not np.array_equal(back, data)


@given(
    hnp.arrays(st.sampled_from([np.int32, np.float64, np.bool_]), hnp.array_shapes(min_dims=2, max_dims=2, min_side=0)),
    st.sampled_from(["csr", "csc", "coo"]),
    st.booleans(),
)
def test_sparse_matrices(dense: np.ndarray, form: str, array: bool) -> None:
    sparse = (scipy.sparse.coo_array if array else scipy.sparse.coo_matrix)(dense).asformat(form)
    back = there_and_back(sparse)
    assert type(back) is type(sparse)
    assert same(back.toarray(), sparse.toarray())


def test_bfloat16_and_bytes_that_are_text() -> None:
    from ml_dtypes import bfloat16

    assert same(there_and_back(np.array([1.5, -2], bfloat16)), np.array([1.5, -2], bfloat16))
    assert same(there_and_back(np.array(["a", "größe"], object)), np.array(["a", "größe"]))
    assert same(there_and_back(np.array([b"a", b"bc"])), np.array(["a", "bc"]))
    assert "no text" in serialise(np.array([b"\xff"]), []).reason
    assert "Python objects" in serialise(np.array([1, None]), []).reason


def test_paths_arrive_without_the_file_behind_them() -> None:
    back = there_and_back([Path("/tmp/a.csv"), Path("b") / "c.txt"])
    assert back == [PurePosixPath("/tmp/a.csv"), PurePosixPath("b/c.txt")]
    assert not hasattr(back[0], "read_text")


def test_views_of_a_dict_arrive_as_lists() -> None:
    assert there_and_back([{"a": 1}.keys(), {"a": 1}.values(), {"a": 1}.items()]) == [["a"], [1], [("a", 1)]]


columns = {
    "n": st.lists(st.integers(-(1 << 62), 1 << 62), min_size=4, max_size=4),
    "x": st.lists(st.floats(), min_size=4, max_size=4),
    "text": st.lists(
        st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])), min_size=4, max_size=4
    ),
    "mixed": st.just([1, "a", None, 2.5]),
}


@given(st.fixed_dictionaries(columns))
def test_frames(data: dict[str, list[object]]) -> None:
    frame = pd.DataFrame(data)
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


DATES = pd.date_range("2024-01-01", periods=3)


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame(),
        pd.DataFrame({"a": []}),
        pd.DataFrame(index=[3, 1]),
        pd.DataFrame(
            {"a": ["x", None, "y"], "b": pd.Categorical(["u", "v", "u"]), "c": [True, False, True]}, index=DATES
        ),
        pd.DataFrame({"t": DATES, "z": DATES.tz_localize("UTC"), "d": DATES - DATES[0]}),
        pd.DataFrame({"i": pd.array([1, None, 3], "Int64"), "f": pd.array([True, None, False], "boolean")}),
        pd.DataFrame([[1, 2], [3, 4]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["k", None])),
        pd.DataFrame([[1, 2]], columns=["same", "same"]),
        pd.DataFrame({"g": [1, 1, 2], "v": [1.5, 2.5, 3]}).groupby("g").mean(),
        pd.Series([1.5, 2], index=["a", "b"], name="price"),
        pd.Series(["a", None], dtype="string"),
        pd.Series([(1, 2), (3, 4)]),
        pd.Index(["a", "b"], name="key"),
        pd.RangeIndex(2, 8, 3),
        pd.MultiIndex.from_product([["a"], [1, 2]], names=["x", "y"]),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_values_of_pandas(value: object) -> None:
    back = there_and_back(value)
    if isinstance(value, pd.DataFrame):
        pd.testing.assert_frame_equal(back, value, check_freq=False)
    elif isinstance(value, pd.Series):
        pd.testing.assert_series_equal(back, value)
    else:
        pd.testing.assert_index_equal(back, value)


def test_a_frame_of_times_in_another_zone_arrives_in_utc() -> None:
    local = pd.Series(DATES.tz_localize("Europe/Berlin"))
    assert (there_and_back(local) == local.dt.tz_convert("UTC")).all()


def test_where_pandas_is_not_installed_the_parts_arrive() -> None:
    program = (
        "import sys; sys.modules['pandas'] = None; sys.modules['scipy'] = None; sys.modules['scipy.sparse'] = None;"
        "from autograder.sandbox.wire import values; from autograder.sandbox.wire.deserialise import deserialise;"
        "from autograder.sandbox.wire.frames import decode;"
        "read = lambda: deserialise(decode(bytes.fromhex(sys.stdin.readline()), values.Value));"
        "frame, matrix = read(), read();"
        "print(type(frame).__name__, frame.data[0]['values'].tolist(), matrix.shape, matrix.data.tolist())"
    )
    packed = [encode(serialise(each, [])).hex() for each in (pd.DataFrame({"a": [1, 2]}), scipy.sparse.eye_array(2))]
    done = subprocess.run([sys.executable, "-c", program], input="\n".join(packed), capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("DataFrame [1, 2] [2, 2] [1.0, 1.0]\n", "")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (set(range(MAX_HASHED + 1)), "a set or dict of more than 10,000"),
        (range(10**9), "a range of more than 1,000,000"),
        (Decimal("1e999999"), "a Decimal with so large an exponent"),
        (Fraction(10**2000), "a number of more than 1,000 digits"),
        (scipy.sparse.coo_array((10**6, 10**6)), None),
        (np.datetime64("NaT"), "an array of times without a unit"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_too_large_is_refused(value: object, reason: str | None) -> None:
    if reason is None:
        with pytest.raises(WireError, match="such a shape"):
            there_and_back(value)
        return
    assert serialise(value, []).reason.startswith(reason)


def span(length: int) -> dict[str, object]:
    return {"range": [0, length, 1], "names": [None]}


def packed(value: object) -> object:
    return msgspec.to_builtins(serialise(value, []))


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("eval", "1"),
        ("os.system", "true"),
        ("set", [[1], [2]]),
        ("set", [1, True]),
        ("set", "abc"),
        ("dict", [(1, 2, 3)]),
        ("dict", [((1, 2), 3), ((1, 2), 4)]),
        ("dict", [({"a": 1}, 2)]),
        ("bytes", np.zeros((2, 2), np.uint8)),
        ("bytes", "text"),
        ("range", [0, 10**9, 1]),
        ("range", [0, 10, 0]),
        ("date", "tomorrow"),
        ("datetime", 5),
        ("timedelta", [10**12, 0, 0]),
        ("Decimal", "1e99999999"),
        ("Decimal", "1" * 2_000),
        ("Fraction", ["1", "0"]),
        ("Fraction", ["1e9", "3"]),
        ("complex", ["1", 2]),
        ("datetime64", [np.zeros(2, np.int64), "<U8"]),
        ("datetime64", [np.zeros(2, np.int32), "<M8[D]"]),
        ("datetime64", [np.zeros(2, np.int64), "<M8[D],O"]),
        ("bfloat16", np.zeros(2, np.float32)),
        ("MaskedArray", {"data": np.zeros(3), "mask": np.zeros(2, bool)}),
        ("MaskedArray", [1, 2]),
        ("sparse matrix", {"format": "dia", "matrix": True, "shape": [2, 2]}),
        *(
            ("sparse matrix", {"format": "csr", "matrix": True, "shape": shape, "rows": np.array(rows, np.int64)}
             | {"columns": np.zeros(1, np.int64), "data": np.ones(1)})
            for shape, rows in (([2, 2], [5]), ([2, 2], [-1]), ([1 << 40, 1 << 40], [0]), ([2], [0]), ([2, 2], [0, 1]))
        ),
        ("DataFrame", {"columns": {}, "index": {}, "data": []}),
        ("DataFrame", {"columns": span(0), "index": span(10**9), "data": []}),
        ("DataFrame", {"columns": span(2), "index": span(1), "data": []}),
        ("Series", {"index": span(2), "values": {"type": "", "values": np.zeros(3)}, "name": None}),
        ("Series", {"index": span(1), "values": {"type": "period", "values": np.zeros(1), "missing": np.zeros(1)}}),
        ("Index", {"levels": [], "names": []}),
    ],
    ids=str,
)  # fmt: skip
def test_forged_parts_are_refused(kind: str, parts: object) -> None:
    message = {"type": "Made", "kind": kind, "parts": packed(parts)}
    with pytest.raises(WireError) as refused:
        deserialise(decode(encode(message), values.Value))
    assert len(str(refused.value)) < 300
    assert str(refused.value).isprintable()


small = st.recursive(
    st.none()
    | st.integers(-3, 3)
    | st.text(max_size=4)
    | st.sampled_from([np.arange(2), np.zeros(1), np.array(["a"])]),
    lambda items: (
        st.lists(items, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "values", "missing", "levels", "range", "names", "index", "data", "shape", "mask"]
            ),
            items,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(st.sampled_from(sorted(_TABLE)), small)
def test_any_parts_make_a_value_or_are_refused(kind: str, parts: object) -> None:
    """Whatever the guest writes, nothing else is raised."""
    message = {"type": "Made", "kind": kind, "parts": packed(parts)}
    try:
        deserialise(decode(encode(message), values.Value))
    except WireError as error:
        assert len(str(error)) < 300


def test_collisions_of_hashes_are_bounded() -> None:
    """Numbers can be chosen so that their hashes are the same."""
    assert hash(Fraction(1, 1)) == hash(Fraction(2**61, 1))
    assert timedelta(0) == there_and_back(timedelta(0))
    keys = [(Decimal(number),) for number in range(MAX_HASHED + 1)]
    assert "more than 10,000" in serialise(dict.fromkeys(keys, 1), []).reason


def test_reading_no_frame_imports_no_pandas() -> None:
    program = (
        "import sys; from autograder.sandbox.wire.deserialise import deserialise; from autograder.sandbox.wire import "
        "values; deserialise(values.Made('set', values.List([1]))); print({'pandas', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_datetimes_keep_their_offset() -> None:
    value = datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert there_and_back(value) == value
    assert there_and_back({(date(2024, 5, 1), "a"): 1}) == {(date(2024, 5, 1), "a"): 1}
