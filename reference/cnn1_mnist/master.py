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
# title: "One convolution, overfitting, and raw pixels"
# accept: rebuilt
# data: [data/mnist_hidden.npz]
# install: "./keras_autograder-0.1.0-py3-none-any.whl"
# limits:
#   cell_seconds: 120
#   memory_mb: 3072

# %% [markdown]
# # One convolution, overfitting, and raw pixels
#
# A fully connected network has to learn every stroke again for every place of the image. A convolution looks for the
# same small patterns everywhere. How far does a single one get? You will
#
# 1. find the layer with **most parameters** (1.5 points),
# 2. say **what you expect**: more overfitting than the fully connected network, or less? (1 point)
# 3. **train** the network (3 points),
# 4. measure whether it **overfits**, and describe it (1.5 + 1 points),
# 5. train it on **raw pixels**, not standardised, and explain what happens: today, and with the loss of 2016, when
#    this exercise was written (1 + 1 points).
#
# You need one thing beside Jupyter: `%pip install keras-autograder`. Nothing here needs a GPU or the network; the
# whole notebook runs in less than a minute on a laptop.
#
# Wherever you find `...`, it is your turn. `grader.check(…)` below a question tells you at once what is wrong with your
# answer, if anything; run it as often as you like. After you hand in, some further checks run that you do not see here.

# %%
import keras
import matplotlib.pyplot as plt
from keras import layers, ops

from autograder.course.datasets import load_mnist, preprocess

# %% [markdown]
# ## Digits and network
#
# From MNIST (LeCun, Cortes and Burges, CC BY-SA 3.0): 4,000 digits to train on, 1,000 to validate with. `preprocess`
# standardises them with one mean and one deviation for all pixels; the labels are one-hot.

# %%
(images_train, y_train), (images_validation, y_validation) = load_mnist()

x_train, x_validation = preprocess(images_train), preprocess(images_validation)
t_train = keras.utils.to_categorical(y_train, num_classes=10)
t_validation = keras.utils.to_categorical(y_validation, num_classes=10)

print("x_train", x_train.shape, "  from", x_train.min().round(2), "to", x_train.max().round(2))

# %% [markdown]
# You will need the network more than once, so it comes as a function: every call builds a new one with fresh weights.


# %%
def build(name):
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), padding="same", name="convolution"),
            layers.Activation("relu", name="relu"),
            layers.Flatten(name="flatten"),
            layers.Dense(10, name="dense"),
            layers.Activation("softmax", name="softmax"),
        ],
        name=name,
    )


keras.utils.set_random_seed(1)
cnn1 = build("cnn1")
cnn1.summary()

# %% [raw]
# # BEGIN QUESTION
# name: most_parameters
# points: 1.5

# %% [markdown]
# ## 1 · Where the parameters are
#
# **Which layer of `cnn1` holds most of the learnable parameters, and how many are they?** Put the layer's name, or its
# index in `cnn1.layers`, into `largest_layer`, and the number into `largest_layer_params`.

# %% [raw]
# # BEGIN SOLUTION

