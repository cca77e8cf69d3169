"""Clocks, patched in the process, take away its time limits."""

STATUS = ("graded", "needs_review")

# %% answer:number
import signal
import time

time.monotonic = time.perf_counter = time.time = time.process_time = lambda: 0.0
signal.setitimer(signal.ITIMER_REAL, 0)
signal.signal(signal.SIGALRM, signal.SIG_IGN)
while True:
    pass
