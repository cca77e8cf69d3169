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
# title: "Deeper: a convolutional network with a gap"
# accept: rebuilt
# data: [data/mnist_hidden.npz]
# install: "./keras_autograder-0.1.0-py3-none-any.whl"
# limits:
#   cell_seconds: 200
#   memory_mb: 3072

# %% [markdown]
# # Deeper: a convolutional network with a gap
#
# So far there were two networks for handwritten digits: a fully connected one, and one with a single convolution. The
# third has four convolutions, and four of its layers are missing. You will
#
# 1. put the **missing layers** back (4 points),
# 2. **train** the network (3 points),
# 3. **compare** the three networks and say why the winner wins (2 + 1 points).
#
# You need one thing beside Jupyter: `%pip install keras-autograder`. Nothing here needs a GPU or the network; the
# whole notebook runs in one to two minutes on a laptop.
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

figure, axes = plt.subplots(1, 10, figsize=(10, 1.4))
for digit, axis in enumerate(axes):
    axis.imshow(images_train[y_train == digit][0], cmap="gray_r")
    axis.set_title(digit)
    axis.axis("off")
plt.show()

# %% [markdown]
# `preprocess` standardises: it subtracts the mean grey value of all pixels of all training digits and divides by their
# standard deviation. *One* mean and *one* deviation, on purpose. Many pixels near the border are blank in every
# training digit; standardised one by one, such a pixel would be divided by (almost) nothing, and a single validation
# digit with ink there would outweigh all others.
#
# `t_train` and `t_validation` are the labels one-hot: a 3 becomes `[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]`.

# %%
x_train, x_validation = preprocess(images_train), preprocess(images_validation)
t_train = keras.utils.to_categorical(y_train, num_classes=10)
t_validation = keras.utils.to_categorical(y_validation, num_classes=10)

print("x_train", x_train.shape, "  mean", x_train.mean().round(3), "  deviation", x_train.std().round(3))
print("t_train", t_train.shape)

# %% [markdown]
# ## The two to beat
#
# The networks of the last two exercises, complete and ready to train: `fc` with two hidden layers, and `cnn1` with one
# convolution. This takes some ten seconds. Leave the cell as it is: you will need both networks again at the end.

# %%
keras.utils.set_random_seed(1)

fc = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(500),
        layers.BatchNormalization(),
        layers.Dropout(0.3),
        layers.Activation("relu"),
        layers.Dense(50),
        layers.BatchNormalization(),
        layers.Dropout(0.3),
        layers.Activation("relu"),
        layers.Dense(10),
        layers.Activation("softmax"),
    ],
    name="fc",
)
cnn1 = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, (3, 3), padding="same"),
        layers.Activation("relu"),
        layers.Flatten(),
        layers.Dense(10),
        layers.Activation("softmax"),
    ],
    name="cnn1",
)
for network, epochs in ((fc, 30), (cnn1, 6)):
    network.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    fitted = network.fit(
        x_train, t_train, batch_size=128, epochs=epochs, validation_data=(x_validation, t_validation), verbose=0
    )
    print(f"{network.name:4}  {network.count_params():,} parameters  validation {fitted.history['val_accuracy'][-1]:.1%}")

# %% [raw]
# # BEGIN QUESTION
# name: missing_layers
# points: 4

# %% [markdown]
# ## 1 · The missing layers
#
# This is the summary of `cnn2` as it should be.
#
# |    | layer              | output shape | Param # |
# |---:|--------------------|--------------|--------:|
# |  1 | Conv2D             | 28 × 28 × 32 |     320 |
# |  2 | BatchNormalization | 28 × 28 × 32 |     128 |
# |  3 | Activation (ReLU)  | 28 × 28 × 32 |       0 |
# |  4 | Conv2D             | 28 × 28 × 32 |   9,248 |
# |  5 | BatchNormalization | 28 × 28 × 32 |     128 |
# |  6 | Activation (ReLU)  | 28 × 28 × 32 |       0 |
# |  7 | MaxPooling2D       | 14 × 14 × 32 |       0 |
# |  8 | Conv2D             | 14 × 14 × 64 |  18,496 |
# |  9 | BatchNormalization | 14 × 14 × 64 |     256 |
# | 10 | Activation (ReLU)  | 14 × 14 × 64 |       0 |
# | **11** | **Conv2D**             | **14 × 14 × 64** | **36,928** |
# | **12** | **BatchNormalization** | **14 × 14 × 64** | **256** |
# | **13** | **Activation (ReLU)**  | **14 × 14 × 64** | **0** |
# | **14** | **MaxPooling2D**       | **7 × 7 × 64**   | **0** |
# | 15 | Flatten            | 3,136        |       0 |
# | 16 | Dense              | 200          | 627,400 |
# | 17 | BatchNormalization | 200          |     800 |
# | 18 | Dropout            | 200          |       0 |
# | 19 | Activation (ReLU)  | 200          |       0 |
# | 20 | Dense              | 10           |   2,010 |
# | 21 | Activation (softmax) | 10         |       0 |
#
# In all 695,970 parameters, of which 784 are not trained (the running means and variances of batch normalisation).
#
# Layers 11 to 14 are missing below. **List them in `missing_layers`, in order.** The weights of your convolution start
# like those of its neighbours, with `he_normal`.
#
# *Hints.* The output shape tells you the number of filters and what happens at the border. The number of parameters
# tells you how large the filters are: a filter has one weight for each place of its window and each incoming channel,
# and one bias. Solve 36,928 = 64 · (places · 64 + 1) for the places. And each half of the convolutional part is built
# alike.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(2)

