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
# title: "Whose face? A new head on borrowed features"
# accept: rebuilt
# data: [data/faces_hidden.npz]
# install: "./keras_autograder-0.1.0-py3-none-any.whl"
# limits:
#   cell_seconds: 120
#   memory_mb: 3072

# %% [markdown]
# # Whose face? A new head on borrowed features
#
# Eight people, ten photographs each: far too few to teach a convolutional network to see. But others have taught one
# already, with 1.2 million photographs of dogs, teapots and fire engines. You take what it sees, and put a small head of
# your own on top that learns only whose face it is. You will
#
# 1. say **what you expect** of that, and why (1 point),
# 2. build and train the **head** (4 points),
# 3. turn its probabilities into **labels** (2.5 points),
# 4. find out on the test photographs **how often it is right**, and whom it takes for whom (2.5 points).
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

from autograder.course.datasets import load_faces

# %% [markdown]
# ## The faces, as a network sees them
#
# The photographs are from *The Database of Faces*, AT&T Laboratories Cambridge. Six of each person were put aside to
# train, two to validate, two to test, and only then was each of them taken again and again: turned, moved, enlarged,
# mirrored, in another light. So no photograph is in two parts.
#
# You do not get the pictures themselves. Each of them went through EfficientNet-Lite0, a network that was trained on
# ImageNet and never on these faces, but only up to its last feature maps: 7×7 places with 1,280 numbers each. Averaged
# over four regions and mixed into **4,096 numbers**, they are the *features* of a picture. `load_faces` gives them in
# standard deviations from the mean of the training pictures. The labels are integers from 0 to 7.

# %%
(x_train, y_train), (x_validation, y_validation), (x_test, y_test) = load_faces()

for part, x, y in (("train", x_train, y_train), ("validation", x_validation, y_validation), ("test", x_test, y_test)):
    print(f"{part:10}", x.shape, x.dtype, "  of each person", np.bincount(y))

# %% [markdown]
# 4,096 axes do not fit on a screen, but two do. Below, each dot is one training picture, seen from the direction from
# which the cloud looks largest (its first two principal components), and each colour is one person. The network was not
# trained on these labels, and yet...

# %%
_, _, axes_of_the_cloud = np.linalg.svd(x_train, full_matrices=False)
seen = x_train @ axes_of_the_cloud[:2].T

figure, axis = plt.subplots(figsize=(6, 4.4))
for person in range(8):
    axis.scatter(*seen[y_train == person].T, s=10, alpha=0.7, color=plt.cm.tab10(person), label=person)
