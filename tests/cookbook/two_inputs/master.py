# %% [raw]
# # AUTOGRADER CONFIG
# title: "Two inputs and two outputs"
# install: ./keras_autograder-0.1.0-py3-none-any.whl

# %% [markdown]
# # Two inputs and two outputs
#
# Second-hand bicycles: a small picture and three numbers (age, gears, weight) of each. One network says of which of four kinds
# a bicycle is, and what it costs.

# %%
import keras
import numpy as np
from keras import layers

random = np.random.default_rng(0)
pictures = random.uniform(size=(120, 8, 8, 3)).astype("float32")
facts = random.normal(size=(120, 3)).astype("float32")
kinds = (pictures.mean(axis=(1, 2)) @ [[1, -1, 0, 0], [0, 1, -1, 0], [0, 0, 1, -1]]).argmax(axis=1)
prices = (3 + facts @ [-1, 0.5, -0.5])[:, None].astype("float32")

# %% [raw]
# # BEGIN QUESTION
# name: network
# points: 7

# %% [markdown]
# ## 1 · The network
#
# **Build `model`**:
#
# - for the input `picture` (8×8×3) a 3×3 convolution with 8 filters and ReLU, then `GlobalAveragePooling2D`;
# - for the input `facts` (3 numbers) a dense layer with 8 units and ReLU;
# - join both with `Concatenate`, then a dense layer with 16 units and ReLU;
# - from there the output `kind`, four units with softmax, and the output `price`, one unit.
#
# Give inputs, and the layers of the outputs, these names. The network takes a dictionary with its inputs, and gives one with
# its outputs.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(1)

# BEGIN SOLUTION NO PROMPT
picture = keras.Input((8, 8, 3), name="picture")
numbers = keras.Input((3,), name="facts")
seen = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3, activation="relu")(picture))
known = layers.Dense(8, activation="relu")(numbers)
both = layers.Dense(16, activation="relu")(layers.Concatenate()([seen, known]))
model = keras.Model(
    {"picture": picture, "facts": numbers},
    {
        "kind": layers.Dense(4, activation="softmax", name="kind")(both),
        "price": layers.Dense(1, name="price")(both),
    },
)
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
points: 4
""" # END TEST CONFIG
def test_layers(model):
    """`model` has the layers of both branches, joined, and those of both outputs."""
    from autograder import expect

    rows = [
        expect.layer("Conv2D", filters=8, kernel_size=3, activation="relu", output_shape=(6, 6, 8)),
        expect.layer("GlobalAveragePooling2D"),  # 1
        expect.layer("Dense", units=8, activation="relu", inputs=[-2]),  # 2
        expect.layer("Concatenate", inputs=[1, 2]),
        expect.layer("Dense", units=16, activation="relu"),  # 4
        expect.layer("Dense", units=4, activation="softmax", inputs=[4]),
        expect.layer("Dense", units=1, inputs=[4]),
    ]
    expect.layers(model, rows, inputs=["picture", "facts"], partial=True)

# %%
""" # BEGIN TEST CONFIG
points: 3
""" # END TEST CONFIG
def test_names(model):
    """`model` takes and gives dictionaries with these names."""
    import numpy as np

    from autograder import expect

    random = np.random.default_rng(2)
    batch = {"picture": random.uniform(size=(5, 8, 8, 3)), "facts": random.normal(size=(5, 3))}
    given = expect.mapping(model.predict(batch, verbose=0), ["kind", "price"], name="model.predict(…)")
    expect.array(given["kind"], shape=(5, 4), name="kind")
    expect.array(given["price"], shape=(5, 1), name="price")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: training
# points: 3

# %% [markdown]
# ## 2 · The training
#
# **Compile and train `model`** for at least 5 epochs, with cross-entropy for the kind and the mean squared error for the price.
# Keep what `fit` returns in `history`.

# %% [raw]
# # BEGIN SOLUTION

# %%
# BEGIN SOLUTION NO PROMPT
model.compile(keras.optimizers.Adam(0.02), loss={"kind": "sparse_categorical_crossentropy", "price": "mse"})
inputs, outputs = {"picture": pictures, "facts": facts}, {"kind": kinds, "price": prices}
history = model.fit(inputs, outputs, epochs=15, verbose=0)
# END SOLUTION
""" # BEGIN PROMPT
history = ...
""" # END PROMPT

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_history(history):
    """`history` has a loss of each of the two outputs."""
    from autograder import expect

    expect.history(history, epochs=5, metrics=["kind_loss", "price_loss"])

# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
failure_message: Does the loss of the price fall? Train until it does not any more.
""" # END TEST CONFIG
def test_unseen_prices(model):
    """`model` knows the prices of bicycles that it has not seen."""
    import numpy as np

    from autograder import expect

    random = np.random.default_rng(7)
    facts = random.normal(size=(200, 3)).astype("float32")
    prices = 3 + facts @ [-1, 0.5, -0.5]
    batch = {"picture": random.uniform(size=(200, 8, 8, 3)).astype("float32"), "facts": facts}
    expect.error(model, batch, prices, at_most=0.6, output="price")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
