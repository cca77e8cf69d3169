"""A loop that catches every signal and exception outlives its time limits."""

STATUS = ("graded", "needs_review")
ENDED = "timed_out"

# %% answer:number
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