missing_layers = [
    # BEGIN SOLUTION
    layers.Conv2D(64, kernel_size=(3, 3), padding="same", kernel_initializer="he_normal"),
    layers.BatchNormalization(),
    layers.Activation("relu"),
    layers.MaxPooling2D((2, 2)),
    # END SOLUTION
]

cnn2 = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, (3, 3), padding="same", kernel_initializer="he_normal"),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.Conv2D(32, (3, 3), padding="same", kernel_initializer="he_normal"),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        *missing_layers,
        layers.Flatten(),
        layers.Dense(200, kernel_initializer="he_normal"),
        layers.BatchNormalization(),
        layers.Dropout(0.3),
        layers.Activation("relu"),
        layers.Dense(10, kernel_initializer="he_normal"),
        layers.Activation("softmax"),
    ],
    name="cnn2",
)
cnn2.summary()

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_table(cnn2):
    """Each layer of `cnn2` has the output shape and the number of parameters of the table."""
    from autograder import expect

    rows = [
        expect.layer("Conv2D", output_shape=(28, 28, 32), parameters=320),
        expect.layer("BatchNormalization", output_shape=(28, 28, 32), parameters=128),
        expect.layer("ReLU", output_shape=(28, 28, 32)),
        expect.layer("Conv2D", output_shape=(28, 28, 32), parameters=9_248),
        expect.layer("BatchNormalization", output_shape=(28, 28, 32), parameters=128),
        expect.layer("ReLU", output_shape=(28, 28, 32)),
        expect.layer("MaxPooling2D", output_shape=(14, 14, 32)),
        expect.layer("Conv2D", output_shape=(14, 14, 64), parameters=18_496),
        expect.layer("BatchNormalization", output_shape=(14, 14, 64), parameters=256),
        expect.layer("ReLU", output_shape=(14, 14, 64)),
        expect.layer("Conv2D", output_shape=(14, 14, 64), parameters=36_928),
        expect.layer("BatchNormalization", output_shape=(14, 14, 64), parameters=256),
        expect.layer("ReLU", output_shape=(14, 14, 64)),
        expect.layer("MaxPooling2D", output_shape=(7, 7, 64)),
        expect.layer("Flatten", output_shape=(3136,)),
        expect.layer("Dense", output_shape=(200,), parameters=627_400),
        expect.layer("BatchNormalization", output_shape=(200,), parameters=800),
        expect.layer("Dropout", output_shape=(200,)),
        expect.layer("ReLU", output_shape=(200,)),
        expect.layer("Dense", output_shape=(10,), parameters=2_010),
        expect.layer("Softmax", output_shape=(10,)),
    ]
    expect.layers(cnn2, rows, name="cnn2", partial=True, gap=slice(10, 14))

# %%
""" # BEGIN TEST CONFIG
points: 0.5
""" # END TEST CONFIG
def test_parameters(cnn2):
    """`cnn2` has 695,970 parameters, of which 784 are not trained."""
    from autograder import expect

    expect.parameters(cnn2, total=695_970, trainable=695_186, non_trainable=784, name="cnn2")

