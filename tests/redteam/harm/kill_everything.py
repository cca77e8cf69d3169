"""Signals end the grader, the sandbox's first process and everybody else's."""

# %% answer:number
import os
import signal

for pid in [int("@pid@"), os.getppid(), 1, -1]:
    for sign in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
        try:
            os.kill(pid, sign)
        except OSError as error:
            print(error)
