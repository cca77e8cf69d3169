"""`shown_cells`: a notebook's cells with the outputs that its process sent, as part of a page."""

from __future__ import annotations

from typing import Any

import msgspec

from autograder.feedback.notebook_view import shown_cells
from autograder.records import Cell
from tests.fuzz.active_content import OF_STUDENTS, OURS, assert_inert

TOKENS = (
    *(
        b'{"kind": "code", "source": "',
        b'"outputs": [{"output_type": "stream", "text": "',
        b'"display_data", "data": {',
    ),
    *(
        b'"text/html": "',
        b'"image/svg+xml": "<svg',
        b'"image/png": "iVBORw0KGgo=',
        b'"text/markdown": "',
        b'"text/plain": "',
    ),
    *(
        b'"application/json": ',
        b'"traceback": ["',
        b'"ename": "E"',
        b"\\u001b[31m",
        b"\\u001b[38;5;9m",
        b"\\u001b]0;",
        b"\\r",
    ),
    *(
        b"<script>",
        b"</pre>",
        b"onerror=x",
        b"javascript:x",
        b"\\ud800",
        b"\\u202e",
        b"null",
        b"[]",
        b"{}",
        b"1",
        b"<use ",
    ),
)


class Given(msgspec.Struct):
    """A cell of the fuzzer's."""

    kind: str = "code"
    source: str = ""
    outputs: list[dict[str, Any]] = []


_DECODER = msgspec.json.Decoder(list[Given])


def check(data: bytes) -> None:
    try:
        given = _DECODER.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return
    kinds = ("code", "markdown", "raw")
    cells = [
        Cell(each.kind if each.kind in kinds else "raw", each.source, outputs=tuple(each.outputs)) for each in given
    ]
    for view in shown_cells(cells):
        for piece in (view.source, *view.outputs):
            assert_inert(str(piece), OF_STUDENTS | OURS)
            str(piece).encode()
