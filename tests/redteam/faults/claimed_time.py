"""A cell claims to have taken no time, or a negative, infinite one."""

STATUS = "needs_review"

# %% answer:number
import gc

from autograder.sandbox.wire import messages

worker = next(each for each in gc.get_objects() if type(each).__name__ == "Worker")
for seconds in (-1.0, float("nan"), float("inf")):
    worker.send(messages.CellDone(2, 1, "", seconds))
