"""An array that is shorter than its shape makes a case end in the grader's error."""

STATUS = ("graded", "needs_review")

# %% answer:labels
import gc

from autograder.sandbox.wire import messages
from autograder.sandbox.wire.values import Array

worker = next(each for each in gc.get_objects() if type(each).__name__ == "Worker")


def to_labels(rows):
    worker.send(messages.Returned(1, Array("float32", (9,), b"")))
    worker.send(messages.Returned(2, Array("float32", (9,), b"")))