# %%
""" # BEGIN TEST CONFIG
points: 1.5
hidden: true
failure_message: Compare your layers with the table and with the half above them, in order, filters, window, border and pooling.
""" # END TEST CONFIG
def test_settings_of_the_gap(cnn2):
    """The four layers work as their neighbours do: window, border, activation, pooling."""
    from autograder import expect

    rows = [expect.layer(kind) for kind in ("Conv2D", "BatchNormalization", "ReLU") * 2]
    rows += [expect.layer(kind) for kind in ("MaxPooling2D", "Conv2D", "BatchNormalization", "ReLU")]
    # Same shapes and parameters are also had with a 1×9 window, or by pooling 3×3 at every second place.
    rows += [
        expect.layer("Conv2D", filters=64, kernel_size=3, strides=1, dilation_rate=1, padding="same", use_bias=True),
        expect.layer("BatchNormalization"),
        expect.layer("ReLU"),
        expect.layer("MaxPooling2D", pool_size=2, strides=2),
    ]
    rows += [expect.layer(kind) for kind in ("Flatten", "Dense", "BatchNormalization", "Dropout", "ReLU", "Dense", "Softmax")]
    expect.layers(cnn2, rows, name="cnn2", partial=True, gap=slice(10, 14))

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: train
# points: 3

# %% [markdown]
# ## 2 · Train it
#
# **Compile and train `cnn2`** with the settings that the other two had (adam, cross-entropy for one-hot labels,
# accuracy as a metric, batches of 128, the validation digits as validation data), for **8 epochs**. Keep what `fit`
# returns in `history`. Half a minute to a minute, depending on your machine.
#
# Do not mind the first epochs: batch normalisation predicts with running means that still have to catch up, so the
# validation accuracy starts low and then jumps. In the end at least 95 % of the validation digits should be right.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(3)

# BEGIN SOLUTION NO PROMPT
cnn2.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
# END SOLUTION
history = cnn2.fit(x_train, t_train, batch_size=128, epochs=8, validation_data=(x_validation, t_validation), verbose=2)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_validation_accuracy(cnn2):
    """`cnn2` gets at least 95 % of the validation digits right."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    expect.accuracy(cnn2, preprocess(images), labels, at_least=0.95, unsure=0.003, name="cnn2")

# %%
""" # BEGIN TEST CONFIG
points: 0.5
""" # END TEST CONFIG
def test_history(cnn2, history):
    """`history` is the record of the training of `cnn2`."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    curves = expect.history(history, epochs=8, metrics=["accuracy", "val_accuracy"])
    _, (images, labels) = load_mnist()
    reached = expect.accuracy(cnn2, preprocess(images), labels, at_least=0, name="cnn2")
    last = curves["val_accuracy"][-1]
    expect.number(last, equal_to=reached, tolerance=0.01, name="history.history['val_accuracy'][-1]")

# %%
""" # BEGIN TEST CONFIG
points: 1.5
hidden: true
failure_message: It should do as well on digits that were not in the notebook. Is it fully trained, for 8 epochs, on standardised digits?
""" # END TEST CONFIG
def test_unseen_digits(cnn2, x_hidden, y_hidden):
    """`cnn2` reads 2,000 digits that it was not trained on."""
    from autograder import expect
    from autograder.course.datasets import preprocess

    expect.accuracy(cnn2, preprocess(x_hidden[:2000]), y_hidden[:2000], at_least=0.941, unsure=0.004, name="cnn2")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ### How it learned
#
# Where the two curves part, the network begins to know its training digits by heart.

# %%
figure, axis = plt.subplots(figsize=(6, 3.2))
epochs = range(1, len(history.history["accuracy"]) + 1)
axis.plot(epochs, history.history["accuracy"], marker="o", label="training")
axis.plot(epochs, history.history["val_accuracy"], marker="o", label="validation")
axis.set(xlabel="epoch", ylabel="accuracy", title="cnn2", ylim=(0, 1.02))
axis.grid(alpha=0.3)
axis.legend()
plt.show()

# %% [markdown]
# ### Where it fails
#
# The validation digits that `cnn2` gets wrong, the most confident mistakes first. Would you have read them all?

# %%
probabilities = cnn2.predict(x_validation, verbose=0)
y_pred = probabilities.argmax(axis=1)
wrong = np.flatnonzero(y_pred != y_validation)
wrong = wrong[np.argsort(-probabilities[wrong].max(axis=1))]
print(f"{len(wrong)} of {len(y_validation)} validation digits are read wrongly")

figure, axes = plt.subplots(2, 8, figsize=(10, 3.2))
for axis in axes.flat:
    axis.axis("off")
for axis, index in zip(axes.flat, wrong):
    axis.imshow(images_validation[index], cmap="gray_r")
    axis.set_title(f"{y_validation[index]}, read as {y_pred[index]}", fontsize=9)
plt.tight_layout()
plt.show()

# %% [raw]
# # BEGIN QUESTION
# name: compare
# points: 2

