from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
import tracemalloc

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import WireError
from autograder.sandbox.wire.frames import MAX_ITEMS, FrameReader, decode, encode, write_frame

ONE_GIB = 1 << 30


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    open_ends = {reader, writer}

    def close(fd):
        os.close(fd)
        open_ends.discard(fd)

    yield reader, writer, close
    for fd in open_ends:
        os.close(fd)


def frame(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


# ---------------------------------------------------------------- pipes


@pytest.mark.parametrize("size", [0, 1, 4, 70_000, 5_000_000])
@pytest.mark.parametrize("timeout_seconds", [None, 20])
def test_a_frame_of_any_size_arrives(pipe, size, timeout_seconds):
    reader, writer, _ = pipe
    data = os.urandom(size)
    thread = threading.Thread(target=write_frame, args=(writer, data, timeout_seconds))
    thread.start()
    assert FrameReader(reader, ONE_GIB, ONE_GIB).read(timeout_seconds) == data
    thread.join()


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(1, 200), max_size=8))
def test_frames_arrive_however_they_are_cut(sent, cuts):
    """The pipe may give any number of bytes at a time."""
    reader, writer = os.pipe()
    stream = b"".join(map(frame, sent))
    frames = FrameReader(reader, ONE_GIB, ONE_GIB)
    arrived = []
    try:
        for cut in [*cuts, len(stream)]:
            os.write(writer, stream[:cut])
            stream = stream[cut:]
            with contextlib.suppress(TimeoutError):
                while len(arrived) < len(sent):
                    arrived.append(frames.read(0))
    finally:
        os.close(reader)
        os.close(writer)
    assert arrived == sent


def test_frames_arrive_in_order_and_end_with_none(pipe):
    reader, writer, close = pipe
    for data in (b"one", b"", b"three"):
        write_frame(writer, data)
    close(writer)
    frames = FrameReader(reader, 100, 100)
    assert [frames.read(), frames.read(), frames.read(5), frames.read(), frames.read(5)] == [
        *(b"one", b"", b"three"),
        *(None, None),
    ]


@pytest.mark.parametrize("sent", [b"\x05", b"\x05\0\0", frame(b"hello")[:-1], frame(b"one")[:4]])
def test_hanging_up_within_a_frame_is_an_error(pipe, sent):
    reader, writer, close = pipe
    os.write(writer, sent)
    close(writer)
    with pytest.raises(WireError, match="pipe was closed"):
        FrameReader(reader, 100, 100).read(5)


def test_a_length_beyond_the_limit_takes_no_memory(pipe):
    reader, writer, _ = pipe
    os.write(writer, b"\xff\xff\xff\xff")
    tracemalloc.start()
    try:
        with pytest.raises(WireError, match=r"4,294,967,295 bytes; at most 1,000"):
            FrameReader(reader, 1_000, ONE_GIB).read(5)
        assert tracemalloc.get_traced_memory()[1] < 1 << 16
    finally:
        tracemalloc.stop()


def test_a_length_within_the_limit_takes_memory_only_as_it_comes(pipe):
    reader, writer, close = pipe
    os.write(writer, struct.pack("<I", ONE_GIB) + b"x" * 100)
    close(writer)
    tracemalloc.start()
    try:
        with pytest.raises(WireError, match="pipe was closed"):
            FrameReader(reader, ONE_GIB, 2 * ONE_GIB).read(5)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_frames_are_limited_in_all(pipe):
    reader, writer, _ = pipe
    frames = FrameReader(reader, 10, 20)
    for _ in range(2):
        os.write(writer, frame(b"12345"))
        assert frames.read(5) == b"12345"
    os.write(writer, frame(b""))
    with pytest.raises(WireError, match="in all"):
        frames.read(5)


@pytest.mark.parametrize("sent", [b"", b"\x05", frame(b"hello")[:-1]])
def test_a_silent_writer_is_not_waited_for(pipe, sent):
    reader, writer, _ = pipe
    os.write(writer, sent)
    frames = FrameReader(reader, 100, 100)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        frames.read(0.05)
    assert time.monotonic() - started < 10
    os.write(writer, frame(b"hello")[len(sent) :])
    assert frames.read(5) == b"hello", "what had come before the time-out is kept"


def test_a_writer_that_drips_does_not_extend_the_deadline(pipe):
    reader, writer, _ = pipe
    stop = threading.Event()

    def drip():
        os.write(writer, struct.pack("<I", 50))
        while not stop.wait(0.2):
            os.write(writer, b".")

    thread = threading.Thread(target=drip)
    thread.start()
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        FrameReader(reader, 100, 100).read(0.2)
    assert time.monotonic() - started < 5, "fifty bytes would take ten seconds"
    stop.set()
    thread.join()


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_a_reader_that_does_not_read_is_not_waited_for(pipe, kind):
    left, right = socket.socketpair()
    with left, right:
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            write_frame(pipe[1] if kind == "pipe" else left.fileno(), bytes(5_000_000), 0.1)
        assert time.monotonic() - started < 10


