"""A thread goes on printing when its cell is over: into later cells, and after the end."""

# %% answer:number
import threading
import time


def talk():
    while True:
        print("still here")
        time.sleep(0.01)


threading.Thread(target=talk, daemon=True).start()
