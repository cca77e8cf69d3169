# %% [raw]
# # AUTOGRADER CONFIG
# title: "A table, and a model of scikit-learn"
# install: ./keras_autograder-0.1.0-py3-none-any.whl
# files: [penguins.csv]
# data: [tables/unseen_penguins.csv]
# requires: [pandas, scikit-learn]

# %% [markdown]
# # A table, and a model of scikit-learn
#
# `penguins.csv` has penguins of three species: how long and how deep their bills are, and how heavy they are. Some numbers are
# missing.

# %%
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

penguins = pd.read_csv("penguins.csv")

# %% [raw]
# # BEGIN QUESTION
# name: means
# points: 5

# %% [markdown]
# ## 1 · Means
#
# **Make `complete`**, the penguins of which all is known, and **`means`**, a table with the columns `species` and `mass`: the mean
# mass of the complete penguins of each species, in the alphabetical order of the species.

# %% [raw]
# # BEGIN SOLUTION

# %%
complete = penguins.dropna()  # SOLUTION
means = complete.groupby("species", as_index=False)["mass"].mean()  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_complete(complete):
    """`complete` has the penguins of which all is known."""
    import pandas as pd

    from autograder import expect

    wanted = pd.read_csv("penguins.csv").dropna()
    expect.frame(complete, columns=["species", "length", "depth", "mass"], rows=len(wanted), name="complete")

# %%
""" # BEGIN TEST CONFIG
points: 3
""" # END TEST CONFIG
def test_means(means):
    """`means` has the mean mass of each species."""
    import pandas as pd

    from autograder import expect

    wanted = pd.read_csv("penguins.csv").dropna().groupby("species", as_index=False)["mass"].mean()
    expect.frame(means, wanted, name="means")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: species
# points: 5

# %% [markdown]
# ## 2 · Which species?
#
# **Fit `model`**, a classifier of scikit-learn, to the complete penguins. It gets the columns `length`, `depth` and `mass` as an
# array, and predicts 0, 1 or 2 for the species in alphabetical order. It should be right about 90 % of other penguins.

# %% [raw]
# # BEGIN SOLUTION

# %%
x = complete[["length", "depth", "mass"]].to_numpy()
y = complete["species"].astype("category").cat.codes.to_numpy()

model = make_pipeline(StandardScaler(), LogisticRegression())  # SOLUTION
model.fit(x, y)  # SOLUTION NO PROMPT

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 5
hidden: true
failure_message: Is it fitted to all three columns, and are they on the same scale?
""" # END TEST CONFIG
def test_unseen_penguins(model, unseen_penguins):
    """`model` knows the species of other penguins."""
    import pandas as pd

    from autograder import expect

    table = pd.read_csv(unseen_penguins)
    species = table["species"].astype("category").cat.codes.to_numpy()
    expect.accuracy(model, table[["length", "depth", "mass"]].to_numpy(), species, at_least=0.9)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
