# %% [raw]
# # AUTOGRADER CONFIG
# title: "A pipeline of images"
# install: ./keras_autograder-0.1.0-py3-none-any.whl

# %% [markdown]
# # A pipeline of images
#
# A network is trained on batches that `tf.data` prepares.

# %%
import keras
import numpy as np
import tensorflow as tf
from keras import layers

random = np.random.default_rng(0)
images = random.integers(0, 256, (50, 10, 10, 3), dtype="uint8")
labels = random.integers(0, 4, 50)

# %% [raw]
# # BEGIN QUESTION
# name: prepare
# points: 4

# %% [markdown]
# ## 1 · Prepare an image
#
# **Write `prepare(image, label)`**, which gives both prepared: the image as float32 from 0 to 1, the label one-hot, for 4 classes.

# %% [raw]
# # BEGIN SOLUTION

# %%
def prepare(image, label):
    # BEGIN SOLUTION
    return tf.cast(image, tf.float32) / 255, tf.one_hot(label, 4)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 4
""" # END TEST CONFIG
def test_prepare(prepare):
    """`prepare` scales an image, and makes a label one-hot."""
    import numpy as np

    from autograder import expect

    image = np.random.default_rng(2).integers(0, 256, (10, 10, 3), dtype="uint8")
    given = prepare(image, np.int64(2))
    assert isinstance(given, tuple) and len(given) == 2, "`prepare` should give two values: `return image, label`"
    expect.array(given[0], image / 255, dtype="float32", name="the image")
    expect.array(given[1], [0, 0, 1, 0], name="the label")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: pipeline
# points: 3

# %% [markdown]
# ## 2 · The pipeline
#
# **Make `train_data`**, a `tf.data.Dataset` of all prepared images with their labels: shuffled, in batches of 16.

# %% [raw]
# # BEGIN SOLUTION

# %%
train_data = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(50, seed=1).map(prepare).batch(16)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 3
""" # END TEST CONFIG
def test_batches(train_data, images, labels):
    """`train_data` has all images, shuffled, in batches of 16."""
    import numpy as np

    from autograder import expect

    batches = list(train_data)
    expect.number(len(batches), equal_to=4, name="the number of batches")
    for batch in batches[:3]:
        assert isinstance(batch, tuple) and len(batch) == 2, "a batch should be a pair of images and labels"
        expect.array(batch[0], shape=(16, 10, 10, 3), dtype="float32", name="the images of a batch")
        expect.array(batch[1], shape=(16, 4), name="the labels of a batch")
    given = np.concatenate([np.asarray(batch[1]).argmax(axis=1) for batch in batches])
    expect.array(np.bincount(given, minlength=4), np.bincount(labels, minlength=4), name="how often each label comes")
    assert (given != labels).any(), "the images come in the order that they had. Use `shuffle`, before `batch`."

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: augmentation
# points: 3

# %% [markdown]
# ## 3 · Vary the images
#
# **Make `augmentation`**, a `Sequential` for images of 10×10 pixels in colour that flips them horizontally at random, and then turns
# them by up to a tenth of a full turn.

# %% [raw]
# # BEGIN SOLUTION

# %%
augmentation = keras.Sequential([keras.Input((10, 10, 3)), layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)])  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 3
""" # END TEST CONFIG
def test_augmentation(augmentation):
    """`augmentation` flips, then turns."""
    from autograder import expect

    rows = [expect.layer("RandomFlip", mode="horizontal"), expect.layer("RandomRotation", factor=0.1)]
    expect.layers(augmentation, rows, name="augmentation", partial=True)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
