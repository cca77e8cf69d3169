"""`decode`, `CellOutputs` and `deserialise`: one message of the student's process, and what becomes of it."""

from __future__ import annotations

from autograder.errors import WireError
from autograder.records import to_json
from autograder.sandbox.host.cell_outputs import CellOutputs, Displays, settle_error
from autograder.sandbox.wire import messages
from autograder.sandbox.wire.deserialise import arguments, deserialise
from autograder.sandbox.wire.frames import decode, encode
from tests.fuzz.targets import one_line_error

TOKENS = (
    *(b"\xa4type", b"\xa6Output", b"\xa6Stream", b"\xa7Display", b"\xa5Error", b"\xabTakenValues", b"\xa8Returned"),
    *(b"\xa5Array", b"\xa4List", b"\xa5Tuple", b"\xa4Dict", b"\xa8Function", b"\xa7History", b"\xa7Refused"),
    *(
        b"\xa5dtype",
        b"\xa7float32",
        b"\xa4bool",
        b"\xa3<U2",
        b"\xa5shape",
        b"\x92\x00\xce\xff\xff\xff\xff",
        b"\xa4data",
    ),
    *(
        b"\xc4\x04\x00\x00\x80\x3f",
        b"\xa5items",
        b"\x91",
        b"\x92",
        b"\x81",
        b"\xc0",
        b"\xc3",
        b"\xcb\x7f\xf8" + 6 * b"\0",
    ),
    *(b"\xb3update_display_data", b"\xaaclear_output", b"\xa9text/html", b"\xa2ab", b"\xcf" + 8 * b"\xff"),
)


def check(data: bytes) -> None:
    try:
        message = decode(data, messages.FromWorker)
    except WireError as error:
        one_line_error(error)
        return
    assert encode(decode(encode(message), messages.FromWorker)) == encode(message)
    if isinstance(message, messages.Output):
        cell = CellOutputs(Displays(1_000_000))
        for _ in range(2):
            cell.add(message.output, 1)
        to_json(cell.close())
    elif isinstance(message, (messages.CellDone, messages.Raised)):
        settle_error(message.error)
    elif isinstance(message, (messages.TakenValues, messages.Returned)):
        for value in message.values.values() if isinstance(message, messages.TakenValues) else [message.value]:
            try:
                deserialise(value)
                arguments([value])
            except WireError as error:
                one_line_error(error)
