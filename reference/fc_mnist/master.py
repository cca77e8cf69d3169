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
# title: "The baseline: a fully connected network"
# accept: rebuilt
# data: [data/mnist_hidden.npz]
# install: "./keras_autograder-0.1.0-py3-none-any.whl"
# limits:
#   cell_seconds: 150
#   memory_mb: 3072

# %% [markdown]
# # The baseline: a fully connected network
#
# Before you ask what a convolution is good for, find out how far one gets without. A network whose layers connect
# everything with everything is to read handwritten digits, after no more than 4,000 examples. You will
#
# 1. find the layer that holds **most of the parameters** (3 points),
# 2. explain **where that number comes from** (2 points),
# 3. **train** the network (5 points).
#
# You need one thing beside Jupyter: `%pip install keras-autograder`. Nothing here needs a GPU or the network; the
# whole notebook runs in half a minute on a laptop.
#
# Wherever you find `...`, it is your turn. `grader.check(…)` below a question tells you at once what is wrong with your
# answer, if anything; run it as often as you like. After you hand in, some further checks run that you do not see here.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

from autograder.course.datasets import load_mnist, preprocess

# %% [markdown]
# ## The digits
#
# From MNIST (LeCun, Cortes and Burges, CC BY-SA 3.0): 4,000 digits to train on, 1,000 to validate with, each an
# image of 28×28 grey values from 0 to 255.

# %%
(images_train, y_train), (images_validation, y_validation) = load_mnist()

figure, axes = plt.subplots(3, 10, figsize=(10, 3.2))
for digit, column in enumerate(axes.T):
    for axis, image in zip(column, images_train[y_train == digit]):
        axis.imshow(image, cmap="gray_r")
        axis.axis("off")
plt.show()

# %% [markdown]
# `preprocess` standardises: it subtracts the mean grey value of all pixels of all training digits and divides by
# their standard deviation. One mean and one deviation for all pixels together. Standardising every pixel for itself
# sounds more thorough, and is a trap: look at what the cell below counts.
#
# `t_train` and `t_validation` are the labels one-hot: a 3 becomes `[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]`.

# %%
x_train, x_validation = preprocess(images_train), preprocess(images_validation)
t_train = keras.utils.to_categorical(y_train, num_classes=10)
t_validation = keras.utils.to_categorical(y_validation, num_classes=10)

always_blank = images_train.std(axis=0) == 0
inked = (images_validation[:, always_blank] > 0).any(axis=1)
print("x_train", x_train.shape, "  mean", x_train.mean().round(3), "  deviation", x_train.std().round(3))
print(f"{always_blank.sum()} pixels are the same in every training digit: their own deviation is 0.")
print(f"{inked.sum()} validation digits have ink in one of them. Divide that by 0, or by almost 0 ...")

# %% [markdown]
# ## The network
#
# Two hidden layers. After each comes batch normalisation, which keeps its numbers in a suitable range for the next
# layer; dropout, which sets a part of them to 0 at random while training; and the ReLU.

# %%
keras.utils.set_random_seed(1)

fc = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Flatten(name="flatten"),
        layers.Dense(500, name="dense_1"),
        layers.BatchNormalization(name="normalise_1"),
        layers.Dropout(0.3, name="dropout_1"),
        layers.Activation("relu", name="relu_1"),
        layers.Dense(50, name="dense_2"),
        layers.BatchNormalization(name="normalise_2"),
        layers.Dropout(0.3, name="dropout_2"),
        layers.Activation("relu", name="relu_2"),
        layers.Dense(10, name="dense_3"),
        layers.Activation("softmax", name="softmax"),
    ],
    name="fc",
)
fc.summary()

# %% [raw]
# # BEGIN QUESTION
# name: most_parameters
# points: 3

# %% [markdown]
# ## 1 · Where the parameters are
#
# **Which layer of `fc` holds most of the learnable parameters, and how many are they?** Put the layer's name, or its
# index in `fc.layers`, into `largest_layer`, and the number into `largest_layer_params`.
#
# *Hint.* The summary tells the number of every layer; `fc.layers[3].name` is the name of one, and `count_params()` of a
# layer its number. Not all parameters are learned: batch normalisation also counts the running means and variances.

# %% [raw]
# # BEGIN SOLUTION

# %%
largest_layer = "dense_1"  # SOLUTION
largest_layer_params = 784 * 500 + 500  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_largest_layer(largest_layer, fc):
    """`largest_layer` is the layer of `fc` that learns most parameters."""
    from autograder import expect

    expect.largest_layer(largest_layer, fc, model_name="fc")

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_largest_layer_params(largest_layer_params, fc):
    """`largest_layer_params` is the number of parameters that this layer learns."""
    from autograder import expect

    expect.largest_layer_parameters(largest_layer_params, fc, model_name="fc")

# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
failure_message: Layer and number should be those of `fc` as the exercise gives it, unchanged.
""" # END TEST CONFIG
def test_of_the_given_network(largest_layer, largest_layer_params, fc):
    """Layer and number belong to the network that the exercise is about."""
    from autograder import expect

    expect.parameters(fc, total=420_260, trainable=419_160, non_trainable=1_100, name="fc")
    layer = expect.largest_layer(largest_layer, fc, model_name="fc")
    number = expect.largest_layer_parameters(largest_layer_params, fc, model_name="fc")
    assert (type(layer).__name__, number) == ("Dense", 784 * 500 + 500), "not the first dense layer of the exercise"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: explain_params
# manual: true
# points: 2
# rubric: |
#   - **0.5**: the inputs: the image is flattened to 28 · 28 = 784 numbers, and each of them is an input.
#   - **1**: the connections: each of the 500 units has a weight of its own for each input, 784 · 500 = 392,000.
#   - **0.5**: the biases: one for each unit, 500 more, which makes 392,500. "Plus 500" without saying what they are
#     earns half of it.

# %% [markdown]
# ## 2 · Where the number comes from
#
# **Explain the number in the column "Param #" for the first dense layer**: what is counted, and why so many? Two or
# three sentences and a little arithmetic.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# Flattened, a digit is 28 · 28 = 784 numbers. Each of the 500 units is connected with all of them, by a weight of its
# own: 784 · 500 = 392,000 weights. Besides, every unit adds a bias, 500 in all. Together 392,500.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: train
# points: 5

# %% [markdown]
# ## 3 · Train it
#
# **Compile and train `fc`**: optimizer adam, cross-entropy for one-hot labels, accuracy as a metric; **30 epochs** in
# batches of 128, with the validation digits as validation data. Keep what `fit` returns in `history`. It takes ten
# seconds or so. In the end at least 90 % of the validation digits should be right.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(2)

# BEGIN SOLUTION NO PROMPT
fc.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
# END SOLUTION
history = fc.fit(x_train, t_train, batch_size=128, epochs=30, validation_data=(x_validation, t_validation), verbose=2)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1.5
""" # END TEST CONFIG
def test_validation_accuracy(fc):
    """`fc` gets at least 90 % of the validation digits right."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    expect.accuracy(fc, preprocess(images), labels, at_least=0.90, unsure=0.003, name="fc")

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_history(fc, history):
    """`history` is the record of the training of `fc`, 30 epochs long."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    expect.record(history, fc, preprocess(images), labels, epochs=30, model_name="fc")

# %%
""" # BEGIN TEST CONFIG
points: 2.5
hidden: true
failure_message: Is `fc` still the network of the exercise, trained for 30 epochs on standardised digits?
""" # END TEST CONFIG
def test_unseen_digits(fc, x_hidden, y_hidden):
    """The network of the exercise reads 5,000 digits that it was not trained on."""
    from autograder import expect
    from autograder.course.datasets import preprocess

    rows = [
        expect.layer("Flatten", output_shape=(784,)),
        expect.layer("Dense", units=500, parameters=392_500),
        expect.layer("BatchNormalization", parameters=2_000),
        expect.layer("Dropout"),
        expect.layer("ReLU"),
        expect.layer("Dense", units=50, parameters=25_050),
        expect.layer("BatchNormalization", parameters=200),
        expect.layer("Dropout"),
        expect.layer("ReLU"),
        expect.layer("Dense", units=10, parameters=510),
        expect.layer("Softmax"),
    ]
    expect.layers(fc, rows, name="fc")
    expect.accuracy(fc, preprocess(x_hidden), y_hidden, at_least=0.919, unsure=0.002, name="fc")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ### How it learned
#
# The two curves are not quite comparable: the one for training is measured with dropout switched on, and while the
# network still improves.

# %%
figure, axis = plt.subplots(figsize=(6, 3.2))
epochs = range(1, len(history.history["accuracy"]) + 1)
axis.plot(epochs, history.history["accuracy"], marker=".", label="training")
axis.plot(epochs, history.history["val_accuracy"], marker=".", label="validation")
axis.set(xlabel="epoch", ylabel="accuracy", title="fc", ylim=(0.5, 1.02))
axis.grid(alpha=0.3)
axis.legend()
plt.show()

# %% [markdown]
# ### What a unit looks for
#
# Each of the 500 units has a weight for each pixel, so its weights are an image themselves: ink in red places makes its
# output larger, ink in blue ones smaller. Here are 16 units. Do you find strokes? Each of them finds its pattern in one
# place only: a digit that is moved by three pixels gives another output. The next exercise is about that.

# %%
weights = fc.get_layer("dense_1").get_weights()[0]
figure, axes = plt.subplots(2, 8, figsize=(10, 2.8))
for unit, axis in enumerate(axes.flat):
    image = weights[:, unit].reshape(28, 28)
    axis.imshow(image, cmap="bwr", vmin=-np.abs(image).max(), vmax=np.abs(image).max())
    axis.axis("off")
plt.show()

# %% [markdown]
# ## Hand in
#
# Restart the kernel, run all cells once from top to bottom, save, and hand in this one file. Its name does not matter;
# please leave the order of the cells as it is.
