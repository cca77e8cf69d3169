"""Memory in many processes, each of which stays below the limit."""

ENDED = "out_of_memory"

# %% answer:number
import os
import time

for _ in range(30):
    if os.fork() == 0:
        hog = bytearray(b"\1") * 300_000_000
        time.sleep(30)
        os._exit(0)
    time.sleep(0.05)
time.sleep(30)
