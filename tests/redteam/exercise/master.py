# %% [raw]
# # AUTOGRADER CONFIG
# title: "Under attack"
# points: 11
# data: [data/attacked_hidden.npz]
# limits: {cell_seconds: 15, cpu_seconds: 40, memory_mb: 1500, call_seconds: 2, case_seconds: 10}

# %% [markdown]
# # Under attack
#
# Every point is for a hidden case, so that a notebook with a point has answered a question.

# %%
import numpy as np

x_train = np.random.default_rng(1).uniform(-1, 1, (600, 2)).astype("float32")
y_train = (np.hypot(x_train[:, 0], x_train[:, 1]) < 0.8).astype(int)

# %% [raw]
# # BEGIN QUESTION
# name: number
# points: 1

# %% [markdown]
# ## 1 · The number that the lecture gave

# %% [raw]
# # BEGIN SOLUTION

# %%
answer = 730_194_621  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 0
""" # END TEST CONFIG
def test_type(answer):
    """`answer` is a number."""
    from autograder import expect

    expect.number(answer, name="answer")

# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
""" # END TEST CONFIG
def test_value(answer):
    """`answer` is right."""
    from autograder import expect

    expect.number(answer, equal_to=730194621, name="answer")  # CANARY-CASE-2f81

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: labels
# points: 3

# %% [markdown]
# ## 2 · A function: the largest column of each row

# %% [raw]
# # BEGIN SOLUTION

# %%
def to_labels(rows):
    return rows.argmax(axis=1)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 3
hidden: true
failure_message: Look at rows you have not seen.
""" # END TEST CONFIG
def test_secret_rows(to_labels, secret_rows):
    """`to_labels` on hidden rows."""
    import numpy as np

    got = np.asarray(to_labels(secret_rows))
    assert got.shape == (len(secret_rows),), f"shape {got.shape}"
    assert (got == secret_rows.argmax(axis=1)).all(), f"CANARY-DETAIL-63b7 expected {secret_rows.argmax(axis=1)}"

# %%
""" # BEGIN TEST CONFIG
points: 0
""" # END TEST CONFIG
def test_public_rows(to_labels):
    """`to_labels` on two rows."""
    import numpy as np

    got = np.asarray(to_labels(np.array([[1.0, 2.0, 0.5], [3.0, 2.0, 0.5]])))
    assert got.tolist() == [1, 0], f"expected [1, 0], got {got.tolist()}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: table
# points: 1

# %% [markdown]
# ## 3 · A dictionary `sizes` with `rows` and `columns` of `x_train`

# %% [raw]
# # BEGIN SOLUTION

# %%
sizes = {"rows": 600, "columns": 2}  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 0
""" # END TEST CONFIG
def test_keys(sizes):
    """`sizes` has both keys."""
    from autograder import expect

    expect.mapping(sizes, ["rows", "columns"], name="sizes")

# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
""" # END TEST CONFIG
def test_sizes(sizes):
    """`sizes` is right."""
    from autograder import expect

    given = expect.mapping(sizes, ["rows", "columns"], name="sizes")
    expect.number(given["rows"], equal_to=600, name="rows")
    expect.number(given["columns"], equal_to=2, name="columns")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: net
# points: 4
# accept: rebuilt

# %% [markdown]
# ## 4 · A network `model` of Dense 8 relu, Dense 2 softmax; keep what `fit` returns as `history`

# %% [raw]
# # BEGIN SOLUTION

# %%
# BEGIN SOLUTION NO PROMPT
import keras
from keras import layers

keras.utils.set_random_seed(1)
# END SOLUTION
model = keras.Sequential([keras.Input((2,)), layers.Dense(8, activation="relu"), layers.Dense(2, activation="softmax")])  # SOLUTION
# BEGIN SOLUTION NO PROMPT
model.compile(optimizer=keras.optimizers.Adam(0.05), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
# END SOLUTION
history = model.fit(x_train, y_train, epochs=15, verbose=0)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 0
""" # END TEST CONFIG
def test_history(history):
    """`history` is there."""
    from autograder import expect

    expect.history(history, epochs=3, name="history")

# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
""" # END TEST CONFIG
def test_layers(model):
    """`model` has the layers."""
    from autograder import expect

    rows = [expect.layer("Dense", units=8), expect.layer("ReLU"), expect.layer("Dense", units=2), expect.layer("Softmax")]
    expect.layers(model, rows, partial=True)

# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
failure_message: Not so well on other points.
""" # END TEST CONFIG
def test_unseen(model, secret_x, secret_y):
    """`model` on hidden points."""
    from autograder import expect

    expect.accuracy(model, secret_x, secret_y, at_least=0.8)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: classifier
# points: 1

# %% [markdown]
# ## 5 · A `classifier` with the layers of `model`, of any class

# %% [raw]
# # BEGIN SOLUTION

# %%
classifier = model  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
""" # END TEST CONFIG
def test_claimed_layers(classifier):
    """`classifier` has the layers."""
    from autograder import expect

    rows = [expect.layer("Dense", units=8), expect.layer("ReLU"), expect.layer("Dense", units=2), expect.layer("Softmax")]
    expect.layers(classifier, rows, partial=True)
    expect.parameters(classifier, total=42)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: why
# manual: true
# points: 1
# rubric: |
#   - CANARY-RUBRIC-9d04

# %% [markdown]
# ## 6 · Why?

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# CANARY-ANSWER-47aa because.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
