"""`NotebookFinished` before the first cell, a cell that starts twice, an end without a start."""

STATUS = "needs_review"

# %%
import gc

from autograder.sandbox.wire import messages

worker = next(each for each in gc.get_objects() if type(each).__name__ == "Worker")
worker.send(messages.CellDone(9, 1, "", 0.0))
worker.send(messages.CellStarted(0))
worker.send(messages.NotebookFinished())
