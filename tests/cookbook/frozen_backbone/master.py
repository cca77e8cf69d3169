# %% [raw]
# # AUTOGRADER CONFIG
# title: "A head on a frozen network"
# install: ./keras_autograder-0.1.0-py3-none-any.whl

# %% [markdown]
# # A head on a frozen network
#
# `backbone` is a network that somebody else trained. It stays as it is; only a new last layer learns, from few images.

# %%
import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(0)
backbone = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        layers.Conv2D(8, 3, activation="relu", name="lent_convolution"),
        layers.BatchNormalization(name="lent_normalisation"),
        layers.GlobalAveragePooling2D(),
    ],
    name="backbone",
)
random = np.random.default_rng(0)
y_train = random.integers(0, 3, 90)
x_train = random.uniform(size=(90, 8, 8, 1)).astype("float32") + y_train[:, None, None, None]

# %% [raw]
# # BEGIN QUESTION
# name: transfer
# points: 10

# %% [markdown]
# ## 1 · The head
#
# **Build `model`**: the network `backbone`, frozen, and a dense layer with 3 units and softmax. **Compile and train it** until it is
# right about at least 90 % of the images.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(1)

# BEGIN SOLUTION NO PROMPT
backbone.trainable = False
model = keras.Sequential([keras.Input((8, 8, 1)), backbone, layers.Dense(3, activation="softmax")])
model.compile(keras.optimizers.Adam(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=40, verbose=0)
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
points: 3
""" # END TEST CONFIG
def test_layers(model):
    """`model` is the backbone and one dense layer."""
    from autograder import expect

    rows = [
        expect.layer("Conv2D", filters=8, kernel_size=3, activation="relu"),
        expect.layer("BatchNormalization"),
        expect.layer("GlobalAveragePooling2D"),
        expect.layer("Dense", units=3, activation="softmax"),
    ]
    expect.layers(model, rows)

# %%
""" # BEGIN TEST CONFIG
points: 4
""" # END TEST CONFIG
def test_frozen(model):
    """The backbone is frozen, and the head is not."""
    from autograder import expect

    expect.frozen(model, ["lent_convolution", "lent_normalisation"])

# %%
""" # BEGIN TEST CONFIG
points: 3
hidden: true
failure_message: Is the head trained to its end?
""" # END TEST CONFIG
def test_unseen_images(model):
    """`model` is right about images that it has not seen."""
    import numpy as np

    from autograder import expect

    random = np.random.default_rng(6)
    y = random.integers(0, 3, 150)
    expect.accuracy(model, random.uniform(size=(150, 8, 8, 1)) + y[:, None, None, None], y, at_least=0.85)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
