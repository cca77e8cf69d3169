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
# title: "Finger exercises: a small network with gaps"
# accept: rebuilt
# data: [data/mnist_hidden.npz]
# install: "./keras_autograder-0.1.0-py3-none-any.whl[live]"
# limits:
#   cell_seconds: 150
#   memory_mb: 3072

# %% [markdown]
# # Finger exercises: a small network with gaps
#
# Here is a network that reads handwritten digits: small enough to train on a laptop in a minute, and known from a page
# that shows the outputs of all its layers. Here it has gaps. You will
#
# 1. fill the **gaps** (4 points),
# 2. find the layer that holds the **code** of an image, and say how long a code is (1.5 + 1 points),
# 3. **train** the network, and compute the code of every validation digit (3.5 points).
#
# You need one thing beside Jupyter: `%pip install keras-autograder`. Nothing here needs a GPU or the network; the
# whole notebook runs in less than a minute on a laptop.
#
# Wherever you find `...`, it is your turn. `grader.check(…)` below a question tells you at once what is wrong with your
# answer, if anything; run it as often as you like. After you hand in, some further checks run that you do not see here.

# %% [markdown]
# ## A network to watch
#
# Below is such a page, of the network without gaps, trained: draw a digit, and you see what every layer makes of it.
# (In a browser of its own: `autograder live keras_gaps --export page`, then open `page/index.html`; this takes
# [npm](https://nodejs.org).) Nothing of it is graded. Things to try:
#
# - Draw a 7, slowly. At which stroke does the prediction change? Then cross the 7 in the middle.
# - Click on a unit of the first convolution, then on one further down. How much of your drawing does each of them see?
# - Draw the same digit in a corner, or tiny. Why does it make no difference? Look at what the network sees.
# - *What confuses it?* names the runner-up. Add one stroke that changes the prediction.
# - Layers that give a list of numbers can be compared: for which of them do the six nearest stored digits carry the
#   same label as your drawing, even a sloppy one? You will need the answer for question 2.

# %%
from autograder.live import LiveCNN

LiveCNN("keras_gaps")

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

from autograder.course.datasets import load_mnist, rescale

# %% [markdown]
# ## The digits
#
# From MNIST (LeCun, Cortes and Burges, CC BY-SA 3.0): 4,000 digits to train on, 1,000 to validate with. `rescale`
# divides the grey values by 255, so that they go from 0 (paper) to 1 (ink), and gives each digit a third axis of length
# 1: for Keras an image has rows, columns *and channels*, and a grey one has one channel.

# %%
(images_train, y_train), (images_validation, y_validation) = load_mnist()

x_train, x_validation = rescale(images_train), rescale(images_validation)
t_train = keras.utils.to_categorical(y_train, num_classes=10)
t_validation = keras.utils.to_categorical(y_validation, num_classes=10)

print("x_train", x_train.shape, "  from", x_train.min(), "to", x_train.max())
print("t_train", t_train.shape)

figure, axes = plt.subplots(1, 10, figsize=(10, 1.4))
for digit, axis in enumerate(axes):
    axis.imshow(images_train[y_train == digit][1], cmap="gray_r")
    axis.set_title(digit)
    axis.axis("off")
plt.show()

# %% [raw]
# # BEGIN QUESTION
# name: model
# points: 4

