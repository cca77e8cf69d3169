"""What a student reads of an array, or of a function that computes one; values → the exact message."""

# ruff: noqa: E501 - a message is one line

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from inline_snapshot import snapshot

from autograder import expect
from autograder.expect.array_differences import difference
from autograder.expect.reference_record import packed_answer, unpacked_answer

TABLE = np.random.default_rng(0).normal(size=(4, 3)).round(3)
ROWS = np.exp(TABLE) / np.exp(TABLE).sum(axis=1, keepdims=True)
COLUMNS = np.exp(TABLE) / np.exp(TABLE).sum(axis=0, keepdims=True)
VECTOR = np.array([1.5, 2.25, -3.0])


def message(check: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(expect.Mismatch) as caught:
        check(*arguments, **options)
    return str(caught.value)


ARRAYS = [
    (TABLE.T, TABLE, snapshot("`w` has shape (3, 4), expected (4, 3): it is transposed, give its `.T`.")),
    (-TABLE, TABLE, snapshot("`w` has the wrong sign (`[0, 0]` is -0.126, expected 0.126).")),
    (np.abs(TABLE), TABLE, snapshot("`w` has the wrong sign in 5 of 12 places (`[0, 1]` is 0.132, expected -0.132).")),
    (
        TABLE * 4,
        TABLE,
        snapshot(
            "`w` is 4 times too large, the length of an axis: is a mean asked for? (`[0, 0]` is 0.504, expected 0.126)."
        ),
    ),
    (
        TABLE / 12,
        TABLE,
        snapshot(
            "`w` is 12 times too small, the length of an axis: is a sum asked for? (`[0, 0]` is 0.0105, expected 0.126)."
        ),
    ),
    (TABLE * 4 / 3, TABLE, snapshot("`w` is divided by 3 where 4 is right (`[0, 0]` is 0.168, expected 0.126).")),
    (TABLE * 2.5, TABLE, snapshot("`w` is 2.5 times what is expected (`[0, 0]` is 0.315, expected 0.126).")),
    (TABLE + 1, TABLE, snapshot("`w` is 1 too large everywhere (`[0, 0]` is 1.126, expected 0.126).")),
    (TABLE**2, TABLE, snapshot("`w` is the square of what is expected (`[0, 0]` is 0.015876, expected 0.126).")),
    (TABLE[::-1], TABLE, snapshot("`w` is in reverse order along axis 0 (`[0, 0]` is -1.265, expected 0.126).")),
    (
        np.roll(TABLE, 1, axis=0),
        TABLE,
        snapshot("`w` is off by one place along axis 0 (`[0, 0]` is -1.265, expected 0.126)."),
    ),
    (
        np.sort(TABLE, axis=None),
        TABLE.ravel(),
        snapshot("`w` has the right values in another order (`[0]` is -1.265, expected 0.126)."),
    ),
    (
        COLUMNS,
        ROWS,
        snapshot(
            "`w` is computed along the wrong axis: the values along axis 1 should sum to the same number (`[0, 0]` is 0.182618, expected 0.290313)."
        ),
    ),
    (TABLE[1:], TABLE, snapshot("`w` has shape (3, 3), expected (4, 3): off by one, the first one is missing.")),
    (np.arange(5), np.arange(6), snapshot("`w` has shape (5,), expected (6,): off by one, the last one is missing.")),
    (np.arange(1, 7), np.arange(6), snapshot("`w` is off by one place along axis 0 (`[0]` is 1, expected 0).")),
    (TABLE.ravel(), TABLE, snapshot("`w` has shape (12,), expected (4, 3): the values are right, reshape it.")),
    (
        TABLE[:, :, None],
        TABLE,
        snapshot("`w` has shape (4, 3, 1), expected (4, 3): the values are right, drop the axis of length 1."),
    ),
    (
        TABLE.sum(axis=0),
        TABLE.sum(axis=1, keepdims=True),
        snapshot("`w` has shape (3,), expected (4, 1): print the shapes of what it is computed from."),
    ),
    (
        VECTOR[:, None] - VECTOR,
        VECTOR,
        snapshot(
            "`w` has shape (3, 3), expected (3,): a row and a column were combined into a table. Give both the same shape first."
        ),
    ),
    (TABLE.round(1), TABLE, snapshot("`w` is rounded to 1 decimal (`[0, 0]` is 0.1, expected 0.126).")),
    (
        TABLE.astype(int),
        TABLE + 0.0,
        snapshot("`w` has lost its decimals, as integers do (`[0, 0]` is 0, expected 0.126)."),
    ),
    (TABLE * 1.001, TABLE, snapshot("`w` is nearly right, up to 0.0013 off (`[0, 0]` is 0.126126, expected 0.126).")),
    (np.zeros_like(TABLE), TABLE, snapshot("`w` is 0 everywhere (`[0, 0]` is 0, expected 0.126).")),
    (
        TABLE + np.eye(4, 3),
        TABLE,
        snapshot(
            "`w` is wrong in 3 of 12 places: `[0, 0]` is 1.126, expected 0.126. Compute that one by hand, and compare."
        ),
    ),
    (
        TABLE * [1, np.inf, 1],
        TABLE,
        snapshot(
            "`w` is NaN or infinite in 4 of 12 places. Look for a division by 0, the logarithm of 0, or an overflow."
        ),
    ),
    (
        np.array(["a", "b"]),
        np.array(["a", "c"]),
        snapshot("`w` is wrong in 1 of 2 places: `[1]` is 'b', expected 'c'. Compute that one by hand, and compare."),
    ),
    (
        np.array([1, 0]),
        np.array([True, False]),
        snapshot("`w` holds int64 values, expected bool. Convert it, or compare."),
    ),
    (7, 3.5, snapshot("`w` is 2 times what is expected (it is 7, expected 3.5).")),
    (-3.5, 3.5, snapshot("`w` has the wrong sign (it is -3.5, expected 3.5).")),
    (4, 3, snapshot("`w` is off by one: one too large (it is 4, expected 3).")),
    (
        (1, 2, 3, 4),
        TABLE,
        snapshot("`w` should be an array (4, 3), got a tuple of 4. Make it an array: `np.array(…)`."),
    ),
    (
        TABLE.tolist(),
        TABLE,
        snapshot("`w` should be an array (4, 3), got a list of 4. Make it an array: `np.array(…)`."),
    ),
    (
        np.mean,
        TABLE,
        snapshot("`w` should be an array (4, 3), got a function. Call it, with its arguments in parentheses."),
    ),
    ("0.5", 0.5, snapshot("`w` should be a number, got text.")),
    (None, TABLE, snapshot("`w` is not defined, or is None. Run the cell that assigns it, and see what it assigns.")),
    (..., TABLE, snapshot("`w` is still the gap `...`. Replace it by your answer.")),
]


@pytest.mark.parametrize(("value", "expected", "text"), ARRAYS, ids=range(len(ARRAYS)))
def test_arrays(value: Any, expected: Any, text: str) -> None:
    assert message(expect.array, value, expected, name="w") == text


DEMANDS = [
    (
        {"shape": (None, 2)},
        snapshot("`w` has shape (4, 3), expected (None, 2). Check along which axis it is computed."),
    ),
    (
        {"shape": (4, 3, 1)},
        snapshot("`w` has shape (4, 3), expected (4, 3, 1). Check along which axis it is computed."),
    ),
    ({"dtype": "int"}, snapshot("`w` should hold int values, received float64. Convert it with `astype`.")),
    ({"dtype": "float32"}, snapshot("`w` should hold float32 values, received float64. Convert it with `astype`.")),
]


@pytest.mark.parametrize(("demand", "text"), DEMANDS, ids=range(len(DEMANDS)))
def test_shapes_and_dtypes(demand: dict[str, Any], text: str) -> None:
    assert message(expect.array, TABLE, name="w", **demand) == text


def test_right_arrays() -> None:
    for value in (TABLE, TABLE.astype("float32"), np.asfortranarray(TABLE), TABLE + 1e-8):
        expect.array(value, TABLE, shape=(4, None), dtype="float")
    expect.array(np.float32(0.1) + np.float32(0.2), 0.3)
    expect.array(np.array([np.nan, np.inf, 1]), [np.nan, np.inf, 1.0])
    expect.array(np.array([]), np.array([]))


@settings(max_examples=200, deadline=None)
@given(
    arrays.arrays(st.sampled_from(["f8", "i8", "?"]), arrays.array_shapes(min_dims=0, max_dims=3, max_side=4)),
    arrays.arrays(st.sampled_from(["f8", "f4", "i8", "?"]), arrays.array_shapes(min_dims=0, max_dims=3, max_side=4)),
)
def test_any_two_arrays_are_equal_or_said_to_differ(one: Any, other: Any) -> None:
    """Whatever it says is one sentence or two, and an array is what it is."""
    assert difference(one, one, 1e-5) == ""
    found = difference(one, other, 1e-5)
    assert "\n" not in found
    if one.shape != other.shape or (not np.array_equal(one, other, equal_nan=True) and one.dtype.kind == "i"):
        assert found.endswith((".", "?"))


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any) -> Any:
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def matrix(random: np.random.Generator) -> Any:
    return random.normal(size=random.integers(1, 5, size=2))


