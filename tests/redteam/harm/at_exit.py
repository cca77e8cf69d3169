"""Hooks at the interpreter's end, threads that never end and a child that holds the pipe delay it for ever."""

# %% answer:number
import atexit
import os
import threading
import time

atexit.register(lambda: time.sleep(600))
os.register_at_fork(after_in_child=lambda: time.sleep(600))
threading.Thread(target=lambda: time.sleep(600)).start()