# %% [markdown]
# ## 1 · Fill the gaps
#
# This is what `model.summary()` prints when all gaps are filled:
#
# |    | layer                | output shape | Param # |
# |---:|----------------------|--------------|--------:|
# |  1 | Conv2D               | 26 × 26 × 32 |     320 |
# |  2 | Activation (ReLU)    | 26 × 26 × 32 |       0 |
# |  3 | Conv2D               | 24 × 24 × 32 |   9,248 |
# |  4 | Activation (ReLU)    | 24 × 24 × 32 |       0 |
# |  5 | MaxPooling2D         | 12 × 12 × 32 |       0 |
# |  6 | Dropout              | 12 × 12 × 32 |       0 |
# |  7 | Flatten              | 4,608        |       0 |
# |  8 | Dense                | 128          | 589,952 |
# |  9 | Activation (ReLU)    | 128          |       0 |
# | 10 | Dropout              | 128          |       0 |
# | 11 | Dense                | 10           |   1,290 |
# | 12 | Activation (softmax) | 10           |       0 |
#
# In all 600,810 parameters. A table does not show dropout rates: the first dropout blanks a **quarter** of its inputs
# while training, the second one **half** of them.
#
# **Replace each `...`** below: the input shape, filters and window of both convolutions, two activations, the pool size,
# both dropout rates, and the units of both dense layers.
#
# *Hints.* Without padding, a 3×3 window fits into 28 places 26 times, a 5×5 window 24 times. A filter has one weight
# for each place of its window and each incoming channel, and one bias: 320 = 32 · (3 · 3 · 1 + 1).
#
# <details><summary><b>You have the old sheet, in the spelling of Keras 1?</b></summary>
#
# Its lines run unchanged if you import their words from `autograder.course.keras1`, and earn the same points. Only mind
# that the sheet leaves two blanks for `input_shape`, which needs **three** values. Empty the answer cell, and begin it
# like this:
#
# ```python
# from autograder.course.keras1 import Activation, Convolution2D, Dense, Dropout, Flatten, MaxPooling2D, Sequential
#
# model = Sequential()
# model.add(Convolution2D(..., ..., ..., border_mode="valid", dim_ordering="tf", input_shape=(..., ..., ...)))
# ```
#
# Without that import, `Convolution2D(32, 3, 3)` means something else: Keras today takes the third number for the
# stride.
#
# </details>

# %% [raw]
# # BEGIN SOLUTION

# %%
# BEGIN SOLUTION NO PROMPT
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, kernel_size=(3, 3), padding="valid"),
        layers.Activation("relu"),
        layers.Conv2D(32, kernel_size=(3, 3), padding="valid"),
        layers.Activation("relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Dropout(0.25),
        layers.Flatten(),
        layers.Dense(128),
        layers.Activation("relu"),
        layers.Dropout(0.5),
        layers.Dense(10),
        layers.Activation("softmax"),
    ]
)
# END SOLUTION
""" # BEGIN PROMPT
model = keras.Sequential(
    [
        keras.Input((..., ..., ...)),
        layers.Conv2D(..., kernel_size=..., padding="valid"),
        layers.Activation(...),
        layers.Conv2D(..., kernel_size=..., padding="valid"),
        layers.Activation("relu"),
        layers.MaxPooling2D(pool_size=...),
        layers.Dropout(...),
        layers.Flatten(),
        layers.Dense(...),
        layers.Activation("relu"),
        layers.Dropout(...),
        layers.Dense(...),
        layers.Activation(...),
    ]
)
""" # END PROMPT
model.summary()

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_table(model):
    """Each layer of `model` has the output shape and the number of parameters of the table."""
    from autograder import expect

    rows = [
        expect.layer("Conv2D", output_shape=(26, 26, 32), parameters=320),
        expect.layer("ReLU", output_shape=(26, 26, 32)),
        expect.layer("Conv2D", output_shape=(24, 24, 32), parameters=9_248),
        expect.layer("ReLU", output_shape=(24, 24, 32)),
        expect.layer("MaxPooling2D", output_shape=(12, 12, 32)),
        expect.layer("Dropout", output_shape=(12, 12, 32)),
        expect.layer("Flatten", output_shape=(4608,)),
        expect.layer("Dense", output_shape=(128,), parameters=589_952),
        expect.layer("ReLU", output_shape=(128,)),
        expect.layer("Dropout", output_shape=(128,)),
        expect.layer("Dense", output_shape=(10,), parameters=1_290),
        expect.layer("Softmax", output_shape=(10,)),
    ]
    expect.layers(model, rows, partial=True)