def steps(count: Any) -> Any:
    return count - 1 if count > 3 else count


FUNCTIONS = [
    (
        lambda z: sigmoid(z).T,
        sigmoid,
        matrix,
        snapshot(
            "`f(array([[-0.0757], [ 0.2021]]))` has shape (1, 2), expected (2, 1): it is transposed, give its `.T`."
        ),
    ),
    (
        lambda z: list(sigmoid(z)),
        sigmoid,
        matrix,
        snapshot(
            "`f(array([[-0.6652]]))` should be an array (1, 1) of floats, got a list of 1. Make it an array: `np.array(…)`."
        ),
    ),
    (
        lambda z: print(end=""),
        sigmoid,
        matrix,
        snapshot("`f(array([[-0.6652]]))` returns nothing (None). End it with `return` and your answer."),
    ),
    (3, sigmoid, matrix, snapshot("`f` should be a function, got a number. Write `def f(…):` and `return`.")),
    (
        lambda z: np.exp(z) / np.exp(z).sum(axis=0),
        softmax,
        matrix,
        snapshot(
            "`f(array([[ 0.3587, 1.3225], [-0.0139, 1.0418]]))` is computed along the wrong axis: the values along axis 1 should sum to the same number (`[0, 0]` is 0.592084, expected 0.276121)."
        ),
    ),
    (
        lambda z: z.sum(axis=0),
        lambda z: z.sum(axis=1),
        matrix,
        snapshot(
            "`f(array([[-0.0757], [ 0.2021]]))` has shape (1,), expected (2,): it is computed along the wrong axis."
        ),
    ),
    (
        lambda z: z.mean(),
        lambda z: z.sum(),
        lambda random: random.normal(size=4),
        snapshot(
            "`f` is 0.25 times what is expected: `f(array([ 0.1257, -0.1321, 0.6404, 0.1049]))` is 0.184737, expected 0.738948."
        ),
    ),
    (steps, lambda count: count, range(10), snapshot("`f(4)` is off by one: one too small (it is 3, expected 4).")),
    (
        lambda count: {"n": count},
        [{"n": 1}, {"n": 3}],
        [1, 2],
        snapshot("`f(2)['n']` is off by one: one too small (it is 2, expected 3)."),
    ),
    (lambda count: {"m": count}, [{"n": 1}], [1], snapshot("`f(1)` lacks 'n', expected ['n'].")),
    (
        lambda one, other: (one, other),
        [[1, 2]],
        [(1, 2)],
        snapshot("`f(1, 2)` should be a list of 2, got a tuple of 2."),
    ),
    (lambda text: text.upper(), ["abc"], ["abc"], snapshot("`f('abc')` is 'ABC', expected 'abc'.")),
]


