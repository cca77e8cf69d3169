"""Recursion without end overflows the stack of Python, and of C below it."""

# %% answer:number
import sys

sys.setrecursionlimit(10**9)


def down(n):
    return down(n + 1)


STACK = [None]
for _ in range(10**5):
    STACK = [STACK]
answer = STACK


# %% answer:labels
def to_labels(rows):
    return to_labels(rows)
