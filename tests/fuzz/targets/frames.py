"""`FrameReader` and `decode`: what the student's process writes into its pipe."""

from __future__ import annotations

import os

from autograder.errors import WireError
from autograder.sandbox.wire import messages
from autograder.sandbox.wire.frames import FrameReader, decode
from tests.fuzz.targets import one_line_error

PIPE = 60_000
"""Bytes that fit into a pipe while nobody reads it."""
TOKENS = (
    *(b"\x81\xa4type\xa5Ready", b"\x82\xa4type\xabCellStarted\xa5index\x00", b"\xde\x00\x01", b"\xdc\xff\xff", b"\xdd"),
    *(b"\x0c\x00\x00\x00", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\xc0", b"\xc6", b"\xd4", b"\x91\x91\x91\x91"),
)


def check(data: bytes) -> None:
    reader, writer = os.pipe()
    try:
        os.write(writer, data[:PIPE])
        os.close(writer)
        frames = FrameReader(reader, PIPE // 2, PIPE)
        read = 0
        try:
            while (frame := frames.read(1)) is not None:
                read += len(frame) + 4
                decode(frame, messages.FromWorker)
        except WireError as error:
            one_line_error(error)
        else:
            assert read == len(data[:PIPE])
    finally:
        os.close(reader)
