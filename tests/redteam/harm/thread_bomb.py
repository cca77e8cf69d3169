"""Threads, thousands of them, each with a large stack."""

STATUS = ("graded", "needs_review")

# %% answer:number
import threading
import time

threading.stack_size(64 << 20)
threads = []
try:
    while True:
        threads.append(threading.Thread(target=time.sleep, args=(5,), daemon=True))
        threads[-1].start()
except RuntimeError as error:
    print(len(threads), error)
