"""One exercise whose cases ask for a value of every kind, and call in every way, from the master to the grade."""

from __future__ import annotations

from pathlib import Path

from tests.masters import write_repository
from tests.notebooks import autograder

GIVEN = """
import dataclasses
import enum
import math
from collections import namedtuple
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import scipy.sparse
import tensorflow as tf
from matplotlib.figure import Figure

from shapes import Square

Pair = namedtuple("Pair", "left right")


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Point:
    x: float
    y: float

    def length(self):
        return (self.x**2 + self.y**2) ** 0.5


class Stack:
    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)
        return self


def drawn():
    made = Figure(figsize=(4, 3))
    axes = made.subplots()
    axes.plot([1, 2], [3, 5], label="loss")
    axes.set(title="Training", xlabel="epoch")
    axes.legend()
    return made


def compiled():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
    network.compile(keras.optimizers.SGD(0.5), "mse", metrics=["mae"])
    return network


def trapezoids(function, a, b, *, n=2):
    return sum(function(a + (b - a) * (i + 0.5) / n) for i in range(n)) * (b - a) / n


def mean_output(model, x):
    return float(np.mean(model(x)))
"""
SHAPES = """
class Square:
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side**2
"""
VALUES = {
    "large": ("math.factorial(30)", "large == math.factorial(30) and large % 31 == 30"),
    "pair": ("Pair(1, 2)", "pair == (1, 2) and pair[1] == 2"),
    "square": ("Square(3)", "square.side == 3 and square.area() == 9"),
    "aware": (
        "datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))",
        "aware.hour == 12 and aware.utcoffset().total_seconds() == 7200",
    ),
    "stamp": ('pd.Timestamp("2024-05-01 12:00", tz="UTC")', "stamp.hour == 12 and stamp.utcoffset().seconds == 0"),
    "words": ('{"a", "b"}', 'words == {"a", "b"}'),
    "fixed": ("frozenset([1, 2])", "fixed == frozenset([2, 1])"),
    "raw": ('b"\\\\x00\\\\xff"', 'raw == b"\\\\x00\\\\xff"'),
    "steps": ("range(0, 10, 5)", "list(steps) == [0, 5]"),
    "day": ("date(2024, 5, 1)", 'day.isoformat() == "2024-05-01"'),
    "noon": ("time(12, 30)", "noon.minute == 30"),
    "moment": ("datetime(2024, 5, 1, 12)", "(moment - moment).total_seconds() == 0 and moment.hour == 12"),
    "span": ("timedelta(minutes=2)", "span.total_seconds() == 120"),
    "price": ('Decimal("1.10")', 'str(price) == "1.10"'),
    "third": ("Fraction(1, 3)", "third * 3 == 1"),
    "place": ('Path("data") / "a.csv"', 'place.suffix == ".csv"'),
    "colour": ("Colour.RED", 'colour.name == "RED"'),
    "colours": ("Colour", "colours.RED.value == 1"),
    "point": ("Point(3, 4)", "point.x == 3 and point.length() == 5"),
    "grid": ("{(0, 1): 0.5}", "grid[0, 1] == 0.5"),
    "phase": ("1 + 2j", "phase.imag == 2"),
    "frame": ('pd.DataFrame({"a": [1, 2], "b": ["x", None]})', 'frame["a"].sum() == 3 and frame["b"].isna().any()'),
    "series": ('pd.Series([1.5], index=["k"])', 'series["k"] == 1.5'),
    "labels": ('pd.Index(["k"], name="key")', 'labels.name == "key"'),
    "sparse": ("scipy.sparse.eye_array(3).tocsr()", "sparse.nnz == 3"),
    "masked": ("np.ma.masked_array([1, 9, 3], [0, 1, 0])", "np.ma.masked_array(masked.data, masked.mask).mean() == 2"),
    "days": ('np.array(["2024-05-01"], "M8[D]")', 'str(days[0]) == "2024-05-01"'),
    "halves": ("tf.constant([1.5], tf.bfloat16)", 'halves.dtype.name == "bfloat16"'),
    "texts": ('tf.constant(["cat", "dog"])', 'texts.tolist() == ["cat", "dog"]'),
    "ragged": ("tf.ragged.constant([[1], [2, 3]])", "[len(row) for row in ragged] == [1, 2]"),
    "layer": ("keras.layers.Dense(3)", "layer.units == 3"),
    "optimiser": ("keras.optimizers.Adam(0.25)", "optimiser.learning_rate == 0.25"),
    "stopping": ("keras.callbacks.EarlyStopping(patience=4)", "stopping.patience == 4"),
    "figure": ("drawn()", 'figure.axes[0].title == "Training" and figure.axes[0].lines[0].y.tolist() == [3, 5]'),
    "dataset": ("tf.data.Dataset.range(4).batch(2)", "[batch.tolist() for batch in dataset] == [[0, 1], [2, 3]]"),
    "squares": ("(n * n for n in range(3))", "list(squares) == [0, 1, 4]"),
    "stack": ("Stack()", "stack.push(2).push(3).items == [2, 3]"),
    "kind": ("Stack", "kind().push(1).items == [1]"),
    "net": ("compiled()", 'net.optimizer.learning_rate == 0.5 and net.loss == "mse" and net.metrics == ["mae"]'),
    "area": ("trapezoids", "area(lambda x: 2 * x, 0, b=4, n=8) == 16"),
    "mean": ("mean_output", "mean(net, np.ones((3, 2), 'float32')) == 2"),
}


def _cells() -> str:
    parts = [
        '# %% [raw]\n# # AUTOGRADER CONFIG\n# title: "Values"\n'
        "# files: [shapes.py]\n"
        f"# points: {len(VALUES)}\n# limits: {{wall_seconds: 300, cell_seconds: 100, memory_mb: 3000}}\n",
        f"# %%{GIVEN}",
        "# %% [raw]\n# # BEGIN QUESTION\n# name: values\n\n# %% [markdown]\n# ## One of each\n",
        "# %% [raw]\n# # BEGIN SOLUTION\n\n# %%\n",
        *(f"{name} = {value}  # SOLUTION\n" for name, (value, _) in VALUES.items()),
        "\n# %% [raw]\n# # END SOLUTION\n\n# %% [raw]\n# # BEGIN TESTS\n",
    ]
    for name, (_, check) in VALUES.items():
        given = ", ".join(dict.fromkeys((name, *(["net"] if name == "mean" else []))))
        parts.append(
            f'# %%\n""" # BEGIN TEST CONFIG\npoints: 1\n""" # END TEST CONFIG\ndef test_{name}({given}):\n'
            f'    """`{name}` is as asked for."""\n    import math\n    import numpy as np\n\n    assert {check}\n'
        )
    parts.append("# %% [raw]\n# # END TESTS\n\n# %% [raw]\n# # END QUESTION\n")
    return "\n".join(parts)


def test_a_value_of_every_kind_reaches_its_case(tmp_path: Path) -> None:
    master = write_repository(tmp_path, _cells().replace("\\\\x", "\\x"), slug="kinds")
    (master.parent / "shapes.py").write_text(SHAPES, encoding="utf-8")
    built = autograder("build", cwd=tmp_path)
    assert built.returncode == 0, built.stdout + built.stderr
    assert f"stub 0, reference {len(VALUES)} of {len(VALUES)} points" in built.stdout
