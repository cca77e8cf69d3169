"""What cases ask of a student's functions, objects and models, in a real sandbox and in the notebook alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autograder import expect
from autograder.expect.mismatch import Mismatch, Unusable
from autograder.grading.cases.bundle import Bundle
from autograder.grading.cases.namespace import Namespace
from autograder.notebook.serialised_values import SerialisedValues
from autograder.records import Assignment, Cell, Limits, Question
from autograder.sandbox.host.evaluation import Evaluation
from autograder.sandbox.host.session import Session

NOTEBOOK = """
import keras
import numpy as np
import tensorflow as tf

import warnings

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

warnings.simplefilter("error", UserWarning)
houses = pd.DataFrame({"city": ["Bern", "Chur"] * 4, "area": range(8), "price": [9.0, 1] * 4})
by_city = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
by_name = make_pipeline(by_city, LinearRegression())
by_name.fit(houses[["city", "area"]], houses["price"])

def price(table):
    return table["area"] + table["city"].map({"Bern": 8.0, "Chur": 0.0})

class ByName:
    def predict(self, table):
        return price(table[["area", "city"]]).to_frame()

own = ByName()

def table_is(table):
    dtypes = list(map(str, table.dtypes))
    return [type(table).__name__, dtypes, list(table.index), table.index.name, list(table.columns)]

def overwritten(series):
    series.iloc[0] = 9
    return list(series)

def letters(texts):
    return [len(text) for text in texts]

scale = 3

def f(x, *, power=1):
    return scale * x ** power

def integrate(function, a, b, n=4):
    return sum(function(a + (b - a) * (i + 0.5) / n) for i in range(n)) * (b - a) / n

def apply(function, *args):
    return function(*args)

def loss_of(model, x):
    return float(np.mean(np.asarray(model(x)) ** 2)), model is net

def endless(function):
    while True:
        function()

def deaf(function):
    try:
        function()
    except Exception:
        return "all is well"

def passes_a_module(function):
    return function(np)

class Stack:
    kind = "stack"

    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)
        return self

    @property
    def top(self):
        return self.items[-1]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, place):
        return self.items[place]

    def __eq__(self, other):
        return True

    def __contains__(self, item):
        return True

    __hash__ = None

