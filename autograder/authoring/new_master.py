"""`autograder new`: a small, complete master to begin with, and a table that it gives to students. Trusted side."""

from __future__ import annotations

from pathlib import Path

from autograder import __version__
from autograder.authoring.build import find_root
from autograder.authoring.master import NAME
from autograder.errors import UsageError
from autograder.files import write_whole

__all__ = ["write_new"]

TABLE = "x,y,label\n" + "".join(
    f"{x / 4:.2f},{y / 4:.2f},{int(x * x + y * y < 8)}\n" for x in range(-4, 5) for y in range(-4, 5)
)
MASTER = '''\
# %% [raw]
# # AUTOGRADER CONFIG
# title: "{slug}: a title"
# install: ./keras_autograder-{version}-py3-none-any.whl
# files: [points.csv]
# limits: {{cell_seconds: 60}}

# %% [markdown]
# # A title
#
# What it is about. `points.csv` lies beside this notebook: points of a square, and whether they are near its centre.

# %%
import keras
import numpy as np
from keras import layers

# %% [raw]
# # BEGIN QUESTION
# name: table

# %% [markdown]
# ## 1 · The table
#
# **Read `points.csv`**: the first two columns into `x_train`, the third, as integers, into `y_train`.

# %% [raw]
# # BEGIN SOLUTION

# %%
rows = np.loadtxt("points.csv", delimiter=",", skiprows=1)
x_train = rows[:, :2]  # SOLUTION
y_train = rows[:, 2].astype(int)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_columns(x_train, y_train):
    """`x_train` and `y_train` have a row for each point."""
    assert x_train.shape == (81, 2), f"`x_train` has shape {{x_train.shape}}, expected (81, 2)"
    assert y_train.shape == (81,), f"`y_train` has shape {{y_train.shape}}, expected (81,)"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: network

# %% [markdown]
# ## 2 · A network
#
# **Build `model`** for two inputs: a dense layer with 8 units and ReLU, then one with 2 units and softmax.

# %% [raw]
# # BEGIN SOLUTION

# %%
# BEGIN SOLUTION
model = keras.Sequential(
    [keras.Input((2,)), layers.Dense(8, activation="relu"), layers.Dense(2, activation="softmax")]
)
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 4
""" # END TEST CONFIG
def test_layers(model):
    """`model` has the layers of the exercise."""
    from autograder import expect

    hidden = [expect.layer("Dense", units=8), expect.layer("ReLU")]
    output = [expect.layer("Dense", units=2), expect.layer("Softmax")]
    expect.layers(model, [*hidden, *output], partial=True)

# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
failure_message: Look at the summary. What does the network take, and how many units has each layer?
""" # END TEST CONFIG
def test_parameters(model):
    """`model` has the right number of parameters."""
    from autograder import expect

    expect.parameters(model, total=42)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: why
# manual: true
# points: 2
# rubric: |
#   - **2**: without it, the two layers are one, and its border is a straight line.

# %% [markdown]
# ## 3 · Why the ReLU?
#
# **What could the network not do without it?** One sentence.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# Two dense layers in a row are one dense layer, which draws a straight line.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
'''


def write_new(slug: str, start: Path) -> Path:
    """Write `reference/SLUG/master.py`, and the table that it names.

    Args:
        slug: The exercise's name.
        start: Where to look for the repository: here or above; if there is none, it begins here.

    Returns:
        The master's path.

    Raises:
        UsageError: The name cannot be one, or is taken.
        AutograderError: The files cannot be written.
    """
    if not NAME.fullmatch(slug):
        raise UsageError(f"{slug!r} is no name for an exercise: use small letters, digits and _. Choose another.")
    try:
        root = find_root(start)
    except UsageError:
        root = start
    folder = root / "reference" / slug
    if folder.exists():
        raise UsageError(f"{folder} is there already. Choose another name.")
    write_whole(folder / "points.csv", [TABLE.encode()], shared=True)
    write_whole(folder / "master.py", [MASTER.format(slug=slug, version=__version__).encode()], shared=True)
    return folder / "master.py"
