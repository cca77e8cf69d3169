"""A process whose main thread has ended counts as dead, and its memory as none."""

ENDED = "out_of_memory"

# %% answer:number
import ctypes
import mmap
import os
import threading
import time

if os.fork() == 0:

    def hog():
        room = mmap.mmap(-1, 2600 << 20)
        megabyte = b"\1" * (1 << 20)
        for at in range(2600):
            room[at << 20 : (at + 1) << 20] = megabyte
        time.sleep(20)
        os._exit(0)

    threading.Thread(target=hog).start()
    ctypes.CDLL(None).syscall(60, 0)  # only the main thread ends
time.sleep(20)
