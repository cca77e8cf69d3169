"""A child process that inherits the pipe writes after the notebook's end, when nobody looks."""

STATUS = ("graded", "needs_review")

# %% answer:number
import os
import time

import msgspec

if os.fork() == 0:
    os.setsid()
    body = msgspec.msgpack.encode({"type": "Returned", "number": 1, "value": True})
    for _ in range(100):
        time.sleep(0.1)
        for fd in range(3, 32):
            try:
                os.write(fd, len(body).to_bytes(4, "little") + body)
            except OSError:
                pass
    os._exit(0)