# %% [markdown]
# ## 3 · Compare the three
#
# **Make a dictionary `accuracies`** with the keys `"fc"`, `"cnn1"` and `"cnn2"`: the validation accuracy of each network
# as it is now, a number between 0 and 1. Do not copy numbers from above: let the networks work them out.
#
# *Hint.* `evaluate` gives back the loss and, after it, the metrics. Labels as in training.

# %% [raw]
# # BEGIN SOLUTION

# %%
networks = {"fc": fc, "cnn1": cnn1, "cnn2": cnn2}
accuracies = {name: each.evaluate(x_validation, t_validation, verbose=0)[1] for name, each in networks.items()}  # SOLUTION
accuracies

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 0.5
""" # END TEST CONFIG
def test_three_numbers(accuracies):
    """`accuracies` has a number between 0 and 1 for each of `fc`, `cnn1` and `cnn2`."""
    from autograder import expect

    given = expect.mapping(accuracies, ["fc", "cnn1", "cnn2"], name="accuracies")
    for key, value in given.items():
        expect.number(value, between=(0, 1), name=f"accuracies[{key!r}]")

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_own_networks(accuracies, fc, cnn1, cnn2):
    """The numbers are the validation accuracies of your own three networks."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    given = expect.mapping(accuracies, ["fc", "cnn1", "cnn2"], name="accuracies")
    _, (images, labels) = load_mnist()
    x_validation = preprocess(images)
    for key, network in {"fc": fc, "cnn1": cnn1, "cnn2": cnn2}.items():
        reached = expect.accuracy(network, x_validation, labels, at_least=0, name=key)
        asked = f"the accuracy of `{key}` on the validation digits as it is now"
        expect.claim(given[key], {asked: reached}, name=f"accuracies[{key!r}]")

# %%
""" # BEGIN TEST CONFIG
points: 0.5
hidden: true
failure_message: Leave the two given networks as they are. The best of your three should be the best one on digits that were not in the notebook, too.
""" # END TEST CONFIG
def test_same_winner(accuracies, fc, cnn1, cnn2, x_hidden, y_hidden):
    """The best of the three is also the best on digits that none of them was trained on."""
    from autograder import expect
    from autograder.course.datasets import preprocess

    expect.parameters(fc, total=420_260, name="fc")
    expect.parameters(cnn1, total=251_210, name="cnn1")
    given = expect.mapping(accuracies, ["fc", "cnn1", "cnn2"], name="accuracies")
    best = max(given, key=lambda key: expect.number(given[key], name=f"accuracies[{key!r}]"))
    digits, labels = preprocess(x_hidden[:500]), y_hidden[:500]
    unseen = {
        key: expect.accuracy(network, digits, labels, at_least=0, name=key)
        for key, network in {"fc": fc, "cnn1": cnn1, "cnn2": cnn2}.items()
    }
    assert unseen[best] == max(unseen.values()), f"{best} is best by `accuracies`, unseen digits say {unseen}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: compare_why
# manual: true
# points: 1
# rubric: |
#   - **0.25**: names the winner with the three accuracies (about 93 %, 92 % and 97.5 %).
#   - **0.5**: explains it by what convolutions do: the same small filter everywhere (few weights, shifted digits look
#     alike), and depth: the later filters see larger, composed patterns. Pooling and batch normalisation may be named.
#     "It has more parameters" alone earns nothing: `fc` has more than `cnn1` and both lose to an architecture.
#   - **0.25**: sees what a difference means: with 1,000 digits a standard error is 0.5 to 0.9 points, so `cnn2` wins
#     clearly, while `fc` against `cnn1` is too close to call.

# %% [markdown]
# ## 4 · Why does it win?
#
# **Say in three to six sentences which network wins and why.** What can it see, or learn, that the others cannot? Is it
# the number of parameters? And look at the distances: 1,000 validation digits leave an accuracy uncertain by half a
# point to nearly one point. Which of the differences would you bet on?

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# `cnn2` wins with about 97.5 %, before `fc` (93 %) and `cnn1` (92 %). Its filters are small and shared by all places of
# the image, so a stroke that was learned in one place is known in every other. Four convolutions and two poolings let
# its later filters see compositions of strokes in a large part of the digit; the one layer of `cnn1` sees only 3×3
# pixels, and all else is left to a single dense layer. It is not the number of parameters: most of those of `cnn2` sit in
# one dense layer behind the convolutions, and `fc` has far more than `cnn1` without being clearly better. The step of
# four points to `cnn2` is several standard errors; the one point between `fc` and `cnn1` is within chance.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## Hand in
#
# Restart the kernel, run all cells once from top to bottom, save, and hand in this one file. Its name does not matter;
# please leave the order of the cells as it is.