stack = Stack()
numbers = (i * i for i in range(3))
net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
net.compile("sgd", "mse")
odd = tf.data.Dataset.range(6).filter(lambda number: number % 2 == 1)
repeated = tf.data.Dataset.range(3).repeat()
scale = 2
"""
NAMES = (
    *("by_name", "price", "own", "table_is", "overwritten", "letters"),
    "f",
    "integrate",
    "apply",
    "loss_of",
    "endless",
    "deaf",
    "passes_a_module",
    "Stack",
    "stack",
    "numbers",
    "net",
    "odd",
    "repeated",
)


@pytest.fixture(scope="module", params=["grader", "notebook"])
def names(request: pytest.FixtureRequest) -> Iterator[Mapping[str, Any]]:
    if request.param == "notebook":
        found: dict[str, Any] = {"__name__": "__main__"}
        exec(NOTEBOOK.replace("while True", "for _ in range(100_000)"), found)
        yield SerialisedValues(found)
        return
    question, cells = Question("q", 1, names=NAMES), [Cell("code", NOTEBOOK, ("answer:q",))]
    limits = Limits(memory_mb=2000)
    with Session(limits, slot=3) as session, Evaluation(limits, slot=3) as evaluation:
        assert not session.run(cells, {0: [("q", NAMES)]}).cells[0].error
        yield Namespace(
            Bundle(Path(), Assignment("a", "A", (question,)), {}, {}, ""), session, evaluation, question, cells
        )


def test_keyword_arguments(names: Mapping[str, Any]) -> None:
    assert names["f"](5) == 10
    assert names["f"](np.arange(3), power=2).tolist() == [0, 2, 8]
    with pytest.raises(Mismatch, match=r"`f` raised TypeError: .*unexpected keyword"):
        names["f"](5, exponent=2)


def test_tables_stay_tables_whatever_they_are_given_to(names: Mapping[str, Any]) -> None:
    count = 1_100  # three batches
    table = pd.DataFrame(
        {"city": ["Chur", "Bern"] * (count // 2), "area": np.arange(count, dtype="int32"), "price": 0.0},
        index=pd.RangeIndex(5, count + 5, name="house"),
    )
    inputs, right = table[["city", "area"]], np.where(table["city"] == "Bern", 9.0, 1.0)
    np.testing.assert_allclose(names["by_name"].predict(inputs), right, atol=1e-9)
    assert expect.error(names["by_name"], inputs, right, at_most=0.01, name="by_name") < 1e-9
    assert expect.error(names["by_name"], inputs[["area", "city"]], right, at_most=0.01, name="by_name") < 1e-9
    assert names["by_name"].score(inputs, pd.Series(right)) == 1
    for name in ("price", "own"):
        prices = table["area"] + 8 * (table["city"] == "Bern")
        assert expect.error(names[name], table, prices, at_most=0.01, name=name) == 0
    labels = (table["city"] == "Bern").astype(int)
    assert expect.accuracy(names["price"], table.assign(area=0).replace({"Bern": "Chur"}), 0 * labels) == 1
    assert names["table_is"](table.iloc[3:5]) == [
        *("DataFrame", [str(table["city"].dtype), "int32", "float64"], [8, 9], "house", ["city", "area", "price"]),
    ]
    column = table["area"].iloc[:2]
    assert names["overwritten"](column) == [9, 1] and list(column) == [0, 1], "it gets a copy"


def test_texts_are_passed_as_lists_arrays_and_columns(names: Mapping[str, Any]) -> None:
    texts = ["a", "bc"]
    for given in (texts, np.array(texts), np.array(texts, object), pd.Series(texts)):
        assert names["letters"](given) == [1, 2]
    with pytest.raises(TypeError, match=r"a student's function cannot be given an array of .* or a pandas table"):
        names["letters"](np.array(["a", 2.5], object))


def test_the_students_own_functions_and_models_are_passed_on_as_they_are(names: Mapping[str, Any]) -> None:
    assert names["apply"](names["f"], 4) == 8
    assert names["loss_of"](names["net"], np.ones((2, 2), "float32")) == (4.0, True)


def test_functions_of_a_case_are_called_back(names: Mapping[str, Any]) -> None:
    seen = []

    def square(x: float) -> float:
        seen.append(x)
        return x * x

    assert names["integrate"](square, 0, 4, n=4) == 21
    assert seen == [0.5, 1.5, 2.5, 3.5]
    assert names["apply"](np.multiply, 6, 7) == 42


def test_what_such_a_function_raises_is_raised_in_the_case(names: Mapping[str, Any]) -> None:
    def refuses() -> None:
        raise Mismatch("not like this")

    for name in ("apply", "deaf"):
        with pytest.raises(Mismatch, match="not like this"):
            names[name](refuses)
    with pytest.raises(Unusable, match="a module; give a value"):
        names["passes_a_module"](lambda given: 1)
    assert names["apply"](lambda: 1) == 1


def test_what_cannot_be_passed_is_the_authors_fault(names: Mapping[str, Any]) -> None:
    with pytest.raises(TypeError, match="a student's function cannot be given an object of the class object"):
        names["f"](object())
    with pytest.raises(TypeError, match="cannot be given the path of a file that it cannot open"):
        names["f"](Path("/hidden/labels.csv"))


def test_objects_are_asked(names: Mapping[str, Any]) -> None:
    stack = names["Stack"]()
    assert type(stack).__name__ == "Stack"
    assert stack.push(1).push("two").top == "two"
    assert (stack.kind, stack.items, len(stack), stack[0]) == ("stack", [1, "two"], 2, 1)
    assert names["apply"](names["Stack"]).items == []
    with pytest.raises(Mismatch, match=r"`Stack.top` raised IndexError"):
        _ = names["stack"].top
    with pytest.raises(AttributeError, match="Stack has no 'size' that the grader can see"):
        _ = stack.size
    with pytest.raises(AttributeError, match="cannot be changed"):
        stack.kind = "queue"


def test_an_object_that_equals_everything_equals_nothing(names: Mapping[str, Any]) -> None:
    stack = names["stack"]
    assert stack != 3
    assert stack == names["stack"]
    with pytest.raises(TypeError):
        assert 3 in stack


def test_items_of_a_generator_are_taken_one_by_one(names: Mapping[str, Any]) -> None:
    numbers = names["numbers"]
    assert next(numbers) == 0
    assert list(numbers) == [1, 4]


def test_a_dataset_of_unknown_length(names: Mapping[str, Any]) -> None:
    odd, repeated = names["odd"], names["repeated"]
    assert odd.cardinality is None
    assert list(odd) == [1, 3, 5] == list(odd)
    assert list(repeated.take(4)) == [0, 1, 2, 0]
    with pytest.raises(Mismatch, match="raised TypeError: The dataset length is unknown"):
        len(odd)
    if isinstance(names, Namespace):
        names.begin_case()
    with pytest.raises(AssertionError, match=r"^`OwnedIterator` gives more than the 1,000 items that a check takes"):
        list(repeated)


def test_how_a_model_was_compiled(names: Mapping[str, Any]) -> None:
    net = names["net"]
    assert (type(net.optimizer).__name__, net.optimizer.learning_rate, net.loss) == ("SGD", 0.01, "mse")
    assert type(net.layers[0].kernel_initializer).__name__ == "Ones"
    assert net(np.ones((1, 2), "float32")).tolist() == [[2]]


def test_calls_back_are_counted(names: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.sandbox.host.session.MAX_CALLBACKS", 100)
    if isinstance(names, SerialisedValues):
        pytest.skip("in a student's own process nothing is limited")
    with pytest.raises(Unusable, match="`endless` ended the process"):
        names["endless"](lambda: None)
