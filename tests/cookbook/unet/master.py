# %% [raw]
# # AUTOGRADER CONFIG
# title: "A small U-Net"
# install: ./keras_autograder-0.1.0-py3-none-any.whl

# %% [markdown]
# # A small U-Net
#
# It says of each pixel of a grey image how likely it belongs to a cell. What the way down loses of the details, the skip
# connections bring back.

# %%
import keras
import numpy as np
from keras import layers

# %% [raw]
# # BEGIN QUESTION
# name: network
# points: 7

# %% [markdown]
# ## 1 · The network
#
# **Build `unet`**, for grey images of any size that 4 divides. All convolutions but the last one are 3×3, keep the size, and
# have a ReLU.
#
# | level | on the way down | on the way up |
# |---|---|---|
# | 1 | convolution with 8 filters; maximum of 2×2 | the same again with `UpSampling2D`, joined with level 1; 8 filters |
# | 2 | 16 filters; maximum of 2×2 | `UpSampling2D`, joined with level 2; 16 filters |
# | 3 | 32 filters | |
#
# The last layer is a 1×1 convolution with one filter and a sigmoid.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(1)

# BEGIN SOLUTION NO PROMPT
def convolution(x, filters):
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)


images = keras.Input((None, None, 1))
level_1 = convolution(images, 8)
level_2 = convolution(layers.MaxPooling2D()(level_1), 16)
level_3 = convolution(layers.MaxPooling2D()(level_2), 32)
up_2 = convolution(layers.Concatenate()([layers.UpSampling2D()(level_3), level_2]), 16)
up_1 = convolution(layers.Concatenate()([layers.UpSampling2D()(up_2), level_1]), 8)
unet = keras.Model(images, layers.Conv2D(1, 1, activation="sigmoid")(up_1))
# END SOLUTION
""" # BEGIN PROMPT
unet = ...
""" # END PROMPT

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 5
""" # END TEST CONFIG
def test_layers(unet):
    """`unet` has the layers of the table, and each level is joined with its own."""
    from autograder import expect

    def convolution(filters):
        return expect.layer("Conv2D", filters=filters, kernel_size=3, padding="same", activation="relu")

    rows = [
        convolution(8),  # 0
        expect.layer("MaxPooling2D", pool_size=2),
        convolution(16),  # 2
        expect.layer("MaxPooling2D", pool_size=2),
        convolution(32),
        expect.layer("UpSampling2D", size=2),  # 5
        expect.layer("Concatenate", inputs=[5, 2]),
        convolution(16),
        expect.layer("UpSampling2D", size=2),  # 8
        expect.layer("Concatenate", inputs=[8, 0]),
        convolution(8),
        expect.layer("Conv2D", filters=1, kernel_size=1, activation="sigmoid"),
    ]
    expect.layers(unet, rows, name="unet", partial=True)

# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
failure_message: Try it on an image of 12×20 pixels. Begin with `keras.Input((None, None, 1))`.
""" # END TEST CONFIG
def test_any_size(unet):
    """It gives a number between 0 and 1 for each pixel of an image of another size."""
    import numpy as np

    images = np.random.default_rng(3).uniform(size=(2, 12, 20, 1)).astype("float32")
    masks = unet.predict(images, verbose=0)
    assert masks.shape == (2, 12, 20, 1), f"expected masks of shape (2, 12, 20, 1), got {masks.shape}"
    assert 0 <= masks.min() and masks.max() <= 1, "a probability is between 0 and 1"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: overlap
# points: 3

# %% [markdown]
# ## 2 · How good is a mask?
#
# **Write `iou(a, b)`**: of two masks of True and False, the number of pixels in both, divided by the number of pixels in at
# least one. Two empty masks are alike: 1.

# %% [raw]
# # BEGIN SOLUTION

# %%
def iou(a, b):
    # BEGIN SOLUTION
    either = np.logical_or(a, b).sum()
    return np.logical_and(a, b).sum() / either if either else 1.0
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_small_masks(iou):
    """`iou` of two masks with one pixel in common, of three."""
    import numpy as np

    from autograder import expect

    a, b = np.array([[True, True], [False, False]]), np.array([[True, False], [True, False]])
    expect.number(iou(a, b), equal_to=1 / 3, tolerance=1e-6, name="iou(a, b)")
    expect.number(iou(a, a), equal_to=1, tolerance=1e-6, name="iou(a, a)")

# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
failure_message: What is `iou` of two masks without a pixel?
""" # END TEST CONFIG
def test_empty_masks(iou):
    """Two empty masks are alike."""
    import numpy as np

    from autograder import expect

    empty = np.zeros((4, 4), dtype=bool)
    expect.number(iou(empty, empty), equal_to=1, tolerance=1e-6, name="iou of two empty masks")
    expect.number(iou(empty, ~empty), equal_to=0, tolerance=1e-6, name="iou of an empty and a full mask")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