# %%
largest_layer = "dense"  # SOLUTION
largest_layer_params = 28 * 28 * 32 * 10 + 10  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 0.5
""" # END TEST CONFIG
def test_largest_layer(largest_layer, cnn1):
    """`largest_layer` is the layer of `cnn1` that learns most parameters."""
    from autograder import expect

    expect.largest_layer(largest_layer, cnn1, model_name="cnn1")

# %%
""" # BEGIN TEST CONFIG
points: 0.5
""" # END TEST CONFIG
def test_largest_layer_params(largest_layer_params, cnn1):
    """`largest_layer_params` is the number of parameters that this layer learns."""
    from autograder import expect

    expect.largest_layer_parameters(largest_layer_params, cnn1, model_name="cnn1")

# %%
""" # BEGIN TEST CONFIG
points: 0.5
hidden: true
failure_message: Layer and number should be those of `cnn1` as the exercise gives it, unchanged.
""" # END TEST CONFIG
def test_of_the_given_network(largest_layer, largest_layer_params, cnn1):
    """Layer and number belong to the network that the exercise is about."""
    from autograder import expect

    expect.parameters(cnn1, total=251_210, trainable=251_210, non_trainable=0, name="cnn1")
    layer = expect.largest_layer(largest_layer, cnn1, model_name="cnn1")
    number = expect.largest_layer_parameters(largest_layer_params, cnn1, model_name="cnn1")
    assert (type(layer).__name__, number) == ("Dense", 250_890), "not the dense layer of the exercise"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: expect_overfitting
# manual: true
# points: 1
# rubric: |
#   The reasons count, not the guess; an answer that turns out wrong in question 4 may earn all points.
#   - **0.25**: commits itself: more, or less.
#   - **0.5**: a reason that holds for the network: fewer parameters (251,210 against 420,260), and shared weights in the
#     convolution, speak for less; no dropout and no batch normalisation, and nearly all weights in one dense layer on
#     25,088 features, speak for more.
#   - **0.25**: weighs two reasons against each other, or says how one would tell.

# %% [markdown]
# ## 2 · What do you expect?
#
# **Before you train: will `cnn1` overfit more or less than the fully connected network of the last exercise, and why?**
# That one had 420,260 parameters, batch normalisation, and dropout of 0.3 after both hidden layers. A few sentences.
# You cannot lose points by guessing wrong.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# I expect more overfitting. True, `cnn1` has only 251,210 parameters, and the 320 of its convolution are shared by all
# places. But the other 250,890 sit in one dense layer on 25,088 features of only 4,000 digits: enough to separate
# them by heart. And nothing holds it back, while the fully connected network has dropout and batch normalisation.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: train
# points: 3

# %% [markdown]
# ## 3 · Train it
#
# **Compile and train `cnn1`**: optimizer adam, cross-entropy for one-hot labels, accuracy as a metric; **6 epochs** in
# batches of 128, with the validation digits as validation data. Keep what `fit` returns in `history`. In the end at
# least 88 % of the validation digits should be right.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(2)

# BEGIN SOLUTION NO PROMPT
cnn1.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
# END SOLUTION
history = cnn1.fit(x_train, t_train, batch_size=128, epochs=6, validation_data=(x_validation, t_validation), verbose=2)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_validation_accuracy(cnn1):
    """`cnn1` gets at least 88 % of the validation digits right."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    expect.accuracy(cnn1, preprocess(images), labels, at_least=0.88, unsure=0.007, name="cnn1")

