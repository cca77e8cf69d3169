# %% [raw]
# # AUTOGRADER CONFIG
# title: "A residual block"
# install: ./keras_autograder-0.1.0-py3-none-any.whl

# %% [markdown]
# # A residual block
#
# Very deep networks learn when each block only adds something to what it gets.

# %%
import keras
from keras import layers

# %% [raw]
# # BEGIN QUESTION
# name: block
# points: 10

# %% [markdown]
# ## 1 · The block
#
# **Write `residual_block(x, filters)`**, a function of tensors:
#
# - a 3×3 convolution with `filters` filters that keeps the size, batch normalisation, ReLU;
# - another such convolution, and batch normalisation;
# - the sum of this and of the block's input; ReLU.
#
# Where the input has another number of channels than `filters`, a 1×1 convolution adapts it before the sum.

# %% [raw]
# # BEGIN SOLUTION

# %%
def residual_block(x, filters):
    # BEGIN SOLUTION
    y = layers.Conv2D(filters, 3, padding="same")(x)
    y = layers.BatchNormalization()(y)
    y = layers.ReLU()(y)
    y = layers.Conv2D(filters, 3, padding="same")(y)
    y = layers.BatchNormalization()(y)
    if x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1)(x)
    return layers.ReLU()(layers.Add()([x, y]))
    # END SOLUTION


def one_block(size, channels, filters):  # leave this as it is
    images = keras.Input((size, size, channels))
    return keras.Model(images, residual_block(images, filters))

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 6
""" # END TEST CONFIG
def test_same_channels(one_block):
    """The block has its layers, and adds its input to what they give."""
    from autograder import expect

    rows = [
        expect.layer("Conv2D", filters=4, kernel_size=3, padding="same"),  # 0
        expect.layer("BatchNormalization"),
        expect.layer("ReLU"),
        expect.layer("Conv2D", filters=4, kernel_size=3, padding="same"),
        expect.layer("BatchNormalization"),  # 4
        expect.layer("Add", inputs=[-1, 4]),
        expect.layer("ReLU"),
    ]
    expect.layers(one_block(8, 4, 4), rows, name="one_block(8, 4, 4)", partial=True)

# %%
""" # BEGIN TEST CONFIG
points: 4
hidden: true
failure_message: Try `one_block(8, 3, 5)`. What has to happen to the input before it is added?
""" # END TEST CONFIG
def test_other_channels(one_block):
    """It adapts an input that has another number of channels."""
    from autograder import expect

    rows = [
        expect.layer("Conv2D", filters=16, kernel_size=3, padding="same"),
        expect.layer("BatchNormalization"),
        expect.layer("ReLU"),
        expect.layer("Conv2D", filters=16, kernel_size=3, padding="same"),
        expect.layer("BatchNormalization"),  # 4
        expect.layer("Conv2D", filters=16, kernel_size=1, strides=1, inputs=[-1]),  # 5
        expect.layer("Add", inputs=[4, 5]),
        expect.layer("ReLU"),
    ]
    expect.layers(one_block(6, 2, 16), rows, name="one_block(6, 2, 16)")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
