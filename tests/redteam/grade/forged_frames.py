"""Frames that are written to every open descriptor are taken for the worker's own."""

STATUS = "needs_review"
ENDED = "crashed"

# %% answer:number
import os
import struct

import msgspec
from autograder.sandbox.wire import messages


def frame(message):
    body = msgspec.msgpack.encode(message)
    return struct.pack("<I", len(body)) + body


forged = b"".join(
    map(
        frame,
        [
            messages.TakenValues("number", {"answer": 1}),
            {"score": 10, "type": "Grade", "status": "graded"},
            messages.NotebookFinished(),
        ],
    )
)
for fd in range(3, 64):
    try:
        os.write(fd, forged)
    except OSError:
        pass
