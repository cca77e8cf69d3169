"""A process that stops itself with SIGSTOP is never found to be over."""

STATUS = ("graded", "needs_review")

# %% answer:number
import os
import signal

os.kill(os.getpid(), signal.SIGSTOP)
