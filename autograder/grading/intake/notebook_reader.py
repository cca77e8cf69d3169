"""Reads the cells of one submitted notebook, and nothing else of it; input is hostile. Trusted side.

A notebook may be large, so only what grading needs is ever built: sources, kinds, tags, and pictures pasted into text.
Everything else (submitted outputs, widget state) is skipped without being decoded, which keeps the memory for a
notebook near its size on disk, whatever its JSON. nbformat defines what a notebook means; it is not used here because
it decodes everything, validates before it converts, and refuses notebooks whose only fault is a missing field. The
tests compare the two.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import msgspec

from autograder.errors import IntakeError
from autograder.grading.intake.otter_markup import with_answers
from autograder.language import N_, ngettext
from autograder.language import gettext as _
from autograder.records import Cell, CellKind
from autograder.wording import cell_name, one_line

__all__ = ["MAX_CELLS", "MAX_PICTURES", "MAX_SOURCE", "Notebook", "answers", "parse"]

MAX_CELLS: Final = 2_000
MAX_SOURCE: Final = 2**20
"""Characters in one cell."""
MAX_TAGS: Final = 50
MAX_TAG: Final = 100
MAX_PICTURES: Final = 24_000_000
"""Characters of base64 of all pictures that are pasted into text; they are shown smaller."""
MAX_VALUES: Final = 200
"""Names and forms of the pictures pasted into one text."""
PICTURES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/tiff")
MAX_WARNINGS: Final = 10
MAX_REPAIR: Final = 2_000_000
"""Values in a notebook that strict JSON refuses: repairing it builds them all, at some 200 bytes each."""

_TOO_MANY: Final = N_("The pictures in {cell} are left out: there are too many, or too large ones.")
HAND_IN: Final = N_("Download the notebook with File > Download and hand in the .ipynb file.")

KINDS: Final[dict[str, CellKind]] = {
    "code": "code",
    "markdown": "markdown",
    "raw": "raw",
    "heading": "markdown",  # nbformat 3, as the next one
    "html": "markdown",
}
BEGINNINGS: Final = (
    (b"%PDF", N_("a PDF")),
    (b"PK\x03\x04", N_("a zip archive or an Office document")),
    (b"\x1f\x8b", N_("a gzip archive")),
    (b"7z\xbc\xaf", N_("a 7z archive")),
    (b"Rar!", N_("a RAR archive")),
    (b"\xd0\xcf\x11\xe0", N_("an Office document")),
    (b"\x89PNG", N_("a picture")),
    (b"<!doctype", N_("a web page")),
    (b"<html", N_("a web page")),
    (b"<?xml", N_("an XML file")),
    (b"version https://git-lfs", N_("a Git LFS pointer; the notebook itself was never uploaded")),
)


@dataclass(frozen=True)
class Notebook:
    """The cells of a submitted notebook, and warnings about what had to be corrected to read it."""

    cells: tuple[Cell, ...]
    warnings: tuple[str, ...] = ()


# `Raw` is a slice of the input that has not been decoded yet.
_ABSENT: Final = msgspec.Raw(b"")


class _Top(msgspec.Struct):
    nbformat: msgspec.Raw = _ABSENT
    metadata: msgspec.Raw = _ABSENT
    cells: msgspec.Raw = _ABSENT
    worksheets: msgspec.Raw = _ABSENT


class _Cell(msgspec.Struct):
    cell_type: msgspec.Raw = _ABSENT
    source: msgspec.Raw = _ABSENT
    input: msgspec.Raw = _ABSENT  # what nbformat 3 calls the source of a code cell
    level: msgspec.Raw = _ABSENT  # of a heading, in nbformat 3
    metadata: msgspec.Raw = _ABSENT
    attachments: msgspec.Raw = _ABSENT


class _Metadata(msgspec.Struct):
    kernelspec: msgspec.Raw = _ABSENT  # these two of a notebook
    language_info: msgspec.Raw = _ABSENT
    tags: msgspec.Raw = _ABSENT  # of a cell


class _Language(msgspec.Struct):
    name: msgspec.Raw = _ABSENT
    language: msgspec.Raw = _ABSENT


# Decoding an array into a struct of N fields builds its first N elements and skips the rest: a bound that holds while
# the array is read, where a length check would come after 30 million empty cells have been built.
_Cells = msgspec.defstruct("_Cells", [(f"_{i}", msgspec.Raw, _ABSENT) for i in range(MAX_CELLS + 1)], array_like=True)
_Sheets = msgspec.defstruct("_Sheets", [(f"_{i}", msgspec.Raw, _ABSENT) for i in range(16)], array_like=True)

T = TypeVar("T")


def parse(data: bytes) -> Notebook:
    """The cells of a notebook in nbformat 3 or 4, without its outputs.

    Args:
        data: The submitted bytes; the caller has bounded their length.

    Raises:
        IntakeError: It is not a notebook that can be graded; the message is one line for the student.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.strip(b"\0 \t\r\n"):
        raise IntakeError(
            _("The file is empty ({count:,} bytes). Save the notebook, and hand it in again.").format(count=len(data))
        )
    try:
        try:
            return _notebook(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            repaired, warnings = _repaired(data)
        notebook = _notebook(repaired)
    except RecursionError:
        raise IntakeError(
            _("This is JSON nested too deeply for a notebook. {hand_in}").format(hand_in=_(HAND_IN))
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise IntakeError(_("This cannot be read as a notebook. {hand_in}").format(hand_in=_(HAND_IN))) from None
    return Notebook(notebook.cells, (*warnings, *notebook.warnings))


def answers(cells: tuple[Cell, ...]) -> frozenset[str]:
    """The questions that have an answer cell (`answer:<question>`)."""
    return frozenset(question for cell in cells for question in cell.answers if question)


def _notebook(data: bytes) -> Notebook:
    top = _decode(data, _Top)
    if top is None:
        raise IntakeError(
            _("This is JSON, but not a notebook: expected an object, received {kind}. {hand_in}").format(
                kind=_kind(data), hand_in=_(HAND_IN)
            )
        )
    version = _decode(top.nbformat, int)
    if version is not None and version not in (3, 4):
        raise IntakeError(
            _(
                "The notebook has format {version}; formats 3 and 4 can be read. Open it in JupyterLab, save it, "
                "and hand it in again."
            ).format(version=version)
        )
    _check_language(top.metadata)
    warnings: list[str] = []
    cells: list[Cell] = []
    for raw in _raw_cells(top, version):
        cells.append(_cell(raw, cells, warnings))
    if not cells:
        raise IntakeError(
            _("The notebook has no cells. Check that you saved it, and hand in the one with your answers.")
        )
    if not any(cell.kind == "code" for cell in cells):
        if not answers(tuple(cells)):
            raise IntakeError(
                ngettext(
                    "The notebook has no code cell: expected your answers, received {number} text cell. "
                    "Hand in the notebook with your answers.",
                    "The notebook has no code cell: expected your answers, received {number} text cells. "
                    "Hand in the notebook with your answers.",
                    len(cells),
                ).format(number=len(cells))
            )
        warnings.insert(0, _("The notebook has no code cell; only its text can be graded."))
    if len(warnings) > MAX_WARNINGS:
        warnings[MAX_WARNINGS:] = [_("{number} more cells like these.").format(number=len(warnings) - MAX_WARNINGS)]
    return Notebook(tuple(_with_pictures(with_answers(cells), warnings)), tuple(warnings))


def _raw_cells(top: _Top, version: int | None) -> list[msgspec.Raw]:
    """The cells, not decoded: at the top level since nbformat 4, in worksheets before."""
    if top.worksheets and (version == 3 or not top.cells):
        sheets = [_decode(raw, _Top) for raw in _elements(top.worksheets, _Sheets) or []]  # nested, `cells` is the same
        lists = [_elements(sheet.cells, _Cells) or [] for sheet in sheets if sheet and sheet.cells]
    else:
        found = _elements(top.cells, _Cells) if top.cells else None
        if found is None:
            raise IntakeError(
                _("This is JSON, but not a notebook: it has no list of cells. {hand_in}").format(hand_in=_(HAND_IN))
            )
        lists = [found]
    cells = [raw for part in lists for raw in part]
    if len(cells) > MAX_CELLS:
        raise IntakeError(
            _(
                "The notebook has more than {max_cells:,} cells, the most that can be graded. Delete the ones "
                "that are not part of the exercise and hand it in again."
            ).format(max_cells=MAX_CELLS)
        )
    return cells


def _cell(raw: msgspec.Raw, before: Sequence[Cell], warnings: list[str]) -> Cell:
    """One cell. A cell of unknown kind becomes raw text, with a warning: it is never run on a guess."""
    cell = _decode(raw, _Cell)
    if cell is None:
        warnings.append(
            _("{cell} is not a cell ({kind}); it was left empty.").format(
                cell=_name(before, "raw").capitalize(), kind=_kind(raw)
            )
        )
        return Cell("raw", "")
    named = _decode(cell.cell_type, str) or ""
    kind = KINDS.get(named, "raw")
    if named not in KINDS:
        warnings.append(
            _("{cell} does not say whether it is code or text; it was not run.").format(
                cell=_name(before, kind).capitalize()
            )
        )
    source = _source(cell)
    if source is None:
        what = _kind(cell.source or cell.input)
        warnings.append(
            _("The text of {name} is {what} where a string was expected; it was left empty.").format(
                name=_name(before, kind), what=what
            )
        )
        source = ""
    if len(source) > MAX_SOURCE:
        if kind == "code":
            raise IntakeError(
                _(
                    "{cell} has {count:,} characters; {max_source:,} can be run. Move its data out of the code "
                    "and hand the notebook in again."
                ).format(cell=_name(before, kind).capitalize(), count=len(source), max_source=MAX_SOURCE)
            )
        source = source[:MAX_SOURCE]
        warnings.append(
            _("{cell} is longer than {max_source:,} characters; what is beyond was left out.").format(
                cell=_name(before, kind).capitalize(), max_source=MAX_SOURCE
            )
        )
    if named == "heading":
        level = _decode(cell.level, int) or 1
        source = "#" * min(max(level, 1), 6) + " " + " ".join(source.splitlines())
    if kind == "code" and _conflicts(source):
        warnings.append(
            _("{cell} holds Git conflict markers (<<<<<<<); it cannot run. Resolve the conflict.").format(
                cell=_name(before, kind).capitalize()
            )
        )
    pictures = _pictures(cell, _name(before, kind), warnings) if kind == "markdown" else {}
    return Cell(kind, source, _tags(cell.metadata), attachments=pictures)


def _name(before: Sequence[Cell], kind: CellKind) -> str:
    return cell_name([*before, Cell(kind, "")], len(before))


def _source(cell: _Cell) -> str | None:
    """The text; None if there is something else in its place."""
    raw = cell.source or cell.input
    lines = _decode(raw, list[str])
    return "".join(lines) if lines is not None else _decode(raw, str) if raw else ""


def _pictures(cell: _Cell, place: str, warnings: list[str]) -> dict[str, str]:
    """Name → data URL of the bitmaps pasted into a text; none if they are too many or too large."""
    raw = memoryview(cell.attachments)
    if raw.nbytes > MAX_PICTURES or bytes(raw).count(b":") > MAX_VALUES:
        warnings.append(_(_TOO_MANY).format(cell=place))
        return {}
    found = {}
    for name, forms in (_decode(cell.attachments, dict[str, dict[str, msgspec.Raw]]) or {}).items():
        for mime in PICTURES:
            if data := _decode(forms.get(mime, _ABSENT), str):
                found[name] = f"data:{mime};base64,{data}"
        if name not in found:
            warnings.append(
                _("`{name}` in {place} is left out: a picture of a kind that is not shown.").format(
                    name=one_line(name, 60), place=place
                )
            )
    return found


def _with_pictures(cells: Sequence[Cell], warnings: list[str]) -> Iterator[Cell]:
    """The cells with pasted pictures up to the most that is shown of them."""
    left = MAX_PICTURES
    for at, cell in enumerate(cells):
        left -= sum(map(len, cell.attachments.values()))
        if left < 0 and cell.attachments:
            warnings.append(_(_TOO_MANY).format(cell=cell_name(cells, at)))
            cell = replace(cell, attachments={})
        yield cell


def _tags(metadata: msgspec.Raw) -> tuple[str, ...]:
    found = _decode(metadata, _Metadata)
    if found is None or not 0 < memoryview(found.tags).nbytes <= MAX_TAGS * MAX_TAG * 6:
        return ()
    tags = msgspec.json.decode(found.tags)
    if isinstance(tags, str):
        tags = [tags]
    if not isinstance(tags, list):
        return ()
    stripped = (tag.strip() for tag in tags if isinstance(tag, str) and len(tag) <= MAX_TAG)
    return tuple(dict.fromkeys(tag for tag in stripped if tag))[:MAX_TAGS]


def _check_language(raw: msgspec.Raw) -> None:
    """Refuse a notebook that says it is not Python; without a language it counts as Python."""
    metadata = _decode(raw, _Metadata) or _Metadata()
    info = _decode(metadata.language_info, _Language) or _Language()
    kernel = _decode(metadata.kernelspec, _Language) or _Language()
    named = [name for name in (_decode(info.name, str), _decode(kernel.language, str)) if name]
    if named and not any(re.match(r"i?python\d*$", name.strip(), re.IGNORECASE) for name in named):
        language = re.sub(r"[^\w+#. -]", "", named[0])[:30]
        raise IntakeError(
            _(
                "The notebook's language is {language}; this exercise is graded in Python. Choose a Python "
                "kernel (Kernel > Change Kernel), save, and hand it in again."
            ).format(language=language)
        )


def _decode(raw: msgspec.Raw | bytes, kind: type[T]) -> T | None:
    """The value, or None where it is absent or of another kind; malformed JSON raises `msgspec.DecodeError`."""
    if not raw:
        return None
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        return None


def _elements(raw: msgspec.Raw, kind: type[msgspec.Struct]) -> list[msgspec.Raw] | None:
    """The first elements of an array, or None when it is not an array."""
    array = _decode(raw, kind)
    if array is None:
        return None
    found: Iterator[msgspec.Raw] = (getattr(array, name) for name in array.__struct_fields__)
    return [element for element in found if element]


def _kind(raw: msgspec.Raw | bytes) -> str:
    start = bytes(memoryview(raw)[:64]).lstrip()[:1]
    names = {b"[": _("a list"), b"{": _("an object"), b'"': _("a string"), b"n": "null", b"t": "true", b"f": "false"}
    return names.get(start, _("a number"))


def _repaired(data: bytes) -> tuple[bytes, list[str]]:
    """Equivalent strict JSON in UTF-8, without NaN, lone surrogates, line breaks in strings, other encodings.

    Raises:
        IntakeError: It is not JSON, even so; the message says what it looks like.
    """
    head = data[:64].lstrip().lower()
    for beginning, what in BEGINNINGS:
        if head.startswith(beginning.lower()):
            raise IntakeError(
                _("This is not a notebook: it begins like {what}. {hand_in}").format(what=_(what), hand_in=_(HAND_IN))
            )
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > MAX_REPAIR:
        raise IntakeError(
            _(
                "The notebook is not valid JSON and too large to repair. Clear all outputs (Edit > Clear Outputs "
                "of All Cells), save, and hand it in again."
            )
        )
    warnings: list[str] = []
    text = _text(data, warnings)
    try:
        value = json.loads(text, strict=False, parse_constant=lambda _constant: None, object_hook=_without_outputs)
    except json.JSONDecodeError as error:
        raise IntakeError(_not_json(text, error)) from None
    except ValueError:  # an integer of more digits than Python parses
        raise IntakeError(
            _("This cannot be read as a notebook: a number in it is too long. {hand_in}").format(hand_in=_(HAND_IN))
        ) from None
    repaired = json.dumps(value, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", "\ufffd", repaired).encode(), warnings


def _without_outputs(value: dict[str, Any]) -> dict[str, Any]:
    value.pop("outputs", None)
    return value


def _text(data: bytes, warnings: list[str]) -> str:
    encoding: str = json.detect_encoding(data)
    if encoding.startswith("utf-8"):
        try:
            return data.decode()
        except UnicodeDecodeError:
            # Valid multi-byte sequences in it: damaged UTF-8. None: an editor saved it in Windows' encoding.
            encoding = "utf-8" if re.search(rb"[\xc3-\xf4][\x80-\xbf]", data) else "windows-1252"
            warnings.append(
                _("The notebook is not proper UTF-8; it was read as {encoding}. Check letters such as ä, é.").format(
                    encoding=encoding
                )
            )
    return data.decode(encoding, errors="replace")


def _conflicts(text: str) -> bool:
    return all(re.search(marker, text, re.MULTILINE) for marker in ("^<{7} ", r"^={7}\r?$", "^>{7} "))


def _not_json(text: str, error: json.JSONDecodeError) -> str:
    if _conflicts(text):
        return _(
            "The notebook holds unresolved Git conflict markers (<<<<<<<, >>>>>>>). Resolve the merge "
            "conflict, open the notebook to check it, and hand it in again."
        )
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return _("The notebook ends in the middle (line {lineno}), as after a broken upload. {hand_in}").format(
            lineno=error.lineno, hand_in=_(HAND_IN)
        )
    return _(
        "This is not a notebook: expected JSON, and line {lineno}, column {colno} is not ({msg}). {hand_in}"
    ).format(lineno=error.lineno, colno=error.colno, msg=error.msg, hand_in=_(HAND_IN))
