"""The kernel keeps what waits in pipes and sockets, which counts for no process."""

STATUS = ("graded", "needs_review")

# %% answer:number
import fcntl
import os
import socket

kept, taken = [], 0
child = os.fork() == 0
try:
    while True:
        ends = os.pipe()
        kept.append(ends)
        os.set_blocking(ends[1], False)
        try:
            fcntl.fcntl(ends[1], 1031, 1 << 20)
        except OSError:
            pass
        try:
            while True:
                taken += os.write(ends[1], b"\1" * 65536)
        except BlockingIOError:
            pass
        pair = socket.socketpair()
        kept.append(pair)
        pair[0].setblocking(False)
        try:
            while True:
                taken += pair[0].send(b"\1" * 65536)
        except BlockingIOError:
            pass
except OSError:
    pass
if child:
    os._exit(0)
print(taken >> 20, "MiB")
if taken > 1000 << 20:
    print("GOT" + "CHA", taken)
