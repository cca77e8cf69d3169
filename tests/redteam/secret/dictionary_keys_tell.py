"""Keys and names in what a hidden call returns stand in the message about it."""


# %% answer:labels
def to_labels(rows):
    return {repr(row.tolist()): 1 for row in rows}