def test_a_reader_that_is_gone_breaks_the_pipe(pipe):
    reader, writer, close = pipe
    close(reader)
    with pytest.raises(BrokenPipeError):
        write_frame(writer, b"hello", 5)


class Huge(bytes):
    def __len__(self) -> int:
        return 1 << 32


def test_what_no_frame_can_hold_is_not_written(pipe):
    with pytest.raises(WireError, match="4,294,967,296 bytes is too long"):
        write_frame(pipe[1], Huge())


# ---------------------------------------------------------------- messages


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    x: int
    y: float = 0.0
    name: str = ""
    more: dict[str, int] = {}
    inside: list[Point] = []


@pytest.mark.parametrize("value", [1 << 16, -(1 << 63), (1 << 63) - 1, 200, -200, 70_000, -70_000, 1 << 40])
def test_integers_of_every_width(value):
    assert decode(encode(value), int) == value


@pytest.mark.parametrize("size", [0, 31, 32, 255, 256, 65_535, 65_536])
def test_texts_bytes_lists_and_maps_of_every_width(size):
    assert decode(encode("x" * size), str) == "x" * size
    assert decode(encode(b"x" * size), bytes) == b"x" * size
    assert decode(encode([0.5] * size), list[float]) == [0.5] * size
    numbers = {str(key): None for key in range(size)}
    assert decode(encode(numbers), dict[str, None]) == numbers


POINT = encode(Point(1))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        POINT[:-1],
        POINT + b"\0",
        POINT + POINT,
        b"\x91" * 1_000_000 + b"\xc0",
        b"\x82\xa4type\xa5Point\xa6inside\x91" * 100_000 + b"\xc0",
        b"\x81\xa1a" * 500_000 + b"\xc0",
        b"\xdd\xff\xff\xff\xff",
        b"\xdc\xff\xff\xc0",
        b"\xdf\xff\xff\xff\xff\xa1a",
        b"\xc6\xff\xff\xff\xffabc",
        b"\xdb\xff\xff\xff\xffabc",
        b"\xc1",
        b"\xd4\x05a",
        b"\xc7\x03\x05abc",
        b"\xd6\xff\x00\x00\x00\x00",
        b"\xdd\x00\x1f\xff\xf0\xdd\x00\x1f\xff\xf0" + b"\xc0" * 1_000,
        encode({"type": "Point", "x": True}),
        encode({"type": "Point", "x": 1.0}),
        encode({"type": "Point", "x": "1"}),
        encode({"type": "Point", "x": 1, "y": "nan"}),
        encode({"type": "Point", "x": 1, "z": 1}),
        encode({"type": "Point"}),
        encode({"type": "Lambda", "x": 1}),
        encode({"type": "<script>\n\x1b[2J" + "x" * 10_000}),
        encode([1, 2]),
        b"\x82\xa4type\xa5Point\xa1x\xa1\xff",
        b"\x82\xa4type\xa5Point\xa4name\xa1\xff",
        b"\x83\xa4type\xa5Point\xa4type\xa6Lambda\xa1x\x01",
    ],
    ids=lambda data: repr(data[:24]),
)
def test_hostile_bytes_end_in_one_short_line(data):
    tracemalloc.start()
    try:
        with pytest.raises(WireError) as caught:
            decode(data, Point)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@given(st.binary(max_size=200) | st.binary(max_size=50).map(lambda tail: POINT[:-1] + tail))
def test_any_bytes_are_a_message_or_end_in_one_short_line(data):
    try:
        assert isinstance(decode(data, Point), Point)
    except WireError as error:
        assert len(str(error)) < 300
        assert str(error).isprintable()


def test_as_many_items_as_allowed_are_decoded():
    assert len(decode(encode([None] * (MAX_ITEMS - 1)), list[None])) == MAX_ITEMS - 1
    with pytest.raises(WireError, match="too many items"):
        decode(encode([None] * MAX_ITEMS), list[None])


def test_of_a_key_that_comes_twice_the_last_counts():
    assert decode(b"\x83\xa4type\xa5Point\xa1x\x01\xa1x\x02", Point) == Point(2)


def test_nan_and_infinity_are_kept():
    numbers = decode(encode([float("nan"), float("-inf")]), list[float])
    assert numbers[0] != numbers[0]
    assert numbers[1] == float("-inf")
