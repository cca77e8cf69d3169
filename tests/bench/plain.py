# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [raw]
# # AUTOGRADER CONFIG
# title: A mean

# %% [markdown]
# # A mean

# %%
import numpy as np

numbers = np.arange(12.0).reshape(3, 4)

# %% [raw]
# # BEGIN QUESTION
# name: means
# points: 3

# %% [markdown]
# **Write `means`**: the mean of each row. `answer` is that of `numbers`.

# %% [raw]
# # BEGIN SOLUTION


# %%
def means(x):
    return x.mean(axis=1)  # SOLUTION


answer = means(numbers)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_answer(answer):
    """There is a mean for each row."""
    import numpy as np

    assert np.allclose(answer, [1.5, 5.5, 9.5])


# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
"""  # END TEST CONFIG


def test_means(means):
    """Any table has its means."""
    import numpy as np

    x = np.arange(6.0).reshape(2, 3)
    assert np.allclose(means(x), [1, 4])


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
