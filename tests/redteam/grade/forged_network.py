"""A network written by hand into a message has layers and weights that Keras would not make."""

STATUS = ("graded", "needs_review")

# %% answer:net
import gc

from autograder.sandbox.wire import messages
from autograder.sandbox.wire.values import Array

worker = next(each for each in gc.get_objects() if type(each).__name__ == "Worker")
taken = worker._take


def take(names):
    if names.question != "net":
        return taken(names)
    forged = {"type": "Network", "spec": {"layers": [{"type": "Dense", "units": 8, "score": 10}]}, "weights": []}
    worker.send({"type": "TakenValues", "question": "net", "values": {"model": forged, "history": None}})


worker._take = take
