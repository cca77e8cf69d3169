# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [raw]
# # AUTOGRADER CONFIG
# title: A tiny network

# %% [markdown]
# # A tiny network

# %%
import keras
import numpy as np

# %% [raw]
# # BEGIN QUESTION
# name: net
# points: 2

# %% [markdown]
# Two dense layers on four inputs.

# %% [raw]
# # BEGIN SOLUTION

# %%
net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3)])  # SOLUTION
net.compile(loss="mse")
history = net.fit(np.ones((64, 4)), np.zeros((64, 3)), epochs=2, verbose=0)

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_parameters(net):
    """The network has 67 parameters."""
    assert net.count_params() == 67


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_output(net):
    """The network takes a batch of any size."""
    import numpy as np

    assert net(np.zeros((5, 4), "float32")).shape == (5, 3)


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
