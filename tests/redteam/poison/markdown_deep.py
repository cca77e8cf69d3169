"""Quotes, lists and emphasis, nested ten thousand deep, break whoever renders them."""

# %% [markdown] answer:why
# x

# %% answer:number
from IPython.display import Markdown, display

for text in (
    ">" * 10_000,
    "- " * 10_000,
    "[" * 10_000,
    "*a **b " * 5_000,
    "`" * 10_000,
    "| a " * 3_000,
    "![](" * 3_000,
):
    display(Markdown(text))
