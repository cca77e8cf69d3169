# %% [raw]
# # AUTOGRADER CONFIG
# title: "One unit decides"
# install: ./keras_autograder-0.1.0-py3-none-any.whl

# %% [markdown]
# # One unit decides
#
# Two half moons of points. A network says of each point how likely it belongs to the upper one.

# %%
import keras
import numpy as np
from keras import layers

random = np.random.default_rng(0)
y_train = random.integers(0, 2, 400)
angles = random.uniform(0, np.pi, 400)
x_train = np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.where(y_train, 1, -1)[:, None]
x_train += np.where(y_train, 0, 1)[:, None] * [1, 0.5] + random.normal(scale=0.1, size=(400, 2))

# %% [raw]
# # BEGIN QUESTION
# name: classifier
# points: 10

# %% [markdown]
# ## 1 · The classifier
#
# **Build `model`**: a dense layer with 16 units and ReLU, and one unit with a sigmoid. **Compile it** with Adam, the cross-entropy
# for two classes, and the accuracy. **Train it** until it is right about at least 95 % of the points, and keep what `fit` returns in
# `history`.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(1)

# BEGIN SOLUTION NO PROMPT
model = keras.Sequential([keras.Input((2,)), layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile(keras.optimizers.Adam(0.03), "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, epochs=30, verbose=0)
# END SOLUTION
""" # BEGIN PROMPT
model = history = ...
""" # END PROMPT

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 3
""" # END TEST CONFIG
def test_layers(model):
    """`model` has the two layers of the exercise."""
    from autograder import expect

    rows = [expect.layer("Dense", units=16, activation="relu"), expect.layer("Dense", units=1, activation="sigmoid")]
    expect.layers(model, rows, partial=True)

# %%
""" # BEGIN TEST CONFIG
points: 3
""" # END TEST CONFIG
def test_compiled(model):
    """`model` is compiled with Adam, the cross-entropy for two classes, and the accuracy."""
    from autograder import expect

    expect.compiled(model, optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])

# %%
""" # BEGIN TEST CONFIG
points: 4
hidden: true
failure_message: Look at the accuracy in `history.history`. Does it still rise?
""" # END TEST CONFIG
def test_unseen_points(model):
    """`model` is right about points that it has not seen."""
    import numpy as np

    from autograder import expect

    random = np.random.default_rng(8)
    y = random.integers(0, 2, 500)
    angles = random.uniform(0, np.pi, 500)
    x = np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.where(y, 1, -1)[:, None] + np.where(y, 0, 1)[:, None] * [1, 0.5]
    expect.accuracy(model, x, y, at_least=0.93)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
