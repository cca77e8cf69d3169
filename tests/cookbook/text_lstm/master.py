# %% [raw]
# # AUTOGRADER CONFIG
# title: "Reviews with an LSTM"
# install: ./keras_autograder-0.1.0-py3-none-any.whl
# files: [reviews.csv]
# data: [text_lstm/unseen_reviews.csv]
# requires: [pandas]

# %% [markdown]
# # Reviews with an LSTM
#
# `reviews.csv`, beside this notebook, has short reviews of films, and whether they are positive.

# %%
import keras
import pandas as pd
from keras import layers

reviews = pd.read_csv("reviews.csv")
texts, positive = reviews["text"].to_numpy(dtype=object), reviews["positive"].to_numpy()

# %% [raw]
# # BEGIN QUESTION
# name: network
# points: 5

# %% [markdown]
# ## 1 · The network
#
# **Build `model`**, which takes texts as they are:
#
# - an input of the type `string`, and the layer `vectorizer`, which makes 12 numbers of each text;
# - an embedding of its words in 8 dimensions, with `mask_zero=True`;
# - a bidirectional LSTM of 8 units, and one unit with a sigmoid.

# %% [raw]
# # BEGIN SOLUTION

# %%
keras.utils.set_random_seed(1)

vectorizer = layers.TextVectorization(output_sequence_length=12)
# BEGIN SOLUTION NO PROMPT
vectorizer.adapt(texts)
model = keras.Sequential(
    [
        keras.Input((), dtype="string"),
        vectorizer,
        layers.Embedding(vectorizer.vocabulary_size(), 8, mask_zero=True),
        layers.Bidirectional(layers.LSTM(8)),
        layers.Dense(1, activation="sigmoid"),
    ]
)
# END SOLUTION
""" # BEGIN PROMPT
model = ...
""" # END PROMPT

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 3
""" # END TEST CONFIG
def test_layers(model):
    """`model` has the layers of the exercise."""
    from autograder import expect

    rows = [
        expect.layer("TextVectorization", output_sequence_length=12),
        expect.layer("Embedding", output_dim=8, mask_zero=True),
        expect.layer("Bidirectional", layer=expect.layer("LSTM", units=8)),
        expect.layer("Dense", units=1, activation="sigmoid"),
    ]
    expect.layers(model, rows, partial=True)

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_words(model):
    """`model` knows the words of the reviews, all of them."""
    import pandas as pd

    from autograder import expect

    words = {word for text in pd.read_csv("reviews.csv")["text"] for word in text.split()}
    embedding = next((layer for layer in model.layers if type(layer).__name__ == "Embedding"), None)
    assert embedding is not None, "`model` has no embedding"
    # two more, for the end of a text and for words that are not known
    expect.number(embedding.input_dim, between=(len(words) + 2, 1000), name="input_dim of the embedding")

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: training
# points: 5

# %% [markdown]
# ## 2 · The training
#
# **Train `model`** until it is right about nine of ten reviews, and keep what `fit` returns in `history`.

# %% [raw]
# # BEGIN SOLUTION

# %%
# BEGIN SOLUTION NO PROMPT
model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
history = model.fit(texts, positive, epochs=4, verbose=0)
# END SOLUTION
""" # BEGIN PROMPT
history = ...
""" # END PROMPT

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_history(history):
    """`history` has loss and accuracy of each epoch."""
    from autograder import expect

    expect.history(history, metrics=["accuracy"])

# %%
""" # BEGIN TEST CONFIG
points: 3
hidden: true
failure_message: Is it trained to its end, with the label that belongs to each text?
""" # END TEST CONFIG
def test_unseen_reviews(model, unseen_reviews):
    """`model` is right about reviews that it has not seen."""
    import pandas as pd

    from autograder import expect

    table = pd.read_csv(unseen_reviews)
    expect.accuracy(model, table["text"].to_numpy(dtype=str), table["positive"].to_numpy(), at_least=0.85)

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