@pytest.mark.parametrize(("function", "answers", "inputs", "text"), FUNCTIONS, ids=range(len(FUNCTIONS)))
def test_functions(function: Any, answers: Any, inputs: Any, text: str) -> None:
    assert message(expect.function, function, inputs, answers, name="f") == text


def test_of_the_inputs_that_fail_the_smallest_is_shown() -> None:
    assert "`f(4)`" in message(expect.function, steps, lambda random: int(random.integers(100)), lambda n: n, name="f")


def loss(w: Any, x: Any) -> Any:
    return ((x @ w) ** 2).mean()


def slope(w: Any, x: Any) -> Any:
    return 2 * x.T @ (x @ w) / len(x)


POINT = [(np.array([1.0, 2.0, 3.0]), np.random.default_rng(0).normal(size=(5, 3)))]
GRADIENTS = [
    (
        lambda w, x: 5 * slope(w, x),
        snapshot(
            "`grad(array([1., 2., 3.]), <an array (5, 3) of floats>)` is 5 times what is expected (`[0]` is 39.5786, expected 7.91571), by finite differences."
        ),
    ),
    (
        lambda w, x: -slope(w, x),
        snapshot(
            "`grad(array([1., 2., 3.]), <an array (5, 3) of floats>)` has the wrong sign (`[0]` is -7.91571, expected 7.91571), by finite differences."
        ),
    ),
    (
        lambda w, x: slope(w, x)[:, None],
        snapshot(
            "`grad(…)` has shape (3, 1), expected (3,): one derivative for each number of the argument. Check the sums in it."
        ),
    ),
    (
        lambda w, x: x,
        snapshot(
            "`grad(…)` has shape (5, 3), expected (3,): one derivative for each number of the argument. Check the sums in it."
        ),
    ),
    (
        lambda w, x: w,
        snapshot(
            "`grad(array([1., 2., 3.]), <an array (5, 3) of floats>)` is wrong in 3 of 3 places: `[0]` is 1, expected 7.91571, by finite differences."
        ),
    ),
]


@pytest.mark.parametrize(("function", "text"), GRADIENTS, ids=range(len(GRADIENTS)))
def test_gradients(function: Any, text: str) -> None:
    assert message(expect.gradient, function, loss, POINT, name="grad") == text


