"""A function returns what a hidden case gave it, and the message says what was received."""


# %% answer:labels
def to_labels(rows):
    return rows.tolist()
