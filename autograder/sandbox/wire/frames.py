"""Frames: four bytes of length, little-endian, then that many bytes of msgpack. Both sides.

What is read was written by a student's process. A length is compared with the limit before anything is allocated, the
items and their depth are counted before an object is made of the bytes, and a reader can set a time-out.
"""

from __future__ import annotations

import os
import select
import struct
import time
from functools import lru_cache
from typing import Any

import msgspec

from autograder.errors import WireError
from autograder.wording import one_line

__all__ = ["HEADER_BYTES", "FrameReader", "decode", "encode", "write_frame"]

HEADER_BYTES = 4
"""The length that comes before each message."""

MAX_ITEMS = 1 << 21
"""Msgpack items in one frame. The costliest take about 100 bytes of memory each: 200 MiB at worst."""

MAX_NESTING = 100
"""Sixteen levels of lists (`values.MAX_DEPTH`) are about fifty levels of msgpack; Python's own limit is 1,000."""

CHUNK_BYTES = 1 << 20

READY_BYTES = 4096
"""A pipe that polls as writable takes this much without blocking (Linux's PIPE_BUF)."""

encode = msgspec.msgpack.Encoder().encode
"""A message as msgpack."""


def decode(data: bytes, kind: Any) -> Any:
    """A message of the type `kind`, or of one of a union's types. Types are strict: nothing is converted.

    Of a duplicate key in one map, the last value counts.

    Raises:
        WireError: The bytes are no such message.
    """
    _check_structure(data)
    try:
        return _decoder(kind).decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise WireError(f"not a message of the protocol: {one_line(str(error))}") from None


@lru_cache(maxsize=32)
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)


# First byte of a msgpack item → bytes that follow. Extensions are missing: the protocol has none.
_FIXED = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8} | {
    first + step: 1 << step for first in (0xCC, 0xD0) for step in range(4)
}
# First byte → width of the count that follows, and how many items each counted one stands for (none: bytes).
_COUNTED = {first + step: (1 << step, 0) for first in (0xC4, 0xD9) for step in range(3)} | {
    first + step: (2 << step, items) for first, items in ((0xDC, 1), (0xDE, 2)) for step in range(2)
}


def _check_structure(data: bytes) -> None:
    """Walk over msgpack without building anything of it.

    Raises:
        WireError: It holds too many items, is nested too deeply, or its parts do not add up to its length.
    """
    position, promised = 0, 1
    open_levels = [1]  # for each level: items that are still to come
    try:
        while open_levels:
            if not open_levels[-1]:
                open_levels.pop()
                continue
            open_levels[-1] -= 1
            first = data[position]
            position += 1
            if first < 0x80 or first >= 0xE0:  # a small integer
                continue
            if first < 0xA0:  # a small map or array
                count = (first & 15) * (2 if first < 0x90 else 1)
            elif first < 0xC0:  # a short text
                position += first & 31
                continue
            elif first in _COUNTED:
                width, each = _COUNTED[first]
                count = int.from_bytes(data[position : position + width], "big") * each
                position += width if each else width + int.from_bytes(data[position : position + width], "big")
            else:
                position += _FIXED[first]
                continue
            promised += count
            if promised > MAX_ITEMS or len(open_levels) > MAX_NESTING:
                raise WireError("a message has too many items, or nests them too deeply")
            if count:
                open_levels.append(count)
    except IndexError:
        raise WireError("a message is cut short") from None
    except KeyError:
        raise WireError("a message holds a msgpack extension") from None
    if position != len(data):
        raise WireError("a message is longer or shorter than its parts")


# ---------------------------------------------------------------- pipes


def write_frame(fd: int, data: bytes, timeout_seconds: float | None = None) -> None:
    """Write one frame, however many writes it takes.

    Args:
        fd: A blocking pipe or socket.
        data: The message.
        timeout_seconds: How long the receiver may take to read it all; None waits for ever.

    Raises:
        WireError: The message is longer than four bytes can express.
        TimeoutError: The receiver does not read. Part of the frame may have been written.
        BrokenPipeError: The receiver has closed the pipe.
    """
    if len(data) >= 1 << 32:
        raise WireError(f"a message of {len(data):,} bytes is too long for a frame")
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    for part in (struct.pack("<I", len(data)), data):
        rest = memoryview(part)
        while rest:
            _wait(fd, select.POLLOUT, deadline)
            rest = rest[os.write(fd, rest if deadline is None else rest[:READY_BYTES]) :]


class FrameReader:
    """Reads frames from a pipe, within limits."""

    def __init__(self, fd: int, max_frame_bytes: int, max_total_bytes: int) -> None:
        """Read from `fd`; `max_total_bytes` counts all frames with their lengths, from now on."""
        self._fd = fd
        self._max_frame_bytes = max_frame_bytes
        self._left = max_total_bytes
        self._pending = bytearray()
        self._length: int | None = None

    def read(self, timeout_seconds: float | None = None) -> bytes | None:
        """The next message, or None when the sender closed the pipe after a whole frame.

        Args:
            timeout_seconds: How long a whole frame may take; None waits for ever. What was received by then is
                kept, so the next call continues from there.

        Raises:
            WireError: The frame or all frames together are too long, or the sender closed the pipe within one.
            TimeoutError: It was not received in time.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        if self._length is None:
            if not self._fill(4, deadline):
                return None
            length = int.from_bytes(self._pending, "little")
            if length > self._max_frame_bytes:
                raise WireError(f"a message of {length:,} bytes; at most {self._max_frame_bytes:,} are allowed")
            if length + 4 > self._left:
                raise WireError(f"the messages are too long in all; {self._left:,} bytes were left for {length:,}")
            self._left -= length + 4
            self._pending.clear()
            self._length = length
        self._fill(self._length, deadline)
        data = bytes(self._pending)
        self._pending.clear()
        self._length = None
        return data

    def _fill(self, size: int, deadline: float | None) -> bool:
        """Read until `size` bytes are pending; False when the pipe was closed before the first byte of a frame."""
        while len(self._pending) < size:
            _wait(self._fd, select.POLLIN, deadline)
            chunk = os.read(self._fd, min(size - len(self._pending), CHUNK_BYTES))
            if not chunk:
                if self._length is None and not self._pending:
                    return False
                raise WireError("the pipe was closed within a message")
            self._pending += chunk
        return True


def _wait(fd: int, event: int, deadline: float | None) -> None:
    """Wait until a pipe is ready, or closed.

    Raises:
        TimeoutError: Neither happened in time.
    """
    if deadline is None:
        return
    poll = select.poll()
    poll.register(fd, event)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError("the other process did not read or write in time")
