# %% [raw]
# # AUTOGRADER CONFIG
# title: "A variational autoencoder"
# install: ./keras_autograder-0.1.0-py3-none-any.whl

# %% [markdown]
# # A variational autoencoder
#
# It compresses 16 numbers into the mean and the variance of two, draws from them, and makes 16 numbers again.

# %%
import keras
import numpy as np
from keras import layers, ops

random = np.random.default_rng(0)
x_train = np.tanh(random.normal(size=(256, 2)) @ random.normal(size=(2, 16))).astype("float32")

# %% [raw]
# # BEGIN QUESTION
# name: sampling
# points: 5

# %% [markdown]
# ## 1 · A layer that draws
#
# **Complete the layer `Sampling`**. It gets the means $\mu$ and the logarithms $v$ of the variances, both of shape `(n, 2)`, and
#
# - gives $\mu + e^{v / 2} \varepsilon$ with $\varepsilon$ from a standard normal distribution, different for each number;
# - adds to the loss the mean over the batch of $-\frac12 \sum (1 + v - \mu^2 - e^v)$.

# %% [raw]
# # BEGIN SOLUTION

# %%
class Sampling(layers.Layer):
    def call(self, inputs):
        mean, log_variance = inputs
        # BEGIN SOLUTION
        terms = 1 + log_variance - ops.square(mean) - ops.exp(log_variance)
        self.add_loss(-0.5 * ops.mean(ops.sum(terms, axis=1)))
        return mean + ops.exp(log_variance / 2) * keras.random.normal(ops.shape(mean))
        # END SOLUTION


def drawn(mean, log_variance):  # leave this as it is
    layer = Sampling()
    return layer([ops.convert_to_tensor(mean), ops.convert_to_tensor(log_variance)]), layer.losses

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 3
""" # END TEST CONFIG
def test_distribution(drawn):
    """The layer draws with the mean and the deviation that it is given."""
    import numpy as np

    from autograder import expect

    mean = np.tile(np.float32([[3, -5]]), (4000, 1))
    log_variance = np.tile(np.log(np.float32([[0.25, 4]])), (4000, 1))
    numbers, _ = drawn(mean, log_variance)
    numbers = expect.array(numbers, shape=(4000, 2), name="what Sampling gives")
    expect.array(numbers.mean(axis=0), [3, -5], tolerance=0.05, name="the mean of what Sampling gives")
    expect.array(numbers.std(axis=0), [0.5, 2], tolerance=0.1, name="the deviation of what Sampling gives")

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_loss(drawn):
    """The layer adds the right loss."""
    import numpy as np

    from autograder import expect

    random = np.random.default_rng(1)
    mean, log_variance = random.normal(size=(2, 6, 2)).astype("float32")
    _, losses = drawn(mean, log_variance)
    assert len(losses) == 1, f"the layer adds {len(losses)} losses, expected one. Call `self.add_loss` once."
    wanted = -0.5 * (1 + log_variance - mean**2 - np.exp(log_variance)).sum(axis=1).mean()
    expect.array(losses[0], wanted, tolerance=1e-4, name="the loss")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: autoencoder
# points: 5

# %% [markdown]
# ## 2 · The autoencoder
#
# **Build and train `vae`**: a dense layer with 32 units and ReLU, from it two dense layers with 2 units (means and logarithms), your
# layer, a dense layer with 32 units and ReLU, and one with 16 units.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(1)

# BEGIN SOLUTION NO PROMPT
inputs = keras.Input((16,))
hidden = layers.Dense(32, activation="relu")(inputs)
code = Sampling()([layers.Dense(2)(hidden), layers.Dense(2)(hidden)])
vae = keras.Model(inputs, layers.Dense(16)(layers.Dense(32, activation="relu")(code)))
vae.compile(keras.optimizers.Adam(0.01), lambda y_true, y_pred: 50 * ops.mean((y_true - y_pred) ** 2, axis=1))
vae.fit(x_train, x_train, epochs=30, verbose=0)
# END SOLUTION
""" # BEGIN PROMPT
vae = ...
""" # END PROMPT

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_shape(vae):
    """`vae` gives as many numbers as it gets."""
    import numpy as np

    from autograder import expect

    x = np.zeros((5, 16), "float32")
    expect.array(vae.predict(x), shape=(5, 16), name="vae.predict(x)")

# %%
""" # BEGIN TEST CONFIG
points: 3
hidden: true
failure_message: Does it give back numbers that it has not seen? Is it trained long enough, and what weighs more in its loss?
""" # END TEST CONFIG
def test_unseen_numbers(vae):
    """`vae` gives back numbers that it has not seen."""
    import numpy as np

    from autograder import expect

    random = np.random.default_rng(0)
    random.normal(size=(256, 2))
    mixing = random.normal(size=(2, 16))
    x = np.tanh(np.random.default_rng(5).normal(size=(200, 2)) @ mixing).astype("float32")
    expect.error(vae, x, x, at_most=0.3, metric="mae")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
