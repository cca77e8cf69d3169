"""Values for other questions, sent along unasked, are graded there."""

STATUS = "needs_review"

# %% answer:number
import gc

from autograder.sandbox.wire import messages
from autograder.sandbox.wire.values import Dict

worker = next(each for each in gc.get_objects() if type(each).__name__ == "Worker")
worker.send(messages.TakenValues("number", {"answer": 1, "to_labels": 1, "secret_rows": 1}))
worker.send(messages.TakenValues("table", {"sizes": Dict([("rows", 1)])}))
