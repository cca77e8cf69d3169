"""An answer cell that became text is nobody's answer, and the question is settled in one's favour."""


# %% [markdown] answer:labels
# def to_labels(rows):
#     return rows.argmax(axis=1)
