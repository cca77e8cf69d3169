"""`/proc/self/fd` opens the result pipe anew, past whatever guards the descriptor."""

STATUS = ("graded", "needs_review")  # as root, the pipe belongs to another user and cannot be opened

# %% answer:number
import os

import msgspec

body = msgspec.msgpack.encode({"type": "Grade", "score": 10, "possible": 10})
for name in os.listdir("/proc/self/fd"):
    try:
        target = os.readlink(f"/proc/self/fd/{name}")
        if target.startswith("pipe:"):
            with open(f"/proc/self/fd/{name}", "wb", buffering=0) as pipe:
                pipe.write(len(body).to_bytes(4, "little") + body)
    except OSError:
        pass
