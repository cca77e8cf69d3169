# %% [raw]
# # AUTOGRADER CONFIG
# title: "A transformer block"
# install: ./keras_autograder-0.1.0-py3-none-any.whl

# %% [markdown]
# # A transformer block
#
# The part of which language models are made: attention, and two dense layers for each token.

# %%
import keras
import numpy as np
from keras import layers

# %% [raw]
# # BEGIN QUESTION
# name: positions
# points: 4

# %% [markdown]
# ## 1 · Positions
#
# Attention does not know the order of its tokens, so their positions are added to them as numbers.
#
# **Write `encoded_positions(length, width)`**, an array of shape `(length, width)`, `width` even. Its row for the position `p`
# is $\sin(p\,w_0), \cos(p\,w_0), \sin(p\,w_1), \cos(p\,w_1), …$ with $w_i = 10000^{-2i/\mathrm{width}}$.

# %% [raw]
# # BEGIN SOLUTION

# %%
def encoded_positions(length, width):
    # BEGIN SOLUTION
    frequencies = 10_000.0 ** (-2 * np.arange(width // 2) / width)
    angles = np.arange(length)[:, None] * frequencies
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, width)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_first_rows(encoded_positions):
    """The first two of six positions, with a width of four."""
    import numpy as np

    from autograder import expect

    given = expect.array(encoded_positions(6, 4), shape=(6, 4), name="encoded_positions(6, 4)")
    rows = [[0, 1, 0, 1], [np.sin(1), np.cos(1), np.sin(0.01), np.cos(0.01)]]
    expect.array(given[:2], rows, name="encoded_positions(6, 4)[:2]")

# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
failure_message: Try other lengths and widths, and compare some numbers with the formula.
""" # END TEST CONFIG
def test_other_sizes(encoded_positions):
    """Other lengths and widths."""
    import numpy as np

    from autograder import expect

    for length, width in ((1, 2), (9, 10)):
        angles = np.arange(length)[:, None] / 10_000.0 ** (np.arange(0, width, 2) / width)
        wanted = np.zeros((length, width))
        wanted[:, 0::2], wanted[:, 1::2] = np.sin(angles), np.cos(angles)
        expect.array(encoded_positions(length, width), wanted, name=f"encoded_positions({length}, {width})")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: block
# points: 6

# %% [markdown]
# ## 2 · The block
#
# **Build `block`**, a network that gets 10 tokens of 16 numbers and gives as many:
#
# - multi-head attention with 2 heads and `key_dim=8`, of the tokens to themselves. A token must not see those after it:
#   call the layer with `use_causal_mask=True`;
# - add its input, and normalise the sum with `LayerNormalization`;
# - two dense layers: 32 units with ReLU, then 16;
# - add what they got, and normalise again.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(1)

# BEGIN SOLUTION NO PROMPT
tokens = keras.Input((10, 16))
attended = layers.MultiHeadAttention(2, key_dim=8)(tokens, tokens, use_causal_mask=True)
seen = layers.LayerNormalization()(layers.Add()([tokens, attended]))
thought = layers.Dense(16)(layers.Dense(32, activation="relu")(seen))
block = keras.Model(tokens, layers.LayerNormalization()(layers.Add()([seen, thought])))
# END SOLUTION
""" # BEGIN PROMPT
block = ...
""" # END PROMPT

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 3
""" # END TEST CONFIG
def test_layers(block):
    """`block` has these layers, and adds what it should."""
    from autograder import expect

    rows = [
        expect.layer("MultiHeadAttention", num_heads=2, key_dim=8, inputs=[-1, -1]),  # 0
        expect.layer("Add", inputs=[-1, 0]),
        expect.layer("LayerNormalization"),  # 2
        expect.layer("Dense", units=32, activation="relu"),
        expect.layer("Dense", units=16),  # 4
        expect.layer("Add", inputs=[2, 4]),
        expect.layer("LayerNormalization"),
    ]
    expect.layers(block, rows, name="block", partial=True)

# %%
""" # BEGIN TEST CONFIG
points: 3
hidden: true
failure_message: Change the last token of an input. Which outputs change?
""" # END TEST CONFIG
def test_no_token_sees_the_next(block):
    """A token does not see those after it."""
    import numpy as np

    before = np.random.default_rng(4).normal(size=(1, 10, 16)).astype("float32")
    after = before.copy()
    after[:, 7:] += 1
    change = np.abs(block.predict(after, verbose=0) - block.predict(before, verbose=0)).max(axis=(0, 2))
    assert change[7:].min() > 1e-3, "a token does not even see itself"
    assert change[:7].max() < 1e-4, "the first seven tokens see the others"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
