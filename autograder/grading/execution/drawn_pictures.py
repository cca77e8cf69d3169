"""What was handed in beside code and text, made fit to be shown: pictures drawn anew, texts cut. Trusted side.

No byte of a picture gets onto a page. A sandbox without a student's code decodes it; it sends pixels, of which a new
file is made here.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from autograder.records import Cell, Execution, Limits, SubmittedFile
from autograder.sandbox.host.session import Session
from autograder.sandbox.wire.arrays import Array
from autograder.sandbox.wire.values import Value

__all__ = ["with_pictures"]

MAX_PICTURES: Final = 24
MAX_SHOWN: Final = 4_000_000
"""Characters of base64 of all pictures on a page."""
MAX_SIDE: Final = 1600
MAX_PNG: Final = 300_000
"""Bytes; a larger picture is a photo, which JPEG keeps smaller."""
MAX_TEXT: Final = 4_000
TEXTS: Final = frozenset({".py", ".csv", ".tsv", ".txt", ".md", ".json", ".yaml", ".yml", ".html"})
PROGRAM: Final = "from autograder.sandbox.guest.picture_decoder import decoded_picture\n"
QUESTION: Final = "pictures"


def with_pictures(
    execution: Execution,
    files: Sequence[SubmittedFile],
    limits: Limits,
    *,
    slot: int,
    modules: Sequence[str] | None,
) -> Execution:
    """A run with the files that were handed in with the notebook, and pictures that are safe to show.

    Args:
        execution: The run.
        files: What was handed in; a picture among them is shown also where it is left out.
        limits: Of the sandbox: those of notebooks, as it is forked from the process that theirs are forked from.
        slot: Number of the grader's worker.
        modules: See `Session`; likewise.

    Raises:
        SandboxUnavailable: This machine cannot run a sandbox.
    """
    found = [
        ((at, name), _bytes(url)) for at, cell in enumerate(execution.cells) for name, url in cell.attachments.items()
    ]
    found += [((-1, file.name), file.content) for file in files if file.is_picture]
    urls = _drawn([content for _, content in found], limits, slot, modules)
    drawn = dict(zip([key for key, _ in found], urls, strict=True))
    return replace(
        execution,
        cells=tuple(_with_drawn(at, cell, drawn) for at, cell in enumerate(execution.cells)),
        files=tuple(
            replace(file, content=b"", picture=drawn.get((-1, file.name), ""), text=_text(file)) for file in files
        ),
    )


def _with_drawn(at: int, cell: Cell, drawn: Mapping[tuple[int, str], str]) -> Cell:
    if not cell.attachments:
        return cell
    return replace(cell, attachments={name: url for name in cell.attachments if (url := drawn[at, name])})


def _bytes(url: str) -> bytes:
    """What a data URL holds; nothing where it is damaged."""
    try:
        return base64.b64decode(url.partition(",")[2])
    except (binascii.Error, ValueError):
        return b""


def _drawn(contents: Sequence[bytes], limits: Limits, slot: int, modules: Sequence[str] | None) -> list[str]:
    """A data URL for each picture; empty for one that cannot be decoded, or is too much for a page."""
    paths = {f"p{at}": content for at, content in enumerate(contents[:MAX_PICTURES]) if content}
    values: Mapping[str, Value] = {}
    if paths:
        cell = Cell("code", PROGRAM + "".join(f"{path} = decoded_picture({path!r}, {MAX_SIDE})\n" for path in paths))
        with Session(limits, slot=slot, files=paths, modules=modules) as session:
            session.run([cell], {0: [(QUESTION, [*paths])]})
            values = session.taken(QUESTION, [*paths])
    left, urls = MAX_SHOWN, []
    for at in range(len(contents)):
        url = _encoded(values.get(f"p{at}"))
        left -= len(url)
        urls.append(url if left >= 0 else "")
    return urls


def _encoded(pixels: Value) -> str:
    """Pixels as the data URL of a picture that is made of nothing else; empty where they are none."""
    from PIL import Image  # for grades with a picture alone

    if not isinstance(pixels, Array) or pixels.dtype != "uint8" or len(pixels.shape) != 3:
        return ""
    height, width, colours = pixels.shape
    whole = colours == 3 and min(height, width) > 0 and len(pixels.data) == height * width * colours
    if not whole or max(height, width) > MAX_SIDE:
        return ""
    picture, made = Image.frombytes("RGB", (width, height), pixels.data), io.BytesIO()
    picture.save(made, "PNG", compress_level=3)
    kind = "png"
    if made.tell() > MAX_PNG:
        made, kind = io.BytesIO(), "jpeg"
        picture.save(made, "JPEG", quality=85)
    return f"data:image/{kind};base64,{base64.b64encode(made.getvalue()).decode()}"


def _text(file: SubmittedFile) -> str:
    """The beginning of a text."""
    if PurePosixPath(file.name.lower()).suffix not in TEXTS:
        return ""
    text = file.content[: 4 * MAX_TEXT].decode("utf-8-sig", "replace")[:MAX_TEXT]
    return text + ("\n…" if file.size > len(text.encode()) else "")