# %%
""" # BEGIN TEST CONFIG
points: 0.5
""" # END TEST CONFIG
def test_history(cnn1, history):
    """`history` is the record of the training of `cnn1`, 6 epochs long."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    expect.record(history, cnn1, preprocess(images), labels, epochs=6, model_name="cnn1")

# %%
""" # BEGIN TEST CONFIG
points: 1.5
hidden: true
failure_message: Is `cnn1` still the network of the exercise, trained for 6 epochs on standardised digits?
""" # END TEST CONFIG
def test_unseen_digits(cnn1, x_hidden, y_hidden):
    """The network of the exercise reads 5,000 digits that it was not trained on."""
    from autograder import expect
    from autograder.course.datasets import preprocess

    rows = [
        expect.layer("Conv2D", filters=32, kernel_size=3, padding="same", output_shape=(28, 28, 32), parameters=320),
        expect.layer("ReLU"),
        expect.layer("Flatten", output_shape=(25_088,)),
        expect.layer("Dense", units=10, parameters=250_890),
        expect.layer("Softmax"),
    ]
    expect.layers(cnn1, rows, name="cnn1")
    expect.accuracy(cnn1, preprocess(x_hidden), y_hidden, at_least=0.874, unsure=0.007, name="cnn1")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The two curves, epoch by epoch:

# %%
figure, axis = plt.subplots(figsize=(6, 3.2))
epochs = range(1, len(history.history["accuracy"]) + 1)
axis.plot(epochs, history.history["accuracy"], marker="o", label="training")
axis.plot(epochs, history.history["val_accuracy"], marker="o", label="validation")
axis.set(xlabel="epoch", ylabel="accuracy", title="cnn1", ylim=(0.5, 1.02))
axis.grid(alpha=0.3)
axis.legend()
plt.show()

# %% [raw]
# # BEGIN QUESTION
# name: overfitting
# points: 1.5

# %% [markdown]
# ## 4 · Does it overfit?
#
# **Take two numbers out of your `history`**, both of the last epoch and between 0 and 1: the accuracy on the training
# digits as `train_accuracy`, that on the validation digits as `validation_accuracy`. Let the notebook look them up;
# numbers that you type are those of another run tomorrow.
#
# **Then decide, with `True` or `False` in `overfits`.** Say that a network overfits when it is more than two points
# (0.02) better on its training digits than on the others: 1,000 validation digits leave an accuracy uncertain by half
# a point to nearly one, so a smaller distance might be chance.
#
# *Hint.* `history.history` is a dictionary of lists, one value an epoch.

# %% [raw]
# # BEGIN SOLUTION

# %%
train_accuracy = history.history["accuracy"][-1]  # SOLUTION
validation_accuracy = history.history["val_accuracy"][-1]  # SOLUTION
overfits = train_accuracy - validation_accuracy > 0.02  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 0.5
""" # END TEST CONFIG
def test_train_accuracy(train_accuracy, history, cnn1):
    """`train_accuracy` is the accuracy on the training digits in the last epoch of your `history`."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    curves = expect.history(history, metrics=["accuracy", "val_accuracy"])
    (images, labels), _ = load_mnist()
    now = expect.accuracy(cnn1, preprocess(images), labels, at_least=0, name="cnn1")
    expect.claim(
        train_accuracy,
        # What `evaluate` says of the trained network is a training accuracy, too: without the epochs before.
        {"the accuracy on the training digits in the last epoch of `history`": curves["accuracy"][-1], "now": now},
        mistakes={
            "the accuracy on the validation digits": curves["val_accuracy"][-1],
            "that of the first epoch": curves["accuracy"][0],
        },
        name="train_accuracy",
    )

# %%
""" # BEGIN TEST CONFIG
points: 0.5
""" # END TEST CONFIG
def test_validation_accuracy(validation_accuracy, history, cnn1):
    """`validation_accuracy` is the accuracy on the validation digits in the last epoch of your `history`."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    curves = expect.record(history, cnn1, preprocess(images), labels, model_name="cnn1")
    expect.claim(
        validation_accuracy,
        {"the accuracy on the validation digits in the last epoch of `history`": curves["val_accuracy"][-1]},
        mistakes={
            "the accuracy on the training digits": curves["accuracy"][-1],
            "that of the first epoch": curves["val_accuracy"][0],
            "that of the best epoch, not of the last": max(curves["val_accuracy"]),
        },
        name="validation_accuracy",
    )

# %%
""" # BEGIN TEST CONFIG
points: 0
""" # END TEST CONFIG
def test_a_decision(overfits):
    """`overfits` is True or False; whether it is right is checked after you hand in."""
    from autograder import expect

    expect.truth(overfits, name="overfits")

