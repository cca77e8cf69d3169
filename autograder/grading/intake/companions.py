"""Files that were handed in with a notebook: which of them lie beside it where it runs; all hostile. Trusted side.

They are put there as they are, under the names that they had; what is left out has the reason, which the student reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Final

from autograder.errors import IntakeError
from autograder.grading.intake.sources import (
    Found,
    Order,
    files_in,
    folder_of,
    is_notebook,
    is_zip,
    notebook_names,
    read_found,
    shown,
)
from autograder.language import N_
from autograder.language import gettext as _
from autograder.records import Submission, SubmittedFile
from autograder.wording import shortened

__all__ = ["Companion", "beside_notebook", "companions", "fitted"]

MAX_BYTES: Final = 16 * 2**20
MAX_ALL_BYTES: Final = 32 * 2**20
"""Of all such files of one student, together."""
MAX_COUNT: Final = 200
MAX_FOLDERS: Final = 6
MAX_NAMED: Final = 6
TYPES: Final = frozenset(
    {
        *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"),
        *(".py", ".csv", ".tsv", ".txt", ".md", ".json", ".html", ".yaml", ".yml", ".xlsx", ".parquet", ".mat", ".wav"),
        *(".zip", ".npy", ".npz", ".h5", ".hdf5", ".keras", ".pkl", ".pickle", ".joblib"),
    }
)
OF_SYSTEMS: Final = frozenset({"timestamp.txt", "submission_metadata.yml"})
"""Files that a system put beside a notebook."""

_PART: Final = re.compile(r"(?!\.)[\w .,()+@=-]{1,100}(?<![ .])")
_TYPE: Final = N_("files of this type are not put beside a notebook")
_NAME: Final = N_("its name has characters that are not taken")
_TOO_LARGE: Final = N_("it has more than {limit} MB")
_TOO_MUCH: Final = N_("all together are more than {limit} MB")
_GIVEN: Final = N_("one of this name came with the exercise, and that one is there")
_PLACE: Final = N_("another file has its place")


@dataclass(frozen=True)
class Companion:
    """A file that was handed in with a notebook, read but not looked at.

    Attributes:
        parts: Its path in what the student handed in; a zip is a folder.
        size: In bytes, as far as known.
        content: Its bytes; none where they are not read.
        left_out: Why they are not; else empty.
        order: See `sources.Found`.
    """

    parts: tuple[str, ...]
    size: int
    content: bytes = b""
    left_out: str = ""
    order: Order = (0, 0, 0)


def companions(files: Iterable[Found]) -> Iterator[Companion]:
    """All files that are no notebooks, those in zips included; no more than some are read, and no more are listed."""
    left, count = MAX_ALL_BYTES, 0
    for file in files:
        try:
            for found, read in _inside(file):
                name = found.original or found.parts[-1]
                if is_notebook(name) or found.parts[-1].lower() in OF_SYSTEMS:
                    continue
                if (count := count + 1) > MAX_COUNT:
                    yield Companion(
                        (_("further files"),),
                        0,
                        left_out=_("there are more than {max_count}").format(max_count=MAX_COUNT),
                    )
                    return
                content, reason = _read(found, name, left, read)
                left -= len(content)
                yield Companion(
                    (*folder_of(found), shown(name)), len(content) or found.size, content, reason, file.order
                )
        except IntakeError as error:
            yield Companion((*folder_of(file), file.short), file.size, left_out=str(error), order=file.order)


def _inside(file: Found) -> Iterable[tuple[Found, Callable[[], bytes]]]:
    """The files in a zip with notebooks; a zip without is a file like others."""
    plain = not is_zip(file.parts[-1]) or not notebook_names(file)
    return [(file, partial(read_found, file))] if plain else files_in(file)


def _read(file: Found, name: str, left: int, read: Callable[[], bytes]) -> tuple[bytes, str]:
    """The bytes of a file, and why there are none."""
    if file.problem:
        return b"", _("it {problem}").format(problem=file.problem)
    if PurePosixPath(name.lower()).suffix not in TYPES:
        return b"", _(_TYPE)
    if file.size > MAX_BYTES:
        return b"", _(_TOO_LARGE).format(limit=MAX_BYTES >> 20)
    if file.size > left:
        return b"", _(_TOO_MUCH).format(limit=MAX_ALL_BYTES >> 20)
    try:
        return read(), ""
    except IntakeError as error:
        return b"", str(error)


def beside_notebook(found: Iterable[Companion], folder: Sequence[str]) -> tuple[SubmittedFile, ...]:
    """The files under their paths beside a notebook; of several attempts at one file, the last.

    Args:
        found: What was handed in with it.
        folder: Where the notebook lies in that.
    """
    files: dict[str, SubmittedFile] = {}
    for each in sorted(found, key=lambda companion: companion.order):
        same = takewhile(lambda pair: pair[0] == pair[1], zip(each.parts[:-1], folder, strict=False))
        parts = each.parts[len(list(same)) :]
        name = "/".join(parts)
        usable = len(parts) <= MAX_FOLDERS and all(map(_PART.fullmatch, parts))
        reason = each.left_out or ("" if usable else _(_NAME))
        files[name] = SubmittedFile(name, each.size, each.content, left_out=reason)
    return tuple(sorted(files.values(), key=lambda file: file.name))


def fitted(submission: Submission, given: Mapping[str, bytes]) -> Submission:
    """A submission whose files take the place of none of the exercise; what is left out is among the warnings.

    A module takes the place of another one already by its name without ending: a folder `points` that of `points.py`.
    An unchanged copy of an exercise's file is no file of the student's.

    Args:
        submission: What was handed in.
        given: Path → content of the exercise's files.
    """
    taken = {name.casefold() for name in given}
    folders = {parent for name in taken for parent in _parents(name)}
    modules = {_module(name) for name in given if name.endswith(".py") or "/" in name}
    files = []
    for file in submission.files:
        name = file.name.casefold()
        if given.get(file.name) == file.content and not file.left_out:
            continue
        shadows = name.endswith(".py") or ("/" in name and f"{_module(name)}.py" in taken)
        reason = file.left_out or (_(_GIVEN) if name in taken or (shadows and _module(name) in modules) else "")
        if not reason and (name in folders or not taken.isdisjoint(_parents(name))):
            reason = _(_PLACE)
        if not reason:
            taken.add(name)
            folders.update(_parents(name))
        files.append(replace(file, left_out=reason))
    said = [f"`{file.name}` ({file.left_out})" for file in files if file.left_out]
    notes = (
        (_("Left out, beside the notebook: {shortened}.").format(shortened=shortened(said, MAX_NAMED)),) if said else ()
    )
    return replace(submission, files=tuple(files), warnings=(*submission.warnings, *notes))


def _parents(name: str) -> list[str]:
    return [str(parent) for parent in PurePosixPath(name).parents][:-1]


def _module(name: str) -> str:
    """What a file is imported by: the first part of its path, without ending."""
    return name.partition("/")[0].partition(".")[0].casefold()
