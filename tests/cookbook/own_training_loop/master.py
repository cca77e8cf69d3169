# %% [raw]
# # AUTOGRADER CONFIG
# title: "A training loop of your own"
# install: ./keras_autograder-0.1.0-py3-none-any.whl

# %% [markdown]
# # A training loop of your own
#
# What `fit` does: predict, measure, derive, step.

# %%
import keras
import numpy as np
import tensorflow as tf
from keras import layers

random = np.random.default_rng(0)
x_train = random.normal(size=(256, 3)).astype("float32")
y_train = (x_train @ [[2], [-1], [0.5]] + 1).astype("float32")

# %% [raw]
# # BEGIN QUESTION
# name: derive
# points: 4

# %% [markdown]
# ## 1 · Derive
#
# **Write `gradient(w, x, y)`** with `tf.GradientTape`: the derivative by `w`, of shape `(3, 1)`, of the mean squared error of
# `x @ w` and `y`. All three are NumPy arrays.

# %% [raw]
# # BEGIN SOLUTION

# %%
def gradient(w, x, y):
    # BEGIN SOLUTION
    w = tf.Variable(w)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    return tape.gradient(loss, w)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 4
""" # END TEST CONFIG
def test_gradient(gradient):
    """`gradient` is the derivative of the error."""
    import numpy as np

    from autograder import expect

    random = np.random.default_rng(3)
    x, y = random.normal(size=(8, 3)), random.normal(size=(8, 1))
    points = [random.normal(size=(3, 1)) for _ in range(2)]
    expect.gradient(lambda w: gradient(w, x, y), lambda w: np.mean((x @ w - y) ** 2), points, name="gradient")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: loop
# points: 6

# %% [markdown]
# ## 2 · The loop
#
# **Train `model` without `fit`**: 20 epochs, in batches of 32, with the optimiser `optimizer`. Keep in `losses` the mean loss of each
# epoch.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.05)

# BEGIN SOLUTION NO PROMPT
losses = []
for epoch in range(20):
    batch_losses = []
    for begin in range(0, len(x_train), 32):
        x, y = x_train[begin : begin + 32], y_train[begin : begin + 32]
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        batch_losses.append(float(loss))
    losses.append(np.mean(batch_losses))
# END SOLUTION
""" # BEGIN PROMPT
losses = ...
""" # END PROMPT

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_losses(losses):
    """`losses` has a loss for each of 20 epochs, and they fall."""
    import numpy as np

    from autograder import expect

    given = expect.array(np.asarray(losses), shape=(20,), name="losses")
    assert given[-1] < 0.1 * given[0], f"the loss falls from {given[0]:.3g} to {given[-1]:.3g} only. Is each step applied?"

# %%
""" # BEGIN TEST CONFIG
points: 4
hidden: true
failure_message: Compare its weights with 2, -1, 0.5 and 1. Does each batch change them?
""" # END TEST CONFIG
def test_unseen_numbers(model):
    """`model` has learned the rule."""
    import numpy as np

    from autograder import expect

    x = np.random.default_rng(9).normal(size=(100, 3)).astype("float32")
    expect.error(model, x, x @ [[2], [-1], [0.5]] + 1, at_most=0.1, metric="mae")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
