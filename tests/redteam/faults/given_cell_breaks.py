"""A given cell, changed so that it fails, makes every later failure look like the grader's."""

# %%
x_train = y_train = None
raise RuntimeError("the grader failed")
