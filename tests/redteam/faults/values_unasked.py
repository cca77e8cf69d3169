"""Values for questions that do not exist, three million of them, fill the grader's memory."""

STATUS = "needs_review"
ENDED = "crashed"

# %% answer:number
import gc

from autograder.sandbox.wire import messages
from autograder.sandbox.wire.values import Dict

worker = next(each for each in gc.get_objects() if type(each).__name__ == "Worker")
many = Dict([(1, None)] * 100_000)
for number in range(30):
    worker.send(messages.TakenValues(f"question{number}", {"a": many}))
