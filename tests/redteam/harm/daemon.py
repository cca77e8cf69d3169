"""A daemon, in a session of its own and with another parent, outlives the grade."""

# %% answer:number
import os
import sys

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)  # @mark@"])
    os._exit(0)
