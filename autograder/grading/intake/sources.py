"""Lists the files of a folder or zip, and reads them one at a time, within bounds; input is hostile. Trusted side.

Nothing is ever extracted, no link is followed, and no name in a zip is used as a path: a file in a zip is identified by
its position there. A file that must not be read is listed with the reason, so that the student reads it.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import time
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, Final, cast

from autograder.errors import IntakeError, UsageError

__all__ = [
    "MAX_FILE",
    "Content",
    "Found",
    "Order",
    "contents",
    "files_in",
    "folder_of",
    "is_notebook",
    "is_zip",
    "listing",
    "may_be_read",
    "notebook_names",
    "read_found",
    "shown",
]

MAX_FILE: Final = 100 * 2**20
"""Bytes of a notebook, and of a zip in a zip."""
MAX_FILES: Final = 20_000
"""Files in the folder of one student."""
MAX_ALL: Final = 1_000_000
MAX_NOTEBOOKS: Final = 20
"""Notebooks of one student that are read."""
MAX_DEPTH: Final = 20
MAX_DIRECTORY: Final = 16 * 2**20
"""Bytes of a zip's table of contents: some 100,000 names. zipfile builds all of it when it opens a zip."""
CHUNK: Final = 2**20
NOTEBOOKS: Final = (".ipynb", ".ipynb.txt", ".ipynb.json")  # browsers append the last two
CLUTTER: Final = frozenset(
    {"__macosx", "__pycache__", "__zip_filename__", "node_modules", "thumbs.db", "desktop.ini", "lost+found"}
)

LINK: Final = "is a link to somewhere else, and links are not followed. Hand in the notebook itself."
SPECIAL: Final = "is not an ordinary file. Hand in the notebook itself."
TOO_LARGE: Final = f"is larger than {MAX_FILE // 2**20} MB, the most that is read."
CLEAR: Final = "Clear all outputs (Edit > Clear Outputs of All Cells), save, and hand it in again."
DAMAGED: Final = "is damaged in the zip and cannot be read. Make the zip again, or hand in the notebook itself."
ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,  # with it NotImplementedError
    ValueError,  # with it UnicodeDecodeError: a name that is not in its declared encoding
    OverflowError,
    LookupError,  # the zip is not the one that was listed
    struct.error,
    OSError,
)

When = tuple[int, ...]
Order = tuple[int, int, int]


@dataclass(frozen=True)
class Found:
    """A file or folder in the source, not opened yet.

    Attributes:
        parts: Its path inside the source; hostile text.
        path: What to open on disk: the file, or the zip that holds it.
        entry: Its position in that zip, if it is in one.
        modified: Year to second, as far as known; to find the newer of two files.
        folder: Whether it is a folder.
        problem: Why it must not be read, for the student; else empty. A folder may have one, too.
        order: Grows with the attempts of one student: time of the upload, number of the attempt, number of the copy.
        assignment: The exercise that the system names; empty where it names none.
        handed_in: When, as the system says; see `records.Submission`.
        original: The name that it had before a system put others in front of it; empty if not known.
        above: Folders around the class, which its path begins with.
    """

    parts: tuple[str, ...]
    path: str
    entry: int | None = None
    size: int = 0
    modified: When = ()
    folder: bool = False
    problem: str = ""
    order: Order = (0, 0, 0)
    assignment: str = ""
    handed_in: str = ""
    original: str = ""
    above: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The path inside the source, safe to show."""
        return shown("/".join((*self.above, *self.parts)), 300)

    @property
    def short(self) -> str:
        """The file's own name, safe to show."""
        return shown(self.parts[-1])


@dataclass(frozen=True)
class Content:
    """One notebook's bytes, or the reason why there are none.

    Attributes:
        folder: Where it lies in what the student handed in; a zip is a folder.
        order: See `Found`.
        assignment: See `Found`.
        handed_in: See `Found`.
    """

    name: str
    modified: When
    data: bytes = b""
    problem: str = ""
    folder: tuple[str, ...] = ()
    order: Order = (0, 0, 0)
    assignment: str = ""
    handed_in: str = ""


