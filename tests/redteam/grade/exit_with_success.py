"""`exit(0)` ends the grading with success."""

# %% answer:number
import os
import sys

try:
    sys.exit(0)
except SystemExit:
    pass
answer = 1


# %% answer:labels
def to_labels(rows):
    os._exit(0)
