# %% [raw]
# # AUTOGRADER CONFIG
# title: "Regression"
# install: ./keras_autograder-0.1.0-py3-none-any.whl

# %% [markdown]
# # Regression
#
# How long does a run take? 400 runs with their length in km, the metres that they go up, and the temperature; and the minutes
# that they took.

# %%
import keras
import numpy as np
from keras import layers

random = np.random.default_rng(0)
x = random.uniform([3, 0, -5], [20, 600, 30], (400, 3))
y = 5 * x[:, 0] + 0.04 * x[:, 1] + 0.02 * (x[:, 2] - 12) ** 2 + random.normal(size=400)
x_train, y_train, x_validation, y_validation = x[:300], y[:300], x[300:], y[300:]

# %% [raw]
# # BEGIN QUESTION
# name: scaling
# points: 3

# %% [markdown]
# ## 1 · Standardise
#
# **Write `standardised(x)`**: of each column its mean is subtracted, and then it is divided by its standard deviation. Both are
# those of `x_train`, whatever `x` is.

# %% [raw]
# # BEGIN SOLUTION

# %%
def standardised(x):
    # BEGIN SOLUTION
    return (x - x_train.mean(axis=0)) / x_train.std(axis=0)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_training_data(standardised, x_train):
    """The training data have the mean 0 and the deviation 1 in each column."""
    from autograder import expect

    expect.array(standardised(x_train), (x_train - x_train.mean(axis=0)) / x_train.std(axis=0), name="standardised(x_train)")

# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
failure_message: Mean and deviation are those of the training data, for other data, too.
""" # END TEST CONFIG
def test_other_data(standardised, x_train):
    """Other data are standardised with the numbers of the training data."""
    import numpy as np

    from autograder import expect

    x = np.random.default_rng(4).uniform([3, 0, -5], [20, 600, 30], (50, 3))
    expect.array(standardised(x), (x - x_train.mean(axis=0)) / x_train.std(axis=0), name="standardised(x)")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: network
# points: 7

# %% [markdown]
# ## 2 · The network
#
# **Build and train `model`** on the standardised training data: a dense layer with 16 units and ReLU, and one unit that gives the
# minutes. Compile it with a loss for numbers. It should be off by less than 3 minutes on average.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(1)

# BEGIN SOLUTION NO PROMPT
model = keras.Sequential([keras.Input((3,)), layers.Dense(16, activation="relu"), layers.Dense(1)])
model.compile(keras.optimizers.Adam(0.1), "mse", metrics=["mae"])
validation = standardised(x_validation), y_validation
model.fit(standardised(x_train), y_train, epochs=30, validation_data=validation, verbose=0)
# END SOLUTION
""" # BEGIN PROMPT
model = ...
""" # END PROMPT

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_layers(model):
    """`model` has a hidden layer, and one unit without an activation."""
    from autograder import expect

    expect.layers(model, [expect.layer("Dense", units=16, activation="relu"), expect.layer("Dense", units=1)], partial=True)

# %%
""" # BEGIN TEST CONFIG
points: 5
hidden: true
failure_message: Is it trained on standardised data, and long enough?
""" # END TEST CONFIG
def test_unseen_runs(model, x_train):
    """`model` is off by less than 3 minutes on runs that it has not seen."""
    import numpy as np

    from autograder import expect

    x = np.random.default_rng(5).uniform([3, 0, -5], [20, 600, 30], (200, 3))
    y = 5 * x[:, 0] + 0.04 * x[:, 1] + 0.02 * (x[:, 2] - 12) ** 2
    expect.error(model, (x - x_train.mean(axis=0)) / x_train.std(axis=0), y, at_most=3, metric="mae")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
