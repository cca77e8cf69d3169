"""A forged array with negative and with overflowing sizes makes room for values of one's own."""

STATUS = ("graded", "needs_review")

# %% answer:labels
import gc

from autograder.sandbox.wire import messages
from autograder.sandbox.wire.frames import encode, write_frame
from autograder.sandbox.wire.values import Array

worker = next(each for each in gc.get_objects() if type(each).__name__ == "Worker")


def to_labels(rows):
    for shape in ((-1,), (2**62, 4), (50, -1)):
        write_frame(worker._results, encode(messages.Returned(1, Array("int64", shape, b"\0" * 400))))
    return rows.argmax(axis=1) * 0
