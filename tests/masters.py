"""Small masters for the tests, written as data: a repository with one exercise of three questions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

CONFIG = """\
# %% [raw]
# # AUTOGRADER CONFIG
# title: A small exercise
# data: [data/secrets.npz]
# limits: {wall_seconds: 60, cell_seconds: 20, memory_mb: 900}
"""
INTRO = """\
# %% [markdown]
# # A small exercise
# Six numbers and their sum.

# %%
numbers = [4, 8, 15, 16, 23, 42]
"""
SUM = '''\
# %% [raw]
# # BEGIN QUESTION
# name: total

# %% [markdown]
# ## The sum
# Put the sum of `numbers` into `total`.

# %% [raw]
# # BEGIN SOLUTION

# %%
total = sum(numbers)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 2
""" # END TEST CONFIG
def test_is_a_number(total):
    """`total` is a number."""
    assert isinstance(total, int), f"`total` is a {type(total).__name__}"

# %%
""" # BEGIN TEST CONFIG
points: 3
hidden: true
""" # END TEST CONFIG
def test_right_sum(total, secret_totals):
    """The sum is the right one."""
    # only the instructor reads this remark
    allowance = 0.0625
    assert abs(total - secret_totals[0]) <= allowance, "wrong sum"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
'''
DOUBLE = '''\
# %% [raw]
# # BEGIN QUESTION
# name: double
# title: Twice as much

# %% [markdown]
# ## A function
# Write `double`, which doubles a number.

# %% [raw]
# # BEGIN SOLUTION

# %%
def double(number):
    """Twice the number."""
    # BEGIN SOLUTION
    twice_as_much = number + number
    return twice_as_much
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 4
""" # END TEST CONFIG
def test_four(double):
    """`double(2)` is 4."""
    assert double(2) == 4, "it is not"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
'''
WHY = """\
# %% [raw]
# # BEGIN QUESTION
# name: why
# manual: true
# points: 1
# rubric: |
#   One point for naming Gauss and his pairs.

# %% [markdown]
# ## Why is that so?

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# Because the pairs add up to the same number each time.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION

# %% [markdown]
# Hand in this file.
"""
WHOLE = "\n".join([CONFIG, INTRO, SUM, DOUBLE, WHY])


def secret_arrays() -> dict[str, np.ndarray]:
    """The hidden data: the answer, and bytes that nothing else has."""
    return {
        "secret_totals": np.array([108]),
        "secret_pixels": np.random.default_rng(7).integers(0, 256, (20, 30), dtype=np.uint8),
    }


def write_repository(root: Path, text: str = WHOLE, slug: str = "small") -> Path:
    """Write `reference/SLUG/master.py` and the hidden data below `root`; gives back the master's path."""
    folder = root / "reference" / slug
    folder.mkdir(parents=True, exist_ok=True)
    (root / "reference" / "data").mkdir(exist_ok=True)
    np.savez_compressed(root / "reference" / "data" / "secrets.npz", **secret_arrays())
    master = folder / "master.py"
    master.write_text(text, encoding="utf-8")
    return master


def line_of(text: str, part: str) -> int:
    """The line, from 1, on which a part of a text begins."""
    assert text.count(part) == 1, f"{part!r} occurs {text.count(part)} times"
    return text[: text.index(part)].count("\n") + 1