def test_right_functions_and_gradients() -> None:
    expect.function(sigmoid, matrix, sigmoid)
    expect.function(lambda z: sigmoid(z).astype("float32"), matrix, sigmoid)
    expect.gradient(slope, loss, POINT)
    expect.gradient(lambda x, w: slope(w, x), lambda x, w: loss(w, x), [POINT[0][::-1]], argument=1)
    big = np.random.default_rng(1).normal(size=(9, 9))
    expect.gradient(lambda w: 2 * w, lambda w: (w**2).sum(), [big])
    assert "wrong sign" in message(expect.gradient, lambda w: -2 * w, lambda w: (w**2).sum(), [big])


def test_nested_answers_are_compared_to_their_end() -> None:
    right = {"l1": {"w": [{"W": VECTOR, "rows": ({"b": 0},)}]}, "count": 10**30}
    wrong = {"l1": {"w": [{"W": VECTOR, "rows": ({"b": 4},)}]}, "count": 10**30}
    expect.function(lambda x: copy.deepcopy(right), [1], [right])
    found = message(expect.function, lambda x: wrong, [1], [right], name="f")
    assert found.startswith("`f(1)['l1']['w'][0]['rows'][0]['b']` is 4, expected 0.")
    found = message(expect.function, lambda x: right | {"count": 10**30 + 1}, [1], [right], name="f")
    assert found.startswith(f"`f(1)['count']` is {10**30 + 1}, expected {10**30}.")
    expect.function(lambda x: 10**30, [1], [1e30])
    packed = json.loads(json.dumps(packed_answer(right["count"])))
    assert unpacked_answer(packed) == 10**30


def test_long_inputs_are_one_readable_line() -> None:
    inputs = [(TABLE, TABLE, np.array(["a" * 500]), {key: key for key in range(90)}, "x" * 70, "y" * 70)]
    found = message(expect.function, lambda *_: "no", inputs, ["yes"], name="f")
    of_floats = "<an array (4, 3) of floats>"
    assert found.startswith(f"`f({of_floats}, {of_floats}, <an array (1,) of texts>, <a dict of 90>, 'xxx")
    assert len(found.partition(")` is ")[0]) < 210
    keys = dict.fromkeys(range(90))
    found = message(expect.function, lambda _: dict(list(keys.items())[1:]), [1], [keys], name="f")
    assert found == "`f(1)` lacks 0, expected [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …]."


def root(number: Any) -> Any:
    if number < 0:
        raise KeyError("negative")
    return number**0.5


RAISES = [
    (
        (-1,),
        {"error": "ValueError"},
        snapshot("`root(-1)` raises KeyError, expected ValueError. Raise that one, before anything else fails."),
    ),
    (
        (4,),
        {"error": "ValueError"},
        snapshot("`root(4)` returns a number, expected it to raise ValueError. Write `raise ValueError(…)`."),
    ),
    (
        (-1,),
        {"error": "KeyError", "message": "not negative"},
        snapshot("`root(-1)` raises KeyError with the text \"'negative'\", expected 'not negative' in it."),
    ),
]


@pytest.mark.parametrize(("arguments", "options", "text"), RAISES, ids=range(len(RAISES)))
def test_errors(arguments: Any, options: Any, text: str) -> None:
    assert message(expect.raises, root, *arguments, name="root", **options) == text


def test_right_errors() -> None:
    for error in ("KeyError", "LookupError", "Exception"):
        expect.raises(root, -1, error=error, message="negative")


TEXTS = [
    (
        "hello there world",
        {"equal_to": "Hello world"},
        snapshot("`t` is 'hello there world', expected 'Hello world'. Word 2 differs."),
    ),
    ("hello", {"equal_to": "Hello world"}, snapshot("`t` is 'hello', expected 'Hello world'. It ends too early.")),
    ("hello", {"contains": ["hello", "relu"]}, snapshot("`t` lacks 'relu', it is 'hello'. Add what is missing.")),
    (
        "hello",
        {"pattern": r"\d"},
        snapshot("`t` is 'hello', which is not of the form that is asked for. Compare it with that."),
    ),
    (3, {}, snapshot("`t` should be text, received 3. Put it in quotation marks.")),
]


@pytest.mark.parametrize(("value", "demand", "text"), TEXTS, ids=range(len(TEXTS)))
def test_texts(value: Any, demand: dict[str, Any], text: str) -> None:
    assert message(expect.text, value, name="t", **demand) == text


def test_right_texts() -> None:
    assert expect.text(" Hello  World", "hello world", contains=["WORLD"], pattern="W") == " Hello  World"


def test_a_table_among_the_inputs_is_named_in_one_line() -> None:
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"text": ["a", "b"]})
    text = message(expect.function, lambda given: len(given) + 1, [table], len, name="count")
    assert text.endswith("`count(<a DataFrame (2, 1)>)` is 3, expected 2.")