# %%
""" # BEGIN TEST CONFIG
points: 0.5
""" # END TEST CONFIG
def test_parameters(model):
    """`model` has 600,810 parameters, all of them trained."""
    from autograder import expect

    expect.parameters(model, total=600_810, trainable=600_810)

# %%
""" # BEGIN TEST CONFIG
points: 1.5
hidden: true
failure_message: Compare the kind of every layer with the table again, and then what it does not show, from the windows to the two dropout rates.
""" # END TEST CONFIG
def test_settings(model):
    """The layers work as the exercise says: windows, border, pooling, dropout rates."""
    from autograder import expect

    rows = [
        expect.layer("Conv2D", filters=32, kernel_size=3, strides=1, dilation_rate=1, padding="valid", use_bias=True),
        expect.layer("ReLU"),
        expect.layer("Conv2D", filters=32, kernel_size=3, strides=1, dilation_rate=1, padding="valid", use_bias=True),
        expect.layer("ReLU"),
        expect.layer("MaxPooling2D", pool_size=2, strides=2),
        expect.layer("Dropout", rate=0.25),
        expect.layer("Flatten"),
        expect.layer("Dense", units=128),
        expect.layer("ReLU"),
        expect.layer("Dropout", rate=0.5),
        expect.layer("Dense", units=10),
        expect.layer("Softmax"),
    ]
    expect.layers(model, rows, partial=True)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: code_layer
# points: 1.5

# %% [markdown]
# ## 2 · Where is the code?
#
# A network like this does two things. First it turns an image, layer by layer, into a list of numbers that says what
# matters about it: the **code**, or feature vector. Then it decides on the class, on nothing but that code. Two images
# with the same code are the same to it.
#
# **Which layer of `model` holds the code, the one on which the class is decided?** Put its name, or its index in
# `model.layers`, into `code_layer`.
#
# *Hints.* Read the summary from the end: what is the decision, and what is it computed from? And prefer an index, or a
# name that you look up (`model.layers[...].name`), to one that you type: Keras goes on counting when you run a cell
# again, so that today's `conv2d_2` may be `conv2d` after a restart.

# %% [raw]
# # BEGIN SOLUTION

# %%
code_layer = model.layers[8].name  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1.5
""" # END TEST CONFIG
def test_layer_of_the_code(code_layer, model):
    """`code_layer` is the layer of your `model` on whose numbers the class is decided."""
    from autograder import expect

    expect.code_layer(code_layer, model)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: code_length
# points: 1

# %% [markdown]
# ## 3 · How long is a code?
#
# **How many numbers does the code of one image have?** Put them into `code_length`.

# %% [raw]
# # BEGIN SOLUTION

# %%
code_length = model.get_layer(code_layer).output.shape[-1]  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_numbers_in_a_code(code_length, model):
    """`code_length` is the number of numbers in a code of your `model`."""
    from autograder import expect

    expect.code_length(code_length, model)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: codes
# points: 3.5

# %% [markdown]
# ## 4 · Train it, and look at the codes
#
# **Compile and train `model`** (adam, cross-entropy for one-hot labels, accuracy as a metric, batches of 128, the
# validation digits as validation data) for **8 epochs**, and keep what `fit` returns in `history`. At least 94 % of the
# validation digits should be right in the end.
#
# **Then compute the code of every validation digit**, in their order, as an array `codes` of shape `(1000, code_length)`.
#
# *Hint.* A part of a network is a network: `keras.Model(model.inputs[0], model.get_layer("…").output)` ends at the layer of
# that name, shares all weights with `model`, and can `predict`.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(1)

# BEGIN SOLUTION NO PROMPT
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
# END SOLUTION
history = model.fit(x_train, t_train, batch_size=128, epochs=8, validation_data=(x_validation, t_validation), verbose=2)  # SOLUTION
codes = keras.Model(model.inputs[0], model.get_layer(code_layer).output).predict(x_validation, verbose=0)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_validation_accuracy(model):
    """`model` gets at least 94 % of the validation digits right."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, rescale

    _, (images, labels) = load_mnist()
    expect.accuracy(model, rescale(images), labels, at_least=0.94, unsure=0.003)

