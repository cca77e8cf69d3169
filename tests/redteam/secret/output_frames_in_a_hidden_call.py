"""Output, forged as the worker's message in a hidden call, belongs to a cell and is shown."""

STATUS = ("graded", "needs_review")
HONEST = 3

# %% answer:labels
import gc

from autograder.sandbox.wire import messages

worker = next(each for each in gc.get_objects() if type(each).__name__ == "Worker")


def to_labels(rows):
    for index in range(4):
        worker.send(messages.Output(index, messages.Stream("stdout", "SEEN " + repr(rows.tolist()))))
        worker.send(messages.CellDone(index, 1, "SEEN " + repr(rows.tolist()), 0.1))
    return rows.argmax(axis=1)
