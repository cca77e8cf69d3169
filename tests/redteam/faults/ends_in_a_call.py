"""A call that ends the process costs only its own case, and says so."""

SHOWN = ("ended the process",)

# %% answer:labels
import os


def to_labels(rows):
    os._exit(0)