axis.set(xlabel="first component", ylabel="second component", title="640 training pictures")
axis.legend(title="person", loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
plt.tight_layout()
plt.show()

# %% [raw]
# # BEGIN QUESTION
# name: expect
# manual: true
# points: 1
# rubric: |
#   The reasons count, not the guess.
#   - **0.25**: commits itself: it helps, or it does not.
#   - **0.5**: says the idea: the early and middle layers of a network that has seen a million photographs have learned
#     edges, textures, parts of objects, which serve for other pictures as well; only the last, small part must be
#     learned anew.
#   - **0.25**: says why that matters here: 48 photographs are not enough to learn such features from the pixels (a
#     network would learn them by heart). Or names a limit: ImageNet has no classes of faces; the features were made to
#     tell a dog from a teapot, not one person from another.

# %% [markdown]
# ## 1 · What do you expect?
#
# On these pictures, scaled down to 48×48 pixels, a network of the same size as the head below gets 54 to 58 % of the
# test pictures right (four runs; guessing gets 12.5 %), and nearly all of its training pictures.
#
# **Will it be better on the borrowed features, although nobody has trained them on faces? What is the idea behind
# such fine tuning?** Three to five sentences. You cannot lose points by guessing wrong.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# I expect it to be much better. A network that was trained on a million photographs has learned, layer by layer, to see
# edges, textures and parts of things, and those are no different in faces. Only the last step, from these features to
# eight names, has to be learned anew, and that is a small network. From the pixels the 48 training photographs are by
# far too few: the network learns them by heart. What speaks against it: ImageNet never asked for the difference
# between two persons, so the features may have thrown away just what matters.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: network
# points: 4

# %% [markdown]
# ## 2 · The head
#
# **List the layers of `head` after this table.** Its input are the 4,096 features of a picture.
#
# |    | layer                | output | Param #   |
# |---:|----------------------|-------:|----------:|
# |  1 | Dense                |    400 | 1,638,800 |
# |  2 | BatchNormalization   |    400 |     1,600 |
# |  3 | Activation (ReLU)    |    400 |         0 |
# |  4 | Dropout              |    400 |         0 |
# |  5 | Dense                |    400 |   160,400 |
# |  6 | BatchNormalization   |    400 |     1,600 |
# |  7 | Activation (ReLU)    |    400 |         0 |
# |  8 | Dropout              |    400 |         0 |
# |  9 | Dense                |      8 |     3,208 |
# | 10 | Activation (softmax) |      8 |         0 |
#
# In all 1,805,608 parameters, of which 1,600 are not trained. Both dropouts set four units out of ten to 0. The weights
# of the dense layers begin with `he_normal`.
#
# **Then compile and train it**: adam, a cross-entropy that fits the labels, accuracy as a metric; **30 epochs** in
# batches of 128, with the validation pictures as validation data. Keep what `fit` returns in `history`.
#
# *Hint.* The labels are integers here, not one-hot. Either choose the loss that takes them as they are, or make them
# one-hot with `keras.utils.to_categorical`.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(4)

layers_of_the_head = [
    # BEGIN SOLUTION
    layers.Dense(400, kernel_initializer="he_normal"),
    layers.BatchNormalization(),
    layers.Activation("relu"),
    layers.Dropout(0.4),
    layers.Dense(400, kernel_initializer="he_normal"),
    layers.BatchNormalization(),
    layers.Activation("relu"),
    layers.Dropout(0.4),
    layers.Dense(8, kernel_initializer="he_normal"),
    layers.Activation("softmax"),
    # END SOLUTION
]
head = keras.Sequential([keras.Input((4096,)), *layers_of_the_head], name="head")
head.summary()

# BEGIN SOLUTION NO PROMPT
head.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
# END SOLUTION
history = head.fit(x_train, y_train, batch_size=128, epochs=30, validation_data=(x_validation, y_validation), verbose=2)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1.5
""" # END TEST CONFIG
def test_table(head):
    """Each layer of `head` has the output and the number of parameters of the table."""
    from autograder import expect

    rows = [
        expect.layer("Dense", output_shape=(400,), parameters=1_638_800),
        expect.layer("BatchNormalization", output_shape=(400,), parameters=1_600),
        expect.layer("ReLU", output_shape=(400,)),
        expect.layer("Dropout", output_shape=(400,)),
        expect.layer("Dense", output_shape=(400,), parameters=160_400),
        expect.layer("BatchNormalization", output_shape=(400,), parameters=1_600),
        expect.layer("ReLU", output_shape=(400,)),
        expect.layer("Dropout", output_shape=(400,)),
        expect.layer("Dense", output_shape=(8,), parameters=3_208),
        expect.layer("Softmax", output_shape=(8,)),
    ]
    expect.layers(head, rows, name="head", partial=True)

# %%
""" # BEGIN TEST CONFIG
points: 0.5
""" # END TEST CONFIG
def test_history(head, history):
    """`history` is the record of the training of `head`, 30 epochs long."""
    from autograder import expect
    from autograder.course.datasets import load_faces

    _, (x, y), _ = load_faces()
    expect.record(history, head, x, y, epochs=30, model_name="head")

# %%
""" # BEGIN TEST CONFIG
points: 0.5
hidden: true
failure_message: Compare every layer with the table again, and read what is said below it about the dropouts.
""" # END TEST CONFIG
def test_settings(head):
    """The dropouts of `head` are as strong as the exercise says."""
    from autograder import expect

    parts = ["Dense", "BatchNormalization", "ReLU"]
    rows = [expect.layer(kind) for kind in parts] + [expect.layer("Dropout", rate=0.4)]
    rows += [expect.layer(kind) for kind in parts] + [expect.layer("Dropout", rate=0.4)]
    rows += [expect.layer("Dense"), expect.layer("Softmax")]
    expect.layers(head, rows, name="head")

# %%
""" # BEGIN TEST CONFIG
points: 1.5
hidden: true
failure_message: It should do as well on pictures that were not in the notebook. Is it trained for 30 epochs, on the features as they came?
""" # END TEST CONFIG
def test_unseen_pictures(head, x_hidden, y_hidden):
    """`head` knows the eight people in 160 pictures that it was not trained on."""
    from autograder import expect
    from autograder.course.datasets import unpack_faces

    # The bound is 0.977, but only 16 photographs stand behind these pictures; a network on the pixels reaches 0.56.
    expect.accuracy(head, unpack_faces(x_hidden), y_hidden, at_least=0.96, unsure=0.004, name="head")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ### How it learned
#
# Look at the first epochs. How long did `cnn2` of the last exercise need to come so far?

# %%
figure, axis = plt.subplots(figsize=(6, 3.2))
epochs = range(1, len(history.history["accuracy"]) + 1)
axis.plot(epochs, history.history["accuracy"], marker="o", label="training")
axis.plot(epochs, history.history["val_accuracy"], marker="o", label="validation")
axis.axhline(0.56, color="grey", linestyle="--", linewidth=1, label="on pixels (test)")
axis.set(xlabel="epoch", ylabel="accuracy", title="head", ylim=(0, 1.02))
axis.grid(alpha=0.3)
axis.legend()
plt.show()

# %% [raw]
# # BEGIN QUESTION
# name: labels
# points: 2.5

# %% [markdown]
# ## 3 · From probabilities to labels
#
# For each picture, `head.predict` gives eight probabilities. **Write the function `to_labels`**: it takes probabilities
# of shape `(n, classes)` and returns the integers, of shape `(n,)`, of the most probable classes. It should work for
# any number of pictures and of classes; of classes that are equally probable, any will do.
#
# **Then let it find `y_pred`**, the labels that your head gives to the test pictures `x_test`.
#
# *Hint.* The most probable class need not have more than one half. Try your function on three rows that you make up
# yourself, before you trust it with 160.

# %% [raw]
# # BEGIN SOLUTION

# %%
def to_labels(probabilities):
    return np.argmax(probabilities, axis=1)  # SOLUTION


y_pred = to_labels(head.predict(x_test, verbose=0))  # SOLUTION
y_pred

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 0.75
""" # END TEST CONFIG
def test_most_probable(to_labels):
    """`to_labels` finds the most probable class in each of twenty rows of eight probabilities."""
    from autograder import expect

    expect.labels(to_labels, shapes=[(20, 8)])

# %%
""" # BEGIN TEST CONFIG
points: 0.75
""" # END TEST CONFIG
def test_own_labels(y_pred, head):
    """`y_pred` are the labels that your `head` gives to the test pictures."""
    from autograder import expect
    from autograder.course.datasets import load_faces

    _, _, (x, y) = load_faces()
    expect.predicted(y_pred, head, x, y, model_name="head")

# %%
""" # BEGIN TEST CONFIG
points: 0.75
hidden: true
failure_message: Try it with one row, with three classes and with twelve. Does it use nothing but its argument?
""" # END TEST CONFIG
def test_other_sizes(to_labels):
    """`to_labels` does as well with other numbers of rows and classes, and in double precision."""
    from autograder import expect

    expect.labels(to_labels, shapes=[(7, 5), (9, 12), (1, 6), (4, 2), (300, 3), (8, 8)], dtypes=["float32", "float64"])

# %%
""" # BEGIN TEST CONFIG
points: 0.25
hidden: true
failure_message: What does it give when two classes are equally probable? There should still be one label for each row.
""" # END TEST CONFIG
def test_ties(to_labels):
    """`to_labels` gives one label where two classes share the first place."""
    from autograder import expect

    expect.labels(to_labels, shapes=[(9, 4), (5, 8)], ties=True)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: test_accuracy
# points: 2.5

# %% [markdown]
# ## 4 · How good is it?
#
# **Work out `test_accuracy`**, the share of test pictures, between 0 and 1, for which your `y_pred` is the true label
# `y_test`.
#
# **And count `confusion`**, a matrix of 8×8: how many pictures of person *i* (the row) were taken for person *j* (the
# column)? What stands on the diagonal is right. How does it go together with your accuracy?

# %% [raw]
# # BEGIN SOLUTION

# %%
test_accuracy = np.mean(y_pred == y_test)  # SOLUTION
confusion = np.zeros((8, 8), dtype=int)  # SOLUTION
# BEGIN SOLUTION NO PROMPT
np.add.at(confusion, (y_test, y_pred), 1)
# END SOLUTION
print(f"test accuracy {test_accuracy:.1%}")
confusion

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_share(test_accuracy, y_pred):
    """`test_accuracy` is the share of your `y_pred` that is right."""
    from autograder import expect
    from autograder.course.datasets import load_faces

    _, _, (_, y) = load_faces()
    right = expect.share_right(y_pred, y)
    expect.claim(
        test_accuracy,
        {"the share of test pictures for which `y_pred` is right": right},
        mistakes={"the share for which it is wrong": 1 - right},
        name="test_accuracy",
    )

# %%
""" # BEGIN TEST CONFIG
points: 0.75
""" # END TEST CONFIG
def test_confusion(confusion, y_pred):
    """`confusion` counts whom your `y_pred` takes for whom; its diagonal agrees with your accuracy."""
    from autograder import expect
    from autograder.course.datasets import load_faces

    _, _, (_, y) = load_faces()
    expect.confusion(confusion, y, y_pred, 8)

# %%
""" # BEGIN TEST CONFIG
points: 0.75
hidden: true
failure_message: Figures and labels should be those of your own `head`, and it should be right for at least 95 % of the test pictures.
""" # END TEST CONFIG
def test_good_enough(test_accuracy, confusion, y_pred, head):
    """Your own head is right for most of the test pictures, and all your figures say so."""
    from autograder import expect
    from autograder.course.datasets import load_faces

    _, _, (x, y) = load_faces()
    reached = expect.accuracy(head, x, y, at_least=0.95, unsure=0.004, name="head")
    expect.predicted(y_pred, head, x, y, model_name="head")
    counted = expect.confusion(confusion, y, y_pred, 8)
    expect.number(counted.trace() / len(y), equal_to=reached, tolerance=0.01, name="confusion.trace() / 160")
    expect.claim(test_accuracy, {"the accuracy of `head` on the test pictures": reached}, name="test_accuracy")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ### Whom it takes for whom
#
# If your head makes mistakes, are they spread, or is there one pair of people that it mixes up?

# %%
figure, axis = plt.subplots(figsize=(4.6, 4.2))
axis.imshow(confusion, cmap="Blues")
for row in range(8):
    for column in range(8):
        if confusion[row][column]:
            axis.text(column, row, confusion[row][column], ha="center", va="center", color="white" if row == column else "black")
axis.set(xlabel="taken for", ylabel="person", xticks=range(8), yticks=range(8), title="160 test pictures")
plt.tight_layout()
plt.show()

# %% [markdown]
# From 54–58 % on pixels to nearly all, with a head that learned for a few seconds: that is what borrowed features are
# worth. But do not trust the decimals. The 160 test pictures are takes of only 16 photographs, and all of one person's
# were shot in one room, perhaps on one day: a head that recognises a collar gets full marks here, too.
#
# **With photographs of your own?** `autograder features FOLDER -o mine.npz` makes such a file from a folder with one
# subfolder per person (or per kind of dog, or teapot), and `load_faces("mine.npz")` reads it.
#
# ## Hand in
#
# Restart the kernel, run all cells once from top to bottom, save, and hand in this one file. Its name does not matter;
# please leave the order of the cells as it is.