def shown(name: str, limit: int = 120) -> str:
    """A hostile name made safe for one line of text: no control or direction characters, cut in the middle."""
    text = "".join(
        "\ufffd" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") else character
        for character in name[: 4 * limit]
    )
    return text if len(text) <= limit else f"{text[: limit // 2]}…{text[-(limit // 2) + 1 :]}"


def is_notebook(name: str) -> bool:
    """Whether a name has the ending of a notebook."""
    return name.lower().endswith(NOTEBOOKS)


def is_zip(name: str) -> bool:
    """Whether a name has the ending of a zip."""
    return name.lower().endswith(".zip")


def may_be_read(file: Found) -> bool:
    """Whether a file's name is that of a notebook, or of a zip that may hold one."""
    return not file.folder and (is_notebook(file.parts[-1]) or is_zip(file.parts[-1]))


def listing(source: Path) -> list[Found]:
    """All files and folders in a folder or zip that may belong to a student, in a fixed order.

    Raises:
        UsageError: It cannot be listed.
    """
    try:
        if source.is_dir():
            found = list(_in_folder(str(source)))
        else:
            with source.open("rb") as raw, _zip(raw) as archive:
                found = list(_entries(archive, str(source)))
    except ZIP_ERRORS as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or f"not a zip that can be read ({error})"
        raise UsageError(f"{source} cannot be opened: {shown(reason)}. Download it again, or unpack it.") from error
    return sorted(found, key=lambda file: (file.parts, file.entry or 0))


def contents(file: Found) -> Iterator[Content]:
    """The notebooks in a file, one at a time: the file itself, or those in it when it is a zip."""
    for content in _contents(file):
        yield replace(content, order=file.order, assignment=file.assignment, handed_in=file.handed_in)


def _contents(file: Found) -> Iterator[Content]:
    try:
        if file.problem:
            raise IntakeError(f"`{file.short}` {file.problem}")
        if not is_zip(file.parts[-1]):
            yield Content(file.name, file.modified, read_found(file), folder=folder_of(file))
        elif file.entry is None:
            with _opened(file.path) as raw:
                yield from _zipped(raw, file)
        else:
            yield from _zipped(io.BytesIO(read_found(file)), file)
    except IntakeError as error:
        yield Content(file.name, file.modified, problem=str(error))


def folder_of(file: Found) -> tuple[str, ...]:
    """The folder of a file in the source, safe to show."""
    return tuple(map(shown, file.parts[:-1]))


def files_in(file: Found) -> Iterator[tuple[Found, Callable[[], bytes]]]:
    """The files in a zip, or the file itself, each with what reads it; read one before the next is taken.

    Raises:
        IntakeError: It cannot be opened as a zip. What reads a file raises it, too.
    """
    if not is_zip(file.parts[-1]):
        yield file, partial(read_found, file)
        return
    try:
        raw = io.BytesIO(read_found(file)) if file.entry is not None else None
        with _opened(file.path) if raw is None else raw as data, _zip(data) as archive:
            for found in _entries(archive, file.path):
                if not found.folder:
                    yield replace(found, parts=(*file.parts, *found.parts)), partial(_entry, archive, found)
    except ZIP_ERRORS:
        raise IntakeError(f"`{file.short}` cannot be opened as a zip. Hand in the notebook itself.") from None


def notebook_names(file: Found) -> list[str]:
    """The paths of the notebooks in a file, without its top folder: its own, or those of a zip that can be opened."""
    below = file.parts[1:]
    if not is_zip(file.parts[-1]):
        return [shown("/".join(below))]
    try:
        if file.problem:
            raise IntakeError(file.problem)
        entries = [found for found, _ in files_in(file)]
    except IntakeError:
        return [shown("/".join(below))]
    return [shown("/".join(found.parts[1:])) for found in entries if is_notebook(found.parts[-1])]