# %%
""" # BEGIN TEST CONFIG
points: 0.5
""" # END TEST CONFIG
def test_history(history, model):
    """`history` is the record of the training of `model`."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, rescale

    _, (images, labels) = load_mnist()
    expect.record(history, model, rescale(images), labels, epochs=8)

# %%
""" # BEGIN TEST CONFIG
points: 1.5
""" # END TEST CONFIG
def test_codes(codes, model):
    """`codes` holds the code of every validation digit, as your trained `model` computes it."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, rescale

    (images_train, _), (images, _) = load_mnist()
    x = rescale(images)
    mistakes = {
        "training digits": rescale(images_train[: len(images)]),
        "digits with grey values up to 255, which the network was not trained on": 255 * x,
    }
    expect.codes(codes, model, x, mistakes=mistakes)

# %%
""" # BEGIN TEST CONFIG
points: 0.5
hidden: true
failure_message: It should do as well on digits that were not in the notebook. Is it fully trained, for 8 epochs, on digits from 0 to 1?
""" # END TEST CONFIG
def test_unseen_digits(model, x_hidden, y_hidden):
    """`model` reads 2,000 digits that it was not trained on."""
    from autograder import expect
    from autograder.course.datasets import rescale

    expect.accuracy(model, rescale(x_hidden[:2000]), y_hidden[:2000], at_least=0.931, unsure=0.003)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ### How it learned

# %%
figure, axis = plt.subplots(figsize=(6, 3.2))
epochs = range(1, len(history.history["accuracy"]) + 1)
axis.plot(epochs, history.history["accuracy"], marker="o", label="training")
axis.plot(epochs, history.history["val_accuracy"], marker="o", label="validation")
axis.set(xlabel="epoch", ylabel="accuracy", title="model", ylim=(0.5, 1.02))
axis.grid(alpha=0.3)
axis.legend()
plt.show()

# %% [markdown]
# ### What a code looks like
#
# Above: every validation digit is a thin column, its code from top to bottom, sorted by digit. Each digit has its own
# stripes: numbers that are large for a 3 are small for a 1. Below: the same codes on a map, each a dot, put where the
# two directions in which codes differ most (the first principal components) say. No loss asked the network to put equal
# digits together; it follows from telling them apart.

# %%
order = np.argsort(y_validation, kind="stable")
figure, axis = plt.subplots(figsize=(10, 2.6))
axis.imshow(codes[order].T, aspect="auto", cmap="magma", interpolation="nearest")
starts = np.searchsorted(y_validation[order], np.arange(10))
axis.set(xticks=starts, xticklabels=range(10), yticks=[], xlabel="validation digits, sorted", ylabel="code")
plt.show()

centred = codes - codes.mean(axis=0)
_, _, directions = np.linalg.svd(centred, full_matrices=False)
places = centred @ directions[:2].T
figure, axis = plt.subplots(figsize=(6, 5))
dots = axis.scatter(*places.T, c=y_validation, cmap="tab10", s=12, vmin=-0.5, vmax=9.5)
for digit in range(10):
    axis.annotate(str(digit), np.median(places[y_validation == digit], axis=0), fontsize=16, fontweight="bold")
axis.set(xticks=[], yticks=[], title="1,000 codes on a map")
plt.show()

# %% [markdown]
# Which digits lie next to each other, and which of them does the network mix up? Look for a dot among those of another
# digit, draw that digit on paper, and change it a little: at which stroke would you read it otherwise yourself?
#
# Better than paper: here is your own network.

# %%
LiveCNN(model)

# %% [markdown]
# ## Hand in
#
# Restart the kernel, run all cells once from top to bottom, save, and hand in this one file. Its name does not matter;
# please leave the order of the cells as it is.
