"""What is printed, warned and displayed in a hidden call is shown below a cell."""

HONEST = 3

# %% answer:labels
import os
import sys
import warnings

from IPython.display import display


def to_labels(rows):
    print("SEEN", rows.tolist())
    print("SEEN", rows.tolist(), file=sys.stderr)
    warnings.warn(repr(rows.tolist()))
    display(rows.tolist())
    os.write(1, repr(rows.tolist()).encode())
    return rows.argmax(axis=1)