def _zipped(raw: IO[bytes], file: Found) -> Iterator[Content]:
    try:
        with _zip(raw) as archive:
            files = [found for found in _entries(archive, file.path) if not found.folder]
            inner = [
                replace(found, parts=(*file.parts, *found.parts)) for found in files if is_notebook(found.parts[-1])
            ]
            if not inner:
                raise IntakeError(f"`{file.short}` holds no notebook (.ipynb). Hand in the notebook itself.")
            inner.sort(key=lambda found: (found.parts, found.entry or 0))
            inner.sort(key=lambda found: found.modified, reverse=True)
            for found in inner[: MAX_NOTEBOOKS + 1]:
                try:
                    data = _entry(archive, found)
                    yield Content(found.name, found.modified, data, folder=folder_of(found))
                except IntakeError as error:
                    yield Content(found.name, found.modified, problem=str(error))
    except ZIP_ERRORS:
        raise IntakeError(f"`{file.short}` cannot be opened as a zip. Hand in the notebook itself.") from None


def read_found(file: Found) -> bytes:
    """The bytes of a file on disk or in the source's zip.

    Raises:
        IntakeError: It cannot be read, or not within bounds.
    """
    with _opened(file.path) as raw:
        if file.entry is None:
            return _whole(raw, file)
        try:
            with _zip(raw) as archive:
                return _entry(archive, file)
        except ZIP_ERRORS:
            raise IntakeError(f"`{file.short}` {DAMAGED}") from None


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    """An ordinary file, opened without following a link and without blocking on a pipe."""
    name = shown(os.path.basename(path))  # noqa: PTH119 - the name may contain undecodable bytes
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as raw:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise IntakeError(f"`{name}` {SPECIAL}")
            yield raw
    except OSError as error:
        raise IntakeError(f"`{name}` cannot be read: {error.strerror or error}.") from error


def _entry(archive: zipfile.ZipFile, file: Found) -> bytes:
    """The bytes of one entry, never more than the bound, whatever its header says."""
    if file.problem:
        raise IntakeError(f"`{file.short}` {file.problem}")
    try:
        with archive.open(archive.infolist()[file.entry or 0]) as entry:
            return _whole(entry, file)
    except ZIP_ERRORS:
        raise IntakeError(f"`{file.short}` {DAMAGED}") from None


def _whole(raw: IO[bytes], file: Found) -> bytes:
    """All of a file.

    Raises:
        IntakeError: It is larger than the bound.
    """
    data = _at_most(raw, MAX_FILE)
    if len(data) > MAX_FILE:
        raise IntakeError(f"`{file.short}` {_too_large(file.short)}")
    return data


def _at_most(raw: IO[bytes], limit: int) -> bytes:
    """Everything, or a little more than `limit` bytes of it; memory grows only with the bytes read."""
    chunks: list[bytes] = []
    size = 0
    while size <= limit and (chunk := raw.read(CHUNK)):
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


