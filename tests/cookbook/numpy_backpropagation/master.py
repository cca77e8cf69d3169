# %% [raw]
# # AUTOGRADER CONFIG
# title: "Backpropagation in NumPy"
# install: ./keras_autograder-0.1.0-py3-none-any.whl

# %% [markdown]
# # Backpropagation in NumPy
#
# A network of two layers, and the gradients of its loss, by hand: for a batch `x` of shape `(n, inputs)`,
# $h = \tanh(x\,W_1 + b_1)$ and $p = \sigma(h\,W_2 + b_2)$, of shape `(n, 1)`.

# %%
import numpy as np

# %% [raw]
# # BEGIN QUESTION
# name: sigmoid
# points: 3

# %% [markdown]
# ## 1 · The sigmoid
#
# **Write `sigmoid(z)`**, for arrays of any shape: $\sigma(z) = 1 / (1 + e^{-z})$. For very small `z`, too, it gives a number,
# and no warning.

# %% [raw]
# # BEGIN SOLUTION

# %%
def sigmoid(z):
    # BEGIN SOLUTION
    return (1 + np.tanh(z / 2)) / 2
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_values(sigmoid):
    """`sigmoid` of arrays."""
    import numpy as np

    from autograder import expect

    inputs = [np.array([-1.0, 0.0, 2.0]), np.linspace(-3, 3, 12).reshape(3, 4)]
    expect.function(sigmoid, inputs=inputs, answers=lambda z: 1 / (1 + np.exp(-z)), name="sigmoid")

# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
failure_message: Try `sigmoid(np.array([-1000.0, 1000.0]))`.
""" # END TEST CONFIG
def test_far_from_zero(sigmoid):
    """`sigmoid` far from zero."""
    import numpy as np

    from autograder import expect

    expect.array(sigmoid(np.array([-800.0, 800.0])), [0.0, 1.0], name="sigmoid([-800, 800])")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: forward
# points: 3

# %% [markdown]
# ## 2 · Forward
#
# **Write `forward(x, w1, b1, w2, b2)`**, which gives `h` and `p`.

# %% [raw]
# # BEGIN SOLUTION

# %%
def forward(x, w1, b1, w2, b2):
    # BEGIN SOLUTION
    h = np.tanh(x @ w1 + b1)
    return h, sigmoid(h @ w2 + b2)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 3
""" # END TEST CONFIG
def test_forward(forward):
    """`forward` gives the hidden units and the probabilities."""
    import numpy as np

    from autograder import expect

    random = np.random.default_rng(0)
    x, w1, b1 = random.normal(size=(5, 3)), random.normal(size=(3, 4)), random.normal(size=4)
    w2, b2 = random.normal(size=(4, 1)), random.normal(size=1)
    given = forward(x, w1, b1, w2, b2)
    assert isinstance(given, (tuple, list)) and len(given) == 2, "`forward` should give two arrays: `return h, p`"
    hidden = np.tanh(x @ w1 + b1)
    expect.array(given[0], hidden, name="h")
    expect.array(given[1], 1 / (1 + np.exp(-(hidden @ w2 + b2))), name="p")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: backward
# points: 4

# %% [markdown]
# ## 3 · Backward
#
# The loss is the mean cross-entropy of the batch, with labels `y` of shape `(n, 1)`. **Write
# `backward(x, y, w1, b1, w2, b2)`**, which gives its gradients by `w1`, `b1`, `w2` and `b2`, in the shapes that these have.

# %% [raw]
# # BEGIN SOLUTION

# %%
def backward(x, y, w1, b1, w2, b2):
    # BEGIN SOLUTION
    h, p = forward(x, w1, b1, w2, b2)
    by_output = (p - y) / len(x)
    by_hidden = (by_output @ w2.T) * (1 - h**2)
    return x.T @ by_hidden, by_hidden.sum(axis=0), h.T @ by_output, by_output.sum(axis=0)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 4
""" # END TEST CONFIG
def test_gradients(backward):
    """`backward` gives the gradients of the loss."""
    import numpy as np

    from autograder import expect

    random = np.random.default_rng(1)
    x, y = random.normal(size=(6, 3)), random.integers(0, 2, (6, 1))
    weights = [random.normal(size=shape) for shape in ((3, 4), (4,), (4, 1), (1,))]

    def loss(*weights):
        w1, b1, w2, b2 = weights
        p = 1 / (1 + np.exp(-(np.tanh(x @ w1 + b1) @ w2 + b2)))
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    for at, weight in enumerate(["w1", "b1", "w2", "b2"]):

        def by_weight(*weights, at=at):
            given = backward(x, y, *weights)
            assert isinstance(given, (tuple, list)) and len(given) == 4, "`backward` should give four arrays"
            return given[at]

        expect.gradient(by_weight, loss, [tuple(weights)], argument=at, name=f"gradient by {weight}")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
