"""One update of a display that is shown two thousand times multiplies its six megabytes."""

STATUS = "needs_review"

# %% answer:number
import gc

from autograder.sandbox.wire import messages

worker = next(each for each in gc.get_objects() if type(each).__name__ == "Worker")
for _ in range(2_000):
    worker.send(messages.Output(2, messages.Display("display_data", {}, "a")))
worker.send(messages.Output(2, messages.Display("update_display_data", {"text/plain": "x" * 6_000_000}, "a")))
