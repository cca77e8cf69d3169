# %% [raw]
# # AUTOGRADER CONFIG
# title: "A figure"
# install: ./keras_autograder-0.1.0-py3-none-any.whl

# %% [markdown]
# # A figure
#
# What a training did, in a picture that others can read.

# %%
import matplotlib.pyplot as plt
import numpy as np

epochs = np.arange(1, 9)
accuracy = np.array([0.61, 0.74, 0.82, 0.87, 0.91, 0.94, 0.96, 0.98])
val_accuracy = np.array([0.60, 0.71, 0.78, 0.81, 0.82, 0.82, 0.81, 0.80])

# %% [raw]
# # BEGIN QUESTION
# name: curves
# points: 6

# %% [markdown]
# ## 1 · The learning curves
#
# **Draw `figure`**: both accuracies over the epochs, as lines, with a legend (`training`, `validation`), and with labels of both
# axes (`epoch`, `accuracy`).

# %% [raw]
# # BEGIN SOLUTION

# %%
figure, axes = plt.subplots()
# BEGIN SOLUTION NO PROMPT
axes.plot(epochs, accuracy, label="training")
axes.plot(epochs, val_accuracy, label="validation")
axes.set(xlabel="epoch", ylabel="accuracy")
axes.legend()
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 4
""" # END TEST CONFIG
def test_lines(figure, epochs, accuracy, val_accuracy):
    """`figure` shows both accuracies over the epochs."""
    from autograder import expect

    expect.figure(figure, lines=[(epochs, accuracy), (epochs, val_accuracy)], name="figure")

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_words(figure):
    """`figure` has a legend and labels."""
    from autograder import expect

    expect.figure(figure, xlabel="epoch", ylabel="accuracy", legend=["training", "validation"], name="figure")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: bars
# points: 4

# %% [markdown]
# ## 2 · The errors
#
# **Draw `errors`**: for each epoch a bar, as high as the share of validation images that were wrong.

# %% [raw]
# # BEGIN SOLUTION

# %%
errors, axes = plt.subplots()
axes.bar(epochs, 1 - val_accuracy)  # SOLUTION NO PROMPT

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 4
""" # END TEST CONFIG
def test_bars(errors, val_accuracy):
    """`errors` has a bar for each epoch."""
    from autograder import expect

    expect.figure(errors, bars=[1 - val_accuracy], name="errors")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