# %%
""" # BEGIN TEST CONFIG
points: 0.5
hidden: true
failure_message: Compare the distance of your two accuracies with the two points, and see that it is True or False.
""" # END TEST CONFIG
def test_overfits(overfits, history, cnn1):
    """`overfits` is what your own `history` says."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    curves = expect.record(history, cnn1, preprocess(images), labels, model_name="cnn1")
    distance = curves["accuracy"][-1] - curves["val_accuracy"][-1]
    # Rounding both numbers to two decimals moves their distance by up to 0.01; then either answer will do.
    decided = None if abs(distance - 0.02) <= 0.01 else distance > 0.02
    expect.truth(overfits, decided, why=f"The distance is {distance:.3f}.", name="overfits")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: describe_overfitting
# title: Overfitting, in words
# manual: true
# points: 1
# rubric: |
#   Judge it by the student's own curves, which are on this page; a curve of the student's own is as good as words.
#   - **0.5**: describes them: training goes on rising (about 98 % after 6 epochs) while validation levels off (about
#     92 %), and names the epoch from which they part, about the second or third.
#   - **0.25**: says what it means: the network begins to know its training digits by heart, and more epochs would not
#     help.
#   - **0.25**: comes back to the expectation of question 2 (the fully connected network parts as far, about 99.7 % and
#     93 %, after 30 epochs), or names a remedy that fits: dropout, more or shifted digits, fewer weights, stopping early.

# %% [markdown]
# **Describe what you see in the curves**: where do they part, what does each of them do after that, and what does it
# mean? Was your expectation of question 2 right? Three to five sentences. You may draw a better curve in a cell of its
# own and write about that.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# Both curves climb together for about two epochs. Then the accuracy on the training digits goes on to 98 %, while that on
# the validation digits stays at about 92 %: six points, many times what chance explains. From there on the network
# learns particulars of its 4,000 digits that say nothing about others, and further epochs would only widen the gap.
# I had expected more of it than in the fully connected network, and was half right: that one ended with 99.7 % against
# 93 %, a gap as wide, but it took 30 epochs for it, and this one 6.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: raw
# points: 1

# %% [markdown]
# ## 5 · Raw pixels
#
# What is standardising good for? **Build the same network once more as `cnn1_raw`, and train it, with the settings of
# question 3, on raw pixels**: `x_train_raw`, from 0 to 255, neither centred nor scaled. **Put its accuracy on the raw
# validation digits, `x_validation_raw`, into `raw_validation_accuracy`.**
#
# There is no right number here. What counts is that you report what your own run gives, whether it is what you expected
# or not.

# %%
x_train_raw = images_train[..., None].astype("float32")
x_validation_raw = images_validation[..., None].astype("float32")
print("x_train_raw", x_train_raw.shape, "  from", x_train_raw.min(), "to", x_train_raw.max())

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(3)

cnn1_raw = build("cnn1_raw")  # SOLUTION
# BEGIN SOLUTION NO PROMPT
cnn1_raw.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history_raw = cnn1_raw.fit(
    x_train_raw, t_train, batch_size=128, epochs=6, validation_data=(x_validation_raw, t_validation), verbose=2
)
# END SOLUTION
raw_validation_accuracy = history_raw.history["val_accuracy"][-1]  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 0.5
""" # END TEST CONFIG
def test_trained_on_raw_pixels(cnn1_raw, cnn1):
    """`cnn1_raw` is a new network, built as `cnn1` is and trained on raw pixels."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    expect.twin(cnn1_raw, cnn1, name="cnn1_raw", other_name="cnn1")
    expect.trained(cnn1_raw, name="cnn1_raw")
    _, (images, labels) = load_mnist()
    raw = expect.accuracy(cnn1_raw, images[..., None].astype("float32"), labels, at_least=0, name="cnn1_raw")
    standardised = expect.accuracy(cnn1_raw, preprocess(images), labels, at_least=0, name="cnn1_raw")
    # No floor: a run that went badly is a result, too. But each network is at its best on what it was trained on, and
    # better than guessing there.
    assert raw > max(standardised, 0.2), (
        f"`cnn1_raw` reads {raw:.0%} of the raw digits and {standardised:.0%} of the standardised ones, as if it had not "
        "been trained on `x_train_raw`. Build it anew, and train it."
    )

# %%
""" # BEGIN TEST CONFIG
points: 0.5
""" # END TEST CONFIG
def test_own_accuracy(raw_validation_accuracy, cnn1_raw):
    """`raw_validation_accuracy` is the accuracy of your own `cnn1_raw` on the raw validation digits."""
    from autograder import expect
    from autograder.course.datasets import load_mnist, preprocess

    _, (images, labels) = load_mnist()
    expect.trained(cnn1_raw, name="cnn1_raw")
    raw = expect.accuracy(cnn1_raw, images[..., None].astype("float32"), labels, at_least=0, name="cnn1_raw")
    standardised = expect.accuracy(cnn1_raw, preprocess(images), labels, at_least=0, name="cnn1_raw")
    expect.claim(
        raw_validation_accuracy,
        {"the accuracy of `cnn1_raw` on the raw validation digits": raw},
        mistakes={"its accuracy on standardised digits": standardised},
        name="raw_validation_accuracy",
    )

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ### And in the old days?
#
# In courses of 2016 the accuracy on raw pixels fell to 24 % in this experiment. Nothing has changed in network or
# digits. What has changed is how the loss is computed. At that time Keras took the probabilities that came out of the
# softmax, clipped them to keep them away from 0 and 1, and took the logarithm. Today it finds the numbers that went
# *into* the softmax, and works with those.
#
# Here is the loss of old. Run the cell, and see what it does to both kinds of pixels; this takes ten seconds or so.


# %%
def clipped_crossentropy(t, probabilities):
    probabilities = ops.clip(probabilities, 1e-7, 1 - 1e-7)
    return -ops.sum(t * ops.log(probabilities), axis=-1)


accuracy_of_old = {}
for pixels, x, x_new in [
    ("standardised", x_train, x_validation),
    ("raw", x_train_raw, x_validation_raw),
]:
    keras.utils.set_random_seed(3)
    network = build(f"old_{pixels}")
    network.compile(optimizer="adam", loss=clipped_crossentropy, metrics=["accuracy"])
    network.fit(x, t_train, batch_size=128, epochs=6, verbose=0)
    accuracy_of_old[pixels] = network.evaluate(x_new, t_validation, verbose=0)[1]
    surest = network.predict(x_new, verbose=0).max(axis=1)
    print(f"{pixels:12}  validation {accuracy_of_old[pixels]:.1%}   exactly 1 for {(surest == 1).mean():.0%} of the digits")

# %% [markdown]
# All four together:

# %%
figure, axis = plt.subplots(figsize=(6, 3))
places = {"standardised": 0, "raw": 1}
today = {"standardised": history.history["val_accuracy"][-1], "raw": raw_validation_accuracy}
for shift, label, accuracies in [(-0.2, "loss of today", today), (0.2, "loss of old, clipped", accuracy_of_old)]:
    bars = axis.bar([places[key] + shift for key in accuracies], accuracies.values(), width=0.35, label=label)
    axis.bar_label(bars, fmt="%.2f")
axis.set(ylabel="validation accuracy", ylim=(0, 1.15), xticks=list(places.values()), xticklabels=list(places))
axis.legend(loc="lower left")
plt.show()

# %% [raw]
# # BEGIN QUESTION
# name: explain_raw
# title: Raw pixels, explained
# manual: true
# points: 1
# rubric: |
#   - **0.25**: reports the own four numbers faithfully: raw pixels do about as well as standardised ones today (about
#     92 %), and fall apart only with the clipped loss (34 to 74 %, differently in every run). An answer that claims
#     a collapse of `cnn1_raw` against its own bars earns nothing here.
#   - **0.5**: why: raw pixels make the sums before the softmax hundreds large, so its probabilities are 0 and 1 to the
#     last digit. Clipped there, the loss is flat: the gradient is 0, and exactly the digits that are wrong beyond doubt
#     teach nothing. From the numbers before the softmax the gradient is probability minus label, whatever the size.
#   - **0.25**: what follows: standardising keeps these numbers small, so that it works with either loss; it still is
#     the safer habit, for other losses, optimisers and deeper networks.

# %% [markdown]
# **Explain your four bars in four to six sentences.** What do raw pixels do to `cnn1_raw` today, and what did they do
# with the loss of old? Why does clipping do harm to raw pixels, and none to standardised ones? And is standardising
# still worth its line of code?
#
# *Hint.* How large are the numbers that reach the softmax when the pixels are up to 255? What is the slope of a function
# where it is clipped?

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# With the loss of today `cnn1_raw` reaches about 92 % on raw pixels, as good as `cnn1` within chance. With the clipped
# loss, standardised digits do as well as ever, but raw ones fall to somewhere between 34 and 74 %. Raw pixels are up to
# 255, so the sums in front of the softmax are in the hundreds, and its probabilities are 0 and 1 to the last digit.
# There the clipped loss is flat: a digit that is wrong beyond doubt has the gradient 0, and the network learns nothing
# from its worst mistakes. Today the loss is computed from the sums themselves; its gradient is probability minus
# label, which is as large as it can be for such a digit. Standardised digits give small sums, so clipping never
# bites. I would still standardise: it costs a line, and does not depend on how somebody else computes a logarithm.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## Hand in
#
# Restart the kernel, run all cells once from top to bottom, save, and hand in this one file. Its name does not matter;
# please leave the order of the cells as it is.