class _Guarded:
    """A file for `ZipFile` that bounds each read by the size that a table of contents may have."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.seek, self.tell, self.close = raw.seek, raw.tell, raw.close

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = _at_most(self._raw, MAX_DIRECTORY) if size < 0 else self._raw.read(min(size, MAX_DIRECTORY + 1))
        if len(data) > MAX_DIRECTORY:
            raise zipfile.BadZipFile("it lists too many files")
        return data


def _zip(raw: IO[bytes]) -> zipfile.ZipFile:
    return zipfile.ZipFile(cast(IO[bytes], _Guarded(raw)))


def _entries(archive: zipfile.ZipFile, path: str) -> Iterator[Found]:
    """The entries of a zip, without clutter and hidden files."""
    for at, info in enumerate(archive.infolist()):
        name = info.filename
        if not info.flag_bits & 0x800:  # no flag for UTF-8, which some systems use without it
            try:
                name = name.encode("cp437").decode()
            except UnicodeError:
                name = info.filename
        pieces = tuple(piece for piece in re.split(r"[/\\]", name) if piece not in ("", "."))
        folder = info.is_dir() or name.endswith("\\")
        problem = "" if folder else _entry_problem(info)
        if ".." in pieces or name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
            pieces = (name,)  # only a name, never a path
            problem = "has a path in the zip that leads out of it. Make the zip again, or hand in the notebook itself."
            if folder:
                continue
        elif not pieces or _hidden(pieces):
            continue
        yield Found(pieces, path, at, info.file_size, tuple(info.date_time), folder, problem)


def _entry_problem(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if stat.S_ISLNK(kind):
        return LINK
    if kind and not stat.S_ISREG(kind):
        return SPECIAL
    if info.flag_bits & 0x41:
        return "is protected by a password. Hand it in without one."
    # The other methods cannot be unpacked in chunks: 4 kB of bzip2 may become 4 GB at once.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed in a way that is not read here. Make an ordinary zip, or hand in the notebook itself."
    # No limit on the ratio: an honest `print("x" * 10**7)` compresses as well as a zip bomb. The size is limited.
    if info.file_size > MAX_FILE:
        return _too_large(info.filename)
    return ""


def _too_large(name: str) -> str:
    return f"{TOO_LARGE} {CLEAR}" if is_notebook(name) else TOO_LARGE


def _in_folder(root: str) -> Iterator[Found]:
    waiting = _scan(root, ())
    if len(waiting) > MAX_FILES:
        raise UsageError(f"{root} holds more than {MAX_FILES:,} files. Give a folder with the submissions alone.")
    below: Counter[tuple[str, ...]] = Counter()
    while waiting:
        file = waiting.pop()
        yield file
        owner = file.parts[:2]  # the student, also where one more folder is around the class
        if not file.folder or len(file.parts) >= MAX_DEPTH or below[owner] > MAX_FILES:
            continue
        try:
            inside = _scan(file.path, file.parts)
        except OSError as error:
            yield replace(file, problem=f"cannot be opened: {error.strerror}.")
            continue
        below[owner] += len(inside)
        if below[owner] > MAX_FILES:
            yield replace(file, problem=f"holds more than {MAX_FILES:,} files. Hand in the notebook itself.")
        else:
            waiting += inside
        if sum(below.values()) > MAX_ALL:
            raise UsageError(f"{root} holds more than {MAX_ALL:,} files. Give a folder with the submissions alone.")


def _scan(folder: str, above: tuple[str, ...]) -> list[Found]:
    """The direct entries of a folder, in a fixed order; of a folder with too many, one more than allowed."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if _hidden((entry.name,)):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # pragma: no cover - removed since it was listed
                continue
            is_folder = stat.S_ISDIR(status.st_mode)
            problem = ""
            if stat.S_ISLNK(status.st_mode):
                problem = LINK
            elif not is_folder and not stat.S_ISREG(status.st_mode):
                problem = SPECIAL
            elif status.st_size > MAX_FILE and not is_folder and not is_zip(entry.name):
                problem = _too_large(entry.name)
            parts = (*above, entry.name)
            found.append(Found(parts, entry.path, None, status.st_size, _when(status.st_mtime), is_folder, problem))
            if len(found) > MAX_FILES:
                break
    return sorted(found, key=lambda file: file.parts)


def _hidden(parts: tuple[str, ...]) -> bool:
    return any(part.startswith("~$") or part.lower() in CLUTTER or _is_hidden_file(part) for part in parts)


def _is_hidden_file(name: str) -> bool:
    """Whether a name is that of a hidden file; a notebook's is none, unless a system or editor made it."""
    return name.startswith(".") and (not is_notebook(name) or name.startswith(("._", ".~", ".#")))


def _when(seconds: float) -> When:
    try:
        return tuple(time.localtime(seconds)[:6])
    except (OverflowError, ValueError, OSError):  # pragma: no cover - few file systems keep a year like 99999
        return ()
